"""Which elements each FHIR type has: order, type, repetition; read on the first XML seen.

The table (`elements.json`, written by `knowledge/imports/xml_elements.py`) holds R4B, which reads
R4 for the resources we meet, with STU3's Sequence and R5's MolecularSequence and GenomicStudy.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Literal

FHIR = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"

# `x` is XHTML, `resource` an element that wraps a whole resource, `complex` has elements itself.
Kind = Literal["string", "boolean", "integer", "decimal", "x", "resource", "complex"]

_KINDS: Mapping[str, Kind] = {
    "s": "string",
    "b": "boolean",
    "i": "integer",
    "d": "decimal",
    "x": "x",
    "Resource": "resource",
}
_RESOURCES = ("Resource", "DomainResource")


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a type: `index` is its place in the order that FHIR XML prescribes."""

    name: str
    type: str
    kind: Kind
    many: bool
    index: int


@dataclass(frozen=True, slots=True)
class FhirType:
    """A type's child elements by name and by XML tag; `attributes` are its XML attributes."""

    name: str
    is_resource: bool
    by_name: Mapping[str, Field]
    by_tag: Mapping[str, Field]
    attributes: frozenset[str]


@functools.cache
def _packed() -> Mapping[str, str]:
    table = resources.files("fhir_pgx.fhir.xml").joinpath("elements.json").read_bytes()
    types: Mapping[str, str] = json.loads(table)["types"]
    return types


def _base_and_elements(name: str) -> tuple[str, list[str]]:
    base, *own = _packed()[name].split(" ")
    return base, own


def _all_elements(name: str) -> list[str]:
    base, own = _base_and_elements(name)
    return (_all_elements(base) if base else []) + own


def find_type(name: str) -> FhirType | None:
    """The type of this name, resource or element; None where the table has none."""
    # The cache sits behind this test: a sender's invented names must not fill it.
    return _type(name) if name in _packed() else None


@functools.cache
def _type(name: str) -> FhirType:
    is_resource = name not in _RESOURCES and _base_and_elements(name)[0] in _RESOURCES
    # Element.id and Extension.url are XML attributes; Resource.id is an element.
    attributes = () if is_resource else ("id", "url") if name == "Extension" else ("id",)
    by_name: dict[str, Field] = {}
    for packed in _all_elements(name):
        element, _, kind = packed.partition(":")
        bare = element.rstrip("*")
        if bare not in attributes:
            by_name[bare] = Field(
                bare, kind, _KINDS.get(kind, "complex"), element.endswith("*"), len(by_name)
            )
    by_tag = {
        f"{{{XHTML if field.kind == 'x' else FHIR}}}{field.name}": field
        for field in by_name.values()
    }
    return FhirType(name, is_resource, by_name, by_tag, frozenset(attributes))


def find_resource(name: object) -> FhirType | None:
    """The resource type of this name; None for anything else, also for a data type's name."""
    found = find_type(name) if isinstance(name, str) else None
    return found if found is not None and found.is_resource else None


def get_type(field: Field) -> FhirType:
    """The type of a complex element; every type that the table names, it holds."""
    return _type(field.type)
