"""What we publish under `profiles/`: a FHIR package, and JSON Schemas of the CDS Hooks messages.

The folder stands at the top of a checkout and inside the package once installed (pyproject.toml,
force-include).
"""

import functools
import json
from pathlib import Path
from typing import Any, Literal

from fhir_pgx.errors import BrokenKnowledge

Message = Literal["discovery", "request", "response", "feedback"]
ApiAnswer = Literal["interpretation", "recommendations", "trace", "outcome"]

_PACKAGE = Path(__file__).resolve().parents[1]


@functools.cache
def profiles_folder() -> Path:
    """The folder of everything we publish. Raises BrokenKnowledge where it is not installed."""
    for folder in (_PACKAGE / "profiles", _PACKAGE.parent / "profiles"):
        if (folder / "cds-hooks").is_dir():
            return folder
    raise BrokenKnowledge(
        "the folder profiles is missing from the installation", mend="install the package anew"
    )


@functools.cache
def schema(name: Message) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a CDS Hooks message; one shared value, not to be changed.

    `request` and `feedback` say what we accept, `discovery` and `response` what we answer.
    Raises BrokenKnowledge where it cannot be read. Source: CDS Hooks 3.0.
    """
    return _schema("cds-hooks", name)


@functools.cache
def api_schema(name: ApiAnswer) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of an answer of `/api`, or of an error; one shared value, not
    to be changed. Unknown members pass: later releases may add some. Raises BrokenKnowledge."""
    return _schema("api", name)


def _schema(folder: str, name: str) -> dict[str, Any]:
    path = profiles_folder() / folder / f"{name}.json"
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BrokenKnowledge(
            f"the schema {name} cannot be read", mend="install the package anew"
        ) from error
    return found


@functools.cache
def definitions() -> tuple[dict[str, Any], ...]:
    """Every definition of the package (StructureDefinition, OperationDefinition, CodeSystem, …), by
    type and id; shared values, not to be changed. Raises BrokenKnowledge."""
    try:
        found = [json.loads(path.read_bytes()) for path in profiles_folder().glob("[A-Z]*-*.json")]
    except (OSError, ValueError) as error:
        raise BrokenKnowledge(
            "a definition under profiles cannot be read", mend="install the package anew"
        ) from error
    return tuple(sorted(found, key=lambda each: (each["resourceType"], each["id"])))
