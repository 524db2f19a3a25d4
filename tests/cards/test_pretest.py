"""The card before a test exists, the one offer of a call, and the card of a test ordered again."""

import json
import uuid
from dataclasses import replace

import jsonschema
import pytest

from fhir_pgx.cards import offer_tests, ordered_test_card, pretest_card, write_answer
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.pretest import Requester
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.tests_ordered import read_test_orders
from fhir_pgx.knowledge.profiles import schema
from fhir_pgx.model.drug import Coding, MedicationConcept, MedicationOrder
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.hook import HookAnswer
from fhir_pgx.model.levels import Level
from fhir_pgx.model.phenotype import Coverage, DiplotypeResult, GeneResult, Status
from fhir_pgx.model.recommendation import Unanswered
from fhir_pgx.model.test_order import TestOrder
from fhir_pgx.model.test_plan import Need, RepeatedTest, TestPanel, TestPlan, Weight

CONTEXT = CardContext(uuid.UUID(int=1), "2026.08")
REQUESTER = Requester("Patient/synthetic-1", "2026-11-23", "Encounter/e1", "Practitioner/p1")
A = Level("CYP2C19", "A", clinpgx="1A", label="Actionable PGx")
REQUIRED = Level("HLA-B", "A", label="Testing Required")
SINGLE = TestPanel("66489-6", "CYP2C19 gene targeted mutation analysis", ("CYP2C19",))
OPEN = TestPanel("51962-9", "Pharmacogenetic DNA analysis panel", ("CYP2C19", "TPMT"), True)


def order(n=1, text="clopidogrel 75 MG Oral Tablet", *, proposed=True):
    return MedicationOrder(
        reference=f"MedicationRequest/{n}",
        path="",
        resource_type="MedicationRequest",
        status="draft",
        concept=MedicationConcept((Coding("", ""),), text),
        proposed=proposed,
        match=None,
        resource={"resourceType": "MedicationRequest", "id": str(n)},
    )


def need(target="CYP2C19", drug="clopidogrel", n=1, weight=Weight.HIGH, level=A):
    gene = target.partition("*")[0]
    return Need(target, gene, drug, f"MedicationRequest/{n}", weight, level, "CPIC, PM: Avoid.")


ABACAVIR = need("HLA-B*57:01", "abacavir", weight=Weight.BEFORE_USE, level=REQUIRED)


def card_of(
    *needs, plan=None, results=None, context=CONTEXT, reason="not-tested", of=None, genes=None
):
    genes = genes or tuple(dict.fromkeys(each.gene for each in needs)) or ("CYP2C19",)
    answer = Unanswered(
        needs[0].drug if needs else "x", "1", genes, reason, "No result is on file."
    )
    return pretest_card(
        of or order(),
        answer,
        results or {},
        context,
        source="CPIC",
        needs=needs,
        plan=plan or TestPlan(needs),
    )


def suggestions(cards):
    return [each for card in cards for each in card.suggestions]


@pytest.mark.parametrize(
    ("needs", "proposed", "indicator", "said"),
    [
        ((need(),), True, "info",
         "Clopidogrel: no CYP2C19 result on file; CPIC advice depends on it."),
        ((ABACAVIR,), True, "warning",
         "Abacavir: no HLA-B*57:01 result on file; the FDA label requires testing for "
         "HLA-B*57:01."),
        ((ABACAVIR,), False, "info",  # in use: the first dose is past
         "Abacavir: no HLA-B*57:01 result on file; the FDA label requires testing for "
         "HLA-B*57:01."),
    ],
)  # fmt: skip
def test_a_missing_result_warns_only_where_a_label_has_it_before_use(
    needs, proposed, indicator, said
):
    card = card_of(*needs, of=order(proposed=proposed))
    assert (card.indicator, card.summary) == (indicator, said)


@pytest.mark.parametrize(
    ("weight", "setting", "shown"),
    [
        (Weight.BEFORE_USE, "important", True),
        (Weight.HIGH, "important", True),
        (Weight.MATTERS, "important", True),
        (Weight.SOME, "important", False),
        (Weight.SOME, "all", True),
        (Weight.BEFORE_USE, "none", False),
    ],
)
def test_the_setting_decides_which_drugs_get_the_card(weight, setting, shown):
    card = card_of(need(weight=weight), context=replace(CONTEXT, untested=setting))
    assert (card is not None) == shown


def test_a_result_that_could_not_be_used_is_shown_in_any_setting():
    results = {"CYP2C19": GeneResult("CYP2C19", Status.NOT_CALLED)}
    quiet = replace(CONTEXT, untested="none")
    card = card_of(need(), results=results, reason="not-called", context=quiet)
    assert "on file without a usable answer" in card.summary
    tumour = GeneResult(
        "CYP2C19", Status.NOT_TESTED, caveats=(Caveat("PGX-610", "That of a tumour."),)
    )
    card = card_of(need(), results={"CYP2C19": tumour}, context=quiet)
    assert card.summary.startswith("Clopidogrel: no germline CYP2C19 result on file")
    assert "PGX-610" in card.detail


def test_the_card_says_what_was_looked_for_and_that_missing_is_not_normal():
    card = card_of(need())
    assert "PGX-677" in card.detail
    assert "not a normal result" in card.detail
    assert "CPIC level A" in card.detail
    assert "CPIC, PM: Avoid." in card.detail


def test_no_result_on_file_and_data_that_did_not_come_are_two_things():
    card = card_of(need(), context=replace(CONTEXT, incomplete=True, unread=2))
    assert "no CYP2C19 result in the part of the data that came" in card.summary
    assert {"PGX-622", "PGX-617"} <= {
        code for code in ("PGX-622", "PGX-617") if code in card.detail
    }


def test_an_ointment_gets_no_card():
    assert card_of(need(), of=order(text="fluorouracil 50 MG/ML Topical Cream")) is None


# The one test


def test_one_card_of_a_call_offers_the_test_and_it_is_the_weightiest():
    first, second = need(n=1), need("TPMT", "azathioprine", 2, Weight.BEFORE_USE, REQUIRED)
    plan = TestPlan((first, second), (), OPEN, ("CYP2C19", "TPMT"))
    cards = offer_tests(
        [card_of(first, plan=plan), card_of(second, plan=plan, of=order(2))],
        plan,
        REQUESTER,
        CONTEXT,
    )
    assert [len(card.suggestions) for card in cards] == [0, 1]
    assert "It comes with another card" in cards[0].detail
    assert "It comes with this card" in cards[1].detail
    assert all("51962-9" in card.detail for card in cards)


def test_the_offered_order_is_whole_and_is_read_as_what_it_is(knowledge):
    plan = TestPlan((need(),), (), OPEN, ("CYP2C19",))
    cards = offer_tests([card_of(need(), plan=plan)], plan, REQUESTER, CONTEXT)
    ((action,),) = [each.actions for each in suggestions(cards)]
    assert action.type == "create"
    request = action.resource
    assert request == {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "108252007",
                                  "display": "Laboratory procedure"}]}],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "51962-9",
                        "display": "Pharmacogenetic DNA analysis panel"}],
            "text": "Pharmacogenetic DNA analysis panel, for CYP2C19",
        },
        "subject": {"reference": "Patient/synthetic-1"},
        "authoredOn": "2026-11-23",
        "encounter": {"reference": "Encounter/e1"},
        "requester": {"reference": "Practitioner/p1"},
        "reasonCode": [{"text": "Drug response, CYP2C19: clopidogrel"}],
    }  # fmt: skip
    (read,) = read_test_orders([Entry({**request, "id": "t"}, "", "")], knowledge.vocabulary)
    assert read.asks_for("CYP2C19")
    assert not read.asks_for("TPMT")
    jsonschema.validate(
        json.loads(json.dumps(write_answer(HookAnswer(tuple(cards))))), schema("response")
    )


def test_every_single_test_we_offer_is_read_as_an_order_for_what_it_asks(knowledge):
    """So that an accepted offer silences the next one."""
    for panel in knowledge.panels:
        asked = panel.reads[:2]
        needs = tuple(need(target) for target in asked)
        plan = TestPlan(needs, (), panel, asked)
        cards = offer_tests([card_of(*needs, plan=plan)], plan, REQUESTER, CONTEXT)
        ((action,),) = [each.actions for each in suggestions(cards)]
        entry = Entry({**action.resource, "id": "t"}, "", "")
        (read,) = read_test_orders([entry], knowledge.vocabulary)
        assert all(read.asks_for(target) for target in asked), panel


@pytest.mark.parametrize(
    ("requester", "absent", "present"),
    [
        (replace(REQUESTER, user="Patient/1", encounter=""), {"requester", "encounter"}, set()),
        (replace(REQUESTER, release="R5"), {"reasonCode"}, {"reason"}),
    ],
)
def test_an_offered_order_states_nothing_that_nobody_stated(requester, absent, present):
    plan = TestPlan((need(),), (), SINGLE, ("CYP2C19",))
    cards = offer_tests([card_of(need(), plan=plan)], plan, requester, CONTEXT)
    ((action,),) = [each.actions for each in suggestions(cards)]
    assert not absent & action.resource.keys()
    assert present <= action.resource.keys()


@pytest.mark.parametrize("requester", [None, replace(REQUESTER, release="DSTU2")])
def test_where_no_order_can_be_offered_the_card_names_the_test(requester):
    plan = TestPlan((need(),), (), SINGLE, ("CYP2C19",))
    cards = offer_tests([card_of(need(), plan=plan)], plan, requester, CONTEXT)
    assert suggestions(cards) == []
    assert "would answer for CYP2C19" in cards[0].detail
    assert "It comes with" not in cards[0].detail


def test_a_test_ordered_already_is_named_and_none_is_offered():
    running = TestOrder("ServiceRequest/t1", ("CYP2C19",), label="CYP2C19", when="2026-11-20")
    plan = TestPlan((need(),), (("CYP2C19", running),))
    (card,) = offer_tests([card_of(need(), plan=plan)], plan, REQUESTER, CONTEXT)
    assert "a test is ordered already (2026-11-20)" in card.summary
    assert "ServiceRequest/t1" in card.detail
    assert card.suggestions == ()
    assert "PGX-679" not in card.detail


def test_a_panel_that_names_no_genes_is_to_be_asked_about():
    running = TestOrder("ServiceRequest/t1", is_panel=True, label="PGx", proposed=True)
    plan = TestPlan((need(),), (("CYP2C19", running),))
    (card,) = offer_tests([card_of(need(), plan=plan)], plan, REQUESTER, CONTEXT)
    assert "a test is drafted already" in card.summary
    assert "PGX-679" in card.detail


def test_what_the_offered_test_does_not_read_is_named():
    other = need("HLA-B*57:01", n=1)
    plan = TestPlan((need(), other), (), SINGLE, ("CYP2C19",), ("HLA-B*57:01",))
    (card,) = offer_tests([card_of(need(), other, plan=plan)], plan, REQUESTER, CONTEXT)
    assert "PGX-680" in card.detail


def test_a_card_that_waits_for_nothing_stays_as_it_was():
    card = card_of(need(n=7), of=order(7))
    assert offer_tests([card], TestPlan(), REQUESTER, CONTEXT) == [card]


# A test ordered again

KNOWN = GeneResult(
    "CYP2C19",
    Status.CALLED,
    "genotype",
    (DiplotypeResult("*1/*2", ("*1", "*2"), "Intermediate Metabolizer", None, ()),),
    phenotype="Intermediate Metabolizer",
    lookup_keys=("Intermediate Metabolizer",),
    derived_from=("Observation/o1",),
    when="2024-03-05",
)
DRAFT = TestOrder("ServiceRequest/t1", ("CYP2C19",), label="CYP2C19 genotype", proposed=True)


@pytest.mark.parametrize(
    ("repeated", "said"),
    [
        (RepeatedTest((DRAFT,), ("CYP2C19",)),
         "CYP2C19: the result is on file already (2024-03-05); germline results do not expire."),
        (RepeatedTest((DRAFT,), ("CYP2C19",), partial=("CYP2C19",)),
         "CYP2C19: a result is on file (2024-03-05), from a test that did not look for "
         "everything."),
        (RepeatedTest((replace(DRAFT, genes=("CYP2C19", "TPMT")),), ("CYP2C19",), (), ("TPMT",)),
         "On file already: CYP2C19. Not yet: TPMT."),
        (RepeatedTest((replace(DRAFT, genes=(), is_panel=True),), ("CYP2C19",)),
         "Panel ordered; already on file: CYP2C19."),
        (RepeatedTest((DRAFT,), running=(replace(DRAFT, when="2026-11-20"),)),
         "CYP2C19: this test is ordered already (2026-11-20)."),
        (RepeatedTest((DRAFT, replace(DRAFT, reference="ServiceRequest/t2"))),
         "CYP2C19: the same test stands 2 times among these orders."),
    ],
)  # fmt: skip
def test_a_repeated_test_is_told_in_one_quiet_sentence(repeated, said):
    card = ordered_test_card(repeated, {"CYP2C19": KNOWN}, CONTEXT)
    assert (card.summary, card.indicator) == (said, "info")
    assert len(card.summary) < 140
    assert card.orders == tuple(order.reference for order in repeated.orders)
    jsonschema.validate(
        json.loads(json.dumps(write_answer(HookAnswer((card,))))), schema("response")
    )


def test_the_card_shows_the_result_its_date_and_what_was_not_looked_for():
    coverage = Coverage(3, ("rs4986893",), (), ("*3",))
    found = {"CYP2C19": replace(KNOWN, coverage=coverage)}
    repeated = RepeatedTest((DRAFT,), ("CYP2C19",), ("CYP2C19",))
    card = ordered_test_card(repeated, found, CONTEXT)
    for said in ("Observation/o1, 2024-03-05", "rs4986893", "would change the result", "PGX-678"):
        assert said in card.detail
    silent = ordered_test_card(RepeatedTest((DRAFT,), ("CYP2C19",)), {"CYP2C19": KNOWN}, CONTEXT)
    assert "does not say which positions" in silent.detail
    assert "PGX-678" not in silent.detail
