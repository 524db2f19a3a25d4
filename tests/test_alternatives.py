"""From a call to the suggestions: alternatives judged by everything that was sent of a patient.

All patients and orders here are synthetic.
"""

import copy
import json
from decimal import Decimal

import pytest

from fhir_pgx.cards.dose_change import change_dose
from fhir_pgx.cards.suggestion import replaced
from fhir_pgx.cards.write import write_answer
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.plugins import load_services
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources

from .replay import TODAY, demo_client, listed_examples

LOINC, RXNORM = "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD, UCUM = "http://hl7.org/fhir/sid/icd-10-cm", "http://unitsofmeasure.org"
MINE = {"subject": {"reference": "Patient/p1"}}


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: TODAY)


def patient(**members):
    return {"resourceType": "Patient", "id": "p1", "gender": "female", **members}


def genotype(gene, text):
    studied = {"coding": [{"system": LOINC, "code": "48018-6"}]}
    return {
        "resourceType": "Observation",
        "id": f"synthetic-{gene}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "84413-4"}]},
        "effectiveDateTime": "2026-03-02",
        "valueCodeableConcept": {"text": text},
        "component": [{"code": studied, "valueCodeableConcept": {"text": gene}}],
        **MINE,
    }


def condition(text, code="", state="active", **members):
    coding = [{"system": ICD, "code": code}] if code else []
    return {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": {"coding": [{"code": state}]},
        "code": {"coding": coding, "text": text},
        **MINE,
        **members,
    }


def allergy(code, text, reaction=""):
    made = {
        "resourceType": "AllergyIntolerance",
        "id": f"a-{code}",
        "type": "allergy",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": RXNORM, "code": code}] if code else [], "text": text},
        "patient": {"reference": "Patient/p1"},
    }
    return made | ({"reaction": [{"manifestation": [{"text": reaction}]}]} if reaction else {})


NO_ALLERGY = {
    "resourceType": "AllergyIntolerance",
    "id": "none",
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]},
    "patient": {"reference": "Patient/p1"},
}


def order(code, display, status="draft", number=1, **members):
    concept = {"coding": [{"system": RXNORM, "code": code, "display": display}], "text": display}
    return {
        "resourceType": "MedicationRequest",
        "id": f"order-{number}",
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": concept,
        **MINE,
        **members,
    }


def weight(kilograms):
    return {
        "resourceType": "Observation",
        "id": "weight",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "29463-7"}]},
        "effectiveDateTime": "2026-11-01",
        "valueQuantity": {"value": kilograms, "unit": "kg", "system": UCUM, "code": "kg"},
        **MINE,
    }


ACS = {"reasonCode": [{"text": "acute coronary syndrome"}]}
CLOPIDOGREL = order("309362", "clopidogrel 75 MG Oral Tablet", **ACS)
ASPIRIN = order("243670", "aspirin 81 MG Oral Tablet", status="active", number=9)
POOR = genotype("CYP2C19", "*2/*2")


def bundle(*resources):
    return {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}


def card(pipeline, drafts, *resources):
    request = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p1", "draftOrders": bundle(*drafts)},
        "prefetch": {f"part{n}": each for n, each in enumerate(resources)},
    }
    service = load_services(pipeline.answer).service("pgx-order-sign")
    cards = write_answer(service.answer(read_call(request, service, Sources())))["cards"]
    return cards[0]


def offered(found):
    return {
        each["label"]: each.get("isRecommended", False) for each in found.get("suggestions", [])
    }


KNOWN = (patient(birthDate="1961-07-14"), POOR, NO_ALLERGY, ASPIRIN, weight(78))


def test_after_a_stroke_prasugrel_is_rejected_with_the_reason_and_ticagrelor_offered(pipeline):
    stroke = condition("Ischaemic stroke", "I63.9", state="resolved", onsetDateTime="2019-05-02")
    found = card(pipeline, [CLOPIDOGREL], *KNOWN, stroke)
    assert (
        "prasugrel: advised against for this patient too. Contraindicated after a stroke or "
        in (found["detail"])
    )
    assert "(Ischaemic stroke, 2019-05-02; US label, 4.2; CPIC)" in found["detail"]
    assert list(offered(found)) == ["Change to ticagrelor (for ACS or PCI)"]


def test_a_stroke_that_the_order_itself_is_for_counts(pipeline):
    reasons = {"reasonCode": [{"text": "acute coronary syndrome"}, {"text": "Ischaemic stroke"}]}
    found = card(pipeline, [order("309362", "clopidogrel 75 MG Oral Tablet", **reasons)], *KNOWN)
    assert offered(found)
    assert not any("prasugrel" in each for each in offered(found))


def test_without_a_stroke_and_with_all_known_the_first_alternative_is_recommended(pipeline):
    found = card(pipeline, [CLOPIDOGREL], *KNOWN, condition("Old wrist fracture", "S62.1"))
    assert [label.split()[2] for label, best in offered(found).items() if best] == ["prasugrel"]
    assert "nothing found against it" in found["detail"]


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (NO_ALLERGY, "Allergies were not sent"),
        (ASPIRIN, ""),
        (KNOWN[-1], ""),  # the weight, that prasugrel's dose turns on
    ],
)
def test_what_nobody_looked_for_leaves_no_alternative_recommended(pipeline, left_out, said):
    sent = [each for each in KNOWN if each is not left_out]
    found = card(pipeline, [CLOPIDOGREL], *sent, condition("Old wrist fracture", "S62.1"))
    best = [label.split()[2] for label, is_best in offered(found).items() if is_best]
    # Ticagrelor's facts do not turn on a weight.
    assert best == (["ticagrelor"] if left_out is KNOWN[-1] else [])
    assert said in found["detail"]


def test_an_unrecognized_allergy_is_told_and_nothing_is_recommended(pipeline):
    sent = [each for each in KNOWN if each is not NO_ALLERGY]
    found = card(pipeline, [CLOPIDOGREL], *sent, allergy("", "the little blue one"))
    assert (
        "Not recognized, and so not judged: an allergy to the little blue one." in found["detail"]
    )
    found_best = offered(found)
    assert found_best
    assert not any(found_best.values())


def test_an_allergy_to_the_ordered_drug_warns_of_its_kin_alone(pipeline):
    sent = [each for each in KNOWN if each is not NO_ALLERGY]
    found = card(pipeline, [CLOPIDOGREL], *sent, allergy("32968", "Clopidogrel", "hives"))
    text = found["detail"]
    assert (
        "prasugrel: caution. On record: allergy to Clopidogrel (hives), of the same class" in text
    )
    assert "ticagrelor: not judged." in text


PAROXETINE = order("312242", "paroxetine 20 MG Oral Tablet", status="active", number=7)
DOXEPIN = order("1000048", "doxepin 10 MG Oral Capsule")
QUETIAPINE = order("312743", "quetiapine 100 MG Oral Tablet")


def section(found):
    return found["detail"].split("**Alternatives, judged")[1].split("\n\n**")[0]


def test_an_inhibitor_in_use_acts_on_the_alternative_too(pipeline):
    # DPWG names aripiprazole, which goes by CYP2D6, where CYP3A4 does not clear quetiapine.
    results = (genotype("CYP3A4", "*6/*20"), genotype("CYP2D6", "*1/*1"))
    alone = section(card(pipeline, [QUETIAPINE], patient(birthDate="1980-01-01"), *results))
    assert "aripiprazole: not judged. The guideline gives no recommendation" in alone
    beside = section(
        card(pipeline, [QUETIAPINE], patient(birthDate="1980-01-01"), *results, PAROXETINE)
    )
    assert "aripiprazole: caution. " in beside
    assert "aroxetine" in beside


def test_the_ordered_drug_does_not_act_on_what_replaces_it(pipeline):
    # Doxepin inhibits CYP2D6, by which nortriptyline goes; it is what would be replaced.
    rapid = (patient(birthDate="1980-01-01"), genotype("CYP2C19", "*17/*17"))
    found = section(card(pipeline, [DOXEPIN], *rapid))
    assert "nortriptyline: not judged. " in found
    assert "oxepin" not in found
    found = section(card(pipeline, [DOXEPIN], *rapid, PAROXETINE))
    assert "nortriptyline: caution. " in found
    assert "aroxetine" in found


def test_an_alternative_in_the_same_bundle_is_a_duplicate(pipeline):
    ticagrelor = order("1116635", "ticagrelor 90 MG Oral Tablet", number=2)
    found = card(pipeline, [CLOPIDOGREL, ticagrelor], *KNOWN)
    assert "Ticagrelor is already ordered in the same bundle." in found["detail"]


# Complete resources, copied


def drafts_of(request):
    body = json.loads(request)
    context = body.get("context", {}) if isinstance(body, dict) else {}
    held = context.get("draftOrders") or context.get("medications") or {}
    return [entry["resource"] for entry in held.get("entry", []) if "resource" in entry]


MAY_GO = {
    "medicationCodeableConcept", "medicationReference", "medication", "dosageInstruction",
    "renderedDosageInstruction", "effectiveDosePeriod", "dispenseRequest", "substitution", "note",
    "text", "contained",
}  # fmt: skip


def wrong_updates(suggestions, drafts):
    """Actions that are not a whole order of the call with what they name changed, in words."""
    by_id = {(each["resourceType"], each.get("id")): each for each in drafts}
    for suggestion in suggestions:
        for action in suggestion.get("actions", []):
            if action["type"] == "delete":
                kind, _, number = action["resourceId"].partition("/")
                if (kind, number) not in by_id:
                    yield f"{suggestion['label']}: deletes what was not ordered"
            if action["type"] != "update":
                continue
            made = action["resource"]
            before = by_id.get((made["resourceType"], made.get("id")))
            if before is None:
                yield f"{suggestion['label']}: updates what was not ordered"
                continue
            for name in before.keys() - MAY_GO:
                if made.get(name) != before[name]:
                    yield f"{suggestion['label']}: {name} is not as received"
            for name in made.keys() - before.keys() - {"medicationCodeableConcept"}:
                yield f"{suggestion['label']}: {name} came from nowhere"


def test_every_suggestion_of_the_examples_is_the_whole_order_with_one_thing_changed(tmp_path):
    seen, kinds = 0, set()
    with demo_client(tmp_path) as client:
        for example in listed_examples():
            if example.status != 200:
                continue
            answer = client.post(
                f"/cds-services/{example.service}",
                data=example.request,
                content_type="application/json",
            ).get_json()
            drafts = drafts_of(example.request)
            for each in answer.get("cards", []):
                mine = [
                    s
                    for s in each.get("suggestions", [])
                    if any(a["type"] != "create" for a in s.get("actions", []))
                ]
                assert list(wrong_updates(mine, drafts)) == [], example.name
                seen += len(mine)
                kinds |= {a["type"] for s in mine for a in s["actions"]}
    assert seen > 20
    assert kinds >= {"update", "delete"}


def test_the_comparison_of_orders_can_fail():
    before = {
        "resourceType": "MedicationRequest",
        "id": "1",
        "intent": "order",
        "_unknown": {"a": 1},
    }
    good = before | {"medicationCodeableConcept": {"text": "Ticagrelor"}}

    def found(resource):
        actions = [{"type": "update", "resource": resource}]
        return list(wrong_updates([{"label": "x", "actions": actions}], [before]))

    assert found(good) == []
    assert found(good | {"intent": "plan"}) == ["x: intent is not as received"]
    assert found({k: v for k, v in good.items() if k != "_unknown"}) != []
    assert found(good | {"id": "2"}) != []
    assert found(good | {"priority": "stat"}) != []


R4 = CLOPIDOGREL
CONTAINED = {
    **{k: v for k, v in R4.items() if k != "medicationCodeableConcept"},
    "contained": [
        {"resourceType": "Medication", "id": "m", "code": R4["medicationCodeableConcept"]},
        {"resourceType": "Practitioner", "id": "who"},
    ],
    "medicationReference": {"reference": "#m"},
    "requester": {"reference": "#who"},
}
R5 = {
    **{k: v for k, v in R4.items() if k not in ("medicationCodeableConcept", "reasonCode")},
    "medication": {"concept": R4["medicationCodeableConcept"]},
    "reason": [{"concept": {"text": "acute coronary syndrome"}}],
}
DSTU2 = {
    "resourceType": "MedicationOrder",
    "id": "order-1",
    "status": "draft",
    "patient": {"reference": "Patient/p1"},
    "medicationCodeableConcept": R4["medicationCodeableConcept"],
    "reasonCodeableConcept": {"text": "acute coronary syndrome"},
}
UNKNOWN = {
    "extension": [{"url": "https://ehr.example.org/x", "valueString": "y"}],
    "_own": {"a": []},
}


@pytest.mark.parametrize(
    "draft", [R4, CONTAINED, R5, DSTU2], ids=["R4", "contained", "R5", "DSTU2"]
)
def test_a_replaced_order_of_every_release_keeps_its_members_and_shares_none(pipeline, draft):
    sent = copy.deepcopy(draft | UNKNOWN)
    found = card(pipeline, [sent], *KNOWN)
    updates = [
        action["resource"]
        for each in found["suggestions"]
        for action in each["actions"]
        if action["type"] == "update"
    ]
    assert updates
    assert list(wrong_updates(found["suggestions"], [sent])) == []
    for made in updates:
        assert made["_own"] == {"a": []}
        assert "clopidogrel" not in json.dumps(made).lower()
        if "contained" in draft:
            assert made["contained"] == [{"resourceType": "Practitioner", "id": "who"}]


def parts(value):
    """Every dict and list inside a value, by identity."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = {id(value)} if isinstance(value, (dict, list)) else set()
    return found.union(*(parts(each) for each in inner))


DOSED = R4 | {
    "dosageInstruction": [
        {
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 75, "unit": "mg"}}],
        }
    ],
}


@pytest.mark.parametrize("draft", [DOSED, CONTAINED, R5, DSTU2])
def test_a_suggested_order_shares_nothing_with_the_draft(draft):
    sent = copy.deepcopy(draft | UNKNOWN)
    before = copy.deepcopy(sent)
    assert not parts(replaced(sent, "ticagrelor", "1116632")) & parts(sent)
    dosed = change_dose(sent, Decimal(150), "mg")
    assert (dosed is not None) is (draft is DOSED)  # the others state no dose to change
    if dosed is not None:
        assert not parts(dosed) & parts(sent)
        assert (
            list(
                wrong_updates(
                    [{"label": "x", "actions": [{"type": "update", "resource": dosed}]}], [sent]
                )
            )
            == []
        )
        assert dosed["medicationCodeableConcept"] == sent["medicationCodeableConcept"]
    assert sent == before
