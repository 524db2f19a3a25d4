"""Places of one build on the other: known ones, gaps, and what is refused.

The known places are public facts: dbSNP, and the fact tables beside the checkout.
"""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_pgx.errors import LiftoverFailed
from fhir_pgx.knowledge.lift_over import load_alignment
from fhir_pgx.model.alignment import Block
from fhir_pgx.model.genomic_index import Span
from fhir_pgx.normalize.lift_over import NARROW, LiftOver

OTHER = {"GRCh37": "GRCh38", "GRCh38": "GRCh37"}
# Two blocks with three bases more on GRCh38 between, a wide gap, a reversed block.
SMALL = (
    Block("1", 100, 1100, 100),
    Block("1", 250, 1253, 50),
    Block("1", 20_000, 30_000, 1000),
    Block("1", 21_000, 31_500, 200, -1),
    Block("1", 21_200, 31_700, 300),
    Block("2", 0, 5_000, 10),
)


@pytest.fixture(scope="module")
def whole():
    return LiftOver(load_alignment())


@pytest.fixture(scope="module")
def small():
    return LiftOver(SMALL)


def lifted(lift_over, assembly, chromosome, start, end):
    found = lift_over.lift_span(Span(assembly, chromosome, start, end))
    assert {(span.assembly, span.chromosome) for span in found} == {(OTHER[assembly], chromosome)}
    return [(span.start, span.end) for span in found]


# Known places


@pytest.mark.parametrize(
    ("what", "chromosome", "on37", "on38"),
    [
        ("CYP2C19*2, rs4244285", "10", 96541616, 94781859),
        ("BRAF V600E", "7", 140453136, 140753336),
        ("EGFR L858R", "7", 55259515, 55191822),
        ("TP53 R175H", "17", 7578406, 7675088),
        ("KRAS G12", "12", 25398284, 25245350),
        ("PIK3CA H1047R", "3", 178952085, 179234297),
        ("IDH1 R132H", "2", 209113112, 208248388),
        ("APOE rs429358", "19", 45411941, 44908684),
        ("HFE C282Y", "6", 26093141, 26092913),
        ("F5 Leiden", "1", 169519049, 169549811),
        ("F2 G20210A", "11", 46761055, 46739505),
        ("BRCA2 6174", "13", 32914437, 32340300),
        ("BRCA1 185", "17", 41276044, 43124027),
    ],
)
def test_a_known_base_is_found_on_the_other_build(whole, what, chromosome, on37, on38):
    assert lifted(whole, "GRCh37", chromosome, on37 - 1, on37) == [(on38 - 1, on38)], what
    assert lifted(whole, "GRCh38", chromosome, on38 - 1, on38) == [(on37 - 1, on37)], what


def test_every_decision_position_lies_where_the_definitions_have_it(whole, knowledge):
    seen = 0
    for definition in knowledge.definitions.values():
        for site in (*definition.sites, *definition.extra):
            if site.start37 is None or definition.chromosome == "MT":
                continue
            end = site.start + len(site.ref)
            found = whole.find(Span("GRCh38", definition.chromosome, site.start, end))
            assert found is not None, (definition.gene, site.name)
            assert (found[0].start, found[1]) == (site.start37, 1), (definition.gene, site.name)
            seen += 1
    assert seen > 1000


def test_every_row_of_the_table_of_positions_is_right_or_refused_both_ways(whole, shared):
    right, refused = 0, []
    with (shared / "facts/variant_positions_b37_b38.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Chromosome"] not in ("M", "MT")]
    for row in rows:
        if not (row["GRCh37Position"] and row["GRCh38Position"]):
            continue
        places = {
            "GRCh37": int(row["GRCh37Position"]) - 1,
            "GRCh38": int(row["GRCh38Position"]) - 1,
        }
        for build, start in places.items():
            found = whole.find(Span(build, row["Chromosome"], start, start + 1))
            if found is None:
                refused.append(row["rsID"])
                continue
            assert found[0].start == places[OTHER[build]], row["rsID"]
            right += 1
    assert right > 1600
    # CYP2D6's one position far before the gene, between two insertions, is no exact place of ours.
    assert len(refused) <= 2


@pytest.mark.parametrize(
    ("gene", "chromosome", "on37", "on38"),
    [  # the genes' ends by NCBI, 0-based
        ("CYP2D6", "22", (42522500, 42526883), (42126498, 42130881)),
        ("DPYD", "1", (97543299, 98386615), (97077743, 97921059)),
        ("CFTR", "7", (117120016, 117308718), (117479962, 117668664)),
        ("LDLR", "19", (11200037, 11244492), (11089361, 11133816)),
        ("TP53", "17", (7571719, 7590868), (7668401, 7687550)),
    ],
)
def test_a_whole_gene_is_one_region_on_both_builds(whole, gene, chromosome, on37, on38):
    assert lifted(whole, "GRCh37", chromosome, *on37) == [on38], gene
    assert lifted(whole, "GRCh38", chromosome, *on38) == [on37], gene


def test_a_whole_chromosome_reaches_from_its_first_aligned_base_to_its_last(whole):
    ((start, end),) = lifted(whole, "GRCh37", "13", 0, 115_169_878)
    assert start < 20_000_000
    assert end > 114_300_000


def test_a_gene_that_the_chromosome_of_grch38_lacks_has_no_place_there(whole):
    # GSTT1 is on an alternate contig of GRCh38 alone.
    with pytest.raises(LiftoverFailed, match="GRCh37 chromosome 22"):
        whole.lift_span(Span("GRCh37", "22", 24376133, 24384680))


def test_mitochondrial_dna_is_one_sequence_on_both_builds(whole):
    span = Span("GRCh38", "MT", 1554, 1555)
    assert whole.lift_span(span) == (span,)
    assert whole.spans_on_both(span) == (span,)


def test_a_region_is_asked_for_on_both_builds(whole):
    asked = Span("GRCh38", "10", 94781858, 94781859)
    assert whole.spans_on_both(asked) == (asked, Span("GRCh37", "10", 96541615, 96541616))


# Gaps, strands, what lies apart: of a small alignment


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (100, 200, [(1100, 1200)]),
        (120, 130, [(1120, 1130)]),
        (150, 260, [(1150, 1263)]),  # over the gap: what GRCh38 has more is part of it
        (20_000, 21_000, [(30_000, 31_000)]),
        (21_000, 21_050, [(31_650, 31_700)]),  # reversed
        (21_150, 21_250, [(31_500, 31_550), (31_700, 31_750)]),  # its parts lie apart
        (20_990, 21_210, [(30_990, 31_710)]),  # all between is of the region
        (0, 150, [(1100, 1150)]),  # from before the first block
        (150, 150, [(1150, 1150)]),  # between two bases
    ],
)
def test_a_region_is_moved_with_all_its_bases(small, start, end, expected):
    assert lifted(small, "GRCh37", "1", start, end) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (220, 260, [(1199, 1263)]),  # begins in the gap: from the last base before it
        (150, 220, [(1150, 1254)]),  # ends in the gap: to the first base behind it
        (220, 230, [(1199, 1254)]),  # lies in the gap
    ],
)
def test_an_end_in_a_narrow_gap_is_moved_out_over_it(small, start, end, expected):
    assert lifted(small, "GRCh37", "1", start, end) == expected


@pytest.mark.parametrize(
    ("assembly", "chromosome", "start", "end"),
    [
        ("GRCh37", "1", 5_000, 20_010),  # begins in a wide gap
        ("GRCh37", "1", 150, 5_000),  # ends in one
        ("GRCh37", "1", 6_000, 7_000),  # lies in one
        ("GRCh37", "1", 0, 50),  # before everything
        ("GRCh37", "1", 200, 200),  # between an aligned base and one that is not
        ("GRCh37", "3", 10, 20),  # a chromosome without an alignment
        ("T2T-CHM13", "1", 150, 160),
        ("GRCh37", "1", 160, 150),
    ],
)
def test_what_has_no_exact_place_is_refused(small, assembly, chromosome, start, end):
    with pytest.raises(LiftoverFailed, match="no exact place"):
        small.lift_span(Span(assembly, chromosome, start, end))


def test_a_gap_is_narrow_on_both_builds_or_it_is_not():
    wide = LiftOver([Block("1", 0, 0, 100), Block("1", 110, 100 + NARROW + 1, 100)])
    with pytest.raises(LiftoverFailed):
        wide.lift_span(Span("GRCh37", "1", 50, 105))


def test_a_single_place_is_found_in_one_block_alone(small):
    assert small.find(Span("GRCh37", "1", 150, 260)) is None
    assert small.find(Span("GRCh37", "1", 21_010, 21_012)) == (
        Span("GRCh38", "1", 31_688, 31_690),
        -1,
    )


@given(data=st.data())
def test_what_is_moved_within_a_block_comes_back(data):
    lift_over = LiftOver(SMALL)
    block = data.draw(st.sampled_from(SMALL))
    low, high = sorted(data.draw(st.tuples(*[st.integers(0, block.length - 1)] * 2)))
    asked = Span("GRCh37", block.chromosome, block.start37 + low, block.start37 + high + 1)
    there = lift_over.lift_span(asked)
    assert len(there) == 1
    assert there[0].end - there[0].start == asked.end - asked.start
    assert lift_over.lift_span(there[0]) == (asked,)
