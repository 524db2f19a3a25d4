"""The published samples: every key of their manifest is read as it says (samples/manifest.json)."""

import json
from pathlib import Path
from typing import Any

import pytest

from fhir_pgx.fhir.bundle import entries_of, logical_id
from fhir_pgx.fhir.reading import read
from fhir_pgx.fhir.xml import parse_xml
from fhir_pgx.model.finding import StatementKind
from fhir_pgx.model.phenotype_words import standard_phenotype

SAMPLES = [
    "01_ig_pgxexample.json", "02_stu1_pgxexample.xml", "03_emerge_negative1.json",
    "04_ig_hla_glstring.json", "05_ig_basic_variant_genotype_tx.json",
    "06_r4core_molecularsequence.json", "07_stu1_snvexample.xml", "08_vcf2fhir_example3.json",
    "10_ops_find_study_metadata.json", "11_ig_ops_outputs.json",
]  # fmt: skip
SINGLE_ALLELE = {"HLA-B*15:02"}  # 05 sends one allele as a genotype: the other is not stated


def one_based(found: Any) -> str:
    start = found.start + 1 if found.start is not None else ""
    place = f"{found.build}:{found.chromosome}:{start}:{found.ref}:{found.alt}"
    return f"{place} {found.zygosity}".strip()


def genes_in(reading: Any) -> set[str]:
    stated = {one.gene for one in reading.statements}
    for one in (*reading.variants, *reading.implications):
        stated.update(one.genes)
    return stated


def agrees(found: Any, expected: dict[str, Any], vocabulary: Any) -> bool:
    """True where a variant says everything that the manifest lists of it."""
    said = {
        "presence": found.presence.value,
        "gene": list(found.genes),
        "ids": list(found.ids),
        "low": found.start,
        "high": found.end,
        "ref": found.ref,
        "alt": found.alt,
        "refseq": found.accession,
        "g": [found.genomic_hgvs],
        "p": [found.protein_hgvs],
        "source": found.source_class.value,
        "ctype": found.change_type,
        "cn": [int(found.copy_number)] if found.copy_number else [],
        "inner": [list(found.inner)] if found.inner else [],
    }
    lowered = {
        name: value.lower() if name in ("presence", "source") else value
        for name, value in expected.items()
    }
    return all(said[name] == value for name, value in lowered.items())


@pytest.fixture(scope="module")
def manifest(shared: Path) -> dict[str, dict[str, Any]]:
    text = (shared / "samples" / "manifest.json").read_text(encoding="utf-8")
    return {bundle["file"]: bundle["expected"] for bundle in json.loads(text)["bundles"]}


@pytest.fixture(scope="module")
def reading_of_sample(shared, vocabulary):
    def read_sample(name):
        path = shared / "samples" / name
        if path.suffix == ".xml":
            document = parse_xml(path.read_bytes())
        else:
            document = json.loads(path.read_text(encoding="utf-8"))
        return read(list(entries_of(document)), vocabulary)

    return read_sample


KEYS = {
    "patient", "genes", "genotypes", "haplotypes", "implications", "variant_count",
    "variants_normalised", "variants_not_directly_positional", "recommendations",
    "sequence_count", "diplotypes", "phenotypes", "phase", "diagnostic",
}  # fmt: skip


def test_this_test_knows_every_key_of_the_manifest(manifest):
    assert set().union(*manifest.values()) <= KEYS
    assert {name for name in manifest if not name.endswith(".vcf")} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_patients_and_genes(reading_of_sample, manifest, name):
    reading, expected = reading_of_sample(name), manifest[name]
    patients = {logical_id(patient) for patient in expected.get("patient", [])}
    assert patients <= set(reading.subjects)
    assert set(expected.get("genes", [])) <= genes_in(reading)


@pytest.mark.parametrize("name", SAMPLES)
def test_genotypes_haplotypes_and_diplotypes(reading_of_sample, manifest, name):
    reading, expected = reading_of_sample(name), manifest[name]
    for kind, key in (
        (StatementKind.DIPLOTYPE, "genotypes"),
        (StatementKind.HAPLOTYPE, "haplotypes"),
    ):
        stated = [
            {"gene": [one.gene], "value": one.value, "code": one.code}
            for one in reading.statements
            if one.kind is (StatementKind.HAPLOTYPE if one.value in SINGLE_ALLELE else kind)
        ]
        for wanted in expected.get(key, []):
            assert any(wanted.items() <= said.items() for said in stated), (key, wanted)
    diplotypes = {
        one.gene: one.value.removeprefix(one.gene).strip()
        for one in reading.statements
        if one.kind is StatementKind.DIPLOTYPE
    }
    assert expected.get("diplotypes", {}).items() <= diplotypes.items()


@pytest.mark.parametrize("name", SAMPLES)
def test_implications_and_phenotypes(reading_of_sample, manifest, vocabulary, name):
    reading, expected = reading_of_sample(name), manifest[name]
    stated = [
        {
            "gene": list(one.genes),
            "raw": list(one.texts),
            "normalised": list(one.normalised),
            "drugs": list(one.drugs),
        }
        for one in reading.implications
    ]
    for wanted in expected.get("implications", []):
        assert any(wanted.items() <= said.items() for said in stated), wanted
    phenotypes = {
        one.gene: standard_phenotype(one.gene, one.value, vocabulary)
        for one in reading.statements
        if one.kind is StatementKind.PHENOTYPE
    }
    if "phenotypes" in expected:
        assert phenotypes == expected["phenotypes"]


@pytest.mark.parametrize("name", SAMPLES)
def test_variants_and_sequences(reading_of_sample, manifest, vocabulary, name):
    reading, expected = reading_of_sample(name), manifest[name]
    observed = [found for found in reading.variants if not found.from_sequence]
    if "variant_count" in expected:
        assert len(observed) == expected["variant_count"]
    assert reading.sequence_count == expected.get("sequence_count", 0)
    placed = [one_based(found) for found in reading.variants if found.build and found.alt]
    if "variants_normalised" in expected:
        assert placed == expected["variants_normalised"]
    for wanted in expected.get("variants_not_directly_positional", []):
        assert any(agrees(found, wanted, vocabulary) for found in observed), wanted


@pytest.mark.parametrize("name", SAMPLES)
def test_phases_recommendations_and_diagnoses(reading_of_sample, manifest, name):
    reading, expected = reading_of_sample(name), manifest[name]
    phases = [
        {"id": one.origin.reference.replace("#", "/").split("/")[-1], "value": one.value,
         "of": list(one.of)}
        for one in reading.phases
    ]  # fmt: skip
    assert phases == expected.get("phase", [])
    assert [one.value for one in reading.recommendations] == expected.get("recommendations", [])
    diagnoses = [
        {"sig": list(one.significance)}
        | ({"phenotype": list(one.conditions)} if one.conditions else {})
        for one in reading.diagnoses
    ]
    assert diagnoses == expected.get("diagnostic", [])
