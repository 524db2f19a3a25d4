"""What a guideline advises for results as a laboratory reports them: tables a pharmacist can check.

Actions and strengths are read from CPIC's sentences and classifications (table of 2026-08-13).
"""

from dataclasses import replace

import pytest

from fhir_pgx.genotype import gather
from fhir_pgx.model.finding import Origin, Presence, Statement, StatementKind
from fhir_pgx.model.knowledge import Advice, Alternative, DrugRules, Population, Row
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import Unanswered
from fhir_pgx.phenotype import conclude, not_tested
from fhir_pgx.recommendation import Rulebook, Situation, recommend

POOR = "Poor Metabolizer"
SECOND = Alternative("secondine", "2")
KINDS = {
    "phenotype": StatementKind.PHENOTYPE,
    "score": StatementKind.ACTIVITY_SCORE,
    "present": StatementKind.ALLELE_PRESENCE,
    "absent": StatementKind.ALLELE_PRESENCE,
}


@pytest.fixture(scope="module")
def rulebook(knowledge):
    """CPIC alone: the tables below are of its guidelines."""
    return Rulebook(knowledge, ("CPIC",))


@pytest.fixture
def advise(knowledge, rulebook):
    """The answer for a drug, given each gene's result as reported: a diplotype, or
    `phenotype: ...`, `score: ...`, `present: ...`, `absent: ...`, `no-call`."""

    def result_of(gene, reported):
        word, _, rest = reported.partition(": ")
        kind = KINDS.get(word, StatementKind.DIPLOTYPE)
        presence = {"absent": Presence.ABSENT, "no-call": Presence.NO_CALL}.get(word)
        statement = Statement(
            gene,
            kind,
            rest if word in KINDS else reported,
            Origin(f"Observation/{gene.lower()}", "", when="2026-03-02", status="final"),
            presence or Presence.PRESENT,
        )
        rules = knowledge.genes[gene]
        return conclude(gather([statement], rules, knowledge.vocabulary), rules)

    def ask(drug, results, age_years=None):
        (group,) = rulebook.named(drug)
        (entry,) = group.entries
        found = {gene: not_tested(gene) for gene in knowledge.genes}
        found |= {gene: result_of(gene, reported) for gene, reported in results.items()}
        return recommend(entry, found, rulebook, situation=Situation(age_years=age_years))

    return ask


def told(answer):
    return [(r.action, r.strength) for r in answer]


def by_population(answer):
    return {r.population: (r.action, r.strength) for r in answer}


@pytest.mark.parametrize(
    ("drug", "results", "action", "strength"),
    [
        # CYP2C19 and proton pump inhibitors
        ("omeprazole", {"CYP2C19": "*17/*17"}, "increase-dose", "Optional"),
        ("omeprazole", {"CYP2C19": "*1/*17"}, "standard", "Moderate"),
        ("omeprazole", {"CYP2C19": "*1/*2"}, "standard", "Optional"),
        ("pantoprazole", {"CYP2C19": "*2/*2"}, "standard", "Moderate"),
        # serotonin reuptake inhibitors
        ("citalopram", {"CYP2C19": "*17/*17"}, "alternative", "Strong"),
        ("escitalopram", {"CYP2C19": "*2/*2"}, "alternative", "Strong"),
        ("paroxetine", {"CYP2D6": "*1/*2x2"}, "alternative", "Moderate"),
        ("paroxetine", {"CYP2D6": "*4/*4"}, "reduce-dose", "Moderate"),
        ("venlafaxine", {"CYP2D6": "*4/*4"}, "alternative", "Optional"),
        ("fluvoxamine", {"CYP2D6": "*4/*5"}, "reduce-dose", "Optional"),
        ("sertraline", {"CYP2C19": "*2/*2", "CYP2B6": "*1/*1"}, "reduce-dose", "Moderate"),
        ("sertraline", {"CYP2C19": "*2/*2", "CYP2B6": "*6/*6"}, "alternative", "Optional"),
        ("sertraline", {"CYP2C19": "*2/*2"}, "reduce-dose", "Moderate"),  # CYP2B6 No Result
        ("sertraline", {"CYP2B6": "*6/*6"}, "reduce-dose", "Optional"),  # CYP2C19 No Result
        # opioids: the score decides, not the phenotype
        ("codeine", {"CYP2D6": "*4/*4"}, "avoid", "Strong"),
        ("codeine", {"CYP2D6": "*4/*10"}, "standard", "Moderate"),
        ("codeine", {"CYP2D6": "*1/*2"}, "standard", "Strong"),
        ("codeine", {"CYP2D6": "score: 2.25"}, "standard", "Strong"),
        ("codeine", {"CYP2D6": "score: 2.5"}, "avoid", "Strong"),
        ("codeine", {"CYP2D6": "*1x4/*2"}, "avoid", "Strong"),
        ("hydrocodone", {"CYP2D6": "*4/*4"}, "standard", "Optional"),  # no avoid
        ("hydrocodone", {"CYP2D6": "*1/*2x2"}, "no-recommendation", "No Recommendation"),
        # tamoxifen: 0 Strong, 0.25 to 0.75 Moderate, 1.0 Optional
        ("tamoxifen", {"CYP2D6": "score: 0"}, "alternative", "Strong"),
        ("tamoxifen", {"CYP2D6": "score: 0.25"}, "alternative", "Moderate"),
        ("tamoxifen", {"CYP2D6": "score: 0.75"}, "alternative", "Moderate"),
        ("tamoxifen", {"CYP2D6": "score: 1.0"}, "alternative", "Optional"),
        ("tamoxifen", {"CYP2D6": "score: 1.25"}, "standard", "Strong"),
        # beta-blockers
        ("metoprolol", {"CYP2D6": "*4/*4"}, "reduce-dose", "Moderate"),
        ("metoprolol", {"CYP2D6": "*1/*2x2"}, "no-recommendation", "No Recommendation"),
        # tricyclics
        ("nortriptyline", {"CYP2D6": "*4/*4"}, "avoid", "Strong"),
        ("amitriptyline", {"CYP2D6": "*1/*2x2", "CYP2C19": "*1/*1"}, "avoid", "Strong"),
        ("amitriptyline", {"CYP2D6": "*1/*1", "CYP2C19": "*17/*17"}, "alternative", "Optional"),
        ("amitriptyline", {"CYP2D6": "*4/*4", "CYP2C19": "*2/*2"}, "avoid", "Optional"),
        ("amitriptyline", {"CYP2D6": "*4/*4"}, "avoid", "Strong"),  # CYP2C19 No Result
        ("amitriptyline", {"CYP2C19": "*2/*2"}, "avoid", "Moderate"),  # CYP2D6 No Result
        # NSAIDs: one phenotype, two scores, two answers
        ("meloxicam", {"CYP2C9": "*1/*2"}, "standard", "Moderate"),
        ("meloxicam", {"CYP2C9": "*1/*3"}, "reduce-dose", "Moderate"),
        ("ibuprofen", {"CYP2C9": "*2/*3"}, "reduce-dose", "Moderate"),
        ("piroxicam", {"CYP2C9": "*1/*3"}, "alternative", "Moderate"),
        # HLA
        ("abacavir", {"HLA-B": "present: *57:01"}, "avoid", "Strong"),
        ("abacavir", {"HLA-B": "absent: *57:01"}, "standard", "Strong"),
        ("abacavir", {"HLA-B": "*57:01/*08:01"}, "avoid", "Strong"),
        ("abacavir", {"HLA-B": "*57:03/*08:01"}, "standard", "Strong"),
        ("allopurinol", {"HLA-B": "*58:01/*46:01"}, "contraindicated", "Strong"),
        # statins
        ("simvastatin", {"SLCO1B1": "*5/*5"}, "alternative", "Strong"),
        ("simvastatin", {"SLCO1B1": "*1/*5"}, "alternative", "Strong"),
        ("atorvastatin", {"SLCO1B1": "*1/*5"}, "reduce-dose", "Moderate"),
        ("lovastatin", {"SLCO1B1": "*5/*15"}, "alternative", "Moderate"),
        ("rosuvastatin", {"SLCO1B1": "*5/*5"}, "reduce-dose", "Moderate"),  # ABCG2 No Result
        ("fluvastatin", {"CYP2C9": "*2/*3", "SLCO1B1": "*5/*5"}, "alternative", "Optional"),
        # fluoropyrimidines: 1.5 Moderate, 1.0 Strong, both 50%
        ("capecitabine", {"DPYD": "*1/*1"}, "standard", "Strong"),
        ("capecitabine", {"DPYD": "*1/HapB3"}, "reduce-dose", "Moderate"),
        ("capecitabine", {"DPYD": "*1/*2A"}, "reduce-dose", "Strong"),
        ("capecitabine", {"DPYD": "*2A/HapB3"}, "avoid", "Strong"),
        ("fluorouracil", {"DPYD": "*2A/*2A"}, "avoid", "Strong"),
        # thiopurines
        ("azathioprine", {"TPMT": "*1/*3A", "NUDT15": "*1/*1"}, "reduce-dose", "Strong"),
        ("azathioprine", {"TPMT": "*1/*3A", "NUDT15": "*1/*3"}, "reduce-dose", "Moderate"),
        ("azathioprine", {"TPMT": "*1/*3A"}, "reduce-dose", "Strong"),  # NUDT15 No Result
        ("azathioprine", {"TPMT": "*3A/*3C", "NUDT15": "*1/*1"}, "alternative", "Strong"),
        ("mercaptopurine", {"TPMT": "*1/*1", "NUDT15": "*3/*3"}, "reduce-dose", "Strong"),
        ("thioguanine", {"TPMT": "*3A/*3A", "NUDT15": "*1/*1"}, "reduce-dose", "Strong"),
        # the rest
        ("atazanavir", {"UGT1A1": "*1/*28"}, "standard", "Strong"),
        ("atazanavir", {"UGT1A1": "*28/*28"}, "alternative", "Strong"),
        ("tacrolimus", {"CYP3A5": "*1/*1"}, "increase-dose", "Strong"),
        ("tacrolimus", {"CYP3A5": "*1/*3"}, "increase-dose", "Strong"),
        ("tacrolimus", {"CYP3A5": "*3/*3"}, "standard", "Strong"),
        ("efavirenz", {"CYP2B6": "*1/*6"}, "reduce-dose", "Moderate"),
        ("gentamicin", {"MT-RNR1": "m.1555A>G"}, "avoid", "Strong"),
        ("rasburicase", {"G6PD": "A- 202A_376G/A- 202A_376G"}, "avoid", "Strong"),
        ("rasburicase", {"G6PD": "A- 202A_376G"}, "avoid", "Strong"),  # a man has one
        ("rasburicase", {"G6PD": "B (reference)/A- 202A_376G"}, "test", "Moderate"),
        ("sevoflurane", {"RYR1": "Reference/c.1840C>T"}, "contraindicated", "Strong"),
        (
            "succinylcholine",
            {"CACNA1S": "phenotype: Malignant Hyperthermia Susceptibility"},
            "contraindicated",
            "Strong",
        ),
        ("hydralazine", {"NAT2": "phenotype: slow acetylator"}, "reduce-dose", "Moderate"),
        (
            "ivacaftor",
            {"CFTR": "phenotype: ivacaftor non-responsive in CF patients"},
            "avoid",
            "Moderate",
        ),
    ],
)
def test_one_answer_for_one_result(advise, drug, results, action, strength):
    assert told(advise(drug, results)) == [(action, strength)]


NAIVE, NONE_LEFT, TOLERATED = (
    "carbamazepine-naive",
    "carbamazepine-naive-no-alternative",
    "carbamazepine-over-3-months",
)


@pytest.mark.parametrize(
    ("drug", "results", "answers"),
    [
        (
            "clopidogrel",
            {"CYP2C19": "*2/*2"},
            {
                "acs-pci": ("avoid", "Strong"),
                "cardiovascular-other": ("avoid", "Moderate"),
                "neurovascular": ("avoid", "Moderate"),
            },
        ),
        (
            "clopidogrel",
            {"CYP2C19": "*1/*2"},
            {
                "acs-pci": ("avoid", "Strong"),
                "cardiovascular-other": ("no-recommendation", "No Recommendation"),
                "neurovascular": ("alternative", "Moderate"),
            },
        ),
        (
            "clopidogrel",
            {"CYP2C19": "*2/*9"},  # likely poor: as poor
            {
                "acs-pci": ("avoid", "Strong"),
                "cardiovascular-other": ("avoid", "Moderate"),
                "neurovascular": ("avoid", "Moderate"),
            },
        ),
        (
            "clopidogrel",
            {"CYP2C19": "*1/*1"},
            dict.fromkeys(
                ("acs-pci", "cardiovascular-other", "neurovascular"), ("standard", "Strong")
            ),
        ),
        (
            "carbamazepine",
            {"HLA-A": "*01:01/*02:01", "HLA-B": "*15:02/*40:01"},
            {
                NAIVE: ("avoid", "Strong"),
                NONE_LEFT: ("avoid", "Strong"),
                TOLERATED: ("continue-if-tolerated", "Optional"),
            },
        ),
        (
            "carbamazepine",
            {"HLA-A": "*31:01/*02:01", "HLA-B": "*07:02/*08:01"},
            {
                NAIVE: ("avoid", "Strong"),
                NONE_LEFT: ("monitor", "Optional"),
                TOLERATED: ("continue-if-tolerated", "Optional"),
            },
        ),
        (
            "carbamazepine",
            {"HLA-B": "present: *15:02"},  # HLA-A No Result
            {
                NAIVE: ("avoid", "Strong"),
                NONE_LEFT: ("avoid", "Strong"),
                TOLERATED: ("continue-if-tolerated", "Optional"),
            },
        ),
        (
            "oxcarbazepine",
            {"HLA-B": "present: *15:02"},
            {
                "oxcarbazepine-naive": ("avoid", "Strong"),
                "oxcarbazepine-over-3-months": ("continue-if-tolerated", "Optional"),
            },
        ),
        (
            "phenytoin",
            {"CYP2C9": "*1/*3", "HLA-B": "absent: *15:02"},
            {
                "phenytoin-naive": ("reduce-dose", "Moderate"),
                "phenytoin-over-3-months": ("reduce-dose", "Moderate"),
            },
        ),
        (
            "phenytoin",
            {"CYP2C9": "*3/*3", "HLA-B": "absent: *15:02"},
            {
                "phenytoin-naive": ("reduce-dose", "Strong"),
                "phenytoin-over-3-months": ("reduce-dose", "Strong"),
            },
        ),
        (
            "phenytoin",
            {"HLA-B": "present: *15:02"},  # CYP2C9 No Result
            {
                "phenytoin-naive": ("avoid", "Strong"),
                "phenytoin-over-3-months": ("continue-if-tolerated", "Optional"),
            },
        ),
        (
            "aspirin",
            {"G6PD": "phenotype: Deficient"},
            {"up-to-1-g-per-day": ("standard", "Moderate")},
        ),
    ],
)
def test_each_population_has_its_own_answer(advise, drug, results, answers):
    assert by_population(advise(drug, results)) == answers


@pytest.mark.parametrize(
    ("drug", "results", "age", "answers"),
    [
        ("voriconazole", "*1/*17", 40, {"adult": ("alternative", "Moderate")}),
        ("voriconazole", "*1/*17", 18, {"adult": ("alternative", "Moderate")}),
        ("voriconazole", "*1/*17", 17, {"pediatric": ("standard", "Moderate")}),
        ("voriconazole", "*1/*17", 0, {"pediatric": ("standard", "Moderate")}),
        (
            "voriconazole",
            "*1/*17",
            None,  # not known: both are told
            {"adult": ("alternative", "Moderate"), "pediatric": ("standard", "Moderate")},
        ),
        ("voriconazole", "*17/*17", 5, {"pediatric": ("alternative", "Moderate")}),
    ],
)
def test_age_keeps_the_rows_of_the_patients_own_age_group(advise, drug, results, age, answers):
    assert by_population(advise(drug, {"CYP2C19": results}, age)) == answers


def test_atomoxetine_doses_by_weight_for_a_child_and_in_milligrams_for_an_adult(advise):
    (child,) = advise("atomoxetine", {"CYP2D6": "*4/*4"}, 9)
    (adult,) = advise("atomoxetine", {"CYP2D6": "*4/*4"}, 30)
    assert "0.5 mg/kg/day" in child.detail
    assert "40 mg" not in child.detail
    assert "40 mg/day" in adult.detail
    assert "mg/kg" not in adult.detail


@pytest.mark.parametrize(
    ("drug", "gene", "phenotype", "answers"),
    [
        # poor is the score 0 alone; ultrarapid every score above 2.25, all with one advice
        ("codeine", "CYP2D6", "Poor Metabolizer", [("avoid", "Strong")]),
        ("codeine", "CYP2D6", "Ultrarapid Metabolizer", [("avoid", "Strong")]),
        # intermediate is 0.25 to 1.0: at 1.0 the strength falls, so both are told
        (
            "tamoxifen",
            "CYP2D6",
            "Intermediate Metabolizer",
            [("alternative", "Moderate"), ("alternative", "Optional")],
        ),
        # intermediate is 1.0 or 1.5
        (
            "meloxicam",
            "CYP2C9",
            "Intermediate Metabolizer",
            [("reduce-dose", "Moderate"), ("standard", "Moderate")],
        ),
        (
            "capecitabine",
            "DPYD",
            "Intermediate Metabolizer",
            [("reduce-dose", "Strong"), ("reduce-dose", "Moderate")],
        ),
        # poor is 0 or 0.5: the advice without an exception is told beside the one with
        ("fluorouracil", "DPYD", "Poor Metabolizer", [("avoid", "Strong"), ("avoid", "Strong")]),
    ],
)
def test_a_phenotype_alone_tells_the_advice_of_every_score_it_may_stand_for(
    advise, drug, gene, phenotype, answers
):
    answer = advise(drug, {gene: f"phenotype: {phenotype}"})
    assert sorted(told(answer)) == sorted(answers)
    assert len({r.advice + r.strength for r in answer}) == len(answer)


@pytest.mark.parametrize("typing", ["*57:XX/*08:01", "hla#3.31.0#*57:01/*57:03+*08:01"])
def test_a_risk_allele_that_a_typing_leaves_open_is_answered_both_ways(advise, typing):
    answer = advise("abacavir", {"HLA-B": typing})
    assert [r.genes["HLA-B"] for r in answer] == ["*57:01 positive", "*57:01 negative"]
    assert all("PGX-613" in {c.code for c in r.caveats} for r in answer)


@pytest.mark.parametrize(
    ("drug", "results", "reason", "said"),
    [
        ("clopidogrel", {}, "not-tested", "No CYP2C19 result is on file."),
        ("clopidogrel", {"CYP2C19": "no-call"}, "not-called", "CYP2C19 was tested without"),
        ("azathioprine", {}, "not-tested", "No NUDT15 result"),
        ("abacavir", {"HLA-B": "absent: *58:01"}, "not-called", "HLA-B*57:01 is present is not"),
    ],
)
def test_without_a_usable_result_there_is_no_advice_but_a_reason(
    advise, drug, results, reason, said
):
    answer = advise(drug, results)
    assert isinstance(answer, Unanswered)
    assert answer.reason == reason
    assert said in answer.text


@pytest.mark.parametrize(
    ("drug", "results", "missing", "shown"),
    [
        ("azathioprine", {"TPMT": "*1/*1"}, "NUDT15", "No Result"),
        ("carbamazepine", {"HLA-A": "*01:01/*02:01"}, "HLA-B", "No Result"),
        ("phenytoin", {"CYP2C9": "*1/*1"}, "HLA-B", "No Result"),
        ("sertraline", {"CYP2C19": "*1/*1"}, "CYP2B6", "No Result"),
        # Tested, without an answer on what is asked: not the same as not tested.
        ("phenytoin", {"CYP2C9": "*1/*1", "HLA-B": "no-call"}, "HLA-B", "Not Called"),
        (
            "carbamazepine",
            {"HLA-A": "*01:01/*02:01", "HLA-B": "absent: *57:01"},
            "HLA-B",
            "Not Called",
        ),
    ],
)
def test_advice_that_rests_on_part_of_the_genes_says_so(advise, drug, results, missing, shown):
    answer = advise(drug, results)
    assert answer
    for recommendation in answer:
        (caveat,) = [c for c in recommendation.caveats if c.code == "PGX-620"]
        assert missing in caveat.text
        assert recommendation.genes[missing] == shown


def test_advice_that_rests_on_all_genes_has_no_such_caveat(advise):
    answer = advise("azathioprine", {"TPMT": "*1/*1", "NUDT15": "*1/*1"})
    assert [c.code for r in answer for c in r.caveats if c.code == "PGX-620"] == []


def test_an_ambiguous_genotype_is_told_once_where_its_answers_agree(advise):
    # *1/*3A and *3B/*3C look alike without phase: intermediate or poor.
    agreeing = advise("clopidogrel", {"CYP2C19": "*2/*2 or *2/*3"})
    assert len(agreeing) == 3  # one for each population
    differing = advise("azathioprine", {"TPMT": "*1/*3A or *3B/*3C", "NUDT15": "*1/*1"})
    assert told(differing) == [("alternative", "Strong"), ("reduce-dose", "Strong")]


def test_an_allele_without_a_function_gives_no_recommendation_not_the_usual_dose(advise):
    answer = advise("clopidogrel", {"CYP2C19": "*1/*999"})
    assert {r.action for r in answer} == {"no-recommendation"}
    assert {r.strength for r in answer} == {"No Recommendation"}
    assert "PGX-603" in {caveat.code for caveat in answer[0].caveats}


def test_the_weightiest_advice_comes_first(advise):
    assert told(advise("clopidogrel", {"CYP2C19": "*1/*2"}))[0] == ("avoid", "Strong")
    assert told(advise("voriconazole", {"CYP2C19": "*1/*17"}))[0] == ("alternative", "Moderate")


@pytest.mark.parametrize(
    ("drug", "results", "verdicts"),
    [
        # the guideline's own alternatives, held against the same patient
        (
            "amitriptyline",
            {"CYP2C19": "*2/*2"},
            {"nortriptyline": "unknown", "desipramine": "unknown"},  # CYP2D6 not tested
        ),
        (
            "piroxicam",
            {"CYP2C9": "*3/*3"},
            dict.fromkeys(("celecoxib", "flurbiprofen", "ibuprofen", "lornoxicam"), "caution"),
        ),
        (
            "clopidogrel",
            {"CYP2C19": "*2/*2"},
            {"prasugrel": "no-guidance", "ticagrelor": "no-guidance"},
        ),
        ("ondansetron", {"CYP2D6": "*1/*2x2"}, {"granisetron": "no-guidance"}),
    ],
)
def test_an_alternative_is_judged_by_the_same_patients_results(advise, drug, results, verdicts):
    first = advise(drug, results)[0]
    assert {a.name: a.verdict for a in first.alternatives} == verdicts


@pytest.mark.parametrize(
    ("advised", "verdict"),
    [
        ("standard", "no-concern"),
        ("contraindicated", "avoid"),
        ("avoid", "avoid"),
        ("alternative", "caution"),
        ("reduce-dose", "caution"),
        ("increase-dose", "caution"),
        ("monitor", "caution"),
        ("test", "caution"),
        ("no-recommendation", "unknown"),
    ],
)
def test_the_verdict_on_an_alternative_follows_the_advice_for_it(knowledge, advised, verdict):
    rulebook = made_up(knowledge, advised)
    result = GeneResult("CYP2C19", Status.CALLED, "phenotype", phenotype=POOR, lookup_keys=(POOR,))
    (entry,) = rulebook.named("firstine")[0].entries
    (answer,) = recommend(entry, {"CYP2C19": result}, rulebook)
    (alternative,) = answer.alternatives
    assert (alternative.name, alternative.verdict) == ("secondine", verdict)


def made_up(knowledge, advised):
    """Two drugs of one guideline; the first is to be avoided for the second."""
    first = Advice("first", "avoid", "Avoid.", "Avoid.", alternatives=(SECOND,))
    second = Advice("second", advised, "As advised.", "As advised.")
    general = Population("general", "general", "")
    guideline = replace(
        knowledge.guidelines["cyp2c19-clopidogrel"],
        id="made-up",
        populations={"general": general},
        advice={"first": first, "second": second},
        implications={},
        considerations={},
    )
    drugs = tuple(
        DrugRules(name, code, (code,), "CPIC", "made-up", ("CYP2C19",), (row(name, advice),))
        for name, code, advice in (("firstine", "1", "first"), ("secondine", "2", "second"))
    )
    return Rulebook(replace(knowledge, guidelines={"made-up": guideline}, drugs=drugs))


def row(drug, advice):
    return Row(
        rule=f"made-up.{drug}",
        keys={"CYP2C19": POOR},
        phenotypes={"CYP2C19": POOR},
        population="general",
        advice=advice,
        strength="Strong",
        implications={},
        considerations=(),
        source_row="",
    )


@pytest.mark.parametrize("drug", ["ondansetron", "tropisetron"])
def test_a_guideline_that_is_being_updated_says_so(advise, drug):
    (answer,) = advise(drug, {"CYP2D6": "*1/*2x2"})
    assert "PGX-621" in {caveat.code for caveat in answer.caveats}


def test_every_gene_that_is_asked_for_is_tested_here_or_unknown(advise, knowledge):
    """A status of `not-tested` never turns into a phenotype, whatever the drug."""
    for rules in knowledge.drugs:
        if rules.source == "CPIC":
            assert isinstance(advise(rules.drug, {}), Unanswered)


def test_a_result_of_one_gene_is_never_advice_for_a_drug_of_another(advise):
    assert isinstance(advise("codeine", {"CYP2C19": "*2/*2"}), Unanswered)
    assert not_tested("CYP2D6").status == Status.NOT_TESTED
