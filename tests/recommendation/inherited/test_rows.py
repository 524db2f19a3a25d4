"""Every row of inherited findings: met by what it asks for, and not by its near miss.

The findings are made from the row, the answer is not: which near misses fail is what the labels
and the brief of each row say (one copy of two, somatic, uncertain, benign, another change).
"""

import pytest

from fhir_pgx.knowledge.inherited import load_inherited
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.recommendation.inherited.matching import fit_of
from tests.recommendation.inherited.findings import (
    MISSENSE,
    changed,
    copies,
    deletion,
    finding,
    known,
)

ROWS = load_inherited(HERE).rows
# Rows that ask for a finding; the others are of a drug in pregnancy, or of a pharmacogene alone.
ASKING = [row for row in ROWS if not row.criterion.implied and row.criterion.genes]
ASKING = [
    row
    for row in ASKING
    if not all(name.partition(": ")[0] in row.criterion.genes for name in row.criterion.phenotypes)
    or not row.criterion.phenotypes
]
PHENOTYPED = [row for row in ROWS if row.criterion.phenotypes]
NAMED = [row for row in ASKING if row.criterion.changes or row.criterion.exon_deletions]


def one(row, number=1):
    """One finding as the row asks for it, on one copy."""
    criterion = row.criterion
    gene = criterion.genes[0]
    if criterion.exon_deletions:
        return deletion(*criterion.exon_deletions[0], gene)
    if criterion.changes and not (number == 2 and criterion.partner == "pathogenic"):
        return finding(gene, criterion.changes[0], number)
    if criterion.only == "truncating":
        return finding(gene, f"p.Arg100{number}Ter", number)
    if criterion.only == "repeat":
        return finding(gene, "", number, change="repeat", label=f"{gene} GAA expansion")
    if criterion.only in ("gain-of-function", "loss-of-function"):
        return finding(gene, f"p.Arg100{number}Gly", number, conditions=row.function_names[:1])
    return finding(gene, f"p.Arg100{number}Gly", number)


def meeting(row):
    """Findings that meet the row: both copies where it asks for two, the only one of a man."""
    first = one(row)
    match row.criterion.copies:
        case "two":
            return changed([first], zygosity="homozygous")
        case "two-or-hemizygous":
            return changed([first], zygosity="hemizygous")
    return (first,)


def told(row, *findings, **members):
    phenotypes = [name.split(": ") for name in row.criterion.phenotypes[:1]]
    return fit_of(row, known(*findings, results=dict(phenotypes), **members)).state


@pytest.mark.parametrize("row", ASKING, ids=lambda row: row.id)
def test_a_row_is_met_by_what_it_asks_for_and_only_possible_where_a_list_is_not_held(row):
    wanted = "possible" if row.criterion.unmatched else "met"
    assert told(row, *meeting(row)) == wanted


@pytest.mark.parametrize("row", ASKING, ids=lambda row: row.id)
def test_nobody_meets_a_row_with_nothing_on_file(row):
    assert told(row) == "untested"


@pytest.mark.parametrize("row", ASKING, ids=lambda row: row.id)
@pytest.mark.parametrize(
    "members",
    [
        {"source_class": SourceClass.SOMATIC},
        {"source_class": SourceClass.UNKNOWN, "specimen": "tissue"},
        {"presence": Presence.ABSENT},
        {"presence": Presence.NO_CALL},
        {"presence": Presence.INDETERMINATE},
        {"significance": "benign"},
        {"significance": "likely-benign"},
        {"significance": "conflicting"},
    ],
    ids=lambda members: ",".join(str(value) for value in members.values()),
)
def test_no_row_is_met_by_a_finding_that_is_no_inherited_cause(row, members):
    findings = changed(meeting(row), **members)
    assert told(row, *findings) not in ("met", "possible")


@pytest.mark.parametrize("row", ASKING, ids=lambda row: row.id)
def test_an_uncertain_variant_meets_no_row_but_the_one_whose_label_accepts_it(row):
    state = told(row, *changed(meeting(row), significance="uncertain"))
    assert (state == "met") is (row.id == "RARE-hand:073")


@pytest.mark.parametrize("row", ASKING, ids=lambda row: row.id)
def test_without_significance_only_a_change_that_the_row_names_counts(row):
    state = told(row, *changed(meeting(row), significance=""))
    assert (state == "met") is (row in NAMED)


@pytest.mark.parametrize(
    "row", [r for r in ASKING if r.criterion.copies == "two"], ids=lambda row: row.id
)
def test_one_copy_of_two_makes_a_carrier(row):
    assert told(row, one(row)) in ("carrier", "excluded")


# Two copies of the one change that a row names, or of an expansion, are homozygous: no pair.
PAIRED = [
    row
    for row in ASKING
    if row.criterion.copies == "two"
    and row.criterion.only != "repeat"
    and (row.criterion.partner == "pathogenic" or not row.criterion.changes
         or row.criterion.or_pathogenic)
]  # fmt: skip


@pytest.mark.parametrize("row", PAIRED, ids=lambda row: row.id)
def test_two_variants_of_unknown_phase_are_possible_and_in_trans_they_are_met(row):
    first, second = one(row), one(row, 2)
    if first.protein == second.protein:
        second = finding(first.gene, "p.Gly1002Asp", 2)
    assert told(row, first, second) == "possible"
    trans = changed([first], in_trans=(second.origin.reference,))
    wanted = "possible" if row.criterion.unmatched else "met"
    assert told(row, *trans, second) == wanted
    cis = changed([first], in_cis=(second.origin.reference,))
    assert told(row, *cis, second) == "carrier"


@pytest.mark.parametrize(
    "row",
    [r for r in ASKING if r.criterion.copies == "two-or-hemizygous"],
    ids=lambda row: row.id,
)
@pytest.mark.parametrize(
    ("sex", "zygosity", "state"),
    [
        ("male", "hemizygous", "met"),
        ("male", "", "met"),
        ("male", "heterozygous", "possible"),  # mosaic, or two X chromosomes
        ("female", "heterozygous", "carrier"),
        ("female", "homozygous", "met"),
        ("female", "", "possible"),
        ("", "", "possible"),
    ],
)
def test_of_a_gene_on_the_x_a_man_has_one_copy(row, sex, zygosity, state):
    assert told(row, *changed(meeting(row), zygosity=zygosity), sex=sex) == state


@pytest.mark.parametrize("row", NAMED, ids=lambda row: row.id)
def test_another_change_of_the_gene_does_not_stand_for_a_named_one(row):
    gene = row.criterion.genes[0]
    other = deletion(3, 7, gene) if row.criterion.exon_deletions else finding(gene, "p.Trp7Arg")
    other = changed([other], zygosity="homozygous")
    state = told(row, *other)
    if row.criterion.or_pathogenic:
        assert state == "met"  # the named changes are examples
    elif row.criterion.only:
        assert state == "possible"  # another gain of function, if it is one
    else:
        assert state == "other"


@pytest.mark.parametrize("row", ASKING, ids=lambda row: row.id)
def test_another_gene_meets_nothing(row):
    assert told(row, finding("ZZZ3", MISSENSE, zygosity="homozygous")) == "untested"


@pytest.mark.parametrize("row", PHENOTYPED, ids=lambda row: row.id)
def test_the_phenotype_beside_a_row_decides_too(row):
    findings = meeting(row) if row in ASKING else ()
    gene = row.criterion.phenotypes[0].partition(": ")[0]
    wrong = {name.partition(": ")[0]: "No such phenotype" for name in row.criterion.phenotypes}
    assert told(row, *findings) == "met"
    assert fit_of(row, known(*findings, results=wrong)).state == "other"
    without = fit_of(row, known(*findings))
    if row not in ASKING:
        assert without.state == "untested"  # no result is no phenotype
    else:
        assert without.state == "possible"
        assert gene in without.needs[0]


@pytest.mark.parametrize(
    "row",
    [r for r in ASKING if r.criterion.only in ("gain-of-function", "loss-of-function")],
    ids=lambda row: row.id,
)
def test_a_variant_whose_function_nobody_states_is_only_possible(row):
    bare = changed([finding(row.criterion.genes[0], "p.Trp7Arg")], zygosity="heterozygous")
    assert told(row, *bare) == "possible"
    assert told(row, *changed(bare, conditions=("quite another disease",))) in ("other",)
    stop = finding(row.criterion.genes[0], "p.Trp7Ter")
    wanted = "met" if row.criterion.only == "loss-of-function" else ("other", "excluded")
    assert told(row, stop) in wanted


def test_no_copy_of_smn1_is_spinal_muscular_atrophy_and_one_is_a_carrier():
    (row,) = (row for row in ROWS if row.id == "RARE-hand:007")
    assert told(row, copies("SMN1", 0)) == "met"
    gone = deletion(7, 7, "SMN1", zygosity="homozygous", significance="")
    assert told(row, gone) == "met"
    assert told(row, *changed([gone], zygosity="heterozygous")) == "other"
    assert told(row, copies("SMN1", 1)) == "carrier"
    assert told(row, copies("SMN1", 2)) == "other"
    assert told(row, copies("SMN2", 0)) == "untested"
    assert told(row, copies("SMN1", 1), finding("SMN1", zygosity="heterozygous")) == "possible"


@pytest.mark.parametrize(
    ("skipped", "first", "last", "is_named"),
    [
        (51, 45, 50, True), (51, 50, 50, True), (51, 52, 52, True), (51, 52, 63, True),
        (51, 45, 51, False), (51, 44, 50, False), (51, 3, 7, False),
        (53, 52, 52, True), (53, 42, 52, True), (53, 54, 58, True), (53, 45, 50, False),
        (45, 44, 44, True), (45, 46, 55, True), (45, 12, 44, True), (45, 45, 50, False),
    ],
)  # fmt: skip
def test_an_exon_is_skipped_for_the_deletions_that_the_table_lists(skipped, first, last, is_named):
    row = next(row for row in ROWS if row.criterion.skips == skipped)
    assert told(row, deletion(first, last)) == ("met" if is_named else "other")


@pytest.mark.parametrize(
    ("first", "last", "state"),
    [(8, 8, "excluded"), (9, 9, "excluded"), (3, 12, "excluded"), (8, 17, "excluded"),
     (1, 7, "met"), (10, 12, "met"), (45, 50, "met")],
)  # fmt: skip
def test_any_deletion_in_exon_8_or_9_rules_out_delandistrogene(first, last, state):
    (row,) = (row for row in ROWS if row.id == "RARE-hand:019")
    assert told(row, deletion(first, last)) == state


@pytest.mark.parametrize(
    ("names", "zygosity", "sickle", "thalassaemia"),
    [
        (["p.Glu7Val"], "homozygous", "met", "excluded"),
        (["p.Glu7Val"], "heterozygous", "carrier", "excluded"),
        (["p.Glu7Val", "p.Gln40Ter"], "heterozygous", "possible", "excluded"),  # HbS, beta0
        (["p.Glu7Val", "p.Glu7Lys"], "heterozygous", "possible", "excluded"),  # HbSC
        (["p.Gln40Ter"], "homozygous", "other", "met"),
        (["p.Gln40Ter"], "heterozygous", "other", "carrier"),
        (["p.Glu7Lys"], "homozygous", "other", "met"),  # HbCC: the condition is asked for beside
    ],
)
def test_sickle_cell_disease_and_thalassaemia_are_told_apart(names, zygosity, sickle, thalassaemia):
    findings = [finding("HBB", name, i, zygosity=zygosity) for i, name in enumerate(names)]
    by_id = {row.id: row for row in ROWS}
    assert told(by_id["RARE-hand:010"], *findings) == sickle
    assert told(by_id["RARE-hand:013"], *findings) == thalassaemia


def test_mitapivat_is_not_for_two_variants_that_are_not_missense():
    (row,) = (row for row in ROWS if row.id == "RARE-hand:070")
    assert told(row, finding("PKLR", "p.Arg10Ter", zygosity="homozygous")) == "excluded"
    assert told(row, finding("PKLR", "p.Arg479His", zygosity="homozygous")) == "excluded"
    assert told(row, finding("PKLR", "p.Arg510Gln", zygosity="homozygous")) == "met"
