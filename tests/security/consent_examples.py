"""Consents and resources for the tests of this folder, in as few words as a table can bear.

Everything here is synthetic.
"""

import json
from datetime import UTC, datetime
from typing import Any

from fhir_pgx.knowledge.gene_words import load_gene_words
from fhir_pgx.model.access import Caller
from fhir_pgx.security.withheld import Version, Withheld, withheld

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HGNC = "http://www.genenames.org/geneId"
LOINC = "http://loinc.org"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
TYPES = "http://hl7.org/fhir/resource-types"
GENE_CLASS = "urn:fhir-pgx:gene-class"
ACTIONS = "http://terminology.hl7.org/CodeSystem/consentaction"

CLINICIAN = Caller("cds-client", "https://ehr.test", "ehr", "Practitioner/7")
OTHER_CLINICIAN = Caller("cds-client", "https://ehr.test", "ehr", "Practitioner/8")
ELSEWHERE = Caller(
    "application", "https://as.test", "app", "https://there.test/fhir/Practitioner/7"
)
RESEARCHER = Caller("application", "https://as.test", "study", "Practitioner/9", purpose="HRESCH")
EMERGENCY = Caller("cds-client", "https://ehr.test", "ehr", "Practitioner/7", purpose="ETREAT")
NOBODY = Caller("open")


def code(system: str, value: str, **more: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": value, **more}]}


def gene(hgnc: str) -> dict[str, Any]:
    return code(HGNC, hgnc)


CYP2C19, CYP2D6, BRCA1 = gene("HGNC:2621"), gene("HGNC:2625"), gene("HGNC:1100")


def gene_class(value: str) -> dict[str, Any]:
    return {"system": GENE_CLASS, "code": value}


def deny(**criteria: Any) -> dict[str, Any]:
    return {"type": "deny", **criteria}


def permit(**criteria: Any) -> dict[str, Any]:
    return {"type": "permit", **criteria}


def actor(reference: str = "", **more: Any) -> dict[str, Any]:
    found = {"reference": reference} if reference else {}
    role = code("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PRCP")
    return {"role": role, "reference": {**found, **more}}


def consent(provision: Any = None, **members: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Consent",
        "id": "c1",
        "status": "active",
        "scope": code("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [code(LOINC, "59284-0")],
        "patient": {"reference": "Patient/p1"},
        "dateTime": "2026-01-01",
        **members,
    }
    if provision is not None:
        made["provision"] = provision
    return made


def resource(kind: str = "Observation", identity: str = "r1", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "id": identity,
        "subject": {"reference": "Patient/p1"},
        **members,
    }


OF_CYP2C19 = resource(
    identity="cyp2c19", code=code(LOINC, "79714-2"), valueString="Poor Metabolizer"
)
OF_CYP2D6 = resource(identity="cyp2d6", code=code(LOINC, "79715-9"), valueString="Poor Metabolizer")
OF_BRCA1 = resource(identity="brca1", code={"text": "BRCA1 sequencing"})
GLUCOSE = resource(identity="glucose", code=code(LOINC, "2345-7"))
WARD = resource("Encounter", "ward")
ALL = (OF_CYP2C19, OF_CYP2D6, OF_BRCA1, GLUCOSE, WARD)


def version(made: dict[str, Any]) -> Version:
    return Version(made["resourceType"], made["id"], json.dumps(made).encode())


def judged(
    consents: Any,
    resources: Any = ALL,
    caller: Caller = CLINICIAN,
    now: datetime = NOW,
) -> Withheld:
    """The judgement over these resources and the Consents themselves."""
    listed = [consents] if isinstance(consents, dict) else list(consents)
    versions = [version(each) for each in (*resources, *listed)]
    return withheld(versions, listed, caller, now, words=load_gene_words())


def hidden(*arguments: Any, **more: Any) -> set[str]:
    """The ids that are withheld, those of Consents aside."""
    found = judged(*arguments, **more).hidden
    return {identity for kind, identity in found if kind != "Consent"}
