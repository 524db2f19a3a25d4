"""What we had understood of some genes, stated anew as results of one gene each."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_pgx.fhir.bundle import as_dicts, as_text, entries_of
from fhir_pgx.model.document import Calling, Options
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.terminology import (
    GENE_STUDIED,
    GENOTYPE,
    HAPLOTYPE,
    MEDICATION_ASSESSED,
    POSSIBLE_GENOTYPES,
    VARIANT,
)
from fhir_pgx.workbench.ehr.record import Record, Resource


def restated(
    pipeline: Pipeline, record: Record, genes: Sequence[str], calling: Calling
) -> Iterator[Resource]:
    """What we had understood of these genes, as results of one gene each: the Observations of our
    own report, without what they were derived from."""
    report = pipeline.interpret_entries(
        entries_of(list(record.resources)), Options(format="fhir", calling=calling)
    )
    wanted = {pipeline.knowledge.genes[gene].hgnc: gene for gene in genes}
    by_gene: dict[str, list[Resource]] = defaultdict(list)
    for entry in report["entry"]:
        resource = entry["resource"]
        gene = wanted.get(_gene_of(resource))
        if gene and resource["resourceType"] == "Observation" and _is_result(resource):
            by_gene[gene].append(resource)
    for gene, found in by_gene.items():
        genotypes = [each for each in found if GENOTYPE in _codes(each)]
        told = [each for each in found if not (genotypes and HAPLOTYPE in _codes(each))]
        texts: set[str] = set()
        for place, resource in enumerate(told, start=1):
            plain = _plain(resource, record.patient_id, f"restated-{gene.lower()}-{place}")
            said = as_text(plain.get("valueCodeableConcept", {}).get("text"))
            if not said or said not in texts:  # possible genotypes all say the same
                texts.add(said)
                yield plain


def _gene_of(resource: Resource) -> str:
    for component in as_dicts(resource.get("component")):
        if GENE_STUDIED in _codes(component):
            codings = as_dicts(component["valueCodeableConcept"].get("coding"))
            return as_text(codings[0].get("code")) if codings else ""
    return ""


def _is_result(resource: Resource) -> bool:
    """Whether an Observation says what the gene is: no variant, no advice on a drug."""
    parts = {code for part in as_dicts(resource.get("component")) for code in _codes(part)}
    return VARIANT not in _codes(resource) and MEDICATION_ASSESSED not in parts


def _codes(element: Mapping[str, Any]) -> set[str]:
    code = element.get("code")
    codings = as_dicts(code.get("coding")) if isinstance(code, dict) else []
    return {as_text(coding.get("code")) for coding in codings}


def _plain(resource: Resource, patient_id: str, identity: str) -> Resource:
    """A conclusion of ours as a laboratory would have sent it."""
    left_out = ("meta", "derivedFrom", "extension", "note", "method", "device", "text")
    plain = {name: value for name, value in resource.items() if name not in left_out}
    for extension in as_dicts(resource.get("extension")):
        if extension.get("url") == POSSIBLE_GENOTYPES:
            plain["valueCodeableConcept"] = {"text": as_text(extension.get("valueString"))}
    return {
        **plain,
        "id": identity,
        "status": "final",
        "subject": {"reference": f"Patient/{patient_id}"},
        "note": [{"text": "Synthetic: restated on the workbench from a result of several genes."}],
    }
