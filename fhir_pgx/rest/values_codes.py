"""Codes of every kind as (system, code): what tokens and pairs are made of."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fhir_pgx.fhir.bundle import as_dicts, as_list
from fhir_pgx.rest.values_texts import text_of

Code = tuple[str, str]


def codes_of_concept(value: Any) -> Iterable[Code]:
    """Every coding of one CodeableConcept or of several. Its text is no code."""
    if value.__class__ is dict:  # most elements hold one
        return codes_of_coding(value.get("coding"))
    return [code for each in as_dicts(value) for code in codes_of_coding(each.get("coding"))]


def codes_of_coding(value: Any) -> Iterable[Code]:
    # Lists rather than generators: most of what is read of a genomic result passes through here.
    found = []
    for coding in value if value.__class__ is list else (value,):
        if coding.__class__ is dict:
            code, system = coding.get("code"), coding.get("system")
            if code.__class__ is str and code:
                found.append((system if system.__class__ is str else "", code))
    return found


def _with_system(value: Any, name: str) -> Iterator[Code]:
    """Of an Identifier and a ContactPoint: `value` in its `system`; a Reference's of its own."""
    for each in as_dicts(value):
        text = text_of(each.get(name)).strip()
        if text:
            yield text_of(each.get("system")), text


def codes_of_identifier(value: Any) -> Iterator[Code]:
    return _with_system(value, "value")


def codes_of_text(value: Any) -> Iterator[Code]:
    """Of a code, id, uri or string."""
    for each in as_list(value):
        text = text_of(each).strip()
        if text:
            yield "", text


def codes_of_canonical(value: Any) -> Iterator[Code]:
    """With its version and, because a search may leave that out, without."""
    for system, code in codes_of_text(value):
        yield system, code
        if "|" in code:
            yield system, code.partition("|")[0]


def codes_of_boolean(value: Any) -> Iterator[Code]:
    for each in as_list(value):
        if each is True or each is False:
            yield "", "true" if each else "false"


def codes_of_present(value: Any) -> Iterator[Code]:
    """`true` for whatever stands there (`Patient.deceasedDateTime`)."""
    if as_list(value):
        yield "", "true"


CODES: Mapping[str, Callable[[Any], Iterable[Code]]] = {
    "CodeableConcept": codes_of_concept,
    "Coding": codes_of_coding,
    "Identifier": codes_of_identifier,
    "ContactPoint": codes_of_identifier,
    "boolean": codes_of_boolean,
    "present": codes_of_present,
    "canonical": codes_of_canonical,
    **dict.fromkeys(("code", "id", "string", "uri", "url"), codes_of_text),
}
