"""SECURITY.md says nothing without a test behind it, and every door is gone through."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from fhir_pgx.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
MODEL = PAGE.partition("\n## Threat model\n")[2].partition("\n## ")[0]
DOORS = dict(re.findall(r"^### (.+?)\n(.*?)(?=^### |\Z)", MODEL, re.MULTILINE | re.DOTALL))
LETTERS = "STRIDE"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::([^`]+)`")


@cache
def names_in(file):
    """The names of the tests in a file; none where there is no such file."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))
    return frozenset(each.name for each in found if each.name.startswith("test_"))


def missing(text):
    """The tests that a text names and that are not there."""
    return [f"{file}::{name}" for file, name in NAMED.findall(text) if name not in names_in(file)]


def rows(text):
    """The rows of a table of threats: letter, threat, what holds, tests."""
    cells = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [[each.strip() for each in row] for row in cells if row[0].strip() in list(LETTERS)]


def test_every_test_that_the_page_names_is_there():
    assert missing(PAGE) == []


def test_a_test_that_is_gone_is_found():
    gone = "`tests/test_security_page.py::test_that_is_not_there` `tests/nowhere.py::test_x`"
    assert len(missing(gone)) == 2


def test_the_page_names_many_tests_and_no_file_alone():
    assert len(NAMED.findall(PAGE)) > 120
    alone = re.findall(r"`(tests/[\w/.]+)`", PAGE)
    assert set(alone) <= {"tests/test_security_page.py"}


@pytest.mark.parametrize("door", DOORS)
def test_each_door_is_gone_through_by_every_letter(door):
    assert {row[0] for row in rows(DOORS[door])} == set(LETTERS)


@pytest.mark.parametrize("door", DOORS)
def test_each_claim_has_a_test(door):
    for row in rows(DOORS[door]):
        assert len(row) == 4, row
        assert NAMED.search(row[3]), row[:3]
        assert all(row[:3])


def test_the_doors_are_all_there():
    text = " ".join(DOORS)
    for address in ("/cds-services", "/fhir", "/app", "/demo-authorization", "/api", "/metrics"):
        assert f"`{address}`" in text
    for word in ("Operations", "command", "Going out", "store", "record of accesses", "plugins"):
        assert word in text
    assert len(DOORS) >= 11


def test_every_setting_that_the_page_names_exists():
    settings = set(Settings.__dataclass_fields__)
    before = PAGE.partition("## Before it goes live")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", before)) | {"access"}
    assert named <= settings
    assert {"trusted_proxies", "frame_ancestors", "cors_origins", "operator_token"} <= named
