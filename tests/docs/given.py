"""What a page takes for granted: files that it names and does not make, a server that it says runs,
and what stands for things that only a site has."""

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping

import pytest

from tests.docs.blocks import ROOT
from tests.docs.session import Session
from tests.docs.shown import Command
from tests.stores import empty_database

# Commands that are to fail, where no comment of the page says so.
ENDS = {("docs/terminal.md", "fhir-pgx validate examples/refused-malformed/request.json --view"): 1}

_DONE = {"python3 -m venv .venv": ":", ".venv/bin/pip install .": ":"}  # CI does it by make
_PATIENT = "synthetic-ada"
_CLIENT = '[[cds_clients]]\nname = "ehr"\nissuer = "https://ehr.example.org"\n' + (
    'jku = "https://ehr.example.org/jwks.json"\n'
)


def instead_of(page: str) -> Mapping[str, str]:
    """Texts of a page and what takes their place; skips where it cannot be had."""
    if page == "README.md":
        return _DONE
    if page == "docs/how-to/postgresql.md":
        return {"postgresql://pgx@db.example.org/pgx": empty_database()}
    return {}


def lay_out(page: str, session: Session) -> None:
    """Make what the page takes for granted."""
    if page in _MADE:
        _MADE[page](session)


def _access(session: Session) -> None:
    (session.folder / "etc" / "access.toml").write_text(_CLIENT, encoding="utf-8")


def _trial(session: Session) -> None:
    text = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(import json, os.*?)```", text, re.S)
    assert found
    session.write("trial.py", found[1])


def _past(session: Session) -> None:
    asked = (ROOT / "examples" / "order-sign-clopidogrel" / "request.json").read_text("utf-8")
    session.write("requests.ndjson", json.dumps(json.loads(asked)) + "\n")
    session.write("candidate.toml", '[mute]\ndrugs = ["omeprazole"]\n')


def _demo(session: Session) -> None:
    session.run(Command("fhir-pgx serve --demo"))


def _store(session: Session) -> None:
    session.run(Command(f"fhir-pgx load examples/patients/{_PATIENT}.json"))


def _record(session: Session) -> None:
    """A store with an access on record, and the head that the page shows the beginning of."""
    _store(session)
    session.run(Command(f"fhir-pgx export {_PATIENT}"))
    (chain,) = json.loads(session.answer("fhir-pgx audit verify 2>/dev/null"))["chains"]
    session.instead["6f1c…"] = chain["head"]
    session.write("heads", f"{chain['head']}\n")


def _card(session: Session) -> None:
    """The patient and the report that a card is made of; a card of another key, and that key."""
    bundle = json.loads((ROOT / "examples" / "patients" / f"{_PATIENT}.json").read_text("utf-8"))
    entries = bundle["entry"]
    person = [each for each in entries if each["resource"]["resourceType"] == "Patient"]
    for name, kept in (("patient", person), ("report", [e for e in entries if e not in person])):
        session.write(f"{name}.json", json.dumps({**bundle, "entry": kept}))
    session.run(Command("fhir-pgx keys new made --for cards"))
    session.run(
        Command(
            "fhir-pgx card issue patient.json report.json --keys made "
            "--issuer https://pgx.example.org --format text > card.txt"
        )
    )
    (file,) = (session.folder / "made").iterdir()
    key = json.loads(file.read_text(encoding="utf-8"))
    session.write("jwks.json", json.dumps({"keys": [{k: key[k] for k in key if k != "d"}]}))


_MADE: Mapping[str, Callable[[Session], None]] = {
    "README.md": _access,
    "docs/access.md": _trial,
    "docs/audit.md": _record,
    "docs/console.md": _past,
    "docs/feedback.md": _store,
    "docs/wallet-card.md": _card,
    "examples/README.md": _demo,
}


def needs(texts: str) -> None:
    """Skip where a program that the page uses is not installed; fail where FHIR_PGX_REQUIRE names
    it."""
    for program in ("bash", "curl", "jq", "sed"):
        if re.search(rf"\b{program}\b", texts) and shutil.which(program) is None:
            if program in os.environ.get("FHIR_PGX_REQUIRE", "").split(","):
                pytest.fail(f"{program} is not installed, and FHIR_PGX_REQUIRE asks for it")
            pytest.skip(f"{program} is not installed")
