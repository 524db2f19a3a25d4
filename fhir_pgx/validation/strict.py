"""The strict check of one resource by fhir.resources, its findings in our words.

R4B stands in for R4, from which it does not differ in what we read; STU3 and R5 are used where a
resource can only be theirs. The package stops at the first fault of some objects, so what it
found is mended on a copy and the copy checked again.
"""

import copy
import importlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_pgx.errors import Issue, IssueType
from fhir_pgx.fhir.xml.elements import find_resource
from fhir_pgx.validation.base import UNKNOWN_MEND
from fhir_pgx.validation.places import place

_ROUNDS = 6
_FAULTS_A_ROUND = 300  # a resource with more is not worth the search for what they hide
_ELSEWHERE = {"Sequence": "STU3", "GenomicStudy": "R5"}
_R5_MARKS = {
    "MolecularSequence": ("relative", "subject", "focus", "literal"),
    "MedicationRequest": ("medication",),
    "MedicationAdministration": ("medication",),
    "MedicationDispense": ("medication",),
    "MedicationStatement": ("medication",),
}
_CHOICE = re.compile(r"from this list \[([^\]]+)\]")
_FORMS = {
    "DateTime": "write a date (2026, 2026-11, 2026-11-23) or a time with zone "
    "(2026-11-23T07:00:00Z)",
    "Instant": "write date, time and zone: 2026-11-23T07:00:00Z",
    "Date": "write a date: 2026, 2026-11 or 2026-11-23",
    "Time": "write a time without zone: 07:00:00",
    "Decimal": "write a number",
}


def release_of(resource: Mapping[str, Any]) -> str:
    """`R4B` unless the resource can only be of another release: `STU3`, `R5`."""
    kind = str(resource.get("resourceType"))
    if kind in _ELSEWHERE:
        return _ELSEWHERE[kind]
    if "variant" in resource:  # R4's form of a sequence, whatever else is mixed into it
        return "R4B"
    return "R5" if any(mark in resource for mark in _R5_MARKS.get(kind, ())) else "R4B"


def strict_issues(resource: Mapping[str, Any], path: str) -> list[Issue]:
    """Every fault that fhir.resources finds; nested resources must have been taken out before."""
    model = _model(str(resource.get("resourceType")), release_of(resource))
    if model is None:
        return []
    from pydantic import ValidationError  # noqa: PLC0415 - loaded with the models, not before

    found: dict[tuple[str, str], Issue] = {}
    copied = copy.deepcopy(dict(resource))
    mended: set[str] = set()
    for _ in range(_ROUNDS):
        try:
            model.model_validate(copied)
        except ValidationError as error:
            faults = [
                _Fault(fault["type"], fault["msg"], tuple(_steps(fault["loc"])))
                for fault in error.errors(include_url=False, include_input=False)[:_FAULTS_A_ROUND]
            ]
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
            # The package lets raw errors through; the resource may still be read tolerantly.
            issue = Issue("the resource cannot be checked whole", path, "", "structure", "warning")
            found.setdefault((path, "unchecked"), issue)
            break
        else:
            break
        for fault in faults:
            issue = _issue(fault, path)
            if not _is_in(place(path, fault.steps), mended):
                found.setdefault((issue.where, issue.text), issue)
        before = copy.deepcopy(copied)
        for fault in faults:
            mended.update(place(path, steps) for steps in _mend(copied, fault))
        if copied == before:
            break
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Fault:
    """One finding of fhir.resources: its kind, message and place."""

    kind: str
    message: str
    steps: tuple[str | int, ...]


def _is_in(where: str, places: set[str]) -> bool:
    """Whether a place lies in one of ours: what is found there is of our making."""
    return any(where == mine or where.startswith((f"{mine}.", f"{mine}[")) for mine in places)


def _model(kind: str, release: str) -> Any:
    if release == "R4B" and find_resource(kind) is None:
        return None
    package = "fhir.resources" if release == "R5" else f"fhir.resources.{release}"
    try:
        return importlib.import_module(package).get_fhir_model_class(kind)
    except (LookupError, ImportError):
        return None


def _steps(loc: Iterable[str | int]) -> list[str | int]:
    return [step for step in loc if step not in ("root", "resource_type")]


def _issue(fault: _Fault, path: str) -> Issue:
    where = place(path, fault.steps)
    choice = _CHOICE.search(fault.message)
    if choice:
        return _choice_issue(choice[1], fault.message, where)
    text, mend, kind = _WORDS.get(fault.kind, ("the value breaks FHIR's rules", "", "value"))
    if fault.kind == "value_error":
        form = fault.message.removeprefix("Value error, ").partition(" ")[0]
        text = f"not in the form of a FHIR {form}" if form in _FORMS else text
        mend = _FORMS.get(form, "")
    return Issue(text, where, mend or "see the element's definition in FHIR R4", kind)


def _choice_issue(listed: str, message: str, where: str) -> Issue:
    name = f"{_stem(listed)}[x]"
    here = f"{where}.{name}"
    if "multiple" in message:
        return Issue(f"two values of {name}", here, "keep one of them", "invariant")
    return Issue(f"{name} is missing", here, f"add one of {_short(listed)}", "required")


def _names(listed: str) -> list[str]:
    return [name.strip(" '\"") for name in listed.split(",")]


def _stem(listed: str) -> str:
    """`value` of `valueString, valueInteger`: the letters shared, up to the type's capital."""
    first, last = min(_names(listed)), max(_names(listed))
    shared = "".join(a for i, a in enumerate(first) if last.startswith(first[: i + 1]))
    return re.sub(r"[A-Z][a-z]*$", "", shared) or shared


def _short(listed: str) -> str:
    names = _names(listed)
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:4])} …"


_MISSING: tuple[str, str, IssueType] = (
    "a required element is missing",
    "add it, or a data-absent-reason extension on it",
    "required",
)
_NOT_AN_OBJECT: tuple[str, str, IssueType] = (
    "this should be an object",
    "write an object with named members",
    "structure",
)
_NOT_TEXT: tuple[str, str, IssueType] = ("this should be text", "write a text", "structure")
_NOT_A_NUMBER: tuple[str, str, IssueType] = (
    "this should be a number",
    "write a number without quotation marks",
    "structure",
)
_NO_DATE: tuple[str, str, IssueType] = (
    "not a date that exists",
    "write a date: 2026, 2026-11 or 2026-11-23",
    "value",
)
_OUT_OF_RANGE: tuple[str, str, IssueType] = (
    "the number is outside the range of its type",
    "write a number in range",
    "value",
)
_WORDS: dict[str, tuple[str, str, IssueType]] = {
    "extra_forbidden": (
        "an element that FHIR does not define here",
        UNKNOWN_MEND,
        "structure",
    ),
    "missing": _MISSING,
    "model_field_validation.missing": _MISSING,
    "list_type": (
        "one value stands where a list should",
        "put the value into [ ]",
        "structure",
    ),
    "json_invalid": _NOT_AN_OBJECT,
    "json_type": _NOT_AN_OBJECT,
    "model_validation_format": _NOT_AN_OBJECT,
    "model_type": _NOT_AN_OBJECT,
    "dict_type": _NOT_AN_OBJECT,
    "string_type": _NOT_TEXT,
    "bool_type": ("this should be true or false", "write true or false", "structure"),
    "bool_parsing": ("this should be true or false", "write true or false", "structure"),
    "int_type": _NOT_A_NUMBER,
    "int_parsing": _NOT_A_NUMBER,
    "int_from_float": ("this should be a whole number", "write a whole number", "structure"),
    "decimal_type": _NOT_A_NUMBER,
    "decimal_parsing": _NOT_A_NUMBER,
    "datetime_from_date_parsing": _NO_DATE,
    "date_from_datetime_parsing": _NO_DATE,
    "greater_than_equal": _OUT_OF_RANGE,
    "less_than_equal": _OUT_OF_RANGE,
    "string_pattern_mismatch": (
        "the text is not in the form of its type",
        "no leading, trailing or double blanks; an id has 1 to 64 letters, digits, - and .",
        "value",
    ),
    "string_too_long": ("the text is too long for its type", "shorten it", "value"),
    "string_too_short": ("the text is too short for its type", "leave it out", "value"),
}


def _mend(document: dict[str, Any], fault: _Fault) -> list[tuple[str | int, ...]]:
    """Mend a fault that may hide others; the places that were changed."""
    choice = _CHOICE.search(fault.message)
    if choice:
        owner = _at(document, fault.steps)
        if not isinstance(owner, dict):
            return []
        return [(*fault.steps, name) for name in _mend_choice(owner, _names(choice[1]))]
    if not fault.steps:
        return []
    owner, last = _at(document, fault.steps[:-1]), fault.steps[-1]
    if isinstance(owner, list) and isinstance(last, int) and last < len(owner):
        owner[last] = {}  # taking it out would move those that follow
    elif isinstance(owner, dict) and isinstance(last, str):
        if fault.kind == "model_field_validation.missing":
            if last == "url":  # an XML attribute, so it has no `_url`
                owner["url"] = "urn:absent"
            else:
                owner[f"_{last}"] = {"extension": [{"url": "urn:absent", "valueCode": "unknown"}]}
        elif fault.kind == "missing":
            owner[last] = {}
        elif fault.kind == "list_type" and owner.get(last) == {}:
            owner[last] = [{}]
        else:
            owner.pop(last, None)
    return [fault.steps]


def _mend_choice(owner: dict[str, Any], names: list[str]) -> list[str]:
    """Leave one of several values, or put one where none is; the names changed."""
    present = [name for name in names if name in owner]
    for name in present[1:]:
        del owner[name]
    if present:
        return present[1:]
    simple = [name for name in names if name.endswith(("CodeableConcept", "Reference", "Period"))]
    owner.update({name: {} for name in simple[:1]})
    return simple[:1]


def _at(document: Any, steps: tuple[str | int, ...]) -> Any:
    """What stands at a place of the copy; None where nothing does."""
    for step in steps:
        try:
            document = document[step]
        except (LookupError, TypeError):
            return None
    return document
