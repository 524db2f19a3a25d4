"""The tokens that a granular scope may ask of a resource: those that the store keeps by name."""

from typing import Final

from fhir_pgx.errors import InvalidSearch
from fhir_pgx.model.search import TokenAsked
from fhir_pgx.rest.parameters import Parameter, find_parameter
from fhir_pgx.rest.query_values import token
from fhir_pgx.rest.types import TYPES

_EVERY_TYPE: Final = "*"


def read_scope_token(type_: str, name: str, text: str) -> TokenAsked | None:
    """The token that `name=text` asks of a type, as a search would ask it; for `*`, of every type.

    None where the type is not kept here, the parameter is unknown, of another kind or made up of
    others (`combo-code`), or where it cannot have the value. None also for `_id`: who one resource
    is, is no matter of scopes.
    """
    types = TYPES if type_ == _EVERY_TYPE else (type_,)
    asked = {_asked(each, name, text) for each in types}
    return asked.pop() if len(asked) == 1 else None


def _asked(type_: str, name: str, text: str) -> TokenAsked | None:
    parameter = find_parameter(type_, name) if type_ in TYPES else None
    if parameter is None or not _is_kept_token(parameter):
        return None
    try:
        return token(parameter, text)
    except InvalidSearch:
        return None


def _is_kept_token(parameter: Parameter) -> bool:
    return parameter.kind == "token" and parameter.is_kept and parameter.name != "_id"
