"""What the emulated server finds is what a FHIR server would: by exact tokens, of one patient."""

from fhir_pgx.workbench.ehr.record import Record
from fhir_pgx.workbench.ehr.searches import answer_query

BASE = "https://ehr.example.org/fhir"
LOINC = "http://loinc.org"


def coded(code, system=LOINC):
    return {"coding": [{"system": system, "code": code}]}


def kept(kind, identity, **more):
    return {"resourceType": kind, "id": identity, **more}


RECORD = Record(
    "p",
    (
        kept("Patient", "p"),
        kept("Observation", "a", code=coded("84413-4"), category=[coded("laboratory", "c")]),
        kept("Observation", "b", code=coded("29463-7"), category=coded("vital-signs", "c")),
        kept("MedicationRequest", "m", status="active"),
        kept("MedicationRequest", "n", status="stopped"),
    ),
)


def found(query, **more):
    bundle = answer_query(RECORD, BASE, query, **more).body
    return [each["resource"]["id"] for each in bundle.get("entry", [])]


def test_a_search_is_by_patient_code_category_and_status():
    assert found("Observation?patient=p&code=84413-4,1-1") == ["a"]
    assert found(f"Observation?patient=p&code={LOINC}|29463-7") == ["b"]
    assert found("Observation?patient=p&code=http://other|29463-7") == []
    assert found("Observation?patient=p&category=vital-signs") == ["b"]  # an object for an array
    assert found("MedicationRequest?patient=Patient/p&status=active") == ["m"]
    assert found("Observation?patient=q") == []


def test_pages_lead_from_one_to_the_next_and_end():
    first = answer_query(RECORD, BASE, "Observation?patient=p", page_size=1).body
    links = {each["relation"]: each["url"] for each in first["link"]}
    assert (first["total"], len(first["entry"])) == (2, 1)
    query = links["next"].removeprefix(f"{BASE}/")
    last = answer_query(RECORD, BASE, query, page_size=1).body
    assert [each["resource"]["id"] for each in last["entry"]] == ["b"]
    assert [each["relation"] for each in last["link"]] == ["self"]


def test_a_read_finds_or_says_404():
    assert answer_query(RECORD, BASE, "Patient/p").body["id"] == "p"
    missing = answer_query(RECORD, BASE, "Patient/q")
    assert (missing.status, missing.body["resourceType"]) == (404, "OperationOutcome")


def test_no_results_are_an_empty_bundle_or_an_outcome_in_one():
    assert "entry" not in answer_query(RECORD, BASE, "Observation?patient=q").body
    said = answer_query(RECORD, BASE, "Observation?patient=q", says_none=True).body
    assert said["entry"][0]["search"] == {"mode": "outcome"}
    assert said["entry"][0]["resource"]["issue"][0]["severity"] == "warning"
