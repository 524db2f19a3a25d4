"""Single calls to addresses that the operator registered: key sets, discovery, token addresses.

Each goes through the client that guards every outgoing call, with the address itself as all that
may be called: over https, at a public address unless it is registered as private, without
redirects, within a size and a time. Every function raises CallFailed.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote_plus

from fhir_pgx.fhir.client import Answer, CallFailed, FhirClient, Limits, Resolve, read_answer

SECONDS: Final = 5.0
LARGEST: Final = 1_000_000  # bytes; a CapabilityStatement may be long
_MAX_AGE: Final = re.compile(r"max-age=\"?(\d{1,9})")
_UNKEPT: Final = re.compile(r"\bno-(?:store|cache)\b")


def fetch_json(
    url: str,
    *,
    private: bool,
    accept: str = "application/json",
    resolve: Resolve | None = None,
) -> tuple[Mapping[str, Any], float | None]:
    """The JSON object at an address, and the seconds it may be kept: 0 where it may not be, None
    where the server says nothing of it."""
    with _said_plainly():
        answer = _call("GET", url, private=private, headers={"Accept": accept}, resolve=resolve)
        if answer.status != 200:
            raise CallFailed(f"the server answered with status {answer.status}", answer.status)
        return read_answer(answer), _seconds(answer.headers.get("cache-control", ""))


def post_form(
    url: str,
    form: Mapping[str, str],
    *,
    private: bool,
    client: tuple[str, str] | None = None,
    resolve: Resolve | None = None,
) -> Mapping[str, Any]:
    """The JSON object that is answered to a form. `client` are our id and secret there, sent by
    HTTP Basic. Raises CallFailed, which quotes nothing of the answer, for another status than
    200."""
    # RFC 6749, 2.3.1: both are form-encoded before they are joined.
    basic = (quote_plus(client[0]), quote_plus(client[1])) if client else None
    headers = {"Accept": "application/json"}
    with _said_plainly():
        answer = _call(
            "POST", url, private=private, headers=headers, form=form, basic=basic, resolve=resolve
        )
        if answer.status != 200:
            raise CallFailed(f"the server answered with status {answer.status}", answer.status)
        return read_answer(answer)


@contextmanager
def _said_plainly() -> Iterator[None]:
    """The client speaks of FHIR servers and resources; what is called here is neither."""
    try:
        yield
    except CallFailed as failed:
        plain = failed.reason.replace("FHIR server", "server").replace(
            "a FHIR resource", "an object"
        )
        raise CallFailed(plain, failed.status) from failed.__cause__


def _call(
    method: str,
    url: str,
    *,
    private: bool,
    headers: Mapping[str, str],
    resolve: Resolve | None,
    form: Mapping[str, str] | None = None,
    basic: tuple[str, str] | None = None,
) -> Answer:
    listed = url.partition("?")[0]
    servers = ((), (listed,)) if private else ((listed,), ())
    called = FhirClient(*servers, timeout_seconds=SECONDS, resolve=resolve)
    base = called.find_listed(listed)
    if base is None:
        raise CallFailed("the address is none that may be called")
    with called.connect(base, Limits(LARGEST, SECONDS)) as connection:
        return connection.call(method, url, headers=headers, form=form, basic=basic)


def _seconds(control: str) -> float | None:
    if _UNKEPT.search(control.lower()):
        return 0.0
    found = _MAX_AGE.search(control.lower())
    return float(found[1]) if found else None
