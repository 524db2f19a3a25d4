"""Inherited findings through the pipeline: what is read for them, charts, medicines in use, data.

All patients are synthetic.
"""

import time
import uuid
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fhir_pgx.cards.context import CardContext
from fhir_pgx.fhir.bundle import Entry, References
from fhir_pgx.model.drug import Drug, DrugMatch, MedicationConcept, MedicationOrder
from fhir_pgx.model.finding import (
    ObservedVariant,
    Origin,
    Presence,
    SourceClass,
    Statement,
    StatementKind,
)
from fhir_pgx.model.patient import NOBODY, Fact, Measurement, Medicine, PatientContext
from fhir_pgx.model.phenotype import DiplotypeResult, GeneResult, Status
from fhir_pgx.model.precision import PrecisionReading
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.test_order import TestOrder
from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.model.transplant import StatedTyping
from fhir_pgx.pipeline.case import Case
from fhir_pgx.pipeline.precision.inherited import Inherited

CONTEXT = CardContext(uuid.UUID(int=1), "2026.08")
SOTALOL, CITALOPRAM = Drug("9947", "sotalol"), Drug("2556", "citalopram")


@pytest.fixture(scope="module")
def inherited(knowledge):
    return Inherited(knowledge, lambda: date(2026, 11, 23))


def variant(gene, protein, number=1, significance="Pathogenic", **members):
    told = {
        "genes": (gene,),
        "protein_hgvs": protein,
        "zygosity": "heterozygous",
        "significance": significance,
        "source_class": SourceClass.GERMLINE,
    }
    return ObservedVariant(Origin(f"Observation/{gene}-{number}", ""), **{**told, **members})


def case(*variants, patient=NOBODY, results=None, **reading):
    return Case(results or {}, patient, References([]), {}, Reading(variants=variants, **reading))


def order(drug, *, proposed=True, is_local=None, name="order-1"):
    concept = MedicationConcept(text=drug.name)
    return MedicationOrder(
        f"MedicationRequest/{name}", "", "MedicationRequest", "draft", concept, proposed,
        match=DrugMatch((drug,), "code"), is_local=is_local,
    )  # fmt: skip


def named(name):
    """An order of a drug that no table knows."""
    concept = MedicationConcept(text=name)
    return MedicationOrder(
        "MedicationRequest/order-1", "", "MedicationRequest", "draft", concept, True
    )


LQT2 = variant("KCNH2", "p.Ala561Val")


def test_two_orders_of_one_drug_get_one_card(inherited):
    orders = [order(SOTALOL), order(SOTALOL, name="order-2")]
    (card,) = inherited.order_cards(orders, case(LQT2), CONTEXT)
    assert card.orders == ("MedicationRequest/order-1", "MedicationRequest/order-2")
    assert card.indicator == "critical"
    assert card.facets.serious


def test_an_order_for_the_eye_alone_gets_none(inherited):
    assert inherited.order_cards([order(SOTALOL, is_local=True)], case(LQT2), CONTEXT) == []


def test_a_drug_that_no_row_knows_is_of_no_concern(inherited):
    amoxicillin = order(Drug("723", "amoxicillin"))
    assert not inherited.concerns(amoxicillin)
    assert inherited.concerns(order(SOTALOL))
    assert inherited.concerns(named("Atidarsagene autotemcel 1 bag"))


@pytest.mark.parametrize(
    ("drug", "is_grave"),
    [
        (SOTALOL, True),
        (Drug("40254", "valproate"), True),
        (Drug("1995537", "voretigene neparvovec"), True),
        (Drug("29046", "lisinopril"), False),
        (Drug("8640", "prednisone"), False),
        (Drug("2551", "ciprofloxacin"), False),
    ],
)
def test_the_findings_are_needed_where_they_could_rule_the_drug_out(inherited, drug, is_grave):
    assert inherited.needs(order(drug)) is is_grave


def test_another_qt_medicine_on_record_is_named_and_weighs_nothing(inherited):
    patient = PatientContext(medicines=(Medicine((CITALOPRAM,), "active"),))
    azithromycin = order(Drug("18631", "azithromycin"))
    (card,) = inherited.order_cards([azithromycin], case(LQT2, patient=patient), CONTEXT)
    assert "prolonging the QT interval: citalopram" in card.detail
    assert card.indicator == "info"


def test_smoking_is_named_beside_the_oestrogen_and_weighs_nothing(inherited):
    leiden = variant("F5", "p.Arg534Gln", significance="")
    pill = order(Drug("4124", "ethinyl estradiol"))
    smoker = PatientContext(smokes=Fact(True, "2026-10-01"))
    (card,) = inherited.order_cards([pill], case(leiden, patient=smoker), CONTEXT)
    assert "Smoking is on record (2026-10-01)" in card.detail
    assert card.indicator == "warning"
    assert inherited.order_cards([pill], case(patient=smoker), CONTEXT) == []


def test_the_chart_warns_of_a_medicine_in_use_and_keeps_what_is_information(inherited):
    in_use = [order(CITALOPRAM, proposed=False), order(Drug("18631", "azithromycin"))]
    for hook in ("encounter-start", "encounter-discharge", "appointment-book"):
        cards = inherited.chart_cards(in_use, case(LQT2), CONTEXT, hook)
        assert [card.summary.split(":")[0] for card in cards] == ["Citalopram"]
    cards = inherited.chart_cards(in_use, case(LQT2), CONTEXT, "patient-view")
    assert [card.indicator for card in cards] == ["warning", "info"]


def test_a_chart_without_findings_gets_no_card(inherited):
    assert inherited.chart_cards([], case(), CONTEXT, "patient-view") == []
    somatic = variant("KCNH2", "p.Ala561Val", source_class=SourceClass.SOMATIC)
    assert inherited.chart_cards([], case(somatic), CONTEXT, "patient-view") == []


def test_a_genotype_of_cftr_counts_as_its_variants(inherited):
    pair = DiplotypeResult("F508del/G551D", ("F508del", "G551D"), None, None, ())
    result = GeneResult("CFTR", Status.CALLED, diplotypes=(pair,), derived_from=("Observation/g",))
    found = inherited.advice(case(results={"CFTR": result}), None)
    met = {each.drug for each in found if not each.needs or "cystic" in each.needs[0]}
    assert {"ivacaftor", "elexacaftor + tezacaftor + ivacaftor"} <= met
    assert "lumacaftor + ivacaftor" not in met


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        ({}, "no HLA-A typing on file"),
        ({"statements": (
            Statement("HLA-A", StatementKind.DIPLOTYPE, "HLA-A*02:01+HLA-A*24:02", Origin("o", "")),
        )}, None),
        ({"statements": (
            Statement("HLA-A", StatementKind.DIPLOTYPE, "HLA-A*01:01+HLA-A*24:02", Origin("o", "")),
        )}, "not carried"),
        ({"statements": (
            Statement("HLA-A", StatementKind.ALLELE_PRESENCE, "HLA-A*02:01", Origin("o", ""),
                      Presence.ABSENT),
        )}, "not carried"),
        ({"precision": PrecisionReading(typings=(
            StatedTyping("A", ("A*02:01", "A*11:01"), "recipient", Origin("o", "")),
        ))}, None),
        ({"precision": PrecisionReading(typings=(
            StatedTyping("A", ("A*02:01/A*02:09", "A*11:01"), "recipient", Origin("o", "")),
        ))}, "too coarsely"),
        ({"statements": (
            Statement("HLA-A", StatementKind.DIPLOTYPE, "HLA-A*02:01/HLA-A*02:09+HLA-A*24:02",
                      Origin("o", "")),
        )}, "too coarsely"),
        ({"statements": (
            Statement("HLA-A", StatementKind.DIPLOTYPE, "HLA-A*01:01+HLA-A*24:02", Origin("o", ""),
                      source_class=SourceClass.SOMATIC),
        )}, "no HLA-A typing on file"),  # a tumour that lost an allele
        ({"precision": PrecisionReading(typings=(
            StatedTyping("A", ("A*02:01", "A*11:01"), "donor", Origin("o", "")),
        ))}, "no HLA-A typing on file"),  # the donor is somebody else
    ],
)  # fmt: skip
def test_tebentafusp_is_held_against_the_patients_own_typing(inherited, reading, says):
    tebentafusp = order(Drug("2590743", "tebentafusp"))
    cards = inherited.order_cards([tebentafusp], case(**reading), CONTEXT)
    assert bool(cards) is bool(says)
    assert all(says in card.detail for card in cards)


def test_a_test_that_is_under_way_is_not_asked_for_again(inherited):
    problem = {"resourceType": "Condition", "id": "p", "code": {"text": "Marfan syndrome"}}
    new = [Entry(problem, "context.conditions.entry[0].resource")]
    assert inherited.concerns_problems(new)
    (card,) = inherited.problem_cards(new, case(), CONTEXT)
    assert "FBN1" in card.summary
    ordered = replace(case(), tests=(TestOrder("ServiceRequest/1", label="Sequencing of FBN1"),))
    assert inherited.problem_cards(new, ordered, CONTEXT) == []


def test_a_problem_that_is_over_calls_for_nothing(inherited):
    problem = {"resourceType": "Condition", "id": "p", "code": {"text": "Marfan syndrome"}}
    over = {**problem, "clinicalStatus": {"coding": [{"code": "resolved"}]}}
    assert not inherited.concerns_problems([Entry(over, "")])


def test_a_problem_whose_gene_is_on_file_gets_what_is_named_for_it(inherited):
    problem = {"resourceType": "Condition", "id": "p", "code": {"text": "Marfan syndrome"}}
    marfan = variant("FBN1", "p.Arg377Ter")
    (card,) = inherited.problem_cards([Entry(problem, "")], case(marfan), CONTEXT)
    assert "Beta-blocker or losartan" in card.detail
    assert card.suggestions == ()


def test_advice_is_of_the_drugs_asked_for(inherited):
    both = case(LQT2, variant("GLA", "p.Asn215Ser"))
    (told,) = inherited.advice(both, [TherapyDrug("sotalol", "9947")])
    assert (told.effect, told.genes, told.domain) == ("contraindicated", ("KCNH2",), "inherited")
    assert told.rule == "inherited:QT-hand:sotalol"
    every = inherited.advice(both, None)
    assert {"agalsidase beta", "migalastat"} <= {each.drug for each in every}
    assert all(each.drugs for each in every)
    assert inherited.advice(case(), None) == []


def test_what_a_card_says_of_a_report_is_escaped(inherited):
    odd = variant("KCNH2", "p.Ala561Val", words=("<b>*x*</b>",), coding_hgvs="c.1682C>T <i>")
    (card,) = inherited.order_cards([order(SOTALOL)], case(odd), CONTEXT)
    assert "<" not in card.detail.replace("&lt;", "")


def test_sixty_variants_are_judged_in_a_few_milliseconds(inherited):
    many = [variant("TTN", f"p.Arg{100 + i}Gly", i, "Uncertain significance") for i in range(59)]
    patient = PatientContext(qtc=Measurement(Decimal(510), "ms", "2026-11-20"))
    full = case(LQT2, *many, patient=patient)
    inherited.order_cards([order(SOTALOL)], full, CONTEXT)
    begun = time.perf_counter()
    for _ in range(5):
        inherited.order_cards([order(SOTALOL)], full, CONTEXT)
    assert (time.perf_counter() - begun) / 5 < 0.05  # far above what it takes
