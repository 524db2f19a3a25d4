"""A report of ours, read by our own reader, is the interpretation that it was written from.

What a report cannot carry is listed in docs/methods/reports-out.md, and tested at the end. All
patients are synthetic.
"""

import json
from pathlib import Path

import pytest

from fhir_pgx.errors import PgxError
from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.json import read_json
from fhir_pgx.model.document import Document, Options
from tests.reports.people import bundle, result, stated_of, vcf_of

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = (
    "01_ig_pgxexample.json", "02_stu1_pgxexample.xml", "03_emerge_negative1.json",
    "04_ig_hla_glstring.json", "05_ig_basic_variant_genotype_tx.json",
    "06_r4core_molecularsequence.json", "07_stu1_snvexample.xml", "08_vcf2fhir_example3.json",
    "09_vcf2fhir_example4.vcf", "10_ops_find_study_metadata.json",
)  # fmt: skip
GENOMES = sorted(
    path.name
    for path in (ROOT / "examples" / "genomes").glob("*.vcf")
    if path.name != "family.vcf"  # three persons
)
PATIENTS = sorted(path.name for path in (ROOT / "examples" / "patients").glob("*.json"))
REQUESTS = sorted(path.parent.name for path in (ROOT / "examples").glob("*/request.json"))


def facts(result):
    """What must come back. `basis` may change: a genotype that a report states is stated."""
    seen = result.coverage
    return {
        "status": result.status.value,
        "diplotypes": list(dict.fromkeys(each.name for each in result.diplotypes)),
        "phenotype": result.phenotype,
        "score": result.activity_score,
        "alleles": result.allele_status,
        "keys": sorted(result.lookup_keys),
        "coverage": (seen.tested, seen.missing, seen.no_call, seen.could_change) if seen else None,
    }


def differences(before, after):
    """What a gene says otherwise than before."""
    return {
        gene: {name: (said, facts(after.genes[gene])[name])
               for name, said in facts(result).items() if facts(after.genes[gene])[name] != said}
        for gene, result in before.genes.items()
        if facts(after.genes[gene]) != facts(result)
    }  # fmt: skip


@pytest.fixture(scope="session")
def changed(pipeline, report_of, read_back):
    """What reading the report of a document back changes; the genes that had a result."""

    def compared(data, name=""):
        document = Document(data, name)
        before, entries = pipeline._interpret_all([document], Options())
        patients = [each.resource for each in entries if each.type == "Patient"]
        after = read_back(report_of(data, name=name), *patients)
        known = [gene for gene, found in before.genes.items() if found.status != "not-tested"]
        return differences(before, after), known

    return compared


@pytest.mark.parametrize("name", SAMPLES)
def test_every_published_sample_comes_back(changed, shared, name):
    assert changed((shared / "samples" / name).read_bytes(), name)[0] == {}


@pytest.mark.parametrize("name", GENOMES)
def test_every_example_genome_comes_back_with_its_coverage(changed, name):
    different, known = changed((ROOT / "examples" / "genomes" / name).read_bytes(), name)
    assert different == {}
    assert known


@pytest.mark.parametrize("name", PATIENTS)
def test_every_example_patient_comes_back(changed, name):
    different, known = changed((ROOT / "examples" / "patients" / name).read_bytes(), name)
    assert different == {}
    assert known


def test_what_the_example_requests_bring_along_comes_back(changed):
    compared = 0
    for name in REQUESTS:
        try:
            document = read_json((ROOT / "examples" / name / "request.json").read_bytes(),
                                 max_bytes=10_000_000)  # fmt: skip
            found = entries_of(list((document.get("prefetch") or {}).values()))
            sent = bundle(*(each.resource for each in found if each.container is None))
            different, known = changed(json.dumps(sent, default=str).encode())
        except (PgxError, AttributeError):
            continue  # an example of what is refused
        assert different == {}, name
        compared += len(known)
    assert compared > 50


@pytest.mark.parametrize("build", ["GRCh38", "GRCh37"])
@pytest.mark.parametrize("seed", range(4))
def test_a_genome_by_chance_comes_back(changed, knowledge, seed, build):
    """With positions that are missing, not called, half called, or have a base that no allele has;
    phased and not; a woman's and a man's."""
    different, known = changed(vcf_of(knowledge, seed, build), "synthetic.vcf")
    assert different == {}
    assert len(known) > 10


@pytest.mark.parametrize("seed", range(25))
def test_stated_results_by_chance_come_back(changed, knowledge, seed):
    """Sure, open between several, contradicting, half, without a call."""
    different, known = changed(json.dumps(stated_of(knowledge, seed)).encode())
    assert different == {}
    assert len(known) > 5


def test_the_comparison_can_fail(pipeline, read_back):
    def genotype(value):
        return pipeline.interpret(entries_of(bundle(result("o", "CYP2C19", value))))

    found = differences(genotype("*1/*2"), genotype("*1/*1"))
    assert list(found) == ["CYP2C19"]
    assert found["CYP2C19"]["diplotypes"] == (["*1/*2"], ["*1/*1"])


# What a report cannot carry


def test_one_allele_alone_comes_back_as_a_result_without_a_call(changed):
    sent = bundle(result("o", "CYP2C19", "*2", code="84414-2"))
    assert changed(json.dumps(sent).encode()) == ({}, ["CYP2C19"])


def test_positions_taken_as_reference_on_request_come_back_as_not_read(report_of, read_back):
    """Nobody has read them: another reader must not take them for a result."""
    line = "chr10\t94942290\trs1799853\tC\tT\t.\tPASS\t.\tGT\t0/1"
    vcf = (
        "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n"
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tsynthetic\n{line}\n"
    )
    report = report_of(vcf.encode(), name="a.vcf", missing_as_reference=True)
    shown = [each["resource"].get("valueCodeableConcept", {}) for each in report["entry"]]
    assert any(value.get("text") == "*1/*2" for value in shown)
    back = read_back(report).genes
    assert back["CYP2C9"].coverage.tested == 1
    assert back["CYP2C9"].coverage.missing
    # No position of it was read at all.
    assert back["CYP2C19"].status.value == "not-called"
