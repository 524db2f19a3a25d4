"""Writes `fhir/xml/elements.json`: the name, order, type and repetition of each FHIR element.

FHIR XML does not say of itself which elements repeat, nor which `value` is a number; both follow
from the specification. The table is taken from the R4B classes of the package fhir.resources
(R4 and R4B agree for what we read), with STU3's Sequence, R5's MolecularSequence and
GenomicStudy added. Names, types and cardinalities are facts of HL7's specification (CC0-1.0).

    python -m fhir_pgx.knowledge.imports.xml_elements > fhir_pgx/fhir/xml/elements.json
"""

import importlib
import importlib.metadata
import inspect
import json
import pkgutil
import sys
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

RELEASE = "R4B"
ALSO = (("STU3", "sequence"), ("R5", "molecularsequence"), ("R5", "genomicstudy"))
BASES = ("DomainResource", "Resource", "BackboneElement", "BackboneType", "Element")
NOT_TYPES = {"Base", "FHIRPrimitiveExtension", "FHIRAbstractModel"}
# How a primitive is written in JSON: boolean, integer, decimal; anything else is a string.
PRIMITIVES = {
    "Boolean": "b",
    "Decimal": "d",
    "Integer": "i",
    "PositiveInt": "i",
    "UnsignedInt": "i",
    "Xhtml": "x",
}


def models_of(release: str, module: str) -> Iterator[type[BaseModel]]:
    """The element and resource classes that a module of fhir.resources defines."""
    place = module if release == "R5" else f"{release}.{module}"  # R5 is the package's top level
    home = importlib.import_module(f"fhir.resources.{place}")
    for found in vars(home).values():
        if (
            inspect.isclass(found)
            and found.__module__ == home.__name__
            and issubclass(found, BaseModel)
            and found.__name__ not in NOT_TYPES
        ):
            yield found


def describe(model: type[BaseModel]) -> dict[str, str]:
    """Element name → `:type`, or `*:type` where it repeats, in the order of the specification."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    ordered: list[str] = model.elements_sequence()  # type: ignore[attr-defined]
    return {name: type_of(fields[name].annotation) for name in ordered}


def type_of(annotation: Any) -> str:
    """`:type` or `*:type` of a field's annotation."""
    many = False
    while True:
        origin = typing.get_origin(annotation)
        if origin is list:
            many, annotation = True, typing.get_args(annotation)[0]
        elif origin is typing.Annotated:
            kind = type(typing.get_args(annotation)[-1]).__name__
            return f"{'*' * many}:{PRIMITIVES.get(kind, 's')}"
        elif typing.get_args(annotation):
            annotation = next(a for a in typing.get_args(annotation) if a is not type(None))
        else:
            break
    name = annotation.__name__
    if annotation is bool:
        return f"{'*' * many}:b"
    if name.endswith("Type") and annotation.__module__ == "abc":
        return f"{'*' * many}:{name.removesuffix('Type')}"
    return f"{'*' * many}:{PRIMITIVES.get(name, 's')}"


def merge(known: dict[str, str], more: dict[str, str]) -> dict[str, str]:
    """Both releases' elements; each release's own order is kept."""
    names = list(known)
    at = 0
    for name in more:
        if name in known:
            at = names.index(name) + 1
        else:
            names.insert(at, name)
            at += 1
    return {name: known.get(name) or more[name] for name in names}


def main() -> None:
    """Write the table to standard output, one type a line."""
    package = importlib.import_module(f"fhir.resources.{RELEASE}")
    modules = [m.name for m in pkgutil.iter_modules(package.__path__) if not m.ispkg]
    wanted = [(RELEASE, name) for name in modules if name != "fhirtypes"] + list(ALSO)
    types: dict[str, dict[str, str]] = {}
    bases: dict[str, str] = {}
    for release, module in wanted:
        for model in models_of(release, module):
            types[model.__name__] = merge(types.get(model.__name__, {}), describe(model))
            chain = [parent.__name__ for parent in model.__mro__[1:]]
            bases[model.__name__] = next((base for base in BASES if base in chain), "")
    lines = []
    for name in sorted(types):
        inherited = types.get(bases[name], {})
        own = [f"{e}{t}" for e, t in types[name].items() if inherited.get(e) != t]
        packed = " ".join([bases[name], *own]).rstrip()
        lines.append(f"{json.dumps(name)}: {json.dumps(packed)}")
    version = importlib.metadata.version("fhir.resources")
    origin = f"knowledge/imports/xml_elements.py from fhir.resources {version}; facts CC0-1.0 HL7"
    body = ",\n".join(lines)
    sys.stdout.write(f'{{"from": {json.dumps(origin)},\n"types": {{\n{body}\n}}}}\n')


if __name__ == "__main__":
    main()
