"""How VCF files reach the reading: plain, packed, indexed, cut off. Every genotype is synthetic."""

import gzip
import io
import os
import shutil
import sys
import threading
import tracemalloc
import zlib
from dataclasses import replace

import pysam
import pytest

from fhir_pgx.cli.inputs import find_files, read_files
from fhir_pgx.cli.options import WrongUsage
from fhir_pgx.cli.tabix import END_OF_FILE
from fhir_pgx.errors import UnreadableText, UnreadableVcf
from fhir_pgx.model.variant import Wanted
from fhir_pgx.vcf import read_vcf

HEADER = (
    b"##fileformat=VCFv4.2\n##source=synthetic, made for the tests\n"
    b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
)
WANTED = Wanted(
    {"chr1": "1", "chr10": "10", "chrX": "X"},
    {
        "10": ((94_761_899, 94_761_900), (94_762_000, 94_762_001), (94_999_999, 95_000_000)),
        "X": ((154_536_001, 154_536_002),),
    },
)


def line(contig, position, *, ref="A", alt="C", info="DP=30", genotype="0/1"):
    cells = (contig, position, ".", ref, alt, "50", "PASS", info, "GT:DP", f"{genotype}:30")
    return "\t".join(str(cell) for cell in cells).encode() + b"\n"


def lines_of_a_genome():
    """A variant every 400 bases, blocks that reach over several spans, a deletion into one."""
    yield from (line("chr1", position) for position in range(1_000, 900_000, 400))
    yield from (line("chr10", position) for position in range(94_000_000, 94_760_000, 400))
    yield line("chr10", 94_761_000, alt="<NON_REF>", info="END=94763000", genotype="0/0")
    yield line("chr10", 94_761_900, ref="C", alt="T")
    yield line("chr10", 94_762_500, alt="<NON_REF>", info="END=95500000", genotype="0/0")
    yield line("chr10", 94_999_990, ref="AAAAAAAAAAAAAA", alt="A")
    yield from (line("chr10", position) for position in range(95_000_004, 96_000_000, 400))
    yield line("chrUn_2", 5)
    yield line("chrX", 154_536_002, ref="C", alt="T", genotype="1")


GENOME = HEADER + b"".join(lines_of_a_genome())
KEPT = [94_760_999, 94_761_899, 94_762_499, 94_999_989, 154_536_001]


def read(path, **rest):
    """The content of a file, by the door of the command."""
    (document,) = read_files([str(path)])
    assert document.data == b""
    assert document.source is not None
    return read_vcf(document.source, WANTED, name=document.name, **rest)


def starts(content):
    return [record.start for record in content.records]


@pytest.fixture
def indexed(tmp_path):
    """A bgzip file with its index, as bcftools and bgzip write them."""

    def make(data=GENOME, name="a.vcf.gz", *, csi=False):
        path, plain = tmp_path / name, tmp_path / "plain.vcf"
        plain.write_bytes(data)
        pysam.tabix_compress(str(plain), str(path), force=True)
        pysam.tabix_index(str(path), preset="vcf", force=True, csi=csi)
        plain.unlink()
        return path

    return make


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("a.vcf", lambda data: data),
        ("no-ending", lambda data: data),
        ("a.vcf.gz", gzip.compress),
        ("a.vcf", gzip.compress),
        ("two.vcf.gz", lambda data: gzip.compress(data[:9_000]) + gzip.compress(data[9_000:])),
        ("padded.vcf.gz", lambda data: gzip.compress(data) + b"\0" * 700),
    ],
)
def test_a_vcf_is_streamed_whatever_it_is_packed_in(tmp_path, name, packed):
    path = tmp_path / name
    path.write_bytes(packed(GENOME))
    content = read(path)
    assert starts(content) == KEPT
    assert content.line_count == GENOME.count(b"\n")
    assert content.name == name
    assert content.not_understood == ()
    assert not content.is_truncated


@pytest.mark.parametrize("csi", [False, True], ids=["tbi", "csi"])
def test_the_index_gives_the_same_records_as_the_stream(indexed, csi):
    path = indexed(csi=csi)
    by_index = read(path)
    path.with_name(path.name + (".csi" if csi else ".tbi")).unlink()
    streamed = read(path)
    assert by_index.line_count == 0  # the index was used
    assert streamed.line_count == GENOME.count(b"\n")
    assert by_index.records == tuple(replace(record, line=0) for record in streamed.records)
    assert starts(streamed) == KEPT
    assert by_index.unknown_contigs == streamed.unknown_contigs == ("chrUn_2",)
    assert (by_index.samples, by_index.contigs) == (streamed.samples, streamed.contigs)


def test_by_an_index_a_fault_is_placed_by_contig_and_position(indexed):
    content = read(indexed(GENOME + line("chrX", 154_536_002, genotype="0/7")))
    (fault,) = content.not_understood
    assert content.line_count == 0
    assert fault.path == "chrX:154536002"
    assert "0/7" in fault.reason


def test_a_header_that_cannot_be_used_is_told_of_by_the_index_too(indexed):
    path = indexed()
    with pytest.raises(UnreadableVcf, match="no sample S9"):
        read(path, samples=("S9",))


def older(path, index):
    before = path.stat().st_mtime - 10
    os.utime(index, (before, before))


def of_another_file(path, index):
    """An index of a shorter file, made later: a file was replaced and its index left."""
    other = path.with_name("other.vcf.gz")
    plain = path.with_name("other.vcf")
    plain.write_bytes(HEADER + line("chr1", 7) + line("chr10", 94_761_900))
    pysam.tabix_compress(str(plain), str(other))
    pysam.tabix_index(str(other), preset="vcf", force=True)
    shutil.copy(f"{other}.tbi", index)


def for_other_columns(path, index):
    """An index that takes the columns for those of a BED file."""
    pysam.tabix_index(str(path), seq_col=0, start_col=1, end_col=1, force=True, zerobased=True)


def cut_short(path, index):
    index.write_bytes(gzip.compress(gzip.decompress(index.read_bytes())[:-40]))


def of_another_kind(path, index):
    index.write_bytes(gzip.compress(b"BAI\1" + bytes(100)))


def not_even_packed(path, index):
    index.write_bytes(b"an index")


@pytest.mark.parametrize(
    "spoil",
    [older, of_another_file, for_other_columns, cut_short, of_another_kind, not_even_packed],
)
def test_an_index_that_does_not_fit_is_not_used(indexed, capfd, spoil):
    path = indexed()
    spoil(path, path.with_name(path.name + ".tbi"))
    content = read(path)
    assert content.line_count == GENOME.count(b"\n")
    assert starts(content) == KEPT
    assert capfd.readouterr() == ("", "")


def blocks_of(data):
    """The beginnings of a bgzip file's blocks."""
    found, at = [], 0
    while at < len(data):
        found.append(at)
        at += int.from_bytes(data[at + 16 : at + 18], "little") + 1
    return found


def test_a_damaged_block_is_told_of_and_never_passed_over(indexed, capfd):
    path = indexed()
    data = bytearray(path.read_bytes())
    blocks = blocks_of(data)
    (hit,) = (
        at for at in blocks if b"\tEND=94763000" in zlib.decompressobj(31).decompress(data[at:])
    )
    data[hit + 60] ^= 0xFF
    index = path.with_name(path.name + ".tbi")
    path.write_bytes(data)
    os.utime(index)
    content = read(path)
    assert content.is_truncated
    assert content.line_count > 0
    assert content.records == ()
    assert "broken" in content.not_understood[-1].reason
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_a_packed_file_that_ends_early_keeps_what_came_before(tmp_path, share):
    packed = gzip.compress(GENOME)
    path = tmp_path / "a.vcf.gz"
    path.write_bytes(packed[: int(len(packed) * share)])
    content = read(path)
    assert content.is_truncated
    assert 3 < content.line_count < GENOME.count(b"\n")
    assert starts(content) == KEPT[: len(content.records)]
    (fault,) = content.not_understood
    assert fault.path == f"line {content.line_count + 1}"
    assert "the gzip data end early; from here on the file was not read" in fault.reason


def test_a_packed_file_whose_check_sum_is_wrong_is_told_of(tmp_path):
    packed = bytearray(gzip.compress(GENOME))
    packed[-6] ^= 0xFF
    path = tmp_path / "a.vcf.gz"
    path.write_bytes(packed)
    assert read(path).is_truncated


def test_a_bgzip_file_cut_between_two_blocks_is_told_of(indexed):
    path = indexed()
    data = path.read_bytes()
    assert data.endswith(END_OF_FILE)
    path.write_bytes(data[: blocks_of(data)[3]])
    content = read(path)
    assert content.is_truncated
    assert "lack the block that ends them" in content.not_understood[-1].reason


def test_a_packed_header_that_ends_early_is_an_error(tmp_path):
    path = tmp_path / "a.vcf.gz"
    whole = gzip.compress(HEADER, compresslevel=0)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableText, match="end early"):
        read(path)


@pytest.mark.parametrize("packed", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_standard_input_is_streamed(monkeypatch, packed):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(packed(GENOME))))
    content = read("-")
    assert starts(content) == KEPT
    assert (content.name, content.is_truncated) == ("-", False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_read_once_and_whole(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(GENOME,))
    writer.start()
    content = read(path)
    writer.join()
    assert starts(content) == KEPT


def test_a_bcf_reaches_its_refusal(tmp_path):
    path = tmp_path / "a.bcf"
    path.write_bytes(gzip.compress(b"BCF\2\2" + bytes(100)))
    with pytest.raises(UnreadableVcf, match="BCF"):
        read(path)


@pytest.mark.parametrize(
    ("name", "data", "shown"),
    [
        ("a.json", b'{"resourceType": "Bundle"}', "a.json"),
        ("a.json.gz", gzip.compress(b'{"resourceType": "Bundle"}', mtime=0), "a.json"),
        ("a.xml", b"<Bundle/>", "a.xml"),
        ("a.ndjson", b"{}\n" * 50_000, "a.ndjson"),
        ("b.ndjson.gz", gzip.compress(b"{}\n" * 50_000, mtime=0), "b.ndjson"),
        ("calls.tsv", b"CYP2C9\t*1/*2\n", "calls.tsv"),
        ("empty", b"", "empty"),
    ],
)
def test_every_other_file_is_read_whole(tmp_path, name, data, shown):
    (tmp_path / name).write_bytes(data)
    (document,) = read_files([str(tmp_path / name)])
    assert document.source is None
    assert document.name == shown
    assert document.data == (gzip.decompress(data) if name.endswith(".gz") else data)


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path):
    with pytest.raises(WrongUsage, match="cannot be read"):
        read_files([str(tmp_path / "none.vcf")])


def test_broken_gzip_of_other_files_is_still_an_error(tmp_path):
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b'{"resourceType": "Bundle"}', mtime=0)[:-9])
    with pytest.raises(UnreadableText):
        read_files([str(path)])


def test_a_folder_to_load_gives_its_fhir_files_alone(tmp_path):
    for name in ("b.vcf", "a.vcf.gz", "c.json", "a.json.gz", "a.vcf.gz.tbi", "d.txt", "e.XML"):
        (tmp_path / name).touch()
    found = [name.rpartition(os.sep)[2] for name in find_files([str(tmp_path)])]
    assert found == ["a.json.gz", "c.json", "e.XML"]


def test_a_long_packed_file_is_read_in_little_memory(tmp_path):
    path = tmp_path / "a.vcf.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(HEADER)
        for position in range(94_000_000, 96_000_000, 10):
            file.write(line("chr10", position))
    tracemalloc.start()
    try:
        content = read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert content.line_count == 200_003
    assert starts(content) == [94_761_899, 94_999_999]
    assert peak < 2_000_000  # of 9 MB of text
