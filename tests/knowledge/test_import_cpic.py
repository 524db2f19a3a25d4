"""The import of a CPIC release: all that a person must write is listed at once, or all is written.

The facts here are made up: two drugs, one gene, sentences of a few words.
"""

import json

import pytest
import yaml

from fhir_pgx.knowledge.imports import cpic
from fhir_pgx.knowledge.imports.sentences import digest

GUIDELINE = "GENE1 and Drugs"
ADVICE = {"drug-a": "Use drug-a at the usual dose", "drug-b": "Use drug-b at the usual dose"}
IMPLICATION = "Nothing to expect"


def row(drug, **changes):
    return {
        "id": f"CPIC-{drug}",
        "source": "CPIC",
        "drug": drug,
        "rxnorm": "1",
        "lookup": {"GENE1": "Normal Metabolizer"},
        "phenotypes": {"GENE1": "Normal Metabolizer"},
        "population": "general",
        "classification": "Strong",
        "implications": {"GENE1": IMPLICATION},
        "guideline": GUIDELINE,
        "data_date": "2026-01-31",
        "source_text": ADVICE.get(drug, "Avoid"),
        "comments": None,
        **changes,
    }


def guideline():
    return {
        "guideline": "gene1-drugs",
        "source_name": GUIDELINE,
        "populations": {"general": {"code": "general"}},
        # One entry for both drugs: the digest does not see the drug's name.
        "advice": {"usual": {"from": [digest(ADVICE["drug-a"], "drug-a")]}},
        "implications": {"none": {"from": [digest(IMPLICATION, "drug-a")], "gene": "GENE1"}},
    }


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A knowledge folder with one guideline, and a file of an older release."""
    home = tmp_path / "knowledge"
    for name in ("guidelines/cpic", "drugs/cpic", "genes"):
        (home / name).mkdir(parents=True)
    (home / "guidelines" / "cpic" / "gene1-drugs.yaml").write_text(yaml.safe_dump(guideline()))
    (home / "drugs" / "cpic" / "gone.yaml").write_text(f"{cpic.OURS}\ndrug: gone\n")
    (home / "genes" / "GENE0.yaml").write_text("# Written by hand\ngene: GENE0\n")
    monkeypatch.setattr(cpic, "HERE", home)
    return home


@pytest.fixture
def write_facts(tmp_path):
    def write(*rows, genes=("GENE1",)):
        facts = tmp_path / "facts"
        for name in ("drugs", "phenotypes", "allele_definitions"):
            (facts / name).mkdir(parents=True)
        lines = [json.dumps(each) for each in rows]
        (facts / "recommendations.jsonl").write_text("\n".join(lines))
        (facts / "drugs" / "rxcui_to_ingredient.csv").write_text("rxcui,ingredient_rxcuis\n1,1\n")
        (facts / "genes.csv").write_text("gene,hgnc_id,chromosome\nGENE1,HGNC:1,chr1\n")
        for gene in genes:
            source = {"lookup_method": "phenotype", "source": "made up", "alleles": {"*1": {}}}
            (facts / "phenotypes" / f"{gene}.json").write_text(json.dumps(source))
        return facts

    return write


def contents(home):
    return {path.relative_to(home).as_posix(): path.read_text() for path in home.rglob("*.yaml")}


def test_a_release_whose_sentences_are_all_answered_replaces_the_files(home, write_facts, capsys):
    cpic.main(["--facts", str(write_facts(row("drug-a"), row("drug-b")))])
    found = contents(home)
    assert set(found) == {
        "guidelines/cpic/gene1-drugs.yaml", "drugs/cpic/drug-a.yaml", "drugs/cpic/drug-b.yaml",
        "genes/GENE0.yaml", "genes/GENE1.yaml",
    }  # fmt: skip
    (written,) = yaml.safe_load(found["drugs/cpic/drug-b.yaml"])["rows"]
    assert (written["rule"], written["advice"], written["implications"]) == (
        "cpic.drug-b.general.gene1-normal-metabolizer",
        "usual",
        {"GENE1": "none"},
    )
    assert "3 files written" in capsys.readouterr().out


def test_all_that_is_missing_over_all_drugs_is_listed_and_nothing_is_written(home, write_facts):
    facts = write_facts(
        row("drug-a", source_text="Avoid"),
        row("drug-b", population="pediatrics", comments="Ask a specialist"),
        row("drug-c", guideline="GENE2 and C", implications={"GENE1": "Too much of drug-c"}),
        genes=("GENE1", "GENE2"),
    )
    before = contents(home)
    with pytest.raises(SystemExit) as stopped:
        cpic.main(["--facts", str(facts)])
    assert str(stopped.value.code).splitlines() == [
        f"GENE2 and C: no entry in advice for {digest('Avoid', 'drug-c')}: Avoid",
        "GENE2 and C: no entry in implications (GENE1) for "
        f"{digest('Too much of drug-c', 'drug-c')}: Too much of drug-c",
        "GENE2 and C: no entry in populations for general",
        "GENE2 and C: no guideline file has this source_name",
        f"gene1-drugs: no entry in advice for {digest('Avoid', 'drug-a')}: Avoid",
        "gene1-drugs: no entry in considerations for "
        f"{digest('Ask a specialist', 'drug-b')}: Ask a specialist",
        "gene1-drugs: no entry in populations for pediatrics",
        "genes.csv: no row for the gene GENE2",
        "8 missing; nothing was written",
    ]
    assert contents(home) == before


@pytest.mark.parametrize("folder", ["drugs/cpic", "genes"])
def test_the_files_in_the_tree_are_what_the_facts_of_today_give(shared, folder):
    missing = set()
    facts = shared / "facts"
    written = {
        "drugs/cpic": lambda: cpic.drug_files(facts, cpic.HERE / "guidelines" / "cpic", missing),
        "genes": lambda: cpic.gene_files(facts, missing),
    }[folder]()
    files = {path.name: path.read_text("utf-8") for path in (cpic.HERE / folder).glob("*.yaml")}
    in_tree = {name: text for name, text in files.items() if text.startswith(cpic.OURS)}
    assert missing == set()
    assert written == in_tree
