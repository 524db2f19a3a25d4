"""Read, vread and history."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from fhir_pgx.errors import DeletedResource, InvalidInteraction, UnknownResource
from fhir_pgx.rest.bodies import bundle_of, shown
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.types import get_type, is_id
from fhir_pgx.rest.versions import etag_of
from fhir_pgx.storage.store import Reads, StoredResource

MOST: Final = 1_000  # resources of one page
USUAL: Final = 50
AFTER: Final = "_after"  # the cursor of ours in a `next` link
_PLACE: Final = (int, str, str, int)  # in a history: moment, type, id, version
_LARGEST: Final = 1 << 63

Parameters = Sequence[tuple[str, str]]


def read(server: Server, reads: Reads, type_: str, id_: str) -> StoredResource:
    """The current version. Raises UnknownType, Forbidden, UnknownResource, DeletedResource."""
    server.rights.check("r", get_type(type_))
    stored = reads.read(type_, id_) if is_id(id_) else None
    return _there(stored, type_)


def read_version(
    server: Server, reads: Reads, type_: str, id_: str, version: str
) -> StoredResource:
    """One version. Raises as `read`; DeletedResource for the version that a deletion made."""
    server.rights.check("r", get_type(type_))
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    stored = reads.read_version(type_, id_, number) if is_id(id_) and number else None
    return _there(stored, type_)


def _there(stored: StoredResource | None, type_: str) -> StoredResource:
    # The id is not repeated: people put names and record numbers into addresses.
    if stored is None:
        raise UnknownResource(
            f"there is no {type_} of this id, or no such version of it",
            mend="search for it; ids are case-sensitive",
        )
    if stored.is_deleted:
        raise DeletedResource(
            f"this {type_} was deleted", mend="its earlier versions are in its _history"
        )
    return stored


def history(
    server: Server, reads: Reads, parameters: Parameters, type_: str = "", id_: str = ""
) -> bytes:
    """Every version, newest first, a page at a time: of a resource, a type, or everything.

    Raises Forbidden, UnknownResource where there never was such a resource, InvalidInteraction for
    a parameter that cannot be used.
    """
    if type_:
        server.rights.check("r" if id_ else "s", get_type(type_))
    asked = dict(parameters)
    count = read_count(asked.get("_count", ""))
    since, after = _since(asked.get("_since", "")), asked.get(AFTER, "")
    if id_ and not is_id(id_):
        _there(None, type_)
    # An empty page holds its total alone.
    page = reads.history(type_, id_, count=count, since=since, after=read_cursor(after, _PLACE))
    if id_ and not page.resources and not after and reads.read(type_, id_) is None:
        _there(None, type_)
    path = "/".join(filter(None, (server.base, type_, id_, "_history")))
    used = [(n, v) for n, v in (("_count", asked.get("_count", "")), ("_since", since)) if v]
    links = [("self", _url(path, used))]
    if page.next:
        links.append(("next", _url(path, [*used, (AFTER, write_cursor(page.next))])))
    entries = [_entry(server.base, stored) for stored in page.resources]
    return bundle_of("history", entries, links=links, total=page.total)


def _entry(base: str, stored: StoredResource) -> Mapping[str, Any]:
    status = "204" if stored.is_deleted else "201" if stored.version == 1 else "200"
    entry: dict[str, Any] = {"fullUrl": f"{base}/{stored.reference}"}
    if not stored.is_deleted:
        entry["resource"] = shown(stored)
    method = "DELETE" if stored.is_deleted else "PUT"
    entry["request"] = {"method": method, "url": stored.reference}
    entry["response"] = {
        "status": status,
        "etag": etag_of(stored.version),
        "lastModified": stored.last_updated,
    }
    return entry


# Parameters of pages


def read_count(text: str, *, usual: int = USUAL) -> int:
    """`_count`; more than MOST is MOST. Raises InvalidInteraction for what is no whole number."""
    if not text:
        return usual
    if not (text.isascii() and text.isdigit()):
        raise InvalidInteraction(
            "_count is no whole number", where="_count", mend="send such as _count=50"
        )
    return min(int(text[:9]), MOST)


def _since(text: str) -> str:
    """An instant as it was sent; a `+` that became a blank on its way is one again."""
    if not text:
        return ""
    text = text.replace(" ", "+")
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInteraction(
            "_since is no instant", where="_since", mend="send such as 2026-01-31T12:00:00Z"
        ) from None
    return text


def write_cursor(after: Sequence[str | int | float | None]) -> str:
    """Where a page ended, as a text for a link."""
    return base64.urlsafe_b64encode(msgspec.json.encode(list(after))).decode().rstrip("=")


def read_cursor(text: str, shape: Sequence[type]) -> tuple[str | int | float | None, ...]:
    """What `write_cursor` was given, texts and whole numbers as the shape has them; nothing for
    an empty text. Raises InvalidInteraction for what no link of ours holds."""
    if not text:
        return ()
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        found = msgspec.json.decode(packed, type=list[str | int])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        found = []
    if [type(each) for each in found] != list(shape) or not all(map(_may_stand, found)):
        raise InvalidInteraction(
            "the link to this page is not one of ours", where=AFTER, mend="begin with the first"
        )
    return tuple(found)


def _may_stand(value: str | int) -> bool:
    """Whether a database takes it."""
    return value.isprintable() if isinstance(value, str) else 0 <= value < _LARGEST


def _url(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path
