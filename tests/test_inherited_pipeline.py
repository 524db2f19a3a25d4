"""Inherited findings through the pipeline: what is read for them, charts, medicines in use, data.

All patients are synthetic.
"""

import uuid
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.order import OVERRIDE_REASONS
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
from fhir_pgx.model.patient import (
    NOBODY,
    Condition,
    Fact,
    Measurement,
    Medicine,
    PatientContext,
)
from fhir_pgx.model.phenotype import DiplotypeResult, GeneResult, Status
from fhir_pgx.model.precision import PrecisionReading, StatedPlan
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.test_order import TestOrder
from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.model.transplant import StatedTyping
from fhir_pgx.pipeline.case import Case
from fhir_pgx.pipeline.precision import inherited_known
from fhir_pgx.pipeline.precision.inherited import Inherited
from fhir_pgx.pipeline.precision.precision import Precision

from .replay import demo_client

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
    (alone,) = inherited.order_cards([azithromycin], case(LQT2), CONTEXT)
    assert card.indicator == alone.indicator == "warning"


def test_smoking_is_named_beside_the_oestrogen_and_weighs_nothing(inherited):
    leiden = variant("F5", "p.Arg534Gln", significance="")
    pill = order(Drug("4124", "ethinyl estradiol"))
    smoker = PatientContext(smokes=Fact(True, "2026-10-01"))
    (card,) = inherited.order_cards([pill], case(leiden, patient=smoker), CONTEXT)
    assert "Smoking is on record (2026-10-01)" in card.detail
    assert card.indicator == "warning"
    assert inherited.order_cards([pill], case(patient=smoker), CONTEXT) == []


def test_the_chart_warns_of_a_medicine_in_use_and_keeps_what_is_information(inherited):
    in_use = [order(CITALOPRAM, proposed=False), order(Drug("3407", "digoxin"), proposed=False)]
    both = case(LQT2, variant("TTR", "p.Val142Ile"))  # digoxin: caution, if the heart is ill
    for hook in ("encounter-start", "encounter-discharge", "appointment-book"):
        cards = inherited.chart_cards(in_use, both, CONTEXT, hook)
        assert [card.summary.split(":")[0] for card in cards] == ["Citalopram"]
    cards = inherited.chart_cards(in_use, both, CONTEXT, "patient-view")
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


def test_one_finding_among_sixty_variants_is_judged_as_alone(inherited):
    many = [variant("TTN", f"p.Arg{100 + i}Gly", i, "Uncertain significance") for i in range(59)]
    patient = PatientContext(qtc=Measurement(Decimal(510), "ms", "2026-11-20"))
    (alone,) = inherited.order_cards([order(SOTALOL)], case(LQT2, patient=patient), CONTEXT)
    (among,) = inherited.order_cards([order(SOTALOL)], case(*many, LQT2, patient=patient), CONTEXT)
    assert (among.indicator, among.summary) == (alone.indicator, alone.summary)


def coded(drug, *, proposed=True, name="order-1"):
    made = order(drug, proposed=proposed, name=name)
    return replace(made, resource={"resourceType": "MedicationRequest", "id": name})


@pytest.mark.parametrize(
    ("drug", "found", "cancels"),
    [
        (SOTALOL, LQT2, True),
        (CITALOPRAM, LQT2, True),
        (SOTALOL, variant("SCN5A", "p.Arg34Gly"), False),  # only if it is a gain of function
    ],
)
def test_a_hazard_of_a_draft_has_reasons_to_override_and_may_be_cancelled(
    inherited, drug, found, cancels
):
    (card,) = inherited.order_cards([coded(drug)], case(found), CONTEXT)
    assert card.override_reasons == OVERRIDE_REASONS
    actions = [action for each in card.suggestions for action in each.actions]
    assert [(a.type, a.resource_id) for a in actions] == (
        [("delete", "MedicationRequest/order-1")] if cancels else []
    )


def test_information_and_a_medicine_in_use_are_neither_overridden_nor_cancelled(inherited):
    uncertain = variant("KCNH2", "p.Ala561Val", significance="Uncertain significance")
    (card,) = inherited.order_cards([coded(SOTALOL)], case(uncertain), CONTEXT)
    assert (card.override_reasons, card.suggestions) == ((), ())
    in_use = [coded(SOTALOL, proposed=False)]
    (card,) = inherited.chart_cards(in_use, case(LQT2), CONTEXT, "encounter-start")
    assert (card.override_reasons, card.suggestions) == ((), ())


def test_an_order_known_by_name_alone_is_not_offered_to_be_cancelled(inherited):
    by_name = replace(coded(SOTALOL), match=DrugMatch((SOTALOL,), "name"))
    (card,) = inherited.order_cards([by_name], case(LQT2), CONTEXT)
    assert card.override_reasons
    assert card.suggestions == ()


def test_two_orders_are_cancelled_together(inherited):
    orders = [coded(SOTALOL), coded(SOTALOL, name="order-2")]
    (card,) = inherited.order_cards(orders, case(LQT2), CONTEXT)
    (offered,) = card.suggestions
    assert offered.label == "Cancel these 2 orders of sotalol"
    assert len(offered.actions) == 2


def test_a_pill_is_known_by_a_brand_that_no_table_holds(inherited):
    leiden = case(variant("F5", "p.Arg534Gln", significance=""))
    (card,) = inherited.order_cards([named("Yaz")], leiden, CONTEXT)
    assert card.summary.startswith("Ethinyl estradiol: avoid with F5")
    assert "Yaz" in card.detail
    assert inherited.order_cards([named("Micronor")], leiden, CONTEXT) == []
    assert inherited.concerns(named("Yaz"))


DECLINED = PrecisionReading(
    plans=(StatedPlan("declined", ("No secondary findings",), Origin("Consent/c", "")),)
)


def test_where_secondary_findings_are_declined_only_what_the_patient_has_is_named(inherited):
    findings = (LQT2, variant("LDLR", "p.Cys681Ter"))
    ill = PatientContext(conditions=(Condition("Long QT syndrome", state="active"),))
    told = case(*findings, patient=ill, precision=DECLINED)
    (card,) = inherited.chart_cards([], told, CONTEXT, "patient-view")
    assert "KCNH2" in card.detail
    assert "LDLR" not in card.detail
    silent = case(*findings, precision=DECLINED)
    assert inherited.chart_cards([], silent, CONTEXT, "patient-view") == []


def test_a_hazard_of_a_drug_is_told_though_secondary_findings_are_declined(inherited):
    told = case(LQT2, precision=DECLINED)
    (card,) = inherited.order_cards([order(SOTALOL)], told, CONTEXT)
    assert card.indicator == "critical"
    in_use = [order(SOTALOL, proposed=False)]
    (card,) = inherited.chart_cards(in_use, told, CONTEXT, "patient-view")
    assert card.indicator == "critical"


@pytest.mark.parametrize("findings", [(LQT2,), (LQT2, variant("KCNQ1", "p.Arg190Gln"))])
def test_asked_for_no_drug_the_qt_drugs_to_be_avoided_are_named_once_each(inherited, findings):
    found = inherited.advice(case(*findings), None)
    named = [each.drug for each in found if each.provenance.id.startswith("QT-hand")]
    assert {"sotalol", "ondansetron"} <= set(named)
    assert len(named) == len(set(named))
    assert "haloperidol" not in named  # its label only warns


def test_a_finding_of_a_tumour_names_no_qt_drug(inherited):
    somatic = variant("KCNH2", "p.Ala561Val", source_class=SourceClass.SOMATIC)
    assert inherited.advice(case(somatic), None) == []


def test_findings_are_worked_out_once_a_call(inherited, monkeypatch):
    asked = []
    work_out = inherited_known.inherited_findings
    monkeypatch.setattr(
        inherited_known, "inherited_findings", lambda r: asked.append(r) or work_out(r)
    )
    patient = case(LQT2)
    inherited.order_cards([order(SOTALOL)], patient, CONTEXT)
    inherited.chart_cards([], replace(patient, tests=()), CONTEXT, "patient-view")
    inherited.advice(patient, None)
    assert len(asked) == 1


def test_a_fault_that_two_domains_meet_in_the_same_findings_is_told_once(knowledge, monkeypatch):
    def fails(reading):
        raise ZeroDivisionError

    monkeypatch.setattr(inherited_known, "inherited_findings", fails)
    precision = Precision(knowledge, lambda: date(2026, 11, 23))
    cards = precision.chart_cards(
        [order(SOTALOL, proposed=False)], case(LQT2), CONTEXT, "patient-view"
    )
    assert [card.indicator for card in cards] == ["warning"]
    with pytest.raises(ZeroDivisionError):  # who asks for data gets all of them or an error
        precision.advice(case(LQT2), None)


def test_a_problem_that_comes_as_a_code_is_named(inherited):
    problem = {
        "resourceType": "Condition",
        "id": "c",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Q87.40"}]},
    }
    entry = Entry(problem, "context.conditions.entry[0].resource")
    (card,) = inherited.problem_cards([entry], case(), CONTEXT)
    assert card.summary.startswith("Marfan syndrome (Q87.40): no FBN1 result on file")


def test_a_class_of_drugs_stands_in_the_summary_by_its_first(inherited):
    mody = case(variant("HNF1A", "p.Arg131Gln"))
    (card,) = inherited.chart_cards([], mody, CONTEXT, "patient-view")
    assert "glyburide or 3 others. Options, no orders." in card.summary


FACTOR_V, PROTHROMBIN = "21667-1", "24475-6"


@pytest.mark.parametrize(
    ("code", "answer", "told"),
    [
        (FACTOR_V, "Detected", "factor V Leiden"),
        (FACTOR_V, "Heterozygous", "factor V Leiden"),
        (FACTOR_V, "Homozygous positive", "factor V Leiden"),
        (FACTOR_V, "Negative", ""),
        (FACTOR_V, "Test not performed", ""),
        (PROTHROMBIN, "Detected", "prothrombin G20210A"),
        (PROTHROMBIN, "Not detected", ""),
    ],
)
def test_a_test_for_one_thrombophilia_by_its_own_code_is_read(tmp_path, code, answer, told):
    """The commonest form of these results: a code for the variant, and Positive or Negative."""
    result = {
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueCodeableConcept": {"text": answer},
    }
    cards = signed(tmp_path, "ethinyl estradiol / levonorgestrel", result)
    summaries = [card["summary"] for card in cards]
    assert [told in each for each in summaries] == ([True] if told else [])


def test_a_variant_that_decides_is_not_missed_beside_its_own_card(tmp_path):
    """F508del by its protein alone is no diplotype of CFTR, and an answer to ivacaftor all the
    same: nobody is told that there is no usable one."""
    said = {"48018-6": "CFTR", "48005-3": "p.Phe508del", "48002-0": "Germline",
            "53034-5": "Homozygous", "53037-8": "Pathogenic"}  # fmt: skip
    result = {
        "code": {"coding": [{"system": "http://loinc.org", "code": "69548-6"}]},
        "valueCodeableConcept": {"text": "Present"},
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "valueCodeableConcept": {"text": words},
            }
            for code, words in said.items()
        ],
    }
    (card,) = signed(tmp_path, "ivacaftor", result)
    assert "not indicated with CFTR p.Phe508del" in card["summary"]


def signed(tmp_path, drug, result):
    """The cards of an order of a synthetic patient with one result."""
    about = {"subject": {"reference": "Patient/synthetic"}}
    result = {"resourceType": "Observation", "id": "synthetic", "status": "final"} | about | result
    order = {
        "resourceType": "MedicationRequest",
        "id": "order",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"text": drug},
    } | about
    call = {
        "hook": "order-sign",
        "hookInstance": str(uuid.UUID(int=7)),
        "context": {
            "userId": "Practitioner/synthetic",
            "patientId": "synthetic",
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order}]},
        },
        "prefetch": {"results": {"resourceType": "Bundle", "entry": [{"resource": result}]}},
    }
    with demo_client(tmp_path) as client:
        return client.post("/cds-services/pgx-order-sign", json=call).get_json()["cards"]
