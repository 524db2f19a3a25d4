"""One value of a query as what is asked: a token, a link, a moment, a word, an amount, a pair.

A value that its parameter cannot have is refused: to pass it over would find more than was asked.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fhir_pgx.model.search import (
    AmountAsked,
    Asked,
    LinkAsked,
    MomentAsked,
    PairAsked,
    TokenAsked,
    WordAsked,
)
from fhir_pgx.rest.parameters import Parameter, find_parameter, searchable_types
from fhir_pgx.rest.query_ranges import read_moment, read_number, read_quantity
from fhir_pgx.rest.query_refusals import refusal
from fhir_pgx.rest.query_texts import plain, split
from fhir_pgx.rest.values_amounts import name_for_code
from fhir_pgx.rest.values_links import Resolve
from fhir_pgx.rest.values_texts import folded

_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}")


@dataclass(frozen=True, slots=True)
class Asking:
    """What values are read against: which references are ours, and the time in microseconds."""

    resolve: Resolve
    now: int


def asked_value(parameter: Parameter, text: str, asking: Asking) -> Asked:
    """What one value, still escaped, asks of a parameter. Raises InvalidSearch."""
    if "\0" in text or not text.strip():
        raise refusal(parameter.name, "has an empty value", "leave the parameter out")
    return _READERS[parameter.kind](parameter, text, asking)


def token(parameter: Parameter, text: str) -> TokenAsked:
    """`code`, `system|code`, `system|` or `|code`; a sign `|` more belongs to the code."""
    first, *rest = split(text.strip(), "|")
    if not rest:
        code = plain(first)
        _check_boolean(parameter, code)
        return TokenAsked(None, code)
    system, code = plain(first), plain("|".join(rest))
    if not system and not code:
        raise refusal(parameter.name, "asks for no code", "send code, or system|code")
    if code:
        _check_boolean(parameter, code)
    # Elements of the type code state no system; the right one may be asked for all the same.
    return TokenAsked("" if system in parameter.systems else system, code or None)


def _check_boolean(parameter: Parameter, code: str) -> None:
    types = {each.type for each in parameter.elements}
    if types and types <= {"boolean", "present"} and code not in ("true", "false"):
        raise refusal(parameter.name, "is neither true nor false", "send true or false")


def _token(parameter: Parameter, text: str, asking: Asking) -> TokenAsked:
    # An id is in no system.
    return TokenAsked(None, plain(text)) if parameter.name == "_id" else token(parameter, text)


def _uri(parameter: Parameter, text: str, asking: Asking) -> TokenAsked:
    return TokenAsked("", plain(text.strip()))


def _word(parameter: Parameter, text: str, asking: Asking) -> WordAsked:
    exact = plain(text)
    if not folded(exact):
        raise refusal(parameter.name, "asks for no letters", "send the beginning of the text")
    return WordAsked(folded(exact), exact)


def _link(parameter: Parameter, text: str, asking: Asking) -> LinkAsked:
    """An id, `Type/id`, or a URL. An id alone is of the one type that the parameter leads to, or
    of any."""
    asked = plain(text.strip())
    if "/_history/" in asked:
        raise refusal(parameter.name, "asks for one version", "leave /_history/ out")
    found = asking.resolve(asked)
    if found is not None:
        _check_target(parameter, found[0])
        return LinkAsked(*found)
    if _ID.fullmatch(asked):
        # FHIR R4, Search, reference: an id alone, where the type is known.
        return LinkAsked(parameter.targets[0] if len(parameter.targets) == 1 else "", asked)
    if ":" not in asked:
        raise refusal(parameter.name, "is no reference", "send an id, Type/id or a URL")
    return LinkAsked("", asked)


def _check_target(parameter: Parameter, type_: str) -> None:
    if not parameter.may_lead_to(type_):
        targets = ", ".join(parameter.targets)
        raise refusal(parameter.name, "never leads to such a type", f"it leads to {targets}")


def link_of_type(parameter: Parameter, type_: str, text: str, asking: Asking) -> LinkAsked:
    """The value of `subject:Patient=…`."""
    if not parameter.may_lead_to(type_) and type_ not in searchable_types():
        raise refusal(parameter.name, "has a modifier that is no type", "send such as :Patient")
    _check_target(parameter, type_)
    asked = plain(text.strip())
    if _ID.fullmatch(asked):
        return LinkAsked(type_, asked)
    found = _link(parameter, text, asking)
    if found.type and found.type != type_:
        raise refusal(parameter.name, "names two types", "send the id alone")
    return found


def _moment(parameter: Parameter, text: str, asking: Asking) -> MomentAsked:
    return read_moment(parameter, text, asking.now)


def _number(parameter: Parameter, text: str, asking: Asking) -> AmountAsked:
    return read_number(parameter, text)


def _quantity(parameter: Parameter, text: str, asking: Asking) -> AmountAsked:
    return read_quantity(parameter, text)


def _pair(parameter: Parameter, text: str, asking: Asking) -> PairAsked:
    code, value = _two(parameter, text)
    return PairAsked(token(parameter, code), token(parameter, value))


def _two(parameter: Parameter, text: str) -> tuple[str, str]:
    pieces = split(text, "$")
    if len(pieces) != 2 or not all(each.strip() for each in pieces):
        raise refusal(parameter.name, "is no pair", "send code$value")
    return pieces[0], pieces[1]


def amount_of_code(parameter: Parameter, text: str) -> tuple[tuple[str, ...], AmountAsked]:
    """Of a composite of code and quantity: the names that this code's amounts are kept under, and
    the amount."""
    first, second = _two(parameter, text)
    asked = token(parameter, first)
    if asked.code is None:
        raise refusal(parameter.name, "asks for no code", "send code$5.4 or system|code$5.4")
    names = tuple(name_for_code(each, asked.system, asked.code) for each in parameter.names)
    return names, read_quantity(parameter, second)


def parts_of(
    type_: str, parameter: Parameter, text: str, asking: Asking
) -> list[tuple[Parameter, Asked]]:
    """Of a composite that is asked part by part: each part's parameter and value."""
    pieces = split(text, "$")
    if len(pieces) != len(parameter.parts):
        wanted = "$".join(parameter.parts)
        raise refusal(parameter.name, "has not as many parts as it needs", f"send {wanted}")
    found = []
    for name, piece in zip(parameter.parts, pieces, strict=True):
        part = find_parameter(type_, name)
        if part is None:  # a test holds the table to it
            raise refusal(parameter.name, "cannot be searched", "ask its parts one by one")
        found.append((part, asked_value(part, piece, asking)))
    return found


_READERS: Mapping[str, Callable[[Parameter, str, Asking], Asked]] = {
    "token": _token, "uri": _uri, "string": _word, "reference": _link, "date": _moment,
    "number": _number, "quantity": _quantity, "composite": _pair,
}  # fmt: skip
