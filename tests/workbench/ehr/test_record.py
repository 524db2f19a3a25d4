"""A chart is made of whatever comes, and of one patient alone."""

import pytest

from fhir_pgx.errors import MixedPatients
from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.model.document import Document, Options
from fhir_pgx.workbench.ehr import record_of, request_resources

from .conftest import ROOT

PATIENT = {"resourceType": "Patient", "id": "p"}


def result(**more):
    return {"resourceType": "Observation", "status": "final", **more}


def test_references_inside_a_bundle_lead_to_what_is_filed():
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient"}},
            {
                "fullUrl": "urn:uuid:2",
                "resource": result(subject={"reference": "urn:uuid:1"}),
            },
            {
                "fullUrl": "urn:uuid:3",
                "resource": {
                    "resourceType": "DiagnosticReport",
                    "subject": {"reference": "urn:uuid:1"},
                    "result": [{"reference": "urn:uuid:2"}],
                },
            },
        ],
    }
    record = record_of([bundle])
    assert record.patient_id == "1"
    _, observation, report = record.resources
    assert observation["subject"] == {"reference": "Patient/1"}
    assert report["result"] == [{"reference": "Observation/2"}]
    assert bundle["entry"][1]["resource"] == result(subject={"reference": "urn:uuid:1"})


def test_without_a_patient_a_synthetic_one_is_made():
    record = record_of([result(id="o")])
    assert record.patient["meta"]["tag"][0]["code"] == "HTEST"
    assert [each["resourceType"] for each in record.resources] == ["Patient", "Observation"]


def test_a_subject_known_by_words_alone_is_filed_and_one_with_an_identifier_is_left():
    identified = {"identifier": {"system": "urn:x", "value": "1"}}
    record = record_of([PATIENT, result(id="a", subject={"display": "sample 7"}),
                        result(id="b", subject=identified)])  # fmt: skip
    assert record.resources[1]["subject"]["reference"] == "Patient/p"
    assert record.resources[2]["subject"] == identified


@pytest.mark.parametrize(
    "documents",
    [
        [PATIENT, {"resourceType": "Patient", "id": "q"}],
        [result(id="a", subject={"reference": "Patient/p"}),
         result(id="b", subject={"reference": "Patient/q"})],
    ],
)  # fmt: skip
def test_data_of_two_patients_make_no_chart(documents):
    with pytest.raises(MixedPatients):
        record_of(documents)


def test_the_chart_of_a_genome_is_read_as_the_genome_itself(pipeline):
    """As a report, filed: every position that was read is there still."""
    document = Document((ROOT / "examples/genomes/panel-grch38.vcf").read_bytes())
    record = record_of(pipeline.as_resources([document], Options()))
    before = pipeline.interpret_documents([document], Options())["genes"]
    after = pipeline.interpret(entries_of(list(record.resources))).genes
    assert len([gene for gene, found in after.items() if found.status != "not-tested"]) > 10
    for gene, found in after.items():
        assert (found.status.value, found.phenotype) == (
            before[gene]["status"], before[gene]["phenotype"]
        )  # fmt: skip
        assert (found.coverage is None) == (before[gene]["coverage"] is None)


def test_the_chart_of_a_request_is_its_prefetch_without_its_drafts(ada):
    request = {
        "prefetch": {"patient": PATIENT, "none": None},
        "context": {"draftOrders": {"resourceType": "Bundle"}},
    }
    assert request_resources(request) == [PATIENT]
    assert request_resources({"prefetch": []}) == []
