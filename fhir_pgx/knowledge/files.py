"""Reads the knowledge's YAML files, each checked against its JSON Schema."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.loader import HERE


def read_yaml(path: Path) -> Any:
    """The content of a YAML file."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 (safe loaders)


def read_checked(folder: str, schema_name: str) -> Iterator[dict[str, Any]]:
    """Each YAML file of a folder and its folders, checked; raises BrokenKnowledge naming file and
    place."""
    for path in sorted((HERE / folder).rglob("*.yaml")):
        yield checked(read_yaml(path), schema_name, path.relative_to(HERE).as_posix())


def checked(content: Any, schema_name: str, where: str) -> dict[str, Any]:
    """The content, where its schema allows it; raises BrokenKnowledge naming file and place."""
    schema = json.loads((HERE / "schema" / f"{schema_name}.json").read_text(encoding="utf-8"))
    faults = [
        f"{where} {fault.json_path}: {fault.message[:200]}"
        for fault in jsonschema.Draft202012Validator(schema).iter_errors(content)
    ]
    if faults:
        raise BrokenKnowledge("; ".join(faults), where=where)
    found: dict[str, Any] = content
    return found
