"""The import of DPWG's tables: every row is answered, left out with a reason, or named.

The facts here are made up: a few drugs, three genes, sentences of a few words.
"""

import json

import pytest
import yaml

from fhir_pgx.knowledge.imports import dpwg
from fhir_pgx.knowledge.imports.sentences import digest

USUAL, HALF, AVOID, EFFECT = "Use the usual dose", "Halve the dose", "Avoid drug-a", "More of it"
GENES = {
    "GENE1": {  # looked up by score
        "tracked": [],
        "alleles": {"*1": {"activity": "1.0"}, "*2": {"activity": "0.5"}, "*9": {}},
        "pairs": [
            {"of": ["1.0", "1.0"], "phenotype": "Normal Metabolizer", "key": "2.0"},
            {"of": ["0.5", "1.0"], "phenotype": "Intermediate Metabolizer", "key": "1.5"},
            {"of": ["0.5", "0.5"], "phenotype": "Intermediate Metabolizer", "key": "1.0"},
        ],
    },
    "HLA-X": {"tracked": ["*15:02", "*57:01"], "alleles": {}, "pairs": []},
}
ENTRIES = {USUAL: "usual", HALF: "half", AVOID: "avoid"}


def row(number, key, text=USUAL, *, gene="GENE1", drug="drug-a", later=False, **changes):
    return {
        "id": f"ROW-{number}",
        "source": "DPWG_2025" if later else "DPWG",
        "drug": drug,
        "rxnorm": "1",
        "lookup": {gene: key},
        "population": "general",
        "classification": "N/A",
        "implications": {"text": [EFFECT]},
        "guideline": f"{drug} and {gene}",
        "data_date": "2025-11-05" if later else "2024-04-23",
        "source_text": text,
        **changes,
    }


def guideline(drug, gene):
    return {
        "guideline": f"dpwg-{drug}-{gene.lower()}",
        "source_name": f"{drug} and {gene}",
        "populations": {"general": {"code": "general"}},
        "advice": {name: {"from": [digest(text, drug)]} for text, name in ENTRIES.items()},
        "implications": {"more": {"from": [digest(EFFECT, drug)], "gene": gene}},
        "considerations": {"beside": {"from": [digest("Mind the kidneys", drug)]}},
    }


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A knowledge folder with two genes, three guidelines and files of an older release."""
    home = tmp_path / "knowledge"
    for name in ("guidelines/dpwg", "drugs/dpwg", "genes"):
        (home / name).mkdir(parents=True)
    for gene, content in GENES.items():
        (home / "genes" / f"{gene}.yaml").write_text(yaml.safe_dump({"gene": gene, **content}))
    for drug, gene in (("drug-a", "GENE1"), ("drug-a", "HLA-X"), ("drug-b", "GENE1")):
        content = guideline(drug, gene)
        path = home / "guidelines" / "dpwg" / f"{drug}-{gene.lower()}.yaml"
        path.write_text(yaml.safe_dump(content))
    (home / "drugs" / "dpwg" / "gone-gene1.yaml").write_text(f"{dpwg.OURS}\ndrug: gone\n")
    (home / "drugs" / "dpwg" / "hand.yaml").write_text("# Written by hand\ndrug: hand\n")
    monkeypatch.setattr(dpwg, "HERE", home)
    return home


@pytest.fixture
def run(home, tmp_path):
    """Imports these rows, leaving some out; what was written, by file, as (keys, advice, row)."""

    def run(*rows, left_out=()):
        facts = tmp_path / "facts"
        (facts / "drugs").mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(each) for each in rows]
        (facts / "recommendations.jsonl").write_text("\n".join(lines))
        (facts / "drugs" / "rxcui_to_ingredient.csv").write_text("rxcui,ingredient_rxcuis\n1,1\n")
        entries = [{"rows": [each], "drug": "drug-a", "why": "made up"} for each in left_out]
        (home / "left_out.yaml").write_text(yaml.safe_dump({"dpwg": entries}))
        dpwg.main(["--facts", str(facts)])
        return {
            path.name: yaml.safe_load(path.read_text())["rows"]
            for path in (home / "drugs" / "dpwg").glob("drug-*.yaml")
        }

    return run


def said(rows):
    return [(*row["keys"].values(), row["advice"], row["source_row"]) for row in rows]


def stopped(run, *rows, left_out=()):
    with pytest.raises(SystemExit) as stop:
        run(*rows, left_out=left_out)
    return str(stop.value.code).splitlines()


def test_each_drug_and_gene_gets_a_file_and_files_of_other_hands_stay(home, run, capsys):
    written = run(
        row(1, "2.0"), row(2, "*57:01 positive", AVOID, gene="HLA-X"), row(3, "1.0", drug="drug-b")
    )
    assert set(written) == {"drug-a-gene1.yaml", "drug-a-hla-x.yaml", "drug-b-gene1.yaml"}
    assert {path.name for path in (home / "drugs" / "dpwg").iterdir()} == {*written, "hand.yaml"}
    assert written["drug-a-gene1.yaml"] == [
        {
            "rule": "dpwg.drug-a.general.gene1-2.0",
            "keys": {"GENE1": "2.0"},
            "phenotypes": {"GENE1": "Normal Metabolizer"},
            "population": "general",
            "advice": "usual",
            "strength": "n/a",
            "implications": {"GENE1": "more"},
            "considerations": [],
            "source_row": "ROW-1",
        }
    ]
    assert said(written["drug-a-hla-x.yaml"]) == [("*57:01 positive", "avoid", "ROW-2")]
    assert "3 files written" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "keys"),
    [
        ("1.5", {"1.5": "Intermediate Metabolizer"}),  # a score is its own key
        # A phenotype of a gene looked up by score means each of its scores.
        (
            "Intermediate Metabolizer",
            {"1.0": "Intermediate Metabolizer", "1.5": "Intermediate Metabolizer"},
        ),
        ({"*1": 1.0, "*2": 1.0}, {"*1/*2": "Intermediate Metabolizer"}),
        ({"*1": 2.0}, {"*1/*1": "Normal Metabolizer"}),
    ],
)
def test_a_value_of_the_source_becomes_the_keys_our_gene_yields(run, value, keys):
    (rows,) = run(row(1, value)).values()
    assert {row["keys"]["GENE1"]: row["phenotypes"]["GENE1"] for row in rows} == keys


@pytest.mark.parametrize(
    ("gene", "value"),
    [
        ("GENE1", "1.75"),
        ("GENE1", "Poor Metabolizer"),  # no score of the gene has this phenotype
        ("GENE1", {"*1": 1.0, "*9": 1.0}),  # *9 has no activity value
        ("GENE1", {"*1": 1.0, "*7": 1.0}),  # *7 is not among the gene's alleles
        ("HLA-X", "*15:11 positive"),  # not tracked
        ("HLA-X", "1511 and 1502"),
        ("HLA-X", "*57:01 perhaps"),
    ],
)
def test_a_value_that_is_no_key_of_ours_stops_the_import(home, run, gene, value):
    lines = stopped(run, row(1, value, gene=gene), row(2, "2.0", drug="drug-b"))
    value = json.dumps(value)
    assert lines == [
        f"ROW-1 (drug-a): {value} is no key of {gene}",
        "1 missing; nothing was written",
    ]
    assert not (home / "drugs" / "dpwg" / "drug-b-gene1.yaml").exists()
    assert (home / "drugs" / "dpwg" / "gone-gene1.yaml").exists()


def test_a_sentence_for_several_groups_becomes_a_row_for_each(home, run):
    path = home / "guidelines" / "dpwg" / "drug-a-gene1.yaml"
    content = yaml.safe_load(path.read_text())
    content["populations"] |= {"grown": {"code": "adult"}, "small": {"code": "child"}}
    content["advice"]["half"]["for"] = {"population": ["grown"]}
    content["advice"]["low"] = {
        "from": content["advice"]["half"]["from"], "for": {"population": ["small"]},
    }  # fmt: skip
    path.write_text(yaml.safe_dump(content))
    (rows,) = run(row(1, "1.0", HALF), row(2, "2.0")).values()
    assert [(each["rule"], each["population"], each["advice"]) for each in rows] == [
        ("dpwg.drug-a.adult.gene1-1.0", "grown", "half"),
        ("dpwg.drug-a.child.gene1-1.0", "small", "low"),
        ("dpwg.drug-a.general.gene1-2.0", "general", "usual"),
    ]


def test_all_that_is_missing_is_listed_at_once(run):
    assert stopped(
        run,
        row(1, "2.0", "Double the dose"),
        row(2, "1.0", population="children", implications={"text": ["Less of it"]}),
        row(3, "1.0", drug="drug-c"),
        row(4, "1.0", gene="GENE9", guideline="drug-a and GENE1"),
    ) == [
        'ROW-4 (drug-a): "1.0" is no key of GENE9',
        f"dpwg-drug-a-gene1: no entry in advice for {digest('Double the dose', 'drug-a')}: "
        "Double the dose",
        "dpwg-drug-a-gene1: no entry in implications (GENE1) for "
        f"{digest('Less of it', 'drug-a')}: Less of it",
        "dpwg-drug-a-gene1: no entry in populations for children",
        f"drug-c and GENE1: no entry in advice for {digest(USUAL, 'drug-c')}: {USUAL}",
        "drug-c and GENE1: no entry in implications (GENE1) for "
        f"{digest(EFFECT, 'drug-c')}: {EFFECT}",
        "drug-c and GENE1: no entry in populations for general",
        "drug-c and GENE1: no guideline file has this source_name",
        "8 missing; nothing was written",
    ]  # fmt: skip


def test_a_row_left_out_is_not_written_and_an_unknown_one_is_named(run):
    rows = [row(1, "2.0"), row(2, "no key at all", "No sentence of ours")]
    assert said(*run(*rows, left_out=["ROW-2"]).values()) == [("2.0", "usual", "ROW-1")]
    assert stopped(run, *rows, left_out=["ROW-2", "ROW-7"]) == [
        "left_out.yaml: the facts hold no row ROW-7",
        "1 missing; nothing was written",
    ]


def test_a_later_row_that_says_the_same_writes_nothing(run):
    # The later row asks by score, the earlier by phenotype: after expansion the key is the same.
    rows = run(row(1, "Normal Metabolizer"), row(2, ["2.0"], later=True))
    assert said(*rows.values()) == [("2.0", "usual", "ROW-1")]


def test_a_later_row_among_the_considerations_is_told_beside_the_earlier_one_of_its_key(run):
    (rows,) = run(
        row(1, "1.0", HALF), row(2, "1.5", HALF), row(3, ["1.0"], "Mind the kidneys", later=True)
    ).values()
    assert [(*each["keys"].values(), each["considerations"]) for each in rows] == [
        ("1.0", ["beside"]),
        ("1.5", []),
    ]


def test_a_later_row_that_says_something_else_ships_only_where_the_earlier_is_left_out(run):
    rows = [row(1, "1.0"), row(2, "1.5"), row(3, ["1.0"], HALF, later=True)]
    assert stopped(run, *rows) == [
        "dpwg.drug-a.general.gene1-1.0: several rows of the facts; leave all but one out in "
        "left_out.yaml",
        "1 missing; nothing was written",
    ]
    assert said(*run(*rows, left_out=["ROW-1"]).values()) == [
        ("1.0", "half", "ROW-3"),
        ("1.5", "usual", "ROW-2"),
    ]


def test_the_file_is_as_recent_as_its_oldest_row(home, run):
    run(row(1, "1.5"), row(2, ["1.0"], HALF, later=True))
    (file,) = (home / "drugs" / "dpwg").glob("drug-a-*.yaml")
    assert yaml.safe_load(file.read_text())["retrieved"] == "2024-04-23"


HAD = ["*15:02 positive", "*57:01 positive", "*57:01 negative"]  # of one example patient


@pytest.mark.parametrize(
    ("text", "key"),
    [("More in HLA-X*57:01 carriers", "*57:01 positive"), ("HLA-X*1502", "*15:02 positive")],
)
def test_of_several_alleles_the_one_that_the_sentences_name_is_the_key(home, run, text, key):
    path = home / "guidelines" / "dpwg" / "drug-a-hla-x.yaml"
    content = yaml.safe_load(path.read_text())
    content["implications"]["more"]["from"].append(digest(text, "drug-a"))
    path.write_text(yaml.safe_dump(content))
    later = row(1, HAD, AVOID, gene="HLA-X", later=True, implications={"text": [text]})
    assert said(*run(later).values()) == [(key, "avoid", "ROW-1")]


@pytest.mark.parametrize("text", [EFFECT, "HLA-X*57:01 or HLA-X*15:02"])
def test_where_the_sentences_name_no_allele_or_several_there_is_no_key(run, text):
    later = row(1, HAD, AVOID, gene="HLA-X", later=True, implications={"text": [text]})
    assert stopped(run, later)[0] == f'ROW-1 (drug-a): "{" or ".join(HAD)}" is no key of HLA-X'


@pytest.mark.parametrize(
    ("classification", "strength"),
    [
        ("N/A", "n/a"),
        ("Unspecified", "n/a"),
        (None, "n/a"),
        ("No recommendation", "No Recommendation"),
    ],
)
def test_the_annotation_grades_nothing_but_says_where_nothing_is_recommended(
    classification, strength
):
    assert dpwg.strength(classification) == strength


def test_the_files_in_the_tree_are_what_the_facts_of_today_give(shared):
    missing = set()
    written = dpwg.drug_files(shared / "facts", dpwg.HERE, missing)
    folder = dpwg.HERE / "drugs" / "dpwg"
    assert missing == set()
    assert written == {path.name: path.read_text("utf-8") for path in folder.glob("*.yaml")}
