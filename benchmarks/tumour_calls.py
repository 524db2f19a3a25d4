"""Sixty-four order-sign calls of a tumour board's size: 60 somatic variants, 20 biomarkers.

They differ in patient, cancer, drug and findings, so that no cache answers the whole of one.
Synthetic throughout: the variants are drawn by chance and are no person's.
"""

import json
import random
import uuid
from typing import Any

from calls import CALLS, HL7, LOINC, RXNORM, _bundle, _patient

VARIANTS, MARKERS = 60, 20
DRUGS = (
    ("1721560", "osimertinib"),
    ("318341", "cetuximab"),
    ("263034", "panitumumab"),
    ("1547545", "pembrolizumab"),
    ("1147220", "vemurafenib"),
    ("1727455", "alectinib"),
    ("224905", "trastuzumab"),
    ("2169285", "alpelisib"),
)
CANCERS = (
    ("254637007", "Non-small cell lung cancer"),
    ("363406005", "Malignant tumor of colon"),
    ("372244006", "Malignant melanoma"),
    ("254837009", "Malignant neoplasm of breast"),
)
GENES = (
    ("EGFR", "HGNC:3236"), ("KRAS", "HGNC:6407"), ("NRAS", "HGNC:7989"), ("BRAF", "HGNC:1097"),
    ("PIK3CA", "HGNC:8975"), ("TP53", "HGNC:11998"), ("ERBB2", "HGNC:3430"), ("ALK", "HGNC:427"),
    ("MET", "HGNC:7029"), ("RET", "HGNC:9967"), ("KIT", "HGNC:6342"), ("PTEN", "HGNC:9588"),
    ("BRCA2", "HGNC:1101"), ("ESR1", "HGNC:3467"), ("CDKN2A", "HGNC:1787"), ("ATM", "HGNC:795"),
)  # fmt: skip
KNOWN = {
    "EGFR": ("Leu858Arg", "Thr790Met", "Glu746_Ala750del", "Gly719Ala", "Cys797Ser"),
    "KRAS": ("Gly12Cys", "Gly12Asp", "Gln61His"),
    "NRAS": ("Gln61Arg", "Gln61Lys"),
    "BRAF": ("Val600Glu", "Val600Lys", "Gly469Ala"),
    "PIK3CA": ("His1047Arg", "Glu545Lys"),
    "ESR1": ("Tyr537Ser", "Asp538Gly"),
    "KIT": ("Asp816Val", "Val654Ala"),
}
RESIDUES = ("Ala", "Arg", "Asn", "Asp", "Gln", "Glu", "Gly", "His", "Leu", "Lys", "Ser", "Val")
# Loinc code, words, the answers it may have
BIOMARKERS = (
    ("81695-9", "Microsatellite instability", ("MSI-H", "MSS")),
    ("94076-7", "Mutations/Megabase", (4, 9, 14)),
    ("83052-1", "PD-L1 by clone 22C3", ("Positive", "Negative")),
    ("85319-2", "HER2 by immune stain", ("0", "1+", "2+", "3+")),
    ("85318-4", "ERBB2 gene duplication by FISH", ("Positive", "Negative")),
    ("85337-4", "Estrogen receptor", ("Positive", "Negative")),
    ("85339-0", "Progesterone receptor", ("Positive", "Negative")),
    ("64083-9", "MGMT gene methylation", ("Methylated", "Unmethylated")),
    ("78205-2", "ALK gene rearrangements", ("Detected", "Not detected")),
    ("62862-8", "Microsatellite instability by immune stain", ("Present", "Absent")),
)


def bodies() -> list[bytes]:
    """The calls as request bodies, always the same."""
    chance = random.Random(60)
    return [
        json.dumps(call(number, chance), separators=(",", ":")).encode() for number in range(CALLS)
    ]


def call(number: int, chance: random.Random) -> dict[str, Any]:
    patient = f"synthetic-tumour-{number:03d}"
    subject = {"reference": f"Patient/{patient}"}
    results = [_variant(i, subject, chance) for i in range(VARIANTS)]
    results += [_marker(i, subject, chance) for i in range(MARKERS)]
    code, name = chance.choice(DRUGS)
    order = {
        "resourceType": "MedicationRequest",
        "id": "draft",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": RXNORM, "code": code, "display": name}],
            "text": name,
        },
        "subject": subject,
        "authoredOn": "2026-10-01",
    }
    return {
        "hook": "order-sign",
        "hookInstance": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "fhirServer": "https://ehr.example.org/fhir",
        "context": {
            "userId": "Practitioner/example",
            "patientId": patient,
            "encounterId": f"encounter-{number:03d}",
            "draftOrders": _bundle("collection", [order]),
        },
        "prefetch": {
            "patient": _patient(patient),
            "pgxObservations": _bundle("searchset", results),
            "activeMedications": _bundle("searchset", []),
            "problems": _bundle("searchset", [_cancer(subject, chance)]),
        },
    }


def _variant(i: int, subject: dict[str, str], chance: random.Random) -> dict[str, Any]:
    gene, hgnc = chance.choice(GENES)
    if gene in KNOWN and chance.random() < 0.2:
        change = chance.choice(KNOWN[gene])
    else:
        before, after = chance.sample(RESIDUES, 2)
        change = f"{before}{chance.randint(2, 900)}{after}"
    components = [
        _component("48018-6", "Gene studied", "http://www.genenames.org/geneId", hgnc, gene),
        _component("48005-3", "Amino acid change", "http://varnomen.hgvs.org", f"p.{change}", ""),
        _component("48002-0", "Genomic source class", LOINC, "LA6684-0", "Somatic"),
        {
            "code": _concept(LOINC, "81258-6", "Sample variant allelic frequency"),
            "valueQuantity": {
                "value": round(chance.uniform(0.02, 0.6), 3),
                "system": "http://unitsofmeasure.org",
                "code": "1",
            },
        },
    ]
    return {
        **_observation(f"variant-{i}", "69548-6", "Genetic variant assessment", subject),
        "valueCodeableConcept": _concept(LOINC, "LA9633-4", "Present"),
        "component": components,
    }


def _marker(i: int, subject: dict[str, str], chance: random.Random) -> dict[str, Any]:
    code, words, answers = BIOMARKERS[i % len(BIOMARKERS)]
    answer = chance.choice(answers)
    resource = _observation(f"marker-{i}", code, words, subject)
    if isinstance(answer, int):
        return {**resource, "valueQuantity": {"value": answer, "code": "{mutations}/Mb"}}
    return {**resource, "valueCodeableConcept": {"text": answer}}


def _observation(identity: str, code: str, words: str, subject: dict[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "category": [{"coding": [{"system": f"{HL7}/observation-category", "code": "laboratory"}]}],
        "code": _concept(LOINC, code, words),
        "subject": subject,
        "effectiveDateTime": "2026-09-20",
    }


def _component(code: str, words: str, system: str, value: str, display: str) -> dict[str, Any]:
    return {
        "code": _concept(LOINC, code, words),
        "valueCodeableConcept": _concept(system, value, display),
    }


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    coding = {"system": system, "code": code}
    return {"coding": [{**coding, "display": display} if display else coding]}


def _cancer(subject: dict[str, str], chance: random.Random) -> dict[str, Any]:
    code, words = chance.choice(CANCERS)
    return {
        "resourceType": "Condition",
        "id": "cancer",
        "clinicalStatus": _concept(f"{HL7}/condition-clinical", "active", ""),
        "verificationStatus": _concept(f"{HL7}/condition-ver-status", "confirmed", ""),
        "category": [_concept(f"{HL7}/condition-category", "problem-list-item", "")],
        "code": _concept("http://snomed.info/sct", code, words),
        "subject": subject,
        "recordedDate": "2026-08-01",
    }
