"""The bytes of resources: what is stored of what came, and what is shown of what is stored.

A body is kept as it was received; the server's own members, `meta.versionId` and
`meta.lastUpdated`, are put in where it is shown. Members are moved as bytes, never decoded: numbers
keep their digits, and a page of fifty costs little.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.storage.store import StoredResource

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_sorted = msgspec.json.Encoder(decimal_format="number", order="sorted").encode
_DEEPEST = 1_000  # what is stored was within the limit when it came
_FIRST = ("resourceType", "id", "meta")
_OURS = ("versionId", "lastUpdated")


def body_of(resource: Mapping[str, Any], id_: str, received: bytes = b"") -> bytes:
    """The bytes to store: those received where they hold the id and nothing that is the server's.

    Without `received` (XML, or an entry that was changed) the resource is written as JSON.
    """
    received = received.removeprefix(b"\xef\xbb\xbf").strip()
    meta = resource.get("meta")
    is_clean = not (isinstance(meta, dict) and any(name in meta for name in _OURS))
    if received and is_clean and resource.get("id") == id_:
        return received
    if not received:
        return write_json(_ordered(_as_written(resource, id_)))
    members: dict[str, Any] = dict(_members.decode(received))
    return write_json(_ordered(_as_written(members, id_, meta)))


def _as_written(members: Mapping[str, Any], id_: str, meta: Any = None) -> dict[str, Any]:
    """The members with this id, without what is the server's."""
    found = {**members, "id": id_}
    meta = members.get("meta") if meta is None else meta
    if isinstance(meta, dict):
        kept = {name: value for name, value in meta.items() if name not in _OURS}
        if kept:
            found["meta"] = kept
        else:
            del found["meta"]
    return found


def _ordered(members: Mapping[str, Any]) -> dict[str, Any]:
    first = {name: members[name] for name in _FIRST if name in members}
    return {**first, **members}


def says_the_same(body: bytes, resource: Mapping[str, Any]) -> bool:
    """Whether a stored body holds this resource, whatever the order and spacing of its members.
    `7.5` and `7.50` are not the same."""
    stored = read_json(body, max_bytes=len(body), max_depth=_DEEPEST)
    id_ = str(resource.get("id"))
    return _sorted(_as_written(stored, id_)) == _sorted(_as_written(resource, id_))


def shown(stored: StoredResource) -> bytes:
    """A stored resource as clients see it: with `meta.versionId` and `meta.lastUpdated`."""
    members: dict[str, Any] = dict(_members.decode(stored.body))
    meta: dict[str, Any] = {
        "versionId": str(stored.version),
        "lastUpdated": stored.last_updated,
    }
    if bytes(members.get("meta", b"")).lstrip().startswith(b"{"):  # what was loaded may be broken
        written = _members.decode(members["meta"])
        meta.update((name, part) for name, part in written.items() if name not in _OURS)
    members["meta"] = meta
    return write_json(_ordered(members))


def bundle_of(
    type_: str,
    entries: Iterable[Mapping[str, Any]],
    *,
    links: Iterable[tuple[str, str]] = (),
    total: int | None = None,
    id_: str = "",
    last_updated: str = "",
) -> bytes:
    """A Bundle as bytes. The `resource` of an entry is the bytes of a resource, as JSON."""
    found: dict[str, Any] = {"resourceType": "Bundle"}
    if id_:
        found["id"] = id_
    if last_updated:
        found["meta"] = {"lastUpdated": last_updated}
    found["type"] = type_
    if total is not None:
        found["total"] = total
    if listed := [{"relation": relation, "url": url} for relation, url in links]:
        found["link"] = listed
    if written := [_entry(entry) for entry in entries]:
        found["entry"] = written
    return write_json(found)


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with the bytes in it, and in its `response`, as the JSON that they are."""
    found: dict[str, Any] = {}
    for name, value in entry.items():
        if isinstance(value, bytes):
            found[name] = msgspec.Raw(value)
        elif isinstance(value, Mapping):
            found[name] = _entry(value)
        else:
            found[name] = value
    return found
