"""The place between two pages of a search, as a text for a link.

It holds the sort values of the last resource shown, so that what is written in between neither
repeats nor skips anything, and a digest of the search that it belongs to: in another search it
would point anywhere.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence

import msgspec

from fhir_pgx.errors import InvalidSearch
from fhir_pgx.model.search import Amount, Moment, Sort
from fhir_pgx.rest.query_refusals import refusal

AFTER = "_after"
_MOST_SIGNS = 8_192
_LENGTH = 12  # bytes of the digest
# What may change from page to page.
_FREE = ("_count", "_total", "_format", "_pretty", "_summary", "_elements")

Place = tuple[str | int | float | None, ...]


def encode_after(
    after: Sequence[str | int | float | None], *, type_: str, used: Sequence[tuple[str, str]]
) -> str:
    """`Page.next` of a search for its `next` link; `used` are its parameters."""
    body = msgspec.json.encode(list(after))
    packed = _digest(body, type_, used) + body
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_after(
    text: str, *, type_: str, used: Sequence[tuple[str, str]], sort: Sequence[Sort]
) -> Place:
    """What `encode_after` was given. Raises InvalidSearch for a text that it did not write, or
    wrote for another search."""
    try:
        packed = base64.b64decode(text[:_MOST_SIGNS] + "=" * (-len(text) % 4), b"-_", validate=True)
        digest, body = packed[:_LENGTH], packed[_LENGTH:]
        if digest != _digest(body, type_, used):
            raise _refused()
        found: list[str | int | float | None] = msgspec.json.decode(
            body, type=list[str | int | float | None]
        )
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise _refused() from None
    if len(found) != len(sort) + 1 or not isinstance(found[-1], str):
        raise _refused()
    if not all(_may_be(value, each) for value, each in zip(found, sort, strict=False)):
        raise _refused()
    return tuple(found)


def _may_be(value: str | int | float | None, sort: Sort) -> bool:
    """Whether a resource may be sorted by this value: a database tells numbers from texts."""
    if value is None:
        return sort.kind is not None
    if sort.param == "_lastUpdated" or sort.kind is Moment:
        return isinstance(value, int)
    return isinstance(value, (int, float)) if sort.kind is Amount else isinstance(value, str)


def _digest(body: bytes, type_: str, used: Sequence[tuple[str, str]]) -> bytes:
    told = [type_, [pair for pair in used if pair[0] not in _FREE]]
    return hashlib.blake2b(msgspec.json.encode(told) + body, digest_size=_LENGTH).digest()


def _refused() -> InvalidSearch:
    return refusal(AFTER, "is not a place in this search", "follow the links of its first page")
