"""What is kept of a VCF, and what is told of the rest. Every file and genotype is synthetic."""

import random
import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fhir_pgx.errors import UnreadableText, UnreadableVcf
from fhir_pgx.model.variant import VcfContig, Wanted
from fhir_pgx.vcf import BytesSource, is_vcf, read_vcf
from fhir_pgx.vcf.lines import lines_near, whole_lines
from fhir_pgx.vcf.spans import merged, watch_for

HERE = Path(__file__).parent
PASSED = sorted((HERE / "passed").glob("*.vcf"))
FAILED = sorted((HERE / "failed").glob("*.vcf"))

# 1-based: rs12248560, rs4986893, rs4244285, rs3918290, rs1050828, MT-RNR1 1555.
POSITIONS = {
    "10": (94761900, 94780653, 94781859),
    "1": (97450058,),
    "X": (154536002,),
    "MT": (1555,),
}
WANTED = Wanted(
    {
        **{f"chr{name}": name for name in ("1", "2", "10", "11", "X")},
        "10": "10",
        "NC_000010.11": "10",
        "MT": "MT",
        "chrM": "MT",
    },
    {name: tuple((each - 1, each) for each in found) for name, found in POSITIONS.items()},
)
COLUMNS = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT S1"


def vcf(*lines, columns=COLUMNS, head=()):
    """A VCF of lines with spaces for tabs."""
    body = [line.replace(" ", "\t") for line in (columns, *lines)]
    return "\n".join(["##fileformat=VCFv4.2", *head, *body, ""]).encode()


def read(data, **rest):
    return read_vcf(BytesSource(data), WANTED, name="a.vcf", **rest)


def noted(data, key):
    """The values of the lines `##key=…` in a file's header."""
    marker = f"##{key}="
    return [line.removeprefix(marker) for line in data.decode().split("\n") if marker in line]


def told(record):
    """A record as the files of `passed` write it."""
    alts = ",".join(record.alts) or "."
    calls = [
        f"{genotype}@{phase_set}" if phase_set else genotype
        for genotype, phase_set in zip(record.genotypes, record.phase_sets, strict=True)
    ]
    end = f" to {record.end}" if record.end is not None else ""
    return f"{record.contig}:{record.start + 1} {record.ref}>{alts} {' '.join(calls)}{end}"


def faults(content):
    return [f"{each.path}: {each.reason}" for each in content.not_understood]


def raised_text(data):
    return re.escape(noted(data, "says")[0].partition(": ")[2])


def name_of(path):
    return path.stem


@pytest.mark.parametrize("file", PASSED, ids=name_of)
def test_a_file_is_kept_as_it_says_it_is_to_be(file):
    data = file.read_bytes()
    content = read(data)
    assert [told(record) for record in content.records] == noted(data, "keeps")
    assert list(content.unknown_contigs) == noted(data, "unknown")
    assert content.not_understood == ()
    assert not content.is_truncated
    lines = data.decode().split("\n")
    assert content.line_count == len(lines) - 1
    for record in content.records:
        assert lines[record.line - 1].startswith(f"{record.contig}\t{record.start + 1}\t")


@pytest.mark.parametrize("file", FAILED, ids=name_of)
def test_a_file_that_is_broken_is_told_of_as_it_says(file):
    data = file.read_bytes()
    assert len(noted(data, "cause")) == 1
    says = noted(data, "says")
    if says[0].startswith("PGX"):
        with pytest.raises(UnreadableVcf) as raised:
            read(data)
        error = raised.value
        assert [f"{error.code} {error.where}: {error.text}"] == says
        assert error.mend
        return
    content = read(data)
    assert faults(content) == says
    assert {each.reference for each in content.not_understood} == {"a.vcf"}
    assert content.is_truncated == ("not read" in says[-1])


def test_there_are_files_that_pass_and_files_that_fail():
    assert len(PASSED) >= 10
    assert len(FAILED) >= 15


@dataclass
class Pieces:
    """A source of pieces of any size, which may break off."""

    data: bytes
    size: int = 7
    breaks_at: int | None = None

    def chunks(self) -> Iterator[bytes]:
        end = len(self.data) if self.breaks_at is None else self.breaks_at
        for start in range(0, end, self.size):
            yield self.data[start : min(end, start + self.size)]
        if self.breaks_at is not None:
            raise UnreadableText("the gzip data end early")

    def index(self):
        return None


@pytest.mark.parametrize(
    "rewritten",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.removesuffix(b"\n"),
        lambda data: data + b"\n\n\r\n",
        lambda data: b"\xef\xbb\xbf" + data,
    ],
    ids=["CRLF", "no last newline", "blank lines at the end", "UTF-8 byte order mark"],
)
@pytest.mark.parametrize("file", PASSED, ids=name_of)
def test_line_ends_and_marks_change_nothing(file, rewritten):
    data = file.read_bytes()
    plain, other = read(data), read(rewritten(data))
    assert other.records == plain.records
    assert not other.not_understood
    assert not other.is_truncated


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
@pytest.mark.parametrize("file", [*PASSED, *FAILED], ids=name_of)
def test_the_size_of_the_pieces_changes_nothing(file, size):
    data = file.read_bytes()
    if b"##says=PGX" in data:
        with pytest.raises(UnreadableVcf, match=rf"^{raised_text(data)}"):
            read_vcf(Pieces(data, size), WANTED, name="a.vcf")
    else:
        assert read_vcf(Pieces(data, size), WANTED, name="a.vcf") == read(data)


def test_all_of_a_line_that_is_kept_is_there():
    content = read(vcf("chr10 94761900 rs12248560;x C T,A 50 q10;s50 DP=3 GT:PS 1|2:7"))
    (record,) = content.records
    assert record.chromosome == "10"
    assert record.start == 94761899  # 0-based
    assert record.name == "rs12248560;x"
    assert record.filters == "q10;s50"
    assert (record.genotypes, record.phase_sets) == (("1|2",), ("7",))
    assert record.end is None


def test_a_genotype_of_endless_copies_is_none_and_is_not_cut_to_one():
    content = read(vcf(f"chr10 94761900 . C T . . . GT {'0/' * 150}1"))
    assert content.records[0].genotypes == (".",)
    assert len(content.not_understood) == 1


def test_the_header_says_what_it_knows_of_contigs_and_reference():
    head = [
        "##reference=file:///ref/genome.fa",
        '##contig=<ID=chr10,length=133797422,assembly="GRCh38, \\"patch\\" 14",species=human>',
        "##contig=<length=16569,ID=chrM>",
        "##contig=<ID=chrX,length=long>",
        "##contig=<length=3>",
        "##assembly=GRCh38",
    ]
    content = read(vcf(head=head))
    assert content.reference == "file:///ref/genome.fa; GRCh38"
    assert content.contigs == {
        "chr10": VcfContig(133797422, 'GRCh38, "patch" 14'),
        "chrM": VcfContig(16569),
        "chrX": VcfContig(None),
    }
    assert content.records == ()
    assert not content.is_truncated


def test_an_old_file_in_latin_1_is_read():
    data = vcf(
        "chr10 94761900 . C T . . . GT 0/1",
        columns=f"{COLUMNS[:-2]}J\N{LATIN SMALL LETTER O WITH DIAERESIS}rg",
    )
    for encoded in (data, data.decode().encode("latin-1")):
        assert read(encoded).samples == ("J\N{LATIN SMALL LETTER O WITH DIAERESIS}rg",)
        assert len(read(encoded).records) == 1


# Samples

THREE = (HERE / "passed" / "samples.vcf").read_bytes()


@pytest.mark.parametrize(
    ("asked", "samples", "genotypes"),
    [
        ((), ("S1", "S2", "S3"), ("0/1", "0/0", "./.")),
        (("S3",), ("S3",), ("./.",)),
        (("S3", "S1"), ("S3", "S1"), ("./.", "0/1")),
        (("S2", "S2"), ("S2",), ("0/0",)),
    ],
)
def test_the_samples_asked_for_are_read_in_the_order_asked(asked, samples, genotypes):
    content = read(THREE, samples=asked)
    assert content.samples == samples
    assert content.records[0].genotypes == genotypes


def test_a_sample_that_is_not_there_is_refused_and_those_there_are_named():
    with pytest.raises(UnreadableVcf, match="no sample S4") as raised:
        read(THREE, samples=("S1", "S4"))
    assert raised.value.mend == "its samples are: S1, S2, S3"
    many = " ".join([COLUMNS, *(f"T{i}" for i in range(20))])
    with pytest.raises(UnreadableVcf) as raised:
        read(vcf(columns=many), samples=("S4",))
    assert raised.value.mend.endswith("T7, T8 and 11 more")


def test_the_broken_genotype_of_a_sample_that_is_not_asked_for_is_no_fault():
    data = (HERE / "failed" / "one-sample-of-three.vcf").read_bytes()
    content = read(data, samples=("S2",))
    assert [record.genotypes for record in content.records] == [(".",), ("0/0",)]
    assert len(content.not_understood) == 1


def test_a_genotype_that_cannot_be_read_is_a_copy_without_an_answer():
    data = (HERE / "failed" / "one-sample-of-three.vcf").read_bytes()
    genotypes = [record.genotypes for record in read(data).records]
    assert genotypes == [("0/1", ".", "1/1"), (".", "0/0", ".")]


# What is no VCF, or only half of one


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"BCF\2\2\0\0\0", "BCF"),
        (vcf().decode().encode("utf-16"), "not text"),
        (b"##fileformat=VCFv4.2\n\0\0\0\0", "not text"),
        (b"", "no #CHROM line"),
        (b"##fileformat=VCFv4.2\r##a=b\r", "no #CHROM line"),
        (vcf(columns=COLUMNS.replace("S1", "S\0")), "not text"),
        (vcf().replace(b"\t", b" "), "columns are not those"),
    ],
)
def test_what_is_no_vcf_is_refused_with_what_to_do(data, text):
    with pytest.raises(UnreadableVcf, match=text) as raised:
        read(data)
    assert raised.value.code == "PGX-108"
    assert raised.value.mend


def test_a_bcf_is_answered_with_the_way_to_a_vcf():
    with pytest.raises(UnreadableVcf) as raised:
        read(b"BCF\2\2\0\0\0")
    assert "bcftools view" in raised.value.mend


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (b"##fileformat=VCFv4.3\n", True),
        (b"\xef\xbb\xbf##fileformat=VCFv4.1\r\n", True),
        (b"##source=x\n#CHROM\tPOS\tID\n", True),
        (b"#CHROM POS ID", True),
        (b"BCF\2\2", True),
        ("##fileformat=VCFv4.2\n".encode("utf-16"), True),
        (b'{"resourceType": "Bundle"}', False),
        (b"<Bundle/>", False),
        (b"##gff-version 3\n", False),
        (b"# a comment\nCYP2C9\t*1/*2\n", False),
        (b"", False),
    ],
)
def test_a_vcf_is_known_by_its_first_bytes(head, answer):
    assert is_vcf(head) is answer


TWO = vcf(
    "chr10 94761900 . C T . . . GT 0/1",
    "chr2 5 . C T . . . GT 0/1",
    "chr10 94781859 . G A . . . GT 0/1",
)


@pytest.mark.parametrize("size", [7, 1_000])
def test_data_that_break_off_keep_what_came_before(size):
    at = TWO.index(b"chr10\t94781859") + 5
    content = read_vcf(Pieces(TWO, size, breaks_at=at), WANTED, name="a.vcf")
    assert [record.start for record in content.records] == [94761899]
    assert content.is_truncated
    assert content.line_count == 4
    assert faults(content) == [
        "line 5: the gzip data end early; from here on the file was not read"
    ]


def test_data_that_break_off_after_a_whole_line_are_cut_off_all_the_same():
    content = read_vcf(Pieces(TWO, 7, breaks_at=len(TWO)), WANTED)
    assert (len(content.records), content.is_truncated, content.line_count) == (2, True, 5)


def test_data_that_break_off_within_the_header_are_an_error():
    with pytest.raises(UnreadableText, match="end early"):
        read_vcf(Pieces(TWO, 7, breaks_at=30), WANTED)


def test_a_line_without_end_stops_the_reading(monkeypatch):
    monkeypatch.setattr("fhir_pgx.vcf.lines.LONGEST_LINE", 1000)
    content = read_vcf(Pieces(TWO + b"x" * 2000), WANTED)
    assert len(content.records) == 2
    assert content.is_truncated
    assert "longer than 1000 bytes" in content.not_understood[0].reason


def test_zeros_in_place_of_lines_are_told_of():
    lines = TWO.split(b"\n")
    lines[-3] = b"\0" * 40
    content = read(b"\n".join(lines))
    assert len(content.records) == 2
    assert faults(content) == ["line 4: the line holds bytes that are not text"]


def test_the_same_header_met_again_is_passed_over():
    content = read(TWO + TWO.replace(b"94781859", b"94780653"))
    assert len(content.records) == 4
    assert not content.is_truncated


def test_faults_beyond_a_hundred_are_counted():
    lines = ["chr10 94761900 . C T . . . GT x"] * 130
    content = read(vcf(*lines, "chr10 94781859 . G A . . . GT 0/1"))
    assert len(content.not_understood) == 101
    assert content.not_understood[-1].reason == "and 30 more lines could not be used"
    assert content.records[-1].genotypes == ("0/1",)


def test_contigs_that_no_spelling_fits_are_named_up_to_fifty():
    content = read(vcf(*(f"scaffold_{i} 5 . C T . . . GT 0/1" for i in range(80))))
    assert content.unknown_contigs == tuple(f"scaffold_{i}" for i in range(50))
    assert content.not_understood == ()


# Against a slow and obvious reading


def overlaps(line, wanted):
    """Whether a well-formed line touches a wanted span, each span looked at."""
    contig, position, _, ref, _, _, _, info, *_ = line.split("\t")
    start = int(position) - 1
    end = start + len(ref)
    for member in info.split(";"):
        if member.startswith("END=") and int(member[4:]) > start:
            end = max(end, int(member[4:]))
    spans = wanted.spans.get(wanted.chromosomes.get(contig, ""), ())
    return any(low < end and start < high for low, high in spans)


def random_lines(chance, *, is_sorted, has_blocks):
    """Lines of wanted, unwanted and unknown contigs, of positions with 1 to 9 digits."""
    lines = []
    for contig in chance.sample(["chr1", "chr2", "chr10", "chrX", "chrM", "chrUn_1"], 6):
        places = [
            chance.choice([chance.randint(1, 10 ** chance.randint(1, 9)), 94_761_000 + i])
            for i in range(chance.randint(1, 400))
        ]
        for position in sorted(places) if is_sorted else places:
            ref = "A" * (chance.randint(1, 300) if chance.random() < 0.05 else 1)
            info = f"DP={chance.randint(1, 99)}"
            if has_blocks and chance.random() < 0.5:
                info = f"END={position + chance.randint(-2, 100_000)};{info}"
            lines.append(f"{contig}\t{position}\t.\t{ref}\tC\t.\t.\t{info}\tGT\t0/1")
    if not is_sorted:
        chance.shuffle(lines)
    return lines


@pytest.mark.parametrize("has_blocks", [False, True], ids=["variants", "with END"])
@pytest.mark.parametrize("is_sorted", [True, False], ids=["sorted", "unsorted"])
@pytest.mark.parametrize("seed", range(6))
def test_the_lines_kept_are_those_that_a_slow_reading_keeps(seed, is_sorted, has_blocks):
    chance = random.Random(seed)
    spans = {
        name: tuple(
            (start, start + chance.randint(1, 50))
            for start in sorted(
                chance.choice([chance.randint(0, 10**8), 94_761_000 + chance.randint(0, 500)])
                for _ in range(chance.randint(1, 6))
            )
        )
        for name in ("1", "10", "X", "MT")
    }
    wanted = replace(WANTED, spans=spans)
    lines = random_lines(chance, is_sorted=is_sorted, has_blocks=has_blocks)
    data = "\n".join(["##fileformat=VCFv4.2", COLUMNS.replace(" ", "\t"), *lines, ""]).encode()
    expected = [i for i, line in enumerate(lines, start=3) if overlaps(line, wanted)]
    content = read_vcf(Pieces(data, chance.choice([500, 5_000, 1_000_000])), wanted)
    assert [record.line for record in content.records] == expected
    assert content.line_count == len(lines) + 2
    assert content.unknown_contigs == ("chrUn_1",)


def test_lines_between_the_spans_are_passed_over_without_a_look_at_each():
    """The speed of the reading rests on it."""
    far = b"".join(b"chr10\t5%07d\t.\tA\tC\t.\t.\t.\tGT\t0/1\n" % i for i in range(5_000))
    positions = range(90_000_900, 100_000_900, 2_000)
    near = b"".join(b"chr10\t%d\t.\tA\tC\t.\t.\t.\tGT\t0/1\n" % each for each in positions)
    watch = watch_for(WANTED)
    assert list(lines_near(far, 1, 5_000, watch)) == []
    looked_at = list(lines_near(near, 1, 5_000, watch))
    assert 1 <= len(looked_at) < 1_000
    assert (2381, near.split(b"\n")[2380]) in looked_at


def test_spans_that_overlap_or_lie_near_are_merged():
    spans = merged([(1, 5), (3, 4), (5, 6), (8, 9)])
    assert (spans.starts, spans.ends) == ((1, 8), (6, 9))
    assert merged([(1, 5), (8, 9)], 3).ends == (9,)
    assert spans.overlap(6, 9)
    assert not spans.overlap(6, 8)


def test_whole_lines_end_where_a_line_ends():
    assert list(whole_lines([b"a", b"b\nc", b"d\n", b"", b"e"])) == [b"ab\n", b"cd\n", b"e"]


@dataclass
class Generated:
    """200,000 lines that are made while they are read."""

    def chunks(self) -> Iterator[bytes]:
        yield vcf()
        for start in range(0, 200_000, 2_000):
            rows = range(start, start + 2_000)
            yield b"".join(
                b"chr10\t%d\t.\tA\tC\t50\tPASS\tDP=30;AF=0.5\tGT:AD:DP\t0/1:15,15:30\n"
                % (94_000_000 + row * 10)
                for row in rows
            )

    def index(self):
        return None


def test_a_long_file_is_read_in_little_memory():
    tracemalloc.start()
    try:
        content = read_vcf(Generated(), WANTED)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert content.line_count == 200_002
    assert [record.start for record in content.records] == [94761899]
    assert peak < 2_000_000  # of 11 MB of text
