"""Stored resources from rows, and moments as they are stored."""

import zlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from fhir_pgx.errors import StoreFailure
from fhir_pgx.storage.store import StoredResource

CODEC = "zlib"  # level 1: a quarter of the space for 15 % of the time of a save
NO_BODY = "none"  # of a deletion
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def stored(row: tuple[Any, ...]) -> StoredResource:
    """A resource of a row: type, id, version, patient, full_url, updated, codec, body."""
    type_, id_, version, patient, full_url, updated, codec, packed = row
    if codec == NO_BODY:
        return StoredResource(type_, id_, version, patient, full_url, stamp(updated), b"", True)
    try:
        body = zlib.decompress(packed)
    except zlib.error as error:
        raise StoreFailure(
            f"a stored {type_} is damaged", where="database", mend="restore it from a backup"
        ) from error
    return StoredResource(type_, id_, version, patient, full_url, stamp(updated), body)


def now() -> int:
    """The present moment in microseconds since 1970 UTC, to the millisecond."""
    return moment(datetime.now(UTC))


def moment(when: datetime) -> int:
    """A moment in microseconds since 1970 UTC, to the millisecond."""
    return (when - _EPOCH) // _MILLISECOND * 1000


@lru_cache(maxsize=4096)
def stamp(updated: int) -> str:
    """A moment as it is told: RFC 3339, UTC, to the millisecond."""
    when = _EPOCH + timedelta(microseconds=updated)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
