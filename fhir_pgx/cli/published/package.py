"""All definitions as the files of a FHIR package (npm style)."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fhir_pgx.cli.published.capability import capability_statements
from fhir_pgx.cli.published.codes import code_definitions
from fhir_pgx.cli.published.frame import DATE, FHIR, NAME, Definition
from fhir_pgx.cli.published.operations import operation_definitions
from fhir_pgx.cli.published.structures import structure_definitions
from fhir_pgx.fhir.json import write_pretty_json
from fhir_pgx.version import __version__

_OURS = re.compile(r"[A-Z][A-Za-z]+-[a-z0-9-]+\.json|package\.json|\.index\.json")


def is_ours(name: str) -> bool:
    """Whether a file of the folder is one that the package is made of."""
    return _OURS.fullmatch(name) is not None


def definitions(docs: Path) -> Iterator[Definition]:
    """Every definition that is published; `docs` holds the pages on errors and caveats."""
    yield from structure_definitions()
    yield from operation_definitions()
    yield from code_definitions(docs)
    yield from capability_statements()


def files_of(docs: Path) -> dict[str, bytes]:
    """Name and content of every file."""
    found = {f"{each['resourceType']}-{each['id']}.json": each for each in definitions(docs)}
    content: dict[str, Mapping[str, Any]] = {
        "package.json": _package(), ".index.json": _index(found), **found,
    }  # fmt: skip
    return {name: write_pretty_json(each) + b"\n" for name, each in sorted(content.items())}


def _package() -> dict[str, Any]:
    return {
        "name": NAME,
        "version": __version__,
        "type": "IG",
        "date": DATE.replace("-", ""),
        "license": "Apache-2.0",
        "canonical": "urn:fhir-pgx",
        "title": "fhir_pgx",
        "description": "What fhir_pgx reads, writes and offers, as FHIR definitions",
        "author": "The fhir_pgx authors",
        "fhirVersions": [FHIR],
        "dependencies": {
            "hl7.fhir.r4.core": FHIR,
            "hl7.fhir.uv.genomics-reporting": "3.0.0",
        },
    }


def _index(found: Mapping[str, Definition]) -> dict[str, Any]:
    members = ("resourceType", "id", "url", "version", "kind", "type")
    files = [
        {"filename": name} | {m: each[m] for m in members if isinstance(each.get(m), str)}
        for name, each in sorted(found.items())
    ]
    return {"index-version": 1, "files": files}
