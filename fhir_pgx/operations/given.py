"""The parameters of a call, from a query, a form or a posted Parameters resource, as one list.

Nothing is checked against an operation here: a value is put into the one text it would have in a
query (`system|code`, `true`, `ge2024`), so that every door leads to the same answer.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.fhir.bundle import as_dicts, as_text, reference_of

# What asks for the form of the answer, not for its content (FHIR, RESTful API, General parameters).
FORM_ONLY = frozenset(("_format", "_pretty"))
MAX_GIVEN = 1_000  # parameters of one call

_TEXTS = frozenset(
    ("valueString", "valueUri", "valueUrl", "valueCanonical", "valueCode", "valueId", "valueOid",
     "valueUuid", "valueMarkdown", "valueDate", "valueDateTime", "valueInstant")
)  # fmt: skip
_WHOLE = frozenset(("valueInteger", "valuePositiveInt", "valueUnsignedInt"))
_COMMA = re.compile(r"(?<!\\),")
_ESCAPED = re.compile(r"\\([,|\\$])")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_MEND_TYPE = "send a string, a code, a boolean, a Period, or a concept where a token is asked"


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter as it was given once: its items in order, one where it is no list.

    `is_plain` says that it came in an address or a form, where a plus sign may stand for a space.
    """

    name: str
    items: tuple[str, ...]
    is_plain: bool = False


def given_in_query(pairs: Iterable[tuple[str, str]]) -> list[Given]:
    """The pairs of a query string or a form, decoded. Raises InvalidParameter for too many."""
    found = [Given(name, split(value), True) for name, value in pairs if name not in FORM_ONLY]
    return _not_too_many(found)


def given_in_resource(resource: Any) -> list[Given]:
    """The parameters of a Parameters resource.

    Raises InvalidParameter where it is another resource, or a parameter has no value that can be
    read as the text of a query.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters":
        raise InvalidParameter(
            "the body is no Parameters resource",
            where="Parameters",
            mend='send {"resourceType": "Parameters", "parameter": […]}',
        )
    stated = resource.get("parameter", [])
    if not isinstance(stated, list) or not all(isinstance(each, dict) for each in stated):
        raise InvalidParameter(
            "the parameters are no list of objects",
            where="Parameters.parameter",
            mend="send a list of objects with a name and a value each",
        )
    return _not_too_many([_given(item, i) for i, item in enumerate(stated)])


def split(value: str) -> tuple[str, ...]:
    """The items of a comma list, without the spaces around them; `\\,` is a comma of an item."""
    parts = [_ESCAPED.sub(r"\1", part).strip() for part in _COMMA.split(value)]
    return tuple(part for part in parts if part)


def shown(name: str) -> str:
    """A parameter's name as a message may hold it: what is no name may be anything."""
    return name if _NAME.fullmatch(name) else "(unnamed)"


def _not_too_many(found: list[Given]) -> list[Given]:
    if len(found) > MAX_GIVEN:
        raise InvalidParameter(
            f"the call has {len(found)} parameters, more than the {MAX_GIVEN} accepted",
            where="Parameters.parameter",
            mend="ask in several calls",
        )
    return found


def _given(item: Mapping[str, Any], number: int) -> Given:
    name = as_text(item.get("name"))
    where = shown(name) if name else f"Parameters.parameter[{number}]"
    values = [key for key in item if key.startswith("value")]
    if not name or len(values) != 1 or "part" in item or "resource" in item:
        raise InvalidParameter(
            "a parameter has not exactly one name and one value",
            where=where,
            mend=_MEND_TYPE,
        )
    items = _items(values[0], item[values[0]])
    if items is None:
        raise InvalidParameter(
            f"a parameter has a value that is not read here: {shown(values[0])}",
            where=where,
            mend=_MEND_TYPE,
        )
    return Given(name, items)


def _items(key: str, value: Any) -> tuple[str, ...] | None:
    """The items of a `value[x]`; None where it is of a type that stands for no text."""
    if key in _TEXTS:
        return split(value) if isinstance(value, str) else None
    if key == "valueBoolean":
        return (str(value).lower(),) if isinstance(value, bool) else None
    if key in _WHOLE:
        return (str(value),) if type(value) is int else None
    if not isinstance(value, dict):
        return None
    if key == "valuePeriod":
        return _period(value)
    if key == "valueReference":
        return split(reference_of(value))
    if key == "valueIdentifier":
        return (_token(value.get("system"), value.get("value")),)
    if key == "valueCoding":
        return (_token(value.get("system"), value.get("code")),)
    if key == "valueCodeableConcept":
        codings = [_token(each.get("system"), each.get("code")) for each in
                   as_dicts(value.get("coding"))]  # fmt: skip
        found = tuple(each for each in codings if each) or (as_text(value.get("text")),)
        return tuple(each for each in found if each)
    return None


def _period(value: Mapping[str, Any]) -> tuple[str, ...]:
    """A Period in the words of a query. FHIR, Period: an end of `2024` is its last moment."""
    start, end = as_text(value.get("start")), as_text(value.get("end"))
    return (*((f"ge{start}",) if start else ()), *((f"le{end}",) if end else ()))


def _token(system: Any, code: Any) -> str:
    name = as_text(code)
    return f"{as_text(system)}|{name}" if name and as_text(system) else name
