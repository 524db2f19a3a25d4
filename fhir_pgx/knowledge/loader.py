"""Reads the compiled knowledge, checked by its hash.

The artefact is `knowledge.msgpack`; `release.json` beside it records its SHA-256 and what it was
made from. A hash that does not match stops the start: advice from a damaged file is worse than
none.
"""

import functools
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.model.knowledge import Knowledge

HERE = Path(__file__).resolve().parent
ARTEFACT = HERE / "knowledge.msgpack"
RELEASE = HERE / "release.json"


def read_release(path: Path = RELEASE) -> dict[str, Any]:
    """What the artefact was made from: release, sha256, sources, counts.

    Raises BrokenKnowledge where the record is absent or unreadable.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BrokenKnowledge(
            f"the knowledge record {path.name} cannot be read",
            where=path.name,
            mend="run `make knowledge`, or install the package again",
        ) from error
    return found


def load_artefact(artefact: Path = ARTEFACT, release: Path = RELEASE) -> Knowledge:
    """The knowledge, decoded from the artefact; raises BrokenKnowledge where its hash differs."""
    recorded = read_release(release)["sha256"]
    try:
        data = artefact.read_bytes()
    except OSError as error:
        raise BrokenKnowledge(
            f"the knowledge artefact {artefact.name} cannot be read",
            where=artefact.name,
            mend="run `make knowledge`, or install the package again",
        ) from error
    found = hashlib.sha256(data).hexdigest()
    if found != recorded:
        raise BrokenKnowledge(
            f"{artefact.name} has SHA-256 {found[:12]}…, its record says {recorded[:12]}…",
            where=artefact.name,
            mend="run `make knowledge`, or install the package again",
        )
    return replace(msgspec.msgpack.decode(data, type=Knowledge), sha256=found)


@functools.cache
def load_knowledge() -> Knowledge:
    """The knowledge of this installation, loaded once a process."""
    return load_artefact()
