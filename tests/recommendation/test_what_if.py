"""What would change an answer: the engine asked again, fact by fact. Results are synthetic."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fhir_pgx.model.change import Change
from fhir_pgx.model.dose import DoseForPatient
from fhir_pgx.model.drug import Drug
from fhir_pgx.model.patient import NOBODY, Measurement, Medicine
from fhir_pgx.model.phenotype import Coverage, GeneResult, Status
from fhir_pgx.phenotype import find_interactions, modify, possible_results
from fhir_pgx.recommendation import Rulebook, Situation, advise
from fhir_pgx.recommendation.what_if import (
    MOST,
    POSITIONS,
    by_measures,
    by_medicines,
    by_positions,
    by_readings,
    by_tests,
    foremost,
)
from fhir_pgx.recommendation.what_if_population import by_situation, unstated

PAROXETINE, FLUOXETINE = Drug("32937", "paroxetine"), Drug("4493", "fluoxetine")


@pytest.fixture(scope="module")
def rulebook(knowledge):
    return Rulebook(knowledge)


@pytest.fixture(scope="module")
def possible(knowledge):
    return {gene: possible_results(rules) for gene, rules in knowledge.genes.items()}


def result_of(possible, gene, key):
    return next(each for each in possible[gene] if each.lookup_keys == (key,))


class Case:
    """One drug for one synthetic patient."""

    def __init__(self, knowledge, rulebook, drug, results, situation=None, medicines=()):
        (self.group,) = rulebook.named(drug)
        self.results = {gene: GeneResult(gene, Status.NOT_TESTED) for gene in self.group.deciding}
        self.results |= {result.gene: result for result in results}
        self.situation = situation or Situation()
        self.knowledge, self.rulebook, self.medicines = knowledge, rulebook, medicines
        self.advice = self.ask()

    def ask(self, *, results=None, situation=None, without=""):
        found = {**self.results, **(results or {})}
        return advise(
            self.group, found, self.rulebook, situation=situation or self.situation,
            modifiers=self._modifiers(found, without),
        )  # fmt: skip

    def _modifiers(self, results, without):
        table = self.knowledge.interactions
        patient = replace(
            NOBODY, medicines=tuple(Medicine((drug,), "active") for drug in self.medicines)
        )
        victims = frozenset(self.group.ingredients)
        acting = find_interactions(patient, table, date(2026, 11, 23), victims=victims)
        made = {}
        for entry in self.group.entries:
            for gene in entry.rules.genes:
                mine = [a for a in acting if a.gene == gene and a.agent != without]
                rule = table.rule_of(entry.guideline.id, gene, entry.rules.rxcui)
                rules = self.knowledge.genes[gene]
                if mine and (found := modify(gene, results[gene], mine, rules, rule)):
                    made.setdefault(entry.guideline.id, {})[gene] = found
        return made


@pytest.fixture
def case(knowledge, rulebook, possible):
    def make(drug, *results, **given):
        found = [
            result_of(possible, *each) if isinstance(each, tuple) else each for each in results
        ]
        return Case(knowledge, rulebook, drug, found, **given)

    return make


# Genes that were not tested


@pytest.mark.parametrize(
    ("drug", "result", "code", "said"),
    [
        (
            "azathioprine", ("TPMT", "Normal Metabolizer"), "test:NUDT15",
            "If Poor Metabolizer: Consider an immunosuppressant that is not a thiopurine.",
        ),
        (
            "mercaptopurine", ("NUDT15", "Normal Metabolizer"), "test:TPMT",
            "If Poor Metabolizer: ",
        ),
        (
            "phenytoin", ("CYP2C9", "1.0"), "test:HLA-B",
            "If HLA-B*15:02 is positive: For phenytoin-naive: Do not use it",
        ),
        (
            "amitriptyline", ("CYP2D6", "2.0"), "test:CYP2C19",
            "Avoid",
        ),
    ],
)  # fmt: skip
def test_a_gene_without_a_result_is_told_with_its_weightiest_outcome(
    case, possible, drug, result, code, said
):
    asked = case(drug, result)
    found = by_tests(asked.group, asked.advice, asked.results, possible, asked.ask)
    assert [each.code for each in found] == [code]
    assert said in found[0].text


def test_a_gene_with_a_result_is_no_test_to_do(case, possible):
    asked = case("azathioprine", ("TPMT", "Normal Metabolizer"), ("NUDT15", "Normal Metabolizer"))
    assert by_tests(asked.group, asked.advice, asked.results, possible, asked.ask) == []


def test_a_drug_whose_genes_all_have_results_needs_no_test(case, possible):
    asked = case("codeine", ("CYP2D6", "0.0"))
    assert by_tests(asked.group, asked.advice, asked.results, possible, asked.ask) == []


def test_a_gene_that_was_tested_without_an_answer_is_to_be_tested_again(case, possible):
    asked = case(
        "azathioprine", ("TPMT", "Normal Metabolizer"), GeneResult("NUDT15", Status.NOT_CALLED)
    )
    (found,) = by_tests(asked.group, asked.advice, asked.results, possible, asked.ask)
    assert found.text.startswith("Testing NUDT15 again could change this.")


# Other medicines


@pytest.mark.parametrize(
    ("drug", "score", "medicines", "codes"),
    [
        ("codeine", "2.0", (PAROXETINE,), ["without:32937"]),
        ("codeine", "2.0", (PAROXETINE, FLUOXETINE), []),  # either alone is enough
        ("codeine", "0.0", (PAROXETINE,), []),  # poor by the genes
        ("codeine", "2.0", (), []),
        ("amitriptyline", "2.0", (PAROXETINE,), []),  # a caution: the advice is that of the genes
    ],
)
def test_only_the_medicine_that_alone_decides_is_told(case, drug, score, medicines, codes):
    asked = case(drug, ("CYP2D6", score), medicines=medicines)
    assert [c.code for c in by_medicines(asked.group, asked.advice, asked.ask)] == codes


def test_without_the_inhibitor_the_advice_is_that_of_the_genes(case):
    asked = case("codeine", ("CYP2D6", "2.0"), medicines=(PAROXETINE,))
    (found,) = by_medicines(asked.group, asked.advice, asked.ask)
    assert found.text == (
        "Without paroxetine, once it no longer acts (about 5 days after the last dose, by our "
        "half-life): Use the age- or weight-specific label dose."
    )


def test_how_long_an_inhibitor_goes_on_acting_is_said_in_weeks_where_it_is_long(case):
    asked = case("codeine", ("CYP2D6", "2.0"), medicines=(FLUOXETINE,))
    (found,) = by_medicines(asked.group, asked.advice, asked.ask)
    assert "(about 11 weeks after the last dose, by our half-life)" in found.text  # 80 days


def test_without_a_half_life_no_time_is_named(case):
    asked = case("codeine", ("CYP2D6", "2.0"), medicines=(Drug("9068", "quinidine"),))
    (found,) = by_medicines(asked.group, asked.advice, asked.ask)
    assert found.text.startswith(
        "Without quinidine, once it no longer acts (no half-life is held here): "
    )


def test_without_the_inhibitor_an_untested_gene_answers_nothing(case):
    asked = case("codeine", medicines=(PAROXETINE,))
    (found,) = by_medicines(asked.group, asked.advice, asked.ask)
    assert found.text == (
        "Without paroxetine, once it no longer acts (about 5 days after the last dose, by our "
        "half-life): no source has an answer. No CYP2D6 result is on file."
    )


# Results that leave something open


def both(possible, gene, *keys, status=Status.AMBIGUOUS):
    results = [result_of(possible, gene, key) for key in keys]
    diplotypes = tuple(d for each in results for d in each.diplotypes)
    return GeneResult(gene, status, "genotype", diplotypes=diplotypes, lookup_keys=keys)


def test_readings_with_different_advice_are_told_each(case, possible):
    asked = case("codeine", both(possible, "CYP2D6", "0.0", "2.0"))
    (found,) = by_readings(asked.group, asked.advice, asked.results, possible, asked.ask)
    assert found.code == "settle:CYP2D6"
    assert found.text.startswith("A definite CYP2D6 diplotype would settle this. If *3/*3: Avoid")
    assert found.text.endswith("If *3/*1x2: Use the age- or weight-specific label dose.")


def test_readings_with_the_same_advice_are_not_told(case, possible):
    asked = case("codeine", both(possible, "CYP2D6", "1.5", "2.0"))
    assert by_readings(asked.group, asked.advice, asked.results, possible, asked.ask) == []


def test_results_that_disagree_are_to_be_confirmed(case, possible):
    conflict = both(possible, "CYP2D6", "0.0", "2.0", status=Status.CONFLICT)
    asked = case("codeine", conflict)
    (found,) = by_readings(asked.group, asked.advice, asked.results, possible, asked.ask)
    assert found.text.startswith("Confirming which CYP2D6 result holds would settle this.")


def test_an_hla_typing_that_leaves_an_allele_open_is_told(case, possible):
    typing = GeneResult(
        "HLA-B", Status.AMBIGUOUS, "genotype",
        lookup_keys=("*57:01 positive", "*57:01 negative"),
    )  # fmt: skip
    asked = case("abacavir", typing)
    (found,) = by_readings(asked.group, asked.advice, asked.results, possible, asked.ask)
    assert found.text.startswith("An HLA-B typing that leaves nothing open would settle this.")
    assert "If HLA-B*57:01 is positive: " in found.text


# Populations


@pytest.mark.parametrize(
    ("drug", "result", "situation", "codes"),
    [
        ("clopidogrel", ("CYP2C19", "Intermediate Metabolizer"), Situation(), ["indication"]),
        (
            "clopidogrel", ("CYP2C19", "Intermediate Metabolizer"),
            Situation(reasons=frozenset({"acs-pci"})), [],
        ),
        # the problem list only leans: stating the indication still settles it
        (
            "clopidogrel", ("CYP2C19", "Intermediate Metabolizer"),
            Situation(conditions=frozenset({"acs-pci"})), ["indication"],
        ),
        ("voriconazole", ("CYP2C19", "Rapid Metabolizer"), Situation(), ["birth-date"]),
        ("voriconazole", ("CYP2C19", "Rapid Metabolizer"), Situation(age_years=40), []),
        # the same advice for both ages
        ("voriconazole", ("CYP2C19", "Normal Metabolizer"), Situation(), []),
    ],
)  # fmt: skip
def test_an_unstated_fact_is_told_where_it_decides(case, drug, result, situation, codes):
    asked = case(drug, result, situation=situation)
    facts = unstated(asked.group, situation)
    found = by_situation(asked.group, facts, asked.advice, asked.ask)
    assert [each.code for each in found] == codes


def test_ages_with_the_same_advice_are_told_as_one(case):
    asked = case("voriconazole", ("CYP2C19", "Rapid Metabolizer"))
    facts = unstated(asked.group, asked.situation)
    (found,) = by_situation(asked.group, facts, asked.advice, asked.ask)
    assert found.text.startswith("Record the birth date. Below 18 years: ")
    assert " From 18 years: Choose isavuconazole" in found.text


def test_earlier_use_is_asked_for_where_a_guideline_turns_on_it(case):
    positive = GeneResult("HLA-B", Status.CALLED, lookup_keys=("*15:02 positive",))
    asked = case("carbamazepine", positive)
    facts = unstated(asked.group, asked.situation)
    (found,) = by_situation(asked.group, facts, asked.advice, asked.ask)
    assert found.code == "earlier-use"
    assert "Carbamazepine taken for more than 3 months: Cautiously consider" in found.text
    # known already: nothing to state
    taken = replace(asked.situation, days_taken={"2002": 400})
    assert not [f for f in unstated(asked.group, taken) if f.code == "earlier-use"]


# Positions


def test_a_position_that_flips_the_advice_is_told_and_one_that_does_not_is_not(
    case, knowledge, possible
):
    missing = ("rs4244285", "rs4986893", "rs12248560")
    normal = replace(
        result_of(possible, "CYP2C19", "Normal Metabolizer"),
        coverage=Coverage(32, missing, (), ("*2", "*3", "*17")),
    )
    asked = case("clopidogrel", normal)
    poor = result_of(possible, "CYP2C19", "Poor Metabolizer")
    read = []

    def recalled(gene, site, alleles):
        """As if only one of the three made a poor metabolizer."""
        read.append(site)
        return poor if (site, alleles) == ("rs4244285", ("A", "A")) else normal

    (found,) = by_positions(
        asked.group, asked.advice, asked.results, knowledge.definitions, recalled, asked.ask
    )
    assert found.code == "position:CYP2C19:rs4244285"
    assert "With A/A, *2/*2 Poor Metabolizer: " in found.text
    assert set(read) >= {"rs4986893", "rs12248560"}


def test_at_most_three_positions_are_told_and_none_where_none_is_missing(case, knowledge, possible):
    missing = tuple(site.name for site in knowledge.definitions["CYP2C19"].sites)
    normal = result_of(possible, "CYP2C19", "Normal Metabolizer")
    poor = result_of(possible, "CYP2C19", "Poor Metabolizer")
    could = tuple(f"*{number}" for number in (2, 3, 4, 5, 6, 7, 8))
    partial = replace(normal, coverage=Coverage(0, missing, (), could))

    def told(result):
        asked = case("clopidogrel", result)
        return by_positions(
            asked.group, asked.advice, asked.results, knowledge.definitions,
            lambda gene, site, alleles: poor, asked.ask,
        )  # fmt: skip

    assert len(told(partial)) == POSITIONS
    assert told(replace(normal, coverage=Coverage(35))) == []
    assert told(normal) == []


# Measures, and what is told first


def dose(unit):
    return DoseForPatient("starting-dose", unit, Decimal("0.5"), Decimal("0.5"), "", "unknown", "")


@pytest.mark.parametrize(
    ("unit", "patient", "code"),
    [
        ("mg/kg/d", NOBODY, "weight"),
        ("mg/m2", NOBODY, "weight"),
        ("mg/m2", replace(NOBODY, weight=Measurement(Decimal(70), "kg")), "height"),
        ("mg/d", NOBODY, None),
        ("mg/kg/d", replace(NOBODY, weight=Measurement(Decimal(70), "kg")), None),
    ],
)
def test_a_dose_by_weight_asks_for_what_is_missing(unit, patient, code):
    found = by_measures([("", dose(unit))], patient)
    assert [each.code for each in found] == ([code] if code else [])


def test_the_weightiest_are_told_first_each_once_and_no_more_than_six():
    changes = [Change(f"c{n}", "", rank) for n, rank in enumerate((9, 1, 5, -1, 7, 8, 3, 2))]
    found = foremost([*changes, Change("c1", "again", 4)])
    assert [each.rank for each in found] == [-1, 1, 2, 3, 5, 7]
    assert len(found) == MOST


@pytest.mark.parametrize(
    ("gene", "keys"),
    [
        ("CYP2C9", {"0.0", "0.5", "1.0", "1.5", "2.0"}),
        ("DPYD", {"0.0", "0.5", "1.0", "1.5", "2.0"}),
        ("RYR1", {"Malignant Hyperthermia Susceptibility", "Uncertain Susceptibility"}),
        ("BCHE", {"Poor Metabolizer", "Intermediate Metabolizer", "Normal Metabolizer"}),
        ("HLA-B", set()),
    ],
)
def test_the_possible_results_of_a_gene_are_its_keys_of_known_function(possible, gene, keys):
    assert {each.lookup_keys[0] for each in possible[gene]} == keys
