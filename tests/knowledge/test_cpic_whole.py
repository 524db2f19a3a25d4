"""CPIC is in the knowledge whole: every row, every pair of functions, every key."""

import json
from dataclasses import replace
from itertools import product

import pytest
import yaml

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.compile import compile_knowledge, encode
from fhir_pgx.knowledge.imports.sentences import digest, implications, shared_run
from fhir_pgx.knowledge.loader import ARTEFACT, load_artefact, read_release
from fhir_pgx.recommendation.rulebook import NO_RESULT, Rulebook

# Keys that CPIC's tables leave without a row, by drug and population. Its tables of 2026-08-13
# leave none: where it advises nothing, a row says so.
UNANSWERED: dict[str, list[str]] = {}


@pytest.fixture(scope="module")
def knowledge():
    """The artefact, of the drugs by CPIC alone: each source has a module of its own."""
    held = load_artefact()
    return replace(held, drugs=tuple(rules for rules in held.drugs if rules.source == "CPIC"))


@pytest.fixture(scope="module")
def cpic_rows(shared):
    with (shared / "facts" / "recommendations.jsonl").open(encoding="utf-8") as lines:
        return [row for row in map(json.loads, lines) if row["source"] == "CPIC"]


def test_the_artefact_is_what_its_files_compile_to():
    data, record = encode(compile_knowledge())
    assert ARTEFACT.read_bytes() == data
    assert read_release() == record


def test_every_cpic_row_is_represented_with_its_keys_population_and_strength(knowledge, cpic_rows):
    ours = {
        row.source_row: (rules.drug, row.keys, row.population, row.strength)
        for rules in knowledge.drugs
        for row in rules.rows
    }
    theirs = {
        row["id"]: (
            row["drug"],
            row["lookup"],
            row["population"],
            "No Recommendation"
            if row["classification"].lower() == "no recommendation"
            else row["classification"],
        )
        for row in cpic_rows
    }
    assert ours == theirs
    assert len(theirs) == 2159


def test_every_row_leads_to_the_entry_that_re_expresses_its_own_sentences(knowledge, cpic_rows):
    folder = ARTEFACT.parent / "guidelines" / "cpic"
    files = {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("*.yaml")}
    by_id = {row["id"]: row for row in cpic_rows}
    for rules in knowledge.drugs:
        guideline = files[rules.guideline]
        for row in rules.rows:
            source = by_id[row.source_row]
            assert (
                digest(source["source_text"], rules.drug) in guideline["advice"][row.advice]["from"]
            )
            for gene, text in implications(source):
                entry = guideline["implications"][row.implications[gene]]
                assert entry["gene"] == gene
                assert any(
                    digest(each, rules.drug) in entry["from"]
                    for stated, each in implications(source)
                    if stated == gene
                ), text


def test_no_sentence_of_ours_is_copied_from_the_source(knowledge, cpic_rows):
    by_guideline = {}
    for row in cpic_rows:
        texts = by_guideline.setdefault(row["guideline"], set())
        texts.add(row["source_text"].replace(row["drug"], "{drug}"))
        texts.update(t.replace(row["drug"], "{drug}") for _, t in implications(row))
        texts.add(row["comments"] or "")
    for path in (ARTEFACT.parent / "guidelines" / "cpic").glob("*.yaml"):
        content = yaml.safe_load(path.read_text())
        ours = [
            text
            for section in ("advice", "implications", "considerations")
            for entry in content.get(section, {}).values()
            for text in (entry["text"], entry.get("summary", ""))
        ]
        for source in by_guideline[content["source_name"]]:
            for text in ours:
                assert shared_run(text, source) is None


def test_the_pair_rules_give_the_facts_phenotype_for_every_pair(knowledge, shared):
    checked = 0
    for path in sorted((shared / "facts" / "phenotypes").glob("*.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        rules = {rule.of: rule for rule in knowledge.genes[path.stem].pairs}
        for pair in facts.get("pair_rules") or []:
            rule = rules[tuple(sorted(pair["pair"]))]
            assert (rule.phenotype, rule.activity_score, rule.lookup_key) == (
                pair["phenotype"],
                pair["activityScore"],
                pair["lookupKey"],
            )
            checked += 1
    assert checked > 150


def test_every_allele_function_is_the_facts(knowledge, shared):
    checked = 0
    for path in sorted((shared / "facts" / "phenotypes").glob("*.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        alleles = facts.get("alleles_2026") or facts.get("alleles") or {}
        ours = knowledge.genes[path.stem].alleles
        for name, rule in alleles.items():
            assert (ours[name].function, ours[name].activity) == (
                rule.get("function"),
                rule.get("activity"),
            ), (path.stem, name)
            checked += 1
    assert checked > 900


def test_every_pair_of_functions_that_alleles_can_make_has_a_rule(knowledge):
    for gene, rules in knowledge.genes.items():
        if not rules.pairs or gene == "IFNL3":
            continue
        scored = rules.method == "activity-score"
        values = {a.activity if scored else a.function for a in rules.alleles.values()} - {None}
        known = {rule.of for rule in rules.pairs}
        if 2 in rules.copies:
            assert {tuple(sorted(pair)) for pair in product(values, repeat=2)} <= known, gene
        if 1 in rules.copies:
            assert {(value,) for value in values} <= known, gene


def test_every_key_a_gene_can_produce_is_answered_or_listed_as_unanswered(knowledge):
    """Single keys for one-gene drugs, pairs of keys (with `No Result`) for two-gene drugs."""
    unanswered = {}
    for entry in Rulebook(knowledge).entries:
        keys = []
        for gene in entry.rules.genes:
            rules = knowledge.genes[gene]
            if rules.method == "allele-status":
                produced = [
                    f"{allele} {state}"
                    for allele in rules.tracked
                    for state in ("positive", "negative")
                    if f"{allele} positive" in entry.keys[gene]
                ]
            else:
                produced = list(dict.fromkeys(rule.lookup_key for rule in rules.pairs))
            keys.append(produced + ([NO_RESULT] if len(entry.rules.genes) > 1 else []))
        for population, rows in entry.rows.items():
            missing = sorted(
                " + ".join(combination)
                for combination in product(*keys)
                if combination not in rows and set(combination) != {NO_RESULT}
            )
            if missing:
                unanswered[f"{entry.rules.drug} | {population}"] = missing
    assert unanswered == UNANSWERED


def test_a_damaged_artefact_is_refused(tmp_path):
    damaged = tmp_path / "knowledge.msgpack"
    data = bytearray(ARTEFACT.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    with pytest.raises(BrokenKnowledge, match="SHA-256"):
        load_artefact(damaged)
