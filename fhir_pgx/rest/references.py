"""References in resources: found, and given the ids that a store or transaction gave their targets.

A reference is any `reference` of a Reference, in extensions and contained resources too, and any
element of the types uri, url and canonical that may name a resource. The narrative stays as it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from fhir_pgx.fhir.bundle import type_and_id

# Elements other than `reference` whose whole text may be the address of a resource.
_ADDRESSES: Final = frozenset(
    ("url", "valueUri", "valueUrl", "valueCanonical", "valueUuid", "valueOid", "resource",
     "instantiatesUri", "instantiatesCanonical", "sourceUri", "uri")
)  # fmt: skip
_CONDITIONAL: Final = re.compile(r"([A-Z][A-Za-z]+)\?(.*)", re.DOTALL)
_PLACEHOLDER: Final = ("urn:uuid:", "urn:oid:")

Resolve = Callable[[str], str | None]


def references_in(value: Any) -> list[str]:
    """Every `reference` of a resource; the reader of the document has bounded its depth."""
    found: list[str] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[str]) -> None:
    if value.__class__ is dict:
        reference = value.get("reference")
        if reference.__class__ is str:
            found.append(reference)
        value = value.values()
    elif value.__class__ is not list:
        return
    for item in value:
        if item.__class__ is dict or item.__class__ is list:
            _collect(item, found)


def is_conditional(reference: str) -> bool:
    """Whether a reference is a search, `Patient?identifier=…`."""
    return _CONDITIONAL.fullmatch(reference) is not None


def criteria_of(reference: str) -> tuple[str, str]:
    """The type and the search of a conditional reference; two empty texts for any other."""
    found = _CONDITIONAL.fullmatch(reference)
    return (found[1], found[2]) if found else ("", "")


def is_placeholder(reference: str) -> bool:
    return reference.startswith(_PLACEHOLDER)


def rewritten(value: Any, resolve: Resolve) -> Any:
    """The value with the references that `resolve` answers; what it answers None stays.

    The value itself where nothing changes. A Bundle within is a document of its own and stays.
    """
    if value.__class__ is dict:
        changed: dict[str, Any] | None = None
        for name, item in value.items():
            kind = item.__class__
            if kind is str:
                if name != "reference" and not (
                    name in _ADDRESSES and item.startswith(_PLACEHOLDER)
                ):
                    continue
                new = resolve(item)
                if new is None or new == item:
                    continue
            elif kind is dict or kind is list:
                new = _texts(item, resolve) if name in _ADDRESSES else rewritten(item, resolve)
                if new is item:
                    continue
            else:
                continue
            changed = dict(value) if changed is None else changed
            changed[name] = new
        return value if changed is None else changed
    if value.__class__ is list:
        items: list[Any] | None = None
        for place, item in enumerate(value):
            new = rewritten(item, resolve)
            if new is not item:
                items = list(value) if items is None else items
                items[place] = new
        return value if items is None else items
    return value


def _texts(value: Any, resolve: Resolve) -> Any:
    """As `rewritten`, for an element that may repeat as plain texts (`instantiatesUri`)."""
    if value.__class__ is list and any(item.__class__ is str for item in value):
        items = [
            (resolve(item) or item) if isinstance(item, str) and is_placeholder(item) else item
            for item in value
        ]
        return value if items == value else items
    if value.__class__ is dict and value.get("resourceType") == "Bundle":
        return value
    return rewritten(value, resolve)


def base_of(full_url: str, type_: str) -> str:
    """The FHIR base of an absolute fullUrl that ends in `Type/id`, with its slash; else empty."""
    if not full_url.startswith(("http://", "https://")):
        return ""
    base, found, rest = full_url.rpartition(f"/{type_}/")
    return f"{base}/" if found and rest and "/" not in rest else ""


class Targets:
    """Where references of one document lead: by fullUrl, and by `Type/id` of resources that get
    another id than they had."""

    def __init__(self, moved: Iterable[tuple[str, str, str]]) -> None:
        """`moved` are (fullUrl, `Type/id` as sent or empty, new `Type/id`)."""
        self._by_url: dict[str, str] = {}
        self._by_id: dict[str, str] = {}
        doubled: set[str] = set()
        for full_url, sent, new in moved:
            if full_url:
                self._by_url[full_url] = new
            if sent and self._by_id.setdefault(sent, new) != new:
                doubled.add(sent)
        for sent in doubled:  # nobody knows which of them is meant
            del self._by_id[sent]
        self.conditional: Mapping[str, str] = {}

    def from_(self, full_url: str, type_: str) -> Resolve:
        """How the references of the entry with this fullUrl are resolved (FHIR R4, Bundle,
        Resolving references in Bundles): by fullUrl; a relative one first at the base of its
        entry's own fullUrl, then by type and id."""
        base = base_of(full_url, type_)
        by_url, by_id = self._by_url, self._by_id

        def resolve(reference: str) -> str | None:
            found = by_url.get(reference)
            if found is not None:
                return found
            if reference in self.conditional:
                return self.conditional[reference]
            if reference.startswith(("#", "urn:")):
                return None
            kind, identity = type_and_id(reference)
            if not kind:
                return None
            plain = f"{kind}/{identity}"
            if reference.startswith(("http://", "https://")):
                return by_url.get(reference.partition("/_history/")[0])
            if base and (found := by_url.get(base + plain)) is not None:
                return found
            return by_id.get(plain)

        return resolve
