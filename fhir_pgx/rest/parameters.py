"""What each resource type can be searched by, and what of it belongs to a summary.

The table (`parameters.json`, written by `knowledge/imports/search_parameters.py`) holds the search
parameters of FHIR R4 4.0.1 with the elements that each leads to. It is read once, at first use.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

from fhir_pgx.model.search import Amount, Link, Moment, Pair, Token, Word

Kind = Literal["token", "reference", "date", "string", "quantity", "number", "uri", "composite"]

BASE = "http://hl7.org/fhir/SearchParameter/"
# What a parameter is kept as.
KEPT_AS: Mapping[Kind, type] = {
    "token": Token, "reference": Link, "date": Moment, "string": Word, "quantity": Amount,
    "number": Amount, "uri": Token, "composite": Pair,
}  # fmt: skip

# Where the element of one of these names tells whose a resource is, the store keeps it under him.
_OWNER_ELEMENTS = frozenset(("subject", "patient", "for"))
_EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Element:
    """An element that a parameter leads to: names from the resource down, its data type, and
    (name, value) of a member that it must have."""

    path: tuple[str, ...]
    type: str
    condition: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of one resource type.

    `targets` are the types that a reference may lead to, `only` the one that counts where its
    element allows more. `systems` are the code systems that elements imply which state none.
    `absent` is the code of a resource without the element. A composite has its `parts`, parameters
    that are asked one by one, or `value`, the name of the element beside each of `elements`.
    `among` are the names that its values are kept under, where these are not its own alone.
    """

    name: str
    kind: Kind
    url: str
    elements: tuple[Element, ...] = ()
    targets: tuple[str, ...] = ()
    only: str = ""
    systems: frozenset[str] = frozenset()
    absent: str = ""
    parts: tuple[str, ...] = ()
    value: str = ""
    among: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that what it asks for is kept under."""
        return self.among or (self.name,)

    @property
    def is_kept(self) -> bool:
        """Whether values are kept under its own name."""
        return self.name in self.names

    @property
    def kept_as(self) -> type:
        return Amount if self.is_of_amounts else KEPT_AS[self.kind]

    @property
    def is_of_amounts(self) -> bool:
        """Whether a composite is of a code and a quantity: kept as amounts, each code by name."""
        return self.value == "valueQuantity"

    def may_lead_to(self, type_: str) -> bool:
        """Whether a reference may lead to a type: one to every type also to what is not kept."""
        return type_ in self.targets or len(self.targets) == len(searchable_types())

    @property
    def tells_owner(self) -> bool:
        """Whether a Patient that this leads to is the one the store keeps the resource under."""
        names = {each.path[0] for each in self.elements if len(each.path) == 1}
        return len(self.elements) == 1 and bool(names & _OWNER_ELEMENTS)


@dataclass(frozen=True, slots=True)
class Kept:
    """Of a resource type, data type or element: what its summary holds, and what is never left
    out: mandatory elements, and modifiers of the meaning of the rest."""

    summary: frozenset[str]
    always: frozenset[str]


def parameters_of(type_: str) -> Mapping[str, Parameter]:
    """The parameters of a type by name; empty for a type that the table does not hold."""
    # The cache sits behind this test: a client's invented types must not fill it.
    return _parameters(type_) if type_ in searchable_types() else MappingProxyType({})


def find_parameter(type_: str, name: str) -> Parameter | None:
    return parameters_of(type_).get(name)


@functools.cache
def searchable_types() -> frozenset[str]:
    return frozenset(_table()["types"])


def kept_elements(path: str) -> Kept | None:
    """What is kept of a type, or of an element such as `Observation.component`; None where a
    summary holds all of it."""
    return _kept().get(path)


# What a CapabilityStatement says


def capability_parameters(type_: str) -> list[dict[str, str]]:
    """CapabilityStatement.rest.resource.searchParam of a type, by name."""
    return [
        {"name": each.name, "definition": each.url, "type": each.kind}
        for each in sorted(parameters_of(type_).values(), key=lambda each: each.name)
    ]


def capability_includes(type_: str) -> list[str]:
    """CapabilityStatement.rest.resource.searchInclude of a type."""
    return [f"{type_}:{each.name}" for each in _references(type_)]


def capability_revincludes(type_: str) -> list[str]:
    """CapabilityStatement.rest.resource.searchRevInclude: the parameters that lead to a type."""
    return [
        f"{source}:{each.name}"
        for source in sorted(searchable_types())
        for each in _references(source)
        if type_ in each.targets
    ]


def _references(type_: str) -> list[Parameter]:
    found = [each for each in parameters_of(type_).values() if each.kind == "reference"]
    return sorted(found, key=lambda each: each.name)


# The table


@functools.cache
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(
        resources.files("fhir_pgx.rest").joinpath("parameters.json").read_bytes()
    )
    return table


@functools.cache
def _parameters(type_: str) -> Mapping[str, Parameter]:
    found = {
        "_id": Parameter("_id", "token", f"{BASE}Resource-id"),
        "_lastUpdated": Parameter("_lastUpdated", "date", f"{BASE}Resource-lastUpdated"),
    }
    for name, row in (*_table()["every"].items(), *_table()["types"][type_].items()):
        found[name] = _parameter(name, row)
    return MappingProxyType(found)


def _parameter(name: str, row: Mapping[str, str]) -> Parameter:
    targets = row.get("targets", "")
    named = searchable_types() if targets == _EVERYTHING else targets.split()
    kind: Kind = row["kind"]  # type: ignore[assignment]
    return Parameter(
        name,
        kind,
        BASE + row["url"],
        tuple(_element(each) for each in row.get("elements", "").split()),
        tuple(sorted(named)),
        row.get("only", ""),
        frozenset(row.get("systems", "").split()),
        row.get("absent", ""),
        tuple(row.get("parts", "").split()),
        row.get("value", ""),
        tuple(row.get("among", "").split()),
    )


def _element(packed: str) -> Element:
    """`telecom[system=email]:ContactPoint`."""
    path, _, kind = packed.partition(":")
    bare, _, condition = path.partition("[")
    member, _, value = condition.rstrip("]").partition("=")
    return Element(tuple(bare.split(".")), kind, (member, value))


@functools.cache
def _kept() -> Mapping[str, Kept]:
    return {
        path: Kept(frozenset(row["summary"].split()), frozenset(row["always"].split()))
        for path, row in _table()["kept"].items()
    }
