"""Our access tokens at servers that know us as a backend service.

A token is held in memory alone, for one server, until shortly before it ends, and is asked for by a
signed statement of who we are (`security/backend_services.py`).
Source: SMART App Launch 2.2, Backend Services.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fhir_pgx.fhir.bundle import as_text
from fhir_pgx.fhir.client import CallFailed, Connection, FhirClient, Limits, read_answer

_LARGEST = 100_000  # bytes of an answer that holds a token
_EARLY = 30  # seconds: a token must outlast the call it is sent with
_USUAL = 300  # seconds, where the server does not say (it should)
_LONGEST = 3600


@dataclass(frozen=True, slots=True)
class Credentials:
    """How a token is asked for. `sign` makes the client assertion for a token address; an empty
    `token_url` is looked up in the server's `smart-configuration`."""

    sign: Callable[[str], str] = field(repr=False)
    assertion_type: str
    scope: str = "system/*.rs"
    token_url: str = ""


class BackendTokens:
    """The token for one server. Shared by threads: one asks, the others wait for its answer."""

    def __init__(
        self,
        client: FhirClient,
        credentials: Credentials,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client, self._credentials, self._clock = client, credentials, clock
        self._token, self._expires = "", 0.0
        self._lock = threading.Lock()

    def get(self, connection: Connection) -> str:
        """A token that is good for the next call over this connection to the server. Raises
        CallFailed where none is given within the connection's time."""
        if not self._lock.acquire(timeout=connection.remaining()):
            raise CallFailed("the FHIR server did not answer in time")
        try:
            if not self._token or self._clock() >= self._expires:
                self._ask(connection)
            return self._token
        finally:
            self._lock.release()

    def forget(self) -> None:
        self._token, self._expires = "", 0.0

    def _ask(self, connection: Connection) -> None:
        self.forget()
        url = self._credentials.token_url or _token_url(connection)
        listed = self._client.find_listed(url)
        if listed is None:
            raise CallFailed("the token address is not on the list of servers we call")
        form = {
            "grant_type": "client_credentials",
            "scope": self._credentials.scope,
            "client_assertion_type": self._credentials.assertion_type,
            "client_assertion": self._credentials.sign(url),
        }
        limits = Limits(_LARGEST, connection.remaining())
        with self._client.connect(listed, limits) as asked:
            answer = asked.call("POST", url, headers={"Accept": "application/json"}, form=form)
        if answer.status != 200:
            raise CallFailed(f"no access token was given: status {answer.status}", answer.status)
        given = read_answer(answer)
        token, lifetime = as_text(given.get("access_token")), given.get("expires_in", _USUAL)
        if not token or type(lifetime) is not int:
            raise CallFailed("the answer of the token address holds no token")
        self._token = token
        self._expires = self._clock() + max(min(lifetime, _LONGEST) - _EARLY, 1)


def _token_url(connection: Connection) -> str:
    url = f"{connection.base.url}/.well-known/smart-configuration"
    answer = connection.call("GET", url, headers={"Accept": "application/json"})
    if answer.status != 200:
        raise CallFailed("the FHIR server has no smart-configuration", answer.status)
    found = as_text(read_answer(answer).get("token_endpoint"))
    if not found:
        raise CallFailed("the smart-configuration names no token address")
    return found
