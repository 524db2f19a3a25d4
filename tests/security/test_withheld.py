"""Which resources a judgement hides: every version, what rests on them, the Consent itself."""

import json

import pytest

from fhir_pgx.knowledge.gene_words import load_gene_words
from fhir_pgx.security.withheld import Version, withheld

from .consent_examples import (
    CLINICIAN,
    CYP2C19,
    EMERGENCY,
    GLUCOSE,
    NOW,
    OF_CYP2C19,
    actor,
    consent,
    deny,
    hidden,
    judged,
    permit,
    resource,
    version,
)

DENIED = consent(deny(code=[CYP2C19]))


def refers(kind, identity, member, target, **more):
    reference = {"reference": target}
    many = member in ("derivedFrom", "hasMember", "result", "basedOn", "target", "evidence", "item",
                      "entry", "section", "focus", "input", "supportingInformation")  # fmt: skip
    return resource(kind, identity, **{member: [reference] if many else reference}, **more)


def test_one_version_that_speaks_of_the_gene_hides_the_resource():
    older = Version("Observation", "o1", b'{"resourceType":"Observation","note":"CYP2C19"}')
    newer = Version("Observation", "o1", b'{"resourceType":"Observation","note":"corrected"}')
    found = withheld((older, newer), (DENIED,), CLINICIAN, NOW, words=load_gene_words())
    assert found.hidden == {("Observation", "o1")}


@pytest.mark.parametrize(
    "resting",
    [
        refers("Observation", "x", "derivedFrom", "Observation/cyp2c19"),
        refers("Observation", "x", "hasMember", "Observation/cyp2c19"),
        refers("DiagnosticReport", "x", "result", "Observation/cyp2c19"),
        refers("MolecularSequence", "x", "pointer", "Observation/cyp2c19"),
        refers("Task", "x", "focus", "Observation/cyp2c19"),
        refers("DetectedIssue", "x", "evidence", "Observation/cyp2c19"),
        refers("RiskAssessment", "x", "basedOn", "Observation/cyp2c19"),
        refers("GuidanceResponse", "x", "result", "Observation/cyp2c19"),
        refers("Provenance", "x", "target", "Observation/cyp2c19"),
        refers("DocumentReference", "x", "related", "Observation/cyp2c19"),
        refers("Composition", "x", "section", "Observation/cyp2c19"),
        refers("List", "x", "entry", "Observation/cyp2c19"),
        refers("ImmunizationRecommendation", "x", "supportingInformation", "Observation/cyp2c19"),
        refers("Condition", "x", "evidence", "Observation/cyp2c19"),
        refers("CarePlan", "x", "supportingInformation", "Observation/cyp2c19"),
        refers("Observation", "x", "derivedFrom", "http://ehr.test/fhir/Observation/cyp2c19"),
        refers("Observation", "x", "derivedFrom", "Observation/cyp2c19/_history/3"),
        resource("Bundle", "x", entry=[{"resource": {"resourceType": "Observation",
                                                     "id": "cyp2c19"}}]),
        resource("Binary", "x", attachment={"url": "Observation/cyp2c19"}),
    ],
)  # fmt: skip
def test_what_rests_on_something_withheld_is_withheld(resting):
    # Named without the gene, so that nothing but the reference tells.
    plain = json.loads(json.dumps(resting).replace("cyp2c19", "a"))
    source = {**OF_CYP2C19, "id": "a"}
    assert hidden(DENIED, (source, plain, GLUCOSE)) == {"a", "x"}
    assert hidden(consent(permit()), (source, plain, GLUCOSE)) == set()


def test_what_rests_on_it_by_way_of_others_is_withheld():
    chain = [{**OF_CYP2C19, "id": "a0"}]
    chain += [refers("Observation", f"a{n}", "derivedFrom", f"Observation/a{n - 1}")
              for n in range(1, 6)]  # fmt: skip
    assert hidden(DENIED, [*reversed(chain), GLUCOSE]) == {f"a{n}" for n in range(6)}


def test_a_reference_by_the_full_url_of_a_bundle_counts():
    source = Version(
        "Observation", "a", json.dumps({**OF_CYP2C19, "id": "a"}).encode(), "urn:uuid:1"
    )
    report = version(refers("DiagnosticReport", "x", "result", "urn:uuid:1"))
    found = withheld((source, report), (DENIED,), CLINICIAN, NOW, words=load_gene_words())
    assert found.hidden == {("Observation", "a"), ("DiagnosticReport", "x")}


def test_two_that_refer_to_each_other_are_no_endless_way():
    one = refers("Observation", "a", "hasMember", "Observation/b", note=[{"text": "CYP2C19"}])
    other = refers("Observation", "b", "derivedFrom", "Observation/a")
    assert hidden(DENIED, (one, other)) == {"a", "b"}


def test_what_everything_refers_to_is_no_way_to_withhold_everything():
    visit = refers("Encounter", "visit", "reasonReference", "Observation/a")
    weight = refers("Observation", "weight", "encounter", "Encounter/visit")
    order = refers("MedicationRequest", "order", "reasonReference", "Observation/a")
    source = {**OF_CYP2C19, "id": "a"}
    assert hidden(DENIED, (source, visit, weight, order)) == {"a"}


def test_what_is_permitted_is_shown_also_of_a_patient_who_is_withheld():
    patient = {"resourceType": "Patient", "id": "p1"}
    made = consent(deny(provision=[permit(code=[CYP2C19])]))
    assert hidden(made, (patient, OF_CYP2C19, GLUCOSE)) == {"p1", "glucose"}


def test_a_result_of_a_specimen_that_tells_the_gene_is_withheld():
    sample = resource("Specimen", "sample", note=[{"text": "for CYP2C19"}])
    result = refers("Observation", "x", "specimen", "Specimen/sample")
    assert hidden(DENIED, (sample, result, GLUCOSE)) == {"sample", "x"}


def test_a_reference_that_tells_the_gene_is_withheld_in_any_type():
    order = refers("MedicationRequest", "order", "reasonReference", "Observation/cyp2c19")
    assert hidden(DENIED, (OF_CYP2C19, order)) == {"cyp2c19", "order"}


def test_a_consent_that_restricts_is_itself_withheld():
    of_consents = {name for name in judged(DENIED).hidden if name[0] == "Consent"}
    assert of_consents == {("Consent", "c1")}


def test_a_consent_that_does_not_restrict_this_caller_is_shown():
    for_another = consent(permit(provision=[deny(actor=[actor("Practitioner/8")])]), id="c2")
    found = judged([DENIED, for_another]).hidden
    assert ("Consent", "c2") not in found
    old = consent(deny(code=[CYP2C19]), id="c3", status="inactive")
    assert ("Consent", "c3") in judged([DENIED, old]).hidden  # it names the gene
    assert judged(old).hidden == frozenset()  # which nobody withholds


def test_the_record_of_accesses_is_withheld_from_whom_anything_is():
    event = {"resourceType": "AuditEvent", "id": "e1", "entity": [{"what": {"display": "read"}}]}
    assert hidden(DENIED, (event, GLUCOSE)) == {"e1"}
    assert hidden(consent(permit()), (event, GLUCOSE)) == set()


def test_a_broken_glass_shows_the_consent_too():
    assert judged(DENIED, caller=EMERGENCY).hidden == frozenset()


def test_a_code_behind_an_escape_is_found():
    body = b'{"resourceType":"Observation","id":"o1","code":{"coding":[{"code":"2345\\u002d7"}]}}'
    rule = consent(deny(code=[{"coding": [{"system": "http://loinc.org", "code": "2345-7"}]}]))
    found = withheld(
        (Version("Observation", "o1", body),), (rule,), CLINICIAN, NOW, words=load_gene_words()
    )
    assert found.hidden == {("Observation", "o1")}


def test_a_body_that_is_no_json_is_heard_all_the_same():
    broken = Version("Observation", "o1", b'{"note": "CYP2C19')
    found = withheld((broken,), (DENIED,), CLINICIAN, NOW, words=load_gene_words())
    assert found.hidden == {("Observation", "o1")}


def test_without_consents_nothing_is_withheld_and_nothing_is_looked_at():
    class Unread:
        def __iter__(self):
            raise AssertionError("the record was read")

    found = withheld(Unread(), (), CLINICIAN, NOW, words=load_gene_words())
    assert (found.hidden, found.is_limited) == (frozenset(), False)
