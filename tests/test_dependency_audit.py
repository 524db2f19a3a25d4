"""The audit of dependencies fails on a vulnerability, and not on an absent network."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def audit():
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SAFE = {"name": "flask", "version": "3.1.3", "vulns": []}
BROKEN = {
    "name": "lxml",
    "version": "1.0",
    "vulns": [
        {"id": "PYSEC-0000-1", "fix_versions": ["1.1"]},
        {"id": "GHSA-x", "fix_versions": []},
    ],
}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited"}


def test_a_known_vulnerability_fails_the_check_and_is_named_with_its_remedy(audit):
    code, lines = audit.verdict({"dependencies": [SAFE, BROKEN, UNKNOWN]})
    assert code == 1
    assert lines == [
        "audit: lxml 1.0: PYSEC-0000-1, mended in 1.1",
        "audit: lxml 1.0: GHSA-x, mended in no release yet",
    ]


@pytest.mark.parametrize("answer", [None, {"dependencies": []}, {"dependencies": [UNKNOWN]}])
def test_where_nothing_was_checked_it_says_so_and_passes(audit, answer):
    code, (line,) = audit.verdict(answer)
    assert code == 0
    assert "NOTHING WAS CHECKED" in line


def test_what_was_not_looked_up_is_counted(audit):
    code, (line,) = audit.verdict({"dependencies": [SAFE, UNKNOWN, UNKNOWN]})
    assert (code, line) == (
        0,
        "audit: no known vulnerability in 1 packages; "
        "2 more are unknown to the service and were not checked",
    )


def test_an_auditor_that_does_not_answer_is_no_answer(audit, monkeypatch):
    monkeypatch.setattr(audit.sys, "executable", "/nowhere/python")
    assert audit.ask(["flask==3.1.3"]) is None


def test_everything_installed_is_asked_of_but_ourselves(audit):
    packages = audit.installed()
    assert any(each.lower().startswith("flask==") for each in packages)
    assert not any(each.startswith("fhir-pgx") for each in packages)
    assert all("==" in each for each in packages)


def test_make_check_runs_it():
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("check:")[2].partition("\n\n")[0]
    assert ".ci/audit.py" in recipe
