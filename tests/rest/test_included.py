"""What comes along with a search: on a real store. All resources here are synthetic."""

from contextlib import closing

import pytest

from fhir_pgx.errors import TooManyIncluded
from fhir_pgx.fhir.json import write_json
from fhir_pgx.rest import included as included_module
from fhir_pgx.rest.included import included
from fhir_pgx.rest.query import parse_query
from fhir_pgx.rest.values import search_values
from fhir_pgx.storage import NewResource, SqlStore

PATIENT = {"resourceType": "Patient", "id": "p", "generalPractitioner": [
    {"reference": "Practitioner/d"}]}  # fmt: skip
DOCTOR = {"resourceType": "Practitioner", "id": "d"}
LAB = {"resourceType": "Organization", "id": "lab"}
RECORD = (
    PATIENT,
    DOCTOR,
    LAB,
    {"resourceType": "Observation", "id": "variant", "subject": {"reference": "Patient/p"},
     "performer": [{"reference": "Organization/lab"}, {"reference": "Practitioner/d"}]},
    {"resourceType": "Observation", "id": "genotype", "subject": {"reference": "Patient/p"},
     "derivedFrom": [{"reference": "Observation/variant"}]},
    {"resourceType": "Observation", "id": "implication", "subject": {"reference": "Patient/p"},
     "derivedFrom": [{"reference": "Observation/genotype"}, {"reference": "Observation/gone"}]},
    {"resourceType": "Provenance", "id": "made", "target": [{"reference": "Observation/variant"}]},
)  # fmt: skip


@pytest.fixture
def reads(tmp_path):
    with closing(SqlStore(f"sqlite:///{tmp_path}/fhir.db")) as store:
        store.save_bundle([
            NewResource(each["resourceType"], each["id"], write_json(each),
                        values=search_values(each))
            for each in RECORD
        ])  # fmt: skip
        yield store.reads()


def brought(reads, type_, *pairs):
    """The matches, and what came along, as references."""
    asked = parse_query(type_, pairs)
    found = reads.search(asked.query).resources
    return (
        sorted(each.id for each in found),
        sorted(each.reference for each in included(reads, found, asked)),
    )


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("_include", "Observation:subject")], ["Patient/p"]),
        ([("_include", "Observation:performer")], ["Organization/lab", "Practitioner/d"]),
        ([("_include", "Observation:performer:Organization")], ["Organization/lab"]),
        ([("_include", "*")], ["Organization/lab", "Patient/p", "Practitioner/d"]),
        ([("_include", "Patient:general-practitioner")], []),  # no match is a Patient
        ([("_include", "Observation:subject"),
          ("_include:iterate", "Patient:general-practitioner")], ["Patient/p", "Practitioner/d"]),
        ([("_revinclude", "Provenance:target")], ["Provenance/made"]),
        ([("_revinclude", "Provenance:*")], ["Provenance/made"]),
        ([("_revinclude", "Observation:derived-from")], ["Observation/genotype"]),
        ([("_revinclude:iterate", "Observation:derived-from")],
         ["Observation/genotype", "Observation/implication"]),
        ([], []),
    ],
)  # fmt: skip
def test_what_a_match_leads_to_and_what_leads_to_it(reads, pairs, expected):
    assert brought(reads, "Observation", ("_id", "variant"), *pairs) == (["variant"], expected)


def test_a_match_does_not_come_along_with_another(reads):
    matches, came = brought(reads, "Observation", ("_include", "Observation:derived-from"))
    assert matches == ["genotype", "implication", "variant"]
    assert came == []


def test_what_is_not_there_is_passed_over(reads):
    include = ("_include", "Observation:derived-from")
    assert brought(reads, "Observation", ("_id", "implication"), include)[1] == [
        "Observation/genotype"
    ]


def test_a_circle_ends(reads):
    include = ("_include:iterate", "*")
    around = ("_revinclude:iterate", "Observation:subject")
    assert len(brought(reads, "Patient", include, around)[1]) == len(RECORD) - 2


def test_more_than_the_limit_is_refused_and_never_cut(reads, monkeypatch):
    monkeypatch.setattr(included_module, "MOST_INCLUDED", 2)
    with pytest.raises(TooManyIncluded):
        brought(reads, "Patient", ("_revinclude", "Observation:subject"))
    with pytest.raises(TooManyIncluded):
        brought(reads, "Observation", ("_include", "*"))
