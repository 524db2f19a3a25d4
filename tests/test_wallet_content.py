"""What goes onto a wallet card, in which order: a table that a pharmacist can check."""

import json
from pathlib import Path

import pytest

from fhir_pgx.errors import InvalidCard
from fhir_pgx.model.document import Document, Options
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.security.card_frame import open_payload, read_frame
from fhir_pgx.security.card_payload import read_bundle
from fhir_pgx.security.wallet_card import issue_card
from fhir_pgx.settings import Settings
from tests.security.card_maker import ISSUER, NOW, card_key

ROOT = Path(__file__).resolve().parents[1]
PANEL = ROOT / "examples" / "genomes" / "panel-grch38.vcf"
ADA = ROOT / "examples" / "patients" / "synthetic-ada.json"
PERSON = {
    "resourceType": "Patient",
    "id": "synthetic",
    "name": [{"family": "Example", "given": ["Synthetic"]}],
    "birthDate": "1970-01-01",
}
HGNC = {"CYP2C19": "HGNC:2621", "CYP2D6": "HGNC:2625", "TPMT": "HGNC:12014"}


@pytest.fixture(scope="module")
def pipeline():
    return Pipeline.load(Settings())


def genotype(gene, text, **members):
    studied = {"coding": [{"system": "http://www.genenames.org/geneId", "code": HGNC[gene]}]}
    return {
        "resourceType": "Observation", "id": f"{gene}-{text}".replace("*", "s").replace("/", "-"),
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]},
        "subject": {"reference": "Patient/synthetic"},
        "valueCodeableConcept": {"text": text},
        "component": [{"code": {"coding": [{"system": "http://loinc.org", "code": "48018-6"}]},
                       "valueCodeableConcept": studied}],
        **members,
    }  # fmt: skip


def bundle(*resources):
    document = {"resourceType": "Bundle", "type": "collection",
                "entry": [{"resource": each} for each in resources]}  # fmt: skip
    return Document(json.dumps(document).encode(), "made.json")


def content(pipeline, *documents):
    return pipeline.card_content_of_documents(documents, Options())


def test_what_changes_treatment_stands_first_and_what_is_normal_last(pipeline):
    found = content(pipeline, Document(PANEL.read_bytes(), PANEL.name), bundle(PERSON))
    order = [each.gene for each in found.genes]
    assert order[:2] == ["CYP2C19", "DPYD"]  # both: avoid; CPIC A
    changing = {
        "CYP2C19", "DPYD", "CYP2C9", "SLCO1B1", "TPMT", "VKORC1", "ABCG2", "NAT2",
    }  # fmt: skip
    assert set(order[:8]) == changing
    normal = {"CYP2B6", "CYP3A4", "NUDT15"}
    assert min(order.index(each) for each in normal) > max(order.index(each) for each in changing)


def test_every_gene_that_the_release_reads_is_counted_once(pipeline):
    found = content(pipeline, Document(PANEL.read_bytes(), PANEL.name), bundle(PERSON))
    counted = len(found.genes) + found.others + found.no_answer + found.not_tested
    assert counted == len(pipeline.knowledge.genes)
    assert found.release == pipeline.knowledge.release


def test_a_report_s_dates_and_words_are_on_the_card(pipeline):
    found = content(pipeline, Document(ADA.read_bytes(), ADA.name))
    first = found.genes[0]
    assert (first.gene, first.genotype, first.phenotype, first.when) == (
        "CYP2C19", "*2/*2", "Poor Metabolizer", "2026-03-02",
    )  # fmt: skip
    assert found.holder.name == "Synthetic-Ada Example"
    (score,) = [each.score for each in found.genes if each.gene == "CYP2D6"]
    assert score == "1.0"


def test_two_results_that_disagree_stand_against_each_other(pipeline):
    results = [
        genotype("CYP2C19", "*2/*2", effectiveDateTime="2026-01-01"),
        genotype("CYP2C19", "*1/*1", effectiveDateTime="2026-01-01"),
    ]
    found = content(pipeline, bundle(PERSON, *results))
    (gene,) = found.genes
    assert gene.open_why == "conflict"
    assert " against " in gene.genotype
    assert "Poor Metabolizer" in gene.phenotype
    assert "Normal Metabolizer" in gene.phenotype


def test_an_answer_that_nobody_got_is_no_result_and_is_counted(pipeline):
    no_call = genotype("CYP2D6", "No call")
    found = content(pipeline, bundle(PERSON, no_call, genotype("CYP2C19", "*1/*2")))
    assert [each.gene for each in found.genes] == ["CYP2C19"]
    assert found.no_answer == 1


def test_a_position_that_was_not_read_is_told_where_it_could_change_the_answer(pipeline):
    partial = json.loads((ROOT / "examples/variants-partial-test/request.json").read_text())
    results = (
        [each["resource"] for each in partial["prefetch"]["observations"]["entry"]]
        if ("observations" in partial["prefetch"])
        else [r["resource"] for v in partial["prefetch"].values() if v for r in v.get("entry", [])]
    )
    patient = PERSON | {"id": partial["context"]["patientId"]}
    others = [each for each in results if each["resourceType"] != "Patient"]
    found = content(pipeline, bundle(patient, *others))
    assert any(each.is_partial for each in found.genes)


def test_data_without_any_result_make_no_card(pipeline):
    with pytest.raises(InvalidCard, match="no result"):
        content(pipeline, bundle(PERSON))
    with pytest.raises(InvalidCard, match="no Patient"):
        content(pipeline, bundle(genotype("CYP2C19", "*2/*2")))


def test_our_own_reader_understands_the_genotypes_on_a_card(pipeline):
    key = card_key()
    issued = issue_card(
        content(pipeline, Document(ADA.read_bytes(), ADA.name)), key, issuer=ISSUER, now=NOW
    )
    read = read_bundle(open_payload(read_frame(issued.text), key.key))
    document = Document(json.dumps(read).encode(), "card.json")
    genes = pipeline.interpret_documents([document], Options())["genes"]
    for each in issued.card.genes:
        assert [d["name"] for d in genes[each.gene]["diplotypes"]] == [each.genotype]
        assert genes[each.gene]["phenotype"] == each.phenotype
