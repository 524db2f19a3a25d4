"""The cards of tumour findings, from made answers: what is offered, escaped, capped."""

import uuid
from datetime import date

import pytest

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.pretest import Requester
from fhir_pgx.cards.tumour import board_card, host_card, new_cancer_card, order_card
from fhir_pgx.cards.tumour.request import GERMLINE, TISSUE, specimen_of
from fhir_pgx.model.drug import MedicationConcept, MedicationOrder
from fhir_pgx.model.finding import Origin, Presence, SourceClass, StatedImplication
from fhir_pgx.model.test_order import TestOrder as OrderedTest
from fhir_pgx.model.therapy import Provenance, TherapyAdvice, TherapyDrug
from fhir_pgx.model.tumour import Alteration, Cancer, Profile, StatedCancer, TumourRow
from fhir_pgx.model.tumour import TestFirst as FirstTest
from fhir_pgx.model.tumour_answer import (
    BiomarkerState,
    Board,
    Held,
    Judged,
    MissingTest,
    Option,
    Outcome,
)

TODAY = date(2026, 11, 23)
CONTEXT = CardContext(uuid.UUID(int=7), "2026.08")
REQUESTER = Requester("Patient/synthetic", "2026-11-23", user="Practitioner/synthetic")
FOUND = Alteration(
    ("EGFR",), "variant", Presence.PRESENT, Origin("Observation/made", "", when="2026-10-01"),
    "EGFR L858R", source_class=SourceClass.SOMATIC, specimen="tissue",
)  # fmt: skip
LUNG = Cancer(
    StatedCancer("Lung <b>cancer</b>", (), "active", Origin("Condition/1", "")),
    ("DOID:3908",), "code",
)  # fmt: skip


def order(label="osimertinib 80 MG"):
    return MedicationOrder(
        "MedicationRequest/1", "", "MedicationRequest", "draft", MedicationConcept(text=label), True
    )


def held(drug="osimertinib", effect="sensitive", level="FDA-label", fit="same", **more):
    system = "FDA" if level.startswith("FDA") else "CIViC"
    about = Provenance(system, system, level, f"{level}:{drug}", as_of="2026-10-01")
    drugs = (TherapyDrug(drug),)
    made = TumourRow(
        about.id, Profile("is"), "made", ("EGFR",), "", "NSCLC", "DOID:3908", drugs, "single",
        effect, about,
    )  # fmt: skip
    advice = TherapyAdvice(
        "tumour", drugs, effect, "EGFR L858R", "made", "NSCLC", fit, about, "", **more
    )
    return Held(made, Outcome("met", (FOUND,), 0), fit, advice, drugs=frozenset({drug}))


def chart(board, findings=(FOUND,), in_use=(), reported=()):
    return board_card(board, findings, (), in_use, reported, CONTEXT, TODAY)


def asked(judged, tests=(), requester=REQUESTER):
    return order_card(order(), judged, tests, requester, CONTEXT, TODAY)


def test_nothing_to_say_makes_no_card():
    assert asked(Judged(TherapyDrug("osimertinib"), LUNG, "")) is None
    assert chart(Board(LUNG)) is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (held(effect="not-indicated", level="FDA-label-limitation"), "not indicated with EGFR"),
        (held(effect="resistant", level="D"), "resistance with EGFR L858R (CIViC D, preclinical)"),
        (held(effect="resistant", level="B", conflicts=True), "conflicting evidence with EGFR"),
        (held(effect="resistant", level="A", fit="unknown"), "(if the cancer is NSCLC)"),
    ],
)
def test_the_summary_says_the_drug_the_finding_and_the_level(row, said):
    card = asked(Judged(TherapyDrug("osimertinib"), LUNG, "warning", against=(row,)))
    assert card.summary.startswith("Osimertinib: ")
    assert said in card.summary
    assert len(card.summary) < 140
    assert card.suggestions == ()


NRAS = FirstTest(
    TherapyDrug("cetuximab"), "DOID:9256", (("NRAS", ()),), "unknown RAS",
    Provenance("FDA drug label", "FDA", "FDA-label", "made", as_of="2026-05"),
)  # fmt: skip
WAITS = Judged(
    TherapyDrug("cetuximab"), LUNG, "info",
    missing=(MissingTest(NRAS, ("NRAS",), ("no result on file",), ("NRAS",), "same"),),
)  # fmt: skip


def test_a_missing_result_is_offered_once_as_a_draft():
    card = asked(WAITS)
    ((suggestion,),) = [card.suggestions]
    request = suggestion.actions[0].resource
    assert (request["status"], request["intent"]) == ("draft", "order")
    assert request["code"]["text"] == "Molecular test of tumour tissue: NRAS"
    assert request["requester"] == {"reference": "Practitioner/synthetic"}


@pytest.mark.parametrize(
    ("requester", "tests"),
    [
        (None, ()),
        (Requester("Patient/synthetic", "2026-11-23", release="DSTU2"), ()),
    ],
)
def test_nothing_is_offered_where_nobody_may_order(requester, tests):
    assert asked(WAITS, tests, requester).suggestions == ()


def test_a_test_that_is_ordered_already_is_not_asked_for_again():
    running = OrderedTest("ServiceRequest/1", label="NRAS mutation analysis of the tumour")
    assert asked(WAITS, (running,)) is None


def test_a_release_with_another_shape_gets_its_own():
    requester = Requester("Patient/synthetic", "2026-11-23", release="R5")
    request = asked(WAITS, (), requester).suggestions[0].actions[0].resource
    assert request["code"] == {"concept": {"text": "Molecular test of tumour tissue: NRAS"}}


def test_what_a_client_sent_is_escaped():
    card = chart(Board(LUNG, options=(Option((held(),)),)))
    assert "<b>" not in card.detail
    assert "&lt;b&gt;" in card.detail


def test_a_level_of_case_reports_never_stands_among_the_options():
    board = Board(LUNG, limited=(Option((held(level="C"),)),), hidden=3)
    card = chart(board)
    assert "Limited evidence in this cancer (CIViC C)" in card.detail
    assert "3 more case-level or preclinical items, not shown." in card.detail
    assert "Named by" not in card.detail
    assert card.indicator == "info"


def test_long_lists_are_cut_and_say_so():
    options = tuple(Option((held(f"drug{n}"),)) for n in range(14))
    card = chart(Board(LUNG, options=options))
    assert "… and 4 more: drug10, drug11, drug12, drug13." in card.detail


def test_a_medicine_in_use_that_findings_speak_against_makes_the_chart_a_warning():
    row = held("erlotinib", "resistant", "A")
    judged = Judged(TherapyDrug("erlotinib"), LUNG, "warning", against=(row,))
    card = chart(Board(LUNG), in_use=((order("erlotinib"), judged),))
    assert card.indicator == "warning"
    assert "erlotinib in use, resistance with EGFR L858R" in card.summary
    assert card.orders == ("MedicationRequest/1",)


def test_what_the_laboratory_says_itself_is_called_so():
    stated = StatedImplication(
        ("EGFR",), ("Responsive",), (), ("osimertinib",), Origin("Observation/9", "")
    )
    card = chart(Board(LUNG), reported=(stated,))
    assert "Reported by the laboratory itself" in card.detail


def test_a_tier_is_called_derived():
    card = chart(Board(LUNG, options=(Option((held(tier="AMP I-A, ESCAT I"),)),)))
    assert "Tier derived by us: AMP I-A, ESCAT I." in card.detail


def marker_state(name, state="", *, is_answered=False):
    return BiomarkerState(name, (name,), state, is_answered, ("a drug",))


def test_a_new_cancer_lists_what_is_on_file_and_asks_for_the_rest():
    own = (
        marker_state("EGFR mutation", "EGFR L858R", is_answered=True),
        marker_state("ALK fusion", "ALK not detected in plasma"),
        marker_state("ROS1 fusion"),
    )
    card = new_cancer_card(LUNG, own, (), (), REQUESTER, CONTEXT)
    assert "EGFR mutation: EGFR L858R" in card.detail
    assert "ALK not detected in plasma" in card.detail
    request = card.suggestions[0].actions[0].resource
    assert request["code"]["text"] == "Molecular test of tumour tissue: ALK fusion, ROS1 fusion"
    assert new_cancer_card(LUNG, (), own, (), REQUESTER, CONTEXT) is None


def test_host_and_tumour_say_nothing_where_nothing_of_the_tumour_is_known():
    states = (marker_state("KRAS mutation"), marker_state("MSI or MMR"))
    arguments = (order("irinotecan"), "irinotecan", "UGT1A1", LUNG)
    assert host_card(*arguments, states, {}, CONTEXT) is None
    known = (*states, marker_state("BRAF mutation", "BRAF V600E", is_answered=True))
    card = host_card(*arguments, known, {}, CONTEXT)
    assert "BRAF V600E" in card.summary
    assert "UGT1A1: no result on file" in card.detail
    assert card.indicator == "info"


def test_a_cancer_recorded_widely_says_of_which_kind_the_biomarkers_are():
    own = (
        BiomarkerState("EGFR mutation", ("EGFR",), "", False, ("osimertinib",), True, ("NSCLC",)),
        BiomarkerState("ALK fusion", ("ALK",), "", False, ("alectinib",), True, ("NSCLC",)),
        BiomarkerState("HLA-A typing", ("HLA-A",), "", False, ("tebentafusp",), True, ("NSCLC",)),
    )
    card = new_cancer_card(LUNG, own, (), (), REQUESTER, CONTEXT)
    assert "if it is NSCLC, no usable result of EGFR mutation, ALK fusion and 1 more." in (
        card.summary
    )
    request = card.suggestions[0].actions[0].resource
    assert request["code"]["text"] == (
        "Molecular test of tumour tissue, HLA of blood (germline): "
        "EGFR mutation, ALK fusion, HLA-A typing"
    )


def test_studies_that_speak_against_drugs_are_one_line_a_finding():
    rows = tuple(Option((held(f"drug{n}", effect="resistant", level="B"),)) for n in range(10))
    card = chart(Board(LUNG, resistance=rows))
    lines = [line for line in card.detail.splitlines() if "resistance by CIViC B" in line]
    assert len(lines) == 1
    assert "drug7 (B:drug7) and 2 more" in lines[0]


@pytest.mark.parametrize(
    ("names", "of"),
    [
        (("germline BRCA1 and BRCA2",), GERMLINE),
        (("HLA-A",), GERMLINE),
        (("EGFR", "ALK"), TISSUE),
        (("germline BRCA1 and BRCA2", "HER2"), TISSUE),
    ],
)
def test_a_germline_test_is_of_the_patient_and_no_other_is(names, of):
    assert specimen_of(names, TISSUE) == of
