"""The table of inhibitors and inducers: shape, codes, sources, and that the facts are in it."""

import csv

import msgspec
import pytest
import yaml

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.imports.interactions import agent_row, content, written
from fhir_pgx.knowledge.interactions import FILE, load_interactions
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.interactions import Interactions
from fhir_pgx.phenotype.adjusted_score import holds, number_of


@pytest.fixture(scope="module")
def table():
    return load_interactions(HERE)


@pytest.fixture(scope="module")
def agents(table):
    rows = [row for rows in table.by_rxcui.values() for row in rows]
    return {(row.gene, row.agent): row for row in (*rows, *table.uncoded)}


@pytest.mark.parametrize(
    ("gene", "agent", "role", "strength"),
    [
        ("CYP2D6", "paroxetine", "inhibitor", "strong"),
        ("CYP2D6", "fluoxetine", "inhibitor", "strong"),
        ("CYP2D6", "bupropion", "inhibitor", "strong"),
        ("CYP2D6", "quinidine", "inhibitor", "strong"),
        ("CYP2D6", "terbinafine", "inhibitor", "strong"),
        ("CYP2D6", "duloxetine", "inhibitor", "moderate"),
        ("CYP2D6", "mirabegron", "inhibitor", "moderate"),
        ("CYP2D6", "cimetidine", "inhibitor", "unknown"),  # weak or moderate by source
        ("CYP2D6", "sertraline", "inhibitor", "weak"),
        ("CYP2C19", "fluvoxamine", "inhibitor", "strong"),
        ("CYP2C19", "omeprazole", "inhibitor", "weak"),
        ("CYP2C19", "rifampin", "inducer", "moderate"),
        ("CYP2B6", "ticlopidine", "inhibitor", "strong"),
        ("CYP3A4", "clarithromycin", "inhibitor", "strong"),
        ("CYP1A2", "tobacco smoking", "inducer", "moderate"),
    ],
)
def test_an_agent_has_the_strength_of_its_source(agents, gene, agent, role, strength):
    assert (agents[gene, agent].role, agents[gene, agent].strength) == (role, strength)


@pytest.mark.parametrize(
    ("gene", "agent", "strengths"),
    [
        ("CYP2C19", "fluoxetine", ["strong"]),  # moderate in our table
        ("CYP2D6", "terbinafine", ["moderate"]),
        ("CYP2D6", "abiraterone", ["weak", "moderate"]),
        ("CYP2D6", "fluvoxamine", ["weak"]),
        ("CYP2D6", "cimetidine", ["weak", "moderate", "weak"]),
    ],
)
def test_what_other_sources_say_is_kept(agents, gene, agent, strengths):
    assert [other.strength for other in agents[gene, agent].others] == strengths


def test_every_code_is_that_of_the_ingredient_by_its_name(table):
    codes = DrugCodes()
    try:
        for code, rows in table.by_rxcui.items():
            meaning = codes.by_rxcui(code)
            found = meaning.ingredients if meaning else ()
            names = [(drug.rxcui, drug.name) for drug in found]
            assert names == [(code, rows[0].agent)]
    finally:
        codes.close()


def test_only_these_have_no_code(table):
    assert {(agent.agent, agent.kind) for agent in table.uncoded} == {
        ("oral contraceptives", "drug-class"),
        ("piperine", "food"),
        ("tobacco smoking", "smoking"),
        ("artemisinin", "drug"),
        ("St. John's wort", "herb"),
    }


def test_the_weakly_sourced_rows_say_so(agents):
    doubtful = {key for key, row in agents.items() if row.confidence == "low"}
    assert {gene for gene, _ in doubtful} == {"CYP2C9", "CYP3A4", "CYP1A2"}
    assert {key for key in agents if key[0] == "CYP2C9"} <= doubtful


def test_the_rule_is_that_of_the_opioid_guideline_alone(table, knowledge):
    rule = table.rule_of("cyp2d6-opioids", "CYP2D6")
    assert rule is not None
    assert rule.factors == {"strong": "0", "moderate": "0.5"}
    guided = {d.drug: d.rxcui for d in knowledge.drugs if d.guideline == "cyp2d6-opioids"}
    assert rule.drugs == guided
    assert table.rule_of("cyp2d6-opioids", "CYP2D6", "2670") is rule
    assert table.rule_of("cyp2d6-opioids", "CYP2D6", "7804") is None  # oxycodone
    assert table.rule_of("cyp2d6-opioids", "CYP2C19") is None
    assert table.rule_of("cyp2d6-tamoxifen", "CYP2D6") is None
    assert len(table.rules) == 1


def test_the_drugs_whose_advice_speaks_of_inhibitors_are_named(table, knowledge):
    (tamoxifen,) = table.restates
    held = {(d.guideline, d.drug, d.rxcui) for d in knowledge.drugs}
    assert (tamoxifen.guideline, *next(iter(tamoxifen.drugs.items()))) in held
    assert table.restated_by("cyp2d6-tamoxifen", "CYP2D6", "10324") is tamoxifen
    assert table.restated_by("cyp2d6-opioids", "CYP2D6", "2670") is None


def test_what_is_to_be_avoided_at_a_score_is_what_its_row_says(table, knowledge):
    (said,) = table.restates
    (drug,) = (each for each in knowledge.drugs if each.guideline == said.guideline)
    named = {
        "standard-dose-avoid-moderate-and-strong-inhibitors": {"moderate", "strong"},
        "consider-aromatase-inhibitor-or-40-mg": {"weak", "moderate", "strong"},
        "recommend-alternative-hormonal-therapy-or-40-mg": set(),
        "no-recommendation": set(),
    }
    for row in drug.rows:
        score = number_of(row.keys["CYP2D6"])
        held = {
            each for band in said.avoid if score is not None and holds(band, score)
            for each in band.strengths
        }  # fmt: skip
        assert held == named[row.advice], row.rule


def test_a_half_life_is_a_range_of_hours_with_its_source(agents):
    held = {row.agent: row.half_life for row in agents.values() if row.half_life}
    assert (held["fluoxetine"].low, held["fluoxetine"].high) == ("96", "384")  # 4 to 16 days
    assert "quinidine" not in held
    for half_life in held.values():
        assert 0 < float(half_life.low) <= float(half_life.high)
        assert "hours" in half_life.source or "days" in half_life.source


def test_the_table_can_be_written_and_read_back(table):
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(table), type=Interactions) == table


# Against the facts


def test_the_file_is_what_the_script_makes_of_the_facts(shared):
    text = (HERE / FILE).read_text(encoding="utf-8")
    assert text == written(content(shared / "facts"))


def test_every_fact_is_in_the_table(shared, agents):
    with (shared / "facts" / "phenoconversion.csv").open(encoding="utf-8", newline="") as file:
        facts = list(csv.DictReader(file))
    by_name = {(gene, agent.lower()): row for (gene, agent), row in agents.items()}
    assert len(facts) == len(by_name) == 162
    for fact in facts:
        row = by_name[fact["enzyme"], fact["drug"]]
        wanted = "unknown" if " to " in fact["strength"] else fact["strength"]
        assert (row.role, row.strength, row.confidence) == (
            fact["role"],
            wanted,
            fact["confidence"],
        )
        assert not fact["rxnorm"] or row.rxcui == fact["rxnorm"]


def test_a_source_that_is_not_known_stops_the_script():
    fact = {
        "enzyme": "CYP2D6",
        "drug": "paroxetine",
        "rxnorm": "32937",
        "role": "inhibitor",
        "strength": "strong",
        "confidence": "high",
        "source": "somebody",
        "other_readings": "",
    }
    with pytest.raises(KeyError):
        agent_row(fact, {})


# A file that is broken


def broken(tmp_path, change):
    found = yaml.safe_load((HERE / FILE).read_text(encoding="utf-8"))
    change(found)
    (tmp_path / FILE).write_text(yaml.safe_dump(found), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda f: f["agents"][0].update(source="nobody"), "cites nobody"),
        (lambda f: f["agents"].append(f["agents"][0]), "twice"),
        (lambda f: f["agents"][0].update(strength="strongish"), "strongish"),
        (lambda f: f["half_lives"].update(nothing={**f["half_lives"]["fluoxetine"]}), "nothing"),
        (lambda f: f["rules"][0]["factors"].update(strong=0), "factors"),
    ],
    ids=["source", "twice", "strength", "half-life", "number"],
)
def test_a_broken_file_is_refused_with_its_fault(tmp_path, change, fault):
    with pytest.raises(BrokenKnowledge, match=fault):
        load_interactions(broken(tmp_path, change))
