"""The FHIR package `profiles/`: up to date, valid to three validators, and at one with itself."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fhir_pgx.cli.published.codes import caveats, errors
from fhir_pgx.cli.published.package import definitions, files_of, is_ours
from fhir_pgx.errors import PgxError
from fhir_pgx.knowledge.guide import guide_profiles, guide_url
from fhir_pgx.operations.all import OPERATIONS
from fhir_pgx.rest.types import TYPES
from fhir_pgx.validation import check_resource
from fhir_pgx.version import __version__

ROOT = Path(__file__).resolve().parents[2]
FOLDER, DOCS = ROOT / "profiles", ROOT / "docs"
ALL = [json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("[A-Z]*.json"))]


def name_of(definition: dict[str, Any]) -> str:
    return f"{definition['resourceType']}-{definition['id']}"


def of_type(kind: str) -> list[dict[str, Any]]:
    return [each for each in ALL if each["resourceType"] == kind]


def test_the_files_are_what_the_script_makes() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "fhir_pgx.cli.published", "--check"],
        capture_output=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert run.stderr.decode() == "", "write them anew: python -m fhir_pgx.cli.published"
    assert run.returncode == 0
    there = {path.name for path in FOLDER.iterdir() if is_ours(path.name)}
    assert there == files_of(DOCS).keys()


@pytest.mark.parametrize("definition", ALL, ids=name_of)
def test_every_definition_is_valid(definition: dict[str, Any]) -> None:
    assert check_resource(definition, deep=True) == []


def test_an_independent_validator_finds_no_fault_of_structure() -> None:
    fhirkit = pytest.importorskip("fhirkit")
    found = {name_of(each): fhirkit.validate(json.dumps(each).encode()) for each in ALL}
    assert {name: issues for name, issues in found.items() if issues} == {}
    assert fhirkit.validate(json.dumps(ALL[0] | {"odd": 1}).encode()) != []


def test_the_manifest_is_that_of_a_fhir_package() -> None:
    manifest = json.loads((FOLDER / "package.json").read_bytes())
    assert manifest["fhirVersions"] == ["4.0.1"]
    assert manifest["version"] == __version__
    assert manifest["dependencies"].keys() == {
        "hl7.fhir.r4.core",
        "hl7.fhir.uv.genomics-reporting",
    }
    index = json.loads((FOLDER / ".index.json").read_bytes())
    assert {each["filename"] for each in index["files"]} == {
        f"{name_of(definition)}.json" for definition in ALL
    }


def test_each_canonical_stands_once() -> None:
    urls = [definition["url"] for definition in ALL]
    assert len(urls) == len(set(urls))


def test_every_operation_that_is_offered_is_defined_by_its_own_name() -> None:
    defined = {each["id"]: each for each in of_type("OperationDefinition")}
    assert {each.name for each in OPERATIONS} | {"interpret", "recommend"} == defined.keys()
    for operation in OPERATIONS:
        written = defined[operation.name]
        # The guide's definitions say `match` for all of them.
        assert (written["code"], written["system"]) == (operation.name, True)
        assert written["base"] == operation.canonical
        names = [each["name"] for each in written["parameter"] if each["use"] == "in"]
        assert names == [each.name for each in operation.takes]


def test_the_parameters_are_those_of_the_guide(shared: Path) -> None:
    """Names and how often, as the guide defines them, for every operation that is offered."""
    for operation in OPERATIONS:
        file = f"OperationDefinition-{operation.name}.json"
        theirs = json.loads((shared / "profiles" / "genomics-reporting" / file).read_bytes())
        (ours,) = [each for each in of_type("OperationDefinition") if each["id"] == operation.name]
        wanted = {(p["name"], p["use"], p["min"]) for p in theirs["parameter"] if p["use"] == "in"}
        assert {(p["name"], p["use"], p["min"]) for p in ours["parameter"] if p["use"] == "in"} == (
            wanted
        ), operation.name


def test_the_capability_statement_names_what_is_kept_and_what_is_offered() -> None:
    (statement,) = of_type("CapabilityStatement")
    assert statement["kind"] == "requirements"
    (rest,) = statement["rest"]
    assert {each["type"] for each in rest["resource"]} >= set(TYPES)
    named = {each["name"]: each["definition"] for each in rest["operation"]}
    defined = {each["url"] for each in of_type("OperationDefinition")}
    assert set(named.values()) - defined == {
        "http://hl7.org/fhir/OperationDefinition/Resource-validate"
    }


def test_every_error_and_every_caveat_has_its_code() -> None:
    systems = {each["id"]: each for each in of_type("CodeSystem")}
    listed = {each["code"]: each["display"] for each in systems["error"]["concept"]}

    def kinds(base: type[PgxError]) -> list[type[PgxError]]:
        own = [k for k in base.__subclasses__() if k.__module__ == "fhir_pgx.errors"]
        return [base, *(kind for each in own for kind in kinds(each))]

    assert listed == {kind.code: kind.__name__ for kind in kinds(PgxError)}
    assert [code for code, _, _ in errors(DOCS)] == sorted(listed)
    codes = [code for code, _, _ in caveats(DOCS)]
    assert codes == [each["code"] for each in systems["caveat"]["concept"]]
    assert len(codes) == len(set(codes)) > 100


def test_profiles_rest_on_the_guide_or_on_base_fhir() -> None:
    for structure in of_type("StructureDefinition"):
        base = structure["baseDefinition"]
        if base.startswith(guide_url()):
            rules = guide_profiles()[base.removeprefix(guide_url())]
            assert rules.type == structure["type"]
        else:
            assert base == f"http://hl7.org/fhir/StructureDefinition/{structure['type']}"


def test_every_element_that_a_profile_names_is_one_of_its_type() -> None:
    from fhir_pgx.knowledge.fhir_schema import r4_definitions

    def exists(path: str) -> bool:
        owner, *steps = path.split(".")
        for step in steps:
            members = r4_definitions()[owner]["properties"]
            stem = step.removesuffix("[x]")
            if step.endswith("[x]"):
                return any(name.startswith(stem) for name in members)
            if step not in members:
                return False
            target = json.dumps(members[step])
            owner = target.partition("#/definitions/")[2].partition('"')[0] or owner
        return True

    for structure in of_type("StructureDefinition"):
        for element in structure["differential"]["element"]:
            assert exists(element["path"]), element["path"]
    assert not exists("Observation.values")


def test_a_definition_that_was_changed_by_hand_would_be_found() -> None:
    wanted = files_of(DOCS)
    some = next(iter(definitions(DOCS)))
    assert json.dumps(some | {"title": "other"}).encode() != wanted[f"{name_of(some)}.json"]
