"""What a card says would change it is true: the fact is changed, and the advice is what was said.

Synthetic patients. Each claim of an answer is applied to what was sent, and the whole way is gone
again; what the leading source then advises must be the sentence of the claim.
"""

import copy
import json
import re
from datetime import date

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.document import Document, Options
from fhir_pgx.phenotype import possible_results
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.plugins import load_services
from fhir_pgx.recommendation.what_if import in_words
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources

from .replay import EXAMPLES

RXNORM, LOINC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://loinc.org"
SUBJECT = {"reference": "Patient/synthetic-1"}
MALE = {"resourceType": "Patient", "id": "synthetic-1", "gender": "male"}
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
INDICATIONS = {
    "ACS or PCI": "I21.9",
    "neurovascular indications": "I63.9",
    "cardiovascular indications other than ACS or PCI": "I73.9",
}


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


def concept(code, name):
    return {"coding": [{"system": RXNORM, "code": code, "display": name}], "text": name}


def order(code, name, **members):
    return {
        "resourceType": "MedicationRequest", "id": "order-1", "status": "draft", "intent": "order",
        "subject": SUBJECT, "medicationCodeableConcept": concept(code, name), **members,
    }  # fmt: skip


def in_use(code, name, since="2026-10-01"):
    return order(code, name, id=f"use-{code}", status="active", authoredOn=since)


def genotype(gene, text, n=1):
    return {
        "resourceType": "Observation", "id": f"synthetic-{gene}-{n}", "status": "final",
        "subject": SUBJECT, "effectiveDateTime": "2024-05-02",
        "code": {"coding": [{"system": LOINC, "code": "84413-4"}]},
        "valueCodeableConcept": {"text": text},
        "component": [
            {
                "code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
                "valueCodeableConcept": {"text": gene},
            }
        ],
    }  # fmt: skip


def signed(pipeline, draft, *resources):
    """The service and the call of one order."""
    request = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "userId": "Practitioner/1", "patientId": "synthetic-1",
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft}]},
        },
        "prefetch": {
            "all": {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}
        },
    }  # fmt: skip
    service = load_services(pipeline.answer).service("pgx-order-sign")
    return service, read_call(copy.deepcopy(request), service, Sources())


def explained(pipeline, draft, *resources):
    """The trace of one order."""
    _, call = signed(pipeline, draft, *resources)
    (drug,) = pipeline.explain_call(call)["drugs"]
    return drug


def advised(drug):
    """The sentences of the leading source."""
    found = drug.get("recommendations", ())
    return {r["summary"] for r in found if r["source"] == drug["lead"]}


def claims(drug):
    return {each["code"]: each["text"] for each in drug.get("changes", ())}


CODEINE, AZATHIOPRINE = order("2670", "codeine"), order("1256", "azathioprine")
PHENYTOIN, VORICONAZOLE = order("8183", "phenytoin"), order("121243", "voriconazole")
CLOPIDOGREL, CARBAMAZEPINE = order("32968", "clopidogrel"), order("2002", "carbamazepine")
ATOMOXETINE = order("38400", "atomoxetine")
PAROXETINE = in_use("32937", "paroxetine")


@pytest.mark.parametrize("result", ["*1/*1", "*1/*4", "*1/*2x2"])
def test_without_the_inhibitor_the_card_becomes_what_was_said(pipeline, result):
    test = genotype("CYP2D6", result)
    before = explained(pipeline, CODEINE, MALE, test, PAROXETINE)
    claim = claims(before)["without:32937"]
    after = explained(pipeline, CODEINE, MALE, test)
    (said,) = advised(after)
    assert claim == (
        "Without paroxetine, once it no longer acts (about 5 days after the last dose, by our "
        f"half-life): {said}"
    )
    assert said not in advised(before)


@pytest.mark.parametrize(
    ("draft", "known", "gene"),
    [
        (AZATHIOPRINE, genotype("TPMT", "*1/*3A"), "NUDT15"),
        (AZATHIOPRINE, genotype("NUDT15", "*1/*3"), "TPMT"),
        (order("704", "amitriptyline"), genotype("CYP2D6", "*4/*4"), "CYP2C19"),
        (order("704", "amitriptyline"), genotype("CYP2C19", "*2/*2"), "CYP2D6"),
        (order("4492", "fluorouracil"), genotype("TPMT", "*1/*1"), "DPYD"),
    ],
)
def test_a_test_that_comes_back_as_said_brings_the_advice_that_was_said(
    pipeline, knowledge, draft, known, gene
):
    before = explained(pipeline, draft, MALE, known)
    claim = claims(before)[f"test:{gene}"]
    brought = {}
    for result in possible_results(knowledge.genes[gene]):
        added = genotype(gene, result.diplotypes[0].name)
        after = explained(pipeline, draft, MALE, known, added)
        brought[in_words(result)] = advised(after)
    told = [words for words in brought if is_named(words, claim)]
    assert told
    for words in told:
        assert all(sentence in claim for sentence in brought[words] - advised(before))
        assert brought[words] != advised(before)


def is_named(words, claim):
    """Whether a claim speaks of this result, or of its phenotype whatever the score."""
    several = re.escape(words.partition(" (")[0])
    return re.search(rf"(If|or) ({re.escape(words)}|{several})(:| or )", claim)


@pytest.mark.parametrize(
    ("draft", "results", "codes"),
    [
        (order("36567", "simvastatin"), ("SLCO1B1 *5/*5",), set()),
        (CODEINE, ("CYP2D6 *4/*4",), set()),
        (VORICONAZOLE, ("CYP2C19 *1/*1",), set()),
    ],
)
def test_where_nothing_would_change_nothing_is_said(pipeline, draft, results, codes):
    tests = [genotype(*each.split(" ")) for each in results]
    assert claims(explained(pipeline, draft, MALE, *tests)).keys() == codes


def test_each_reading_settled_brings_the_advice_that_was_said(pipeline):
    before = explained(pipeline, CODEINE, MALE, genotype("CYP2D6", "*4/*4 or *1/*2"))
    claim = claims(before)["settle:CYP2D6"]
    for reading in ("*4/*4", "*1/*2"):
        (said,) = advised(explained(pipeline, CODEINE, MALE, genotype("CYP2D6", reading)))
        assert f"If {reading}: {said}" in claim


def test_an_hla_test_that_comes_back_positive_brings_the_advice_that_was_said(pipeline):
    known = genotype("CYP2C9", "*1/*2")
    claim = claims(explained(pipeline, PHENYTOIN, MALE, known))["test:HLA-B"]
    typed = genotype("HLA-B", "HLA-B*15:02/HLA-B*08:01")
    after = advised(explained(pipeline, PHENYTOIN, MALE, known, typed))
    assert after
    assert all(sentence in claim for sentence in after)


def test_an_indication_that_is_stated_leaves_the_advice_that_was_said(pipeline):
    test = genotype("CYP2C19", "*1/*2")
    claim = claims(explained(pipeline, CLOPIDOGREL, MALE, test))["indication"]
    for words, code in INDICATIONS.items():
        reason = [{"coding": [{"system": ICD10, "code": code}]}]
        after = explained(pipeline, {**CLOPIDOGREL, "reasonCode": reason}, MALE, test)
        (sentence,) = advised(after)
        by = "" if after["lead"] == "CPIC" else f"by {after['lead']}: "
        assert f"For {words}: {by}{sentence}" in claim
        assert "indication" not in claims(after)


@pytest.mark.parametrize(("born", "words"), [("2020-01-01", "Below"), ("1980-01-01", "From")])
def test_a_birth_date_leaves_the_advice_that_was_said(pipeline, born, words):
    test = genotype("CYP2C19", "*1/*17")
    claim = claims(explained(pipeline, VORICONAZOLE, MALE, test))["birth-date"]
    after = explained(pipeline, VORICONAZOLE, {**MALE, "birthDate": born}, test)
    (said,) = advised(after)
    assert f"{words} 18 years: {said}" in claim
    assert "birth-date" not in claims(after)


def test_earlier_use_leaves_the_advice_that_was_said(pipeline):
    typed = genotype("HLA-B", "HLA-B*15:02/HLA-B*08:01")
    claim = claims(explained(pipeline, CARBAMAZEPINE, MALE, typed))["earlier-use"]
    long = in_use("2002", "carbamazepine", since="2020-01-01")
    (said,) = advised(explained(pipeline, CARBAMAZEPINE, MALE, typed, long))
    assert said in claim


def test_a_weight_that_is_recorded_turns_the_dose_into_milligrams(pipeline):
    child = {**MALE, "birthDate": "2016-01-01"}
    test = genotype("CYP2D6", "*4/*4")
    before = explained(pipeline, ATOMOXETINE, child, test)
    assert claims(before)["weight"].startswith("Record a weight: the dose in mg/kg/d then")
    weight = {
        "resourceType": "Observation", "id": "synthetic-weight", "status": "final",
        "subject": SUBJECT, "effectiveDateTime": "2026-11-01",
        "code": {"coding": [{"system": LOINC, "code": "29463-7"}]},
        "valueQuantity": {
            "value": 30, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg",
        },
    }  # fmt: skip
    after = explained(pipeline, ATOMOXETINE, child, test, weight)
    assert "weight" not in claims(after)
    assert {"mg/d"} <= {dose["unit"] for dose in after["doses"]}


@pytest.mark.parametrize(
    ("drug", "gene"),
    [("phenytoin", "CYP2C9"), ("azathioprine", "NUDT15"), ("fluorouracil", "DPYD")],
)
def test_a_position_that_is_read_as_said_brings_the_advice_that_was_said(
    pipeline, knowledge, drug, gene
):
    vcf = (EXAMPLES / "genomes" / "array-grch37.vcf").read_text(encoding="utf-8")
    before = of_vcf(pipeline, vcf, drug)
    claimed = {code: text for code, text in claims(before).items() if code.startswith("position:")}
    assert claimed
    definition = knowledge.definitions[gene]
    for code, text in claimed.items():
        site = next(each for each in definition.sites if each.name == code.split(":")[2])
        alleles = re.search(r"With ([ACGT/]+)", text)[1].split("/")
        alt = alleles[1]
        called = "1/1" if alleles[0] == alt else "0/1"
        line = "\t".join(
            (definition.chromosome, str(site.start37 + 1), site.name, site.ref, alt, ".", "PASS",
             ".", "GT", called)
        )  # fmt: skip
        after = of_vcf(pipeline, f"{vcf}{line}\n", drug)
        assert advised(after) != advised(before)
        assert all(sentence in text for sentence in advised(after) - advised(before))


def of_vcf(pipeline, vcf, drug):
    document = Document(vcf.encode(), "synthetic.vcf", "text/vcf")
    (found,) = pipeline.explain_documents([document], Options(drugs=(drug,)))["drugs"]
    return found


# The same on the card, and for the right patient


def sign(pipeline, draft, *resources):
    service, call = signed(pipeline, draft, *resources)
    return service.answer(call).cards


def test_the_card_says_what_the_trace_says(pipeline):
    test = genotype("CYP2D6", "*1/*1")
    (card,) = sign(pipeline, CODEINE, MALE, test, PAROXETINE)
    said = card.extension["org.fhir-pgx.card"]
    assert said["changes"] == ["without:32937"]
    assert "**What would change this card**" in card.detail
    assert "Without paroxetine, once it no longer acts (about 5 days" in card.detail
    assert "half-life): Use the age- or weight-specific label dose." in card.detail
    assert said["trace"]["genes"] == [
        {
            "gene": "CYP2D6",
            "status": "called",
            "derived_from": ["Observation/synthetic-CYP2D6-1"],
            "basis": "genotype",
            "diplotypes": ["*1/*1"],
            "keys": ["2.0"],
            "modifiers": said["trace"]["genes"][0]["modifiers"],
        }
    ]
    rule = said["trace"]["genes"][0]["modifiers"][0]
    assert rule == {"agents": ["paroxetine"], "is_rule": True, "effective": ["0.0"]}
    assert said["trace"]["sha256"] == pipeline.knowledge.sha256[:12]


def test_a_kept_answer_does_not_lend_its_changes_to_another_patient(pipeline, knowledge):
    """The same genotype: one is of known age, one is not, one has another medicine."""
    test = genotype("CYP2C19", "*1/*17")
    adult = {**MALE, "birthDate": "1980-01-01"}
    fresh = Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))
    for patient in (MALE, adult, MALE):
        kept = sign(pipeline, VORICONAZOLE, patient, test)
        alone = sign(fresh, VORICONAZOLE, patient, test)
        assert [card.detail for card in kept] == [card.detail for card in alone]
        fresh = Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))
    with_it = sign(pipeline, CODEINE, MALE, genotype("CYP2D6", "*1/*1"), PAROXETINE)
    assert "without:32937" in json.dumps(with_it[0].extension)
    assert sign(pipeline, CODEINE, MALE, genotype("CYP2D6", "*1/*1")) == ()


def test_what_somebody_typed_is_not_in_the_trace_of_a_card(pipeline):
    odd = genotype("CYP2C19", "*2/*2 or *2/*19500203")  # it reads as an allele, and is a birth date
    (card,) = sign(pipeline, CLOPIDOGREL, MALE, odd)
    assert card.extension["org.fhir-pgx.card"]["trace"]
    assert "19500203" not in json.dumps(card.extension)


def test_the_trace_of_a_call_holds_orders_without_a_card(pipeline):
    drug = explained(pipeline, CLOPIDOGREL, MALE, genotype("CYP2C19", "*1/*1"))
    assert drug["order"] == "MedicationRequest/order-1"
    assert sign(pipeline, CLOPIDOGREL, MALE, genotype("CYP2C19", "*1/*1")) == ()
