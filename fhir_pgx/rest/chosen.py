"""The part of a resource that a search asked for: `_summary` and `_elements`.

Whatever is shortened is marked with the tag SUBSETTED, so that nobody takes it for the whole or
writes it back. Mandatory elements and those that modify the meaning of the rest always stay.
"""

from collections.abc import Mapping
from typing import Any

from fhir_pgx.fhir.bundle import as_dicts
from fhir_pgx.fhir.xml.elements import FhirType, find_type, get_type
from fhir_pgx.rest.parameters import kept_elements
from fhir_pgx.rest.query import Asked
from fhir_pgx.rest.references import references_in

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}
_ALWAYS = ("resourceType", "id", "meta")
# Within an element they qualify what stays.
_WITHIN = ("id", "extension", "modifierExtension")
# JSON has an element's own extensions beside it, under its name with this before.
_BESIDE = "_"


def choose(resource: Mapping[str, Any], asked: Asked) -> Mapping[str, Any]:
    """The part of a resource that is asked for; the resource itself where all of it is.

    `_elements` comes before `_summary`. Of a resource that was only included `_elements` says
    nothing: give those to `choose_summary`.
    """
    if asked.elements:
        return _of_elements(resource, asked.elements)
    return choose_summary(resource, asked)


def choose_summary(resource: Mapping[str, Any], asked: Asked) -> Mapping[str, Any]:
    """As `choose`, by `_summary` alone."""
    match asked.summary:
        case "true":
            return _marked(_complete(_summary(resource, _type_of(resource)), resource))
        case "text":
            names = {"text", *_mandatory(resource)}
            return _marked(_complete(_with(resource, names), resource))
        case "data":
            return _marked({name: each for name, each in resource.items() if name != "text"})
    return resource


def _of_elements(resource: Mapping[str, Any], elements: tuple[str, ...]) -> Mapping[str, Any]:
    """With the elements named at the root, `value` standing for each of its types."""
    names = set(_mandatory(resource))
    for name in resource:
        bare = name.removeprefix(_BESIDE)
        if bare in elements or _choice_of(resource, bare) in elements:
            names.add(bare)
    return _marked(_complete(_with(resource, names), resource))


def _choice_of(resource: Mapping[str, Any], name: str) -> str:
    """`value` for `valueQuantity`: the name of its choice of types; empty for any other element."""
    type_ = find_type(_type_of(resource))
    for at in range(1, len(name)):
        if name[at].isupper():
            shorter = name[:at]
            siblings = type_.by_name if type_ else {}
            several = sum(each.startswith(shorter) for each in siblings) > 1
            if shorter not in siblings and several:
                return shorter
    return ""


def _with(resource: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {
        name: each
        for name, each in resource.items()
        if name in _ALWAYS or name.removeprefix(_BESIDE) in names
    }


def _mandatory(resource: Mapping[str, Any]) -> frozenset[str]:
    kept = kept_elements(_type_of(resource))
    return kept.always if kept else frozenset(("implicitRules", "modifierExtension"))


def _type_of(resource: Mapping[str, Any]) -> str:
    type_ = resource.get("resourceType")
    return type_ if isinstance(type_, str) else ""


def _summary(resource: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The elements of the summary, within them too. Of a type we hold no table of, everything."""
    type_ = find_type(path)
    return _within(resource, path, type_, _ALWAYS) if type_ else dict(resource)


def _within(
    element: Mapping[str, Any], path: str, type_: FhirType | None, always: tuple[str, ...]
) -> dict[str, Any]:
    kept = kept_elements(path)
    found: dict[str, Any] = {}
    for name, each in element.items():
        bare = name.removeprefix(_BESIDE)
        if name in always or kept is None or bare in kept.summary or bare in kept.always:
            found[name] = _inner(each, f"{path}.{name}", type_, name)
    return found


def _inner(value: Any, path: str, type_: FhirType | None, name: str) -> Any:
    """The summary of an element's own elements: by its path, else by its data type."""
    field = type_.by_name.get(name) if type_ else None
    if field is None or field.kind != "complex" or name in _ALWAYS:
        return value
    inner_type = get_type(field)
    place = path if kept_elements(path) else inner_type.name
    if value.__class__ is list:
        return [
            _within(each, place, inner_type, _WITHIN) if each.__class__ is dict else each
            for each in value
        ]
    return _within(value, place, inner_type, _WITHIN) if value.__class__ is dict else value


def _complete(part: dict[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    """With the contained resources, where what stays refers to one."""
    if "contained" in resource and any(each.startswith("#") for each in references_in(part)):
        part["contained"] = resource["contained"]
    return part


def _marked(resource: Mapping[str, Any]) -> dict[str, Any]:
    meta = resource.get("meta")
    meta = dict(meta) if isinstance(meta, Mapping) else {}
    tags = [each for each in as_dicts(meta.get("tag")) if each.get("code") != SUBSETTED["code"]]
    marked = dict(resource)
    marked["meta"] = {**meta, "tag": [*tags, SUBSETTED]}
    return marked
