"""What a search says of its answer: order, length, parts, and what comes along.

`_sort`, `_count`, `_summary`, `_elements`, `_total`, `_include`, `_revinclude`.
"""

import re
from dataclasses import dataclass
from typing import Literal

from fhir_pgx.model.search import Sort
from fhir_pgx.rest.parameters import find_parameter, searchable_types
from fhir_pgx.rest.query_refusals import UnknownName, refusal

USUAL_COUNT = 50
MOST_COUNT = 1_000
MOST_INCLUDES = 20
EVERY = "*"

Summary = Literal["", "true", "text", "data", "count"]
Total = Literal["none", "estimate", "accurate"]

_WHOLE = re.compile(r"[0-9]{1,18}")
_ELEMENT = re.compile(r"(?:[A-Z][A-Za-z]*\.)?([a-z_][A-Za-z]*)(?:\[x\])?")


@dataclass(frozen=True, slots=True)
class Include:
    """`Observation:subject:Patient`: what a parameter of `source` leads to, or, reversed, those of
    `source` whose parameter leads here. `param` `*` is all, `source` `*` too; an empty `target` any
    type. With `is_iterate` it also holds for what was included.
    """

    source: str
    param: str
    target: str = ""
    is_iterate: bool = False


def read_count(value: str) -> int:
    """At most MOST_COUNT: a larger page is not refused, it comes in several."""
    if not _WHOLE.fullmatch(value):
        raise refusal("_count", "is no whole number", "send such as _count=50")
    return min(int(value), MOST_COUNT)


def read_summary(value: str) -> Summary:
    found: dict[str, Summary] = {
        "true": "true", "text": "text", "data": "data", "count": "count", "false": ""
    }  # fmt: skip
    if value not in found:
        raise refusal("_summary", "is none of its codes", f"send {', '.join(found)}")
    return found[value]


def read_total(value: str) -> Total:
    found: dict[str, Total] = {"none": "none", "estimate": "estimate", "accurate": "accurate"}
    if value not in found:
        raise refusal("_total", "is none of its codes", f"send {', '.join(found)}")
    return found[value]


def read_elements(value: str) -> tuple[str, ...]:
    """Names of elements at the root: `value` (also `value[x]`, `Observation.value`)."""
    found = [_ELEMENT.fullmatch(each.strip()) for each in value.split(",")]
    if not all(found):
        raise refusal("_elements", "is no list of elements", "send such as _elements=code,subject")
    return tuple(each[1] for each in found if each)


def read_sort(type_: str, value: str, direction: str = "") -> tuple[Sort, ...]:
    """`-date,_id`; `direction` `desc` is that of `_sort:desc`, an older spelling.

    Raises UnknownName for a parameter that the type does not have.
    """
    found = []
    for each in value.split(","):
        name = each.strip()
        is_descending = name.startswith("-") or direction == "desc"
        name = name.removeprefix("-")
        parameter = find_parameter(type_, name)
        if parameter is None:
            raise UnknownName(f"names what is no parameter of {type_}")
        if parameter.kind == "composite":
            raise refusal("_sort", "names a composite", "sort by one of its parts")
        kind = None if name in ("_id", "_lastUpdated") else parameter.kept_as
        first, *also = parameter.names
        found.append(Sort(first, kind, is_descending, tuple(also)))
    return tuple(found)


def read_include(value: str, modifier: str, *, type_: str, is_reverse: bool) -> Include:
    """One `_include` or `_revinclude`.

    Raises UnknownName for a type or parameter that is not kept here, InvalidSearch for what is no
    include at all.
    """
    name = "_revinclude" if is_reverse else "_include"
    if modifier not in ("", "iterate", "recurse"):  # `recurse` is STU3's word for it
        raise refusal(name, "has an unknown modifier", "send :iterate or none")
    is_iterate = bool(modifier)
    if value == EVERY and not is_reverse:
        return Include(EVERY if is_iterate else type_, EVERY, "", is_iterate)
    pieces = value.split(":")
    if len(pieces) not in (2, 3) or not all(pieces[:2]):
        raise refusal(name, "is incomplete", f"send such as {name}=Observation:subject")
    source, param, target = (*pieces, "")[:3]
    if source not in searchable_types():
        raise UnknownName("names a type that is not kept here")
    parameter = find_parameter(source, param)
    if param != EVERY:
        if parameter is None:
            raise UnknownName(f"names what is no parameter of {source}")
        if parameter.kind != "reference":
            raise refusal(name, "names a parameter that is no reference", "name a reference")
    return Include(source, param, target, is_iterate)
