"""Refusals of a search. They name the parameter, never its value: that may be a patient's name."""

import re

from fhir_pgx.errors import InvalidSearch
from fhir_pgx.rest.parameters import parameters_of

_SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,99}")


class UnknownName(Exception):
    """A parameter that the type does not have: ignored or refused, as the client prefers."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def shown(name: str) -> str:
    """A parameter's name as a message may repeat it: what is no name may be anything."""
    return name if _SAFE.fullmatch(name) else "(a parameter)"


def refusal(name: str, fault: str, mend: str) -> InvalidSearch:
    return InvalidSearch(f"{shown(name)} {fault}", where=shown(name), mend=mend)


def unknown_refusal(type_: str, name: str, reason: str) -> InvalidSearch:
    names = ", ".join(sorted(parameters_of(type_)))
    return refusal(name, reason, f"{type_} can be searched by {names}")
