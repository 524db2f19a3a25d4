"""What is told of ordered drugs and open charts, and what is not: the whole of pathogens without
a server."""

import uuid
from datetime import date

import pytest

from fhir_pgx.cards.context import CardContext
from fhir_pgx.fhir.bundle import References
from fhir_pgx.model.drug import Drug, DrugMatch, MedicationConcept, MedicationOrder
from fhir_pgx.model.finding import Origin, Presence
from fhir_pgx.model.pathogen import StatedPathogen
from fhir_pgx.model.patient import Medicine, PatientContext
from fhir_pgx.model.precision import PrecisionReading
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.pipeline.case import Case
from fhir_pgx.pipeline.precision.pathogen import Pathogen

TODAY = date(2026, 11, 23)
CONTEXT = CardContext(uuid.UUID(int=0), "2026.08")
CODES = {
    "lamivudine": "68244", "abacavir": "190521", "atazanavir": "343047", "ritonavir": "85762",
    "valganciclovir": "275891", "meropenem": "29561", "vaborbactam": "1945213",
    "oseltamivir": "260101", "rifapentine": "35617", "amoxicillin": "723", "ibuprofen": "5640",
    "tenofovir alafenamide": "1721603", "lenacapavir": "2625651", "avibactam": "1603834",
    "aztreonam": "1272", "pretomanid": "2198359", "vancomycin": "11124", "efavirenz": "195085",
}  # fmt: skip


@pytest.fixture(scope="module")
def pathogens(knowledge):
    return Pathogen(knowledge, lambda: TODAY)


def order(*names, place=1, proposed=True):
    drugs = tuple(Drug(CODES[name], name) for name in names)
    label = " / ".join(names)
    concept, match = MedicationConcept((), label), DrugMatch(drugs, "code")
    kind = "MedicationRequest"
    return MedicationOrder(f"{kind}/{place}", "", kind, "draft", concept, proposed, match=match)


def result(organism, gene="", *mutations, when="2026-11-01", presence=Presence.PRESENT, said=()):
    origin = Origin(f"Observation/{gene or 'x'}-{when}", "", when=when)
    return StatedPathogen(organism, organism, gene, mutations, presence, origin, verdicts=said)


def case(*stated, medicines=()):
    in_use = tuple(
        Medicine((Drug(CODES[name], name),), "active", reference=f"MedicationStatement/{name}")
        for name in medicines
    )
    return Case(
        results={},
        patient=PatientContext(medicines=in_use),
        references=References([]),
        sites={},
        reading=Reading(precision=PrecisionReading(pathogens=stated)),
    )


def told(pathogens, orders, *stated, medicines=()):
    return pathogens.order_cards(orders, case(*stated, medicines=medicines), CONTEXT)


M184V = result("HIV-1", "RT", "M184V")


@pytest.mark.parametrize(
    ("names", "concerned"),
    [
        (("lamivudine",), True), (("valganciclovir",), True), (("rifapentine",), True),
        (("pretomanid",), True), (("vancomycin",), True), (("ibuprofen",), False),
        (("amoxicillin",), True),
    ],
)  # fmt: skip
def test_an_order_of_a_drug_with_rules_is_looked_at_and_none_waits_for_a_test(
    pathogens, names, concerned
):
    assert pathogens.concerns(order(*names)) is concerned
    assert not pathogens.needs(order(*names))


def test_nothing_on_file_is_no_card(pathogens):
    assert told(pathogens, [order("lamivudine")]) == []
    assert pathogens.chart_cards([order("lamivudine")], case(), CONTEXT, "patient-view") == []


def test_a_drug_that_nothing_speaks_against_gets_no_card(pathogens):
    assert told(pathogens, [order("efavirenz")], M184V) == []
    assert told(pathogens, [order("ibuprofen")], M184V) == []


@pytest.mark.parametrize(
    ("drug", "mutations", "indicator"),
    [
        ("lamivudine", ("M184V",), "warning"),  # 60
        ("tenofovir alafenamide", ("K65R", "M184V"), "warning"),  # 35
        ("abacavir", ("M184V",), "info"),  # 15
        ("efavirenz", ("K103N",), "warning"),
    ],
)
def test_the_weight_follows_the_level(pathogens, drug, mutations, indicator):
    (card,) = told(pathogens, [order(drug)], result("HIV-1", "RT", *mutations))
    assert card.indicator == indicator


def test_one_card_for_all_orders_of_a_call_and_the_regimen_beside(pathogens):
    orders = [order("lamivudine"), order("abacavir", place=2)]
    (card,) = told(pathogens, orders, M184V, medicines=["lenacapavir"])
    assert card.orders == ("MedicationRequest/1", "MedicationRequest/2")
    assert "**Lenacapavir** (LEN): capsid was not sequenced." in card.detail
    assert card.facets.drug == "lamivudine"
    assert card.rules == ("pathogen:HIVDB 10.2",)


def test_a_medicine_that_is_ordered_again_stands_once(pathogens):
    (card,) = told(pathogens, [order("lamivudine")], M184V, medicines=["lamivudine"])
    assert card.detail.count("**Lamivudine**") == 1


def test_a_summary_gives_no_score_that_is_not_every_drugs(pathogens):
    orders = [order("lamivudine"), order("abacavir", place=2)]
    (card,) = told(pathogens, orders, result("HIV-1", "RT", "M184V", "K65R"))
    assert card.summary == (
        "Lamivudine, abacavir: HIV-1 RT M184V, K65R, up to high-level resistance."
    )


def test_a_booster_is_asked_for_where_none_is_seen(pathogens):
    seen = result("HIV-1", "PR", "I84V", "I50L")
    (card,) = told(pathogens, [order("atazanavir")], seen)
    assert "PGX-764" in card.detail
    (card,) = told(pathogens, [order("atazanavir")], seen, medicines=["ritonavir"])
    assert "PGX-764" not in card.detail


def test_a_prodrug_is_judged_as_what_it_becomes(pathogens):
    (card,) = told(pathogens, [order("valganciclovir")], result("HCMV", "UL97", "A594V"))
    assert card.summary.startswith("Valganciclovir: HCMV UL97 A594V")
    assert "tested as ganciclovir" in card.detail
    assert card.facets.rxcui == CODES["valganciclovir"]


@pytest.mark.parametrize(
    ("names", "organism", "gene", "is_told"),
    [
        (("meropenem",), "Enterobacterales", "blaKPC", True),
        (("meropenem", "vaborbactam"), "Enterobacterales", "blaKPC", False),
        (("avibactam",), "Enterobacterales", "blaNDM", True),
        (("avibactam", "aztreonam"), "Enterobacterales", "blaNDM", False),
    ],
)
def test_a_partner_that_spares_the_drug_keeps_it_silent(pathogens, names, organism, gene, is_told):
    assert bool(told(pathogens, [order(*names)], result(organism, gene))) is is_told


@pytest.mark.parametrize(
    ("organism", "gene", "change", "drug", "when", "indicator"),
    [
        ("Influenza A(H1N1)pdm09", "NA", "H275Y", "oseltamivir", "2026-11-01", "warning"),
        ("Influenza A(H1N1)pdm09", "NA", "H275Y", "oseltamivir", "2025-12-01", None),
        ("S. aureus", "mecA", "present", "amoxicillin", "2026-08-01", "warning"),
        ("S. aureus", "mecA", "present", "amoxicillin", "2023-08-01", "info"),
        ("HIV-1", "RT", "M184V", "lamivudine", "2009-08-01", "warning"),
    ],
)
def test_how_long_a_result_speaks(pathogens, organism, gene, change, drug, when, indicator):
    cards = told(pathogens, [order(drug)], result(organism, gene, change, when=when))
    assert [card.indicator for card in cards] == ([indicator] if indicator else [])
    if indicator == "info":
        assert "old result" in cards[0].summary


def test_a_drug_without_a_row_is_warned_of_by_its_relative(pathogens):
    seen = result("M. tuberculosis", "rpoB", "S450L")
    (card,) = told(pathogens, [order("rifapentine")], seen)
    assert card.indicator == "warning"
    assert "not graded itself" in card.detail


def test_the_laboratorys_word_alone_is_a_warning_and_stays_its_own(pathogens):
    said = (("Lamivudine", "Resistant"),)
    clean = result("HIV-1", "RT", presence=Presence.ABSENT)
    (card,) = told(pathogens, [order("lamivudine")], clean, result("HIV-1", said=said))
    assert card.indicator == "warning"
    assert "The laboratory says: Resistant" in card.detail
    assert "PGX-765" in card.detail  # ours says otherwise: told, not settled
    susceptible = (("Lamivudine", "Susceptible"),)
    assert told(pathogens, [order("lamivudine")], clean, result("HIV-1", said=susceptible)) == []


@pytest.mark.parametrize(
    ("hook", "shown"),
    [("patient-view", 1), ("encounter-start", 1), ("appointment-book", 0)],
)
def test_a_chart_shows_each_organism_once_and_warns_of_what_is_taken(pathogens, hook, shown):
    for in_use, indicator in (("lamivudine", "warning"), ("ibuprofen", "info")):
        cards = pathogens.chart_cards([order(in_use)], case(M184V), CONTEXT, hook)
        assert [card.indicator for card in cards] == [indicator] * shown
        for card in cards:
            assert ("| Lamivudine (in use) |" in card.detail) is (in_use == "lamivudine")


@pytest.mark.parametrize(("drug", "told_of"), [("lamivudine", 1), ("ibuprofen", 0)])
def test_at_discharge_a_resisted_medicine_is_told_of_and_no_other(pathogens, drug, told_of):
    cards = pathogens.chart_cards([order(drug)], case(M184V), CONTEXT, "encounter-discharge")
    assert [card.indicator for card in cards] == ["warning"] * told_of


def test_what_a_laboratory_wrote_is_never_markdown(pathogens):
    nasty = result("", "x", "<img src=x> **bold** [a](https://e.example)")
    nasty = StatedPathogen(
        "", "<b>bug</b>", "[g](https://e.example)", nasty.mutations, nasty.presence, nasty.origin
    )
    (card,) = pathogens.chart_cards([], case(nasty), CONTEXT, "patient-view")
    assert "<img" not in card.detail
    assert "<b>" not in card.detail
    assert "](https:" not in card.detail
    assert "**bold**" not in card.detail


def test_advice_is_given_for_the_drugs_asked_for(pathogens):
    found = pathogens.advice(case(M184V), [TherapyDrug("lamivudine", "68244")])
    assert [(each.drug, each.effect, each.domain) for each in found] == [
        ("lamivudine", "resistant", "pathogen")
    ]
    everything = pathogens.advice(case(M184V), None)
    assert {"lamivudine", "abacavir", "efavirenz"} <= {each.drug for each in everything}
    assert "dolutegravir" not in {each.drug for each in everything}  # integrase: not tested
    named = pathogens.advice(
        case(result("HCMV", "UL97", "A594V")), [TherapyDrug("valganciclovir", "275891")]
    )
    assert [each.drug for each in named] == ["valganciclovir"]
