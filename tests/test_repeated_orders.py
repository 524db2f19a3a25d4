"""From a call to its cards: the same drug several times, local forms, and what is offered then.

All patients and orders here are synthetic.
"""

import copy
import json
import uuid
from decimal import Decimal

import pytest

from fhir_pgx.cards.dose_change import change_dose, texts_gone
from fhir_pgx.cards.extras import Extras
from fhir_pgx.cards.several import MOST_CHANGED
from fhir_pgx.cards.suggestion import replaced, suggestions
from fhir_pgx.cards.write import write_answer, write_card
from fhir_pgx.fhir.bundle import References, entries_of
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.card import Card, Source
from fhir_pgx.model.document import Document, Options
from fhir_pgx.model.drug import Coding
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.plugins import load_services
from fhir_pgx.recommendation import advise
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources

from .replay import TODAY
from .test_alternatives import ACS, KNOWN, POOR, RXNORM, bundle, condition, genotype, order, patient

EXTENSION = "org.fhir-pgx.card"
CODEINE = ("993781", "acetaminophen 300 MG / codeine phosphate 30 MG Oral Tablet")
PLAIN_CODEINE = ("997170", "codeine sulfate 15 MG Oral Tablet")
CLOPIDOGREL = ("309362", "clopidogrel 75 MG Oral Tablet")
CITALOPRAM = ("200371", "citalopram 20 MG Oral Tablet")
ULTRARAPID = genotype("CYP2D6", "*1/*2x2")


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: TODAY)


def ask(pipeline, hook, context, *resources):
    request = {
        "hook": hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p1", **context},
        "prefetch": {f"part{n}": copy.deepcopy(each) for n, each in enumerate(resources)},
    }
    service = load_services(pipeline.answer).service(f"pgx-{hook}")
    return write_answer(service.answer(read_call(request, service, Sources())))["cards"]


def sign(pipeline, drafts, *resources):
    return ask(pipeline, "order-sign", {"draftOrders": bundle(*drafts)}, *resources)


def dosed(code, display, amount, **members):
    dosage = {
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": amount, "unit": "mg"}}],
    }
    return order(code, display, dosageInstruction=[dosage], **members)


def uuids(cards):
    return [card["uuid"] for card in cards] + [
        each["uuid"] for card in cards for each in card.get("suggestions", [])
    ]


# One card for a drug


def test_fifty_equal_drafts_get_one_card_that_names_all_and_offers_no_change(pipeline):
    drafts = [order(*CLOPIDOGREL, number=n, **ACS) for n in range(50)]
    (card,) = sign(pipeline, drafts, *KNOWN)
    assert card["extension"][EXTENSION]["orders"] == [
        f"MedicationRequest/order-{n}" for n in range(50)
    ]
    assert card["detail"].startswith("**Orders** (50)\n\n- clopidogrel 75 MG Oral Tablet, 50 times")
    assert "suggestions" not in card


def test_two_orders_of_a_drug_are_each_named_and_each_changed_by_a_suggestion_of_its_own(pipeline):
    drafts = [order(*CLOPIDOGREL, number=1, **ACS), order("32968", "Plavix", number=2, **ACS)]
    (card,) = sign(pipeline, drafts, *KNOWN)
    assert "- clopidogrel 75 MG Oral Tablet\n- Plavix (clopidogrel)\n" in card["detail"]
    labels = [each["label"] for each in card["suggestions"]]
    assert "Change to ticagrelor (for ACS or PCI) (order 2 of 2: Plavix)" in labels
    changed = [each["actions"][0]["resource"]["id"] for each in card["suggestions"]]
    assert sorted(set(changed)) == ["order-1", "order-2"]
    assert card["selectionBehavior"] == "any"
    assert len(set(uuids([card]))) == len(uuids([card]))


def test_with_more_than_three_orders_nothing_is_offered(pipeline):
    def offers(count):
        drafts = [order(*CLOPIDOGREL, number=n, **ACS) for n in range(count)]
        (card,) = sign(pipeline, drafts, *KNOWN)
        return "suggestions" in card

    assert offers(MOST_CHANGED)
    assert not offers(MOST_CHANGED + 1)


@pytest.mark.parametrize(
    ("drafts", "result", "cards"),
    [
        # The advice has numbers: the one order may follow it and the other not.
        ([dosed(*CITALOPRAM, 20), dosed(*CITALOPRAM, 40, number=2)], POOR, 2),
        ([dosed(*CITALOPRAM, 40), dosed(*CITALOPRAM, 40, number=2)], POOR, 1),
        # No number in it: two doses of a drug to avoid are one warning.
        ([dosed(*PLAIN_CODEINE, 15), dosed(*PLAIN_CODEINE, 30, number=2)], ULTRARAPID, 1),
        # Another product: its ingredients are others, and so is what to change it to.
        ([order(*CODEINE), order(*PLAIN_CODEINE, number=2)], ULTRARAPID, 2),
        # The reason decides: the one is for a stroke, the other for a coronary stent.
        (
            [
                order(*CLOPIDOGREL, **ACS),
                order(*CLOPIDOGREL, number=2, reasonCode=[{"text": "ischemic stroke"}]),
            ],
            POOR, 2,
        ),
        # Without a result too.
        ([order(*CLOPIDOGREL), order(*CLOPIDOGREL, number=2)], ULTRARAPID, 1),
    ],
)  # fmt: skip
def test_orders_share_a_card_where_nothing_that_counts_tells_them_apart(
    pipeline, drafts, result, cards
):
    made = sign(pipeline, drafts, patient(birthDate="1961-07-14"), result)
    assert len(made) == cards
    assert {name for card in made for name in card["extension"][EXTENSION]["orders"]} == {
        f"MedicationRequest/{draft['id']}" for draft in drafts
    }


def test_two_drafts_with_the_same_id_have_ids_of_their_own_on_every_card(pipeline):
    drafts = [dosed(*CITALOPRAM, 20), dosed(*CITALOPRAM, 40)]
    made = sign(pipeline, drafts, patient(birthDate="1961-07-14"), POOR)
    assert len(made) == 2
    assert len(set(uuids(made))) == len(uuids(made))


def test_a_chart_with_every_medicine_many_times_judges_each_drug_once(pipeline, monkeypatch):
    asked = []
    question = pipeline.advice.question

    def counted(order, group, case):
        asked.append(group.drug.name)
        return question(order, group, case)

    monkeypatch.setattr(pipeline.advice, "question", counted)
    drugs = [CLOPIDOGREL, CITALOPRAM, PLAIN_CODEINE]
    chart = [order(*drugs[n % 3], status="active", number=n) for n in range(300)]
    (card,) = ask(pipeline, "patient-view", {}, patient(), POOR, ULTRARAPID, *chart)
    assert sorted(asked) == ["citalopram", "clopidogrel", "codeine"]
    assert "- clopidogrel 75 MG Oral Tablet, 100 times: " in card["detail"]
    assert len(card["extension"][EXTENSION]["orders"]) == 300


def test_at_discharge_a_medicine_that_stands_twice_has_one_card(pipeline):
    chart = [order(*PLAIN_CODEINE, status="active", number=n) for n in range(2)]
    context = {"encounterId": "e1"}
    (card,) = ask(pipeline, "encounter-discharge", context, patient(), ULTRARAPID, *chart)
    assert card["indicator"] == "critical"
    assert len(card["extension"][EXTENSION]["orders"]) == 2


def test_a_card_without_the_advice_in_full_sends_nobody_to_a_detail(pipeline):
    chart = [
        order("866514", "metoprolol tartrate 50 MG Oral Tablet", status="active"),
        order("1738495", "paroxetine 20 MG Oral Tablet", status="active", number=2),
    ]
    (card,) = ask(pipeline, "patient-view", {}, patient(), genotype("CYP2D6", "*1/*1"), *chart)
    assert "see the detail" not in card["detail"].lower()
    assert "Paroxetine may make it act as Poor Metabolizer. Start metoprolol" in card["detail"]
    assert "For CYP2D6 Poor Metabolizer: " in card["detail"]


# Local forms


@pytest.mark.parametrize(
    ("text", "is_local"), [("clopidogrel ointment", True), ("clopidogrel 75 MG Oral Tablet", False)]
)
def test_an_order_of_a_local_form_informs_and_offers_nothing(pipeline, text, is_local):
    draft = order("32968", text)
    (card,) = sign(pipeline, [draft], patient(birthDate="1961-07-14"), POOR)
    said = "Clopidogrel: ordered as a local form; the guidelines speak of systemic use."
    assert (card["summary"] == said) is is_local
    assert (card["indicator"] == "info") is is_local
    assert ("suggestions" in card) is not is_local
    assert ("What would change this card" in card["detail"]) is not is_local


# An order that names two products


@pytest.mark.parametrize(
    ("other", "judged", "unclear"),
    [
        # Amitriptyline with perphenazine: the one drug is in the order whichever is meant.
        (("856840", "amitriptyline / perphenazine"), True, True),
        (("198211", "simvastatin 40 MG Oral Tablet"), False, True),  # nothing is shared
        (("856783", "amitriptyline"), True, False),  # the same product twice
    ],
)
def test_what_every_reading_of_an_order_contains_is_judged(pipeline, other, judged, unclear):
    amitriptyline = "856783"
    codings = [{"system": RXNORM, "code": code} for code in (amitriptyline, other[0])]
    draft = order(*CODEINE) | {"medicationCodeableConcept": {"coding": codings}}
    made = sign(pipeline, [draft], patient(), ULTRARAPID, POOR)
    said = " ".join(card["summary"] for card in made)
    assert ("Amitriptyline: " in said) is judged
    assert ("names different drugs" in said) is unclear
    if judged and unclear:
        assert "advice was given for amitriptyline alone" in said
        assert any("judged by what they share" in card["detail"] for card in made)
        assert not any("suggestions" in card for card in made)


# What is offered, and for whom


def test_with_a_stroke_on_record_nothing_is_offered_that_is_for_a_coronary_stent(pipeline):
    known = [patient(birthDate="1961-07-14"), POOR]
    tia = condition("TIA", "G45.9")
    draft = order(*CLOPIDOGREL)

    def offered(*more):
        (card,) = sign(pipeline, [draft], *known, *more)
        return [each["label"] for each in card.get("suggestions", [])]

    assert any("(for ACS or PCI)" in label for label in offered())
    assert not any("(for ACS or PCI)" in label for label in offered(tia))
    acs = condition("Acute coronary syndrome", "I24.9", onsetDateTime="2026-11-20", id="c2")
    assert any("(for ACS or PCI)" in label for label in offered(tia, acs))


def test_the_score_for_coronary_disease_is_not_on_a_card_for_a_stroke(pipeline):
    def detail(reason):
        draft = order(*CLOPIDOGREL, reasonCode=[{"text": reason}])
        (card,) = sign(pipeline, [draft], patient(birthDate="1961-07-14"), POOR)
        return card["detail"]

    assert "ABCD-GENE" in detail("acute coronary syndrome")
    assert "ABCD-GENE" not in detail("ischemic stroke")


def test_documents_judge_the_alternatives_as_the_card_does(pipeline):
    stroke = condition("Ischaemic stroke", "I63.9", state="resolved", onsetDateTime="2019-05-02")
    entries = [*KNOWN, stroke]
    document = Document(json.dumps(bundle(*entries)).encode(), "")
    (card,) = sign(pipeline, [order(*CLOPIDOGREL)], *entries)
    options = Options(drugs=("clopidogrel",))
    for answer in (
        pipeline.recommend_documents([document], options)["recommendations"],
        pipeline.explain_documents([document], options)["drugs"][0]["recommendations"],
    ):
        named = {a["drug"]: a for r in answer for a in r["alternatives"]}
        assert named["prasugrel"]["verdict"] == "avoid"
        assert "(Ischaemic stroke, 2019-05-02; US label, 4.2; CPIC)" in named["prasugrel"]["reason"]
        for name in ("prasugrel", "ticagrelor"):
            assert named[name]["reason"].split(" (")[0] in card["detail"]


def test_a_new_infarction_without_a_date_is_the_present_one_and_has_one_card(pipeline):
    problem = condition("STEMI", "I21.3", id="new")
    added = {"conditions": bundle(problem)}
    (card,) = ask(pipeline, "problem-list-item-create", added, patient(), POOR)
    assert "recent ACS" not in card["detail"]
    display = "Acute coronary syndrome, myocardial infarction within a year, or PCI: problem"
    assert card["source"]["topic"]["display"] == display
    past = copy.deepcopy(problem) | {"onsetDateTime": "2020-01-01"}
    made = ask(pipeline, "problem-list-item-create", {"conditions": bundle(past)}, patient(), POOR)
    assert [each["uuid"] for each in made] != [card["uuid"]]


def test_what_is_known_of_labelling_in_general_says_so(pipeline):
    kidneys = {
        "resourceType": "Observation", "id": "egfr", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "98979-8"}]},
        "effectiveDateTime": "2026-11-01",
        "valueQuantity": {
            "value": 20, "unit": "mL/min/1.73 m2", "system": "http://unitsofmeasure.org",
            "code": "mL/min/{1.73_m2}",
        },
        "subject": {"reference": "Patient/p1"},
    }  # fmt: skip
    (card,) = sign(pipeline, [order(*PLAIN_CODEINE)], patient(), ULTRARAPID, kidneys)
    assert "general knowledge of labelling, to be confirmed" in card["detail"]
    (without,) = sign(pipeline, [order(*PLAIN_CODEINE)], patient(), ULTRARAPID)
    assert "to be confirmed" not in without["detail"]


# What is sent


def test_no_member_of_ours_is_empty():
    ours = {"rules": [], "unknown": (), "trace": {"genes": [{"gene": "CYP2D6", "keys": []}]}}
    theirs = {"empty": []}
    card = Card(
        "1", "Synthetic.", "info", Source("CPIC", "https://cpicpgx.org/", Coding("", "")),
        extension={EXTENSION: ours | {"count": 0, "is_rule": False}, "org.example": theirs},
    )  # fmt: skip
    assert write_card(card)["extension"] == {
        EXTENSION: {"trace": {"genes": [{"gene": "CYP2D6"}]}, "count": 0, "is_rule": False},
        "org.example": theirs,  # not ours to change
    }


def test_two_orders_of_an_inhibitor_share_the_card_on_what_it_does_to_a_medicine(pipeline):
    drafts = [order("1738495", "paroxetine 20 MG Oral Tablet", number=n) for n in range(2)]
    tamoxifen = order("198240", "tamoxifen 10 MG Oral Tablet", status="active", number=9)
    made = sign(pipeline, drafts, patient(), genotype("CYP2D6", "*1/*1"), tamoxifen)
    (card,) = [each for each in made if "in_use" in each["extension"][EXTENSION]]
    assert len(card["extension"][EXTENSION]["orders"]) == 2
    assert "suggestions" not in card


def test_a_topic_without_a_gene_is_told_in_proper_words(pipeline):
    chart = [order(*CLOPIDOGREL, status="active")]
    (card,) = ask(pipeline, "patient-view", {}, patient(), POOR, *chart)
    assert card["source"]["topic"]["display"] == "Medicines in use: summary"


def test_what_fhir_keeps_beside_a_member_goes_with_it_when_the_drug_changes():
    before = order(*CLOPIDOGREL) | {
        "_medicationCodeableConcept": {"extension": [{"url": "synthetic", "valueString": "75 mg"}]},
        "_dosageInstruction": [{"id": "d1"}],
        "_status": {"id": "s1"},
    }
    after = replaced(before, "ticagrelor", "1116632")
    assert not {"_medicationCodeableConcept", "_dosageInstruction"} & after.keys()
    assert after["_status"] == {"id": "s1"}


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (
            {"text": "20 mg daily", "patientInstruction": "Take one tablet"},
            "the instruction to the patient, the text of the dosage",
        ),
        ({"text": "In the morning"}, ""),
    ],
)
def test_a_changed_dose_says_which_texts_went(pipeline, texts, said):
    draft = dosed("200371", "citalopram 20 MG Oral Tablet", 40)
    draft["dosageInstruction"][0] |= texts
    after = change_dose(draft, Decimal(20), "mg")
    assert ", ".join(texts_gone(draft, after)) == said
    entries = entries_of(bundle(draft, POOR))
    (found,) = pipeline.orders.read(entries, References(entries), proposed=True)
    (group,) = pipeline.rulebook.named("citalopram")
    advice = advise(group, pipeline.interpret(entries).genes, pipeline.rulebook)
    extras = Extras(suggested=("20", "mg"))
    offered = suggestions(found, advice.recommendations, extras, uuid.UUID(int=1))
    (action,) = [each.actions[0] for each in offered if "single dose" in each.label]
    assert ("Removed" in action.description) == bool(said)
    assert said in action.description
