"""The import of FDA's table: groups of patients become keys, and nothing is guessed.

The facts here are made up: drugs, sentences of a few words, and genes with few alleles.
"""

import json

import pytest
import yaml

from fhir_pgx.knowledge.imports import fda
from fhir_pgx.knowledge.imports.fda_groups import UnknownGroup, group_of, read_gene
from fhir_pgx.knowledge.imports.sentences import digest

SECTION = "FDA Table of Pharmacogenetic Associations, section 1 (made up)"
PM, IM, NM = "Poor Metabolizer", "Intermediate Metabolizer", "Normal Metabolizer"
UM = "Ultrarapid Metabolizer"

SCORED = [
    ("0.0", PM),
    ("0.5", PM),
    ("1.0", IM),
    ("2.0", NM),
    ("≥3.0", UM),
    ("n/a", "Indeterminate"),
]
NAMED = [(NM, NM), ("Likely " + PM, "Likely " + PM), (IM, IM), (PM, PM)]
WARFARIN_KEYS = [("-1639 AA", "-1639 AA"), ("-1639 AG", "-1639 AG"), ("-1639 GG", "-1639 GG")]
TRANSPORTER = [(f, f) for f in ("Normal Function", "Possible Decreased Function",
                                "Decreased Function", "Poor Function")]  # fmt: skip


def gene(name, pairs=(), method="phenotype", tracked=(), alleles=None, of=None):
    made = [{"of": (of or {}).get(key, [key]), "phenotype": p, "score": None, "key": key}
            for key, p in pairs]  # fmt: skip
    return {"gene": name, "method": method, "tracked": list(tracked),
            "alleles": alleles or {}, "pairs": made}  # fmt: skip


GENES = [
    gene(
        "CYP2C9",
        SCORED,
        "activity-score",
        alleles={"*1": {"activity": "1.0"}, "*2": {"activity": "0.5"}, "*3": {"activity": "0.0"},
                 "*7": {}},
        of={"0.0": ["0.0", "0.0"], "0.5": ["0.0", "0.5"], "1.0": ["0.0", "1.0"]},
    ),
    *(gene(name, NAMED) for name in ("CYP2C19", "TPMT", "NUDT15", "NAT2", "UGT2B17")),
    gene("SLCO1B1", TRANSPORTER),
    gene("VKORC1", WARFARIN_KEYS),
    gene("HLA-B", method="allele-status", tracked=["*57:01"]),
    gene("CYP4F2", method="none", alleles={"*1": {}, "*3": {}}),
]  # fmt: skip


def row(number, drug, lookup, text, **changes):
    return {
        "id": f"FDA-{number}",
        "source": "FDA_PGX_TABLE",
        "drug": drug,
        "rxnorm": "1",
        "lookup": lookup,
        "population": "general",
        "classification": "FDA section 1",
        "guideline": SECTION,
        "data_date": "2026-01-31",
        "source_text": text,
        "comments": "",
        **changes,
    }


def entry(*texts, **more):
    """An advice entry that answers made-up sentences of the drug `a`."""
    return {"from": [digest(text, "a") for text in texts], **more}


def guideline(advice, implications=None, name=SECTION, populations=("general",)):
    return {
        "guideline": "fda-" + ("table-section-1" if name == SECTION else "labels"),
        "source_name": name,
        "populations": {each: {"code": each[:5]} for each in populations},
        "advice": advice,
        "implications": implications or {},
    }


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A knowledge folder with the genes, and a file of an older release."""
    home = tmp_path / "knowledge"
    for name in ("guidelines/fda", "drugs/fda", "genes"):
        (home / name).mkdir(parents=True)
    for each in GENES:
        (home / "genes" / f"{each['gene']}.yaml").write_text(yaml.safe_dump(each, sort_keys=False))
    (home / "drugs" / "fda" / "gone.yaml").write_text(f"{fda.OURS}\ndrug: gone\n")
    monkeypatch.setattr(fda, "HERE", home)
    return home


@pytest.fixture
def run(home, tmp_path):
    """Imports rows with guideline files; the rows of ours by file name."""

    def run(rows, *guidelines):
        facts = tmp_path / "facts"
        (facts / "drugs").mkdir(parents=True)
        (facts / "recommendations.jsonl").write_text("\n".join(map(json.dumps, rows)))
        (facts / "drugs" / "rxcui_to_ingredient.csv").write_text(
            "rxcui,ingredient_rxcuis\n1,1\n2,20\n3,30;31\n"
        )
        for each in guidelines:
            path = home / "guidelines" / "fda" / f"{each['guideline']}.yaml"
            path.write_text(yaml.safe_dump(each, sort_keys=False))
        fda.main(["--facts", str(facts)])
        return {
            path.name: yaml.safe_load(path.read_text())
            for path in (home / "drugs" / "fda").glob("*.yaml")
        }

    return run


def stopped(run, *arguments):
    with pytest.raises(SystemExit) as error:
        run(*arguments)
    return str(error.value.code).splitlines()


@pytest.mark.parametrize(
    ("name", "value", "keys"),
    [
        ("CYP2C9", [PM], ["0.0", "0.5"]),
        ("CYP2C9", [IM, PM], ["1.0", "0.0", "0.5"]),
        ("CYP2C9", [UM], ["≥3.0"]),
        ("CYP2C19", [PM], [PM]),  # not `Likely Poor Metabolizer`, a word of CPIC's
        ("SLCO1B1", [IM, PM], ["Decreased Function", "Poor Function"]),
        ("HLA-B", "*57:01 allele positive", ["*57:01 positive"]),
        ("VKORC1", "-1639G>A variant carriers", ["-1639 AG", "-1639 AA"]),
    ],
)
def test_a_group_of_fdas_is_every_key_with_its_phenotype(home, name, value, keys):
    found = group_of(read_gene(home / "genes" / f"{name}.yaml"), value, "FDA-0", "")
    assert list(found) == keys


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CYP2C19", ["Slow Metabolizer"]),
        ("HLA-B", "*44:03 allele positive"),  # an allele that the gene's file does not track
        ("CYP4F2", "V433M variant carriers"),
        ("CYP4F2", [PM]),
    ],
)
def test_a_group_without_a_key_is_refused(home, name, value):
    with pytest.raises(UnknownGroup, match="has no key"):
        group_of(read_gene(home / "genes" / f"{name}.yaml"), value, "FDA-0", "")


def test_carriers_named_beside_a_phenotype_are_the_diplotypes_it_does_not_cover(home):
    found = group_of(
        read_gene(home / "genes" / "CYP2C9.yaml"), [PM], "FDA-0", "poor metabolizers or *3 carriers"
    )
    assert found == {"0.0": PM, "0.5": PM, "*1/*3": IM, "*3/*7": "Indeterminate"}


def test_the_row_is_written_with_rule_section_and_the_implication_of_its_gene(run, capsys):
    files = run(
        [row(1, "a", {"CYP2C19": [PM]}, "Avoid a.", rxnorm="2")],
        guideline({"avoid": entry("Avoid a.")}, {"more": {"gene": "CYP2C19", **entry("Avoid a.")}}),
    )
    assert set(files) == {"a-cyp2c19.yaml"}  # the older release's file is gone
    found = files["a-cyp2c19.yaml"]
    assert (found["rxnorm"], found["ingredients"]) == ("20", ["20"])  # a salt: its ingredient
    assert (found["source"], found["guideline"]) == ("FDA", "fda-table-section-1")
    assert found["rows"] == [
        {
            "rule": "fda.a.gener.cyp2c19-poor-metabolizer",
            "keys": {"CYP2C19": PM},
            "phenotypes": {"CYP2C19": PM},
            "population": "general",
            "advice": "avoid",
            "strength": "Section 1",
            "implications": {"CYP2C19": "more"},
            "considerations": [],
            "source_row": "FDA-1",
        }
    ]
    assert "1 files written" in capsys.readouterr().out


def test_of_entries_with_one_sentence_the_one_whose_for_fits_answers(run):
    text = "Less a for some."
    files = run(
        [
            row(1, "a", {"CYP2C9": [IM, PM]}, text),
            row(2, "b", {"CYP2C9": [IM]}, "Less b for some."),
        ],
        guideline(
            {
                "usual": entry(text),
                "of-b": entry(text, **{"for": {"drug": ["b"]}}),
                "forbidden": entry(text, **{"for": {"CYP2C9": ["*3/*3"], "drug": ["a"]}}),
                "poor": entry(text, **{"for": {"CYP2C9": [PM], "drug": ["a"]}}),
            }
        ),
    )
    advice = {r["keys"]["CYP2C9"]: r["advice"] for r in files["a-cyp2c9.yaml"]["rows"]}
    assert advice == {"0.0": "poor", "0.5": "poor", "1.0": "usual", "*3/*3": "forbidden"}
    assert [r["advice"] for r in files["b-cyp2c9.yaml"]["rows"]] == ["of-b"]


def test_a_for_with_populations_writes_the_row_once_for_each(run):
    files = run(
        [row(1, "a", {"CYP2C19": [IM, PM]}, "Less a in children.")],
        guideline(
            {
                "child": entry("Less a in children.", **{"for": {"population": ["children"]}}),
                "adult": entry("Less a in children.", **{"for": {"population": ["adults"]}}),
            },
            populations=("general", "adults", "children"),
        ),
    )
    found = {(r["population"], r["keys"]["CYP2C19"]): r["advice"]
             for r in files["a-cyp2c19.yaml"]["rows"]}  # fmt: skip
    assert found == {
        ("children", IM): "child", ("children", PM): "child",
        ("adults", IM): "adult", ("adults", PM): "adult",
    }  # fmt: skip


def test_where_either_gene_decides_the_other_may_be_anything_or_untested(run):
    text = "Less a."
    advice = {
        "poor": entry(text),
        "intermediate": entry(
            text, **{"for": {g: [NM, "Likely " + PM, IM, "No Result"] for g in ("TPMT", "NUDT15")}}
        ),
    }
    implications = {gene.lower(): {"gene": gene, **entry(text)} for gene in ("TPMT", "NUDT15")}
    lookup = {"TPMT": [IM, PM], "NUDT15": [IM, PM]}
    (found,) = run([row(1, "a", lookup, text)], guideline(advice, implications)).values()
    rows = {(r["keys"]["TPMT"], r["keys"]["NUDT15"]): r for r in found["rows"]}
    assert len(rows) == 5 * 5 - 3 * 3  # neither affected: no row of FDA's
    assert not {(NM, NM), (NM, "No Result")} & rows.keys()
    assert rows[IM, NM]["advice"] == rows["No Result", IM]["advice"] == "intermediate"
    assert rows[PM, IM]["advice"] == rows[NM, PM]["advice"] == "poor"
    assert rows[IM, NM]["implications"] == {"TPMT": "tpmt"}  # of NUDT15 nothing is said
    assert rows[IM, PM]["implications"] == {"TPMT": "tpmt", "NUDT15": "nudt15"}


def test_where_both_genes_must_be_affected_there_is_no_other_row(run):
    text = "Watch a."
    lookup = {"CYP2C19": [PM], "UGT2B17": [PM]}
    (found,) = run([row(1, "a", lookup, text)], guideline({"watch": entry(text)})).values()
    assert [r["keys"] for r in found["rows"]] == [{"CYP2C19": PM, "UGT2B17": PM}]


def test_the_unnamed_acetyltransferase_is_read_as_nat2(run):
    lookup = {"Nonspecific (NAT)": [PM]}
    files = run([row(1, "a", lookup, "More a.")], guideline({"more": entry("More a.")}))
    assert [r["keys"] for r in files["a-nat2.yaml"]["rows"]] == [{"NAT2": PM}]


def test_a_labels_keys_are_those_our_entry_states_not_the_example_patients(run):
    label = row(
        9, "a", {"HLA-B": ["*57:01 positive", "*58:01 negative"]}, "Do not use a.",
        source="FDA_LABEL", guideline="FDA Label for a and HLA-B", classification="N/A",
    )  # fmt: skip
    never = entry("Do not use a.", **{"for": {"HLA-B": ["*57:01 positive"]}})
    table = row(1, "a", {"HLA-B": "*57:01 allele positive"}, "Not a.")
    files = run(
        [table, label],
        guideline({"not": entry("Not a.")}),
        guideline({"never": never}, name="FDA labels"),
    )
    # Two guideline files speak of the drug and gene: each has its file, and its rule.
    (of_label,) = files["a-hla-b-labels.yaml"]["rows"]
    (of_table,) = files["a-hla-b-table-section-1.yaml"]["rows"]
    assert (of_label["rule"], of_label["keys"], of_label["strength"]) == (
        "fda-label.a.gener.hla-b-57-01-positive", {"HLA-B": "*57:01 positive"}, "Label",
    )  # fmt: skip
    assert of_table["rule"] == "fda.a.gener.hla-b-57-01-positive"


def test_a_row_that_is_left_out_needs_no_entry(run, home):
    out = {"fda": [{"rows": ["FDA-2"], "drug": "b", "why": "no key says who carries it"}]}
    (home / "left_out.yaml").write_text(yaml.safe_dump(out))
    files = run(
        [row(1, "a", {"CYP2C19": [PM]}, "Avoid a."),
         row(2, "b", {"CYP4F2": "V433M variant carriers"}, "Watch b.")],
        guideline({"avoid": entry("Avoid a.")}),
    )  # fmt: skip
    assert set(files) == {"a-cyp2c19.yaml"}


def test_all_that_is_missing_is_listed_and_nothing_is_written(run, home):
    rows = [
        row(1, "a", {"CYP2C19": [PM]}, "Never heard."),
        row(2, "a", {"CYP4F2": "V433M variant carriers"}, "Watch a."),
        row(3, "a", {"CYP2C19": [PM], "NAT2": [PM]}, "Watch a."),
        row(4, "a", {"CYP2C9": [PM]}, "Some a."),
        row(5, "a", {"ABCG2": [PM]}, "Watch a."),
        row(6, "a", {"CYP2C19": [PM]}, "Watch a.", guideline="FDA Table of … section 9"),
        row(7, "a", {"HLA-B": ["*57:01 positive"]}, "No a.", source="FDA_LABEL", guideline="Label"),
    ]
    some = entry("Some a.", **{"for": {"CYP2C9": ["0.0"]}})
    found = stopped(run, rows, guideline({"watch": entry("Watch a."), "some": some}))
    assert found == [
        "FDA Table of … section 9: no guideline file has this source_name",
        "FDA-2: CYP4F2 has no key for V433M variant carriers",
        "FDA-3: of CYP2C19 and NAT2 is not decided whether either or both count",
        "FDA-4: no entry's `for` fits general {'CYP2C9': '0.5'}",
        "FDA-5: no file of the gene ABCG2",
        f"fda-table-section-1: no entry in advice for FDA-1 {digest('Never heard.', 'a')}: "
        "Never heard.",
        f"labels: no entry in advice for FDA-7 {digest('No a.', 'a')}: No a.",
        "7 missing; nothing was written",
    ]
    assert [path.name for path in (home / "drugs" / "fda").iterdir()] == ["gone.yaml"]


def test_a_combination_stands_for_all_its_ingredients_under_its_own_code(run):
    files = run(
        [row(1, "a", {"CYP2C19": [PM]}, "Avoid a.", rxnorm="3")],
        guideline({"avoid": entry("Avoid a.")}),
    )
    assert (files["a-cyp2c19.yaml"]["rxnorm"], files["a-cyp2c19.yaml"]["ingredients"]) == (
        "3", ["30", "31"],
    )  # fmt: skip
