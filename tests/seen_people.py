"""Synthetic people for what is drawn: VCF lines, stated results and requests as documents."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fhir_pgx.model.document import Document

ROOT = Path(__file__).parents[1]
GENOMES = ROOT / "examples" / "genomes"
CASES = ROOT / "tests" / "cases"
LOINC, RXNORM = "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"


def genome(name: str) -> list[Document]:
    """An example genome."""
    return [Document((GENOMES / name).read_bytes(), name)]


def vcf(lines: Sequence[str], contig: str = "chr10", build: str = "GRCh38") -> list[Document]:
    """A synthetic VCF of one sample: lines as `94781859 G A 0/1`."""
    body = "".join(
        "{c}\t{}\t.\t{}\t{}\t.\tPASS\t.\tGT{ps}\t{}\n".format(
            *each.split(), c=contig, ps=":PS" if ":" in each else ""
        )
        for each in lines
    )
    head = f"##fileformat=VCFv4.2\n##contig=<ID={contig},assembly={build}>\n"
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tsynthetic\n"
    return [Document((head + columns + body).encode(), "synthetic.vcf")]


def result(gene: str, text: str, *, code: str = "84413-4", number: int = 1) -> dict[str, Any]:
    """A stated genotype (84413-4) or phenotype (53040-2)."""
    return {
        "resourceType": "Observation",
        "id": f"{gene}-{number}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/synthetic"},
        "effectiveDateTime": "2026-03-02",
        "valueCodeableConcept": {"text": text},
        "component": [
            {
                "code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
                "valueCodeableConcept": {"text": gene},
            }
        ],
    }


def medicine(code: str, name: str) -> dict[str, Any]:
    """A medicine in use."""
    concept = {"coding": [{"system": RXNORM, "code": code, "display": name}], "text": name}
    return {
        "resourceType": "MedicationRequest",
        "id": f"in-use-{code}",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/synthetic"},
        "medicationCodeableConcept": concept,
    }


def bundle(*resources: Mapping[str, Any]) -> list[Document]:
    """The resources of one synthetic woman."""
    patient = {
        "resourceType": "Patient",
        "id": "synthetic",
        "gender": "female",
        "birthDate": "1958-03-02",
    }
    entries = [{"resource": each} for each in (patient, *resources)]
    written = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return [Document(json.dumps(written).encode(), "synthetic.json")]


def case(name: str, *, without: Sequence[str] = ()) -> list[Document]:
    """The prefetch of a case's request, some keys left out."""
    request = json.loads((CASES / name / "request.json").read_text(encoding="utf-8"))
    return [
        Document(json.dumps(value).encode(), key)
        for key, value in request["prefetch"].items()
        if value and key not in without
    ]
