"""Base R4 by schema: what is valid costs some ten microseconds, what is not is told in our words.

Resources within a resource are passed over: whoever walks them (`resource.py`) asks for each, so
that no fault is sought in a choice of 148 types, which would cost seconds.
"""

import functools
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jsonschema_rs

from fhir_pgx.errors import Issue, IssueType
from fhir_pgx.knowledge.fhir_schema import r4_resource_types, resource_schema
from fhir_pgx.validation.invariants import INVARIANTS
from fhir_pgx.validation.places import place

UNKNOWN_MEND = "remove it, or check its spelling; what FHIR does not define is an extension"
MAX_FAULTS = 200  # of one resource
# Of a resource with more objects the first fault alone is told: the validator finds all before it
# gives one, and a hundred thousand cost seconds.
_LARGE = 2000
_EMPTY_MEND = "leave the element out: FHIR has no empty values"
_MOST_LISTED = 12
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def compile_schemas(kinds: Iterable[str]) -> None:
    """Compile the schemas of these types now, so that no request waits for it (8 ms each)."""
    for kind in kinds:
        _validator(kind)


def is_checked(kind: object) -> bool:
    """Whether a resource type is one of those whose schema we hold."""
    return isinstance(kind, str) and kind in r4_resource_types() and _validator(kind) is not None


@functools.cache
def _schema(kind: str) -> dict[str, Any] | None:
    return resource_schema(kind)


@functools.cache
def _validator(kind: str) -> jsonschema_rs.Draft7Validator | None:
    schema = _schema(kind)
    return jsonschema_rs.Draft7Validator(schema) if schema is not None else None


def is_valid(resource: Mapping[str, Any]) -> bool:
    """Whether a resource, its nested ones apart, keeps to base R4. Its type must be checked."""
    validator = _validator(resource["resourceType"])
    return validator is not None and validator.is_valid(resource)


def base_issues(resource: Mapping[str, Any], path: str, *, size: int = 0) -> list[Issue]:
    """Every fault of a resource against base R4, its nested resources apart; one a place and word.

    Empty for a type whose schema we do not hold (`is_checked`). At most MAX_FAULTS, and of a very
    large resource (`size` is the number of its objects) the first.
    """
    kind = resource.get("resourceType")
    if not is_checked(kind) or is_valid(resource):
        return []
    schema, validator = _schema(str(kind)), _validator(str(kind))
    if schema is None or validator is None:
        return []
    found: dict[tuple[str, str], Issue] = {}
    faults = [_first(validator, resource)] if size > _LARGE else validator.iter_errors(resource)
    for fault in itertools.islice(faults, MAX_FAULTS):
        for issue in _issues(fault, schema, path):
            found.setdefault((issue.where, issue.text), issue)
    return _outermost(list(found.values()))


def _first(
    validator: jsonschema_rs.Draft7Validator, resource: Mapping[str, Any]
) -> jsonschema_rs.ValidationError:
    """The first fault of a resource that has one."""
    try:
        validator.validate(resource)
    except jsonschema_rs.ValidationError as fault:
        return fault
    raise AssertionError  # it was found not to be valid


def _outermost(issues: list[Issue]) -> list[Issue]:
    """Without what is missing in an empty object: that it is empty says it."""
    empty = tuple(f"{issue.where}." for issue in issues if issue.text == _EMPTY["minProperties"])
    return [issue for issue in issues if not issue.where.startswith(empty)] if empty else issues


def _issues(
    fault: jsonschema_rs.ValidationError, schema: Mapping[str, Any], path: str
) -> list[Issue]:
    where = place(path, fault.instance_path)
    keyword = fault.kind.name
    if keyword == "additionalProperties":
        owner = str(fault.schema_path[1])
        return [
            Issue(f"{owner} has no such element", place(where, [name]), UNKNOWN_MEND, "structure")
            for name in _detail(fault)
        ]
    title, rule = _rule(schema, fault.schema_path)
    if title:
        return [_of_rule(title, rule, where)]
    if keyword == "anyOf":
        # An item of an array of primitives: null, or what the first branch says.
        branches: Sequence[Sequence[jsonschema_rs.ValidationError]] = _detail(fault)
        return [_plain(inner, where) for inner in branches[0][:1]]
    return [_plain(fault, where)]


def _rule(schema: Mapping[str, Any], steps: Sequence[str | int]) -> tuple[str, Mapping[str, Any]]:
    """The innermost named rule on the way to the keyword that failed; empty where none is."""
    at: Any = schema
    title, rule = "", schema
    for step in steps[:-1]:
        at = at[step]
        if isinstance(at, Mapping) and isinstance(at.get("title"), str):
            title, rule = at["title"], at
    return title, rule


def _of_rule(title: str, rule: Mapping[str, Any], where: str) -> Issue:
    name, _, rest = title.partition(":")
    if name == "missing":
        return _missing(f"{where}.{rest}")
    if name == "missing-choice":
        listed = _listed(each["required"][0] for each in rule["anyOf"])
        return Issue(
            f"{rest}[x] is missing", f"{where}.{rest}[x]", f"add one of {listed}", "required"
        )
    if name == "choice":
        text = f"two values of {rest}[x]"
        return Issue(text, f"{where}.{rest}[x]", "keep one of them", "invariant")
    if name == "target":
        allowed = " or ".join(rest.split())
        text = "a reference to a type that may not stand here"
        return Issue(text, where, f"refer to {allowed}", "value")
    if name == "binding":
        return Issue(
            "not one of the codes that FHIR R4 requires here",
            where.removesuffix(".coding"),
            "add a coding with a code and system of the element's value set",
        )
    text, mend = INVARIANTS[rest]
    return Issue(f"{text} ({rest})", where, mend, "invariant")


def _detail(fault: jsonschema_rs.ValidationError) -> Any:
    """What the keyword is about: the members, types or codes, by its kind."""
    return getattr(fault.kind, "value", None)


def _missing(where: str) -> Issue:
    mend = "add it, or a data-absent-reason extension on it"
    return Issue("a required element is missing", where, mend, "required")


def _listed(names: Iterable[str]) -> str:
    plain = [name for name in names if not name.startswith("_")]
    return ", ".join(plain) if len(plain) <= 4 else f"{', '.join(plain[:4])} …"


def _plain(fault: jsonschema_rs.ValidationError, where: str) -> Issue:
    """The finding of a keyword of JSON Schema."""
    keyword, value = fault.kind.name, fault.instance
    if keyword == "required":
        return _missing(place(where, [str(_detail(fault))]))
    if value is None or (isinstance(value, str) and not value.strip()):
        what = "a null" if value is None else "an empty text"
        return Issue(f"{what} stands here", where, _EMPTY_MEND, "invariant")
    if keyword in _EMPTY:
        return Issue(_EMPTY[keyword], where, _EMPTY_MEND, "invariant")
    if keyword == "type":
        return _of_type(str(fault.schema_path[1]), fault, where)
    if keyword == "enum":
        return _not_a_code(fault, where)
    if keyword in ("minimum", "maximum"):
        text = "the number is outside the range of its type"
        return Issue(text, where, "write a number in range", "value")
    definition = str(fault.schema_path[1])
    if definition in ("date", "dateTime", "instant") and _DAY.fullmatch(str(value)[:10]):
        _, mend = _FORMS[definition]
        return Issue("not a date that exists, or no time with its zone", where, mend)
    form, mend = _FORMS.get(definition, ("the form of its type", ""))
    return Issue(f"not in {form}", where, mend or "see the element's definition in FHIR R4")


_EMPTY = {
    "minItems": "an empty array stands here",
    "minProperties": "an empty object stands here",
}
_TYPES = {
    "string": "text (in quotation marks)",
    "boolean": "true or false (without quotation marks)",
    "integer": "a whole number (without quotation marks)",
    "number": "a number (without quotation marks)",
    "object": "an object",
}
_FORMS = {
    "date": ("the form of a FHIR Date", "write a date that exists: 2026, 2026-11 or 2026-11-23"),
    "dateTime": (
        "the form of a FHIR DateTime",
        "write a date that exists (2026, 2026-11, 2026-11-23) or a time with zone "
        "(2026-11-23T07:00:00Z)",
    ),
    "instant": (
        "the form of a FHIR Instant",
        "write date, time and zone: 2026-11-23T07:00:00Z",
    ),
    "time": ("the form of a FHIR Time", "write a time without zone: 07:00:00"),
    "id": ("the form of an id", "write 1 to 64 letters, digits, - and ."),
    "code": ("the form of a code", "no leading, trailing or double blanks"),
    "uri": ("the form of a URI", "write it without blanks"),
    "url": ("the form of a URL", "write it without blanks"),
    "canonical": ("the form of a canonical URL", "write it without blanks"),
    "oid": ("the form of an OID", "write urn:oid:1.2.3"),
    "uuid": ("the form of a UUID", "write urn:uuid: and the UUID in hexadecimal digits"),
    "base64Binary": ("base64", "encode the bytes anew"),
    "xhtml": ("XHTML in one div", "wrap the narrative in <div>"),
}


def _of_type(definition: str, fault: jsonschema_rs.ValidationError, where: str) -> Issue:
    expected = str(_detail(fault)[0])
    kind: IssueType = "structure"
    if expected == "array":
        text = "one value stands where a list should"
        return Issue(text, where, "put the value into [ ]", kind)
    if isinstance(fault.instance, list):
        text = "a list stands where one value should"
        return Issue(text, where, "take the value out of [ ]", kind)
    shown = _TYPES.get(expected, expected)
    if definition == "Element":
        shown = "an object with id or extension"
    return Issue(f"this should be {shown}", where, f"write {shown}", kind)


def _not_a_code(fault: jsonschema_rs.ValidationError, where: str) -> Issue:
    if not isinstance(fault.instance, str):
        return Issue(f"this should be {_TYPES['string']}", where, "write a code", "structure")
    owner, element = str(fault.schema_path[1]), str(fault.schema_path[-2])
    allowed = [str(option) for option in _detail(fault)]
    more = " …" if len(allowed) > _MOST_LISTED else ""
    return Issue(
        f"not one of the codes that FHIR R4 requires for {owner}.{element}",
        where,
        f"write one of {', '.join(allowed[:_MOST_LISTED])}{more}",
    )
