"""Signed JSON Web Tokens: taken apart without trusting a word of them, then held to one key.

A header may choose among our algorithms and name a key by its id; nothing else in it is heeded.
Keys or addresses that it brings along (`jwk`, `x5u`, `x5c`) are passed over, and what it marks as
critical is refused. The texts of what is raised here are for the log alone and quote nothing.
Sources: RFC 7515, RFC 7517, RFC 7519, RFC 8725 (Best Current Practices of JWT).
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, RSAKey

from fhir_pgx.errors import Unauthenticated

# No `none` and nothing symmetric: a public key would be a secret that everybody knows.
ALGORITHMS: Final = (
    "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
)  # fmt: skip
MAX_TOKEN: Final = 16_384  # characters
LEEWAY: Final = 60  # seconds that two clocks may differ
_CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_FEWEST_RSA_BITS: Final = 2048
_MOST_RSA_BITS: Final = 8192  # a larger one costs us more than it proves
_PART: Final = re.compile(r"[A-Za-z0-9_-]+")
_PRIVATE: Final = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
_REGISTRY: Final = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
_REGISTRY.max_header_length = MAX_TOKEN  # bounded already, with the whole token


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that we take: EC on a NIST curve, or RSA of 2048 bits or more. `id` is its `kid`."""

    id: str
    key: ECKey | RSAKey = field(repr=False)

    def fits(self, algorithm: str) -> bool:
        """Whether the key's kind and curve, and what its own document says, allow an algorithm."""
        if self.key.alg not in (None, algorithm):
            return False
        if algorithm in _CURVES:
            return isinstance(self.key, ECKey) and self.key.curve_name == _CURVES[algorithm]
        return algorithm in ALGORITHMS and isinstance(self.key, RSAKey)


@dataclass(frozen=True, slots=True)
class Signed:
    """A token as it was written. Nothing in it is true until `check_signature` came back."""

    text: str = field(repr=False)
    header: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)

    @property
    def algorithm(self) -> str:
        return text_of(self.header.get("alg"))

    @property
    def key_id(self) -> str:
        """The `kid`; empty where there is none."""
        return text_of(self.header.get("kid"))

    @property
    def issuer(self) -> str:
        """The `iss`; empty where there is none."""
        return text_of(self.claims.get("iss"))


def parse_signed(text: str, *, most: int = MAX_TOKEN) -> Signed:
    """A token in three parts, its header of an algorithm that we check.

    `most` is the length in characters beyond which nothing is read. Raises Unauthenticated.
    """
    if len(text) > most:
        raise Unauthenticated("the token is too long")
    parts = text.split(".")
    if len(parts) != 3 or not all(_PART.fullmatch(part) for part in parts):
        raise Unauthenticated("the token has not the form of a signed one")
    header, claims = _object(parts[0]), _object(parts[1])
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Unauthenticated("the token is signed in no way that is taken here")
    if "crit" in header or "b64" in header:
        raise Unauthenticated("the token's header demands what is not understood")
    return Signed(text, header, claims)


def issuer_told(text: str) -> str:
    """The `iss` that a token of three parts tells, in whatever way it is signed; empty where it
    tells none. Nobody has checked it: it says whom a token must not be shown to."""
    parts = text.split(".")
    try:
        return text_of(_object(parts[1]).get("iss")) if len(parts) == 3 else ""
    except Unauthenticated:
        return ""


def check_signature(signed: Signed, key: PublicKey) -> None:
    """Raises Unauthenticated where the key is not fit for the algorithm, or did not sign this."""
    if not key.fits(signed.algorithm):
        raise Unauthenticated("the key named is not one for the token's algorithm")
    try:
        jws.deserialize_compact(signed.text, key.key, [signed.algorithm], _REGISTRY)
    except (JoseError, ValueError):
        raise Unauthenticated("the signature does not hold") from None


def check_times(claims: Mapping[str, Any], *, now: float, max_lifetime: float) -> float:
    """When a token expires, in seconds since 1970.

    Raises Unauthenticated where `exp` is not there, is over, or lies further ahead of now or of
    `iat` than `max_lifetime` seconds; where `nbf` or `iat` are still to come; where one is no time.
    Two clocks may differ by 60 seconds either way.
    """
    for name in ("exp", "nbf", "iat"):
        if name in claims and not is_instant(claims[name]):
            raise Unauthenticated(f"{name} is no time")
    if "exp" not in claims:
        raise Unauthenticated("the token never expires")
    expires = float(claims["exp"])
    if expires <= now - LEEWAY:
        raise Unauthenticated("the token has expired")
    if max(claims.get("nbf", 0), claims.get("iat", 0)) > now + LEEWAY:
        raise Unauthenticated("the token is not valid yet")
    if expires > now + max_lifetime + LEEWAY or expires > claims.get("iat", now) + max_lifetime:
        raise Unauthenticated("the token lives longer than any is taken for")
    return expires


def is_instant(found: object) -> bool:
    """Whether a claim is a time: seconds since 1970, a number within reason and no boolean."""
    return type(found) in (int, float) and 0 < found < 1e11  # type: ignore[operator]


def is_meant_for(claims: Mapping[str, Any], audiences: Collection[str]) -> bool:
    """Whether `aud`, one text or a list, names one of these; a slash at the end does not count."""
    found = claims.get("aud")
    listed = found if isinstance(found, list) else [found]
    wanted = {each.removesuffix("/") for each in audiences}
    return any(isinstance(each, str) and each.removesuffix("/") in wanted for each in listed)


def text_of(found: object) -> str:
    """A claim that is a text; empty for anything else."""
    return found if isinstance(found, str) else ""


def is_private(jwk: Mapping[str, Any]) -> bool:
    """Whether a key's document holds what only its owner may know."""
    return bool(_PRIVATE & jwk.keys()) or jwk.get("kty") == "oct"


def read_public_key(jwk: Any) -> PublicKey | None:
    """The key of a JWK; None where it has no id, is not for signatures, or of no kind we take."""
    if not isinstance(jwk, Mapping) or is_private(jwk) or not text_of(jwk.get("kid")):
        return None
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list):
        return None
    if "verify" not in operations:
        return None
    try:
        key = JWKRegistry.import_key(dict(jwk))
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    if isinstance(key, RSAKey):
        bits = key.public_key.key_size
        return PublicKey(jwk["kid"], key) if _FEWEST_RSA_BITS <= bits <= _MOST_RSA_BITS else None
    if isinstance(key, ECKey) and key.curve_name in _CURVES.values():
        return PublicKey(jwk["kid"], key)
    return None


def _object(part: str) -> Mapping[str, Any]:
    try:
        found = json.loads(
            urlsafe_b64decode(part + "=" * (-len(part) % 4)),
            object_pairs_hook=_once_each,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError):  # also of base64, UTF-8 and JSON
        raise Unauthenticated("a part of the token is not JSON") from None
    if not isinstance(found, dict):
        raise Unauthenticated("a part of the token is no object")
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two members of one name would be read as the first here and as the last elsewhere."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unauthenticated("a member of the token stands twice")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise Unauthenticated("a part of the token is not JSON")
