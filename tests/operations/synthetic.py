"""Synthetic results for tests of operations: no patient is real."""

LOINC = "http://loinc.org"
TBD = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def coded(code, system=LOINC):
    return {"coding": [{"system": system, "code": code}]}


def part(code, system=LOINC, **value):
    return {"code": coded(code, system), **value}


def patient(name, **members):
    return {"resourceType": "Patient", "id": name, **members}


def observation(name, code, subject, *parts, system=LOINC, **members):
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "category": [
            coded("laboratory", "http://terminology.hl7.org/CodeSystem/observation-category"),
            coded("GE", "http://terminology.hl7.org/CodeSystem/v2-0074"),
        ],
        "code": coded(code, system),
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": "2026-03-01",
        **members,
        **({"component": list(parts)} if parts else {}),
    }


def gene(symbol):
    return part("48018-6", valueCodeableConcept={"text": symbol})


def genotype(name, subject, symbol, diplotype, **members):
    value = {"text": f"{symbol} {diplotype}"}
    return observation(
        name, "84413-4", subject, gene(symbol), valueCodeableConcept=value, **members
    )


def variant(name, subject, symbol, *parts, source="LA6683-2", **members):
    return observation(
        name,
        "69548-6",
        subject,
        gene(symbol),
        part("48002-0", valueCodeableConcept=coded(source)),
        *parts,
        valueCodeableConcept=coded("LA9633-4"),
        **members,
    )


def protein(text):
    return part("48005-3", valueCodeableConcept={"text": text})


def coding(text):
    return part("48004-6", valueCodeableConcept={"text": text})


def placed(accession, start, ref, alt, state="LA6706-1"):
    """A place, 0-based, with its alleles and the allelic state."""
    return (
        part(
            "48013-7", valueCodeableConcept=coded(accession, "http://www.ncbi.nlm.nih.gov/refseq")
        ),
        part("69547-8", valueString=ref),
        part("69551-0", valueString=alt),
        part("92822-6", valueCodeableConcept=coded("LA30100-4")),
        part("81254-5", valueRange={"low": {"value": start}, "high": {"value": start + len(ref)}}),
        part("53034-5", valueCodeableConcept=coded(state)),
    )


def implication(name, subject, kind, *parts, parents=(), **members):
    derived = [{"reference": f"Observation/{each}"} for each in parents]
    return observation(
        name, kind, subject, *parts, system=TBD, **({"derivedFrom": derived} if derived else {}),
        **members,
    )  # fmt: skip


def effect(text, code="therapeutic-implication", **coding_):
    return part(code, TBD, valueCodeableConcept={"text": text, **coding_})


def drug(code="", display="", system=RXNORM):
    value = coded(code, system) if code else {}
    return part("51963-7", valueCodeableConcept={**value, **({"text": display} if display else {})})


def condition_part(text, code="", system="http://snomed.info/sct"):
    value = coded(code, system) if code else {}
    return part("81259-4", valueCodeableConcept={**value, "text": text})


def problem(name, subject, text, code="", system="http://snomed.info/sct"):
    return {
        "resourceType": "Condition",
        "id": name,
        "subject": {"reference": f"Patient/{subject}"},
        "clinicalStatus": coded(
            "active", "http://terminology.hl7.org/CodeSystem/condition-clinical"
        ),
        "code": {**(coded(code, system) if code else {}), "text": text},
    }


def report(name, subject, results, *, when="2026-03-01", identifier="", specimen=""):
    return {
        "resourceType": "DiagnosticReport",
        "id": name,
        "status": "final",
        "code": coded("51969-4"),
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": when,
        **({"identifier": [{"value": identifier}]} if identifier else {}),
        **({"specimen": [{"reference": f"Specimen/{specimen}"}]} if specimen else {}),
        "result": [{"reference": f"Observation/{each}"} for each in results],
    }
