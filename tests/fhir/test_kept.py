"""What is remembered of an Observation is what reading it again would say."""

import copy
import json
from pathlib import Path

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.kept import LONGEST, ResultMemory
from fhir_pgx.fhir.reading import read

ROOT = Path(__file__).resolve().parents[2]
REQUESTS = sorted(
    path
    for folder in ("tests/cases", "examples")
    for path in ROOT.glob(f"{folder}/*/request.json")
    if path.parent.name != "refused-malformed"  # no JSON
)


def entries_in(document):
    members = [document.get(name) for name in ("prefetch", "context")]
    return [
        entry
        for member in members
        if isinstance(member, dict)
        for key, value in member.items()
        for entry in (entries_of(value, key) if isinstance(value, (dict, list)) else ())
    ]


def as_another(document):
    """The same results of another patient, on another day, in another order of keys."""
    text = json.dumps(document).replace("2026", "2019")
    other = json.loads(text)
    prefetch = other.get("prefetch")
    if isinstance(prefetch, dict):
        other["prefetch"] = {f"again-{key}": prefetch[key] for key in prefetch}
    return other


@pytest.fixture(scope="module")
def memory():
    return ResultMemory()  # one for all: what one request leaves must not change another's reading


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.parent.name)
def test_a_remembered_reading_is_the_reading(vocabulary, memory, path):
    document = json.loads(path.read_bytes())
    for version in (document, document, as_another(document)):
        entries = entries_in(version)
        assert read(entries, vocabulary, memory) == read(entries, vocabulary)


def variant(**changes):
    resource = {
        "resourceType": "Observation",
        "id": "v",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "69548-6"}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-01-01",
        "valueCodeableConcept": {"text": "Present"},
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": "48018-6"}]},
                "valueCodeableConcept": {"text": "EGFR"},
            },
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": "48005-3"}]},
                "valueCodeableConcept": {"text": "p.Leu858Arg"},
            },
        ],
    }
    return {**resource, **changes}


def held(memory):
    """All that the memory holds, in words."""
    return repr(
        [
            [cell.cell_contents for cell in make.__closure__ or ()]
            for kept in memory._kept.values()
            for _, make, _ in kept or ()
        ]
    )


def told(vocabulary, memory, *resources):
    return read(entries_of(list(resources)), vocabulary, memory)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "preliminary"},
        {"status": "entered-in-error"},
        {"valueCodeableConcept": {"text": "Absent"}},
        {"valueCodeableConcept": {"text": "No call"}},
        {"method": {"text": "Cell-free DNA sequencing"}},
        {"specimen": {"display": "Plasma"}},
        {"specimen": {"reference": "Specimen/s"}},
        {"interpretation": [{"text": "Pathogenic"}]},
        {"focus": [{"reference": "RelatedPerson/donor"}]},
        {"extension": [{"url": "http://example.org/x"}]},
    ],
)
def test_whatever_can_change_the_reading_is_read_anew(vocabulary, changes):
    memory = ResultMemory()
    first = told(vocabulary, memory, variant())
    specimen = {"resourceType": "Specimen", "id": "s", "type": {"text": "Plasma"}}
    changed = (variant(**changes), specimen)
    found = told(vocabulary, memory, *changed)
    assert found == told(vocabulary, None, *changed)
    if "extension" not in changes:  # one that nobody knows says nothing
        assert found != first


def test_the_specimen_behind_a_reference_counts_and_not_its_name(vocabulary):
    memory = ResultMemory()
    result = variant(specimen={"reference": "Specimen/s"})
    for words in ("Plasma", "Tumour tissue", "Plasma"):
        specimen = {"resourceType": "Specimen", "id": "s", "type": {"text": words}}
        found = told(vocabulary, memory, copy.deepcopy(result), specimen)
        assert found == told(vocabulary, None, result, specimen)


def test_the_report_that_holds_a_result_counts(vocabulary):
    memory = ResultMemory()
    for status in ("final", "entered-in-error", "final"):
        report = {
            "resourceType": "DiagnosticReport",
            "id": "r",
            "status": status,
            "subject": {"reference": "Patient/p"},
            "result": [{"reference": "Observation/v"}],
        }
        found = told(vocabulary, memory, variant(), report)
        assert found == told(vocabulary, None, variant(), report)


def test_whose_and_when_are_put_back(vocabulary):
    memory = ResultMemory()
    told(vocabulary, memory, variant())
    other = variant(id="w", subject={"reference": "Patient/q"}, effectiveDateTime="2024-05-05")
    (found,) = told(vocabulary, memory, other).variants
    origin = found.origin
    assert (origin.reference, origin.subject, origin.when) == (
        "Observation/w", "Patient/q", "2024-05-05",
    )  # fmt: skip


def test_no_long_text_is_kept(vocabulary):
    memory = ResultMemory()
    words = "a" * (LONGEST + 1)
    told(vocabulary, memory, variant(valueCodeableConcept={"text": f"EGFR L858R {words}"}))
    assert words not in held(memory)
    told(vocabulary, memory, variant())
    assert "Leu858Arg" in held(memory)


def test_what_is_kept_names_no_patient_and_no_resource(vocabulary):
    memory = ResultMemory()
    told(vocabulary, memory, variant(id="secret-1", subject={"reference": "Patient/secret-2"}))
    assert "Leu858Arg" in held(memory)
    assert "secret" not in held(memory)


def test_what_another_resource_adds_to_a_variant_is_not_taken_for_its_own(vocabulary):
    """A classification that stands in an implication of its own: the variant is then another than
    the like of it that was read without."""
    memory = ResultMemory()
    told(vocabulary, memory, variant())
    (alone,) = told(vocabulary, memory, variant()).variants
    assert alone.content
    implication = {
        "resourceType": "Observation",
        "id": "i",
        "status": "final",
        "code": {
            "coding": [
                {
                    "system": "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs",
                    "code": "diagnostic-implication",
                }
            ]
        },
        "subject": {"reference": "Patient/p"},
        "derivedFrom": [{"reference": "Observation/v"}],
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": "53037-8"}]},
                "valueCodeableConcept": {"text": "Uncertain significance"},
            }
        ],
    }
    (classed,) = told(vocabulary, memory, variant(), implication).variants
    assert classed.significance == "uncertain"
    assert classed.content == b""
