"""Signed JSON Web Tokens: taken apart without trusting a word of them, then held to one key.

A header may choose among our algorithms and name a key by its id; nothing else in it is heeded.
Keys or addresses that it brings along (`jwk`, `x5u`, `x5c`) are passed over, and what it marks as
critical is refused. The texts of what is raised here are for the log alone and quote nothing.
Sources: RFC 7515, RFC 7517, RFC 7519, RFC 8725 (Best Current Practices of JWT).
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
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
_CURVES: Final = frozenset(("P-256", "P-384", "P-521"))
_HASHES: Final[Mapping[str, HashAlgorithm]] = {
    "256": SHA256(), "384": SHA384(), "512": SHA512(),
}  # fmt: skip
_FEWEST_RSA_BITS: Final = 2048
_MOST_RSA_BITS: Final = 8192  # a larger one costs us more than it proves
_FORM: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
# With what a part may end that is two or three characters longer than fours: its spare bits are 0.
_ENDS: Final = {0: "", 1: "", 2: "AQgw", 3: "AEIMQUYcgkosw048"}
_HEADERS_KEPT: Final = 64
_PRIVATE: Final = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
_REGISTRY: Final = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)

# Holds a signature against what was signed. Raises InvalidSignature, or ValueError.
Check = Callable[[bytes, bytes], None]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that we take: EC on a NIST curve, or RSA of 2048 bits or more. `id` is its `kid`.

    What it can check is found out once: every hook call waits for it.
    """

    id: str
    key: ECKey | RSAKey = field(repr=False)
    _checks: Mapping[str, Check] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = {name: _check_of(self.key, name) for name in ALGORITHMS}
        checks = {name: check for name, check in found.items() if check is not None}
        object.__setattr__(self, "_checks", checks)

    def fits(self, algorithm: str) -> bool:
        """Whether the key's kind and curve, and what its own document says, allow an algorithm."""
        return algorithm in self._checks

    def check_of(self, algorithm: str) -> Check | None:
        """What checks its signatures; None where the key does not fit the algorithm."""
        return self._checks.get(algorithm)


@dataclass(frozen=True, slots=True)
class Signed:
    """A token as it was written. Nothing in it is true until `check_signature` came back.

    `is_regular`: each part is spelled in the one way there is, and the header's members are of the
    kinds that RFC 7515 gives them. No signature holds without.
    """

    text: str = field(repr=False)
    header: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    is_regular: bool

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
    parts = _FORM.fullmatch(text)
    if parts is None:
        raise Unauthenticated("the token has not the form of a signed one")
    header, is_regular = _header(parts[1])
    claims = _object(parts[2])
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Unauthenticated("the token is signed in no way that is taken here")
    if "crit" in header or "b64" in header:
        raise Unauthenticated("the token's header demands what is not understood")
    is_regular = is_regular and _is_canonical(parts[2]) and _is_canonical(parts[3])
    return Signed(text, header, claims, is_regular)


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
    check = key.check_of(signed.algorithm)
    if check is None:
        raise Unauthenticated("the key named is not one for the token's algorithm")
    if not signed.is_regular:
        raise Unauthenticated("the signature does not hold")
    content, _, signature = signed.text.rpartition(".")
    try:
        check(_decoded(signature), content.encode("ascii"))
    except (InvalidSignature, ValueError):
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
    if isinstance(key, ECKey) and key.curve_name in _CURVES:
        return PublicKey(jwk["kid"], key)
    return None


# The library knows the kinds of keys; the check itself asks `cryptography` without its detours,
# which cost a hook call more than everything else here but the signature.


def _check_of(key: ECKey | RSAKey, name: str) -> Check | None:
    """What checks signatures of one algorithm; None where the key is not for it."""
    if key.alg not in (None, name):
        return None
    try:
        _REGISTRY.get_alg(name).check_key(key)  # its kind, its curve, its use
        public = key.get_op_key("verify")
    except JoseError:
        return None
    hashed = _HASHES[name[2:]]
    if isinstance(public, EllipticCurvePublicKey):
        return _ec_check(public, ECDSA(hashed))
    is_pss = name.startswith("PS")
    padding = PSS(MGF1(hashed), salt_length=hashed.digest_size) if is_pss else PKCS1v15()
    return lambda signature, content: public.verify(signature, content, padding, hashed)


def _ec_check(public: EllipticCurvePublicKey, scheme: ECDSA) -> Check:
    """A token has the two numbers of a signature one after the other, each of the length of the
    field (RFC 7518, 3.4); `cryptography` takes them as ASN.1, which it writes itself."""
    length = (public.key_size + 7) // 8

    def check(signature: bytes, content: bytes) -> None:
        if len(signature) != 2 * length:
            raise InvalidSignature
        r = int.from_bytes(signature[:length], "big")
        s = int.from_bytes(signature[length:], "big")
        public.verify(encode_dss_signature(r, s), content, scheme)

    return check


@lru_cache(maxsize=_HEADERS_KEPT)
def _header(part: str) -> tuple[Mapping[str, Any], bool]:
    """A header, and whether it is regular (see `Signed`). A client sends the same one with each of
    its tokens; there is nothing secret or of the moment in it."""
    found = _object(part)
    try:
        _REGISTRY.check_header(dict(found))
    except (JoseError, ValueError, TypeError):
        return MappingProxyType(found), False
    return MappingProxyType(found), _is_canonical(part)


def _is_canonical(part: str) -> bool:
    """Whether no other text stands for the same bytes (RFC 4648, 3.5)."""
    over = len(part) % 4
    return not over or part[-1] in _ENDS[over]


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _object(part: str) -> dict[str, Any]:
    try:
        written = _decoded(part)
        found = _JSON.decode(written.decode(json.detect_encoding(written), "surrogatepass"))
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


_JSON: Final = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_refuse_constant)
