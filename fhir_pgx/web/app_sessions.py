"""The cookies of our SMART app: one for each launch, and one for each session.

Each is named by a handle that stands in the page's address: two patients in two windows stay apart.
A cookie holds a random secret and nothing else.
"""

import re
from typing import Final

from flask import Response, request

from fhir_pgx.errors import LaunchFailed
from fhir_pgx.model.access import Caller
from fhir_pgx.security.launch import Session
from fhir_pgx.settings import Settings
from fhir_pgx.web.noted import note_caller, note_patients

_COOKIE: Final = "fhir_pgx_app"
_HANDLE: Final = re.compile(r"[0-9a-f]{16}")
_MOST_COOKIES: Final = 12  # of ours in one browser; more would outgrow a request's headers


def asked_once(name: str) -> str:
    """A query parameter; empty where it is not there. Raises LaunchFailed where it stands twice."""
    found = request.args.getlist(name)
    if len(found) > 1:
        raise LaunchFailed(f"{name} stands twice", where=name)
    return found[0] if found else ""


def launched_handle() -> str:
    """The handle of the launch that an answer is to, as it stands in its state."""
    return handle_in(request.args.get("state", "").partition(".")[0])


def handle_in(text: str) -> str:
    """The handle, where it has the shape of one: it becomes part of a cookie's name."""
    return text if _HANDLE.fullmatch(text) else ""


def _cookie_name(settings: Settings, handle: str) -> str:
    """`__Host-`: no neighbour under the same domain, and no page without TLS, can set it."""
    name = f"{_COOKIE}_{handle}"
    return f"__Host-{name}" if _is_https(settings) else name


def secret_of(settings: Settings, handle: str) -> str:
    return request.cookies.get(_cookie_name(settings, handle), "") if handle else ""


def set_cookie(
    answer: Response, settings: Settings, handle: str, secret: str, *, seconds: int
) -> None:
    is_https = _is_https(settings)
    # In a frame of an EHR only a cookie that is open to it is sent; Partitioned keeps it apart for
    # each EHR. Without frames the stricter rule holds, which lets the way back from a login pass.
    is_framed = is_https and bool(settings.frame_ancestors)
    answer.set_cookie(
        _cookie_name(settings, handle),
        secret,
        max_age=seconds,
        path="/",
        secure=is_https,
        httponly=True,
        samesite="None" if is_framed else "Lax",
        partitioned=is_framed,
    )


def drop_cookie(answer: Response, settings: Settings, handle: str) -> None:
    if handle:
        set_cookie(answer, settings, handle, "", seconds=0)


def forget_surplus(answer: Response, settings: Settings) -> None:
    """Make the browser forget sessions where it holds very many: their cookies would one day make
    every request to this server too large."""
    prefix = _cookie_name(settings, "")
    handles = [
        handle_in(name.removeprefix(prefix)) for name in request.cookies if name.startswith(prefix)
    ]
    if len(handles) >= _MOST_COOKIES:
        for handle in handles:
            drop_cookie(answer, settings, handle)


def _is_https(settings: Settings) -> bool:
    return settings.base_url.startswith("https:")


def note_session(session: Session) -> None:
    """For the record of accesses: the door does not know who uses a session of our own."""
    note_caller(
        Caller(
            "application",
            issuer=session.fhir,
            client=session.client_id,
            user=session.user,
            tenant=session.tenant,
        )
    )
    note_patients([session.patient])
