"""The JSON shape of a resource: emptiness, lists and objects, the JSON type of each primitive.

fhir.resources turns `"true"` into a boolean, `5` into a date, takes empty objects and arrays, and
stops at the first fault of some objects; what it lets pass is found here, by the table of
elements that the XML reader uses.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from fhir_pgx.errors import Issue
from fhir_pgx.fhir.xml.elements import FhirType, Field, find_resource, get_type
from fhir_pgx.validation.places import joined

UNKNOWN_MEND = "remove it, or check its spelling; what FHIR does not define is an extension"
_EMPTY_MEND = "leave the element out: FHIR has no empty values"


def empty_members(document: Any, path: str) -> Iterator[Issue]:
    """Every null, empty text, empty array and empty object (FHIR R4, JSON Representation)."""
    waiting: list[tuple[str, Any, bool]] = [(path, document, False)]
    while waiting:
        here, value, may_be_null = waiting.pop()
        if value is None and may_be_null:
            continue
        if value is None or (isinstance(value, str) and not value.strip()):
            yield _empty("a null" if value is None else "an empty text", here)
        elif isinstance(value, (list, Mapping)) and not value:
            yield _empty("an empty array" if isinstance(value, list) else "an empty object", here)
        elif isinstance(value, Mapping):
            members = [(joined(here, name), inner, False) for name, inner in value.items()]
            waiting.extend(reversed(members))
        elif isinstance(value, list):
            # In the arrays of a repeated primitive, null keeps values and extensions aligned.
            aligned = any(item is not None for item in value)
            waiting.extend((f"{here}[{i}]", value[i], aligned) for i in reversed(range(len(value))))


def _empty(what: str, path: str) -> Issue:
    return Issue(f"{what} stands here", path, _EMPTY_MEND, "invariant")


def shape_issues(resource: Mapping[str, Any], path: str) -> Iterator[Issue]:
    """Unknown elements, lists and objects in the wrong place, primitives of the wrong JSON type.

    Nothing where the resource's type is not in the table of elements. Nested resources are passed
    over: each is checked by itself.
    """
    kind = find_resource(resource.get("resourceType"))
    if kind is not None:
        yield from _object(resource, kind, path)


def _object(item: Mapping[str, Any], kind: FhirType, path: str) -> Iterator[Issue]:
    for name, value in item.items():
        here = joined(path, name)
        bare = name.removeprefix("_")
        field = kind.by_name.get(bare)
        if name == "fhir_comments" or (name == "resourceType" and kind.is_resource):
            continue
        if field is None and name in kind.attributes:
            if value is not None and not isinstance(value, str):
                yield _wrong("text", here)
        elif field is None or (name != bare and field.kind in ("complex", "resource", "x")):
            yield Issue(
                f"{kind.name} has no such element",
                here,
                UNKNOWN_MEND,
                "structure",
            )
        else:
            yield from _repeated(value, field, here, extras=name != bare)


def _repeated(value: Any, field: Field, path: str, *, extras: bool) -> Iterator[Issue]:
    if value is None:
        return
    if field.many != isinstance(value, list):
        yield Issue(
            "one value stands where a list should"
            if field.many
            else "a list stands where one value should",
            path,
            "put the value into [ ]" if field.many else "take the value out of [ ]",
            "structure",
        )
    for i, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
        here = path if i is None else f"{path}[{i}]"
        if one is None:
            continue
        if extras:
            if not isinstance(one, Mapping):
                yield _wrong("an object with id or extension", here)
        elif field.kind == "complex":
            if isinstance(one, Mapping):
                yield from _object(one, get_type(field), here)
            else:
                yield _wrong("an object", here)
        elif field.kind == "resource":
            if not isinstance(one, Mapping):
                yield _wrong("a resource", here)
        elif not _is_of(field, one):
            yield _wrong(_JSON_TYPES[field.kind], here)


_JSON_TYPES = {
    "string": "text (in quotation marks)",
    "x": "XHTML as text",
    "boolean": "true or false (without quotation marks)",
    "integer": "a whole number (without quotation marks)",
    "decimal": "a number (without quotation marks)",
}


def _is_of(field: Field, value: Any) -> bool:
    if field.kind in ("string", "x"):
        return isinstance(value, str)
    if isinstance(value, bool):
        return field.kind == "boolean"
    if field.kind == "integer":
        return isinstance(value, int)
    return field.kind == "decimal" and isinstance(value, (int, float, Decimal))


def _wrong(expected: str, path: str) -> Issue:
    return Issue(f"this should be {expected}", path, f"write {expected}", "structure")
