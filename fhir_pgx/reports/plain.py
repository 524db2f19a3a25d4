"""Interpretations and recommendations as plain JSON (CONTRACT, sections 3 and 4)."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from fhir_pgx.model.finding import NotUnderstood, ObservedVariant
from fhir_pgx.model.knowledge import Dose, Knowledge
from fhir_pgx.model.modifier import Interaction, Modifier
from fhir_pgx.model.phenotype import GeneResult, Interpretation
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.recommendation import Recommendation, Unanswered
from fhir_pgx.model.therapy import TherapyAdvice
from fhir_pgx.reports.findings import write_caveats, write_diagnosis, write_findings
from fhir_pgx.reports.sites import write_site_variants
from fhir_pgx.reports.therapies import write_therapies


def write_knowledge(knowledge: Knowledge) -> dict[str, str]:
    return {"release": knowledge.release, "sha256": knowledge.sha256}


def write_interpretation(interpretation: Interpretation, knowledge: Knowledge) -> dict[str, Any]:
    """What is known of each gene, and all else that was read, as stated; `stated` holds what
    reports concluded themselves."""
    reading = interpretation.reading
    written: dict[str, Any] = {
        "knowledge": write_knowledge(knowledge),
        "subject": interpretation.subject,
        "genes": {gene: write_gene(result) for gene, result in interpretation.genes.items()},
        "variants": [
            write_variant(variant, interpretation.resolved.get(place, ""))
            for place, variant in enumerate(reading.variants)
        ]
        + write_site_variants(interpretation, knowledge),
        **write_findings(reading.precision),
        "not_understood": write_not_understood(reading.not_understood),
    }
    stated = _stated(reading)
    if stated:
        written["stated"] = stated
    if reading.caveats:
        written["caveats"] = write_caveats(reading.caveats)
    return written


def write_gene(result: GeneResult) -> dict[str, Any]:
    written: dict[str, Any] = {
        "status": result.status.value,
        "diplotypes": [
            {
                "name": diplotype.name,
                "haplotypes": list(diplotype.haplotypes),
                "phenotype": diplotype.phenotype,
                "activity_score": diplotype.activity_score,
                "functions": list(diplotype.functions),
            }
            | ({"stated": diplotype.stated} if diplotype.stated else {})
            for diplotype in result.diplotypes
        ],
        "phenotype": result.phenotype,
        "activity_score": result.activity_score,
        "basis": result.basis,
        # None: the reports do not list the positions they tested.
        "coverage": None
        if result.coverage is None
        else {
            "tested": result.coverage.tested,
            "missing": list(result.coverage.missing),
            "no_call": list(result.coverage.no_call),
            "could_change": list(result.coverage.could_change),
        },
        "caveats": write_caveats(result.caveats),
        "derived_from": list(result.derived_from),
    }
    if result.gene.startswith("HLA-"):
        written["alleles"] = list(result.alleles)
        written["allele_status"] = dict(result.allele_status)
    elif result.alleles:
        written["alleles"] = list(result.alleles)
    return written


def write_variant(variant: ObservedVariant, site: str = "") -> dict[str, Any]:
    """A variant as stated; `position` is 1-based, as in the `normalised` form. `site` is the
    decision position it was matched to."""
    position = None if variant.start is None else variant.start + 1
    written: dict[str, Any] = {
        "gene": variant.genes[0] if variant.genes else None,
        "site": site,
        "presence": variant.presence.value,
        "source_class": variant.source_class.value,
        "zygosity": variant.zygosity,
        "build": variant.build,
        "chromosome": variant.chromosome,
        "accession": variant.accession,
        "position": position,
        "ref": variant.ref,
        "alt": variant.alt,
        "genomic": variant.genomic_hgvs,
        "coding": variant.coding_hgvs,
        "protein": variant.protein_hgvs,
        "ids": list(variant.ids),
        "change_type": variant.change_type,
        "copy_number": variant.copy_number,
        "inner": list(variant.inner) if variant.inner else None,
        "outer": list(variant.outer) if variant.outer else None,
        "genes": list(variant.genes) if len(variant.genes) > 1 else None,
        "vaf": None if variant.frequency is None else str(variant.frequency),
        "specimen": variant.specimen,
        "significance": variant.significance,
        "review": variant.review,
        "consequences": list(variant.consequences),
        "repeats": [{"motif": motif, "number": number} for motif, number in variant.repeats],
        "iscn": variant.iscn,
        "words": [each for each in variant.words if each not in _names(variant)],
        "date": variant.origin.when,
        "caveats": write_caveats(variant.caveats),
        "derived_from": [variant.origin.reference],
    }
    if variant.build and position is not None and variant.ref and variant.alt:
        place = f"{variant.build}:{variant.chromosome}:{position}"
        written["normalised"] = f"{place}:{variant.ref}:{variant.alt}"
    return {key: value for key, value in written.items() if value not in (None, "", [])}


def _names(variant: ObservedVariant) -> tuple[str, ...]:
    return variant.protein_hgvs, variant.coding_hgvs, variant.genomic_hgvs


def write_recommendations(
    interpretation: Interpretation,
    answers: Iterable[tuple[Recommendation, ...] | Unanswered],
    knowledge: Knowledge,
    therapies: Iterable[TherapyAdvice] = (),
) -> dict[str, Any]:
    """Section 4; drugs that guidance exists for but that got none stand in `unanswered`. What is
    said of the genes of drug response comes first, then the `therapies`."""
    recommendations = []
    unanswered = []
    for answer in answers:
        if isinstance(answer, Unanswered):
            unanswered.append(write_unanswered(answer))
        else:
            recommendations += [write_recommendation(each) for each in answer]
    recommendations += write_therapies(therapies)
    return {
        "knowledge": write_knowledge(knowledge),
        "subject": interpretation.subject,
        "recommendations": recommendations,
        "unanswered": unanswered,
        "not_understood": write_not_understood(interpretation.reading.not_understood),
    }


def write_recommendation(each: Recommendation) -> dict[str, Any]:
    return {
        "drug": each.drug,
        "rxnorm": each.rxcui,
        "source": each.source,
        "genes": dict(each.genes),
        "keys": dict(each.keys),
        "population": each.population,
        "population_label": each.population_label,
        "population_fit": each.population_fit,
        "action": each.action,
        "also": list(each.also),
        "strength": each.strength or None,
        "dose": [write_dose(dose) for dose in each.dose],
        "alternatives": [
            {"drug": a.name, "rxnorm": a.rxcui, "verdict": a.verdict, "reason": a.reason}
            for a in each.alternatives
        ],
        "summary": each.summary,
        "detail": each.detail,
        "implications": dict(each.implications),
        "considerations": list(each.considerations),
        "evidence": [
            {
                "guideline": evidence.title,
                "url": evidence.url,
                "pmid": evidence.publications[0].pmid if evidence.publications else None,
                "pmids": [paper.pmid for paper in evidence.publications],
                "date": evidence.retrieved,
                "status": evidence.status,
            }
            for evidence in each.evidence
        ],
        "rule": each.rule,
        "source_rows": list(each.source_rows),
        "modifiers": [write_modifier(modifier) for modifier in each.modifiers],
        "caveats": write_caveats(each.caveats),
        "derived_from": list(each.derived_from),
    }


def write_unanswered(each: Unanswered) -> dict[str, Any]:
    return {
        "drug": each.drug,
        "rxnorm": each.rxcui,
        "genes": list(each.genes),
        "reason": each.reason,
        "text": each.text,
    }


def write_modifier(modifier: Modifier) -> dict[str, Any]:
    """What other medicines make of a gene: the genetic phenotype stands beside the effective one,
    which a guideline's rule counts (`is_rule`) or a caution of ours names; `advised_against` only
    where the source itself tells to avoid such a medicine."""
    return {
        "gene": modifier.gene,
        "agents": [_interaction(each) for each in modifier.interactions],
        "is_rule": modifier.is_rule,
        **({"advised_against": True} if modifier.advised_against else {}),
        "genetic": _phenotype(modifier.genetic),
        "effective": None if modifier.effective is None else _phenotype(modifier.effective),
        "text": modifier.text,
        "source": modifier.source,
    }


def _interaction(each: Interaction) -> dict[str, str]:
    return {
        "agent": each.agent,
        "rxnorm": each.rxcui,
        "role": each.role,
        "strength": each.strength,
        "state": each.state,
    } | {
        name: value
        for name, value in (
            ("until", each.until),
            ("reference", each.reference),
            ("source", each.source),
        )
        if value
    }


def _phenotype(result: GeneResult) -> dict[str, Any]:
    return {
        "status": result.status.value,
        "phenotype": result.phenotype,
        "activity_score": result.activity_score,
        "keys": list(result.lookup_keys),
    }


def write_dose(dose: Dose) -> dict[str, str]:
    """The members a dose states; decimals are text, units UCUM."""
    values = {field.name: getattr(dose, field.name) for field in fields(dose)}
    return {name: value for name, value in values.items() if value is not None}


def write_not_understood(items: Iterable[NotUnderstood]) -> list[dict[str, str]]:
    return [
        {"reference": item.reference, "reason": item.reason}
        | ({"path": item.path} if item.path else {})
        for item in items
    ]


def _stated(reading: Reading) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if reading.implications:
        written["implications"] = [
            {
                "genes": list(each.genes),
                "texts": list(each.texts),
                "normalised": list(each.normalised),
                "drugs": list(each.drugs),
                "reference": each.origin.reference,
            }
            | {
                name: value
                for name, value in (
                    ("level", each.level),
                    ("significance", each.significance),
                    ("contexts", list(each.contexts)),
                    ("of", list(each.of)),
                )
                if value
            }
            for each in reading.implications
        ]
    if reading.diagnoses:
        written["diagnoses"] = [write_diagnosis(each) for each in reading.diagnoses]
    if reading.recommendations:
        written["recommendations"] = [
            {"value": each.value, "reference": each.origin.reference}
            for each in reading.recommendations
        ]
    if reading.phases:
        written["phases"] = [
            {"value": each.value, "of": list(each.of), "reference": each.origin.reference}
            for each in reading.phases
        ]
    return written
