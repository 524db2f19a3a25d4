"""What VCF records say of the decision positions. Records and genotypes are made for the tests."""

import pytest

from fhir_pgx.model.definition import Site
from fhir_pgx.model.variant import OTHER, UNREAD, VcfContent, VcfContig, VcfRecord
from fhir_pgx.normalize.sites import SiteIndex
from fhir_pgx.normalize.vcf_sites import read_vcf_sites
from tests.normalize.test_sites import INSERTION, MOVED, REPEAT, SNV, definition

ACCESSIONS = {
    "NC_000010.10": ("GRCh37", "10"),
    "NC_000010.11": ("GRCh38", "10"),
    "NC_012920.1": ("both", "MT"),
}
LENGTHS = {"NC_000010.10": 135534747, "NC_000010.11": 133797422, "NC_012920.1": 16569}
INDEX = SiteIndex(
    [
        definition("CYP2C19", "10", SNV, MOVED),
        definition("UGT1A1", "2", REPEAT),
        definition("NUDT15", "13", INSERTION),
    ]
)
CHROMOSOMES = {"CYP2C19": "10", "UGT1A1": "2", "NUDT15": "13"}


def record(position, ref, alts, *genotypes, **rest):
    """A record by its 1-based position; contig `chr10` where nothing else is said."""
    contig = rest.pop("contig", "chr10")
    phase_sets = rest.pop("ps", ("",) * len(genotypes))
    return VcfRecord(
        line=rest.pop("line", 9),
        contig=contig,
        chromosome=rest.pop("chromosome", contig.removeprefix("chr")),
        start=position - 1,
        name=rest.pop("name", "."),
        ref=ref,
        alts=tuple(alts.split(",")) if alts else (),
        filters=rest.pop("filters", "PASS"),
        genotypes=genotypes,
        phase_sets=phase_sets,
        **rest,
    )


def content(*records, reference="GRCh38", contigs=None, samples=("s",)):
    return VcfContent("a.vcf", samples, contigs or {}, reference, tuple(records))


def read(*records, **rest):
    return read_vcf_sites(content(*records, **rest), INDEX, ACCESSIONS, LENGTHS)


def alleles(found, sample=0):
    return {
        call.site: call.alleles
        for calls in found.samples[sample].by_gene.values()
        for call in calls
    }


@pytest.mark.parametrize(
    ("what", "entry", "expected"),
    [
        ("heterozygous", record(94781859, "G", "A", "0/1"), ("G", "A")),
        ("homozygous", record(94781859, "G", "A", "1/1"), ("A", "A")),
        ("reference", record(94781859, "G", ".", "0/0"), ("G", "G")),
        ("no call", record(94781859, "G", "A", "./."), (UNREAD, UNREAD)),
        ("half a call", record(94781859, "G", "A", "./1"), (UNREAD, "A")),
        ("another base", record(94781859, "G", "A,T", "0/2"), ("G", OTHER)),
        ("another base that is not carried", record(94781859, "G", "A,T", "0/1"), ("G", "A")),
        ("one copy", record(94781859, "G", "A", "1"), ("A",)),
        ("a deletion over it", record(94781859, "G", "*,A", "1/2"), (OTHER, "A")),
        ("two bases", record(94781858, "CG", "CA", "0/1"), ("G", "A")),
        ("a deletion that takes it", record(94781858, "CG", "C", "0/1"), ("G", OTHER)),
    ],
)
def test_a_genotype_is_the_bases_of_both_copies(what, entry, expected):
    assert alleles(read(entry)) == {"rs4244285": expected}, what


@pytest.mark.parametrize(
    ("what", "entry"),
    [
        ("a deletion beside that nobody carries", record(94781858, "CG", "C", "0/0")),
        ("another position", record(94781800, "G", "A", "1/1")),
    ],
)
def test_a_site_that_no_record_is_about_stays_missing(what, entry):
    assert alleles(read(entry)) == {}, what


@pytest.mark.parametrize(
    ("what", "entry", "expected"),
    [
        ("left-aligned", record(233760233, "CAT", "C,CATAT", "1/2", contig="chr2"), ("C", "CATAT")),
        ("by its id", record(233760233, "CAT", ".", "0/0", contig="chr2"), ("CAT", "CAT")),
        ("shifted", record(233760246, "ATA", "A", "0/1", contig="chr2"), ("CAT", "C")),
        (
            "an unknown length",
            record(233760233, "CATAT", "C", "0/1", contig="chr2"),
            ("CAT", OTHER),
        ),
    ],
)
def test_a_repeat_is_read_however_it_is_aligned(what, entry, expected):
    assert alleles(read(entry)) == {"rs3064744": expected}, what


def test_a_base_beside_an_insertion_says_nothing_of_it():
    entry = record(48037825, "C", "T", "0/1", contig="chr13")
    assert alleles(read(entry)) == {}
    named = record(48037825, "C", ".", "0/0", contig="chr13", name="rs777311140")
    assert alleles(read(named)) == {"rs777311140": ("C", "C")}


def test_a_block_of_reference_bases_shows_bases_and_no_insertions():
    bases = record(94781800, "T", "<NON_REF>", "0/0", end=94781900)
    assert alleles(read(bases)) == {"rs4244285": ("G", "G")}
    repeat = read(record(233760200, "T", "<NON_REF>", "0/0", contig="chr2", end=233760300))
    assert alleles(repeat) == {}
    assert [c.code for c in repeat.gene_caveats["UGT1A1"]] == ["PGX-534"]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_record_of_the_site_stands_before_a_block(is_first):
    block = record(94781800, "T", "<NON_REF>", "0/0", end=94781900)
    own = record(94781859, "G", "A,<NON_REF>", "0/1")
    found = read(*((block, own) if is_first else (own, block)))
    assert alleles(found) == {"rs4244285": ("G", "A")}


def test_a_deletion_takes_a_copy_from_the_record_under_it():
    deletion = record(94781855, "AAAAGC", "A", "0/1")
    assert alleles(read(deletion, record(94781859, "G", "A", "0/0"))) == {"rs4244285": ("G", OTHER)}


def test_a_wrong_reference_base_is_told_and_not_used():
    found = read(record(94781859, "T", "A", "0/1"), record(94842866, "A", "G", "1/1"))
    assert alleles(found) == {"rs3758581": ("G", "G"), "rs4244285": (UNREAD, UNREAD)}
    assert [c.code for c in found.gene_caveats["CYP2C19"]] == ["PGX-532"]
    assert [(n.path, n.reason) for n in found.not_understood] == [
        ("line 9", "REF is T, but GRCh38 has G at rs4244285")
    ]


def test_lines_that_split_one_site_are_joined():
    first = record(233760233, "CAT", "C", "0/1", contig="chr2")
    second = record(233760233, "C", "CAT", "1/0", contig="chr2", line=10)
    assert sorted(alleles(read(first, second))["rs3064744"]) == ["C", "CATAT"]


def test_of_a_line_that_stands_twice_the_first_counts():
    found = read(record(94781859, "G", "A", "0/1"), record(94781859, "G", "A", "1/1", line=10))
    assert alleles(found) == {"rs4244285": ("G", "A")}
    (call,) = found.samples[0].by_gene["CYP2C19"]
    assert [c.code for c in call.caveats] == ["PGX-536"]


def test_a_base_that_an_alleles_own_deletion_takes_away_is_not_another_base():
    gone = Site("g.deletion", 999, "CAGG", ("C",), start37=1999, context="CAGG")
    within = Site("rs2", 1001, "G", ("T",), start37=2001)
    index = SiteIndex([definition("CYP2C19", "10", gone, within)])
    deletion = record(1000, "CAGG", "C", "0/1")
    under = record(1002, "G", "*,T", "0/1")
    found = read_vcf_sites(content(deletion, under), index, ACCESSIONS, LENGTHS)
    assert alleles(found) == {"g.deletion": ("CAGG", "C"), "rs2": ("G", "G")}
    another = record(1000, "CAGGT", "C", "0/1")
    found = read_vcf_sites(content(another, under), index, ACCESSIONS, LENGTHS)
    assert alleles(found)["rs2"] == ("G", OTHER)


def test_a_structural_variant_hides_the_sites_under_it():
    entry = record(94781000, "T", "<DEL>", "0/1", end=94790000)
    found = read(entry, record(94842866, "A", "G", "0/0"))
    assert alleles(found) == {"rs4244285": ("G", UNREAD), "rs3758581": ("A", "A")}
    assert alleles(read(record(94781000, "T", "<DEL>", "0/0", end=94790000))) == {}
    assert alleles(read(record(94781000, "T", "<DEL>", "./.", end=94790000))) == {}


@pytest.mark.parametrize("is_first", [True, False])
def test_a_structural_variant_is_told_with_a_site_that_was_read_under_it(is_first):
    deletion = record(94781000, "T", "<DEL>", "0/1", end=94790000)
    base = record(94781859, "G", "A", "1/1")
    found = read(*((deletion, base) if is_first else (base, deletion)))
    (call,) = found.samples[0].by_gene["CYP2C19"]
    assert call.alleles == ("A", UNREAD)
    assert [c.code for c in call.caveats] == ["PGX-535"]


def test_a_failed_filter_is_told():
    found = read(record(94781859, "G", "A", "0/1", filters="LowQual"))
    assert [c.code for c in found.gene_caveats["CYP2C19"]] == ["PGX-533"]


@pytest.mark.parametrize(
    ("genotypes", "ps", "phases"),
    [
        (("0|1", "1|0"), ("", ""), ["10:whole", "10:whole"]),
        (("0|1", "1|0"), ("7", "8"), ["10:7", "10:8"]),
        (("0/1", "1/0"), ("7", "7"), ["", ""]),
        (("0|1", "0/1"), ("7", "7"), ["10:7", ""]),
    ],
)
def test_phase_holds_within_its_set(genotypes, ps, phases):
    found = read(
        record(94781859, "G", "A", genotypes[0], ps=(ps[0],)),
        record(94842866, "A", "G", genotypes[1], ps=(ps[1],)),
    )
    assert [call.phase for call in found.samples[0].by_gene["CYP2C19"]] == phases


def test_each_sample_has_its_own_genotypes():
    entry = record(94781859, "G", "A", "0/0", "0/1", "1/1")
    found = read(entry, samples=("a", "b", "c"))
    assert [alleles(found, i)["rs4244285"] for i in range(3)] == [
        ("G", "G"), ("G", "A"), ("A", "A"),
    ]  # fmt: skip


# Builds


HEADERS = {
    "GRCh38": {"chr10": VcfContig(133797422)},
    "GRCh37": {"chr10": VcfContig(135534747)},
    "words": {"chr10": VcfContig(None, "hg19")},
}


@pytest.mark.parametrize(
    ("what", "entry", "header", "reference", "expected"),
    [
        ("length of GRCh38", record(94781859, "G", "A", "0/1"), "GRCh38", "", "GRCh38"),
        ("length of GRCh37", record(96541616, "G", "A", "0/1"), "GRCh37", "", "GRCh37"),
        ("words", record(96541616, "G", "A", "0/1"), "words", "", "GRCh37"),
        ("reference line", record(96541616, "G", "A", "0/1"), "", "file:///hg19.fa", "GRCh37"),
        ("bases alone", record(96541616, "G", "A", "0/1"), "", "", "GRCh37"),
        (
            "the accession", record(96541616, "G", "A", "0/1", contig="NC_000010.10",
            chromosome="10"), "", "GRCh38", "GRCh37",
        ),
    ],
)  # fmt: skip
def test_the_build_is_read_from_header_or_bases(what, entry, header, reference, expected):
    found = read(entry, contigs=HEADERS.get(header, {}), reference=reference)
    assert found.builds == (expected,), what
    assert alleles(found) == {"rs4244285": ("G", "A")}
    assert found.caveats == ()


def test_bases_are_believed_before_a_header_and_it_is_said():
    found = read(
        record(96541616, "G", "A", "0/1"),
        record(96602623, "G", "A", "0/1"),
        contigs=HEADERS["GRCh38"],
    )
    assert found.builds == ("GRCh37",)
    assert alleles(found) == {"rs4244285": ("G", "A"), "rs3758581": ("G", "A")}
    assert [c.code for c in found.caveats] == ["PGX-530"]


def test_grch37_has_another_reference_base_at_some_sites():
    found = read(record(96602623, "G", "A", "0/0"), reference="GRCh37")
    assert alleles(found) == {"rs3758581": ("G", "G")}  # *1, not *38


@pytest.mark.parametrize(
    ("what", "entries", "contigs"),
    [
        ("another assembly's length", [record(94781859, "T", "A", "0/1")], {"chr10": VcfContig(5)}),
        ("nothing to tell by", [record(94781859, "T", "A", "0/1")], {}),
        (
            "both fit",
            [record(94781859, "G", "A", "0/1"), record(96541616, "G", "A", "0/1")],
            {},
        ),
    ],
)
def test_a_contig_whose_build_cannot_be_told_is_not_placed(what, entries, contigs):
    found = read(*entries, contigs=contigs, reference="")
    assert alleles(found) == {}, what
    assert [n.path for n in found.not_understood] == ["chr10"]


def test_ucsc_hg19_mitochondria_are_not_numbered_like_ours():
    entry = record(1555, "A", "G", "1", contig="chrM", chromosome="MT")
    header = {"chrM": VcfContig(16571)}
    found = read(entry, contigs=header, reference="hg19")
    assert [n.path for n in found.not_understood] == ["chrM"]


def test_a_wrong_header_is_seen_by_all_contigs_together():
    """One position a contig is little; several contigs that say the same are not."""
    one = record(96541616, "G", "A", "0/1")
    other = record(234668879, "CAT", "C", "0/1", contig="chr2")
    found = read(one, other, reference="GRCh38")
    assert found.builds == ("GRCh37",)
    assert alleles(found) == {"rs4244285": ("G", "A"), "rs3064744": ("CAT", "C")}
    assert [c.code for c in found.caveats] == ["PGX-530"]


def test_ucsc_mitochondria_beside_grch37_are_refused_without_any_length():
    base = record(96541616, "G", "A", "0/1")
    mitochondrial = record(1555, "A", "G", "1", contig="chrM", chromosome="MT")
    found = read(base, mitochondrial, reference="")
    assert [n.path for n in found.not_understood] == ["chrM"]
