"""The frame of a wallet card: a signed, compressed text, and the digits that a QR code holds.

Nothing of a card is unpacked before its signature held, and never more than `MAX_PAYLOAD`.
Source: SMART Health Cards Framework 1.4.0 (HL7 SMART Health Cards and Links 1.0.0), "Health Cards
are Compact" and "Encoding QRs"; RFC 7515 (JWS), RFC 1951 (DEFLATE).
"""

import json
import re
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from fhir_pgx.errors import InvalidCard

ALGORITHM: Final = "ES256"
SCHEME: Final = "shc:/"
# The framework's own limit: what a QR code of version 22 holds, 40 mm wide, at correction level L.
MAX_JWS: Final = 1195
MAX_TEXT: Final = 40_000  # characters that are looked at: a card of many resources, in a file
MAX_PAYLOAD: Final = 200_000  # bytes after unpacking
_LOWEST: Final = 45  # the code of `-`, the lowest sign of a JWS (framework, "Encoding QRs")
_JWS: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_PART: Final = re.compile(r"[0-9]{1,3}/[0-9]{1,3}/.*", re.DOTALL)
_RAW_DEFLATE: Final = -zlib.MAX_WBITS
_REGISTRY: Final = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)
_REGISTRY.max_payload_length = MAX_TEXT  # packed; bounded already, with the whole text
_MEND_TEXT: Final = "give the text that the QR code holds, from shc:/ to its last digit"


@dataclass(frozen=True, slots=True)
class Framed:
    """A card as it was written. Nothing in it is true until `open_payload` came back."""

    jws: str = field(repr=False)
    key_id: str


def write_jws(claims: Mapping[str, Any], key: ECKey) -> str:
    """The claims, minified, packed and signed. `key` is a private one on P-256."""
    header = {"zip": "DEF", "alg": ALGORITHM, "kid": key.thumbprint()}
    return jws.serialize_compact(header, pack(claims), key, [ALGORITHM], _REGISTRY)


def pack(claims: Mapping[str, Any]) -> bytes:
    """JSON without blanks, as raw DEFLATE."""
    text = json.dumps(claims, ensure_ascii=False, separators=(",", ":"))
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE, 9)
    return packer.compress(text.encode()) + packer.flush()


def digits_of(signed: str) -> str:
    """`shc:/…` of a JWS: two digits a sign."""
    return SCHEME + "".join(f"{ord(sign) - _LOWEST:02d}" for sign in signed)


def read_frame(text: str) -> Framed:
    """A card's JWS, from the text of a QR code, from itself, or from a `.smart-health-card` file
    that holds one. Raises InvalidCard for whatever else it is, and for a header that asks for
    another way of signing or packing than the framework's."""
    found = _jws_in(text)
    header = _object(_decoded(found.partition(".")[0]), "the header")
    algorithm = header.get("alg")
    if algorithm == "none":
        raise InvalidCard("the card is not signed (alg is none)", where="alg", mend=_MEND_TEXT)
    if algorithm != ALGORITHM:
        raise InvalidCard("the card is not signed with ES256", where="alg", mend=_MEND_TEXT)
    if header.get("zip") != "DEF":
        raise InvalidCard("the card is not packed with DEFLATE", where="zip", mend=_MEND_TEXT)
    if "crit" in header or "b64" in header:
        raise InvalidCard("the card's header demands what is not understood", where="crit")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise InvalidCard("the card does not say which key signed it", where="kid")
    return Framed(found, key_id)


def open_payload(framed: Framed, key: ECKey) -> dict[str, Any]:
    """The claims, once the signature held. Raises InvalidCard."""
    try:
        packed = jws.deserialize_compact(framed.jws, key, [ALGORITHM], _REGISTRY).payload
    except (JoseError, ValueError):
        raise InvalidCard(
            "the signature does not hold: the card was altered, or another key signed it",
            where="signature",
            mend="scan it again; if it is refused again, do not rely on it",
        ) from None
    return _object(_unpacked(packed), "the payload")


def _jws_in(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise InvalidCard("the text is too long for a card", mend=_MEND_TEXT)
    found = text.strip()
    if found.startswith("{"):
        return _jws_in(_only_card(found))
    if found[: len(SCHEME)].lower() == SCHEME:
        found = _from_digits("".join(found[len(SCHEME) :].split()))
    if not _JWS.fullmatch(found):
        raise InvalidCard("the text is no card: neither shc:/ and digits nor a JWS",
                          mend=_MEND_TEXT)  # fmt: skip
    return found


def _only_card(text: str) -> str:
    cards = _object(text.encode(), "the file").get("verifiableCredential")
    if not isinstance(cards, list) or len(cards) != 1 or not isinstance(cards[0], str):
        raise InvalidCard("the file does not hold one card", where="verifiableCredential",
                          mend="give one card at a time")  # fmt: skip
    found: str = cards[0]
    if found.lstrip().startswith("{"):
        raise InvalidCard("the file does not hold a card", where="verifiableCredential")
    return found


def _from_digits(digits: str) -> str:
    if _PART.fullmatch(digits):
        raise InvalidCard(
            "the text is one part of a card in several QR codes, which the framework has given up",
            mend="ask for a card in one QR code, or give the card's file",
        )
    if not digits.isascii() or not digits.isdigit() or len(digits) % 2:
        raise InvalidCard("a digit of the card is missing or is none", mend=_MEND_TEXT)
    pairs = (digits[place : place + 2] for place in range(0, len(digits), 2))
    return "".join(chr(int(pair) + _LOWEST) for pair in pairs)


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(_RAW_DEFLATE)
    try:
        found = unpacker.decompress(packed, MAX_PAYLOAD + 1)
    except zlib.error:
        raise InvalidCard("the card cannot be unpacked", where="payload") from None
    if len(found) > MAX_PAYLOAD:
        raise InvalidCard("the card unpacks to more than any card holds", where="payload")
    if not unpacker.eof or unpacker.unused_data:
        raise InvalidCard("the card cannot be unpacked whole", where="payload")
    return found


def _decoded(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise InvalidCard("the header cannot be read", where="header") from None


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=_once_each, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):  # also of UTF-8
        raise InvalidCard(f"{what} of the card is not JSON") from None
    if not isinstance(found, dict):
        raise InvalidCard(f"{what} of the card is no object")
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two members of one name would be read as the first here and as the last elsewhere."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("not a number of JSON")
