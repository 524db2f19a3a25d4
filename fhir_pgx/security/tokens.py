"""Access tokens at the FHIR door: who bears one, and what it grants.

A token is a JWT that a registered issuer signed, or a text that we ask the issuer about
(introspection). Which issuer a JWT claims decides only whose keys it is held to. The texts of what
is raised here are for the log: a caller is told no more than that the token does not hold.
Sources: SMART App Launch 2.2; RFC 9068 (JWT access tokens), RFC 7662 (introspection), RFC 6750.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from threading import Lock
from typing import Any, Final, Protocol

from fhir_pgx.errors import Forbidden, InvalidAccess, Unauthenticated
from fhir_pgx.model.access import GLASS_BREAKING, TREATMENT, Caller, Grant
from fhir_pgx.model.registered import KeySource, TokenIssuer
from fhir_pgx.security.signed import (
    MAX_TOKEN,
    PublicKey,
    Signed,
    check_signature,
    check_times,
    is_instant,
    is_meant_for,
    issuer_told,
    parse_signed,
    text_of,
)

MAX_LIFETIME: Final = 24 * 3600  # seconds; SMART says an hour, some servers give a working day
KEPT_SECONDS: Final = 30
MOST_KEPT: Final = 1_000
# An issuer that let us wait so long in vain is then not asked for a while: every thread would wait
# for it, and no hook would be answered.
LONG_SECONDS: Final = 1.0
SILENT_SECONDS: Final = 5.0
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, b64token
_TYPES: Final = frozenset(("jwt", "at+jwt", "application/at+jwt"))
# Keycloak and Cognito sign ID tokens and refresh tokens with the keys of their access tokens.
_OTHER_TOKENS: Final = frozenset(("id", "refresh", "offline", "logout"))
_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_USER_TYPES: Final = frozenset(
    ("Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Person", "Device")
)
_MOST_NAMED: Final = 256  # characters of a client id, user or token id that are kept


class Keys(Protocol):
    """Where the key of an id is found: `key_sets.KeySets`."""

    def find(self, source: KeySource, id_: str, algorithm: str = "") -> PublicKey | None:
        """The key; None where the source has none of this id for this algorithm."""
        ...


Introspect = Callable[[TokenIssuer, str], Mapping[str, Any]]
"""Asks an issuer about a token; its answer. Raises NotAnswered."""
ReadScopes = Callable[[object], tuple[Grant, ...]]
"""The grants of a claim `scope` (`scopes.read_scopes`)."""


class NotAnswered(Exception):
    """The issuer could not be asked, or did not answer as one."""


@dataclass(frozen=True, slots=True)
class _Kept:
    caller: Caller
    until: float


class TokenVerifier:
    """Checks access tokens; safe to use from several threads.

    `audience` is our FHIR base, which a token must be for unless its issuer is registered with
    another. `own_bases` are further FHIR bases whose ids are ours. `now` gives seconds since 1970.
    Raises InvalidAccess where two issuers are one.
    """

    def __init__(
        self,
        issuers: Sequence[TokenIssuer],
        *,
        audience: str,
        keys: Keys,
        introspect: Introspect,
        read_scopes: ReadScopes,
        now: Callable[[], float],
        own_bases: Sequence[str] = (),
    ) -> None:
        self._issuers = {each.issuer: each for each in issuers}
        if len(self._issuers) != len(issuers):
            raise InvalidAccess(
                "two token issuers have the same issuer",
                where="token_issuers",
                mend="register each issuer once",
            )
        self._asked = [each for each in issuers if each.key_source is None]
        self._audience, self._keys, self._introspect = audience, keys, introspect
        self._read_scopes, self._now = read_scopes, now
        self._own_bases = tuple(dict.fromkeys((audience, *own_bases)))
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._silent_until = 0.0  # 0 where the last question was answered, or refused at once
        self._lock = Lock()

    def check(self, token: str, *, purpose: str = TREATMENT) -> Caller:
        """Who bears the token. Raises Unauthenticated, and Forbidden where an emergency is named
        as the purpose by a client that is not registered to name one."""
        if not 0 < len(token) <= MAX_TOKEN or not _TOKEN.fullmatch(token):
            raise Unauthenticated("the token is not written as one")
        signed = _signed(token)
        issuer = self._issuer_of(signed, token)
        if issuer.key_source is None or signed is None:
            caller = self._caller_asked(issuer, token)
        else:
            caller = self._caller_signed(issuer, issuer.key_source, signed)
        if purpose in GLASS_BREAKING and caller.client not in issuer.glass_breakers:
            refused = Forbidden(
                "this client may not name an emergency as its purpose",
                where="X-Purpose-Of-Use",
                mend="send no purpose, or have the client registered for emergencies",
            )
            refused.caller = caller
            raise refused
        return replace(caller, purpose=purpose)

    def _issuer_of(self, signed: Signed | None, token: str) -> TokenIssuer:
        """Whom to hold a token to. A JWT goes to the issuer that it names and to nobody else, also
        one that is signed in no way we take; any other token can be asked about only where one
        server is asked at all."""
        if signed is not None:
            found = self._issuers.get(signed.issuer)
            if found is None:
                raise Unauthenticated("the token's issuer is not registered")
            return found
        if len(self._asked) != 1:
            raise Unauthenticated("the token is no JWT, and there is not one server to ask")
        if issuer_told(token) not in ("", self._asked[0].issuer):
            raise Unauthenticated("the token is signed in no way that is taken here")
        return self._asked[0]

    # Tokens that are signed

    def _caller_signed(self, issuer: TokenIssuer, source: KeySource, signed: Signed) -> Caller:
        if text_of(signed.header.get("typ")).lower() not in _TYPES:
            raise Unauthenticated("the type is not that of an access token")
        key = self._keys.find(source, signed.key_id, signed.algorithm) if signed.key_id else None
        if key is None:
            raise Unauthenticated("the key is not in the issuer's set")
        check_signature(signed, key)
        claims = signed.claims
        if not is_meant_for(claims, (self._audience_of(issuer),)):
            raise Unauthenticated("the token is for another audience")
        check_times(claims, now=self._now(), max_lifetime=MAX_LIFETIME)
        return self._caller(issuer, claims)

    # Tokens that we ask about

    def _caller_asked(self, issuer: TokenIssuer, token: str) -> Caller:
        """Asked anew after 30 seconds, so that a revoked token is soon refused. Kept by a hash:
        the memory of this process holds no list of tokens that work."""
        name = sha256(f"{issuer.issuer}\0{token}".encode()).digest()
        now = self._now()
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None and now < kept.until:
                self._kept.move_to_end(name)
                return kept.caller
        try:
            answer = self._answer_of(issuer, token, now)
        except NotAnswered:
            raise Unauthenticated("the issuer could not be asked about the token") from None
        caller = self._caller_of_answer(issuer, answer, now)
        until = min(now + KEPT_SECONDS, answer.get("exp", now + KEPT_SECONDS))
        with self._lock:
            self._kept[name] = _Kept(caller, until)
            self._kept.move_to_end(name)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return caller

    def _answer_of(self, issuer: TokenIssuer, token: str, now: float) -> Mapping[str, Any]:
        """What the issuer says. Raises NotAnswered, at once where it was silent a moment ago: then
        one thread at a time tries whether it is back."""
        with self._lock:
            if 0 < self._silent_until - now <= SILENT_SECONDS:
                raise NotAnswered
            if self._silent_until:
                self._silent_until = now + SILENT_SECONDS
        try:
            answer = self._introspect(issuer, token)
        except NotAnswered:
            ended = self._now()
            # A refusal that comes at once holds nobody up, and anybody could bring it about.
            self._silent_until = ended + SILENT_SECONDS if ended - now >= LONG_SECONDS else 0.0
            raise
        self._silent_until = 0.0
        return answer

    def _caller_of_answer(
        self, issuer: TokenIssuer, answer: Mapping[str, Any], now: float
    ) -> Caller:
        if answer.get("active") is not True:
            raise Unauthenticated("the issuer says that the token is not active")
        if answer.get("iss", issuer.issuer) != issuer.issuer:
            raise Unauthenticated("the token is of another issuer")
        # RFC 7662 leaves `aud` to the server: where it stands, it must be ours.
        if "aud" in answer and not is_meant_for(answer, (self._audience_of(issuer),)):
            raise Unauthenticated("the token is for another audience")
        if "exp" in answer and not (is_instant(answer["exp"]) and answer["exp"] > now):
            raise Unauthenticated("the token has expired")
        return self._caller(issuer, answer)

    # Who it is

    def _audience_of(self, issuer: TokenIssuer) -> str:
        return issuer.audience or self._audience

    def _caller(self, issuer: TokenIssuer, claims: Mapping[str, Any]) -> Caller:
        if {text_of(claims.get(name)).lower() for name in ("typ", "token_use")} & _OTHER_TOKENS:
            raise Unauthenticated("the token is no access token")
        if "cnf" in claims or text_of(claims.get("token_type", "Bearer")).lower() != "bearer":
            # RFC 9449: what is bound to a key is worth nothing to somebody who only has the token.
            raise Unauthenticated("the token is bound to a key that is not proven here")
        if issuer.tenant and claims.get("tenant", issuer.tenant) != issuer.tenant:
            raise Unauthenticated("the token is for another tenant")
        return Caller(
            "application",
            issuer=issuer.issuer,
            client=_name(claims, "client_id") or _name(claims, "azp"),
            user=self._user(_name(claims, "fhirUser")),
            tenant=issuer.tenant,
            patient=self._patient(_name(claims, "patient")),
            grants=self._read_scopes(claims.get("scope", claims.get("scp"))),
            token_id=_name(claims, "jti"),
        )

    def _user(self, written: str) -> str:
        """`Practitioner/x` of a user whose id is ours. One of another server keeps its whole
        address: here the id may be somebody else's."""
        local = self._local(written)
        type_, _, id_ = local.partition("/")
        return local if type_ in _USER_TYPES and _is_id(id_) else written

    def _patient(self, written: str) -> str:
        """The id of the patient in context; empty, so that nothing is granted, where it is none."""
        local = self._local(written).removeprefix("Patient/")
        return local if _is_id(local) else ""

    def _local(self, written: str) -> str:
        for base in self._own_bases:
            if written.startswith(f"{base}/"):
                return written.removeprefix(f"{base}/")
        return written


def _signed(token: str) -> Signed | None:
    try:
        return parse_signed(token)
    except Unauthenticated:
        return None


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None and text not in (".", "..")


def _name(claims: Mapping[str, Any], name: str) -> str:
    """A claim that is a text fit to be kept and logged; empty where it is none."""
    found = text_of(claims.get(name))
    return found if len(found) <= _MOST_NAMED and found.isprintable() else ""
