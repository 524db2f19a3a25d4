"""Alternatives judged by what is known of a patient: one fact at a time, then several.

The patients are synthetic. `no-guidance` is the verdict by the genes of a drug without guidance.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fhir_pgx.model.drug import Drug
from fhir_pgx.model.modifier import Modifier
from fhir_pgx.model.patient import (
    Allergy,
    Condition,
    Fact,
    Measurement,
    Medicine,
    PatientContext,
)
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import AlternativeVerdict, DrugAdvice, SourceAdvice, Unanswered
from fhir_pgx.recommendation.alternatives import (
    ALLERGIES_FAILED,
    NO_ALLERGIES_SENT,
    NO_PROBLEMS_SENT,
    PROBLEMS_FAILED,
    alternatives_note,
    judge_alternatives,
    judged_with_medicines,
)

CODES = {
    "prasugrel": "613391", "ticagrelor": "1116632", "celecoxib": "140587", "rosuvastatin": "301542",
    "febuxostat": "73689", "sertraline": "36437", "citalopram": "2556", "duloxetine": "72625",
    "carvedilol": "20352", "atenolol": "1202", "sotalol": "9947", "morphine": "7052",
    "posaconazole": "282446", "quetiapine": "51272", "granisetron": "26237", "fluvoxamine": "42355",
    "liposomal amphotericin b": "",
}  # fmt: skip
LOOKED_AT = PatientContext(
    age_years=54,
    sex="female",
    weight=Measurement(Decimal(78), "kg", "2026-11-01"),
    allergies_known=True,
    conditions_known=True,
    medicines_known=True,
)


def by_genes(name, verdict="no-guidance", reason="No pharmacogenomic guidance is held for it."):
    return AlternativeVerdict(name, CODES[name], verdict, reason)


@pytest.fixture(scope="module")
def facts(knowledge):
    return knowledge.alternative_facts


def of(facts, name, verdict="no-guidance", with_medicines=lambda each: None, today=None, **known):
    judged = judge_alternatives(
        [by_genes(name, verdict)],
        replace(LOOKED_AT, **known),
        facts,
        with_medicines=with_medicines,
        today=today,
    )
    return judged[name]


@pytest.mark.parametrize(("when", "checked"), [("2026-11-01", True), ("1990-05-01", False)])
def test_an_old_weight_rules_nothing_out_and_still_warns(facts, when, checked):
    today = date(2026, 11, 23)
    heavy = of(facts, "prasugrel", today=today, weight=Measurement(Decimal(78), "kg", when))
    assert heavy.checked is checked
    light = Measurement(Decimal("52.1631"), "kg", when)
    assert f"weight 52.2 kg of {when}" in of(facts, "prasugrel", today=today, weight=light).reason


def had(*classes, label="a problem", state="active", since=""):
    return {"conditions": (Condition(label, frozenset(classes), state, since),)}


def egfr(value, when="2026-10-02"):
    return {"egfr": Measurement(Decimal(value), "mL/min/{1.73_m2}", when)}


def takes(rxcui, name, state="active"):
    return {"medicines": (Medicine((Drug(rxcui, name),), state),)}


def allergic(label, rxcui="", families=(), kind="allergy", state="active", reactions=()):
    drugs = (Drug(rxcui, label.lower()),) if rxcui else ()
    return {"allergies": (Allergy(label, drugs, frozenset(families), kind, reactions, state),)}


PREGNANT = {"pregnant": Fact(True)}


@pytest.mark.parametrize(
    ("name", "known", "verdict", "said"),
    [
        ("prasugrel", had("stroke-tia"), "avoid", "Contraindicated after a stroke or TIA"),
        ("prasugrel", had("stroke-tia", state="resolved"), "avoid", "US label, 4.2; CPIC"),
        ("prasugrel", had("neurovascular", label="carotid stenosis"), "no-guidance", ""),
        ("prasugrel", {"age_years": 75}, "caution", "age 75"),
        ("prasugrel", {"age_years": 74}, "no-guidance", ""),
        ("prasugrel", {"weight": Measurement(Decimal("59.5"), "kg", "2026-11-01")}, "caution",
         "weight 59.5 kg of 2026-11-01"),
        ("prasugrel", {"weight": Measurement(Decimal(60), "kg")}, "no-guidance", ""),
        ("prasugrel", egfr("24"), "no-guidance", ""),  # the label asks for nothing
        ("prasugrel", egfr("11"), "caution", "eGFR 11 mL/min/1.73 m2 of 2026-10-02"),
        ("prasugrel", PREGNANT, "caution", "The patient is pregnant: not judged for prasugrel."),
        ("prasugrel", {"age_years": 12}, "caution", "in children"),
        ("ticagrelor", had("stroke-tia"), "no-guidance", ""),
        ("ticagrelor", had("intracranial-haemorrhage", state="resolved"), "avoid", "US label, 4.1"),
        ("ticagrelor", {"hepatic": "severe"}, "avoid", "severe hepatic impairment"),
        ("ticagrelor", {"hepatic": "mild"}, "no-guidance", ""),
        ("ticagrelor", had("hepatic-impairment"), "caution", "whether it is severe is not stated"),
        ("ticagrelor", takes("21212", "clarithromycin"), "avoid", "clarithromycin is in use"),
        ("ticagrelor", takes("21212", "clarithromycin", "ended"), "no-guidance", ""),
        ("ticagrelor", takes("36567", "simvastatin"), "caution", "at most 40 mg"),
        ("celecoxib", PREGNANT, "caution", "week 30"),
        ("celecoxib", egfr("22"), "avoid", "advanced kidney disease"),
        ("celecoxib", had("dialysis"), "avoid", "on dialysis"),
        ("celecoxib", egfr("45"), "no-guidance", ""),
        ("rosuvastatin", PREGNANT, "avoid", "FDA, 2021-07-20"),
        ("rosuvastatin", egfr("22"), "caution", "at most 10 mg"),
        ("febuxostat", takes("1256", "azathioprine"), "avoid", "azathioprine is in use"),
        ("febuxostat", had("cardiovascular-other"), "caution", "cardiovascular deaths"),
        ("sertraline", takes("190376", "linezolid", "draft"), "avoid",
         "linezolid is ordered in the same bundle"),
        ("citalopram", had("long-qt"), "avoid", "long QT"),
        ("citalopram", {"age_years": 61}, "caution", "At most 20 mg"),
        ("citalopram", {"age_years": 60}, "no-guidance", ""),
        ("citalopram", had("hepatic-impairment"), "caution", "the liver is impaired"),
        ("duloxetine", {"hepatic": "mild"}, "avoid", "cirrhosis"),
        ("fluvoxamine", takes("57258", "tizanidine"), "avoid", "CYP1A2"),
        ("carvedilol", had("asthma"), "avoid", "Contraindicated in asthma"),
        ("atenolol", had("asthma"), "caution", "lowest dose"),
        ("atenolol", had("asthma", state="resolved"), "no-guidance", ""),
        ("sotalol", egfr("50"), "caution", "creatinine clearance"),
        ("morphine", {"breastfeeding": Fact(True)}, "caution", "drowsy"),
        ("posaconazole", takes("36567", "simvastatin"), "avoid", "CYP3A4"),
        ("quetiapine", had("dementia"), "avoid", "More deaths"),
        # No fact of the drug speaks of it: that is said, and is no approval.
        ("granisetron", egfr("20"), "caution", "not judged for granisetron"),
        ("granisetron", egfr("31"), "no-guidance", ""),
        ("granisetron", {"age_years": 9}, "caution", "9 years old: not judged for granisetron"),
        ("granisetron", {"hepatic": "severe"}, "caution", "The liver is severely impaired"),
        ("granisetron", {"pregnant": Fact(False)}, "no-guidance", ""),
    ],
)  # fmt: skip
def test_a_fact_of_the_patient_gives_its_verdict_with_the_reason(facts, name, known, verdict, said):
    found = of(facts, name, **known)
    assert found.verdict == verdict
    assert said in found.reason


@pytest.mark.parametrize(
    ("name", "known", "verdict", "said"),
    [
        ("celecoxib", allergic("Celecoxib", "140587", reactions=("hives",)), "avoid",
         "On record: allergy to Celecoxib (hives)."),
        ("celecoxib", allergic("Celecoxib", "140587", state="resolved"), "no-guidance", ""),
        ("celecoxib", allergic("aspirin", "1191"), "avoid", "allergic reaction to an NSAID"),
        ("celecoxib", allergic("NSAID", families=["nsaid"]), "avoid", "It is one of the NSAIDs"),
        ("celecoxib", allergic("Sulfa", families=["sulfonamide"]), "avoid", "a sulfonamide"),
        ("celecoxib", allergic("sulfamethoxazole", "10180"), "avoid", "a sulfonamide"),
        ("celecoxib", allergic("penicillin", families=["penicillin"]), "no-guidance", ""),
        ("rosuvastatin",
         allergic("simvastatin", "36567", kind="intolerance", reactions=("myalgia",)),
         "caution", "intolerance to simvastatin (myalgia), of the same class (statins)"),
        ("quetiapine", allergic("olanzapine", "61381"), "caution", "ATC N05AH"),
        ("sertraline", allergic("paroxetine", "32937", kind=""), "caution",
         "allergy or intolerance to paroxetine"),
        ("prasugrel", allergic("clopidogrel", "32968"), "caution", "thienopyridines"),
        # One ATC group, and nothing in common but the use.
        ("ticagrelor", allergic("clopidogrel", "32968"), "no-guidance", ""),
        ("febuxostat", allergic("allopurinol", "519"), "no-guidance", ""),
        ("morphine", allergic("fentanyl", "4337"), "no-guidance", ""),
        ("morphine", allergic("oxycodone", "7804"), "caution", "natural opium alkaloids"),
        ("morphine", allergic("opioids", families=["opioid"]), "avoid", "It is one of the opioids"),
        # A product that has no ingredient code of its own is known by its name.
        ("liposomal amphotericin b", allergic("Amphotericin B", "732"), "avoid", "On record"),
    ],
)  # fmt: skip
def test_an_allergy_is_the_drugs_own_its_classs_or_nobodys(facts, name, known, verdict, said):
    found = of(facts, name, **known)
    assert (found.verdict, said in found.reason) == (verdict, True), found.reason


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("active", "Ticagrelor is already in use."),
        ("draft", "Ticagrelor is already ordered in the same bundle."),
        ("planned", "Ticagrelor is already planned."),
        ("ended", None),
    ],
)
def test_what_is_in_use_already_is_a_caution(facts, state, said):
    found = of(facts, "ticagrelor", **takes("1116632", "ticagrelor", state))
    assert found.verdict == ("caution" if said else "no-guidance")
    assert said is None or said in found.reason


def test_the_worst_verdict_counts_and_every_reason_is_kept(facts):
    found = of(facts, "prasugrel", **had("stroke-tia"), age_years=80)
    assert found.verdict == "avoid"
    assert found.reason.index("stroke") < found.reason.index("75 years")


@pytest.mark.parametrize(
    ("genes", "known", "verdict"),
    [
        ("avoid", {}, "avoid"),
        ("avoid", {"age_years": 61}, "avoid"),
        ("no-concern", {"age_years": 61}, "caution"),
        ("unknown", {"age_years": 61}, "caution"),
        ("caution", had("long-qt"), "avoid"),
        ("no-concern", {}, "no-concern"),
    ],
)
def test_the_genes_verdict_is_kept_or_made_worse_never_better(facts, genes, known, verdict):
    found = of(facts, "citalopram", genes, **known)
    assert found.verdict == verdict
    assert "No pharmacogenomic guidance is held for it." in found.reason  # as the genes' reason


def test_what_other_medicines_do_to_its_genes_replaces_the_verdict_by_the_genes(facts):
    found = of(facts, "citalopram", "no-concern", lambda each: ("avoid", "Fluconazole."))
    assert (found.verdict, found.reason) == ("avoid", "Fluconazole.")


def test_a_rule_counts_in_full_and_a_possible_phenotype_is_a_caution():
    genetic = GeneResult("CYP2D6", Status.CALLED)
    unanswered = Unanswered("x", "1", ("CYP2D6",), "no-row", "No row.")

    def judged(*, is_rule):
        modifier = Modifier("CYP2D6", (), is_rule, genetic, None, "Paroxetine acts.", "", "")
        source = SourceAdvice("CPIC", ("CYP2D6",), unanswered, False, "silent", (modifier,))
        return judged_with_medicines(
            DrugAdvice("x", "1", (source,), agreement="alone", important=False)
        )

    assert judged(is_rule=False) == ("caution", "Paroxetine acts. No row.")
    assert judged(is_rule=True) == ("unknown", "Paroxetine acts. No row.")


@pytest.mark.parametrize(
    ("known", "checked"),
    [
        ({}, True),
        ({"allergies_known": False}, False),
        ({"conditions_known": False}, False),
        ({"medicines_known": False}, False),
        ({"age_years": None}, False),
        ({"weight": None}, False),
        (allergic("the little blue one"), False),  # nobody knows what it is
        (allergic("the little blue one", state="resolved"), True),
        (PREGNANT, False),
    ],
)
def test_checked_says_that_all_that_could_speak_against_it_was_there(facts, known, checked):
    assert of(facts, "prasugrel", **known).checked is checked


def test_a_drug_that_no_fact_is_held_for_is_never_checked(facts):
    assert not of(facts, "liposomal amphotericin b").checked


@pytest.mark.parametrize(
    ("known", "note"),
    [
        ({}, ""),
        ({"allergies_known": False}, NO_ALLERGIES_SENT),
        ({"allergies_known": False, "lists": {"allergies": "unavailable"}}, ALLERGIES_FAILED),
        ({"lists": {"allergies": "unavailable"}}, ALLERGIES_FAILED),  # a part came
        ({"conditions_known": False}, NO_PROBLEMS_SENT),
        ({"conditions_known": False, "lists": {"problems": "unavailable"}}, PROBLEMS_FAILED),
        (
            {"conditions_known": False, "allergies_known": False},
            f"{NO_ALLERGIES_SENT} {NO_PROBLEMS_SENT}",
        ),
        (allergic("codeine", "2670"), ""),
        (allergic("penicillin", families=["penicillin"]), ""),
        (
            allergic("the blue one"),
            "Not recognized, and so not judged: an allergy to the blue one.",
        ),
    ],
)
def test_what_is_not_known_of_allergies_and_problems_is_told_once(known, note):
    assert alternatives_note(replace(LOOKED_AT, **known)) == note
