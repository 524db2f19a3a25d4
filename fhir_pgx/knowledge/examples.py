"""The synthetic examples that come with the package: beside a checkout, or in what is installed.

Every example is of synthetic people. What it shows stands in the README beside it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

from fhir_pgx.errors import InvalidParameter

Kind = Literal["hook request", "bundle", "VCF"]

_LOOK: Final = re.compile(r"^Look at:\s*(.+)$", re.MULTILINE)
# `| [panel.txt](panel.txt) | `fhir-pgx interpret panel.vcf …` | What it shows |`
_GENOME: Final = re.compile(r"^\|.*?\|\s*`fhir-pgx interpret (\S+\.vcf)[^|]*\|\s*(.+?)\s*\|$", re.M)
_MARKS: Final = re.compile(r"\\([\\`*_{}\[\]()#+.!|-])|`")
_COUNTED: Final = (
    ("Observation", "result"),
    ("MedicationRequest", "medicine"),
    ("Condition", "problem"),
)


@dataclass(frozen=True, slots=True)
class OfferedExample:
    """One example. `title` says what it is, `shows` what to look at, empty where the title says it
    all."""

    name: str
    title: str
    shows: str
    kind: Kind


def find_examples() -> Path | None:
    """The folder of the examples; None where they are not installed."""
    package = Path(str(files("fhir_pgx")))
    # pyproject.toml puts `examples/` into the wheel as `fhir_pgx/demo`.
    for folder in (package / "demo", package.parent / "examples"):
        if (folder / "patients").is_dir():
            return folder
    return None


def examples_offered() -> tuple[OfferedExample, ...]:
    """Every example that can be opened: hook requests, charts of patients, genomes; none where they
    are not installed."""
    return tuple(example for example, _ in _catalogue().values())


def example_text(name: str) -> str:
    """The content of an example. Raises InvalidParameter for a name there is not."""
    found = _catalogue().get(name)
    if found is None:
        raise InvalidParameter(
            "there is no such example", where="example", mend="choose one of the list"
        )
    return found[1].read_text(encoding="utf-8")


@cache
def _catalogue() -> dict[str, tuple[OfferedExample, Path]]:
    """Each example by name, with its file. A name is only ever looked up here: it is no path."""
    home = find_examples()
    if home is None:
        return {}
    found = [*_patients(home), *_requests(home), *_genomes(home)]
    return {example.name: (example, path) for example, path in found}


def _requests(home: Path) -> Iterator[tuple[OfferedExample, Path]]:
    for path in sorted(home.glob("*/request.json")):
        told = (path.parent / "README.md").read_text(encoding="utf-8")
        title = told.partition("\n")[0].lstrip("# ")
        look = _LOOK.search(told)
        shows = _plain(look[1]) if look else ""
        yield OfferedExample(path.parent.name, _plain(title), shows, "hook request"), path


def _patients(home: Path) -> Iterator[tuple[OfferedExample, Path]]:
    for path in sorted((home / "patients").glob("*.json")):
        resources = [each["resource"] for each in json.loads(path.read_bytes())["entry"]]
        title = f"The chart of {_named(resources)}"
        yield OfferedExample(path.stem, title, _counted(resources), "bundle"), path


def _named(resources: list[Any]) -> str:
    name = next(each for each in resources if each["resourceType"] == "Patient")["name"][0]
    return f"{' '.join(name['given'])} {name['family']}"


def _counted(resources: list[Any]) -> str:
    kinds = [each["resourceType"] for each in resources]
    said = [
        f"{count} {word}{'s' if count > 1 else ''}"
        for kind, word in _COUNTED
        if (count := kinds.count(kind))
    ]
    return f"{', '.join(said)}." if said else ""


def _genomes(home: Path) -> Iterator[tuple[OfferedExample, Path]]:
    """Those that the README tells of, each with what its first command shows."""
    folder = home / "genomes"
    told = (folder / "README.md").read_text(encoding="utf-8")
    seen = set[str]()
    for row in _GENOME.finditer(told):
        path = folder / row[1]
        if row[1] not in seen and path.is_file():
            seen.add(row[1])
            yield OfferedExample(path.name, _plain(row[2]), "", "VCF"), path


def _plain(text: str) -> str:
    """Markdown of one line without its marks."""
    return _MARKS.sub(lambda mark: mark[1] or "", text).strip()
