"""Clients of the demonstration's authorization server: how they register and say who they are.

Any may register, on this machine, and is then held to what it registered: its exact redirect
addresses, and its keys where it has some.
Sources: RFC 7591 (registration), RFC 7523 and SMART App Launch 2.2, Client Authentication:
Asymmetric.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

from fhir_pgx.errors import Unauthenticated
from fhir_pgx.security.remembered import Remembered
from fhir_pgx.security.signed import (
    LEEWAY,
    PublicKey,
    check_signature,
    check_times,
    is_private,
    parse_signed,
    read_public_key,
    text_of,
)

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_ASSERTION_SECONDS: Final = 300  # SMART: an assertion lives five minutes at most
_MOST_CLIENTS: Final = 200
_MOST_ASSERTIONS: Final = 10_000
_MOST_REDIRECTS: Final = 10
_MOST_KEYS: Final = 10
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_FOREVER: Final = float("inf")


class Refused(Exception):
    """What is answered in OAuth's own words: `error` is its code, `status` the HTTP status."""

    def __init__(self, error: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.error, self.text, self.status = error, text, status


@dataclass(frozen=True, slots=True)
class DemoClient:
    """A client. Without `keys` it is public; with them it must sign for each token. `launch_url`
    is where a simulated EHR sends its users; empty where it cannot be launched from one."""

    id: str
    name: str
    redirect_uris: tuple[str, ...] = ()
    launch_url: str = ""
    keys: tuple[PublicKey, ...] = ()


class DemoClients:
    """The clients of one process. Whoever calls it holds the server's lock."""

    def __init__(self, *, token_url: str, new_id: Callable[[], str]) -> None:
        self._token_url, self._new_id = token_url, new_id
        self._clients: Remembered[DemoClient] = Remembered(_MOST_CLIENTS)
        self._own: dict[str, DemoClient] = {}
        self._used: Remembered[bool] = Remembered(_MOST_ASSERTIONS)

    def add(self, client: DemoClient) -> None:
        """A client that is there from the start, and stays."""
        self._own[client.id] = client

    def find(self, id_: str) -> DemoClient | None:
        return self._own.get(id_) or self._clients.find(id_, 0.0)

    def all_launched(self) -> list[DemoClient]:
        """Those of the start that an EHR can launch."""
        return [client for client in self._own.values() if client.launch_url]

    def register(self, asked: Any) -> dict[str, Any]:
        """A new client, as RFC 7591 answers it. Raises Refused."""
        client = read_client(asked, self._new_id())
        self._clients.put(client.id, client, until=_FOREVER, now=0.0)
        answer: dict[str, Any] = {
            "client_id": client.id,
            "client_name": client.name,
            "redirect_uris": list(client.redirect_uris),
            "token_endpoint_auth_method": "private_key_jwt" if client.keys else "none",
        }
        return answer | ({"launch_url": client.launch_url} if client.launch_url else {})

    def authenticated(self, form: Mapping[str, str], now: float) -> DemoClient:
        """The client that a request comes from. Raises Refused: `invalid_client`.

        A public client says who it is, which anybody can; what it may have depends on what it
        proves besides (PKCE, a refresh token).
        """
        assertion = form.get("client_assertion", "")
        if assertion or "client_assertion_type" in form:
            return self._of_assertion(form, assertion, now)
        client = self.find(form.get("client_id", ""))
        if client is None or client.keys:
            raise _unknown()
        return client

    def _of_assertion(self, form: Mapping[str, str], assertion: str, now: float) -> DemoClient:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise _unknown()
        try:
            return self._signed_by(assertion, form.get("client_id"), now)
        except Unauthenticated:
            raise _unknown() from None

    def _signed_by(self, assertion: str, named: str | None, now: float) -> DemoClient:
        """Raises Unauthenticated where any check fails, Refused for a client that is not known."""
        signed = parse_signed(assertion)
        claims = signed.claims
        client = self.find(signed.issuer)
        if client is None or claims.get("sub") != client.id or named not in (None, client.id):
            raise _unknown()
        if signed.header.get("typ") != "JWT":
            raise Unauthenticated("the type is not JWT")
        keys = [each for each in client.keys if each.id == signed.key_id]
        if len(keys) != 1:
            raise Unauthenticated("the key is not registered")
        check_signature(signed, keys[0])
        if claims.get("aud") not in (self._token_url, [self._token_url]):
            raise Unauthenticated("the audience is not the token address")
        until = check_times(claims, now=now, max_lifetime=MAX_ASSERTION_SECONDS) + LEEWAY
        token_id = text_of(claims.get("jti"))
        used = sha256(f"{client.id}\0{token_id}".encode()).hexdigest()
        if not token_id or self._used.find(used, now):
            raise Unauthenticated("the assertion has no id, or was used before")
        self._used.put(used, True, until=until, now=now)
        return client


def read_client(asked: Any, id_: str) -> DemoClient:
    """The client that a registration describes. Raises Refused."""
    if not isinstance(asked, dict):
        raise Refused("invalid_client_metadata", "the body is no object")
    redirects = asked.get("redirect_uris", [])
    if not isinstance(redirects, list) or len(redirects) > _MOST_REDIRECTS:
        raise Refused("invalid_redirect_uri", "redirect_uris is no list of at most ten addresses")
    if not all(is_local_url(each) for each in redirects):
        raise Refused("invalid_redirect_uri", "a redirect address is not on this machine")
    launch_url = asked.get("launch_url", "")
    if launch_url and not is_local_url(launch_url):
        raise Refused("invalid_client_metadata", "the launch address is not on this machine")
    keys = _keys(asked.get("jwks"))
    method = asked.get("token_endpoint_auth_method", "private_key_jwt" if keys else "none")
    if method != ("private_key_jwt" if keys else "none"):
        raise Refused(
            "invalid_client_metadata",
            "a client either has keys and private_key_jwt, or neither and none",
        )
    if not redirects and not keys:
        raise Refused("invalid_client_metadata", "neither redirect addresses nor keys are given")
    name = text_of(asked.get("client_name"))[:100]
    return DemoClient(id_, name, tuple(redirects), launch_url, keys)


def is_local_url(found: Any) -> bool:
    """Whether an address is of this machine, in a form that leads nowhere else."""
    if not isinstance(found, str) or not found.isascii() or not found.isprintable():
        return False
    if any(sign in found for sign in " \\#@") or len(found) > 2_000:
        return False
    try:
        parts = urlsplit(found)
        return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK and parts.port != 0
    except ValueError:
        return False


def is_same(left: str, right: str) -> bool:
    """Compares two secrets in a time that does not tell how much of them is alike."""
    return hmac.compare_digest(left.encode(), right.encode())


def _keys(jwks: Any) -> tuple[PublicKey, ...]:
    if jwks is None:
        return ()
    listed = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_KEYS:
        raise Refused("invalid_client_metadata", "jwks is no JWK Set of at most ten keys")
    if any(isinstance(each, dict) and is_private(each) for each in listed):
        raise Refused("invalid_client_metadata", "jwks holds a private key: it is known now")
    found = [key for each in listed if (key := read_public_key(each)) is not None]
    if len(found) != len(listed) or len({key.id for key in found}) != len(found):
        raise Refused("invalid_client_metadata", "a key in jwks is none that is taken here")
    return tuple(found)


def _unknown() -> Refused:
    return Refused("invalid_client", "the client is not known, or did not prove who it is", 401)
