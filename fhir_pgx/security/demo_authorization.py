"""A small authorization server for demonstrations and tests: it asks nobody who they are.

EHR launch, standalone launch with a choice of patient, PKCE, refresh tokens that rotate, backend
services. All it knows lies in the memory of one process. It is refused anywhere but on loopback
(`web/demo_authorization.py`).
Sources: SMART App Launch 2.2; RFC 6749 (OAuth 2), RFC 7636 (PKCE), RFC 7009 (revocation),
RFC 7662 (introspection), RFC 9068 (access tokens).
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from threading import RLock
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fhir_pgx.security.demo_clients import DemoClient, DemoClients, Refused, is_same
from fhir_pgx.security.demo_tokens import REFRESH_SECONDS, DemoTokens, Granted, hashed
from fhir_pgx.security.remembered import Remembered
from fhir_pgx.security.scopes import ReadToken, read_scope

CODE_SECONDS: Final = 60
LAUNCH_SECONDS: Final = 600
CHOICE_SECONDS: Final = 600
_MOST_KEPT: Final = 1_000
_LONGEST: Final = 2_000  # characters of a state, a nonce, a list of scopes
_WORDS: Final = frozenset(("openid", "fhirUser", "launch", "launch/patient", "offline_access"))
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_LEVELS: Final = frozenset(("patient", "user"))
_BACKEND_LEVELS: Final = frozenset(("system",))


class BadClient(Exception):
    """A request that names no registered client, or an address that the client did not register.
    It is answered to the person, and nobody is sent anywhere."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorization request that is in order."""

    client: DemoClient
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    challenge: str
    nonce: str = ""
    patient: str = ""
    app_context: str = ""
    is_launched: bool = False  # from an EHR, where the person chose already

    @property
    def wants_patient(self) -> bool:
        """Whether it is about one patient."""
        return any(each.startswith(("patient/", "launch")) for each in self.scopes)


@dataclass(frozen=True, slots=True)
class _Code:
    asked: Asked
    granted: Granted


@dataclass(slots=True)
class _Memory:
    launches: Remembered[tuple[str, str]] = field(default_factory=lambda: Remembered(_MOST_KEPT))
    choices: Remembered[Asked] = field(default_factory=lambda: Remembered(_MOST_KEPT))
    codes: Remembered[_Code] = field(default_factory=lambda: Remembered(_MOST_KEPT))
    used_codes: Remembered[str] = field(default_factory=lambda: Remembered(_MOST_KEPT))


class DemoAuthorization:
    """One server. `base` is the FHIR base that its tokens are for, `issuer` its own address;
    `new_secret` makes an unguessable text, `now` gives seconds since 1970."""

    def __init__(
        self,
        *,
        base: str,
        issuer: str,
        read_token: ReadToken,
        new_secret: Callable[[], str],
        now: Callable[[], float],
        clients: Iterable[DemoClient] = (),
    ) -> None:
        self.base, self.issuer, self.token_url = base, issuer, f"{issuer}/token"
        self.clients = DemoClients(token_url=self.token_url, new_id=new_secret)
        for client in clients:
            self.clients.add(client)
        self._read_token, self._new_secret, self._now = read_token, new_secret, now
        self._tokens = DemoTokens(base=base, issuer=issuer, new_secret=new_secret, now=now)
        self._memory, self._lock = _Memory(), RLock()

    def jwks(self) -> dict[str, Any]:
        """The public half of the key that signs, as a JWK Set."""
        return self._tokens.jwks()

    def register(self, asked: Any) -> dict[str, Any]:
        """A new client (RFC 7591). Raises Refused."""
        with self._lock:
            return self.clients.register(asked)

    # Authorization

    def launch(self, patient: str, app_context: str = "") -> str:
        """The launch id that stands for a patient who is open in the simulated EHR, and for what a
        card's link carries."""
        with self._lock:
            name, now = self._new_secret(), self._now()
            context = (patient, app_context[:_LONGEST])
            self._memory.launches.put(name, context, until=now + LAUNCH_SECONDS, now=now)
            return name

    def authorize(self, sent: Sequence[tuple[str, str]]) -> str | Asked:
        """The address to send the browser to; or, where a person must be asked first, the request,
        which `choose` then keeps. Raises BadClient."""
        with self._lock:
            client, redirect_uri = self._whereto(sent)
            given = dict(sent)
            state = given.get("state", "")
            try:
                asked = self._asked(client, redirect_uri, sent)
            except Refused as refused:
                return self._sent_back(redirect_uri, state, refused)
            return self._approved(asked) if asked.is_launched else asked

    def choose(self, asked: Asked) -> str:
        """The ticket under which a request waits for somebody to choose."""
        with self._lock:
            ticket, now = self._new_secret(), self._now()
            self._memory.choices.put(ticket, asked, until=now + CHOICE_SECONDS, now=now)
            return ticket

    def chosen(self, ticket: str, patient: str, *, is_allowed: bool) -> str:
        """The address to send the browser to, with a code or with a refusal. Raises BadClient for
        a ticket that is over or was used, and where no patient was chosen who is needed."""
        with self._lock:
            asked = self._memory.choices.take(ticket, self._now())
            if asked is None or (is_allowed and asked.wants_patient and not patient):
                raise BadClient("this page was used before, or is too old")
            if not is_allowed:
                refused = Refused("access_denied", "the person said no")
                return self._sent_back(asked.redirect_uri, asked.state, refused)
            return self._approved(replace(asked, patient=patient if asked.wants_patient else ""))

    def _whereto(self, sent: Sequence[tuple[str, str]]) -> tuple[DemoClient, str]:
        """The client and its redirect address. Compared to the letter: an address that is merely
        like a registered one may be somebody else's (RFC 9700, 4.1.3)."""
        named = [value for name, value in sent if name == "client_id"]
        wanted = [value for name, value in sent if name == "redirect_uri"]
        client = self.clients.find(named[0]) if len(named) == 1 else None
        if client is None or len(wanted) != 1 or wanted[0] not in client.redirect_uris:
            raise BadClient("the client, or the address it wants to be answered at, is unknown")
        return client, wanted[0]

    def _asked(
        self, client: DemoClient, redirect_uri: str, sent: Sequence[tuple[str, str]]
    ) -> Asked:
        """Raises Refused, which goes to the client."""
        given = dict(sent)
        if len(given) != len(sent):
            raise Refused("invalid_request", "a parameter stands twice")
        if "request" in given or "request_uri" in given:
            raise Refused("request_not_supported", "request objects are not read")
        if given.get("response_type") != "code" or given.get("response_mode", "query") != "query":
            raise Refused("unsupported_response_type", "only a code, in the query, is given")
        if (
            not 0 < len(given.get("state", "")) <= _LONGEST
            or len(given.get("nonce", "")) > _LONGEST
        ):
            raise Refused("invalid_request", "state is missing, or it or nonce is too long")
        if given.get("aud", "").removesuffix("/") != self.base:
            raise Refused("invalid_request", "aud is not the FHIR base of this server")
        if given.get("code_challenge_method") != "S256":
            raise Refused("invalid_request", "PKCE by S256 is asked of every client")
        if not _CHALLENGE.fullmatch(given.get("code_challenge", "")):
            raise Refused("invalid_request", "code_challenge is not one")
        scopes = self._grantable(given.get("scope", ""), _LEVELS)
        patient, app_context = self._launched(given.get("launch"), scopes)
        if not patient:  # launched from nowhere
            scopes = tuple(scope for scope in scopes if scope != "launch")
        return Asked(
            client,
            redirect_uri,
            scopes,
            given["state"],
            given["code_challenge"],
            given.get("nonce", ""),
            patient,
            app_context,
            is_launched=bool(patient),
        )

    def _launched(self, launch: str | None, scopes: Sequence[str]) -> tuple[str, str]:
        """The patient of an EHR launch, and what its link carries; empty for a standalone one."""
        if launch is None:
            return "", ""
        if "launch" not in scopes:
            raise Refused("invalid_request", "a launch goes with its scope")
        found = self._memory.launches.take(launch, self._now())
        if not found:
            raise Refused("invalid_request", "the launch is not known, or is over")
        return found

    def _grantable(self, text: str, levels: frozenset[str]) -> tuple[str, ...]:
        """The scopes of those asked for that can be had. Raises Refused where there is none."""
        words = _WORDS if levels == _LEVELS else frozenset[str]()
        listed = dict.fromkeys(text.split(" ") if len(text) <= _LONGEST else ())
        granted = {
            scope
            for scope in listed
            if any(grant.level in levels for grant in read_scope(scope, self._read_token))
        }
        if not granted and "openid" not in words & listed.keys():
            raise Refused("invalid_scope", "none of the scopes asked for can be had")
        return tuple(scope for scope in listed if scope in granted | words)

    def _approved(self, asked: Asked) -> str:
        now, code = self._now(), self._new_secret()
        granted = Granted(
            asked.client, asked.scopes, asked.patient, self._new_secret(), asked.nonce,
            app_context=asked.app_context,
        )  # fmt: skip
        self._memory.codes.put(
            hashed(code), _Code(asked, granted), until=now + CODE_SECONDS, now=now
        )
        return with_query(asked.redirect_uri, {"code": code, "state": asked.state})

    def _sent_back(self, redirect_uri: str, state: str, refused: Refused) -> str:
        told = {"error": refused.error, "error_description": refused.text}
        if 0 < len(state) <= _LONGEST:
            told["state"] = state
        return with_query(redirect_uri, told)

    # Tokens

    def token(self, form: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """The answer to a token request. Raises Refused."""
        given = _once_each(form)
        with self._lock:
            client = self._silent(given) or self.clients.authenticated(given, self._now())
            match given.get("grant_type"):
                case "authorization_code":
                    return self._by_code(client, given)
                case "refresh_token":
                    return self._by_refresh(client, given)
                case "client_credentials":
                    return self._by_credentials(client, given)
            raise Refused("unsupported_grant_type", "this grant is not given here")

    def _silent(self, given: Mapping[str, str]) -> DemoClient | None:
        """The public client that a refresh token was given to, where it does not say who it is, as
        SMART's JavaScript client does not. Its name would be no proof."""
        is_silent = not given.keys() & {"client_id", "client_assertion", "client_assertion_type"}
        if not is_silent or given.get("grant_type") != "refresh_token":
            return None
        granted = self._tokens.granted_by(given.get("refresh_token", ""))
        return granted.client if granted and not granted.client.keys else None

    def _by_code(self, client: DemoClient, given: Mapping[str, str]) -> dict[str, Any]:
        now, name = self._now(), hashed(given.get("code", ""))
        if used := self._memory.used_codes.find(name, now):
            # RFC 6749, 4.1.2: a code that comes twice was stolen.
            self._tokens.end(used)
        found = self._memory.codes.take(name, now)
        if found is None:
            raise Refused("invalid_grant", "the code is not known, was used, or is over")
        family = found.granted.family
        self._memory.used_codes.put(name, family, until=now + REFRESH_SECONDS, now=now)
        verifier = given.get("code_verifier", "")
        holds = (
            found.asked.client.id == client.id
            and found.asked.redirect_uri == given.get("redirect_uri")
            and _VERIFIER.fullmatch(verifier) is not None
            and is_same(_challenge(verifier), found.asked.challenge)
        )
        if not holds:
            raise Refused("invalid_grant", "the code was not given to this client, or for this use")
        return self._tokens.issue(found.granted)

    def _by_refresh(self, client: DemoClient, given: Mapping[str, str]) -> dict[str, Any]:
        token = given.get("refresh_token", "")
        granted = self._tokens.granted_by(token)
        if granted is None or granted.client.id != client.id:
            raise Refused("invalid_grant", "the refresh token is not known, or is over")
        if not self._tokens.is_current(token):
            # RFC 9700, 4.14.2: one of two who hold it is a thief, and we cannot tell which.
            self._tokens.end(granted.family)
            raise Refused("invalid_grant", "the refresh token was used before; all are revoked")
        scopes = given.get("scope", " ".join(granted.scopes)).split(" ")
        if not set(scopes) <= set(granted.scopes):
            raise Refused("invalid_scope", "more is asked for than was granted")
        return self._tokens.issue(replace(granted, scopes=tuple(dict.fromkeys(scopes))))

    def _by_credentials(self, client: DemoClient, given: Mapping[str, str]) -> dict[str, Any]:
        if not client.keys:
            raise Refused("unauthorized_client", "only a client with keys is a backend service")
        scopes = self._grantable(given.get("scope", ""), _BACKEND_LEVELS)
        granted = Granted(client, scopes, "", self._new_secret(), is_backend=True)
        return self._tokens.issue(granted)

    # What became of a token

    def introspect(self, form: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """What a token is worth (RFC 7662). A public client is told of its own tokens alone.
        Raises Refused."""
        given = _once_each(form)
        with self._lock:
            client = self.clients.authenticated(given, self._now())
            claims = self._tokens.live(given.get("token", ""))
            if claims is None or (not client.keys and claims["client_id"] != client.id):
                return {"active": False}
            shown = ("scope", "client_id", "exp", "iat", "iss", "sub", "aud", "patient", "fhirUser")
            return {
                "active": True,
                "token_type": "Bearer",
                **{name: claims[name] for name in shown if name in claims},
            }

    def revoke(self, form: Sequence[tuple[str, str]]) -> None:
        """End an approval by any of its tokens (RFC 7009). A token that is not known, or another
        client's, changes nothing and is answered alike. Raises Refused."""
        given = _once_each(form)
        with self._lock:
            client = self.clients.authenticated(given, self._now())
            self._tokens.end_of(given.get("token", ""), client)


def _once_each(form: Sequence[tuple[str, str]]) -> dict[str, str]:
    given = dict(form)
    if len(given) != len(form):
        raise Refused("invalid_request", "a parameter stands twice")
    return given


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def with_query(url: str, more: Mapping[str, str]) -> str:
    """The address with parameters after those that it has."""
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(more)}"
