"""Our own signing keys: which of them signs, and what the world may read of them.

Several keys stand side by side so that one can follow another: a new key is published at once and
signs only from a moment that it states (`signs_from`), when others have had the time to fetch it;
the one before stays published until its file is removed. Keys of two uses share the files: those
that we sign with as a client of others, and those of wallet cards, which are on P-256 and stay in
public after they have signed their last (`card_keys.py`).
Sources: RFC 7517 (JWK), RFC 7638 (thumbprint); SMART App Launch 2.2, Client Authentication.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

import msgspec
from joserfc.jwk import ECKey, RSAKey

from fhir_pgx.errors import InvalidSetting
from fhir_pgx.security.backend_services import BackendKey, key_of
from fhir_pgx.security.card_keys import CURVE, CardKey, by_id, is_card_key, read_card_key

Algorithm = Literal["ES384", "RS384", "ES256"]  # the last for wallet cards

# RFC 7518, 6.2 and 6.3: what a key says in public. Nothing else of it is ever written.
_PUBLIC: Final = ("kty", "crv", "x", "y", "n", "e")
_MEND: Final = "give a file of one private JWK, a JWK Set, or a folder of them"
_RSA_BITS: Final = 3072

K = TypeVar("K", "OwnKey", CardKey)


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A private key of ours. `signs_from` is in seconds since 1970; 0: it always did."""

    id: str
    key: BackendKey
    signs_from: int = 0

    def published(self) -> dict[str, Any]:
        """The public half, as a JWK."""
        whole = self.key.key.as_dict(private=False)
        public = {name: whole[name] for name in _PUBLIC if name in whole}
        return public | {"kid": self.id, "use": "sig", "alg": self.key.algorithm}


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """All of ours, the oldest first; empty where none is set up. `cards` are those of wallet
    cards, also the ones that sign no longer."""

    keys: tuple[OwnKey, ...] = ()
    cards: tuple[CardKey, ...] = ()

    def signing(self, now: float) -> OwnKey:
        """The newest key that signs already; `now` is in seconds since 1970.

        Where none does, the one that will be the first to: an operator who has only just made one
        is not kept waiting. Raises InvalidSetting where there is no key.
        """
        if not self.keys:
            raise InvalidSetting(
                "there is no key to sign with",
                where="signing_keys",
                mend="make one: fhir-pgx keys new FOLDER, and name the folder in signing_keys",
            )
        return _newest(self.keys, now)

    def signing_cards(self, now: float) -> CardKey:
        """As `signing`, of wallet cards: never one that was retired."""
        private = [each for each in self.cards if each.is_private and not each.signs_until]
        if not private:
            raise InvalidSetting(
                "there is no key to sign wallet cards with",
                where="signing_keys",
                mend="make one: fhir-pgx keys new FOLDER --for cards, and name the folder in "
                "signing_keys",
            )
        return _newest(private, now)

    def card_keys(self) -> dict[str, CardKey]:
        """Every key that a card of ours may be signed with, by its id."""
        return by_id(self.cards)

    def published(self) -> dict[str, Any]:
        """The JWK Set of all public halves, the newest first, those of cards last."""
        servers = [each.published() for each in reversed(self.keys)]
        return {"keys": servers + [each.published() for each in reversed(self.cards)]}


def read_own_keys(documents: Iterable[bytes]) -> OwnKeys:
    """The keys of JWK or JWK Set documents, in their order.

    Raises InvalidSetting, whose text holds nothing of a key, for a document or a key that cannot
    be used, and for two keys of one id.
    """
    found: list[OwnKey] = []
    cards: list[CardKey] = []
    for document in documents:
        for jwk in _jwks(document):
            if is_card_key(jwk):
                cards.append(read_card_key(jwk))
            else:
                found.append(_own_key(jwk))
    ids = [each.id for each in found] + [each.id for each in cards]
    if len(set(ids)) != len(ids):
        raise _refused("two keys have the same kid")
    return OwnKeys(tuple(found), tuple(cards))


def new_key(algorithm: Algorithm, *, signs_from: int = 0) -> tuple[str, bytes]:
    """A new private key: its id, and its JWK as it is written to a file."""
    if algorithm == "RS384":
        made: ECKey | RSAKey = RSAKey.generate_key(_RSA_BITS)
    else:
        made = ECKey.generate_key("P-384" if algorithm == "ES384" else CURVE)
    id_ = made.thumbprint()
    jwk: dict[str, Any] = {**made.as_dict(private=True), "kid": id_, "use": "sig", "alg": algorithm}
    if signs_from:
        jwk["signs_from"] = signs_from
    return id_, msgspec.json.format(msgspec.json.encode(jwk)) + b"\n"


def retired(document: bytes, *, until: int) -> bytes | None:
    """The file of a key of cards that signs no longer: its public half, and since when. None where
    the document is no single private key of cards. Raises InvalidSetting as `read_own_keys` does.
    """
    (jwk, *more) = _jwks(document)
    if more or not is_card_key(jwk) or not (key := read_card_key(jwk)).is_private:
        return None
    public = key.published() | {"signs_until": until}
    return msgspec.json.format(msgspec.json.encode(public)) + b"\n"


def _newest(keys: Sequence[K], now: float) -> K:
    ready = [each for each in keys if each.signs_from <= now]
    if not ready:
        return min(keys, key=lambda each: each.signs_from)
    # Of two of one moment the later in order, which is the later file.
    return max(enumerate(ready), key=lambda each: (each[1].signs_from, each[0]))[1]


def _jwks(document: bytes) -> list[Any]:
    try:
        found = msgspec.json.decode(document)
    except (msgspec.DecodeError, ValueError):
        # Without `from`: the error of a parser may quote what it read.
        raise _refused("a key file is not JSON") from None
    if not isinstance(found, dict):
        raise _refused("a key file holds no JWK")
    keys = found.get("keys", [found])
    if not isinstance(keys, list) or not keys:
        raise _refused("a JWK Set holds no key")
    return keys


def _own_key(jwk: Any) -> OwnKey:
    key = key_of(jwk)
    if not isinstance(jwk, Mapping) or jwk.get("use", "sig") != "sig":
        raise _refused("a key is not for signing")
    if jwk.get("alg", key.algorithm) != key.algorithm:
        raise _refused("a key names an algorithm that is not its own")
    signs_from = jwk.get("signs_from", 0)
    if type(signs_from) is not int:
        raise _refused("signs_from is not a whole number of seconds since 1970")
    id_ = jwk.get("kid") or key.key.thumbprint()
    return OwnKey(str(id_), key, signs_from)


def _refused(text: str) -> InvalidSetting:
    return InvalidSetting(text, where="signing_keys", mend=_MEND)
