"""What inhibitors and inducers make of a result: CPIC's opioid rule, and cautions elsewhere.

The patients are synthetic. Scores, phenotypes and keys are those that CPIC's rule gives by hand:
times 0 with a strong CYP2D6 inhibitor, times 0.5 with a moderate one.
"""

from dataclasses import replace
from datetime import date

import pytest

from fhir_pgx.genotype.names import parse_diplotypes
from fhir_pgx.knowledge.interactions import load_interactions
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.drug import Drug
from fhir_pgx.model.modifier import Interaction
from fhir_pgx.model.patient import Fact, Medicine, PatientContext
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.phenotype.diplotype import keys_of_phenotype, phenotype_of
from fhir_pgx.phenotype.phenoconversion import (
    caveat_of,
    enzymes_of,
    find_interactions,
    modify,
)

TODAY = date(2026, 11, 23)
DRUGS = {
    "abiraterone": "1100072",
    "amiodarone": "703",
    "bupropion": "42347",
    "cimetidine": "2541",
    "clarithromycin": "21212",
    "codeine": "2670",
    "duloxetine": "72625",
    "fluconazole": "4450",
    "fluoxetine": "4493",
    "fluvoxamine": "42355",
    "mirabegron": "1300786",
    "paroxetine": "32937",
    "quinidine": "9068",
    "rifampin": "9384",
    "sertraline": "36437",
    "terbinafine": "37801",
    "ticlopidine": "10594",
}
NM, IM, PM, UM = (
    f"{word} Metabolizer" for word in ("Normal", "Intermediate", "Poor", "Ultrarapid")
)


@pytest.fixture(scope="module")
def table():
    return load_interactions(HERE)


@pytest.fixture
def opioids(table):
    return table.rule_of("cyp2d6-opioids", "CYP2D6")


def taking(*names, state="active", since="", until=""):
    """A synthetic patient's medicines, each of one ingredient."""
    return tuple(
        Medicine((Drug(DRUGS[name], name),), state, since, until, f"MedicationRequest/{name}")
        for name in names
    )


@pytest.fixture
def acting(table):
    def found(*medicines, victims=frozenset(), smokes=None):
        patient = PatientContext(medicines=tuple(medicines), smokes=smokes)
        return find_interactions(patient, table, TODAY, victims=frozenset(victims))

    return found


@pytest.fixture
def by_diplotype(knowledge):
    def result(gene, name):
        rules = knowledge.genes[gene]
        ((diplotype, *_), _) = parse_diplotypes(name, rules)
        one = phenotype_of(diplotype, rules)
        return GeneResult(
            gene,
            Status.INDETERMINATE if one.phenotype == "Indeterminate" else Status.CALLED,
            "genotype",
            (one,),
            one.phenotype,
            one.activity_score,
            (one.lookup_key,),
            derived_from=("Observation/synthetic",),
        )

    return result


@pytest.fixture
def by_phenotype(knowledge):
    def result(gene, phenotype):
        keys = keys_of_phenotype(phenotype, knowledge.genes[gene])
        return GeneResult(gene, Status.CALLED, "phenotype", (), phenotype, None, keys)

    return result


# CPIC's rule


@pytest.mark.parametrize(
    ("agent", "diplotype", "genetic", "effective", "phenotype", "keys"),
    [
        # strong: 0, whatever the score
        ("paroxetine", "*1/*1", "2.0", "0.0", PM, ("0.0",)),
        ("fluoxetine", "*1/*10", "1.25", "0.0", PM, ("0.0",)),
        ("bupropion", "*1/*4", "1.0", "0.0", PM, ("0.0",)),
        ("quinidine", "*1/*2x2", "3.0", "0.0", PM, ("0.0",)),
        ("terbinafine", "*1x3/*2", "≥4.0", "0.0", PM, ("0.0",)),
        # moderate: half
        ("duloxetine", "*1/*1", "2.0", "1.0", IM, ("1.0",)),
        ("duloxetine", "*1/*17", "1.5", "0.75", IM, ("0.75",)),
        ("mirabegron", "*1/*4", "1.0", "0.5", IM, ("0.5",)),
        ("duloxetine", "*4/*17", "0.5", "0.25", IM, ("0.25",)),
        ("duloxetine", "*1/*2x2", "3.0", "1.5", NM, ("1.5",)),
        ("duloxetine", "*2x2/*1x2", "4.0", "2.0", NM, ("2.0",)),
        ("duloxetine", "*2x2/*17", "2.5", "1.25", NM, ("1.25",)),
        # no diplotype makes these scores: read by the band, at the next score below in it
        ("duloxetine", "*1/*10", "1.25", "0.625", IM, ("0.5",)),
        ("abiraterone", "*2x2/*10", "2.25", "1.125", IM, ("1.0",)),
        ("duloxetine", "*10/*17", "0.75", "0.375", IM, ("0.25",)),
        ("duloxetine", "*4/*10", "0.25", "0.125", IM, ("0.25",)),  # above 0: not poor
    ],
)
def test_the_opioid_rule_adjusts_the_score(
    acting, by_diplotype, knowledge, opioids, agent, diplotype, genetic, effective, phenotype, keys
):
    result = by_diplotype("CYP2D6", diplotype)
    assert result.activity_score == genetic
    made = modify("CYP2D6", result, acting(*taking(agent)), knowledge.genes["CYP2D6"], opioids)
    assert made.is_rule
    assert made.genetic is result
    read = made.effective
    assert (read.activity_score, read.phenotype, read.lookup_keys) == (effective, phenotype, keys)
    assert read.status is Status.CALLED
    assert caveat_of(made).code == "PGX-665"
    assert made.short == f"CYP2D6 inhibited by {agent}"


@pytest.mark.parametrize(
    ("agent", "diplotype"),
    [
        ("sertraline", "*1/*1"),  # weak: unchanged
        ("paroxetine", "*4/*4"),  # poor already
        ("duloxetine", "*4/*5"),
        ("fluvoxamine", "*4/*4"),
    ],
)
def test_nothing_changes(acting, by_diplotype, knowledge, opioids, agent, diplotype):
    result = by_diplotype("CYP2D6", diplotype)
    rules = knowledge.genes["CYP2D6"]
    assert modify("CYP2D6", result, acting(*taking(agent)), rules, opioids) is None
    assert modify("CYP2D6", result, acting(*taking(agent)), rules, None) is None


def test_the_rule_is_told_with_both_phenotypes(acting, by_diplotype, knowledge, opioids):
    rules = knowledge.genes["CYP2D6"]
    result = by_diplotype("CYP2D6", "*1/*1")
    strong = modify("CYP2D6", result, acting(*taking("paroxetine")), rules, opioids)
    assert strong.text == (
        "Paroxetine (in use) strongly inhibits CYP2D6: CPIC's opioid guideline then counts the "
        "activity score as 0 (Poor Metabolizer) instead of 2.0 (Normal Metabolizer)."
    )
    assert "PMID 33387367" in strong.source
    less = by_diplotype("CYP2D6", "*1/*10")
    moderate = modify("CYP2D6", less, acting(*taking("duloxetine", state="draft")), rules, opioids)
    assert moderate.text == (
        "Duloxetine (being ordered) moderately inhibits CYP2D6: CPIC's opioid guideline then "
        "multiplies the activity score by 0.5, which gives 0.625, read as Intermediate "
        "Metabolizer, instead of 1.25 (Normal Metabolizer)."
    )


@pytest.mark.parametrize(
    ("status", "keys", "said"),
    [
        (Status.NOT_TESTED, (), "not tested"),
        (Status.NOT_CALLED, (), "tested without an answer"),
        (Status.INDETERMINATE, ("n/a",), "Indeterminate"),
    ],
)
def test_a_strong_inhibitor_decides_whatever_the_genotype(
    acting, knowledge, opioids, status, keys, said
):
    result = GeneResult("CYP2D6", status, lookup_keys=keys)
    rules = knowledge.genes["CYP2D6"]
    strong = modify("CYP2D6", result, acting(*taking("paroxetine")), rules, opioids)
    assert (strong.effective.phenotype, strong.effective.lookup_keys) == (PM, ("0.0",))
    assert f"whatever the genotype ({said})" in strong.text
    assert strong.genetic.status is status  # never overwritten
    moderate = modify("CYP2D6", result, acting(*taking("duloxetine")), rules, opioids)
    assert moderate.effective is None
    assert f"the score is not known ({said})" in moderate.text


@pytest.mark.parametrize(
    ("phenotype", "effective", "keys"),
    [
        (NM, IM, ("0.5", "0.75", "1.0")),  # 1.25 to 2.25 → 0.625 to 1.125
        (IM, IM, ("0.25", "0.5")),  # 0.25 to 1.0 → 0.125 to 0.5
    ],
)
def test_a_phenotype_alone_is_adjusted_over_every_score_it_can_be(
    acting, by_phenotype, knowledge, opioids, phenotype, effective, keys
):
    result = by_phenotype("CYP2D6", phenotype)
    rules = knowledge.genes["CYP2D6"]
    made = modify("CYP2D6", result, acting(*taking("duloxetine")), rules, opioids)
    assert (made.effective.phenotype, made.effective.lookup_keys) == (effective, keys)
    assert made.effective.activity_score is None
    assert f"which gives {effective} instead of {phenotype}" in made.text


@pytest.mark.parametrize("given", ["phenotype", "≥3.0"])
def test_more_copies_than_counted_leave_normal_or_ultrarapid_open(
    acting, by_phenotype, knowledge, opioids, given
):
    rules = knowledge.genes["CYP2D6"]
    result = by_phenotype("CYP2D6", UM)
    if given != "phenotype":
        result = replace(result, activity_score=given, lookup_keys=(given,))
    made = modify("CYP2D6", result, acting(*taking("duloxetine")), rules, opioids)
    assert made.effective.phenotype is None
    assert made.effective.status is Status.AMBIGUOUS
    meant = {
        pair.phenotype for pair in rules.pairs if pair.lookup_key in made.effective.lookup_keys
    }
    assert meant == {NM, UM}
    if given != "phenotype":
        assert made.effective.activity_score == "≥1.5"
        assert min(made.effective.lookup_keys) == "1.5"
        assert "at least 1.5, read as Normal Metabolizer or Ultrarapid Metabolizer" in made.text


def test_each_of_several_readings_is_adjusted(acting, knowledge, opioids):
    result = GeneResult("CYP2D6", Status.CONFLICT, "genotype", lookup_keys=("2.0", "3.0", "n/a"))
    rules = knowledge.genes["CYP2D6"]
    made = modify("CYP2D6", result, acting(*taking("duloxetine")), rules, opioids)
    assert set(made.effective.lookup_keys) == {"1.0", "1.5", "n/a"}
    assert (made.effective.phenotype, made.effective.status) == (None, Status.CONFLICT)


def test_the_bands_agree_with_every_score_of_the_gene_file(knowledge, opioids):
    for pair in knowledge.genes["CYP2D6"].pairs:
        if pair.activity_score in (None, "n/a"):
            continue
        score = float(pair.activity_score.removeprefix("≥"))
        fitting = [
            band.phenotype
            for band in opioids.bands
            if (score > float(band.low) or (band.includes_low and score == float(band.low)))
            and (
                not band.high
                or score < float(band.high)
                or (band.includes_high and score == float(band.high))
            )
        ]
        assert fitting == [pair.phenotype], pair


def test_the_rows_of_one_phenotype_give_one_advice_for_opioids(knowledge):
    """Else reading 0.625 at 0.5 would choose between two pieces of advice."""
    for drug in (each for each in knowledge.drugs if each.guideline == "cyp2d6-opioids"):
        advice = {(row.phenotypes["CYP2D6"], row.advice) for row in drug.rows}
        assert len(advice) == len({phenotype for phenotype, _ in advice}) == 5


def test_a_score_above_every_band_below_it_is_read_at_a_plain_score(
    acting, by_diplotype, knowledge, opioids
):
    """By a made-up factor: 4.0 × 0.7 is 2.8, ultrarapid, and read at 2.75, never at `≥3.0`."""
    made = modify(
        "CYP2D6",
        by_diplotype("CYP2D6", "*2x2/*1x2"),
        acting(*taking("duloxetine")),
        knowledge.genes["CYP2D6"],
        replace(opioids, factors={"moderate": "0.7"}),
    )
    read = made.effective
    assert (read.activity_score, read.phenotype, read.lookup_keys) == ("2.8", UM, ("2.75",))


def test_a_strength_that_one_weak_source_states_is_not_counted_by_the_rule(
    acting, by_diplotype, knowledge, opioids
):
    doubtful = [replace(each, confidence="low") for each in acting(*taking("paroxetine"))]
    result = by_diplotype("CYP2D6", "*1/*1")
    made = modify("CYP2D6", result, doubtful, knowledge.genes["CYP2D6"], opioids)
    assert (made.is_rule, made.effective) == (False, None)


# Several


def test_the_strongest_of_several_counts_and_they_are_not_multiplied(
    acting, by_diplotype, knowledge, opioids
):
    rules = knowledge.genes["CYP2D6"]
    result = by_diplotype("CYP2D6", "*1/*1")
    two = modify("CYP2D6", result, acting(*taking("duloxetine", "mirabegron")), rules, opioids)
    assert two.effective.activity_score == "1.0"  # not 0.5
    assert "Duloxetine (in use) and mirabegron (in use) moderately inhibit CYP2D6" in two.text
    assert "What several inhibitors make it does not say" in two.text
    both = modify("CYP2D6", result, acting(*taking("duloxetine", "paroxetine")), rules, opioids)
    assert both.effective.activity_score == "0.0"
    assert [each.agent for each in both.interactions] == ["paroxetine", "duloxetine"]
    assert "Also: duloxetine (in use), a moderate inhibitor." in both.text


def test_an_inhibitor_in_use_is_counted_and_a_stronger_one_that_stopped_is_told(
    acting, by_diplotype, knowledge, opioids
):
    stopped = taking("fluoxetine", state="ended", until="2026-11-01")
    made = modify(
        "CYP2D6",
        by_diplotype("CYP2D6", "*1/*1"),
        acting(*taking("duloxetine"), *stopped),
        knowledge.genes["CYP2D6"],
        opioids,
    )
    assert made.is_rule
    assert made.effective.activity_score == "1.0"
    assert "Also: fluoxetine (stopped on 2026-11-01; may still act until 2027-01-20)" in made.text


# Cautions


@pytest.mark.parametrize(
    ("gene", "diplotype", "agent", "effective", "code"),
    [
        ("CYP2D6", "*1/*1", "paroxetine", PM, "PGX-666"),
        ("CYP2D6", "*1/*4", "duloxetine", None, "PGX-667"),
        ("CYP2D6", "*1/*1", "cimetidine", None, "PGX-667"),  # weak or moderate by source
        ("CYP2C19", "*1/*2", "fluvoxamine", PM, "PGX-666"),
        ("CYP2C19", "*1/*1", "fluoxetine", None, "PGX-667"),  # moderate in our table
        ("CYP2C19", "*1/*17", "rifampin", None, "PGX-667"),  # inducer
        ("CYP2B6", "*1/*6", "ticlopidine", PM, "PGX-666"),
        ("CYP2B6", "*6/*6", "rifampin", None, "PGX-667"),  # decreased, not absent: induced
        ("CYP2C9", "*1/*1", "fluconazole", None, "PGX-667"),  # one weak source
        ("CYP3A4", "*1/*1", "clarithromycin", PM, "PGX-666"),
    ],
)
def test_without_a_rule_a_caution_stands_beside_the_result(
    acting, by_diplotype, knowledge, gene, diplotype, agent, effective, code
):
    result = by_diplotype(gene, diplotype)
    made = modify(gene, result, acting(*taking(agent)), knowledge.genes[gene], None)
    assert not made.is_rule
    assert made.genetic is result
    assert (made.effective.phenotype if made.effective else None) == effective
    assert caveat_of(made).code == code
    if made.effective:
        assert made.effective.lookup_keys == keys_of_phenotype(PM, knowledge.genes[gene])


@pytest.mark.parametrize(
    ("gene", "diplotype", "agent", "text"),
    [
        (
            "CYP2C19",
            "*1/*2",
            "fluvoxamine",
            "Fluvoxamine (in use) strongly inhibits CYP2C19: the patient may in effect be a Poor "
            "Metabolizer (by genotype: Intermediate Metabolizer); no rule adjusts for it, so this "
            "is a caution of ours.",
        ),
        (
            "CYP2C19",
            "*1/*1",
            "fluoxetine",
            "Fluoxetine (in use; strong by another source) moderately inhibits CYP2C19: activity "
            "may be lower than the genotype suggests (Normal Metabolizer); by how much is not "
            "settled.",
        ),
        (
            "CYP2D6",
            "*1/*1",
            "cimetidine",
            "Cimetidine (in use; weak or moderate by source) inhibits CYP2D6: activity may be "
            "lower than the genotype suggests (2.0, Normal Metabolizer); by how much is not "
            "settled.",
        ),
        (
            "CYP2C9",
            "*1/*1",
            "fluconazole",
            "Fluconazole (in use; on the word of one source of low confidence) strongly inhibits "
            "CYP2C9: activity may be lower than the genotype suggests (2.0, Normal Metabolizer); "
            "by how much is not settled.",
        ),
        (
            "CYP2C19",
            "*1/*17",
            "rifampin",
            "Rifampin (in use) moderately induces CYP2C19: activity may be higher than the "
            "genotype suggests (Rapid Metabolizer); by how much no guideline states.",
        ),
    ],
)
def test_a_caution_says_that_it_is_one(
    acting, by_diplotype, knowledge, gene, diplotype, agent, text
):
    result = by_diplotype(gene, diplotype)
    made = modify(gene, result, acting(*taking(agent)), knowledge.genes[gene], None)
    assert made.text == text


def test_an_inducer_of_an_enzyme_that_is_not_there_changes_nothing(acting, by_diplotype, knowledge):
    result = by_diplotype("CYP2C19", "*2/*2")
    rules = knowledge.genes["CYP2C19"]
    assert modify("CYP2C19", result, acting(*taking("rifampin")), rules, None) is None


@pytest.mark.parametrize(
    ("agents", "phenotype"),
    [
        (("rifampin", "fluvoxamine"), PM),  # strong: the inducer is no proof against it
        (("rifampin", "fluconazole"), PM),
        (("rifampin", "abiraterone"), None),  # no CYP2C19 inhibitor at all
    ],
)
def test_an_inducer_does_not_silence_a_strong_inhibitor(
    acting, by_diplotype, knowledge, agents, phenotype
):
    made = modify(
        "CYP2C19",
        by_diplotype("CYP2C19", "*1/*1"),
        acting(*taking(*agents)),
        knowledge.genes["CYP2C19"],
        None,
    )
    assert not made.is_rule
    if phenotype is None:
        assert made.effective is None
        return
    assert made.effective.phenotype == phenotype
    assert made.interactions[0].agent == agents[1]  # the one to be named first
    assert "no source states what both make together" in made.text
    assert "by the inhibitor alone the patient may in effect be a Poor Metabolizer" in made.text
    assert made.short == f"CYP2C19 inhibited by {agents[1]}, induced by rifampin"


def test_a_moderate_inhibitor_beside_an_inducer_leaves_the_phenotype_open(
    acting, by_diplotype, knowledge
):
    weaker = [
        replace(each, strength="moderate") if each.role == "inhibitor" else each
        for each in acting(*taking("fluvoxamine", "rifampin"))
    ]
    result = by_diplotype("CYP2C19", "*1/*1")
    made = modify("CYP2C19", result, weaker, knowledge.genes["CYP2C19"], None)
    assert made.effective is None
    assert "no source states what both make together" in made.text


# What a source itself tells to avoid


TAMOXIFEN = ("cyp2d6-tamoxifen", "CYP2D6", "10324")


@pytest.mark.parametrize(
    ("diplotype", "agent", "told"),
    [
        ("*1/*1", "paroxetine", "a moderate or strong"),
        ("*1/*41", "duloxetine", "a moderate or strong"),  # 1.25
        ("*1/*2x2", "duloxetine", "a moderate or strong"),  # ultrarapid
        ("*1/*4", "duloxetine", "a weak, moderate or strong"),  # 1.0
        ("*1/*4", "sertraline", "a weak, moderate or strong"),
        ("*1/*1", "sertraline", ""),  # weak: not named at 2.0
        ("*4/*4", "paroxetine", ""),  # poor: nothing to lose
        ("*1/*1", "rifampin", ""),
    ],
)
def test_tamoxifens_rows_tell_to_avoid_inhibitors_in_the_sources_name(
    acting, by_diplotype, knowledge, table, diplotype, agent, told
):
    made = modify(
        "CYP2D6",
        by_diplotype("CYP2D6", diplotype),
        acting(*taking(agent)),
        knowledge.genes["CYP2D6"],
        table.rule_of(*TAMOXIFEN),
        table.restated_by(*TAMOXIFEN),
    )
    if not told:
        assert made is None or not made.advised_against
        return
    assert made.advised_against
    assert not made.is_rule  # no phenotype is adjusted
    assert made.text.startswith(
        f"CPIC's tamoxifen guideline itself advises against {told} CYP2D6 inhibitor beside "
        f"tamoxifen: {agent} (in use"
    )
    assert made.short == f"CPIC advises against {agent} beside it"
    assert caveat_of(made).code == "PGX-664"
    assert made.effective is None or made.effective.phenotype == PM


@pytest.mark.parametrize("state", ["ended", "planned"])
def test_what_is_over_or_to_come_is_not_taken_beside_the_drug(
    acting, by_diplotype, knowledge, table, state
):
    day = {"until": "2026-11-22"} if state == "ended" else {"since": "2026-12-01"}
    made = modify(
        "CYP2D6",
        by_diplotype("CYP2D6", "*1/*1"),
        acting(*taking("paroxetine", state=state, **day)),
        knowledge.genes["CYP2D6"],
        None,
        table.restated_by(*TAMOXIFEN),
    )
    assert not made.advised_against
    assert made.effective.phenotype == PM  # the caution stays


def test_without_a_result_only_what_every_row_names_is_told(acting, knowledge, table):
    untested = GeneResult("CYP2D6", Status.NOT_TESTED)
    rules, said = knowledge.genes["CYP2D6"], table.restated_by(*TAMOXIFEN)
    made = modify("CYP2D6", untested, acting(*taking("paroxetine")), rules, None, said)
    assert made.advised_against
    assert "for every CYP2D6 result but Poor Metabolizer (none is on file)" in made.text
    assert modify("CYP2D6", untested, acting(*taking("sertraline")), rules, None, said) is None
    indeterminate = GeneResult("CYP2D6", Status.INDETERMINATE, lookup_keys=("n/a",))
    made = modify("CYP2D6", indeterminate, acting(*taking("paroxetine")), rules, None, said)
    assert not made.advised_against  # CPIC has no advice for it


# An enzyme beside the one that the guideline asks for


@pytest.mark.parametrize(
    ("agents", "text", "short"),
    [
        (
            ("clarithromycin",),
            "CYP3A4 (genes not tested) may be slowed by clarithromycin (strong; in use): levels "
            "may rise; by how much is not settled.",
            "clarithromycin raises its levels",
        ),
        (
            ("rifampin",),
            "CYP3A4 (genes not tested) may be sped up by rifampin (strong; in use): levels may "
            "fall; by how much is not settled.",
            "rifampin lowers its levels",
        ),
        (
            ("rifampin", "clarithromycin"),
            "CYP3A4 (genes not tested) may be slowed by clarithromycin (strong; in use) and sped "
            "up by rifampin (strong; in use): levels may rise or fall; no source states what both "
            "make together.",
            "clarithromycin and rifampin act on its levels",
        ),
    ],
)
def test_beside_the_gene_of_the_guideline_levels_are_told_and_no_phenotype(
    acting, knowledge, agents, text, short
):
    untested = GeneResult("CYP3A4", Status.NOT_TESTED)
    found = acting(*taking(*agents))
    made = modify("CYP3A4", untested, found, knowledge.genes["CYP3A4"], None, is_beside=True)
    assert (made.text, made.short) == (text, short)
    assert made.effective is None
    assert caveat_of(made).code == "PGX-667"


def test_a_gene_that_nobody_tested_is_not_called_normal_by_a_caution(acting, knowledge):
    result = GeneResult("CYP2C19", Status.NOT_TESTED)
    rules = knowledge.genes["CYP2C19"]
    made = modify("CYP2C19", result, acting(*taking("rifampin")), rules, None)
    assert made.effective is None
    assert "(not tested)" in made.text
    assert "Normal" not in made.text


# Who acts, and when


@pytest.mark.parametrize(
    ("agent", "state", "since", "until", "expected", "over"),
    [
        ("paroxetine", "active", "2020-01-01", "", "active", ""),
        ("paroxetine", "draft", "", "", "draft", ""),
        ("paroxetine", "planned", "2026-12-01", "", "planned", ""),
        # five of the longest half-lives: 16 days, 24 hours, 400 hours
        ("fluoxetine", "ended", "", "2026-11-01", "washing-out", "2027-01-20"),
        ("fluoxetine", "ended", "", "2026-09-05", "washing-out", "2026-11-24"),
        ("fluoxetine", "ended", "", "2026-09-04", None, ""),
        ("fluoxetine", "ended", "", "2026-09", "washing-out", "2026-12-19"),  # its last day
        ("paroxetine", "ended", "", "2026-11-19", "washing-out", "2026-11-24"),
        ("paroxetine", "ended", "", "2026-11-18T08:00:00Z", None, ""),
        ("terbinafine", "ended", "", "2026-09-10", "washing-out", "2026-12-03"),
        # no half-life held: 35 days, and no end
        ("quinidine", "ended", "", "2026-10-19", "washing-out", ""),
        ("quinidine", "ended", "", "2026-10-18", None, ""),
        # ended on a day that nobody stated
        ("quinidine", "ended", "2026-11-10", "", "washing-out", ""),
        ("quinidine", "ended", "2026-01-10", "", None, ""),
        ("quinidine", "ended", "", "", None, ""),
        ("quinidine", "ended", "", "unknown", None, ""),
    ],
)
def test_a_medicine_acts_in_its_time(acting, agent, state, since, until, expected, over):
    found = [
        each
        for each in acting(*taking(agent, state=state, since=since, until=until))
        if each.gene == "CYP2D6"
    ]
    assert [(each.state, each.until) for each in found] == ([(expected, over)] if expected else [])
    assert all(isinstance(each, Interaction) for each in found)
    assert all(each.reference == f"MedicationRequest/{agent}" for each in found)


@pytest.mark.parametrize(
    ("agent", "state", "since", "until", "code", "words"),
    [
        (
            "fluoxetine", "ended", "", "2026-11-01", "PGX-668",
            "Fluoxetine (stopped on 2026-11-01; may still act until 2027-01-20) strongly inhibits "
            "CYP2D6: while it acts the patient may in effect be a Poor Metabolizer",
        ),
        (
            "quinidine", "ended", "", "2026-11-01", "PGX-668",
            "Quinidine (stopped on 2026-11-01; how long it still acts is not held here)",
        ),
        (
            "quinidine", "ended", "2026-11-10", "", "PGX-668",
            "Quinidine (stopped on a day not stated; how long it still acts is not held here)",
        ),
        (
            "paroxetine", "planned", "2026-12-01", "", "PGX-669",
            "Paroxetine (to begin on 2026-12-01) strongly inhibits CYP2D6: from then on the "
            "patient may in effect be a Poor Metabolizer (by genotype: 2.0, Normal Metabolizer)",
        ),
    ],
)  # fmt: skip
def test_what_is_not_in_use_is_a_caution_even_where_a_rule_exists(
    acting, by_diplotype, knowledge, opioids, agent, state, since, until, code, words
):
    made = modify(
        "CYP2D6",
        by_diplotype("CYP2D6", "*1/*1"),
        acting(*taking(agent, state=state, since=since, until=until)),
        knowledge.genes["CYP2D6"],
        opioids,
    )
    assert not made.is_rule
    assert made.effective.phenotype == PM
    assert made.text.startswith(words)
    assert "CPIC's opioid guideline speaks of inhibitors in use" in made.text
    assert caveat_of(made).code == code


def test_what_is_not_strong_and_not_in_use_names_no_phenotype(acting, by_diplotype, knowledge):
    made = modify(
        "CYP2D6",
        by_diplotype("CYP2D6", "*1/*1"),
        acting(*taking("duloxetine", state="planned", since="2026-12-01")),
        knowledge.genes["CYP2D6"],
        None,
    )
    assert made.effective is None
    assert caveat_of(made).code == "PGX-669"
    assert made.short == "CYP2D6 to be inhibited by duloxetine"
    assert "CYP2D6: from then on activity may be lower than the genotype suggests" in made.text


def test_the_drug_asked_about_is_no_interaction_of_itself(acting):
    assert acting(*taking("paroxetine"), victims={DRUGS["paroxetine"]}) == ()


def test_every_ingredient_of_a_product_counts(acting):
    product = Medicine(
        (Drug("3289", "dextromethorphan"), Drug(DRUGS["quinidine"], "quinidine")), "active"
    )
    assert [each.agent for each in acting(product, victims={"3289"})] == ["quinidine"]


def test_an_agent_met_twice_is_in_use_rather_than_ended(acting):
    twice = [
        *taking("quinidine", state="ended", until="2026-11-01"),
        *taking("quinidine", state="planned", since="2026-12-01"),
        *taking("quinidine", state="active"),
    ]
    assert [each.state for each in acting(*twice)] == ["active"]
    assert [each.state for each in acting(*twice[1::-1])] == ["washing-out"]
    later = [*twice[:1], *taking("quinidine", state="ended", until="2026-11-20")]
    assert [each.when for each in acting(*later)] == ["2026-11-20"]


@pytest.mark.parametrize(
    ("smokes", "found"),
    [
        (Fact(value=True, reference="Observation/smoking"), [("CYP1A2", "tobacco smoking")]),
        (Fact(value=False), []),
        (None, []),  # nobody asked
    ],
)
def test_smoking_induces_cyp1a2(acting, smokes, found):
    assert [(each.gene, each.agent) for each in acting(smokes=smokes)] == found


def test_a_date_that_is_none_is_not_repeated(acting):
    (found,) = acting(*taking("quinidine", state="planned", since="<b>soon</b>"))
    assert found.when == ""


@pytest.mark.parametrize(
    ("genes", "enzymes"),
    [
        (("CYP3A5",), ("CYP3A5", "CYP3A4")),  # tacrolimus: both break it down
        (("CYP3A4",), ("CYP3A4",)),
        (("CYP2C19", "CYP2D6"), ("CYP2C19", "CYP2D6")),
        ((), ()),
    ],
)
def test_what_acts_on_cyp3a4_is_looked_for_beside_cyp3a5(genes, enzymes):
    assert enzymes_of(genes) == enzymes
