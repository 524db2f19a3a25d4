"""HLA serology and P-group facts: as the sources have them, and consistent in themselves."""

import pytest

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import read_yaml
from fhir_pgx.knowledge.imports.transplant import HEAD, TARGET, read_facts, serology, write
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.transplant import _joined, load_transplant

HELD = load_transplant(HERE).antigens


def test_every_row_of_the_facts_is_held(shared):
    facts = read_facts(shared / "facts")
    assert TARGET.read_text(encoding="utf-8") == write(facts)
    assert (len(facts["parents"]), len(facts["alleles"]), len(facts["epitopes"])) == (66, 54, 22)
    assert sum(map(len, facts["not_in_group"].values())) == 8
    assert facts["parents"] == HELD.parent
    assert facts["p_groups"] == HELD.p_groups


def test_the_file_says_who_wrote_it():
    assert TARGET.read_text(encoding="utf-8").startswith(HEAD)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"kind": "broad_split", "antigen": "A23", "parent_antigen": "A9", "as_of": ""},
          {"kind": "broad_split", "antigen": "A23", "parent_antigen": "A10", "as_of": ""}], "A23"),
        ([{"kind": "new", "as_of": ""}], "not known"),
    ],
)  # fmt: skip
def test_rows_that_contradict_and_new_kinds_stop_the_import(rows, told):
    with pytest.raises(ValueError, match=told):
        serology(rows, [])


@pytest.mark.parametrize(
    ("antigen", "parent"),
    [("DQ7", "DQ3"), ("DQ8", "DQ3"), ("A24", "A9"), ("A2403", "A24"), ("B3901", "B39"),
     ("B39", "B16"), ("DR17", "DR3"), ("Cw10", "Cw3"), ("B2708", "B27")],
)  # fmt: skip
def test_broad_split_and_associated_antigens(antigen, parent):
    assert HELD.parent[antigen] == parent


@pytest.mark.parametrize(
    ("allele", "antigen"),
    [("A*02:01", "A2"), ("A*02:03", "A203"), ("B*44:03", "B44"), ("B*27:08", "B2708"),
     ("DQB1*03:01", "DQ7"), ("DQB1*03:02", "DQ8"), ("DRB1*03:01", "DR17"), ("C*03:03", "Cw9")],
)  # fmt: skip
def test_the_antigens_of_alleles(allele, antigen):
    assert HELD.of_allele[allele] == antigen


def test_no_antigen_is_above_itself():
    for antigen in HELD.parent:
        seen = [antigen]
        while seen[-1] in HELD.parent:
            seen.append(HELD.parent[seen[-1]])
            assert len(seen) == len(set(seen)), seen


def test_every_b_antigen_without_splits_has_bw4_or_bw6():
    above = set(HELD.parent.values())
    bare = [
        each
        for each in HELD.recognised
        if each.startswith("B") and each not in above and not _carries(each)
    ]
    assert bare == []


def _carries(antigen):
    while antigen:
        if antigen in HELD.epitope:
            return True
        antigen = HELD.parent.get(antigen)
    return False


def test_what_was_added_by_hand_says_so():
    assert HELD.provenance.by_hand
    assert HELD.provenance.as_of == "2024-10-09"
    assert "IPD-IMGT/HLA" in HELD.provenance.licence


def test_two_files_that_contradict_are_refused():
    with pytest.raises(BrokenKnowledge, match=r"A\*02:01 is A2 and A28"):
        _joined({"A*02:01": "A2"}, {"A*02:01": "A28"})


def test_the_reviewed_alleles_repeat_none_of_the_imported():
    reviewed = read_yaml(HERE / "therapies/transplant/reviewed.yaml")
    imported = read_yaml(TARGET)
    assert not reviewed["alleles"].keys() & imported["alleles"].keys()
    assert not reviewed["epitopes"].keys() & imported["epitopes"].keys()
