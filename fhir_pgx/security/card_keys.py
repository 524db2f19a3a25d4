"""Keys of wallet cards: private ones that sign, and public ones that old cards are verified with.

A key that no longer signs is kept in public for as long as its cards are of use; its private half
is destroyed. `signs_until` says from when on nothing it signs holds: a card that is dated later was
made with a stolen copy. The demonstration's key is known to everybody and proves nothing.
Source: SMART Health Cards Framework 1.4.0, "Generating and resolving cryptographic keys" and "Key
Management".
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry

from fhir_pgx.errors import InvalidSetting

CURVE: Final = "P-256"
ALGORITHM: Final = "ES256"
_MEND: Final = "make one: fhir-pgx keys new FOLDER --for cards"
_DEMONSTRATION: Final = b"fhir_pgx demonstration key of wallet cards: everybody has it"


@dataclass(frozen=True, slots=True)
class CardKey:
    """A key on P-256; `id` is its thumbprint. Moments are in seconds since 1970: `signs_from` 0 is
    always, `signs_until` 0 is never over. Without its private half it signs nothing."""

    id: str
    key: ECKey = field(repr=False)
    signs_from: int = 0
    signs_until: int = 0

    @property
    def is_private(self) -> bool:
        return bool(self.key.is_private)

    def published(self) -> dict[str, Any]:
        """The public half, as the framework asks for it."""
        whole = self.key.as_dict(private=False)
        public = {name: whole[name] for name in ("kty", "crv", "x", "y")}
        until = {"signs_until": self.signs_until} if self.signs_until else {}
        return {**public, "kid": self.id, "use": "sig", "alg": ALGORITHM, **until}


def read_card_key(jwk: Any, *, where: str = "signing_keys") -> CardKey:
    """The key of a JWK on P-256, private or public. Raises InvalidSetting, whose text holds nothing
    of it."""
    try:
        key = JWKRegistry.import_key(dict(jwk))
    except (ValueError, KeyError, TypeError, AttributeError, JoseError):
        raise _refused("a key of cards is no JWK", where) from None
    if not isinstance(key, ECKey) or key.curve_name != CURVE:
        raise _refused("a key of cards is not on P-256", where)
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", ALGORITHM) != ALGORITHM:
        raise _refused("a key of cards is for something else than ES256 signatures", where)
    id_ = key.thumbprint()
    if jwk.get("kid", id_) != id_:
        raise _refused("the kid of a key of cards is not its thumbprint (RFC 7638)", where)
    moments = [jwk.get(name, 0) for name in ("signs_from", "signs_until")]
    if any(type(each) is not int for each in moments):
        raise _refused("signs_from or signs_until is no whole number of seconds since 1970", where)
    return CardKey(id_, key, *moments)


def is_card_key(jwk: Any) -> bool:
    """Whether a JWK is one for cards; every other is for what we sign as a client."""
    return isinstance(jwk, Mapping) and jwk.get("crv") == CURVE


def read_published_keys(document: Any, *, where: str = "keys") -> dict[str, CardKey]:
    """The keys of cards in a JWK Set (or a single JWK), by their id; those of another kind are
    passed over. Raises InvalidSetting where there is none."""
    keys = document.get("keys", [document]) if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise _refused("the file is no JWK Set", where)
    found = [read_card_key(each, where=where) for each in keys if is_card_key(each)]
    if not found:
        raise _refused("the file holds no key of cards (EC on P-256)", where)
    return by_id(found)


def by_id(keys: Iterable[CardKey]) -> dict[str, CardKey]:
    return {each.id: each for each in keys}


@cache
def demonstration_key() -> CardKey:
    """The same everywhere, and made of a sentence that stands here: for synthetic people alone."""
    secret = int.from_bytes(hashlib.sha256(_DEMONSTRATION).digest()) >> 1  # below the curve's order
    key = ECKey(ec.derive_private_key(secret, ec.SECP256R1()), None)
    return CardKey(key.thumbprint(), key)


def is_demonstration(key_id: str) -> bool:
    """Whether a key is one that everybody has, whatever a card says of itself."""
    return key_id == demonstration_key().id


def _refused(text: str, where: str) -> InvalidSetting:
    return InvalidSetting(text, where=where, mend=_MEND)
