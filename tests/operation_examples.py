"""The questions of `examples/operations/README.md`, asked of a server with the example patients."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from tests.replay import EXAMPLES, demo_client

FOLDER = EXAMPLES / "operations"
PATIENT = FOLDER / "patient.json"
_ROW = re.compile(r"^\| \[([\w.-]+)\]\(\1\) \| `(/[^`]+)` \| (\d{3}) \| (.+) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the table: the file of the answer, the address asked by GET, the status."""

    name: str
    address: str
    status: int

    @property
    def answer_file(self) -> Path:
        return FOLDER / self.name


def listed_questions() -> list[Question]:
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    return [Question(name, address, int(code)) for name, address, code, _ in _ROW.findall(table)]


@contextmanager
def operations_client(folder: Path) -> Iterator[FlaskClient]:
    """A server with the example patients and the one of `patient.json`."""
    with demo_client(folder) as client:
        sent = client.post("/fhir", data=PATIENT.read_bytes(), content_type="application/fhir+json")
        assert sent.status_code == 200, sent.get_data(as_text=True)
        yield client


def asked(client: FlaskClient, question: Question) -> tuple[int, Any]:
    answer = client.get(question.address)
    return answer.status_code, json.loads(answer.data)
