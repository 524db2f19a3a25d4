"""FHIR R4 as JSON Schema, a definition a type: `fhir/r4.json`, made by `imports/r4_schema.py`."""

import functools
import json
import re
from collections.abc import Mapping
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.loader import HERE

_REFERRED = re.compile(r'"#/definitions/([^"]+)"')


@functools.cache
def _made() -> dict[str, Any]:
    path = HERE / "fhir" / "r4.json"
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BrokenKnowledge(
            "the schema of FHIR R4 cannot be read", where=path.name, mend="install the package anew"
        ) from error
    return found


def r4_definitions() -> Mapping[str, Any]:
    """The definition of each type and of each element that has elements (`Observation.component`).

    One shared value, not to be changed. Raises BrokenKnowledge where it cannot be read.
    """
    definitions: Mapping[str, Any] = _made()["definitions"]
    return definitions


@functools.cache
def r4_resource_types() -> frozenset[str]:
    """Every resource type of FHIR R4, also those that `resource_schema` does not hold."""
    return frozenset(_made()["resources"])


def resource_schema(kind: str) -> dict[str, Any] | None:
    """The JSON Schema (draft 7) of one resource type with all it is made of; None where the
    subset we ship does not hold it. Resources within it are passed over: each has its own."""
    definitions = r4_definitions()
    if kind not in r4_resource_types() or kind not in definitions:
        return None
    found: dict[str, Any] = {}
    waiting = [kind]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = definitions[name]
            waiting += _REFERRED.findall(json.dumps(definitions[name]))
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$ref": f"#/definitions/{kind}",
        "definitions": found,
    }
