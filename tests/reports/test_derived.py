"""Conclusions of ours are evidence only where their sources are not at hand. Patients synthetic."""

import json

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.derived import derivation_of, evidence_of, is_kept_body
from fhir_pgx.fhir.json import write_json
from tests.reports.people import PATIENT, bundle, result, vcf_of

SOURCE = result("one", "CYP2C19", "*1/*2")


def observations(report):
    found = [each["resource"] for each in report["entry"]]
    return [each for each in found if each["resourceType"] == "Observation"]


def kept_of(report):
    """The report as a store that derived it keeps it."""
    text = json.dumps(report).replace('"code": "derived"', '"code": "kept"')
    return json.loads(text)


@pytest.fixture
def report(report_of):
    return report_of(bundle(PATIENT, SOURCE))


def test_beside_its_source_a_report_is_no_evidence(report):
    found, _ = evidence_of([*entries_of(report), *entries_of(bundle(PATIENT, SOURCE))])
    left = [each.reference for each in found if derivation_of(each.resource)]
    assert [each for each in left if each.startswith(("Observation", "DiagnosticReport"))] == []
    assert "Observation/one" in [each.reference for each in found]


def test_without_its_source_a_report_is_evidence(report, read_back):
    back = read_back(report, PATIENT).genes["CYP2C19"]
    assert (back.status.value, back.phenotype) == ("called", "Intermediate Metabolizer")


def test_a_source_that_was_corrected_stands_against_an_older_report(report, pipeline):
    """The report says *1/*2; the laboratory has since corrected its result."""
    now = result("one", "CYP2C19", "*2/*2") | {"status": "corrected"}
    found = pipeline.interpret([*entries_of(report), *entries_of(bundle(PATIENT, now))])
    gene = found.genes["CYP2C19"]
    assert (gene.status.value, [each.name for each in gene.diplotypes]) == ("called", ["*2/*2"])


def test_a_genotype_falls_beside_the_variants_it_was_called_from(report_of, knowledge):
    report = report_of(vcf_of(knowledge, 3), name="a.vcf")
    found, _ = evidence_of(entries_of(report))
    asked = {each.resource["code"]["coding"][0]["code"] for each in found
             if each.type == "Observation" and each.resource["code"].get("coding")}  # fmt: skip
    assert asked <= {"69548-6", "82120-7"}


def test_the_same_report_sent_twice_counts_once(report, read_back):
    twice = {**report, "entry": [*report["entry"], *report["entry"]]}
    assert read_back(twice, PATIENT).genes == read_back(report, PATIENT).genes


def test_what_a_store_keeps_of_itself_is_never_evidence(report, pipeline):
    """Its sources may have been taken back: the gene was looked at, and has no usable answer."""
    found = pipeline.interpret(entries_of(kept_of(report)))
    gene = found.genes["CYP2C19"]
    assert (gene.status.value, gene.phenotype) == ("not-called", None)
    assert found.genes["TPMT"].status.value == "not-tested"


def test_what_a_store_keeps_changes_nothing_beside_the_sources(report, pipeline):
    sources = entries_of(bundle(PATIENT, SOURCE))
    assert pipeline.interpret([*sources, *entries_of(kept_of(report))]).genes == (
        pipeline.interpret(sources).genes
    )


def test_a_kept_body_is_known_without_decoding_it(report):
    for each in observations(kept_of(report)):
        assert is_kept_body(write_json(each))
    for each in observations(report):
        assert not is_kept_body(write_json(each))
    # Words that only speak of the tag are not the tag.
    said = '{"system":"urn:fhir-pgx:derivation","code":"kept"}'
    assert not is_kept_body(write_json({**SOURCE, "note": [{"text": said}]}))


def test_one_of_several_possible_genotypes_never_reads_as_the_one(report_of, read_back):
    report = report_of(bundle(PATIENT, result("one", "CYP2D6", "*1/*4 or *1/*41x2")))
    genotypes = [
        each for each in observations(report) if each["code"]["coding"][0]["code"] == "84413-4"
    ]
    assert len(genotypes) == 2
    for alone in genotypes:
        back = read_back(bundle(alone), PATIENT).genes["CYP2D6"]
        assert len(back.diplotypes) == 2


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_report_that_was_taken_back_is_not_used(report, read_back, status):
    for each in observations(report):
        each["status"] = status
    gene = read_back(report, PATIENT).genes["CYP2C19"]
    assert gene.phenotype is None
