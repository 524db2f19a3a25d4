"""Resources inside resources: Bundle entries, contained, Parameters, lists; and references.

EHRs send Bundles without a type, arrays in place of Bundles, the pre-1.0 `{response, resource}`
wrapper, references that are relative, absolute, versioned, `urn:uuid:` or `#contained`. All are
walked here, so that no other reader has to know.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from fhir_pgx.errors import TooDeep
from fhir_pgx.model.finding import NotUnderstood
from fhir_pgx.terminology import URI

MAX_NESTING = 8  # a Bundle in a Bundle happens; more than this is an attack or a mistake
MAX_LISTED = 50  # malformed entries of one document; the rest are counted

NO_ENTRY = "the entry is not an object"
EMPTY_ENTRY = "the entry holds no resource"
NO_RESOURCE = "the resource is not an object"
NO_TYPE = "the resource has no resourceType"

_REFERENCE = re.compile(
    r"(?:^|/)(?P<type>[A-Z][A-Za-z]+)/(?P<id>[^/?#\s]+)(?:/_history/[^/?#\s]+)?$"
)


class Entry:
    """A resource in its place.

    `path` is the FHIRPath from the document read; `full_url` the Bundle entry's; `container` the
    entry whose `contained` holds it. `mode` is the entry's search mode (`match`, `include`,
    `outcome`, or empty). `type` and `id` are the resource's own, empty where it states none;
    `reference` is `Type/id` as a person would cite it, `Parent/id#id` when contained, else the
    fullUrl, else the path.
    """

    # Worked out once: every reader asks for them. A call has some twenty entries, so a plain class.
    __slots__ = (
        "_asked", "_print", "container", "full_url", "id", "mode", "path", "reference", "resource",
        "type",
    )  # fmt: skip

    def __init__(
        self,
        resource: Mapping[str, Any],
        path: str,
        full_url: str = "",
        mode: str = "",
        container: "Entry | None" = None,
    ) -> None:
        self.resource, self.path, self.full_url, self.mode = resource, path, full_url, mode
        self.container = container
        kind, identity = resource.get("resourceType"), resource.get("id")
        self.type: str = kind if isinstance(kind, str) else ""
        self.id: str = identity if isinstance(identity, str) else ""
        self.reference: str
        if container is not None:
            self.reference = f"{container.reference}#{self.id}"
        elif self.id:
            self.reference = f"{self.type}/{self.id}"
        else:
            self.reference = full_url or path
        self._asked: tuple[frozenset[str], str] | None = None
        self._print: bytes | None = None

    @property
    def print(self) -> bytes:
        """A digest of what the resource says, whoever's it is and whenever: see `OF_THE_CASE`.
        Empty where its content is no JSON that can be written again."""
        if self._print is None:
            self._print = _print_of(self.resource)
        return self._print

    @property
    def asked(self) -> tuple[frozenset[str], str]:
        """What an Observation asks: the codes of itself and of its components, and their words in
        lower case. Looked at before anything of it is read."""
        if self._asked is None:
            self._asked = _kept_asked(self)
        return self._asked


# Of whom, when, by whom and on whose order: what a result says stays the same.
OF_THE_CASE = frozenset(
    ("id", "meta", "text", "subject", "encounter", "performer", "basedOn", "effectiveDateTime",
     "effectivePeriod", "effectiveInstant", "issued", "identifier", "specimen", "result",
     "presentedForm", "resourceType", "language")
)  # fmt: skip


def _print_of(resource: Mapping[str, Any]) -> bytes:
    content = {name: part for name, part in resource.items() if name not in OF_THE_CASE}
    try:
        text = orjson.dumps(content, default=str)
    except orjson.JSONEncodeError:
        return b""
    return hashlib.blake2b(text, digest_size=16).digest()


_KEPT: dict[bytes, tuple[frozenset[str], str]] = {}  # by what a result says
_MOST_KEPT, _LONGEST_KEPT = 8192, 600


def _kept_asked(entry: Entry) -> tuple[frozenset[str], str]:
    key = entry.print
    found = _KEPT.get(key)
    if found is None:
        found = _asked(entry.resource)
        if key and len(found[1]) <= _LONGEST_KEPT:
            if len(_KEPT) >= _MOST_KEPT:
                _KEPT.clear()
            _KEPT[key] = found
    return found


def _asked(resource: Mapping[str, Any]) -> tuple[frozenset[str], str]:
    codes: list[str] = []
    words: list[str] = []
    elements = [resource]
    components = resource.get("component")
    if isinstance(components, list):
        elements += components
    elif components:
        elements += as_list(components)
    for element in elements:
        code = element.get("code") if isinstance(element, dict) else None
        if not isinstance(code, dict):
            continue
        text = code.get("text")
        if isinstance(text, str):
            words.append(text)
        codings = code.get("coding")
        for coding in codings if isinstance(codings, list) else as_list(codings):
            if not isinstance(coding, dict):
                continue
            stated, display = coding.get("code"), coding.get("display")
            if isinstance(stated, str):
                codes.append(stated.strip())
            if isinstance(display, str):
                words.append(display)
    return frozenset(codes), " ".join(words).lower()


def as_list(value: Any) -> list[Any]:
    """A repeating element as a list, also where the sender wrote one object (or nothing)."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def as_dicts(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a repeating element; anything else in it is passed over."""
    if value is None:  # most elements that are asked for are not there
        return []
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict)]
    return [value] if isinstance(value, dict) else []


def as_text(value: Any) -> str:
    """A primitive as text; an empty text for what is not one."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or value is None or isinstance(value, (dict, list)):
        return ""
    return str(value)


def entries_of(document: Any, path: str = "") -> list[Entry]:
    """Every resource in a document: itself, Bundle entries, Parameters, arrays, contained.

    Bundles, Parameters and wrappers are walked, not returned; what is no resource is passed over
    (`malformed_entries` lists it). Raises TooDeep past MAX_NESTING.
    """
    walk = _Walk()
    walk.into(document, path)
    return walk.entries


def malformed_entries(document: Any, path: str = "") -> tuple[NotUnderstood, ...]:
    """The places of a document where a resource should stand and something else does.

    At most MAX_LISTED, and then one that counts the rest; reference and path are the FHIRPath.
    Raises TooDeep as `entries_of` does.
    """
    walk = _Walk()
    walk.into(document, path)
    found = [NotUnderstood(place, reason, place) for place, reason in walk.malformed[:MAX_LISTED]]
    left = len(walk.malformed) - MAX_LISTED
    if left > 0:
        where = path or "Bundle"
        found.append(NotUnderstood(where, f"{left} more are no resources", where))
    return tuple(found)


class _Walk:
    """What is met on a walk through one document: resources, and (place, reason) of the rest."""

    __slots__ = ("entries", "malformed")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.malformed: list[tuple[str, str]] = []

    def into(
        self, document: Any, path: str, full_url: str = "", mode: str = "", depth: int = 0
    ) -> None:
        if depth > MAX_NESTING:
            raise TooDeep(
                f"resources nest more than {MAX_NESTING} deep",
                where=path,
                mend="send a flat Bundle",
            )
        if isinstance(document, list):
            for i, item in enumerate(document):
                self.into(item, f"{path}[{i}]", depth=depth + 1)
            return
        if not isinstance(document, dict):
            if path:  # a document that is no object is refused as a whole, by who reads it
                self.malformed.append((path, NO_RESOURCE))
            return
        kind = document.get("resourceType")
        if kind == "Bundle" or (kind is None and isinstance(document.get("entry"), list)):
            self._bundle(document, path or "Bundle", depth + 1)
        elif kind == "Parameters":
            self._parameters(
                document.get("parameter"), f"{path or 'Parameters'}.parameter", depth + 1
            )
        elif kind is None and isinstance(document.get("resource"), dict):
            # CDS Hooks before 1.0 wrapped each prefetch in {response, resource}.
            inner = f"{path}.resource" if path else "resource"
            self.into(document["resource"], inner, depth=depth + 1)
        elif isinstance(kind, str):
            self._resource(Entry(document, path or kind, full_url, mode))
        elif path:
            self.malformed.append((path, NO_TYPE))

    def _bundle(self, bundle: Mapping[str, Any], base: str, depth: int) -> None:
        for i, item in enumerate(as_list(bundle.get("entry"))):
            path = f"{base}.entry[{i}]"
            if not isinstance(item, dict):
                self.malformed.append((path, NO_ENTRY))
            elif "resource" in item:
                search = item.get("search")
                mode = as_text(search.get("mode")) if isinstance(search, dict) else ""
                full_url = as_text(item.get("fullUrl"))
                self.into(item["resource"], f"{path}.resource", full_url, mode, depth)
            elif not ("request" in item or "response" in item):
                self.malformed.append((path, EMPTY_ENTRY))

    def _resource(self, entry: Entry) -> None:
        self.entries.append(entry)
        if "contained" not in entry.resource:
            return
        for i, item in enumerate(as_list(entry.resource["contained"])):
            path = f"{entry.path}.contained[{i}]"
            if isinstance(item, dict) and isinstance(item.get("resourceType"), str):
                self.entries.append(Entry(item, path, container=entry))
            else:
                reason = NO_TYPE if isinstance(item, dict) else NO_RESOURCE
                self.malformed.append((path, reason))

    def _parameters(self, parameters: Any, path: str, depth: int) -> None:
        if depth > MAX_NESTING:
            raise TooDeep(f"parameters nest more than {MAX_NESTING} deep", where=path)
        for i, item in enumerate(as_dicts(parameters)):
            here = f"{path}[{i}]"
            if "resource" in item:
                self.into(item["resource"], f"{here}.resource", depth=depth + 1)
            if item.get("part"):
                self._parameters(item["part"], f"{here}.part", depth + 1)


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
    """The reference text of a Reference, R5 CodeableReference or bare string; empty if none.

    That of a logical one is the URI that it names the resource by: the fullUrl it has in its own
    Bundle.
    """
    while isinstance(value, dict):
        value = value["reference"] if "reference" in value else _uri_of(value.get("identifier"))
    return value.strip() if isinstance(value, str) else ""


def _uri_of(identifier: Any) -> Any:
    is_uri = isinstance(identifier, dict) and identifier.get("system") == URI
    return identifier.get("value") if is_uri else None


class References:
    """Finds the resource that a reference means among the entries at hand."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: Iterable[Entry] = tuple(entries)
        self._by_url: dict[str, Entry] = {}
        self._by_type_id: dict[str, Entry] = {}
        self._contained: dict[tuple[int, str], Entry] = {}

    def _index(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if entry.container is not None:
                self._contained.setdefault((id(entry.container.resource), entry.id), entry)
                continue
            if entry.full_url:
                self._by_url.setdefault(entry.full_url, entry)
            if entry.id:
                self._by_type_id.setdefault(entry.reference, entry)
        self._entries = ()

    def find(self, reference: str, origin: Entry) -> Entry | None:
        """The entry that `reference`, met in `origin`, means; None where it is not at hand.

        `#id` is sought among the contained resources of the origin (or of its container), then
        fullUrl, then `Type/id` of a relative, absolute or versioned reference (FHIR, Bundle,
        Resolving references in Bundles).
        """
        if not reference:
            return None
        if self._entries:  # many calls hold no reference to follow
            self._index(self._entries)
        if reference.startswith("#"):
            home = origin.container or origin
            return self._contained.get((id(home.resource), reference[1:]))
        if reference in self._by_url:
            return self._by_url[reference]
        found = _REFERENCE.search(reference)
        if not found:
            return None
        return self._by_type_id.get(f"{found['type']}/{found['id']}")
