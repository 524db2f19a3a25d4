"""Each conclusion that leaves us as a resource, or is kept, has one Provenance: whose, of what."""

import json
from contextlib import closing

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.json import read_json
from fhir_pgx.model.document import Options
from fhir_pgx.rest.derivation import derive_report
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.storage.store import NewResource
from fhir_pgx.version import __version__
from fhir_pgx.web.derivation import derivation_server
from tests.cli.conftest import GENOTYPE, PATIENT, bundle
from tests.web.fhir_client import real_pipeline

# Who it is by, what was read past, and the record of it all.
BESIDE = {"Device", "Provenance", "OperationOutcome"}


def concluded(resources):
    return [each for each in resources if each["resourceType"] not in BESIDE]


def check(provenance, sources, release):
    """Agent, knowledge and sources of one Provenance."""
    (agent,) = provenance["agent"]
    assert agent["who"]["display"] == f"fhir_pgx {__version__}"
    assert provenance["policy"] == [f"urn:fhir-pgx:knowledge:{release}"]
    roles = [(each["role"], each["what"].get("reference")) for each in provenance["entity"]]
    for source in sources:
        assert ("source", source) in roles
    assert any(release in each["what"].get("display", "") for each in provenance["entity"])


@pytest.mark.parametrize("asked", ["interpret", "recommend"])
def test_each_conclusion_that_is_answered_has_one_provenance(asked):
    pipeline = real_pipeline()
    options = Options(format="fhir", drugs=("clopidogrel",) if asked == "recommend" else ())
    ask = getattr(pipeline, f"{asked}_entries")
    answer = ask(entries_of(bundle(PATIENT, GENOTYPE)), options)
    resources = {each["fullUrl"]: each["resource"] for each in answer["entry"]}
    (provenance,) = [e for e in resources.values() if e["resourceType"] == "Provenance"]
    targets = [each["reference"] for each in provenance["target"]]
    made = concluded(resources.values())
    assert made
    assert sorted(targets) == sorted(f"urn:uuid:{each['id']}" for each in made)
    assert resources[provenance["agent"][0]["who"]["reference"]]["resourceType"] == "Device"
    check(provenance, ["Observation/cyp2c19"], pipeline.knowledge.release)


def test_an_answer_without_a_conclusion_has_no_provenance_to_give():
    options = Options(format="fhir", drugs=("clopidogrel",))
    answer = real_pipeline().recommend_entries(entries_of(bundle(PATIENT)), options)
    found = [each["resource"] for each in answer["entry"]]
    assert bool(concluded(found)) == any(each["resourceType"] == "Provenance" for each in found)


def test_each_conclusion_that_is_kept_has_one_provenance(tmp_path):
    settings, pipeline = Settings(), real_pipeline()
    with closing(SqlStore(f"sqlite:///{tmp_path}/kept.db")) as store:
        with store.transaction() as unit:
            for each in (PATIENT, GENOTYPE):
                body = json.dumps(each).encode()
                unit.put(NewResource(each["resourceType"], each["id"], body, "synthetic-1"))
        derive_report(derivation_server(store, settings), pipeline, "synthetic-1")
        stored = {
            each.reference: read_json(each.body, max_bytes=10_000_000)
            for each in store.resources_of("synthetic-1")
        }
    kept = {name: each for name, each in stored.items() if "tag" in each.get("meta", {})}
    (provenance,) = [each for each in kept.values() if each["resourceType"] == "Provenance"]
    targets = [each["reference"] for each in provenance["target"]]
    made = [name for name in kept if not name.startswith("Provenance/")]
    assert made
    assert sorted(targets) == sorted(made)
    check(provenance, ["Observation/cyp2c19"], pipeline.knowledge.release)
