"""Variants on file and no diplotype: the order gets the card that the diplotype gets.

All patients and results are synthetic; the positions are real ones.
"""

import copy
import json
from datetime import date
from pathlib import Path

import pytest

from fhir_pgx.cards.write import write_answer
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.plugins import load_services
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources

LOINC = "http://loinc.org"
REQUEST = json.loads(
    (Path(__file__).parents[1] / "examples" / "order-sign-clopidogrel" / "request.json").read_text()
)
PATIENT = {"reference": f"Patient/{REQUEST['context']['patientId']}"}
CHR10 = "NC_000010.11"


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


@pytest.fixture(scope="module")
def service(pipeline):
    return load_services(pipeline.answer).service("pgx-order-sign")


def answer(service, results):
    request = copy.deepcopy(REQUEST)
    request["prefetch"]["pgxObservations"] = bundle(results)
    call = read_call(request, service, Sources())
    return write_answer(service.answer(call))["cards"]


def bundle(resources):
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": resource} for resource in resources],
    }


def coded(code, value):
    return {"code": {"coding": [{"system": LOINC, "code": code}]}, **value}


def answered(code):
    return {"valueCodeableConcept": {"coding": [{"system": LOINC, "code": code}]}}


def diplotype(text):
    return {
        "resourceType": "Observation",
        "id": "diplotype",
        "status": "final",
        "subject": PATIENT,
        **coded("84413-4", {"valueCodeableConcept": {"text": text}}),
        "component": [coded("48018-6", {"valueCodeableConcept": {"text": "CYP2C19"}})],
    }


def variant(number, position, ref, alt, zygosity):
    """A variant Observation by its 1-based GRCh38 position on chromosome 10."""
    return {
        "resourceType": "Observation",
        "id": f"variant-{number}",
        "status": "final",
        "subject": PATIENT,
        **coded("69548-6", answered("LA9633-4")),
        "component": [
            coded("48013-7", {"valueCodeableConcept": {"coding": [{"code": CHR10}]}}),
            coded("92822-6", answered("LA30102-0")),
            coded("81254-5", {"valueRange": {"low": {"value": position}}}),
            coded("69547-8", {"valueString": ref}),
            coded("69551-0", {"valueString": alt}),
            coded("53034-5", answered(zygosity)),
        ],
    }


def sequence(name, *variants):
    """A MolecularSequence of R4 over all of CYP2C19: one of the two copies."""
    return {
        "resourceType": "MolecularSequence",
        "id": name,
        "type": "dna",
        "coordinateSystem": 0,
        "patient": PATIENT,
        "referenceSeq": {
            "referenceSeqId": {"coding": [{"code": CHR10}]},
            "windowStart": 94761000,
            "windowEnd": 94854000,
        },
        "variant": [
            {
                "start": position - 1,
                "end": position,
                "observedAllele": alt,
                "referenceAllele": ref,
            }
            for position, ref, alt in variants
        ],
    }


RS12769205 = (94775367, "A", "G")
RS4244285 = (94781859, "G", "A")
RS12248560 = (94761900, "C", "T")
RS3758581 = (94842866, "A", "G")
HET, HOM = "LA6706-1", "LA6705-3"
STAR2 = (RS12769205, RS4244285, RS3758581)
STAR17 = (RS12248560, RS3758581)


def observations(zygosity_of):
    return [variant(n, *site, zygosity_of(site)) for n, site in enumerate(STAR2)]


SAME = {
    "*2/*2": [
        ("variant Observations", observations(lambda site: HOM)),
        ("the deciding one alone", [variant(1, *RS4244285, HOM)]),
        ("two MolecularSequences", [sequence("a", *STAR2), sequence("b", *STAR2)]),
    ],
    "*1/*2": [
        (
            "variant Observations",
            observations(lambda site: HOM if site == RS3758581 else HET),
        ),
        ("two MolecularSequences", [sequence("a", *STAR2), sequence("b", RS3758581)]),
    ],
    "*2/*17": [
        ("two MolecularSequences", [sequence("a", *STAR2), sequence("b", *STAR17)]),
    ],
}
CASES = [(name, how, results) for name, each in SAME.items() for how, results in each]


@pytest.mark.parametrize(("name", "how", "results"), CASES)
def test_variants_get_the_card_of_their_diplotype(service, name, how, results):
    (stated,) = answer(service, [diplotype(f"CYP2C19 {name}")])
    (called,) = answer(service, results)
    for member in ("summary", "indicator", "source", "links", "overrideReasons"):
        assert called[member] == stated[member], (how, member)
    assert parts(called, "Advice") == parts(stated, "Advice")
    assert parts(called, "Why") == parts(stated, "Why")
    assert [s["label"] for s in called.get("suggestions", [])] == [
        s["label"] for s in stated.get("suggestions", [])
    ]


def parts(card, title):
    found = [part for part in card["detail"].split("\n\n**") if part.startswith(f"{title}**")]
    assert len(found) == 1, card["detail"]
    return found[0]


def test_a_card_of_a_partial_test_says_what_would_not_show(service):
    (card,) = answer(service, [variant(1, *RS4244285, HET)])
    assert "CYP2C19 was read at 1 of 35 positions" in card["detail"]
    assert r"could change the advice: \*3, " in card["detail"]
    assert "PGX-646" in card["detail"]
    (card,) = answer(service, [variant(1, *RS4244285, HOM)])  # both copies are known to be *2
    assert "PGX-647" in card["detail"]


def test_a_sequence_alone_shows_an_allele_and_no_genotype(pipeline, service):
    (card,) = answer(service, [sequence("a", *STAR2)])
    assert "several readings" in card["summary"]
    assert r"CYP2C19 at least one \*2" in card["detail"]
    assert "whether on one copy or on both is not stated" in card["detail"]
    (card,) = answer(service, [sequence("a", *STAR17)])  # here the other copy may be anything
    assert "without a usable answer" in card["summary"]
    assert "PGX-633" in card["detail"]
    assert "Advice" not in card["detail"]


def test_tumour_variants_are_no_result_of_the_patient(service):
    somatic = variant(1, *RS4244285, HOM)
    somatic["component"].append(coded("48002-0", answered("LA6684-0")))
    (card,) = answer(service, [somatic])
    assert "CPIC advice depends on it" in card["summary"]  # what the patient's genes are
    assert "Poor" not in card["summary"]
