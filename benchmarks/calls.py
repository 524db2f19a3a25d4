"""Sixty-four order-sign calls of about 10 kB: synthetic patients, five drafts each, prefetch.

They differ in patient, drugs and genotypes, so that no cache answers the whole of one. Each has a
patient, a genomic report, a genotype Observation for each of six genes and a medicine in use.
"""

import json
import random
import uuid
from typing import Any

CALLS = 64

DRUGS = (  # RxNorm clinical drugs; the last four have no pharmacogenomic guidance
    ("309362", "clopidogrel 75 MG Oral Tablet"),
    ("198051", "omeprazole 20 MG Delayed Release Oral Capsule"),
    ("312961", "simvastatin 20 MG Oral Tablet"),
    ("856783", "amitriptyline hydrochloride 25 MG Oral Tablet"),
    ("200371", "citalopram 20 MG Oral Tablet"),
    ("312940", "sertraline 25 MG Oral Tablet"),
    ("197388", "azathioprine 50 MG Oral Tablet"),
    ("835603", "tramadol hydrochloride 50 MG Oral Tablet"),
    ("104895", "ondansetron 8 MG Oral Tablet"),
    ("198240", "tamoxifen 10 MG Oral Tablet"),
    ("617310", "atorvastatin 20 MG Oral Tablet"),
    ("993781", "acetaminophen 300 MG / codeine phosphate 30 MG Oral Tablet"),
    ("859749", "rosuvastatin calcium 20 MG Oral Tablet"),
    ("351249", "escitalopram 5 MG Oral Tablet"),
    ("313988", "furosemide 40 MG Oral Tablet"),
    ("197379", "atenolol 100 MG Oral Tablet"),
    ("349199", "valsartan 80 MG Oral Tablet"),
    ("197590", "diazepam 5 MG Oral Tablet"),
)
GENES = {
    "CYP2C19": ("HGNC:2621", ("*1/*1", "*1/*2", "*2/*2", "*1/*17", "*17/*17", "*2/*17")),
    "CYP2D6": ("HGNC:2625", ("*1/*1", "*1/*4", "*4/*4", "*1/*2x2", "*4/*41", "*10/*10")),
    "SLCO1B1": ("HGNC:10959", ("*1/*1", "*1/*5", "*5/*5", "*1/*15", "*1/*37")),
    "CYP2C9": ("HGNC:2623", ("*1/*1", "*1/*2", "*1/*3", "*3/*3", "*2/*3")),
    "TPMT": ("HGNC:12014", ("*1/*1", "*1/*3A", "*3A/*3C", "*1/*3C")),
    "NUDT15": ("HGNC:23063", ("*1/*1", "*1/*3", "*3/*3", "*1/*2")),
}

LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
HL7 = "http://terminology.hl7.org/CodeSystem"


def bodies() -> list[bytes]:
    """The calls as request bodies, always the same."""
    chance = random.Random(20)
    return [
        json.dumps(call(number, chance), separators=(",", ":")).encode() for number in range(CALLS)
    ]


def call(number: int, chance: random.Random) -> dict[str, Any]:
    patient = f"synthetic-{number:03d}"
    subject = {"reference": f"Patient/{patient}"}
    picked = chance.sample(DRUGS, 6)
    orders = [_order(i, drug, subject, "draft") for i, drug in enumerate(picked[:5])]
    in_use = [_order(5, picked[5], subject, "active")]
    results = [
        _genotype(gene, hgnc, chance.choice(diplotypes), subject)
        for gene, (hgnc, diplotypes) in GENES.items()
    ]
    return {
        "hook": "order-sign",
        "hookInstance": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "fhirServer": "https://ehr.example.org/fhir",
        "context": {
            "userId": "Practitioner/example",
            "patientId": patient,
            "encounterId": f"encounter-{number:03d}",
            "draftOrders": _bundle("collection", orders),
        },
        "prefetch": {
            "patient": _patient(patient),
            "pgxObservations": _bundle("searchset", results),
            "diagnosticReports": _bundle("searchset", [_report(results, subject)]),
            "activeMedications": _bundle("searchset", in_use),
            "problems": _bundle("searchset", []),
        },
    }


def _bundle(kind: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
    entries = [
        {
            "fullUrl": f"https://ehr.example.org/{each['resourceType']}/{each['id']}",
            "resource": each,
        }
        for each in resources
    ]
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    if kind == "searchset":
        bundle["total"] = len(resources)
    if entries:
        bundle["entry"] = entries
    return bundle


def _patient(identity: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": identity,
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.19.5", "value": identity}],
        "active": True,
        "name": [{"use": "official", "family": "Synthetic", "given": ["Example"]}],
        "gender": "female",
        "birthDate": "1962-03-14",
    }


def _order(i: int, drug: tuple[str, str], subject: dict[str, str], status: str) -> dict[str, Any]:
    code, name = drug
    return {
        "resourceType": "MedicationRequest",
        "id": f"order-{i}",
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": RXNORM, "code": code, "display": name}],
            "text": name,
        },
        "subject": subject,
        "authoredOn": "2026-03-02T09:30:00Z",
        "dosageInstruction": [
            {
                "text": "1 by mouth once daily",
                "timing": {"repeat": {"frequency": 1, "period": 1.0, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "dose"}}],
            }
        ],
        "dispenseRequest": {"numberOfRepeatsAllowed": 3, "quantity": {"value": 30}},
    }


def _coded(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _genotype(gene: str, hgnc: str, diplotype: str, subject: dict[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"genotype-{gene.lower()}",
        "status": "final",
        "category": [_coded(f"{HL7}/observation-category", "laboratory", "Laboratory")],
        "code": _coded(LOINC, "84413-4", "Genotype display name"),
        "subject": subject,
        "effectiveDateTime": "2025-11-20T14:05:00Z",
        "valueCodeableConcept": {"text": f"{gene} {diplotype}"},
        "component": [
            {
                "code": _coded(LOINC, "48018-6", "Gene studied [ID]"),
                "valueCodeableConcept": _coded("http://www.genenames.org/geneId", hgnc, gene),
            }
        ],
    }


def _report(results: list[dict[str, Any]], subject: dict[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "id": "genomic-report",
        "status": "final",
        "category": [_coded(f"{HL7}/v2-0074", "GE", "Genetics")],
        "code": _coded(LOINC, "51969-4", "Genetic analysis report"),
        "subject": subject,
        "effectiveDateTime": "2025-11-20T14:05:00Z",
        "issued": "2025-11-21T08:00:00Z",
        "result": [{"reference": f"Observation/{each['id']}"} for each in results],
    }
