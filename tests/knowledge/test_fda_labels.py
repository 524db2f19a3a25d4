"""The rows from FDA labels: for whom each holds and what it says, to be checked against labels."""

from collections import defaultdict

import pytest
import yaml

from fhir_pgx.knowledge.loader import HERE

POOR = ["Poor Metabolizer"]
SUSCEPTIBLE = ["Malignant Hyperthermia Susceptibility"]
INTERMEDIATE_2D6 = ["0.25", "0.5", "0.75", "1.0"]
NORMAL_2D6 = ["1.25", "1.5", "1.75", "2.0", "2.25"]

# (drug, gene) -> its keys, the action, and every figure of the label's dose.
ROWS = {
    ("abacavir", "HLA-B"): (["*57:01 positive"], "contraindicated", []),
    ("abrocitinib", "CYP2C19"): (POOR, "adjust-dose", ["50 mg/d", "100 mg/d"]),
    ("brivaracetam", "CYP2C19"): (POOR, "reduce-dose", []),
    ("carbamazepine", "HLA-B"): (["*15:02 positive"], "avoid", []),
    ("citalopram", "CYP2C19"): (POOR, "reduce-dose", ["<= 20 mg/d"]),
    ("clobazam", "CYP2C19"): (POOR, "reduce-dose", ["5 mg/d", "50 %", "20-40 mg/d"]),
    ("clopidogrel", "CYP2C19"): (POOR, "alternative", []),
    ("desflurane", "CACNA1S"): (SUSCEPTIBLE, "contraindicated", []),
    ("desflurane", "RYR1"): (SUSCEPTIBLE, "contraindicated", []),
    ("eliglustat", "CYP2D6"): (INTERMEDIATE_2D6, "standard", ["84 mg", "2 /d"]),
    ("flibanserin", "CYP2C19"): (POOR, "monitor", []),
    ("fosphenytoin", "HLA-B"): (["*15:02 positive"], "avoid", []),
    ("isoflurane", "CACNA1S"): (SUSCEPTIBLE, "contraindicated", []),
    ("isoflurane", "RYR1"): (SUSCEPTIBLE, "contraindicated", []),
    ("oxcarbazepine", "HLA-B"): (["*15:02 positive"], "avoid", []),
    ("phenytoin", "HLA-B"): (["*15:02 positive"], "avoid", []),
    ("sevoflurane", "CACNA1S"): (SUSCEPTIBLE, "contraindicated", []),
    ("sevoflurane", "RYR1"): (SUSCEPTIBLE, "contraindicated", []),
    ("siponimod", "CYP2C9"): (["*1/*1", "*1/*2", "*2/*2"], "standard", ["2 mg/d"]),
    ("succinylcholine", "CACNA1S"): (SUSCEPTIBLE, "contraindicated", []),
    ("succinylcholine", "RYR1"): (SUSCEPTIBLE, "contraindicated", []),
    ("tetrabenazine", "CYP2D6"): (
        INTERMEDIATE_2D6 + NORMAL_2D6,
        "standard",
        ["<= 100 mg/d", "<= 37.5 mg"],
    ),
}


@pytest.fixture(scope="module")
def advice():
    path = HERE / "guidelines" / "fda" / "labels.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))["advice"]


@pytest.fixture(scope="module")
def drugs():
    contents = [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((HERE / "drugs" / "fda").glob("*.yaml"))
    ]
    return [content for content in contents if content["guideline"] == "fda-labels"]


def figure(dose):
    value = dose.get("value") or f"{dose['low']}-{dose['high']}"
    return " ".join(filter(None, [dose.get("comparator"), value, dose["unit"]]))


def test_each_label_row_has_the_subgroup_action_and_figures_of_its_sentence(drugs, advice):
    found = defaultdict(list)
    for content in drugs:
        for row in content["rows"]:
            if len(row["keys"]) == 1 and row["population"] == "general":
                ((gene, key),) = row["keys"].items()
                entry = advice[row["advice"]]
                told = (entry["action"], tuple(map(figure, entry.get("dose", []))))
                found[content["drug"], gene].append((key, *told))
    assert {
        place: (sorted(key for key, _, _ in rows), {told[1:] for told in rows})
        for place, rows in found.items()
    } == {
        place: (sorted(keys), {(action, tuple(doses))})
        for place, (keys, action, doses) in ROWS.items()
    }


def test_belzutifans_label_speaks_of_poor_metabolizers_of_both_genes_alone(drugs):
    (rows,) = (content["rows"] for content in drugs if content["drug"] == "belzutifan")
    assert [row["keys"] for row in rows] == [{"CYP2C19": POOR[0], "UGT2B17": POOR[0]}]


def test_pantoprazoles_label_changes_the_dose_of_children_and_not_of_adults(drugs, advice):
    (rows,) = (content["rows"] for content in drugs if content["drug"] == "pantoprazole")
    assert {(row["population"], advice[row["advice"]]["action"]) for row in rows} == {
        ("adult", "standard"),
        ("pediatric", "reduce-dose"),
    }
    assert {tuple(row["keys"].items()) for row in rows} == {(("CYP2C19", POOR[0]),)}


def test_no_label_row_has_the_keys_of_a_patient_that_the_extract_was_made_for(drugs):
    for content in drugs:
        for row in content["rows"]:
            assert row["strength"] == "Label"
            assert not {"Uncertain Susceptibility", "*58:01 negative"} & set(row["keys"].values())
