"""`_summary` and `_elements`. All resources here are synthetic."""

import pytest

from fhir_pgx.rest.chosen import SUBSETTED, choose, choose_summary
from fhir_pgx.rest.query import parse_query

REPORT = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "meta": {"versionId": "3", "tag": [{"system": "s", "code": "t"}]},
    "implicitRules": "http://rules",
    "text": {"status": "generated", "div": "<div>…</div>"},
    "extension": [{"url": "http://x", "valueString": "a"}],
    "modifierExtension": [{"url": "http://y", "valueBoolean": True}],
    "status": "final",
    "_status": {"extension": [{"url": "http://z", "valueString": "b"}]},
    "code": {"coding": [{"code": "51969-4"}]},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2024-05-01",
    "media": [{"comment": "a picture", "link": {"reference": "Media/m"}}],
    "presentedForm": [{"contentType": "application/pdf", "data": "AAAA"}],
    "conclusion": "…",
}


def asked(resource, *pairs):
    return parse_query(resource["resourceType"], pairs)


def chosen(resource, *pairs):
    return choose(resource, asked(resource, *pairs))


def test_without_either_the_resource_is_given_as_it_is():
    assert chosen(REPORT) is REPORT
    assert chosen(REPORT, ("_summary", "false")) is REPORT


@pytest.mark.parametrize(
    ("pairs", "members"),
    [
        ([("_summary", "true")],
         "implicitRules modifierExtension status _status code subject effectiveDateTime media"),
        ([("_summary", "text")], "implicitRules modifierExtension text status _status code"),
        ([("_summary", "data")],
         "implicitRules extension modifierExtension status _status code subject effectiveDateTime"
         " media presentedForm conclusion"),
        ([("_elements", "subject")],
         "implicitRules modifierExtension status _status code subject"),
        ([("_elements", "effective[x]")],
         "implicitRules modifierExtension status _status code effectiveDateTime"),
        ([("_elements", "effectiveDateTime,nonsense")],
         "implicitRules modifierExtension status _status code effectiveDateTime"),
        ([("_elements", "conclusion"), ("_summary", "true")],
         "implicitRules modifierExtension status _status code conclusion"),
    ],
)  # fmt: skip
def test_what_is_asked_what_is_mandatory_and_what_changes_the_meaning_of_the_rest(pairs, members):
    assert set(chosen(REPORT, *pairs)) == {"resourceType", "id", "meta", *members.split()}


@pytest.mark.parametrize(
    "pair",
    [("_summary", "true"), ("_summary", "text"), ("_summary", "data"), ("_elements", "code")],
)
def test_what_is_shortened_says_so(pair):
    found = chosen(REPORT, pair)
    assert found["meta"] == {
        "versionId": "3", "tag": [{"system": "s", "code": "t"}, SUBSETTED]
    }  # fmt: skip
    assert chosen({**REPORT, "meta": None}, pair)["meta"] == {"tag": [SUBSETTED]}
    assert REPORT["meta"]["tag"] == [{"system": "s", "code": "t"}]  # the original stays


def test_a_summary_leaves_out_within_elements_too():
    assert chosen(REPORT, ("_summary", "true"))["media"] == [{"link": {"reference": "Media/m"}}]
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"contentType": "text/vcf", "data": "AAAA", "title": "x"}}],
    }
    (content,) = chosen(document, ("_summary", "true"))["content"]
    assert content == {"attachment": {"contentType": "text/vcf", "title": "x"}}


def test_a_result_keeps_its_components_in_a_summary():
    component = {
        "code": {"coding": [{"code": "48018-6", "display": "Gene"}]},
        "valueCodeableConcept": {"coding": [{"code": "HGNC:2623"}], "text": "CYP2C9"},
        "interpretation": [{"text": "not of the summary"}],
    }
    observation = {"resourceType": "Observation", "status": "final", "component": [component]}
    (found,) = chosen(observation, ("_summary", "true"))["component"]
    assert found == {name: component[name] for name in ("code", "valueCodeableConcept")}


def test_a_patient_keeps_that_she_has_died():
    patient = {"resourceType": "Patient", "deceasedDateTime": "2020", "photo": [{"url": "x"}]}
    assert set(chosen(patient, ("_elements", "name"))) == {
        "resourceType", "meta", "deceasedDateTime"
    }  # fmt: skip


def test_a_contained_resource_stays_where_what_is_left_refers_to_it():
    order = {
        "resourceType": "MedicationRequest",
        "contained": [{"resourceType": "Medication", "id": "m"}],
        "status": "active",
        "medicationReference": {"reference": "#m"},
    }
    assert "contained" in chosen(order, ("_summary", "true"))
    assert "contained" in chosen(order, ("_elements", "status"))  # a medication is mandatory
    del order["medicationReference"]
    assert "contained" not in chosen(order, ("_summary", "true"))


def test_of_an_included_resource_elements_say_nothing():
    patient = {"resourceType": "Patient", "photo": [{"url": "x"}]}
    search = parse_query("Observation", [("_elements", "code")])
    assert choose_summary(patient, search) is patient
    search = parse_query("Observation", [("_summary", "true")])
    assert "photo" not in choose_summary(patient, search)


@pytest.mark.parametrize("odd", [{}, {"resourceType": 7}, {"resourceType": "Questionnaire"}])
def test_a_resource_of_no_known_type_is_shortened_without_fail(odd):
    search = parse_query("Observation", [("_summary", "true")])
    assert choose(odd, search)["meta"] == {"tag": [SUBSETTED]}
