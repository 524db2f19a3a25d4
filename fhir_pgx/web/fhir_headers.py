"""What the headers of a FHIR request bind it to and ask of its answer."""

from dataclasses import dataclass
from typing import cast, get_args

from flask import Request

from fhir_pgx.rest.answer import Return
from fhir_pgx.rest.interactions import Conditions


@dataclass(frozen=True, slots=True)
class Prefer:
    """RFC 7240 as FHIR uses it. `is_strict` refuses search parameters that are not known."""

    returns: Return = ""
    is_strict: bool = False


def read_prefer(asked: Request) -> Prefer:
    """What is not known is passed over: a preference is no demand."""
    returns: Return = ""
    is_strict = False
    for part in ",".join(asked.headers.getlist("Prefer")).replace(";", ",").split(","):
        name, _, value = part.strip().partition("=")
        value = value.strip().strip('"')
        if name.strip().lower() == "return" and value in get_args(Return):
            returns = cast("Return", value)
        elif name.strip().lower() == "handling":
            is_strict = value.lower() == "strict"
    return Prefer(returns, is_strict)


def read_conditions(asked: Request) -> Conditions:
    """If-Match, If-None-Match and If-None-Exist of a write."""
    headers = asked.headers
    return Conditions(
        headers.get("If-Match", ""),
        headers.get("If-None-Match", ""),
        headers.get("If-None-Exist", "").strip().lstrip("?"),
    )
