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
BROUGHT = {
    "werkzeug": "flask",
    "pydantic": "fhir.resources",
    "psycopg_pool": "psycopg",
}


def normal(name):
    return name.lower().replace("_", "-").replace(".", "-")


def declared(*extras):
    lines = [*PROJECT["project"]["dependencies"]]
    for extra in extras:
        lines += PROJECT["project"]["optional-dependencies"][extra]
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
    all_that_is = declared("postgres", "testing")
    missing = {module for module in imported() if distribution(module) not in all_that_is}
    assert missing == set()


def test_what_is_declared_is_imported():
    assert declared() - {distribution(module) for module in imported()} == set()


@pytest.mark.parametrize("name", ["LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "SECURITY.md"])
def test_the_papers_are_there(name):
    assert (ROOT / name).read_text(encoding="utf-8").strip()


@pytest.mark.parametrize(
    "words",
    [
        "CC0 1.0",
        "National Library of Medicine",
        "not responsible",
        "loinc.org/license",
        "https://civicdb.org",
        "Open Data Commons Attribution License",  # ODC-By asks for the notice
        "WHO-UCN-TB-2023.7",
        "https://creativecommons.org/licenses/by/4.0/",  # CC BY: OncoTree
        "hivdb/hivfacts",
        "herpesdrg-db",
        "SNOMED International",
        "No file of IPD-IMGT/HLA",
    ],
)
def test_the_notice_says_what_the_sources_ask_for(words):
    assert words in " ".join((ROOT / "NOTICE").read_text(encoding="utf-8").split())


def test_every_source_of_the_release_is_named_in_the_notice():
    from fhir_pgx.knowledge.loader import read_release

    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    named = {
        "CPIC": "CPIC", "DPWG": "DPWG", "FDA": "FDA", "Allele": "Allele definitions",
        "Positions": "GRCh37", "European": "European LeukemiaNet", "CIViC": "CIViC",
        "market": "FDA", "guidelines": "labels", "ACMG": "ACMG", "hereditary": "hereditary cancer",
        "Stanford": "Stanford", "WHO": "World Health Organization", "HerpesDRG": "HerpesDRG",
        "Human": "Human Disease Ontology", "OncoTree": "OncoTree", "SNOMED": "SNOMED CT",
        "LOINC": "LOINC", "HGNC": "HUGO",
    }  # fmt: skip
    for source in read_release()["sources"]:
        first = source["name"].replace(":", " ").split()[0]
        assert named[first] in notice, source["name"]


def test_the_service_runs_without_the_tables_that_the_artefact_is_made_of(tmp_path):
    """A copy of the package without any table answers a hook, from the artefact alone."""
    import shutil
    import subprocess

    made_of = shutil.ignore_patterns("__pycache__", "*.yaml", "*.csv", "imports")
    shutil.copytree(ROOT / "fhir_pgx", tmp_path / "fhir_pgx", ignore=made_of)
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    request = ROOT / "examples" / "host-tumour-pathogen" / "request.json"
    run = subprocess.run(
        [sys.executable, "-m", "fhir_pgx", "hook", str(request)],
        capture_output=True, check=True, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert b"KRAS G12D" in run.stdout


def test_ci_is_a_program():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
