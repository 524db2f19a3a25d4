"""FDA's table is in the knowledge whole: every row is ours, or left out with a reason.

The table of what is advised was filled by reading FDA's rows as of 2026-08-13; the reported results
in it are made up.
"""

import json

import pytest
import yaml

from fhir_pgx.genotype import gather
from fhir_pgx.knowledge import compile as compiling
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.files import read_yaml
from fhir_pgx.knowledge.imports import fda
from fhir_pgx.knowledge.imports.fda_entries import LABEL, TABLE
from fhir_pgx.knowledge.imports.fda_groups import NO_RESULT, read_gene
from fhir_pgx.knowledge.imports.sentences import digest, shared_run
from fhir_pgx.knowledge.terms import load_vocabulary
from fhir_pgx.model.drug import Coding, MedicationConcept
from fhir_pgx.model.finding import Origin, Presence, Statement, StatementKind
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.recommendation import Unanswered
from fhir_pgx.normalize.drug import resolve
from fhir_pgx.phenotype import conclude, not_tested
from fhir_pgx.recommendation import Rulebook, recommend
from fhir_pgx.recommendation.population import Situation
from fhir_pgx.terminology import RXNORM

HERE = fda.HERE
FILES = sorted((HERE / "drugs" / "fda").glob("*.yaml"))
KINDS = {
    "phenotype": StatementKind.PHENOTYPE,
    "score": StatementKind.ACTIVITY_SCORE,
    "present": StatementKind.ALLELE_PRESENCE,
}


@pytest.fixture(scope="module")
def guidelines():
    read = (read_yaml(path) for path in (HERE / "guidelines" / "fda").glob("*.yaml"))
    return {content["guideline"]: content for content in read}


@pytest.fixture(scope="module")
def drugs():
    return {path.name: read_yaml(path) for path in FILES}


@pytest.fixture(scope="module")
def fda_alone(guidelines, drugs):
    """The knowledge as it is compiled, with FDA as its one source of guidance."""
    names = read_yaml(HERE / "names.yaml")
    genes = {
        path.stem: compiling.gene_rules(read_yaml(path), names.get(path.stem, {}))
        for path in (HERE / "genes").glob("*.yaml")
    }
    codes = {drug["drug"]: drug["rxnorm"] for drug in drugs.values()}
    made = {name: compiling.guideline(content, codes) for name, content in guidelines.items()}
    return Knowledge(
        release="test",
        genes=genes,
        guidelines=made,
        drugs=tuple(compiling.drug_rules(drug, made) for drug in drugs.values()),
        vocabulary=load_vocabulary(HERE / "terms"),
    )


@pytest.fixture(scope="module")
def rulebook(fda_alone):
    return Rulebook(fda_alone)


@pytest.fixture
def advise(fda_alone, rulebook):
    """What the table (or with `labels` a label) says of reported results, as
    (action, population, dose, serious) of each advice; empty where it says nothing."""

    def result_of(gene, reported):
        word, _, rest = reported.partition(": ")
        kind = KINDS.get(word, StatementKind.DIPLOTYPE)
        statement = Statement(
            gene,
            kind,
            rest or reported,
            Origin(f"Observation/{gene.lower()}", "", when="2026-03-02", status="final"),
            Presence.PRESENT,
        )
        rules = fda_alone.genes[gene]
        return conclude(gather([statement], rules, fda_alone.vocabulary), rules)

    def advise(drug, results, *, age=None, labels=False):
        found = {gene: not_tested(gene) for gene in fda_alone.genes}
        found |= {gene: result_of(gene, reported) for gene, reported in results.items()}
        told, asked = [], 0
        for entry in rulebook.entries:
            is_label = entry.rules.guideline == "fda-labels"
            if (
                entry.rules.drug != drug
                or is_label != labels
                or not results.keys() & set(entry.rules.genes)
            ):
                continue
            asked += 1
            answer = recommend(entry, found, rulebook, situation=Situation(age_years=age))
            if isinstance(answer, Unanswered):
                assert answer.reason == "no-row"  # the result was read, and FDA says nothing of it
            else:
                told += answer
        assert asked
        return {
            (
                r.action,
                r.population,
                *((d.what, d.value or d.change, d.unit) for d in r.dose),
                r.serious,
            )
            for r in told
        }

    return advise


def one(action, *dose, serious=False, population="general"):
    return {(action, population, *dose, serious)}


PM, IM, NM = (f"phenotype: {each} Metabolizer" for each in ("Poor", "Intermediate", "Normal"))
CYP2D6_PM = {"CYP2D6": "*4/*4"}


@pytest.mark.parametrize(
    ("drug", "results", "advised"),
    [
        ("abacavir", {"HLA-B": "present: *57:01"}, one("contraindicated", serious=True)),
        ("amifampridine phosphate", {"NAT2": PM},
         one("reduce-dose", ("starting-dose", "15", "mg/d"))),
        ("aripiprazole", CYP2D6_PM, one("adjust-dose")),
        ("belinostat", {"UGT1A1": "*28/*28"},
         one("reduce-dose", ("starting-dose", "750", "mg/m2"))),
        ("belinostat", {"UGT1A1": "*1/*28"}, set()),
        ("brivaracetam", {"CYP2C19": "*2/*2"}, one("reduce-dose")),
        ("brivaracetam", {"CYP2C19": "*1/*2"}, one("risk-stated")),
        ("brivaracetam", {"CYP2C19": "*1/*1"}, set()),
        ("capecitabine", {"DPYD": "score: 0.5"}, one("avoid", serious=True)),
        ("capecitabine", {"DPYD": "score: 1.5"}, one("monitor", serious=True)),
        ("capecitabine", {"DPYD": "score: 2.0"}, set()),
        ("celecoxib", {"CYP2C9": "*2/*3"}, one("reduce-dose", ("starting-dose", "50", "%"))),
        # A carrier of *3 is in the row, and its dose is for poor metabolizers.
        ("celecoxib", {"CYP2C9": "*1/*3"}, one("risk-stated")),
        ("citalopram", {"CYP2C19": "*2/*2"}, one("reduce-dose", ("maximum-dose", "20", "mg"))),
        ("clopidogrel", {"CYP2C19": "*1/*2"}, one("alternative")),
        # `Likely` is a word of CPIC's: FDA's intermediate does not mean it.
        ("clopidogrel", {"CYP2C19": "*1/*9"}, set()),
        ("deutetrabenazine", CYP2D6_PM,
         one("reduce-dose", ("maximum-dose", "36", "mg"), ("single-dose", "18", "mg"))),
        ("eliglustat", {"CYP2D6": "*1/*2x2"}, one("avoid")),
        ("eliglustat", {"CYP2D6": "*1/*1"}, one("standard")),
        ("eliglustat", {"CYP2D6": "*4/*10"}, one("adjust-dose")),
        # *3/*3 is what the row names; *2/*3 is a poor metabolizer of whom it does not speak.
        ("erdafitinib", {"CYP2C9": "*3/*3"}, one("monitor")),
        ("erdafitinib", {"CYP2C9": "*2/*3"}, set()),
        ("flurbiprofen", {"CYP2C9": "*3/*3"}, one("reduce-dose")),
        ("flurbiprofen", {"CYP2C9": "*1/*3"}, one("risk-stated")),
        ("iloperidone", CYP2D6_PM, one("reduce-dose", ("daily-dose", "-50", "%"))),
        ("irinotecan", {"UGT1A1": "*28/*28"}, one("reduce-dose", serious=True)),
        ("irinotecan", {"UGT1A1": "*1/*28"}, one("monitor")),
        ("meloxicam", {"CYP2C9": "*2/*3"}, one("reduce-dose")),
        ("meloxicam", {"CYP2C9": "*1/*3"}, one("monitor")),
        ("meloxicam", {"CYP2C9": "*2/*2"}, set()),  # the same score as *1/*3, without a *3
        ("mivacurium", {"BCHE": PM}, one("avoid", serious=True)),
        ("mivacurium", {"BCHE": IM}, one("risk-stated")),
        ("oliceridine", CYP2D6_PM, one("reduce-dose", serious=True)),
        ("phenytoin", {"HLA-B": "present: *15:02"}, one("avoid", serious=True)),
        ("phenytoin", {"CYP2C9": "*1/*2"}, one("adjust-dose")),
        ("siponimod", {"CYP2C9": "*3/*3"}, one("contraindicated", serious=True)),
        ("siponimod", {"CYP2C9": "score: 0.0"}, one("contraindicated", serious=True)),
        ("siponimod", {"CYP2C9": "*1/*3"}, one("adjust-dose")),
        ("siponimod", {"CYP2C9": "*1/*1"}, set()),
        ("tacrolimus", {"CYP3A5": "*1/*3"}, one("adjust-dose")),
        ("tacrolimus", {"CYP3A5": "*3/*3"}, set()),
        ("tetrabenazine", CYP2D6_PM,
         one("reduce-dose", ("single-dose", "25", "mg"), ("maximum-dose", "50", "mg/d"))),
        ("thioridazine", CYP2D6_PM, one("contraindicated", serious=True)),
        ("vortioxetine", CYP2D6_PM, one("reduce-dose", ("maximum-dose", "10", "mg"))),
        ("warfarin", {"VKORC1": "phenotype: -1639 AG"}, one("adjust-dose")),
        ("warfarin", {"VKORC1": "phenotype: -1639 GG"}, set()),
        # sections 2 and 3
        ("codeine", CYP2D6_PM, one("risk-stated")),
        ("isoniazid", {"NAT2": PM}, one("risk-stated")),
        ("simvastatin", {"SLCO1B1": "*1/*5"}, one("risk-stated")),
        ("atorvastatin", {"SLCO1B1": "*1/*5"}, set()),
        ("atorvastatin", {"SLCO1B1": "*5/*5"}, one("risk-stated")),
        ("carisoprodol", {"CYP2C19": "*2/*2"}, one("monitor")),
        ("donepezil", {"CYP2D6": "*4/*10"}, set()),  # ultrarapid and poor metabolizers alone
        ("escitalopram", {"CYP2C19": "*1/*17"}, set()),  # ultrarapid does not mean rapid
        ("escitalopram", {"CYP2C19": "*17/*17"}, one("risk-stated")),
    ],
)  # fmt: skip
def test_what_the_table_says_of_a_reported_result(advise, drug, results, advised):
    assert advise(drug, results) == advised


@pytest.mark.parametrize(
    ("drug", "tpmt", "nudt15", "advice"),
    [
        ("azathioprine", PM, NM, "azathioprine-poor"),
        ("azathioprine", NM, PM, "azathioprine-poor"),
        ("azathioprine", IM, PM, "azathioprine-poor"),
        ("azathioprine", IM, IM, "azathioprine-both-intermediate"),
        ("azathioprine", IM, NM, "azathioprine-intermediate"),
        ("azathioprine", None, IM, "azathioprine-intermediate"),
        ("mercaptopurine", PM, None, "thiopurine-poor"),
        ("mercaptopurine", IM, IM, "thiopurine-both-intermediate"),
        ("thioguanine", NM, IM, "thiopurine-intermediate"),
        ("thioguanine", NM, NM, None),
        ("thioguanine", NM, None, None),
    ],
)
def test_of_the_thiopurines_the_worse_gene_decides(drugs, drug, tpmt, nudt15, advice):
    def key(reported):
        return reported.removeprefix("phenotype: ") if reported else NO_RESULT

    rows = {
        (row["keys"]["TPMT"], row["keys"]["NUDT15"]): row["advice"]
        for row in drugs[f"{drug}-nudt15-tpmt.yaml"]["rows"]
    }
    assert rows.get((key(tpmt), key(nudt15))) == advice


@pytest.mark.parametrize(
    ("drug", "results", "age", "advised"),
    [
        ("codeine", {"CYP2D6": "*1/*2x2"}, 11,
         one("contraindicated", serious=True, population="under-12")),
        ("codeine", {"CYP2D6": "*1/*2x2"}, 12,
         one("risk-stated", serious=True, population="from-12-to-17")),
        ("codeine", {"CYP2D6": "*1/*2x2"}, 40,
         one("risk-stated", serious=True, population="adult")),
        ("tramadol", {"CYP2D6": "*1/*2x2"}, 17,
         one("contraindicated", serious=True, population="from-12-to-17")),
        ("tramadol", {"CYP2D6": "*1/*2x2"}, 18,
         one("risk-stated", serious=True, population="adult")),
        ("pantoprazole", {"CYP2C19": "*2/*2"}, 40, one("standard", population="adult")),
        ("pantoprazole", {"CYP2C19": "*2/*2"}, 4, one("reduce-dose", population="pediatric")),
        ("pantoprazole", {"CYP2C19": "*1/*2"}, 4, one("risk-stated", population="pediatric")),
        ("pimozide", CYP2D6_PM, 40,
         one("reduce-dose", ("maximum-dose", "4", "mg/d"), population="adult")),
        ("pimozide", CYP2D6_PM, 9,
         one("reduce-dose", ("maximum-dose", "0.05", "mg/kg"), population="pediatric")),
        # Without an age each group's advice is told, labelled.
        ("pimozide", CYP2D6_PM, None,
         one("reduce-dose", ("maximum-dose", "4", "mg/d"), population="adult")
         | one("reduce-dose", ("maximum-dose", "0.05", "mg/kg"), population="pediatric")),
    ],
)  # fmt: skip
def test_advice_that_depends_on_age_is_told_by_age(advise, drug, results, age, advised):
    assert advise(drug, results, age=age) == advised


@pytest.mark.parametrize(
    ("drug", "results", "advised"),
    [
        ("belzutifan", {"CYP2C19": "*2/*2", "UGT2B17": PM}, one("monitor")),
        ("belzutifan", {"CYP2C19": "*2/*2"}, set()),  # the row asks for both genes
        ("belzutifan", {"CYP2C19": "*1/*2", "UGT2B17": PM}, set()),
    ],
)
def test_of_belzutifan_both_genes_must_be_poor(advise, drug, results, advised):
    assert advise(drug, results) == advised


def test_a_label_speaks_where_it_names_the_subgroup(advise):
    assert advise("abacavir", {"HLA-B": "present: *57:01"}, labels=True) == one(
        "contraindicated", serious=True
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_key_of_a_file_is_one_that_its_gene_yields(path):
    content = read_yaml(path)
    assert content["source"] == "FDA"
    for gene in content["genes"]:
        rules = read_gene(HERE / "genes" / f"{gene}.yaml")
        keys = {row["keys"][gene] for row in content["rows"]} - {NO_RESULT}
        assert set(rules.keys_of(keys)) == keys  # a phenotype of a score gene is no key
        if not rules.tracked:  # of an HLA gene the key says it all
            shown = {row["keys"][gene]: row["phenotypes"][gene] for row in content["rows"]}
            shown.pop(NO_RESULT, None)
            assert shown == rules.keys_of(keys)


def test_every_rule_is_unique_and_leads_to_an_entry_of_its_guideline(drugs, guidelines):
    rules = [row["rule"] for drug in drugs.values() for row in drug["rows"]]
    assert len(rules) == len(set(rules)) > 500
    for name, drug in drugs.items():
        about = guidelines[drug["guideline"]]
        for row in drug["rows"]:
            assert row["advice"] in about["advice"], name
            assert row["population"] in about["populations"], name
            for gene, implication in row["implications"].items():
                assert about["implications"][implication]["gene"] == gene, name


def test_every_entry_is_used(drugs, guidelines):
    used = {(drug["guideline"], row["advice"]) for drug in drugs.values() for row in drug["rows"]}
    written = {(name, entry) for name, about in guidelines.items() for entry in about["advice"]}
    assert written == used


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_order_of_the_drug_resolves_to_the_ingredients_of_its_file(path):
    content = read_yaml(path)
    by_code = MedicationConcept((Coding(RXNORM, content["rxnorm"]),))
    codes = DrugCodes()
    for concept in (by_code, MedicationConcept(text=content["drug"])):
        found = resolve(concept, codes)
        assert [drug.rxcui for drug in found.ingredients] == content["ingredients"]


@pytest.fixture(scope="module")
def source_rows(shared):
    with (shared / "facts" / "recommendations.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {row["id"]: row for row in rows if row["source"] in (TABLE, LABEL)}


def test_every_row_is_ours_or_left_out_with_a_reason(source_rows, drugs):
    ours = {row["source_row"] for drug in drugs.values() for row in drug["rows"]}
    without = fda.left_out(HERE / "left_out.yaml")
    assert ours | without == source_rows.keys()
    assert not ours & without
    assert sum(row["source"] == TABLE for row in source_rows.values()) == 124
    assert without & {f"FDA-{number:03}" for number in range(1, 125)} == {"FDA-061"}


def test_every_row_leads_to_the_entry_that_re_expresses_its_own_sentence(
    source_rows, drugs, guidelines
):
    for drug in drugs.values():
        about = guidelines[drug["guideline"]]
        for row in drug["rows"]:
            source = source_rows[row["source_row"]]
            key = digest(source["source_text"], source["drug"])
            assert drug["drug"] == source["drug"]
            assert key in about["advice"][row["advice"]]["from"], row["rule"]
            for implication in row["implications"].values():
                assert key in about["implications"][implication]["from"], row["rule"]
            section = source["classification"].removeprefix("FDA ").capitalize()
            assert row["strength"] == ("Label" if source["source"] == LABEL else section)


def test_no_sentence_of_ours_is_copied_from_the_source(source_rows, guidelines):
    texts = {row["source_text"].replace(row["drug"], "{drug}") for row in source_rows.values()}
    for about in guidelines.values():
        for section in ("advice", "implications"):
            for name, entry in about[section].items():
                for ours in (entry["text"], entry.get("summary", "")):
                    for source in texts:
                        assert shared_run(ours, source) is None, name


def test_the_files_in_the_tree_are_what_the_facts_of_today_give(shared):
    missing = set()
    written = fda.drug_files(shared / "facts", HERE, missing)
    assert missing == set()
    assert written == {path.name: path.read_text("utf-8") for path in FILES}


def test_the_check_for_copied_sentences_can_fail(source_rows):
    source = source_rows["FDA-001"]["source_text"]
    assert shared_run(source, source)


def test_a_left_out_row_has_its_reason():
    content = yaml.safe_load((HERE / "left_out.yaml").read_text(encoding="utf-8"))
    (entry,) = [each for each in content["fda"] if "FDA-061" in each["rows"]]
    assert "no key" in entry["why"]
