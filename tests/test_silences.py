"""Orders that must not pass without a card, and headlines that must not reassure.

Each was met as a silence or a wrong sentence. Patients are synthetic.
"""

import json

import pytest

from .replay import demo_client

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC = "http://loinc.org"
ADULT, CHILD = "1966-02-03", "2018-03-01"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with demo_client(tmp_path_factory.mktemp("silences")) as opened:
        yield opened


def medicine(code, text, *, status="draft", daily=None):
    made = {
        "resourceType": "MedicationRequest",
        "id": f"{status}-{code}",
        "status": status,
        "intent": "order",
        "subject": {"reference": "Patient/synthetic-1"},
        "medicationCodeableConcept": {
            "coding": [{"system": RXNORM, "code": code, "display": text}] if code else [],
            "text": text,
        },
    }
    if daily:
        quantity = {"value": daily, "unit": "mg", "code": "mg"}
        once = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
        made["dosageInstruction"] = [{"timing": once, "doseAndRate": [{"doseQuantity": quantity}]}]
    return made


def genotype(gene, text):
    return {
        "resourceType": "Observation",
        "id": gene.lower(),
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "84413-4"}]},
        "subject": {"reference": "Patient/synthetic-1"},
        "effectiveDateTime": "2025-05-02",
        "valueCodeableConcept": {"text": f"{gene} {text}"},
    }


@pytest.fixture
def cards(client):
    def ask(order, results, in_use=(), born=ADULT):
        patient = {"resourceType": "Patient", "id": "synthetic-1", "birthDate": born}
        evidence = [patient, *(genotype(*each) for each in results.items()), *in_use]
        request = {
            "hook": "order-sign",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {
                "userId": "Practitioner/synthetic",
                "patientId": "synthetic-1",
                "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order}]},
            },
            "prefetch": {
                "all": {"resourceType": "Bundle", "entry": [{"resource": r} for r in evidence]}
            },
        }
        answer = client.post(
            "/cds-services/pgx-order-sign", data=json.dumps(request),
            content_type="application/json",
        )  # fmt: skip
        assert answer.status_code == 200
        return answer.get_json()["cards"]

    return ask


DULOXETINE = medicine("72625", "duloxetine", status="active")
CODEINE = medicine("2670", "codeine")


def test_an_order_above_the_maximum_of_a_source_that_does_not_lead_is_told(cards):
    """FDA has at most 4 mg of pimozide a day, DPWG, which leads, at most 10."""
    order = medicine("312371", "pimozide 2 MG Oral Tablet", daily=8)
    (card,) = cards(order, {"CYP2D6": "*4/*4"})
    assert card["indicator"] == "warning"
    assert "above FDA's maximum" in card["summary"]


def test_what_another_source_calls_the_most_stands_among_the_numbers(cards):
    order = medicine("309314", "citalopram 40 MG Oral Tablet", daily=40)
    (card,) = cards(order, {"CYP2C19": "*2/*2"})
    assert "Consider an antidepressant" in card["summary"]
    assert "above FDA's maximum" in card["summary"]
    assert "at most 20 mg/d; the ordered 40 mg/d is above this" in card["detail"]


def test_an_inhibitor_that_makes_an_ultrarapid_metabolizer_look_normal_is_not_taken_at_its_word(
    cards,
):
    (card,) = cards(CODEINE, {"CYP2D6": "*1/*2x2"}, [DULOXETINE])
    assert card["indicator"] == "warning"
    assert "By the genes alone (Ultrarapid Metabolizer)" in card["summary"]


def test_a_drug_that_a_source_forbids_to_this_child_is_critical_whatever_leads(cards):
    (card,) = cards(CODEINE, {"CYP2D6": "*1/*2x2"}, [DULOXETINE], CHILD)
    assert card["indicator"] == "critical"
    advice = card["detail"].split("**Advice**")[1].split("\n\n**")[0]
    assert "FDA differs" in advice
    assert "contraindicated" in advice


@pytest.mark.parametrize("diplotype", ["*1/*2xN", "*2xN/*2"])
def test_copies_that_nobody_counted_may_be_ultrarapid(cards, diplotype):
    found = cards(CODEINE, {"CYP2D6": diplotype})
    assert [card["indicator"] for card in found] == ["warning"]
    assert "may be Ultrarapid" in found[0]["summary"]


@pytest.mark.parametrize(
    ("results", "indicator", "said"),
    [
        ({"VKORC1": "-1639A/A"}, "warning", "CPIC a dose without the genes, DPWG a lower dose"),
        ({"CYP2C9": "*1/*1"}, "info", "Dose warfarin without genes"),
    ],
)
def test_half_of_warfarins_genes_is_no_reassurance(cards, results, indicator, said):
    order = medicine("855332", "warfarin sodium 5 MG Oral Tablet", daily=10)
    (card,) = cards(order, results)
    assert (card["indicator"], said in card["summary"]) == (indicator, True)


def test_cautious_continuation_does_not_hide_that_another_source_says_avoid(cards):
    order = medicine("2002", "carbamazepine")
    in_use = {**medicine("2002", "carbamazepine", status="active"), "authoredOn": "2020-01-01"}
    (card,) = cards(order, {"HLA-B": "*15:02/*07:02"}, [in_use])
    assert "CPIC cautious continuation, DPWG avoid" in card["summary"]


def test_a_contraindicated_drug_is_not_dosed_by_another_gene(cards):
    (card,) = cards(medicine("197319", "allopurinol 100 MG"), {"HLA-B": "*58:01/*07:02"})
    assert card["indicator"] == "critical"
    assert "1.4 times" not in card["detail"]


def test_a_combination_is_another_medicine_to_a_guideline_of_the_drug_alone(cards):
    """F508del is what the triple is for, and what ivacaftor alone does not help."""
    alone = medicine("1243041", "ivacaftor")
    assert [c["indicator"] for c in cards(alone, {"CFTR": "F508del/F508del"})] == ["warning"]
    triple = "elexacaftor 100 MG / ivacaftor 75 MG / tezacaftor 50 MG Oral Tablet"
    assert cards(medicine("2256949", triple), {"CFTR": "F508del/F508del"}) == []
