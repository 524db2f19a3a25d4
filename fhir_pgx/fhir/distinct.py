"""One copy of each resource: prefetch, `_include` and `contained` send the same ones many times."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from fhir_pgx.fhir.bundle import Entry, as_text
from fhir_pgx.fhir.notes import SAME_ID, note
from fhir_pgx.model.finding import Caveat

_NOT_CONTENT = frozenset(("meta", "text"))


def distinct(entries: Sequence[Entry]) -> tuple[list[Entry], tuple[Caveat, ...]]:
    """The entries without repetitions, in their order, and a caveat for each id used twice.

    The same id with the same content is read once; with different content the newer version
    (`meta.versionId`, `meta.lastUpdated`) is read, or both where neither is newer.
    """
    if _are_unlike(entries):
        return list(entries), ()
    copies = _Copies()
    for entry in entries:
        if entry.container is None:
            copies.add(entry)
    for entry in entries:
        if entry.container is not None:
            copies.add_contained(entry)
    kept = [entry for entry in entries if id(entry) in copies.kept]
    caveats = tuple(note(SAME_ID, reference=reference) for reference in copies.clashes)
    return kept, caveats


def _are_unlike(entries: Sequence[Entry]) -> bool:
    """True where every entry has a name of its own and none is contained: the usual call."""
    seen: set[str] = set()
    for entry in entries:
        if entry.container is not None or not (entry.id or entry.full_url):
            return False
        seen.add(entry.reference)
    return len(seen) == len(entries)


class _Copies:
    def __init__(self) -> None:
        self.kept: set[int] = set()
        self.clashes: dict[str, None] = {}
        self._by_key: dict[str, list[Entry]] = {}
        self._prints: dict[int, bytes] = {}
        self._known: dict[str, set[bytes]] = {}
        self._kept_containers: set[int] = set()

    def add(self, entry: Entry) -> None:
        key = f"{entry.type}/{entry.id}" if entry.id else entry.full_url
        if not key:
            key = f"{entry.type} {self._print(entry).hex()}"
        if not self._is_copy(key, entry) and not self._is_older(key, entry):
            self._keep(key, entry)
            self._kept_containers.add(id(entry.resource))

    def add_contained(self, entry: Entry) -> None:
        container = entry.container
        if container is not None and id(container.resource) not in self._kept_containers:
            return
        twin = f"{entry.type}/{entry.id}"
        if twin in self._by_key and self._print(entry) in self._prints_of(twin):
            return
        key = f"{entry.reference} contained"
        if not self._is_copy(key, entry):
            self._keep(key, entry)

    def _keep(self, key: str, entry: Entry) -> None:
        self.kept.add(id(entry))
        self._by_key.setdefault(key, []).append(entry)
        if key in self._known:
            self._known[key].add(self._print(entry))

    def _is_copy(self, key: str, entry: Entry) -> bool:
        return key in self._by_key and self._print(entry) in self._prints_of(key)

    def _is_older(self, key: str, entry: Entry) -> bool:
        """True where a newer one is kept; an older one that was kept is let go."""
        others = self._by_key.get(key)
        if not others:
            return False
        last = others[-1]
        mine, theirs = _version(entry.resource), _version(last.resource)
        if mine < theirs:
            return True
        if mine > theirs:
            others.pop()
            self.kept.discard(id(last))
            self._kept_containers.discard(id(last.resource))
        else:
            self.clashes[entry.reference] = None
        return False

    def _prints_of(self, key: str) -> set[bytes]:
        if key not in self._known:
            self._known[key] = {self._print(entry) for entry in self._by_key[key]}
        return self._known[key]

    def _print(self, entry: Entry) -> bytes:
        found = self._prints.get(id(entry))
        if found is None:
            found = self._prints[id(entry)] = _fingerprint(entry.resource)
        return found


def _fingerprint(resource: Mapping[str, Any]) -> bytes:
    content = {name: part for name, part in resource.items() if name not in _NOT_CONTENT}
    try:
        text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)
    except orjson.JSONEncodeError:
        text = repr(content).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(text, digest_size=16).digest()


def _version(resource: Mapping[str, Any]) -> tuple[int, str]:
    meta = resource.get("meta")
    if not isinstance(meta, dict):
        return 0, ""
    version = as_text(meta.get("versionId"))
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    return number, as_text(meta.get("lastUpdated"))
