"""Synthetic inherited findings, and what is known of a patient who has them."""

from dataclasses import replace
from decimal import Decimal

from fhir_pgx.model.finding import Origin, SourceClass
from fhir_pgx.model.inherited import InheritedFinding
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.normalize.protein import parse_protein
from fhir_pgx.recommendation.inherited import Known

MISSENSE = "p.Arg1001Gly"


def finding(gene, name=MISSENSE, number=1, **members):
    """A pathogenic heterozygous germline variant, unless said otherwise."""
    protein = parse_protein(name) if name.startswith("p.") else None
    told = {
        "label": f"{gene} {name}".strip(),
        "origin": Origin(f"Observation/{gene}-{number}", "Bundle.entry[0].resource"),
        "protein": protein,
        "coding": name if name.startswith("c.") else "",
        "genomic": name if name.startswith("NC_") else "",
        "zygosity": "heterozygous",
        "significance": "pathogenic",
        "source_class": SourceClass.GERMLINE,
        "is_truncating": protein is not None and protein.kind in ("nonsense", "frameshift"),
    }
    return InheritedFinding(gene, **{**told, **members})


def deletion(first, last, gene="DMD", **members):
    told = {"change": "deletion", "exons": (str(first), str(last)), "zygosity": "hemizygous"}
    return finding(gene, "", **{**told, "label": f"{gene} exons {first}-{last}", **members})


def copies(gene, number):
    return finding(
        gene, "", change="copy-number", copies=Decimal(number), zygosity="", significance="",
        label=f"{gene} {number} copies",
    )  # fmt: skip


def known(*findings, sex="", results=None, conditions=()):
    by_gene = {}
    for each in findings:
        by_gene[each.gene] = (*by_gene.get(each.gene, ()), each)
    told = {
        gene: GeneResult(gene, Status.CALLED, phenotype=phenotype)
        for gene, phenotype in (results or {}).items()
    }
    return Known(by_gene, told, frozenset(conditions), sex)


def drug(name):
    return TherapyDrug(name)


def changed(findings, **members):
    return tuple(replace(each, **members) for each in findings)
