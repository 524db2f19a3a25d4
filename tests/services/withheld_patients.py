"""Generated patients with a secret: resources that speak of withheld genes, in every way, beside
others that do not. Synthetic, and the same for the same seed.

Which resources are secret is known by how they are made, not by the judgement under test.
"""

import base64
import random
from dataclasses import dataclass, field
from typing import Any

HGNC, LOINC = "http://www.genenames.org/geneId", "http://loinc.org"
Resource = dict[str, Any]


@dataclass(frozen=True)
class Gene:
    """A gene and what tells of it: a place is 1-based, on GRCh38."""

    symbol: str
    hgnc: str
    diplotypes: tuple[str, ...]
    phenotype_code: str
    rsid: str
    accession: str
    place: int
    ref: str
    alt: str


GENES = {
    gene.symbol: gene
    for gene in (
        Gene("CYP2C19", "HGNC:2621", ("*2/*2", "*17/*17", "*1/*2"), "79714-2", "rs4244285",
             "NC_000010.11", 94781859, "G", "A"),
        Gene("CYP2D6", "HGNC:2625", ("*4/*4", "*1/*2", "*1/*1x3"), "79715-9", "rs3892097",
             "NC_000022.11", 42128945, "C", "T"),
        Gene("CYP2C9", "HGNC:2623", ("*3/*3", "*1/*2"), "79716-7", "rs1057910",
             "NC_000010.11", 94981296, "A", "C"),
        Gene("SLCO1B1", "HGNC:10959", ("*5/*5", "*1/*5"), "79722-5", "rs4149056",
             "NC_000012.12", 21178615, "T", "C"),
        Gene("TPMT", "HGNC:12014", ("*3A/*3A", "*1/*3A"), "79713-4", "rs1142345",
             "NC_000006.12", 18130687, "T", "C"),
        Gene("DPYD", "HGNC:3012", ("c.1905+1G>A (*2A)/Reference",), "79719-1", "rs3918290",
             "NC_000001.11", 97450058, "C", "T"),
    )
}  # fmt: skip

# RxNorm ingredients: clopidogrel, codeine, warfarin, simvastatin, azathioprine, capecitabine,
# amitriptyline, omeprazole; paroxetine and fluconazole act on others; paracetamol concerns nobody.
DRUGS = (
    ("32968", "clopidogrel"), ("2670", "codeine"), ("11289", "warfarin"), ("36567", "simvastatin"),
    ("1256", "azathioprine"), ("194000", "capecitabine"), ("704", "amitriptyline"),
    ("7646", "omeprazole"), ("32937", "paroxetine"), ("4450", "fluconazole"),
    ("161", "acetaminophen"),
)  # fmt: skip
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def code(system: str, value: str, display: str = "") -> Resource:
    coding = {"system": system, "code": value, **({"display": display} if display else {})}
    return {"coding": [coding]}


def about(kind: str, identity: str, **members: Any) -> Resource:
    return {
        "resourceType": kind,
        "id": identity,
        "subject": {"reference": "Patient/p1"},
        **members,
    }


def part(loinc: str, value: Any) -> Resource:
    return {"code": code(LOINC, loinc), **value}


def of_gene(gene: Gene) -> Resource:
    return part("48018-6", {"valueCodeableConcept": code(HGNC, gene.hgnc, gene.symbol)})


def results_of(gene: Gene, chance: random.Random, mark: str) -> list[Resource]:
    """Some resources that speak of a gene, by names that do not, so that nothing but their content
    tells; the first is always a genotype that cards would be made of."""
    diplotype = chance.choice(gene.diplotypes)
    genotype = about(
        "Observation",
        f"{mark}0",
        status="final",
        code=code(LOINC, "84413-4"),
        component=[of_gene(gene)],
        valueCodeableConcept={"text": diplotype},
    )
    made = [
        about(
            "Observation", f"{mark}1", status="final", code=code(LOINC, gene.phenotype_code),
            valueCodeableConcept=code(LOINC, "LA9657-3", "Poor metabolizer"),
        ),
        about(
            "Observation", f"{mark}2", status="final", code=code(LOINC, "69548-6"),
            valueCodeableConcept=code(LOINC, "LA9633-4", "Present"),
            component=[part("81255-0", {"valueCodeableConcept": code(
                "http://www.ncbi.nlm.nih.gov/snp", gene.rsid)}),
                part("53034-5", {"valueCodeableConcept": code(LOINC, "LA6706-1")})],
        ),
        about(
            "Observation", f"{mark}3", status="final", code=code(LOINC, "69548-6"),
            valueCodeableConcept=code(LOINC, "LA9633-4", "Present"),
            component=[
                part("48013-7", {"valueCodeableConcept": code(
                    "http://www.ncbi.nlm.nih.gov/nuccore", gene.accession)}),
                part("69547-8", {"valueString": gene.ref}),
                part("69551-0", {"valueString": gene.alt}),
                part("81254-5", {"valueRange": {"low": {"value": gene.place}}}),
                part("53034-5", {"valueCodeableConcept": code(LOINC, "LA6706-1")}),
            ],
        ),
        about(
            "DiagnosticReport", f"{mark}4", status="final", code=code(LOINC, "51969-4"),
            result=[{"reference": f"Observation/{mark}0"}],
        ),
        about(
            "DiagnosticReport", f"{mark}5", status="final", code=code(LOINC, "51969-4"),
            conclusion=f"{gene.symbol} {diplotype}",
        ),
        about(
            "Condition", f"{mark}6", code={"text": "see note"},
            note=[{"text": f"carries {gene.symbol} {diplotype}"}],
        ),
        about(
            "RiskAssessment", f"{mark}7", status="final",
            basis=[{"reference": f"Observation/{mark}0"}],
            prediction=[{"outcome": {"text": "side effects"}, "probabilityDecimal": 0.4}],
        ),
        about(
            "Observation", f"{mark}8", status="final", code=code(LOINC, "51963-7"),
            derivedFrom=[{"reference": f"Observation/{mark}0"}],
            component=[part("51963-7", {"valueCodeableConcept": code(
                RXNORM, "32968", "clopidogrel")})],
        ),
        about(
            "DocumentReference", f"{mark}9", status="current",
            content=[{"attachment": {"contentType": "text/plain", "data": base64.b64encode(
                f"{gene.symbol}: {diplotype}".encode()).decode()}}],
        ),
        {
            "resourceType": "MolecularSequence", "id": f"{mark}10", "type": "dna",
            "patient": {"reference": "Patient/p1"}, "coordinateSystem": 0,
            "referenceSeq": {"referenceSeqId": code("", gene.accession),
                             "windowStart": gene.place - 1, "windowEnd": gene.place},
            "variant": [{"start": gene.place - 1, "end": gene.place,
                         "observedAllele": gene.alt, "referenceAllele": gene.ref}],
        },
        about(
            "Observation", f"{mark}11", status="final", code=code(LOINC, "11502-2"),
            text={"status": "generated", "div": f"<div>{gene.symbol[:3]}<b>{gene.symbol[3:]}</b>"
                  f" {diplotype}</div>"},
        ),
        about(
            "ServiceRequest", f"{mark}12", status="active", intent="order",
            code={"text": f"{gene.symbol} genotyping"},
        ),
        about(
            "AllergyIntolerance", f"{mark}13", patient={"reference": "Patient/p1"},
            code={"text": "codeine"}, note=[{"text": f"ultrarapid, {gene.rsid}"}],
        ),
    ]  # fmt: skip
    for each in made:
        if "patient" in each:
            each.pop("subject", None)
    return [genotype, *chance.sample(made, chance.randint(0, len(made)))]


@dataclass
class Patient:
    """Resources that everybody may see, those that are secret, and the Consent that says so."""

    shown: list[Resource] = field(default_factory=list)
    secret: list[Resource] = field(default_factory=list)
    consent: Resource = field(default_factory=dict)


def consent_to_withhold(genes: list[str], chance: random.Random) -> Resource:
    """One of the ways to say it."""
    codes = [code(HGNC, GENES[gene].hgnc) for gene in genes]
    by_code = {"type": "deny", "code": codes}
    ways: list[Resource] = [
        by_code,
        {"type": "permit", "provision": [by_code]},
        {"provision": [by_code]},
        {"type": "deny", "code": [{"text": gene} for gene in genes]},
    ]
    return {
        "resourceType": "Consent",
        "id": "consent",
        "status": "active",
        "scope": code("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "patient": {"reference": "Patient/p1"},
        "dateTime": "2026-01-01",
        "provision": chance.choice(ways),
    }


def medicine(identity: str, rxcui: str, name: str) -> Resource:
    return about(
        "MedicationRequest",
        identity,
        status="active",
        intent="order",
        medicationCodeableConcept=code(RXNORM, rxcui, name),
    )


def patient_of(seed: int) -> Patient:
    chance = random.Random(seed)
    genes = chance.sample(sorted(GENES), chance.randint(2, 4))
    hidden = genes[: chance.randint(1, 2)]
    made = Patient(consent=consent_to_withhold(hidden, chance))
    made.shown.append(
        {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1961-05-01"}
    )
    for number, gene in enumerate(genes):
        found = results_of(GENES[gene], chance, f"r{number}-")
        (made.secret if gene in hidden else made.shown).extend(found)
    for number, (rxcui, name) in enumerate(chance.sample(DRUGS, 3)):
        made.shown.append(medicine(f"m{number}", rxcui, name))
    made.shown.append(about("Condition", "stroke", code={"text": "Ischaemic stroke"}))
    return made
