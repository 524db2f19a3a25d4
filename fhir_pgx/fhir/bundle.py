"""Resources inside resources: Bundle entries, contained, Parameters, lists; and references.

EHRs send Bundles without a type, arrays in place of Bundles, the pre-1.0 `{response, resource}`
wrapper, references that are relative, absolute, versioned, `urn:uuid:` or `#contained`. All are
walked here, so that no other reader has to know.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_pgx.errors import TooDeep
from fhir_pgx.model.finding import NotUnderstood

MAX_NESTING = 8  # a Bundle in a Bundle happens; more than this is an attack or a mistake
MAX_LISTED = 50  # malformed entries of one document; the rest are counted

NO_ENTRY = "the entry is not an object"
EMPTY_ENTRY = "the entry holds no resource"
NO_RESOURCE = "the resource is not an object"
NO_TYPE = "the resource has no resourceType"

_REFERENCE = re.compile(
    r"(?:^|/)(?P<type>[A-Z][A-Za-z]+)/(?P<id>[^/?#\s]+)(?:/_history/[^/?#\s]+)?$"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource in its place.

    `path` is the FHIRPath from the document read; `full_url` the Bundle entry's; `container` the
    entry whose `contained` holds it. `mode` is the entry's search mode (`match`, `include`,
    `outcome`, or empty).
    """

    resource: Mapping[str, Any]
    path: str
    full_url: str = ""
    mode: str = ""
    container: "Entry | None" = None

    @property
    def type(self) -> str:
        found = self.resource.get("resourceType")
        return found if isinstance(found, str) else ""

    @property
    def id(self) -> str:
        found = self.resource.get("id")
        return found if isinstance(found, str) else ""

    @property
    def reference(self) -> str:
        """`Type/id` as a person would cite it; `Parent/id#id` when contained; else the fullUrl."""
        if self.container is not None:
            return f"{self.container.reference}#{self.id}"
        if self.id:
            return f"{self.type}/{self.id}"
        return self.full_url or self.path


def as_list(value: Any) -> list[Any]:
    """A repeating element as a list, also where the sender wrote one object (or nothing)."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def as_dicts(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a repeating element; anything else in it is passed over."""
    return [item for item in as_list(value) if isinstance(item, dict)]


def as_text(value: Any) -> str:
    """A primitive as text; an empty text for what is not one."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or value is None or isinstance(value, (dict, list)):
        return ""
    return str(value)


def entries_of(
    document: Any, path: str = "", *, full_url: str = "", mode: str = "", depth: int = 0
) -> Iterator[Entry]:
    """Every resource in a document: itself, Bundle entries, Parameters, arrays, contained.

    Bundles, Parameters and wrappers are walked, not returned; what is no resource is passed over
    (`malformed_entries` lists it). Raises TooDeep past MAX_NESTING.
    """
    for found in _walk(document, path, full_url=full_url, mode=mode, depth=depth):
        if isinstance(found, Entry):
            yield found


def malformed_entries(document: Any, path: str = "") -> tuple[NotUnderstood, ...]:
    """The places of a document where a resource should stand and something else does.

    At most MAX_LISTED, and then one that counts the rest; reference and path are the FHIRPath.
    Raises TooDeep as `entries_of` does.
    """
    found = [one for one in _walk(document, path) if isinstance(one, NotUnderstood)]
    if len(found) <= MAX_LISTED:
        return tuple(found)
    left = len(found) - MAX_LISTED
    where = path or "Bundle"
    return (*found[:MAX_LISTED], NotUnderstood(where, f"{left} more are no resources", where))


def _malformed(path: str, reason: str) -> NotUnderstood:
    return NotUnderstood(path, reason, path)


def _walk(
    document: Any, path: str = "", *, full_url: str = "", mode: str = "", depth: int = 0
) -> Iterator[Entry | NotUnderstood]:
    if depth > MAX_NESTING:
        raise TooDeep(
            f"resources nest more than {MAX_NESTING} deep", where=path, mend="send a flat Bundle"
        )
    if isinstance(document, list):
        for i, item in enumerate(document):
            yield from _walk(item, f"{path}[{i}]", depth=depth + 1)
        return
    if not isinstance(document, dict):
        if path:  # a document that is no object is refused as a whole, by who reads it
            yield _malformed(path, NO_RESOURCE)
        return
    kind = document.get("resourceType")
    if kind == "Bundle" or (kind is None and isinstance(document.get("entry"), list)):
        base = path or "Bundle"
        for i, item in enumerate(as_list(document.get("entry"))):
            if not isinstance(item, dict):
                yield _malformed(f"{base}.entry[{i}]", NO_ENTRY)
                continue
            if "resource" not in item:
                if not ("request" in item or "response" in item):
                    yield _malformed(f"{base}.entry[{i}]", EMPTY_ENTRY)
                continue
            search = item.get("search")
            yield from _walk(
                item.get("resource"),
                f"{base}.entry[{i}].resource",
                full_url=as_text(item.get("fullUrl")),
                mode=as_text(search.get("mode")) if isinstance(search, dict) else "",
                depth=depth + 1,
            )
        return
    if kind == "Parameters":
        where = f"{path or 'Parameters'}.parameter"
        yield from _parameters(document.get("parameter"), where, depth + 1)
        return
    if kind is None and isinstance(document.get("resource"), dict):
        # CDS Hooks before 1.0 wrapped each prefetch in {response, resource}.
        inner = f"{path}.resource" if path else "resource"
        yield from _walk(document["resource"], inner, depth=depth + 1)
        return
    if not isinstance(kind, str):
        if path:
            yield _malformed(path, NO_TYPE)
        return
    entry = Entry(document, path or kind, full_url, mode)
    yield entry
    for i, item in enumerate(as_list(document.get("contained"))):
        if isinstance(item, dict) and isinstance(item.get("resourceType"), str):
            yield Entry(item, f"{entry.path}.contained[{i}]", container=entry)
        else:
            reason = NO_TYPE if isinstance(item, dict) else NO_RESOURCE
            yield _malformed(f"{entry.path}.contained[{i}]", reason)


def _parameters(parameters: Any, path: str, depth: int) -> Iterator[Entry | NotUnderstood]:
    if depth > MAX_NESTING:
        raise TooDeep(f"parameters nest more than {MAX_NESTING} deep", where=path)
    for i, item in enumerate(as_dicts(parameters)):
        here = f"{path}[{i}]"
        if "resource" in item:
            yield from _walk(item["resource"], f"{here}.resource", depth=depth + 1)
        if item.get("part"):
            yield from _parameters(item["part"], f"{here}.part", depth + 1)


def logical_id(reference: str) -> str:
    """The id of a reference, whether relative, absolute, versioned or `urn:`; `Patient/1` → `1`."""
    found = _REFERENCE.search(reference)
    return found["id"] if found else reference.rsplit("/", 1)[-1]


def type_and_id(reference: str) -> tuple[str, str]:
    """The resource type and id of a relative, absolute or versioned reference.

    Two empty texts for every other kind (`urn:`, `#contained`, conditional, a bare id).
    """
    found = _REFERENCE.search(reference)
    return (found["type"], found["id"]) if found else ("", "")


def reference_of(value: Any) -> str:
    """The reference text of a Reference, R5 CodeableReference or bare string; empty if none."""
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, dict):
        return ""
    inner = value.get("reference")
    return reference_of(inner) if isinstance(inner, (dict, str)) else ""


class References:
    """Finds the resource that a reference means among the entries at hand."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_url: dict[str, Entry] = {}
        self._by_type_id: dict[str, Entry] = {}
        self._contained: dict[tuple[int, str], Entry] = {}
        for entry in entries:
            if entry.container is not None:
                self._contained.setdefault((id(entry.container.resource), entry.id), entry)
                continue
            if entry.full_url:
                self._by_url.setdefault(entry.full_url, entry)
            if entry.id:
                self._by_type_id.setdefault(f"{entry.type}/{entry.id}", entry)

    def find(self, reference: str, origin: Entry) -> Entry | None:
        """The entry that `reference`, met in `origin`, means; None where it is not at hand.

        `#id` is sought among the contained resources of the origin (or of its container), then
        fullUrl, then `Type/id` of a relative, absolute or versioned reference (FHIR, Bundle,
        Resolving references in Bundles).
        """
        if not reference:
            return None
        if reference.startswith("#"):
            home = origin.container or origin
            return self._contained.get((id(home.resource), reference[1:]))
        if reference in self._by_url:
            return self._by_url[reference]
        found = _REFERENCE.search(reference)
        if not found:
            return None
        return self._by_type_id.get(f"{found['type']}/{found['id']}")
