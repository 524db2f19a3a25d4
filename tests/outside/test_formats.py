"""What each tool's file says. The files under `calls/` are synthetic: nobody's genome."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from fhir_pgx.errors import MixedPatients, UnreadableCalls
from fhir_pgx.genotype.hla import parse_typing
from fhir_pgx.genotype.names import parse_diplotypes
from fhir_pgx.model.finding import Presence, StatementKind
from fhir_pgx.outside import read_outside_calls
from fhir_pgx.outside.calls import is_no_call

CALLS = Path(__file__).parent / "calls"
DIPLOTYPE, PHENOTYPE = StatementKind.DIPLOTYPE, StatementKind.PHENOTYPE
SCORE, PRESENCE = StatementKind.ACTIVITY_SCORE, StatementKind.ALLELE_PRESENCE


@pytest.fixture
def read(knowledge):
    def read_one(content, *, name="calls.tsv", sample=""):
        data = content.encode() if isinstance(content, str) else content
        return read_outside_calls(data, name=name, vocabulary=knowledge.vocabulary, sample=sample)

    return read_one


@pytest.fixture
def read_file(read):
    return lambda name: read((CALLS / name).read_bytes(), name=name)


def said(calls):
    """Gene → (kind, value, presence) of its statements, in their order."""
    found = {}
    for each in calls.statements:
        found.setdefault(each.gene, []).append((each.kind, each.value, each.presence))
    return found


def is_there(kind, value):
    return (kind, value, Presence.PRESENT)


NO_CALL = (DIPLOTYPE, "", Presence.NO_CALL)


def refused(calls):
    return {(left.path, left.reason) for left in calls.not_understood}


def test_pharmcat_lines_state_a_diplotype_a_phenotype_or_a_score(read_file):
    calls = read_file("pharmcat.tsv")
    assert calls.tool == "PharmCAT"
    assert calls.not_understood == ()
    assert said(calls) == {
        "CYP2D6": [is_there(DIPLOTYPE, "*1x2/*4")],
        "CYP2C9": [is_there(SCORE, "1.5")],
        "CYP2C19": [is_there(PHENOTYPE, "Poor Metabolizer")],
        "DPYD": [is_there(DIPLOTYPE, "Reference/c.1905+1G>A (*2A)")],
        "HLA-A": [is_there(DIPLOTYPE, "*02:01+*24:02")],
        "HLA-B": [is_there(PRESENCE, "*57:01")],
        "MT-RNR1": [is_there(DIPLOTYPE, "1555A>G")],
        "TPMT": [
            is_there(DIPLOTYPE, "*1/*3A"),
            is_there(PHENOTYPE, "Intermediate Metabolizer"),
        ],
        "UGT1A1": [NO_CALL],
        "CYP2B6": [(DIPLOTYPE, "", Presence.INDETERMINATE)],  # two calls, and neither is named
    }


def test_every_statement_is_marked_and_names_its_file_and_line(read_file):
    calls = read_file("pharmcat.tsv")
    assert all(each.is_outside for each in calls.statements)
    origin = calls.statements[0].origin
    assert (origin.reference, origin.path, origin.status) == ("pharmcat.tsv", "line 2", "final")


def test_the_example_that_pharmcat_publishes_is_read_whole(read, shared):
    example = shared / "facts/pharmcat_examples/pharmcat.example.outsideCall.tsv"
    calls = read(example.read_bytes())
    assert calls.not_understood == ()
    assert [each.gene for each in calls.statements] == ["CYP2D6", "HLA-B", "MT-RNR1"]


def test_several_lines_of_a_gene_are_the_calls_it_may_be(read):
    calls = read("CYP2C19\t*1/*2\nCYP2C19\t*4/*17\nHLA-B\t*15:02/*57:01\nHLA-B\t*15:02/*58:01")
    first, typing = calls.statements
    assert (first.value, first.origin.path) == ("*1/*2 or *4/*17", "lines 1, 2")
    assert typing.value == "*15:02+*57:01|*15:02+*58:01"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("CYP2D99\t*1/*2", "the first column names no gene we know"),
        ("40\t*1/*2", "the first column names no gene we know"),
        ("CYP2D6\t\t\t", "no diplotype, phenotype or activity score of CYP2D6"),
        ("CYP2D6", "no diplotype, phenotype or activity score of CYP2D6"),
        ("CYP2D6\t*1/*4\tIM\t1.0\tmore", "5 columns where at most 4 are expected"),
        ("HLA-B\t\tHigh risk", "the result stated for HLA-B is not `*57:01 positive`"),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_the_others_are_read(read, line, why):
    calls = read(f"# genes\n{line}\n\nTPMT\t*1/*3A\n")
    assert [each.gene for each in calls.statements] == ["TPMT"]
    assert refused(calls) == {("line 2", why)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_byte_order_mark_and_line_ends_make_no_difference(read, encoding, end):
    text = end.join(["#gene\tdiplotype", "CYP2D6\t*4x≥3/*1", '"TPMT"\t"*1/*3A"', ""])
    assert said(read(text.encode(encoding))) == {
        "CYP2D6": [is_there(DIPLOTYPE, "*4x≥3/*1")],
        "TPMT": [is_there(DIPLOTYPE, "*1/*3A")],
    }


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("", True),
        ("None", True),
        ("n/a", True),
        ("./.", True),
        ("Unknown/Unknown", True),
        ("*1/NO_MATCH", True),  # half a diplotype
        ("*1/*1", False),
        ("B/-", False),  # one X chromosome
        ("Reference/Reference", False),
    ],
)
def test_a_call_that_lacks_a_half_is_no_call(cell, answer):
    assert is_no_call(cell) is answer


def test_pypgx_rows_state_the_genotype_and_the_phenotype_beside_it(read_file):
    calls = read_file("pypgx.tsv")
    assert calls.tool == "PyPGx"
    assert said(calls) == {
        "CYP2D6": [
            is_there(DIPLOTYPE, "*1/*36+*10"),
            is_there(PHENOTYPE, "Intermediate Metabolizer"),
        ],
        "CYP2C19": [NO_CALL],  # Indeterminate: neither genotype nor phenotype
        "CYP2C9": [is_there(DIPLOTYPE, "*1/*3"), is_there(PHENOTYPE, "Intermediate Metabolizer")],
        "VKORC1": [is_there(DIPLOTYPE, "rs9923231 reference (C)/rs9923231")],
        "G6PD": [is_there(DIPLOTYPE, "A- 202A_376G/Y"), is_there(PHENOTYPE, "G6PD Deficient")],
    }
    assert refused(calls) == {("", "genes not used: GSTT1")}
    assert [caveat.code for each in calls.statements for caveat in each.caveats] == [
        "PGX-547",  # CYP2C9: another phase would give *5
        "PGX-602",  # VKORC1: Reference
    ]


PYPGX_TABLE = (
    "\tGenotype\tPhenotype\tHaplotype1\tHaplotype2\tAlternativePhase\tVariantData\tCNV\n"
    "synthetic-1\t*1/*68+*4\tIntermediate Metabolizer\t*4;\t*1;\t;\t*1:default;\tTandem1A\n"
)


def archive(**members):
    """A zip archive as PyPGx writes it: its files in a folder of its own."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in members.items():
            made.writestr(f"tmpsynthetic/{name.replace('_', '.')}", text)
    return packed.getvalue()


METADATA = "Gene=CYP2D6\nAssembly=GRCh38\nSemanticType=SampleTable[Results]\n"


def test_a_pypgx_archive_names_the_gene_of_its_table(read):
    calls = read(archive(metadata_txt=METADATA, data_tsv=PYPGX_TABLE), name="results.zip")
    assert calls.tool == "PyPGx"
    assert said(calls)["CYP2D6"][0] == is_there(DIPLOTYPE, "*1/*68+*4")


@pytest.mark.parametrize(
    "data",
    [
        archive(metadata_txt=METADATA),
        archive(metadata_txt=METADATA, data_tsv="\tAlleles\nsynthetic-1\t*1\n"),
        archive(data_tsv=PYPGX_TABLE),
        archive(metadata_txt="Assembly=GRCh38\n", data_tsv=PYPGX_TABLE),
        archive(metadata_txt=METADATA, data_tsv=PYPGX_TABLE)[:200],
        archive(metadata_txt=METADATA, data_tsv=b"\xff\xfe"),
        PYPGX_TABLE,
    ],
)
def test_a_pypgx_table_without_its_gene_or_its_archive_is_refused(read, data):
    with pytest.raises(UnreadableCalls) as raised:
        read(data)
    assert raised.value.code == "PGX-110"


def test_a_large_member_of_an_archive_is_not_unpacked(read, monkeypatch):
    monkeypatch.setattr("fhir_pgx.outside.pypgx.MOST_BYTES", 1000)
    with pytest.raises(UnreadableCalls):
        read(archive(metadata_txt=METADATA, data_tsv=PYPGX_TABLE + " " * 2000))


def test_aldy_solutions_are_read_once_each_by_their_major_alleles(read_file):
    calls = read_file("aldy.aldy")
    assert calls.tool == "Aldy"
    assert said(calls) == {
        "CYP2D6": [is_there(DIPLOTYPE, "*1/*68+*4 or *1/*2x2")],
        "TPMT": [is_there(DIPLOTYPE, "*1/*3A")],  # Aldy writes *3A as *3
    }
    assert refused(calls) == {("", "genes not used: CYP2A13")}


ALDY_HEADER = "#Sample\tGene\tSolutionID\tMajor\tMinor\tCopy\tAllele\n"


def test_aldy_without_a_solution_is_told_and_never_silent(read):
    assert refused(read(ALDY_HEADER)) == {("", "the Aldy file holds no call")}
    deleted = read(ALDY_HEADER + "#Solution 1: \n")  # *5/*5 has no line of its own
    assert refused(deleted) == {("line 2", "a solution without a line that names its gene")}
    assert said(read(ALDY_HEADER + "synthetic-1\tCYP2D6\t1\t\t\t0\t\n")) == {"CYP2D6": [NO_CALL]}


CYRIUS_HEADER = "Sample\tGenotype\tFilter\n"


@pytest.mark.parametrize(
    ("genotype", "flag", "value"),
    [
        ("*1/*4", "PASS", "*1/*4"),
        ("*36+*10/*1", "PASS", "*36+*10/*1"),
        ("*1/*46;*43/*45", "More_than_one_possible_genotype", "*1/*46 or *43/*45"),
        # The two examples of the tool's own page.
        ("*1_*2_*68", "Not_assigned_to_haplotypes", "*1/*68+*2 or *2/*68+*1 or *1+*2/*68"),
        ("*1x4", "Not_assigned_to_haplotypes", "*1/*1x3 or *1x2/*1x2"),
        ("*1/*4.013+*4", "PASS", "*1/*4x2"),  # two copies without function
        ("*1_?", "Not_assigned_to_haplotypes", "*1_?"),
    ],
)
def test_cyrius_genotypes_become_every_diplotype_they_allow(read, genotype, flag, value):
    calls = read(f"{CYRIUS_HEADER}synthetic-1\t{genotype}\t{flag}\n")
    assert calls.tool == "Cyrius"
    assert said(calls) == {"CYP2D6": [is_there(DIPLOTYPE, value)]}
    assert "PGX-546" not in {caveat.code for caveat in calls.statements[0].caveats}


def test_cyrius_none_is_a_no_call_and_a_weak_call_says_so(read):
    assert said(read(f"{CYRIUS_HEADER}synthetic-1\tNone\tNone\n")) == {"CYP2D6": [NO_CALL]}
    weak = read(f"{CYRIUS_HEADER}synthetic-1\t*1x3/*2x3\tLowQ_high_CN\n")
    assert [caveat.code for caveat in weak.statements[0].caveats] == ["PGX-546"]


def test_starphase_diplotypes_are_core_alleles_where_it_gives_them(read_file):
    calls = read_file("starphase.json")
    assert calls.tool == "StarPhase"
    assert said(calls) == {
        "CYP2C19": [is_there(DIPLOTYPE, "*1/*4 or *4/*17")],
        "CYP2C9": [NO_CALL],
        "CYP2D6": [is_there(DIPLOTYPE, "*68+*4/*1")],
        "DPYD": [is_there(DIPLOTYPE, "Reference/c.2846A>T")],
        "HLA-B": [is_there(DIPLOTYPE, "57:01:01:01+08:01:01:01")],
        "MT-RNR1": [is_there(DIPLOTYPE, "1555A>G/1555A>G")],
    }
    assert refused(calls) == {
        ("gene_details.CYP4F2", "a list of diplotypes with `hap1` and `hap2` is expected"),
        ("", "genes not used: CYP2A13"),
    }


def test_optitype_best_solution_types_hla_a_and_b(read_file):
    calls = read_file("optitype.tsv")
    assert calls.tool == "OptiType"
    assert said(calls) == {
        "HLA-A": [is_there(DIPLOTYPE, "A*31:01+A*31:01")],
        "HLA-B": [is_there(DIPLOTYPE, "B*15:02+B*57:01")],
    }
    assert refused(calls) == {
        ("line 3", "a solution that is not the best one; the first was used"),
        ("", "genes not used: HLA-C"),
    }


def test_optitype_locus_without_alleles_is_a_no_call_and_one_allele_leaves_the_other_open(read):
    calls = read("\tA1\tA2\tB1\tB2\tReads\tObjective\n0\t\t\tB*57:01\t\t9\t9\n")
    assert said(calls) == {"HLA-A": [NO_CALL], "HLA-B": [is_there(DIPLOTYPE, "B*57:01")]}


TWO_SAMPLES = {
    "Cyrius": f"{CYRIUS_HEADER}synthetic-1\t*1/*4\tPASS\nsynthetic-2\t*4/*4\tPASS\n",
    "Aldy": f"{ALDY_HEADER}synthetic-1\tCYP2D6\t1\t*1/*4\nsynthetic-2\tCYP2D6\t1\t*4/*4\n",
    "PyPGx": "Symbol\tSampleName\tGenotype\tHaplotype1\tHaplotype2\n"
    "CYP2D6\tsynthetic-1\t*1/*4\t*4;\t*1;\nCYP2D6\tsynthetic-2\t*4/*4\t*4;\t*4;\n",
}


@pytest.mark.parametrize("tool", TWO_SAMPLES)
def test_the_samples_of_one_table_are_never_mixed(read, tool):
    with pytest.raises(MixedPatients):
        read(TWO_SAMPLES[tool])
    chosen = read(TWO_SAMPLES[tool], sample="synthetic-2")
    assert (chosen.tool, said(chosen)) == (tool, {"CYP2D6": [is_there(DIPLOTYPE, "*4/*4")]})
    assert chosen.sample == "synthetic-2"
    with pytest.raises(UnreadableCalls):
        read(TWO_SAMPLES[tool], sample="synthetic-3")


@pytest.mark.parametrize(
    ("name", "tool", "sample"),
    [
        ("aldy.aldy", "Aldy", "synthetic-1"),
        ("cyrius.tsv", "Cyrius", "synthetic-1"),
        ("pypgx.tsv", "PyPGx", "synthetic-1"),
        ("optitype.tsv", "OptiType", ""),  # its first column numbers the solutions
        ("pharmcat.tsv", "PharmCAT", ""),
        ("starphase.json", "StarPhase", ""),  # its JSON has no member for the sample
    ],
)
def test_the_sample_is_the_one_that_the_tools_table_names(read_file, name, tool, sample):
    calls = read_file(name)
    assert (calls.tool, calls.sample) == (tool, sample)


@pytest.mark.parametrize(
    ("content", "sample"),
    [
        (archive(metadata_txt=METADATA, data_tsv=PYPGX_TABLE), "synthetic-1"),
        # The table of print-data, its column of samples cut away: no genotype is a name.
        ("Gene\tGenotype\tHaplotype1\tHaplotype2\nCYP2D6\t*1/*4\t*4;\t*1;\n", ""),
        ("Gene\tPhenotype\tGenotype\tHaplotype1\tHaplotype2\nTPMT\tIM\t*1/*2\t*2;\t*1;\n", ""),
        (ALDY_HEADER + "synthetic-1\tCYP2D6\t1\t\t\t0\t\n", "synthetic-1"),  # tested, no call
        (CYRIUS_HEADER, ""),  # no line, so nobody's
    ],
)
def test_a_sample_is_named_wherever_a_line_names_it_and_nowhere_else(read, content, sample):
    assert read(content).sample == sample


def test_a_table_without_a_line_is_told_to_hold_no_call(read):
    assert refused(read(CYRIUS_HEADER)) == {("", "the Cyrius file holds no call")}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "line 1: an empty file"),
        ("#gene\tdiplotype\n", "line 1: comments alone"),
        ("{}", "line 1: a JSON object without `pbstarphase_version` and `gene_details`"),
        ('{"a": 1, "a": 2}', "line 1: something that begins as JSON and is none"),
        ('{"a": NaN}', "line 1: something that begins as JSON and is none"),
        ('{"a":' * 100_000, "line 1: something that begins as JSON and is none"),
        ("CYP2D6 *1/*4", "line 1: 1 column between tabs, of no format we know"),
        ("Jane\tDoe\n", "line 1: 2 columns between tabs, of no format we know"),
        ("##fileformat=VCFv4.2\n22\t1\t.\tA\tC\n", "line 2: 5 columns between tabs, of no format"),
        (b"\xff\xfeC\x00Y\x00", "line 1: bytes that are not UTF-8"),
    ],
)
def test_an_unknown_shape_is_refused_with_the_formats_that_are_read(read, content, found):
    with pytest.raises(UnreadableCalls) as raised:
        read(content)
    assert raised.value.text.startswith(found)
    assert "Jane" not in raised.value.text
    for tool in ("PharmCAT", "PyPGx", "Aldy", "Cyrius", "StarPhase", "OptiType"):
        assert tool in raised.value.mend


def test_a_key_of_starphase_that_stands_twice_is_refused(read):
    twice = '{"pbstarphase_version": "1", "gene_details": {"CYP2D6": {}, "CYP2D6": {}}}'
    with pytest.raises(UnreadableCalls):
        read(twice)
    once = json.loads(twice)
    assert refused(read(json.dumps(once))) == {
        ("gene_details.CYP2D6", "a list of diplotypes with `hap1` and `hap2` is expected")
    }


# What is stated here is what the names room reads


def haplotypes(value, rules):
    return [diplotype.haplotypes for diplotype in parse_diplotypes(value, rules)[0]]


@pytest.mark.parametrize(
    ("stated", "alleles"),
    [
        ("*1x2/*4", ("*1x2", "*4")),
        ("*36+*10/*1", ("*1", "*36 + *10")),
        ("*10+*36/*1", ("*1", "*36 + *10")),
        ("[*36 + *10]/*1", ("*1", "*36 + *10")),
        ("*68+*4/*1", ("*1", "*68 + *4")),
        ("*1/*4.001+*68", ("*1", "*68 + *4")),
        ("*36+*36+*10/*10", ("*10", "*36x2 + *10")),
        ("*13+*2/*41", ("*41", "*13 + *2")),
        ("*1/*41x3", ("*1", "*41x3")),
        ("*4x≥3/*1", ("*1", "*4x≥3")),
        ("*1≥3/*4", ("*1x≥3", "*4")),
        ("*1x5/*4", ("*1x≥3", "*4")),
        ("*2xN/*1", ("*1", "*2xN")),  # a count that is not known has no function
        ("*4.024/*1", ("*1", "*4")),
        ("*2+*2/*4", ("*2x2", "*4")),
    ],
)
def test_cyp2d6_strands_are_stated_as_the_allele_tables_write_them(
    read, knowledge, stated, alleles
):
    (statement,) = read(f"CYP2D6\t{stated}").statements
    (found,) = haplotypes(statement.value, knowledge.genes["CYP2D6"])
    assert sorted(found) == sorted(alleles)


@pytest.mark.parametrize("stated", ["*41+rs368858603/*2", "*36.ALDY+*10/*10", "*2/*68:2"])
def test_a_strand_with_a_new_variant_is_not_read_as_the_known_allele(read, knowledge, stated):
    (statement,) = read(f"CYP2D6\t{stated}").statements
    assert statement.value == stated
    assert parse_diplotypes(statement.value, knowledge.genes["CYP2D6"]) is None


@pytest.mark.parametrize("name", sorted(path.name for path in CALLS.iterdir()))
def test_every_diplotype_of_the_samples_can_be_read(read_file, knowledge, name):
    stated = [each for each in read_file(name).statements if each.kind is DIPLOTYPE and each.value]
    assert stated
    for each in stated:
        rules = knowledge.genes[each.gene]
        is_hla = rules.method == "allele-status"
        found = (
            parse_typing(each.value, each.gene) if is_hla else parse_diplotypes(each.value, rules)
        )
        assert found is not None, each.value
