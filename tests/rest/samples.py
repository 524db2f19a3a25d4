"""A small resource of every type, and the parameters it is found by. All are synthetic."""

from decimal import Decimal

LOINC = "http://loinc.org"


def concept(code, system=LOINC):
    return {"coding": [{"system": system, "code": code}]}


SAMPLES = {
    "AllergyIntolerance": (
        {
            "clinicalStatus": concept("active"),
            "type": "allergy",
            "criticality": "high",
            "code": concept("7980", "http://rxnorm"),
            "patient": {"reference": "Patient/p"},
            "recordedDate": "2024-05",
            "reaction": [{"manifestation": [concept("hives")], "severity": "mild"}],
        },
        "clinical-status type criticality code patient date manifestation severity",
    ),
    "AuditEvent": (
        {
            "type": {"system": LOINC, "code": "rest"},
            "action": "R",
            "recorded": "2024-05-01T10:00:00Z",
            "agent": [{"who": {"reference": "Practitioner/d"}, "name": "A. Doctor"}],
            "source": {"observer": {"reference": "Device/s"}},
            "entity": [{"what": {"reference": "Patient/p"}}],
        },
        "type action date agent agent-name source entity patient",
    ),
    "Binary": ({"meta": {"profile": ["http://x"]}, "contentType": "text/plain"}, "_profile"),
    "BodyStructure": (
        {"location": concept("breast"), "patient": {"reference": "Patient/p"}},
        "location patient",
    ),
    "Bundle": (
        {"identifier": {"value": "b"}, "type": "document", "timestamp": "2024-05-01T10:00:00Z"},
        "identifier type timestamp",
    ),
    "CarePlan": (
        {"status": "active", "intent": "plan", "subject": {"reference": "Patient/p"}},
        "status intent subject patient",
    ),
    "Condition": (
        {
            "clinicalStatus": concept("active"),
            "code": concept("C18.9"),
            "subject": {"reference": "Patient/p"},
            "onsetAge": {"value": 52, "system": "http://unitsofmeasure.org", "code": "a"},
            "recordedDate": "2024",
        },
        "clinical-status code subject patient onset-age recorded-date",
    ),
    "Consent": (
        {
            "status": "active",
            "scope": concept("research"),
            "patient": {"reference": "Patient/p"},
            "dateTime": "2024",
            "provision": {"actor": [{"reference": {"reference": "Organization/o"}}]},
        },
        "status scope patient date actor",
    ),
    "DetectedIssue": (
        {
            "status": "final",
            "code": concept("DRG"),
            "patient": {"reference": "Patient/p"},
            "identifiedDateTime": "2024",
            "implicated": [{"reference": "MedicationRequest/m"}],
        },
        "status code patient identified implicated",
    ),
    "Device": ({"type": concept("sequencer"), "patient": {"reference": "Patient/p"}}, "type"),
    "DiagnosticReport": (
        {
            "status": "final",
            "category": [concept("GE")],
            "code": concept("51969-4"),
            "subject": {"reference": "Patient/p"},
            "effectivePeriod": {"start": "2024-05-01"},
            "issued": "2024-05-02T10:00:00Z",
            "result": [{"reference": "Observation/a"}, {"reference": "Observation/b"}],
            "specimen": [{"reference": "Specimen/s"}],
        },
        "status category code subject patient date issued result specimen",
    ),
    "DocumentReference": (
        {
            "status": "current",
            "masterIdentifier": {"value": "m"},
            "subject": {"reference": "Patient/p"},
            "content": [{"attachment": {"contentType": "text/vcf", "url": "http://x/a.vcf"}}],
            "context": {"encounter": [{"reference": "Encounter/e"}]},
        },
        "status identifier subject patient contenttype location encounter",
    ),
    "Encounter": (
        {
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": "Patient/p"},
            "period": {"start": "2024-05-01", "end": "2024-05-02"},
            "participant": [{"individual": {"reference": "Practitioner/d"}}],
        },
        "status class subject patient date participant practitioner",
    ),
    "FamilyMemberHistory": (
        {
            "status": "completed",
            "patient": {"reference": "Patient/p"},
            "relationship": concept("MTH"),
            "condition": [{"code": concept("C50.9")}],
        },
        "status patient relationship code",
    ),
    "Group": (
        {"actual": True, "type": "person", "member": [{"entity": {"reference": "Patient/p"}}]},
        "actual type member",
    ),
    "GuidanceResponse": (
        {"requestIdentifier": {"value": "r"}, "subject": {"reference": "Patient/p"}},
        "request subject patient",
    ),
    "Location": ({"name": "Ward", "status": "active"}, "name status"),
    "Medication": (
        {
            "code": concept("32968", "http://rxnorm"),
            "ingredient": [{"itemCodeableConcept": concept("1")}],
        },
        "code ingredient-code",
    ),
    "MedicationAdministration": (
        {"medicationCodeableConcept": concept("1"), "subject": {"reference": "Patient/p"}},
        "code subject patient",
    ),
    "MedicationDispense": (
        {"medicationReference": {"reference": "Medication/m"}, "status": "completed"},
        "medication status",
    ),
    "MedicationRequest": (
        {
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": concept("309362", "http://rxnorm"),
            "subject": {"reference": "Patient/p"},
            "authoredOn": "2024-05-01",
            "requester": {"reference": "Practitioner/d"},
            "encounter": {"reference": "Encounter/e"},
        },
        "status intent code subject patient authoredon requester encounter",
    ),
    "MedicationStatement": (
        {
            "status": "active",
            "medicationReference": {"reference": "Medication/m"},
            "subject": {"reference": "Patient/p"},
            "effectiveDateTime": "2024-05",
        },
        "status medication subject patient effective",
    ),
    "MolecularSequence": (
        {
            "type": "dna",
            "patient": {"reference": "Patient/p"},
            "referenceSeq": {
                "chromosome": concept("10"),
                "referenceSeqId": concept("NC_000010.11"),
                "windowStart": 94760000,
                "windowEnd": 94860000,
            },
            "variant": [{"start": 94781858, "end": 94781859}],
        },
        "type patient chromosome referenceseqid window-start window-end variant-start variant-end",
    ),
    "Observation": (
        {
            "status": "final",
            "category": [concept("laboratory"), concept("GE")],
            "code": concept("69548-6"),
            "subject": {"reference": "Patient/p"},
            "effectiveDateTime": "2024-05-01",
            "derivedFrom": [{"reference": "MolecularSequence/m"}],
            "valueCodeableConcept": concept("LA9633-4"),
            "component": [
                {"code": concept("48018-6"), "valueCodeableConcept": concept("HGNC:2623")}
            ],
        },
        "status category code subject patient date derived-from value-concept code-value-concept"
        " component-code component-value-concept component-code-value-concept",
    ),
    "Organization": ({"name": "Lab", "alias": ["L"], "active": True}, "name active"),
    "Patient": (
        {
            "identifier": [{"system": "urn:mrn", "value": "1"}],
            "name": [{"family": "Núñez", "given": ["Eve"]}],
            "gender": "female",
            "birthDate": "1970-05",
            "telecom": [{"system": "email", "value": "e@example.org"}],
            "address": [{"city": "Bern"}],
        },
        "identifier name family given gender birthdate telecom email address address-city deceased",
    ),
    "PlanDefinition": ({"url": "http://x/plan", "status": "active"}, "url status"),
    "Practitioner": (
        {"identifier": [{"value": "npi"}], "name": [{"family": "Doe"}]},
        "identifier name family",
    ),
    "PractitionerRole": (
        {"practitioner": {"reference": "Practitioner/d"}, "specialty": [concept("genetics")]},
        "practitioner specialty",
    ),
    "Procedure": (
        {
            "status": "completed",
            "code": concept("transplant"),
            "subject": {"reference": "Patient/p"},
            "performedDateTime": "2020",
        },
        "status code subject patient date",
    ),
    "Provenance": (
        {
            "target": [{"reference": "Observation/a"}, {"reference": "Patient/p"}],
            "recorded": "2024-05-01T10:00:00Z",
            "agent": [{"who": {"reference": "Organization/o"}}],
        },
        "target patient recorded agent",
    ),
    "RelatedPerson": (
        {"patient": {"reference": "Patient/p"}, "relationship": [concept("MTH")]},
        "patient relationship",
    ),
    "RiskAssessment": (
        {
            "subject": {"reference": "Patient/p"},
            "occurrenceDateTime": "2024",
            "prediction": [{"probabilityDecimal": Decimal("0.12")}],
        },
        "subject patient date probability",
    ),
    "ServiceRequest": (
        {
            "status": "active",
            "intent": "order",
            "code": concept("81247-9"),
            "subject": {"reference": "Patient/p"},
            "authoredOn": "2024-05-01",
            "specimen": [{"reference": "Specimen/s"}],
        },
        "status intent code subject patient authored specimen",
    ),
    "Specimen": (
        {
            "type": concept("BLD"),
            "subject": {"reference": "Patient/p"},
            "collection": {"collectedDateTime": "2024-05-01"},
            "accessionIdentifier": {"value": "acc"},
        },
        "type subject patient collected accession",
    ),
    "Task": (
        {
            "status": "requested",
            "intent": "proposal",
            "code": concept("LA26421-0"),
            "for": {"reference": "Patient/p"},
            "focus": {"reference": "ServiceRequest/s"},
            "authoredOn": "2024-05-01",
        },
        "status intent code subject patient focus authored-on",
    ),
}
