"""The commands of `examples/genomes/README.md` and what they print."""

import contextlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

from fhir_pgx.cli import main

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "genomes"
_ROW = re.compile(r"^\| \[([\w.-]+)\]\(\1\) \| `fhir-pgx ([^`]+)` \| (.+) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class GenomeExample:
    """One row of the table: the file of the answer, and the command's arguments."""

    name: str
    arguments: tuple[str, ...]

    @property
    def answer_file(self) -> Path:
        return FOLDER / self.name


def listed_genomes() -> list[GenomeExample]:
    """The examples in the order of the table."""
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    return [GenomeExample(name, tuple(words.split())) for name, words, _ in _ROW.findall(table)]


def printed(example: GenomeExample) -> str:
    """What the command prints in the examples' folder. Raises RuntimeError where it fails."""
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.chdir(FOLDER), contextlib.redirect_stdout(output):
        code = main([*example.arguments])
    output.flush()
    text = output.buffer.getvalue().decode()
    if code:
        raise RuntimeError(f"exit code {code}: {text[:500]}")
    return text
