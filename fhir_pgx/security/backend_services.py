"""SMART Backend Services, as the client: a signed statement of who asks, for an access token.

The private key is an operator's JWK (RSA with RS384, or EC P-384 with ES384), whose public half is
registered with the authorization server under our client id.
Source: SMART App Launch 2.2, Client Authentication: Asymmetric.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, RSAKey

from fhir_pgx.errors import InvalidSetting

LIFETIME = 240  # seconds; a server must refuse more than 300
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MEND = "give a private JWK: RSA of 2048 bits or more, or EC with the curve P-384"


@dataclass(frozen=True, slots=True)
class BackendKey:
    """A private key that is fit to sign, made by `read_key`; its text is never printed."""

    key: RSAKey | ECKey = field(repr=False)
    algorithm: str


def read_key(text: bytes) -> BackendKey:
    """The key of a JWK document. Raises InvalidSetting, whose text holds nothing of the key."""
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError):
        # Without `from`: the error of a parser may quote what it read.
        raise InvalidSetting("the key is no JWK", where="key", mend=_MEND) from None
    return key_of(document)


def key_of(document: Any) -> BackendKey:
    """The key of a JWK as it was read from JSON. Raises InvalidSetting as `read_key` does."""
    try:
        key = JWKRegistry.import_key(document)
    except (ValueError, KeyError, TypeError, AttributeError, JoseError):
        raise InvalidSetting("the key is no JWK", where="key", mend=_MEND) from None
    if isinstance(key, RSAKey) and key.is_private and key.private_key.key_size >= 2048:  # type: ignore[union-attr]
        return BackendKey(key, "RS384")
    if isinstance(key, ECKey) and key.is_private and key.curve_name == "P-384":
        return BackendKey(key, "ES384")
    raise InvalidSetting("the key is of no kind that SMART allows", where="key", mend=_MEND)


def sign_assertion(
    key: BackendKey, client_id: str, token_url: str, *, now: float, new_id: Callable[[], str]
) -> str:
    """The client assertion for one token request. `now` is seconds since 1970; `new_id` makes the
    `jti`, which a server accepts once."""
    header = {"alg": key.algorithm, "typ": "JWT", "kid": key.key.kid or key.key.thumbprint()}
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": token_url,
        "exp": int(now) + LIFETIME,
        "iat": int(now),
        "jti": new_id(),
    }
    return jwt.encode(header, claims, key.key, algorithms=[key.algorithm])
