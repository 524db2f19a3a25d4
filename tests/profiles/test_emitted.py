"""What we emit meets every constraint of the profiles that we publish for it.

A profile states its own constraints beside those of the guide it rests on; the guide's are checked
by validators of others (`tests/reports/test_validators.py`). All patients are synthetic.
"""

import copy
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.json import write_json
from fhir_pgx.knowledge.guide import guide_url
from fhir_pgx.model.document import Document, Options
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.rest.loading import drafts_in, load_documents
from fhir_pgx.rest.server import Server
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app
from tests.operations.synthetic import patient, protein, variant
from tests.reports.people import PATIENT, bundle, phenotype, result, vcf_of

ROOT = Path(__file__).resolve().parents[2]
Found = dict[str, Any]
PROFILES: list[Found] = [
    json.loads(path.read_bytes())
    for path in sorted((ROOT / "profiles").glob("StructureDefinition-derived-*.json"))
]
STATED = bundle(
    PATIENT,
    result("one", "CYP2C19", "*2/*2"),
    result("two", "CYP2D6", "*1/*4 or *1/*1"),
    result("three", "TPMT", "No call"),
    result("four", "HLA-B", "HLA-B*57:01 positive"),
    phenotype("five", "NUDT15", "Poor Metabolizer"),
)


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> list[Found]:
    """Reports of results, of a genome and of a tumour; and an answer of an operation."""
    pipeline = Pipeline.load(Settings())
    request = json.loads((ROOT / "examples/host-tumour-pathogen/request.json").read_bytes())
    tumour = bundle(*(each.resource for each in entries_of(list(request["prefetch"].values()))))
    found = []
    for data, name in (
        (json.dumps(STATED).encode(), ""),
        (vcf_of(pipeline.knowledge, 2), "synthetic.vcf"),
        (json.dumps(tumour, default=str).encode(), ""),
    ):
        report = pipeline.interpret_documents([Document(data, name)], Options(format="fhir"))
        found += [each["resource"] for each in json.loads(write_json(report))["entry"]]
    egfr = variant("v", "anna", "EGFR", protein("p.Leu858Arg"), source="LA6684-0")
    with closing(SqlStore(f"sqlite:///{tmp_path_factory.mktemp('emitted')}/store.db")) as store:
        server = Server(store, "http://localhost/fhir", pipeline.genomic_index)
        load_documents(server, drafts_in([bundle(patient("anna"), egfr)]))
        client = create_app(Settings(), pipeline=pipeline, store=store).test_client()
        answer = client.get(
            "/fhir/$find-subject-molecular-consequences"
            "?subject=anna&featureConsequences=missense_variant"
        ).get_json()
    consequences = [e["resource"] for e in answer["parameter"] if e["name"] == "consequence"]
    return found + consequences


def claiming(profile: Found, emitted: list[Found]) -> list[Found]:
    """The resources of the guide's profile that ours rests on."""
    base = profile["baseDefinition"]
    return [each for each in emitted if base in each.get("meta", {}).get("profile", [])]


def broken(profile: Found, resource: Found) -> list[str]:
    """The elements of a profile whose constraints a resource does not meet."""
    elements = profile["differential"]["element"]
    slices = {each["id"] for each in elements if "sliceName" in each}
    return [each["id"] for each in elements if not meets(each, resource, elements, slices)]


def meets(element: Found, resource: Found, elements: list[Found], slices: set[str]) -> bool:
    owner, _, rest = element["id"].partition(".")
    if not rest:
        return bool(resource["resourceType"] == owner)
    head, _, below = rest.partition(":")
    if element["id"] in slices:
        values = [each for each in at(resource, head) if is_of(element, each, elements)]
    elif below:  # inside a slice: told apart by it
        return True
    else:
        values = at(resource, head)
    known = {"id", "path", "sliceName", "short", "definition", "comment", "slicing", "min", "max",
             "patternCode", "mustSupport"}  # fmt: skip
    assert element.keys() <= known, f"the test does not know {element.keys() - known}"
    most = element.get("max", "*")
    is_enough = element.get("min", 0) <= len(values) <= (1e9 if most == "*" else int(most))
    return is_enough and all(each == element.get("patternCode", each) for each in values)


def at(resource: Found, path: str) -> list[Any]:
    """The values of a path such as `meta.tag` or `value[x]`."""
    found: list[Any] = [resource]
    for step in path.split("."):
        stem = step.removesuffix("[x]")
        names = [(each, key) for each in found for key in each
                 if (key.startswith(stem) if step.endswith("[x]") else key == step)]  # fmt: skip
        values = [each[key] for each, key in names]
        found = [one for each in values for one in (each if isinstance(each, list) else [each])]
    return found


def is_of(slice_: Found, value: Found, elements: list[Found]) -> bool:
    """Whether a value is of a slice: by the pattern stated inside it, or by the guide's code."""
    inside = [each for each in elements if each["id"] == f"{slice_['id']}.system"]
    if inside:
        return bool(value["system"] == inside[0]["patternUri"])
    assert slice_["sliceName"] == "gene-studied"
    return any(each["code"] == "48018-6" for each in value["code"].get("coding", []))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda each: str(each["id"]))
def test_every_resource_meets_our_own_profile(profile: Found, emitted: list[Found]) -> None:
    assert profile["baseDefinition"].startswith(guide_url())
    claimed = claiming(profile, emitted)
    assert claimed
    assert {each["id"]: broken(profile, each) for each in claimed if broken(profile, each)} == {}


def faults(resource: Found) -> Iterator[Found]:
    """The resource without each of what our profiles ask for."""
    for name in ("device", "status", "derivedFrom", "conclusion", "component"):
        if name in resource:
            yield {key: value for key, value in resource.items() if key != name}
    yield resource | {"meta": {}}
    yield resource | {"status": "final"}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda each: str(each["id"]))
def test_each_constraint_can_fail(profile: Found, emitted: list[Found]) -> None:
    whole = copy.deepcopy(claiming(profile, emitted)[0])
    found = {element for each in faults(whole) for element in broken(profile, each)}
    path = profile["type"]
    assert {f"{path}.meta.tag", f"{path}.meta.tag:derivation", f"{path}.status"} <= found
    own = {each["id"] for each in profile["differential"]["element"] if each.get("min")}
    assert own - found <= {f"{path}.meta.tag:derivation.system", f"{path}.value[x]"}
