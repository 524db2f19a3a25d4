"""A parameter of a query as criteria: modifiers, composites, chains, `_has`."""

import re
from dataclasses import replace
from typing import get_args

from fhir_pgx.model.search import Asked, Chain, Criterion, Modifier, Referring, Token
from fhir_pgx.rest.parameters import Parameter, find_parameter, parameters_of, searchable_types
from fhir_pgx.rest.query_refusals import UnknownName, refusal, shown
from fhir_pgx.rest.query_texts import split
from fhir_pgx.rest.query_values import (
    Asking,
    amount_of_code,
    asked_value,
    link_of_type,
    parts_of,
    token,
)

MOST_STEPS = 2  # of a chain, `_has` counted
MOST_VALUES = 400  # alternatives of one parameter: SQLite joins 500 at most

Condition = Criterion | Chain | Referring

_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
# Which kinds may have which modifiers (FHIR R4, Search, modifiers), `missing` apart.
_MODIFIERS = {"not": ("token",), "exact": ("string",), "contains": ("string",)}
_HAS = "_has:"
# The store has both of every resource.
_ALWAYS_THERE = ("_id", "_lastUpdated")
_NOT_KEPT = ("_text", "_content", "_filter", "_query", "_list", "_contained", "_containedType")


def read_criteria(
    type_: str, key: str, value: str, asking: Asking, steps: int = MOST_STEPS
) -> tuple[Condition, ...]:
    """The criteria that one parameter of a query means; all of them must hold.

    Raises UnknownName where the type has no such parameter, InvalidSearch for anything else.
    """
    if key.startswith(_HAS):
        return (_referring(type_, key, value, asking, steps),)
    head, dot, rest = key.partition(".")
    name, _, modifier = head.partition(":")
    parameter = find_parameter(type_, name)
    if parameter is None:
        why = "is not supported here" if name in _NOT_KEPT else f"is no parameter of {type_}"
        raise UnknownName(why)
    if dot:
        return (_chain(parameter, modifier, rest, value, asking, steps),)
    return _criteria(type_, parameter, modifier, value, asking)


def _criteria(
    type_: str, parameter: Parameter, modifier: str, value: str, asking: Asking
) -> tuple[Condition, ...]:
    if modifier == "missing":
        return (_missing(parameter, value),)
    values = split(value, ",")
    if len(values) > MOST_VALUES:
        raise refusal(parameter.name, f"has more than {MOST_VALUES} values", "ask several times")
    if modifier == "identifier" and parameter.kind == "reference":
        return (_by_identifier(parameter, values),)
    if parameter.kind == "reference" and _TYPE.fullmatch(modifier):
        links = tuple(link_of_type(parameter, modifier, each, asking) for each in values)
        return (_criterion(parameter, links),)
    checked = _modifier(parameter, modifier)
    if parameter.parts:
        return _by_parts(type_, parameter, values, asking)
    if parameter.is_of_amounts:
        return (_by_code(parameter, values),)
    found = tuple(asked_value(parameter, each, asking) for each in values)
    return (_criterion(parameter, found, checked),)


def _criterion(
    parameter: Parameter, values: tuple[Asked, ...], modifier: Modifier = ""
) -> Criterion:
    first, *also = parameter.names
    return Criterion(first, values, modifier, kinds=(parameter.kept_as,), also=tuple(also))


def _modifier(parameter: Parameter, modifier: str) -> Modifier:
    """Raises InvalidSearch for one that cannot be: without it another question would be asked."""
    if not modifier:
        return ""
    kinds = _MODIFIERS.get(modifier, ())
    if parameter.kind not in kinds or parameter.name in _ALWAYS_THERE:
        usable = [name for name, of in _MODIFIERS.items() if parameter.kind in of]
        if parameter.kind == "reference":
            usable += ["identifier", *parameter.targets]
        raise refusal(
            parameter.name,
            f"cannot have the modifier {shown(modifier)}",
            f"it can have {', '.join(['missing', *usable])}",
        )
    assert modifier in get_args(Modifier)
    checked: Modifier = modifier  # type: ignore[assignment]
    return checked


def _missing(parameter: Parameter, value: str) -> Criterion:
    if value not in ("true", "false"):
        raise refusal(f"{parameter.name}:missing", "is neither true nor false", "send one of them")
    if parameter.name in _ALWAYS_THERE or parameter.parts or parameter.is_of_amounts:
        raise refusal(parameter.name, "cannot have the modifier missing", "leave it out")
    return replace(_criterion(parameter, (), "missing"), is_missing=value == "true")


def _by_identifier(parameter: Parameter, values: list[str]) -> Criterion:
    name = f"{parameter.name}:identifier"
    found = []
    for each in values:
        if not each.strip():
            raise refusal(name, "has an empty value", "send system|value")
        found.append(token(parameter, each))
    return Criterion(name, tuple(found), kinds=(Token,))


def _by_parts(
    type_: str, parameter: Parameter, values: list[str], asking: Asking
) -> tuple[Criterion, ...]:
    if len(values) > 1:
        raise refusal(parameter.name, "has several values", "ask for one at a time")
    return tuple(
        _criterion(part, (asked,)) for part, asked in parts_of(type_, parameter, values[0], asking)
    )


def _by_code(parameter: Parameter, values: list[str]) -> Criterion:
    found = [amount_of_code(parameter, each) for each in values]
    names = {named for named, _ in found}
    if len(names) > 1:
        raise refusal(parameter.name, "has several codes", "ask for one code at a time")
    asked: tuple[Asked, ...] = tuple(amount for _, amount in found)
    first, *also = names.pop()
    return Criterion(first, asked, kinds=(parameter.kept_as,), also=tuple(also))


# Through references


def _chain(
    parameter: Parameter, type_: str, rest: str, value: str, asking: Asking, steps: int
) -> Chain:
    """`subject:Patient.name`, `patient.birthdate`, `subject.identifier`."""
    if parameter.kind != "reference":
        raise refusal(parameter.name, "is no reference that a chain could follow", "leave the dot")
    if steps < 1:
        raise refusal(parameter.name, "is a chain of too many steps", f"take {MOST_STEPS} at most")
    if type_ and not parameter.may_lead_to(type_):
        targets = ", ".join(parameter.targets)
        raise refusal(parameter.name, "never leads to such a type", f"it leads to {targets}")
    types = [type_] if type_ else [each for each in parameter.targets if parameters_of(each)]
    inner: dict[Condition, list[str]] = {}
    for each in types:
        try:
            found = read_criteria(each, rest, value, asking, steps - 1)
        except UnknownName:
            continue
        if len(found) != 1:
            raise refusal(rest, "cannot be the end of a chain", "ask its parts one by one")
        inner.setdefault(found[0], []).append(each)
    if not inner:
        raise refusal(
            f"{parameter.name}.{rest}", "is a parameter of none that it leads to", "check its name"
        )
    if len(inner) > 1:
        offered = " or ".join(f"{parameter.name}:{each}" for each in sorted(types))
        raise refusal(parameter.name, "leads to types that differ in this", f"say {offered}")
    last, reached = inner.popitem()
    if isinstance(last, Referring):
        raise refusal(parameter.name, "cannot be followed by _has", "ask the two one by one")
    return Chain(parameter.name, tuple(reached), last)


def _referring(type_: str, key: str, value: str, asking: Asking, steps: int) -> Referring:
    """`_has:Observation:patient:code`."""
    if steps < 1:
        raise refusal("_has", "has too many steps", f"take {MOST_STEPS} at most")
    source, _, more = key.removeprefix(_HAS).partition(":")
    name, _, rest = more.partition(":")
    parameter = find_parameter(source, name)
    if source not in searchable_types() or parameter is None or not rest:
        raise refusal("_has", "is not complete", "send such as _has:Observation:patient:code=…")
    if parameter.kind != "reference" or not parameter.may_lead_to(type_):
        raise refusal("_has", f"names a parameter that never leads to {type_}", "check its name")
    try:
        found = read_criteria(source, rest, value, asking, steps - 1)
    except UnknownName as unknown:
        raise refusal("_has", f"ends in what {unknown.reason}", "check its name") from None
    if len(found) != 1:
        raise refusal("_has", "cannot end in this parameter", "ask its parts one by one")
    return Referring(source, name, found[0])
