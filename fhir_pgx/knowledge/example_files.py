"""Example requests beside the answers they get, as tests and documents hold the two together."""

import functools
import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.examples import find_examples

# The day on which the answers were written: ages, and how old a result is, are those of this day.
WRITTEN_ON: Final = date(2026, 11, 23)
# A row of examples/README.md: the folder, where its request goes, the status that comes back.
_ROW = re.compile(r"^\| \[([\w-]+)\]\(\1/\) \| `([\w-]+)` \| (\d{3}) \| (.+) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class HookExample:
    """A request to a CDS service and what it is answered with, as they stand in the files."""

    name: str
    service: str
    status: int
    shows: str  # in a sentence, Markdown
    request: bytes
    answer: bytes

    @property
    def document(self) -> Any:
        """The request as JSON. Raises ValueError: an example of a refusal may be no JSON at all."""
        return json.loads(self.request)

    @property
    def answered(self) -> Any:
        """The answer as JSON; the knowledge's `sha256` in it is zeros."""
        return json.loads(self.answer)


def examples_folder() -> Path:
    """The folder of all examples. Raises BrokenKnowledge where it is not installed."""
    found = find_examples()
    if found is None:
        raise BrokenKnowledge(
            "the examples are missing from the installation", mend="install the package anew"
        )
    return found


@functools.cache
def hook_examples() -> tuple[HookExample, ...]:
    """Every request to a service, in the order of examples/README.md. Raises BrokenKnowledge."""
    try:
        table = (examples_folder() / "README.md").read_text(encoding="utf-8")
        return tuple(_example(*row) for row in _ROW.findall(table))
    except OSError as error:
        raise BrokenKnowledge(
            "an example cannot be read", mend="install the package anew"
        ) from error


def _example(name: str, service: str, status: str, shows: str) -> HookExample:
    folder = examples_folder() / name
    request, answer = (folder / file for file in ("request.json", "answer.json"))
    return HookExample(name, service, int(status), shows, request.read_bytes(), answer.read_bytes())


def example_patients() -> tuple[Path, ...]:
    """The files of the example patients, each a transaction Bundle."""
    return tuple(sorted((examples_folder() / "patients").glob("*.json")))


def genome_example(name: str) -> str:
    """The text of a file of `genomes/`. Raises BrokenKnowledge where there is none of this name."""
    try:
        return (examples_folder() / "genomes" / name).read_text(encoding="utf-8")
    except OSError as error:
        raise BrokenKnowledge(
            "an example cannot be read", where=name, mend="install the package anew"
        ) from error
