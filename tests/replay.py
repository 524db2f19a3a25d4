"""Sends the examples to a fresh server and tells where an answer differs from what is written.

Used by `test_examples.py`, which compares, and by `rewrite_examples.py`, which writes.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from fhir_pgx.cli.load import load_files
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.loader import load_knowledge
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app
from fhir_pgx.web.fhir_server import server_of

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
TODAY = date(2026, 11, 23)
ZEROS = "0" * 64
_ROW = re.compile(r"^\| \[([\w-]+)\]\(\1/\) \| `([\w-]+)` \| (\d{3}) \| (.+) \|$", re.MULTILINE)
_SHA256 = re.compile(rb'("sha256":\s?")[0-9a-f]{12,64}"')


@dataclass(frozen=True, slots=True)
class Example:
    """One row of `examples/README.md`: the folder, where to send its request, the status."""

    name: str
    service: str
    status: int

    @property
    def request(self) -> bytes:
        return (EXAMPLES / self.name / "request.json").read_bytes()

    @property
    def answer_file(self) -> Path:
        return EXAMPLES / self.name / "answer.json"


def listed_examples() -> list[Example]:
    """The examples in the order of the table."""
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    return [Example(name, service, int(code)) for name, service, code, _ in _ROW.findall(table)]


@contextmanager
def demo_client(folder: Path) -> Iterator[FlaskClient]:
    """A server on a fixed day with the example patients, its store a file in `folder`."""
    settings = Settings(database=f"sqlite:///{folder}/examples.db")
    store = SqlStore(settings.database, settings.audit_salt)
    try:
        files = sorted(str(file) for file in (EXAMPLES / "patients").glob("*.json"))
        pipeline = Pipeline(load_knowledge(), DrugCodes(), today=lambda: TODAY)
        app = create_app(settings, pipeline=pipeline, store=store)
        assert load_files(files, server_of(app.extensions["fhir_pgx"])).failed == 0
        yield app.test_client()
    finally:
        store.close()


def send(client: FlaskClient, example: Example) -> tuple[int, Any]:
    """The status, and the body with the knowledge's hash set aside."""
    answer = client.post(
        f"/cds-services/{example.service}", data=example.request, content_type="application/json"
    )
    return answer.status_code, json.loads(
        _SHA256.sub(rb"\g<1>" + ZEROS.encode() + b'"', answer.data)
    )


def differences(written: Any, found: Any, path: str = "answer") -> list[str]:
    """Where two JSON values differ, a line a place; empty where they are the same.

    A number is not a boolean, and the order of a list counts: that of cards is their weight.
    """
    if type(written) is not type(found):
        return [f"{path}: written {_shown(written)}, found {_shown(found)}"]
    if isinstance(written, dict):
        lines = []
        for name in sorted(written.keys() | found.keys()):
            if name not in found:
                lines.append(f"{path}.{name}: written, not found")
            elif name not in written:
                lines.append(f"{path}.{name}: found, not written")
            else:
                lines += differences(written[name], found[name], f"{path}.{name}")
        return lines
    if isinstance(written, list):
        lines = []
        for i, (one, other) in enumerate(zip(written, found, strict=False)):
            lines += differences(one, other, f"{path}[{i}]")
        if len(written) != len(found):
            lines.append(f"{path}: {len(written)} items written, {len(found)} found")
        return lines
    if written != found:
        return [f"{path}: written {_shown(written)}, found {_shown(found)}"]
    return []


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:200]
