"""What the package says of itself: its dependencies are those it imports, its files come along."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Imported by us, and brought along by a dependency whose own interface they are.
BROUGHT = {"werkzeug": "flask", "urllib3": "requests", "pydantic": "fhir.resources"}


def normal(name):
    return name.lower().replace("_", "-").replace(".", "-")


def declared():
    lines = PROJECT["project"]["dependencies"]
    names = (line.split(">")[0].split("=")[0].split("<")[0].split("[")[0] for line in lines)
    return {normal(name.strip()) for name in names}


def imported():
    found = set()
    for path in (ROOT / "fhir_pgx").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module)
    return {
        name for name in found if name.split(".")[0] not in {*sys.stdlib_module_names, "fhir_pgx"}
    }


def distribution(module):
    top = module.split(".")[0]
    if top in BROUGHT:
        return normal(BROUGHT[top])
    # `fhir` is a namespace that fhir.resources and others share.
    if module.startswith("fhir.resources"):
        return "fhir-resources"
    return normal(packages_distributions()[top][0])


def test_what_is_imported_is_declared():
    missing = {module for module in imported() if distribution(module) not in declared()}
    assert missing == set()


def test_what_is_declared_is_imported():
    assert declared() - {distribution(module) for module in imported()} == set()


@pytest.mark.parametrize("name", ["LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "SECURITY.md"])
def test_the_papers_are_there(name):
    assert (ROOT / name).read_text(encoding="utf-8").strip()


@pytest.mark.parametrize(
    "words",
    ["CC0 1.0", "National Library of Medicine", "not responsible", "loinc.org/license"],
)
def test_the_notice_says_what_the_sources_ask_for(words):
    assert words in " ".join((ROOT / "NOTICE").read_text(encoding="utf-8").split())


def test_ci_is_a_program():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
