"""A changed genotype counts, and nothing else changes unless the notes say so. All synthetic."""

import pytest

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.model.document import Document, Options
from fhir_pgx.workbench.ehr import record_of

from .conftest import ROOT

LOINC, HGNC = "http://loinc.org", "http://www.genenames.org/geneId"
IDS = {"CYP2C19": "HGNC:2621", "CYP2C9": "HGNC:2623", "TPMT": "HGNC:12014", "CYP2D6": "HGNC:2625"}
PATIENT = {"resourceType": "Patient", "id": "p", "gender": "female"}
SUBJECT = {"reference": "Patient/p"}


def genotype(gene, value, identity=""):
    studied = {"coding": [{"system": HGNC, "code": IDS[gene], "display": gene}]}
    return {
        "resourceType": "Observation",
        "id": identity or gene.lower(),
        "status": "final",
        "subject": SUBJECT,
        "code": {"coding": [{"system": LOINC, "code": "84413-4"}]},
        "valueCodeableConcept": {"text": value},
        "component": [
            {
                "code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
                "valueCodeableConcept": studied,
            }
        ],
    }


def panel(text, identity="panel"):
    """A report of several genes in one sentence."""
    return {
        "resourceType": "DiagnosticReport",
        "id": identity,
        "status": "final",
        "code": {"text": "Pharmacogenetic report"},
        "subject": SUBJECT,
        "conclusion": text,
    }


def test_a_result_of_one_gene_is_replaced_and_the_others_stay(change, understood, ada):
    before = understood(ada)
    changed = change(ada, genotypes={"CYP2C19": "*1/*1"})
    after = understood(changed.record)
    assert after.pop("CYP2C19") == ("called", ("*1/*1",), "Normal Metabolizer")
    assert before.pop("CYP2C19") == ("called", ("*2/*2",), "Poor Metabolizer")
    assert after == before
    assert changed.notes == (
        "CYP2C19 is *1/*1 (Normal Metabolizer); it was *2/*2, Poor Metabolizer.",
    )


def test_the_chart_given_is_not_changed(change, ada):
    before = repr(ada)
    change(ada, genotypes={"CYP2C19": "*1/*1"}, weight="70", age="9", medicines=("codeine",))
    assert repr(ada) == before


def test_a_phenotype_may_be_given_in_place_of_a_diplotype(change, understood, ada):
    changed = change(ada, genotypes={"CYP2D6": "ultrarapid metabolizer"})
    assert understood(changed.record)["CYP2D6"] == ("called", (), "Ultrarapid Metabolizer")


def test_a_gene_can_be_made_not_tested_and_no_report_is_left_that_lost_its_results(
    change, understood
):
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "51969-4"}]},
        "subject": SUBJECT,
        "result": [{"reference": "Observation/cyp2c19"}],
    }
    record = record_of([PATIENT, genotype("CYP2C19", "*2/*2"), report])
    changed = change(record, genotypes={"CYP2C19": "not tested"})
    assert understood(changed.record) == {}
    assert [each["resourceType"] for each in changed.record.resources] == ["Patient"]
    assert changed.notes == ("CYP2C19 is not tested; it was *2/*2, Poor Metabolizer.",)


def test_a_report_keeps_its_other_results(change, understood, ada):
    changed = change(ada, genotypes={"CYP2C19": "not tested"})
    (report,) = [e for e in changed.record.resources if e["resourceType"] == "DiagnosticReport"]
    held = {f"{e['resourceType']}/{e['id']}" for e in changed.record.resources}
    assert report["result"]
    assert {each["reference"] for each in report["result"]} <= held


def test_a_resource_of_several_genes_is_restated_and_the_notes_say_what_is_lost(change, understood):
    record = record_of([PATIENT, panel("CYP2C19 *1/*2; CYP2C9 *1/*3; TPMT *1/*3A")])
    before = understood(record)
    assert set(before) == {"CYP2C19", "CYP2C9", "TPMT"}
    changed = change(record, genotypes={"CYP2C19": "*17/*17"})
    after = understood(changed.record)
    assert after["CYP2C19"] == ("called", ("*17/*17",), "Ultrarapid Metabolizer")
    assert (after["CYP2C9"], after["TPMT"]) == (before["CYP2C9"], before["TPMT"])
    assert "DiagnosticReport" not in {e["resourceType"] for e in changed.record.resources}
    assert "CYP2C9, TPMT: came in the same resource" in changed.notes[1]
    assert "which positions were read" in changed.notes[1]


def test_a_sequence_with_variants_of_two_genes_keeps_the_other_gene(change, understood):
    """Both on chromosome 10: CYP2C9 *2 and CYP2C19 *2, each on both strands."""

    def sequence(identity, genes):
        bases = {"CYP2C19": (94781858, "G", "A"), "CYP2C9": (94942289, "C", "T")}
        return {
            "resourceType": "MolecularSequence",
            "id": identity,
            "type": "dna",
            "coordinateSystem": 0,
            "patient": SUBJECT,
            "specimen": {"reference": "Specimen/blood"},
            "referenceSeq": {
                "referenceSeqId": {
                    "coding": [
                        {"system": "http://www.ncbi.nlm.nih.gov/nuccore", "code": "NC_000010.11"}
                    ]
                },
                "windowStart": 94700000,
                "windowEnd": 95000000,
            },
            "variant": [
                {"start": at, "end": at + 1, "referenceAllele": ref, "observedAllele": alt}
                for at, ref, alt in (bases[gene] for gene in genes)
            ],
        }

    record = record_of(
        [PATIENT, sequence("a", ("CYP2C19", "CYP2C9")), sequence("b", ("CYP2C19", "CYP2C9"))]
    )
    before = understood(record)
    assert set(before) >= {"CYP2C19", "CYP2C9"}
    changed = change(record, genotypes={"CYP2C19": "*1/*1"})
    after = understood(changed.record)
    assert after["CYP2C19"] == ("called", ("*1/*1",), "Normal Metabolizer")
    assert after["CYP2C9"] == before["CYP2C9"]
    assert "MolecularSequence" not in {each["resourceType"] for each in changed.record.resources}
    assert "CYP2C9" in changed.notes[1]


def test_a_gene_with_two_results_of_which_one_goes_is_restated_whole(change, understood):
    """Were the report's half of a conflict to go alone, the other half would stand as settled."""
    record = record_of(
        [PATIENT, panel("CYP2C19 *1/*2; TPMT *1/*1"), genotype("TPMT", "*3A/*3A", "tpmt")]
    )
    assert understood(record)["TPMT"][0] == "conflict"
    after = understood(change(record, genotypes={"CYP2C19": "*1/*1"}).record)
    assert after["TPMT"][0] == "conflict"


def test_no_call_and_ambiguity_survive_restating(change, understood):
    record = record_of([PATIENT, panel("CYP2C19 *1/*2; TPMT *1/*3A or *3B/*3C; CYP2C9 *1/*1")])
    before = understood(record)
    after = understood(change(record, genotypes={"CYP2C9": "*3/*3"}).record)
    assert {gene: after[gene][:2] for gene in before if gene != "CYP2C9"} == {
        gene: before[gene][:2] for gene in before if gene != "CYP2C9"
    }


def test_the_genes_of_a_genome_keep_their_coverage(change, pipeline):
    """Filed as a report each variant is a resource of its own: only the changed gene loses it."""
    document = Document((ROOT / "examples/genomes/panel-grch38.vcf").read_bytes())
    record = record_of(pipeline.as_resources([document], Options()))
    changed = change(record, genotypes={"CYP2C19": "*1/*1"})
    before = pipeline.interpret(entries_of(list(record.resources))).genes
    after = pipeline.interpret(entries_of(list(changed.record.resources))).genes
    assert len(changed.notes) == 1
    assert (before["CYP2C19"].coverage is None, after["CYP2C19"].coverage) == (False, None)
    for gene, found in before.items():
        if gene != "CYP2C19":
            assert (after[gene].status, after[gene].phenotype, after[gene].coverage) == (
                found.status, found.phenotype, found.coverage
            )  # fmt: skip


def test_the_tumours_genes_are_left_and_said_to_be(change, pipeline):
    variant = {
        "resourceType": "Observation",
        "id": "tumour",
        "status": "final",
        "subject": SUBJECT,
        "code": {"coding": [{"system": LOINC, "code": "69548-6"}]},
        "valueCodeableConcept": {"coding": [{"system": LOINC, "code": "LA9633-4"}]},
        "component": [
            {
                "code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
                "valueCodeableConcept": {
                    "coding": [{"system": HGNC, "code": IDS["CYP2C19"], "display": "CYP2C19"}]
                },
            },
            {
                "code": {"coding": [{"system": LOINC, "code": "48002-0"}]},
                "valueCodeableConcept": {
                    "coding": [{"system": LOINC, "code": "LA6684-0", "display": "Somatic"}]
                },
            },
            {
                "code": {"coding": [{"system": LOINC, "code": "48004-6"}]},
                "valueCodeableConcept": {"text": "NM_000769.4:c.681G>A"},
            },
        ],
    }
    record = record_of([PATIENT, variant])
    changed = change(record, genotypes={"CYP2C19": "*1/*1"})
    assert "Observation/tumour" in {
        f"{each['resourceType']}/{each['id']}" for each in changed.record.resources
    }
    assert any("tumour’s variants are left" in note for note in changed.notes)


@pytest.mark.parametrize(
    ("gene", "text", "says"),
    [
        ("CYP2C19", "*1/*999", "*999 is not defined in knowledge release"),
        ("CYP2C19", "two of them", "neither a diplotype nor a phenotype of CYP2C19"),
        ("CYP2C19", "*2", "neither a diplotype nor a phenotype of CYP2C19"),
        ("CYP2C19", "Poor Function", "neither a diplotype nor a phenotype of CYP2C19"),
        ("CYP2C19", "", "nothing is neither"),
        ("CYP2C19", "*1/*2" * 100, "neither a diplotype"),
        ("CYP2C19", "<script>alert(1)</script>", "neither a diplotype"),
        ("HLA-B", "*57:01", "neither a diplotype"),
        ("DPYD", "c.1905+1G>A", "neither a diplotype"),
    ],
)
def test_what_is_no_genotype_of_the_gene_is_refused_at_its_place(change, ada, gene, text, says):
    with pytest.raises(InvalidParameter) as refused:
        change(ada, genotypes={gene: text})
    assert says in refused.value.text
    assert refused.value.where == f"genotypes.{gene}"
    assert refused.value.mend


def test_every_gene_at_fault_is_named_at_once(change, ada):
    with pytest.raises(InvalidParameter) as refused:
        change(ada, genotypes={"CYP2C19": "x", "TPMT": "*1/*1", "CYP9Z9": "*1/*1"})
    assert [each.where for each in refused.value.issues] == ["genotypes.CYP2C19", "genotypes"]
