"""What a client sent: recorded before it reaches us, so that a test can assert on it.

Kept in memory, of synthetic people, until the next test.
"""

import io
import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from fhir_pgx.testing.checks import Findings

MOST: Final = 2_000  # requests; the oldest go first
MOST_BYTES: Final = 50_000_000  # of one body, as large as one may be at all
_HOOKS: Final = "/cds-services/"
_FEEDBACK: Final = "/feedback"


@dataclass(frozen=True, slots=True)
class Received:
    """One request and how it was answered. Names of headers are in small letters."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The body. Raises ValueError where it is no JSON."""
        return json.loads(self.body)

    @property
    def answered(self) -> Any:
        """The answer. Raises ValueError where it is no JSON."""
        return json.loads(self.answer)

    @property
    def service(self) -> str:
        """The id of the service that was called or told of; empty for every other request."""
        path = self.path.rstrip("/").removesuffix(_FEEDBACK)
        return path.removeprefix(_HOOKS) if path.startswith(_HOOKS) else ""

    @property
    def is_feedback(self) -> bool:
        return bool(self.service) and self.path.rstrip("/").endswith(_FEEDBACK)

    @property
    def is_hook(self) -> bool:
        return bool(self.service) and not self.is_feedback and self.method == "POST"


class Recorder:
    """All that was received since the test began, in the order in which it was answered."""

    def __init__(self) -> None:
        self._requests: list[Received] = []
        self._changed = threading.Condition()

    @property
    def requests(self) -> tuple[Received, ...]:
        """Every request, preflights too."""
        with self._changed:
            return tuple(self._requests)

    @property
    def hooks(self) -> tuple[Received, ...]:
        """The calls of services."""
        return tuple(each for each in self.requests if each.is_hook)

    @property
    def discoveries(self) -> tuple[Received, ...]:
        return tuple(
            each
            for each in self.requests
            if each.path.rstrip("/") == _HOOKS.rstrip("/") and each.method == "GET"
        )

    @property
    def feedback(self) -> tuple[dict[str, Any], ...]:
        """Every item of every feedback message that was taken."""
        taken = (each for each in self.requests if each.is_feedback and each.status == 200)
        return tuple(item for each in taken for item in each.json["feedback"])

    @property
    def refused(self) -> tuple[Received, ...]:
        """What was answered with an error; `answered` says why."""
        return tuple(each for each in self.requests if each.status >= 400)

    def findings(self) -> "Findings":
        """What is wrong with the hook calls and the feedback that were sent."""
        from fhir_pgx.testing.checks import (  # noqa: PLC0415 - compiles the schemas
            Findings,
            check_feedback,
            check_hook_request,
        )

        found = [check_hook_request(each.body) for each in self.hooks]
        found += [check_feedback(each.body) for each in self.requests if each.is_feedback]
        return Findings(issue for each in found for issue in each)

    def wait_for(self, holds: Callable[["Recorder"], object], seconds: float = 5.0) -> bool:
        """Wait until something holds of what was received, for clients that send behind their
        user's back; whether it held in time."""
        until = time.monotonic() + seconds
        with self._changed:
            while not holds(self):
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def clear(self) -> None:
        with self._changed:
            self._requests.clear()

    def add(self, received: Received) -> None:
        with self._changed:
            self._requests.append(received)
            del self._requests[:-MOST]
            self._changed.notify_all()

    def around(self, app: "WSGIApplication") -> "WSGIApplication":
        """The app, with everything that goes through it recorded."""

        def recorded(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
            began = time.monotonic()
            body = _sent(environ)
            environ["wsgi.input"] = io.BytesIO(body)
            told: list[str] = []

            def note(status: str, *more: Any) -> Any:
                told[:] = [status]
                return start(status, *more)

            answer = _whole(app(environ, note))
            self.add(
                Received(
                    method=environ["REQUEST_METHOD"],
                    path=environ.get("PATH_INFO", ""),
                    query=environ.get("QUERY_STRING", ""),
                    headers=_headers(environ),
                    body=body,
                    status=int(told[0][:3]) if told else 500,
                    answer=answer,
                    seconds=time.monotonic() - began,
                )
            )
            return [answer]

        return recorded


def _whole(parts: Iterable[bytes]) -> bytes:
    try:
        return b"".join(parts)
    finally:
        close = getattr(parts, "close", None)  # WSGI: whoever reads the answer closes it
        if close is not None:
            close()


def _sent(environ: "WSGIEnvironment") -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read(MOST_BYTES))
    length = environ.get("CONTENT_LENGTH") or "0"
    return bytes(stream.read(min(int(length), MOST_BYTES))) if length.isdigit() else b""


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    found = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            found[name.replace("_", "-").lower()] = environ[name]
    return found
