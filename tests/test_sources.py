"""Whose data files are, and what becomes of lines that cannot be used; all samples synthetic."""

import pytest

from fhir_pgx.errors import MixedPatients
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.document import Calling, Document, Options
from fhir_pgx.pipeline import Pipeline

STAR2 = (
    "chr10\t94775367\t.\tA\tG\t.\tPASS\t.\tGT\t1/1",
    "chr10\t94781859\t.\tG\tA\t.\tPASS\t.\tGT\t1/1",
    "chr10\t94842866\t.\tA\tG\t.\tPASS\t.\tGT\t1/1",
)


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes())


def vcf(*lines, sample="synthetic-1", header=""):
    columns = f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{sample}\n"
    text = f"##fileformat=VCFv4.2\n##reference=GRCh38\n{header}{columns}" + "\n".join(lines) + "\n"
    return Document(text.encode(), f"{sample}.vcf")


def interpret(pipeline, *documents, outside=(), **calling):
    options = Options(calling=Calling(**calling), outside_calls=tuple(outside))
    return pipeline.interpret_documents(documents, options)


def test_files_of_two_samples_are_not_one_patient(pipeline):
    with pytest.raises(MixedPatients, match="different samples"):
        interpret(pipeline, vcf(*STAR2), vcf(*STAR2, sample="synthetic-2"))
    found = interpret(pipeline, vcf(*STAR2), vcf("chr6\t18130687\t.\tT\tC\t.\tPASS\t.\tGT\t0/1"))
    assert found["subject"] == "synthetic-1"
    assert found["genes"]["TPMT"]["coverage"]["tested"] == 1


def test_calls_of_another_sample_are_not_this_patients(pipeline):
    cyrius = Document(b"Sample\tGenotype\tFilter\nsynthetic-2\t*4/*4\tPASS\n", "cyrius.tsv")
    with pytest.raises(MixedPatients, match="different samples"):
        interpret(pipeline, vcf(*STAR2), outside=[cyrius])
    same = Document(b"Sample\tGenotype\tFilter\nsynthetic-1.sorted\t*4/*4\tPASS\n", "cyrius.tsv")
    found = interpret(pipeline, vcf(*STAR2), outside=[same])
    assert found["genes"]["CYP2D6"]["diplotypes"][0]["name"] == "*4/*4"
    with pytest.raises(MixedPatients, match="different samples"):
        interpret(pipeline, outside=[cyrius], sample="synthetic-1")
    both = Document(
        b"Sample\tGenotype\tFilter\nsynthetic-2\t*4/*4\tPASS\nsynthetic-1\t*1/*4\tPASS\n",
        "cyrius.tsv",
    )
    found = interpret(pipeline, vcf(*STAR2), outside=[both], sample="synthetic-1")
    assert found["genes"]["CYP2D6"]["diplotypes"][0]["name"] == "*1/*4"


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("2024.001", "2024.002", False),
        ("synthetic.normal", "synthetic.tumor", False),
        ("synthetic", "synthetic.sorted.bam", True),
        ("S1", "S10", False),
    ],
)
def test_only_what_a_file_adds_to_a_samples_name_is_passed_over(pipeline, one, other, is_one):
    files = (
        vcf(*STAR2, sample=one),
        vcf("chr6\t18130687\t.\tT\tC\t.\tPASS\t.\tGT\t0/1", sample=other),
    )
    if is_one:
        assert interpret(pipeline, *files)["genes"]["TPMT"]["coverage"]["tested"] == 1
    else:
        with pytest.raises(MixedPatients):
            interpret(pipeline, *files)


def test_a_tumour_of_the_header_is_listed_and_not_read(pipeline):
    found = interpret(pipeline, vcf(*STAR2, header="##tumor_sample=synthetic-1\n"))
    assert found["genes"]["CYP2C19"]["status"] == "not-tested"
    assert "tumour" in found["not_understood"][0]["reason"]


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a wrong reference base", "chr10\t94781859\t.\tT\tA\t.\tPASS\t.\tGT\t1/1"),
        ("no sample column", "chr10\t94781859\t.\tG\tA\t.\tPASS\t.\tGT"),
        ("no genotype", "chr10\t94781859\t.\tG\tA\t.\tPASS\t.\tDP\t9"),
    ],
)
def test_a_line_that_cannot_be_used_never_becomes_the_reference(pipeline, what, line):
    found = interpret(pipeline, vcf(line, STAR2[2]), missing_as_reference=True)
    gene = found["genes"]["CYP2C19"]
    assert gene["coverage"]["tested"] == 1, what
    assert "PGX-537" in {caveat["code"] for caveat in gene["caveats"]}
    assert found["genes"]["TPMT"]["status"] == "not-tested"


def test_with_every_line_usable_the_rest_is_reference_as_asked(pipeline):
    found = interpret(pipeline, vcf(*STAR2), missing_as_reference=True)
    assert found["genes"]["CYP2C19"]["diplotypes"][0]["name"] == "*2/*2"
    assert found["genes"]["TPMT"]["diplotypes"][0]["name"] == "*1/*1"
    assert "PGX-638" in {caveat["code"] for caveat in found["genes"]["TPMT"]["caveats"]}


@pytest.mark.parametrize(
    "evidence", ["GT:DP\t0/0:0", "GT:DP:GQ\t0/0:1:0", "GT:MIN_DP\t0/0:0", "GT:DP\t1/1:0"]
)
def test_a_genotype_without_any_read_is_no_answer(pipeline, evidence):
    line = f"chr10\t94781859\t.\tG\tA\t.\tPASS\t.\t{evidence}"
    gene = interpret(pipeline, vcf(line, STAR2[2]))["genes"]["CYP2C19"]
    assert gene["coverage"]["no_call"] == ["rs4244285"]


def test_depth_that_is_left_out_says_nothing(pipeline):
    line = "chr10\t94781859\t.\tG\tA\t.\tPASS\t.\tGT:DP\t0/0:."
    gene = interpret(pipeline, vcf(line, STAR2[2]))["genes"]["CYP2C19"]
    assert gene["coverage"]["no_call"] == []


@pytest.mark.parametrize("info", ["END=94850000", "SVTYPE=DEL;SVLEN=-90000"])
def test_a_gene_under_a_carried_deletion_is_not_called_normal(pipeline, info):
    deletion = f"chr10\t94761000\t.\tA\t<DEL>\t.\tPASS\t{info}\tGT\t0/1"
    gene = interpret(pipeline, vcf(deletion, *STAR2))["genes"]["CYP2C19"]
    assert gene["status"] != "called"
    assert "PGX-535" in {caveat["code"] for caveat in gene["caveats"]}


def test_a_position_that_stands_without_end_is_read_a_hundred_times(pipeline):
    found = interpret(pipeline, vcf(STAR2[2], *[STAR2[1]] * 500))
    assert found["genes"]["CYP2C19"]["coverage"]["tested"] == 2
    reasons = [item["reason"] for item in found["not_understood"]]
    assert reasons[0] == "the position stands more than 100 times"
    assert len(reasons) == 101  # the first hundred, and how many more
