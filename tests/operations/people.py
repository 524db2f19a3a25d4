"""Synthetic results of patients who do not exist, for tests of the operations."""

LOINC = "http://loinc.org"
GUIDE = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition"
PRESENT, ABSENT, NO_CALL, INDETERMINATE = "LA9633-4", "LA9634-2", "LA18198-4", "LA11884-6"
GERMLINE, SOMATIC = "LA6683-2", "LA6684-0"
ZERO_BASED, ONE_BASED = "LA30100-4", "LA30102-0"
CHR10_38, CHR10_37 = "NC_000010.11", "NC_000010.10"
CHR7_38, CHR22_38 = "NC_000007.14", "NC_000022.11"


def coded(code, system=LOINC):
    return {"coding": [{"system": system, "code": code}]}


def part(code, **value):
    return {"code": coded(code), **value}


def region(code, low, high):
    return part(code, valueRange={"low": {"value": low}, "high": {"value": high}})


def observation(id_, code, patient, *, parts=(), status="final", **members):
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": status,
        "category": [
            coded("laboratory", "http://terminology.hl7.org/CodeSystem/observation-category")
        ],
        "code": coded(code),
        "subject": {"reference": f"Patient/{patient}"},
        **members,
        **({"component": list(parts)} if parts else {}),
    }


def gene(symbol, hgnc=""):
    coding = {"system": "http://www.genenames.org/geneId", "code": hgnc, "display": symbol}
    return part("48018-6", valueCodeableConcept={"coding": [coding]} if hgnc else {"text": symbol})


def variant(
    id_, patient, accession, low, ref, alt, *,
    value=PRESENT, source=GERMLINE, base=ZERO_BASED, state="", parts=(), high=None, **members,
):  # fmt: skip
    """A simple variant; `low` and `high` count as `base` says."""
    high = (low + len(ref) if base == ZERO_BASED else low + len(ref) - 1) if high is None else high
    stated = [
        part(
            "48013-7", valueCodeableConcept=coded(accession, "http://www.ncbi.nlm.nih.gov/refseq")
        ),
        part("69547-8", valueString=ref),
        part("69551-0", valueString=alt),
        part("92822-6", valueCodeableConcept=coded(base)),
        region("81254-5", low, high),
        *([part("48002-0", valueCodeableConcept=coded(source))] if source else []),
        *([part("53034-5", valueCodeableConcept=coded(state))] if state else []),
        *parts,
    ]
    return observation(
        id_, "69548-6", patient, parts=stated, valueCodeableConcept=coded(value), **members
    )


def structural(
    id_, patient, accession, *, exact=None, inner=None, outer=None, change="SO:0000159",
    copies=None, value=PRESENT, source=GERMLINE, **members,
):  # fmt: skip
    ranges = (("81254-5", exact), ("81302-2", inner), ("81301-4", outer))
    copied = {"value": copies, "system": "http://unitsofmeasure.org", "code": "1"}
    stated = [
        part("48013-7", valueCodeableConcept=coded(accession, "http://www.ncbi.nlm.nih.gov/refseq")),
        part("92822-6", valueCodeableConcept=coded(ZERO_BASED)),
        *(region(code, *ends) for code, ends in ranges if ends),
        *([part("48019-4", valueCodeableConcept=coded(change, "http://www.sequenceontology.org"))]
          if change else []),
        *([part("82155-3", valueQuantity=copied)] if copies is not None else []),
        *([part("48002-0", valueCodeableConcept=coded(source))] if source else []),
    ]  # fmt: skip
    return observation(
        id_, "69548-6", patient, parts=stated, valueCodeableConcept=coded(value), **members
    )


def phase(id_, patient, one, other, value="Trans"):
    system = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/sequence-phase-relationship-cs"
    parents = [{"reference": f"Observation/{each}"} for each in (one, other)]
    return observation(
        id_, "82120-7", patient, valueCodeableConcept=coded(value, system), derivedFrom=parents
    )


def genotype(id_, patient, symbol, name, *, hgnc="", system="", source="", **members):
    value = coded(name, system) if system else {"text": name}
    stated = [
        gene(symbol, hgnc),
        *([part("48002-0", valueCodeableConcept=coded(source))] if source else []),
    ]
    return observation(id_, "84413-4", patient, parts=stated, valueCodeableConcept=value, **members)


def haplotype(id_, patient, symbol, name, *, source="", **members):
    found = genotype(id_, patient, symbol, name, source=source, **members)
    return {**found, "code": coded("84414-2")}


def patient(id_):
    return {"resourceType": "Patient", "id": id_, "name": [{"family": "Synthetic"}]}


def sequence(id_, patient_id, accession, *changes):
    """A MolecularSequence, 0-based: (start, ref, alt) each."""
    return {
        "resourceType": "MolecularSequence",
        "id": id_,
        "type": "dna",
        "coordinateSystem": 0,
        "patient": {"reference": f"Patient/{patient_id}"},
        "referenceSeq": {
            "referenceSeqId": coded(accession, "http://www.ncbi.nlm.nih.gov/nuccore"),
            "strand": "watson",
            "windowStart": min(start for start, *_ in changes),
            "windowEnd": max(start + len(ref) for start, ref, _ in changes),
        },
        "variant": [
            {"start": start, "end": start + len(ref), "referenceAllele": ref,
             "observedAllele": alt}
            for start, ref, alt in changes
        ],
    }  # fmt: skip


def report(id_, patient_id, results, **members):
    return {
        "resourceType": "DiagnosticReport",
        "id": id_,
        "status": "final",
        "code": coded("51969-4"),
        "subject": {"reference": f"Patient/{patient_id}"},
        "result": [{"reference": f"Observation/{each}"} for each in results],
        **members,
    }


# One patient with results on both builds, of two genomes, of every answer.
ANNA = "synthetic-anna"
OTTO = "synthetic-otto"
CLARA = "synthetic-clara"
TYPED = "http://glstring.org"

# rs4244285 (CYP2C19*2) and rs12248560 (*17), the first base that each changes, 0-based.
STAR_2_38, STAR_2_37 = 94781858, 96541615
STAR_17_38, STAR_17_37 = 94761899, 96521656

OF_ANNA = (
    patient(ANNA),
    variant("anna-star2", ANNA, CHR10_38, STAR_2_38, "G", "A", state="LA6706-1",
            effectiveDateTime="2024-05-02", parts=[gene("CYP2C19", "HGNC:2621")],
            specimen={"reference": "Specimen/anna-blood"}),
    # The same person's older array, on the other build and counted from one.
    variant("anna-star17-37", ANNA, CHR10_37, STAR_17_37 + 1, "C", "T", base=ONE_BASED,
            state="LA6706-1", effectiveDateTime="2019-03-01"),
    variant("anna-star3-absent", ANNA, CHR10_38, 94780652, "G", "A", value=ABSENT),
    variant("anna-no-call", ANNA, CHR10_38, 94762705, "A", "G", value=NO_CALL),
    variant("anna-unsure", ANNA, CHR10_38, 94762711, "T", "C", value=INDETERMINATE),
    variant("anna-reference", ANNA, CHR10_38, 94762714, "C", "C"),
    variant("anna-wrong", ANNA, CHR10_38, 94770000, "T", "C", status="entered-in-error"),
    variant("anna-egfr", ANNA, CHR7_38, 55191821, "T", "G", source=SOMATIC,
            effectiveDateTime="2024-06-10", specimen={"reference": "Specimen/anna-tumour"}),
    # Stated with an anchor base, as in a VCF.
    variant("anna-2d6-del", ANNA, CHR22_38, 42128241 - 1, "CT", "C", state="LA6706-1"),
    structural("anna-cnv", ANNA, CHR22_38, exact=(42120000, 42135000), change="SO:0001743",
               copies=1),
    structural("anna-imprecise", ANNA, CHR7_38, inner=(116700000, 116750000),
               outer=(116600000, 116800000), change="SO:0001019", copies=5, source=SOMATIC),
    structural("anna-outer-only", ANNA, CHR7_38, outer=(140000000, 140100000)),
    phase("anna-phase", ANNA, "anna-star2", "anna-star17-37"),
    {"resourceType": "Specimen", "id": "anna-blood", "identifier": [{"value": "S-1"}],
     "subject": {"reference": f"Patient/{ANNA}"}},
    {"resourceType": "Specimen", "id": "anna-tumour",
     "accessionIdentifier": {"system": "urn:lab", "value": "S-2"},
     "subject": {"reference": f"Patient/{ANNA}"}},
    report("anna-report", ANNA, ["anna-star2"], identifier=[{"system": "urn:lab", "value": "T-7"}]),
    genotype("anna-2c19", ANNA, "CYP2C19", "*2/*17", hgnc="HGNC:2621",
             effectiveDateTime="2024-05-02"),
    genotype("anna-hla-b", ANNA, "HLA-B", "hla#3.33.0#HLA-B*57:01:01+HLA-B*08:01", system=TYPED),
    genotype("anna-hla-a", ANNA, "HLA-A",
             "hla#3.33.0#HLA-A*02:69+HLA-A*23:30|HLA-A*02:302+HLA-A*23:26/HLA-A*23:39",
             system=TYPED),
    haplotype("anna-2d6-hap", ANNA, "CYP2D6", "*4", source=SOMATIC),
)  # fmt: skip
OF_OTTO = (
    patient(OTTO),
    variant("otto-star2", OTTO, CHR10_37, STAR_2_37, "G", "A"),
    structural("otto-cnv", OTTO, CHR22_38, inner=(42128000, 42129000), outer=(42120000, 42135000)),
    genotype("otto-2c19", OTTO, "CYP2C19", "*1/*17"),
    genotype("otto-2d6", OTTO, "CYP2D6", "*1/*41"),
)
OF_CLARA = (
    patient(CLARA),
    sequence("clara-sequence", CLARA, CHR10_38, (STAR_2_38, "G", "A"), (STAR_17_38, "C", "T")),
    genotype("clara-2c19", CLARA, "CYP2C19", "*1/*1"),
)
EVERYBODY = (*OF_ANNA, *OF_OTTO, *OF_CLARA)
