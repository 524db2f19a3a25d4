"""The tokens of the demonstration's authorization server: made, known again, and ended.

Access and ID tokens are JWTs, signed with a key that lives as long as the process. Refresh tokens
are kept by a hash. All that come of one approval are one family, and end together.
Sources: RFC 9068 (access tokens), RFC 7009 (revocation), RFC 9700, 4.14 (refresh tokens).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import ECKey

from fhir_pgx.errors import Unauthenticated
from fhir_pgx.security.demo_clients import DemoClient, is_same
from fhir_pgx.security.remembered import Remembered
from fhir_pgx.security.signed import (
    LEEWAY,
    PublicKey,
    check_signature,
    check_times,
    parse_signed,
    text_of,
)

ALGORITHM: Final = "ES384"
USER: Final = "Practitioner/demo"
ACCESS_SECONDS: Final = 3600
BACKEND_SECONDS: Final = 300
REFRESH_SECONDS: Final = 8 * 3600
_MOST_FAMILIES: Final = 1_000
_MOST_TOKENS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Granted:
    """What one approval grants. `family` is the name of all tokens that come of it; `is_backend`
    where no person stands behind it."""

    client: DemoClient
    scopes: tuple[str, ...]
    patient: str
    family: str
    nonce: str = ""
    is_backend: bool = False
    app_context: str = ""  # what a card's link carries to the application (CDS Hooks, Link)


@dataclass(slots=True)
class _Family:
    """The refresh tokens of one approval: one holds, by its hash; the others were used."""

    granted: Granted
    holds: str
    until: float


class DemoTokens:
    """Tokens for the FHIR base `base`, of the issuer `issuer`. Whoever calls it holds the server's
    lock."""

    def __init__(
        self, *, base: str, issuer: str, new_secret: Callable[[], str], now: Callable[[], float]
    ) -> None:
        self._base, self._issuer, self._new_secret, self._now = base, issuer, new_secret, now
        self._key = ECKey.generate_key("P-384", {"use": "sig", "alg": ALGORITHM})
        self._key.ensure_kid()
        self._public = PublicKey(self._key.kid or "", self._key)
        self._families: Remembered[_Family] = Remembered(_MOST_FAMILIES)
        self._refreshes: Remembered[str] = Remembered(_MOST_TOKENS)
        self._ended: Remembered[bool] = Remembered(_MOST_TOKENS)

    def jwks(self) -> dict[str, Any]:
        """The public half of the key that signs, as a JWK Set."""
        return {"keys": [self._key.as_dict(private=False)]}

    def issue(self, granted: Granted) -> dict[str, Any]:
        """The answer to a token request (RFC 6749, 5.1), with SMART's launch context."""
        seconds = BACKEND_SECONDS if granted.is_backend else ACCESS_SECONDS
        answer: dict[str, Any] = {
            "access_token": self._access_token(granted, seconds),
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": " ".join(granted.scopes),
        }
        if granted.patient:
            answer |= {"patient": granted.patient, "need_patient_banner": True}
        if granted.app_context:
            answer["appContext"] = granted.app_context
        if "openid" in granted.scopes:
            answer["id_token"] = self._id_token(granted)
        if "offline_access" in granted.scopes:
            answer["refresh_token"] = self._refresh_token(granted)
        return answer

    def granted_by(self, refresh_token: str) -> Granted | None:
        """What a refresh token, current or used, belongs to; None where that has ended."""
        family = self._family(refresh_token)
        return family.granted if family else None

    def is_current(self, refresh_token: str) -> bool:
        """Whether it is the last of its family that was given."""
        family = self._family(refresh_token)
        return family is not None and is_same(family.holds, hashed(refresh_token))

    def live(self, token: str) -> Mapping[str, Any] | None:
        """The claims of an access token of ours that holds."""
        try:
            signed = parse_signed(token)
            check_signature(signed, self._public)
            # Our own clock is the only one there is: without the minute for another's.
            check_times(signed.claims, now=self._now() + LEEWAY, max_lifetime=ACCESS_SECONDS)
        except Unauthenticated:
            return None
        is_access = signed.header.get("typ") == "at+jwt"
        is_ended = self._ended.find(_family_of(signed.claims), self._now())
        return signed.claims if is_access and not is_ended else None

    def end(self, family: str) -> None:
        """End every token of an approval. `/fhir`, which asks nobody, takes access tokens on."""
        now = self._now()
        self._families.take(family, now)
        self._ended.put(family, True, until=now + REFRESH_SECONDS, now=now)

    def end_of(self, token: str, client: DemoClient) -> None:
        """End the approval that a token of this client, of either kind, came of."""
        granted, claims = self.granted_by(token), self.live(token)
        if granted is not None and granted.client.id == client.id:
            self.end(granted.family)
        elif claims is not None and claims["client_id"] == client.id:
            self.end(_family_of(claims))

    def _family(self, refresh_token: str) -> _Family | None:
        name = self._refreshes.find(hashed(refresh_token), self._now())
        return self._families.find(name, self._now()) if name else None

    def _access_token(self, granted: Granted, seconds: int) -> str:
        claims = {
            **self._claims(granted, seconds),
            "aud": self._base,
            "client_id": granted.client.id,
            "scope": " ".join(granted.scopes),
            # With the name of the family: what is ended is the whole of it.
            "jti": f"{granted.family}.{self._new_secret()}",
        }
        if granted.patient:
            claims["patient"] = granted.patient
        return self._signed(claims, "at+jwt")

    def _id_token(self, granted: Granted) -> str:
        claims = {**self._claims(granted, ACCESS_SECONDS), "aud": granted.client.id}
        if granted.nonce:
            claims["nonce"] = granted.nonce
        return self._signed(claims, "JWT")

    def _claims(self, granted: Granted, seconds: int) -> dict[str, Any]:
        now = int(self._now())
        subject = granted.client.id if granted.is_backend else "demo"
        claims = {"iss": self._issuer, "sub": subject, "iat": now, "exp": now + seconds}
        if "fhirUser" in granted.scopes:
            claims["fhirUser"] = f"{self._base}/{USER}"
        return claims

    def _signed(self, claims: Mapping[str, Any], type_: str) -> str:
        header = {"alg": ALGORITHM, "typ": type_, "kid": self._public.id}
        return jwt.encode(header, dict(claims), self._key, algorithms=[ALGORITHM])

    def _refresh_token(self, granted: Granted) -> str:
        now, token = self._now(), self._new_secret()
        family = self._families.find(granted.family, now)
        if family is None:
            family = _Family(granted, "", now + REFRESH_SECONDS)
        # The end stays that of the first: a chain of refreshes does not go on for ever.
        family.holds = hashed(token)
        self._families.put(granted.family, family, until=family.until, now=now)
        self._refreshes.put(family.holds, granted.family, until=family.until, now=now)
        return token


def hashed(secret: str) -> str:
    """What a code or token is kept under, and looked up by in no telling time."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def _family_of(claims: Mapping[str, Any]) -> str:
    return text_of(claims.get("jti")).partition(".")[0]
