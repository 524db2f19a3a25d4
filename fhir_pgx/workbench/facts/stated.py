"""A genotype or phenotype typed on the workbench, as the result that a laboratory would send.

What is typed is held against the gene's file before anything is made of it, and the resource is
read back by our own reader: what it makes of it is what a laboratory's result would be taken for.
"""

from typing import Final

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.model.finding import Origin, Statement, StatementKind
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.pipeline.stated_genotype import stated_genotype, stated_phenotypes
from fhir_pgx.terminology import (
    DIAGNOSTIC_SERVICE,
    GENE_STUDIED,
    GENOTYPE,
    HGNC,
    LOINC,
    OBSERVATION_CATEGORY,
    TBD,
    TBD_THERAPEUTIC_IMPLICATION,
)
from fhir_pgx.workbench.ehr.record import Resource

_NOBODYS: Final = Origin("", "")
_LONGEST: Final = 200


def stated_result(
    pipeline: Pipeline, gene: str, text: str, *, patient: Resource, day: str
) -> tuple[Resource, GeneResult]:
    """A synthetic Observation that says so, and what we make of it for this patient.

    Raises InvalidParameter, naming the place, for a gene that has no file, an allele that the file
    does not define, and a text that is neither a diplotype nor a phenotype of the gene.
    """
    rules = rules_of(pipeline, gene)
    plain = " ".join(text.split())
    phenotype = _phenotype(pipeline, rules, plain)
    if phenotype is None:
        _check_diplotype(pipeline, rules, plain)
    observation = _observation(rules, plain, phenotype, patient["id"], day)
    found = pipeline.interpret(entries_of([patient, observation])).genes[gene]
    if found.status in (Status.NOT_TESTED, Status.NOT_CALLED):
        raise _unreadable(rules, plain)
    return observation, found


def rules_of(pipeline: Pipeline, gene: str) -> GeneRules:
    """Raises InvalidParameter for a gene that our knowledge has no file of."""
    rules = pipeline.knowledge.genes.get(gene)
    if rules is None:
        raise InvalidParameter(
            f"our knowledge has no file of the gene {gene[:30]}",
            where="genotypes",
            mend="choose one of the genes offered",
        )
    return rules


def place_of(gene: str) -> str:
    """Where a fault of a gene's text is: the name of its field."""
    return f"genotypes.{gene}"


def _phenotype(pipeline: Pipeline, rules: GeneRules, text: str) -> str | None:
    """The standard phenotype that a text is; None where it is none of this gene."""
    statement = Statement(rules.gene, StatementKind.PHENOTYPE, text, _NOBODYS)
    known = {pair.phenotype for pair in rules.pairs}
    found = stated_phenotypes(statement, rules, pipeline.knowledge.vocabulary)
    return next((each for each in found if each in known), None)


def _check_diplotype(pipeline: Pipeline, rules: GeneRules, text: str) -> None:
    """Raises InvalidParameter unless every allele of the text is one that the file defines."""
    if not text or len(text) > _LONGEST:
        raise _unreadable(rules, text)
    statement = Statement(rules.gene, StatementKind.DIPLOTYPE, text, _NOBODYS)
    stated = stated_genotype(statement, rules)
    if rules.gene.startswith("HLA-"):
        if not stated.is_diplotype or not stated.haplotypes:
            raise _unreadable(rules, text)
        return
    if not stated.diplotypes:
        raise _unreadable(rules, text)
    names = [name for each in stated.diplotypes for name in each.haplotypes]
    unknown = [name for name in dict.fromkeys(names) if name not in rules.alleles]
    if unknown:
        release = pipeline.knowledge.release
        raise InvalidParameter(
            f"{rules.gene} {unknown[0]} is not defined in knowledge release {release}",
            where=place_of(rules.gene),
            mend=f"give alleles of the gene’s file, such as {_example(rules)}",
        )


def _unreadable(rules: GeneRules, text: str) -> InvalidParameter:
    shown = f"“{text[:60]}”" if text else "nothing"
    return InvalidParameter(
        f"{shown} is neither a diplotype nor a phenotype of {rules.gene}",
        where=place_of(rules.gene),
        mend=f"give two alleles, such as {_example(rules)}, or a standard phenotype",
    )


def _example(rules: GeneRules) -> str:
    if rules.gene.startswith("HLA-"):
        return "*07:02/*08:01" if rules.gene == "HLA-B" else "*01:01/*02:01"
    names = list(rules.alleles)[:2] or ["Normal Metabolizer"]
    return "/".join(names) if 2 in rules.copies else names[0]


def _observation(
    rules: GeneRules, text: str, phenotype: str | None, patient_id: str, day: str
) -> Resource:
    asked = (LOINC, GENOTYPE) if phenotype is None else (TBD, TBD_THERAPEUTIC_IMPLICATION)
    studied = {"system": HGNC, "code": rules.hgnc, "display": rules.gene}
    components = [_component(LOINC, GENE_STUDIED, {"coding": [studied]})]
    if phenotype is not None:
        components.append(_component(*asked, {"text": phenotype}))
    made: Resource = {
        "resourceType": "Observation",
        "id": f"workbench-{rules.gene.lower()}",
        "status": "final",
        "category": [_coded(OBSERVATION_CATEGORY, "laboratory"), _coded(DIAGNOSTIC_SERVICE, "GE")],
        "code": _coded(*asked),
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": day,
        "component": components,
        "note": [{"text": "Synthetic: stated on the workbench, measured by nobody."}],
    }
    if phenotype is None:
        made["valueCodeableConcept"] = {"text": _shown(rules.gene, text)}
    return made


def _shown(gene: str, text: str) -> str:
    """A typing as laboratories write it: with the locus before each allele."""
    if not gene.startswith("HLA-"):
        return text
    names = [name.strip().removeprefix(gene) for name in text.replace("+", "/").split("/")]
    return "+".join(f"{gene}{name}" for name in names)


def _coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def _component(system: str, code: str, value: Resource) -> Resource:
    return {"code": _coded(system, code), "valueCodeableConcept": value}
