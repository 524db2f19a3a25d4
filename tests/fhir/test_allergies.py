"""Allergies and intolerances of every release. Every patient is synthetic."""

import pytest

from fhir_pgx.fhir.allergies import NO_SUBSTANCE, SEVERAL_DRUGS, read_allergies, says_none
from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.drug import Drug
from fhir_pgx.normalize.drug import resolve

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
CODEINE = Drug("2670", "codeine")
STATUS = {"coding": [{"code": "active"}]}


@pytest.fixture(scope="module")
def match():
    codes = DrugCodes()
    return lambda concept: resolve(concept, codes)


def allergy(**members):
    return {"resourceType": "AllergyIntolerance", "id": "a1", **members}


def rxnorm(code):
    return {"coding": [{"system": RXNORM, "code": code}]}


@pytest.mark.parametrize(
    ("release", "resource"),
    [
        ("DSTU2", allergy(substance={**rxnorm("2670"), "text": "Codeine"}, status="active",
                          type="allergy", onset="2020-02-01",
                          reaction=[{"manifestation": [{"text": "Hives"}]}])),
        ("STU3", allergy(code={**rxnorm("2670"), "text": "Codeine"}, clinicalStatus="active",
                         verificationStatus="confirmed", type="allergy",
                         onsetDateTime="2020-02-01",
                         reaction=[{"manifestation": [{"text": "Hives"}]}])),
        ("R4", allergy(code={**rxnorm("2670"), "text": "Codeine"}, clinicalStatus=STATUS,
                       type="allergy", recordedDate="2020-02-01",
                       reaction=[{"manifestation": [{"coding": [{"display": "Hives"}]}]}])),
        ("R5", allergy(code={**rxnorm("2670"), "text": "Codeine"}, clinicalStatus=STATUS,
                       type={"coding": [{"code": "allergy"}]},
                       onsetPeriod={"start": "2020-02-01"},
                       reaction=[{"manifestation": [{"concept": {"text": "Hives"}}]}])),
    ],
)  # fmt: skip
def test_an_allergy_of_any_release_is_read(release, resource, match):
    (found,), odd = read_allergies(entries_of(resource), match)
    assert odd == ()
    assert (found.label, found.drugs, found.kind, found.reactions, found.state, found.when) == (
        "Codeine", (CODEINE,), "allergy", ("Hives",), "active", "2020-02-01"
    ), release  # fmt: skip
    assert found.reference == "AllergyIntolerance/a1"


@pytest.mark.parametrize(
    ("text", "drugs", "groups"),
    [
        ("Codeine", {"codeine"}, set()),
        ("Allergy to codeine", {"codeine"}, set()),
        ("Allergy to codeine (disorder)", {"codeine"}, set()),
        ("codeine intolerance", {"codeine"}, set()),
        ("NSAIDs", set(), {"nsaid"}),
        ("Statins", set(), {"statin"}),
        ("Allergy to sulfonamides", set(), {"sulfonamide"}),
        ("Sulfa (Sulfonamide Antibiotics)", set(), set()),  # more words than we know
        ("codeinex", set(), set()),
    ],
)
def test_words_name_a_medicine_or_a_class_as_a_whole(text, drugs, groups, match):
    (found,), _ = read_allergies(entries_of(allergy(code={"text": text})), match)
    assert ({drug.name for drug in found.drugs}, set(found.drug_classes)) == (drugs, groups)
    assert found.label == text


@pytest.mark.parametrize(
    ("members", "kept"),
    [
        ({"verificationStatus": {"coding": [{"code": "refuted"}]}}, 0),
        ({"verificationStatus": "entered-in-error"}, 0),
        ({"status": "refuted"}, 0),  # DSTU2
        ({"verificationStatus": "unconfirmed"}, 1),
        ({"clinicalStatus": "resolved"}, 1),
    ],
)
def test_a_refuted_allergy_is_left_out_and_a_resolved_one_says_so(members, kept, match):
    found, _ = read_allergies(entries_of(allergy(code=rxnorm("2670"), **members)), match)
    assert len(found) == kept
    assert all(each.state == "resolved" for each in found if "clinicalStatus" in members)


@pytest.mark.parametrize(
    ("code", "none"),
    [
        ({"coding": [{"system": SNOMED, "code": "716186003"}]}, True),
        ({"coding": [{"system": SNOMED, "code": "409137002"}]}, True),
        ({"text": "No known drug allergies"}, True),
        ({"text": "NKDA"}, True),
        ({"text": "No Known Allergies"}, True),
        ({"text": "No known food allergies"}, False),
        ({"text": "Codeine"}, False),
    ],
)
def test_a_statement_that_none_are_known_is_no_allergy(code, none, match):
    assert says_none(allergy(code=code)) is none
    found, _ = read_allergies(entries_of(allergy(code=code)), match)
    assert (found == ()) is none


def test_a_food_allergy_is_left_out_and_a_medicine_filed_as_food_is_not(match):
    food = allergy(code={"text": "Peanut"}, category=["food"])
    assert read_allergies(entries_of(food), match) == ((), ())
    (found,), _ = read_allergies(entries_of(allergy(code=rxnorm("2670"), category=["food"])), match)
    assert found.drugs == (CODEINE,)


def test_a_substance_that_nobody_names_is_listed(match):
    found, (odd,) = read_allergies(entries_of(allergy()), match)
    assert (found, odd.reason) == ((), NO_SUBSTANCE)


def test_codes_that_name_two_medicines_choose_none(match):
    code = {"coding": [{"system": RXNORM, "code": "2670"}, {"system": RXNORM, "code": "7804"}]}
    (found,), (odd,) = read_allergies(entries_of(allergy(code=code)), match)
    assert (found.drugs, odd.reason) == ((), SEVERAL_DRUGS)
