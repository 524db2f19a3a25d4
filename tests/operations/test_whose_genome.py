"""What is stated of a relative, a fetus or a donor is never the patient's, in whose chart it is.

All patients are synthetic.
"""

from contextlib import closing

import pytest

from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.given import given_in_query

from .conftest import BY_NAME, context
from .implied import counts, resources
from .people import CHR10_38, STAR_2_38, sequence
from .people import variant as placed_variant
from .synthetic import (
    LOINC,
    TBD,
    coded,
    coding,
    condition_part,
    drug,
    effect,
    genotype,
    implication,
    observation,
    part,
    patient,
    problem,
    report,
)
from .synthetic import variant as named_variant

P = "synthetic-whose"
SO = "http://www.sequenceontology.org"
KINDS = {
    "tx-implications": ("therapeutic-implication", "implication", "implications",
                        {"treatments": "phenprocoumon"}),
    "dx-implications": ("diagnostic-implication", "implication", "implications",
                        {"conditions": "Malignant hyperthermia"}),
    "molecular-consequences": ("molecular-consequence", "consequence", "consequences",
                               {"featureConsequences": "SO:0001583"}),
}  # fmt: skip
MOTHER = {"focus": [{"reference": "RelatedPerson/synthetic-mother"}]}


def stated(kind, **members):
    return implication(
        "stated", P, kind, effect("Poor metabolizer"), drug("", "phenprocoumon"),
        condition_part("Malignant hyperthermia", "405501007"),
        part("feature-consequence", TBD, valueCodeableConcept=coded("SO:0001583", SO)), **members,
    )  # fmt: skip


def specimen(words, **members):
    return {"resourceType": "Specimen", "id": "s", "type": {"text": words}, **members}


OF = {"specimen": {"reference": "Specimen/s"}}
OWN = {"subject": {"reference": f"Patient/{P}"}}


@pytest.fixture
def ask(opened, pipeline):
    """Asks an operation about a store that holds these resources."""

    def call(resources_held, name, **parameters):
        with closing(opened([patient(P), *resources_held])) as store:
            given = given_in_query(parameters.items())
            return answer(BY_NAME[name], given, context(store, pipeline))

    return call


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("members", "beside", "is_theirs"),
    [
        ({}, [], True),
        (OF, [specimen("Whole blood", **OWN)], True),
        (MOTHER, [], False),
        (OF, [specimen("Amniotic fluid", **OWN)], False),
        (OF, [specimen("donor blood", **OWN)], False),
        # By what it is derived from, and by the report's specimen.
        ({"parents": ["g"]}, [genotype("g", P, "CYP4F2", "*3/*3")], True),
        ({"parents": ["g"]}, [genotype("g", P, "CYP4F2", "*3/*3", **MOTHER)], False),
        ({}, [report("r", P, ["stated"], specimen="s"), specimen("Amniotic fluid", **OWN)], False),
    ],
)
def test_what_is_stated_of_somebody_else_is_not_the_patients(ask, kind, members, beside, is_theirs):
    code, part_name, _, about = KINDS[kind]
    found = ask([stated(code, **members), *beside], f"find-subject-{kind}", subject=P, **about)
    assert [each["id"] for each in resources(found, part_name)] == ["stated"] * is_theirs


@pytest.mark.parametrize("kind", KINDS)
def test_a_relatives_is_not_counted(ask, kind):
    code, _, group, about = KINDS[kind]
    found = ask([stated(code, **MOTHER)], f"find-population-{kind}", **about)
    assert counts(found, group)[0] == 0
    found = ask([stated(code)], f"find-population-{kind}", **about)
    assert counts(found, group)[0] == 1


@pytest.mark.parametrize(
    ("words", "is_theirs"),
    [("Whole blood", True), ("Chorionic villus", False), ("Tumor tissue", False)],
)
def test_a_specimen_that_no_record_owns_says_whose_genome_it_is(ask, words, is_theirs):
    """It names no subject, so that it is found by the result's reference alone. A tumour's variant
    says nothing of how its patient takes a drug."""
    found = placed_variant("v", P, CHR10_38, STAR_2_38, "G", "A", state="LA6705-3", source="", **OF)
    mother = patient("synthetic-mother")  # of two patients, the specimen is nobody's
    held = [found, mother, specimen(words)]
    told = ask(held, "find-subject-tx-implications", subject=P, treatments="clopidogrel")
    assert bool(resources(told, "implication")) is is_theirs
    counted = ask(held, "find-population-tx-implications", treatments="clopidogrel")
    assert counts(counted)[0] == int(is_theirs)


def test_of_a_sequence_its_variants_are_the_parents(ask):
    """The guide has no place for the sequence, and asks for what an implication is derived from."""
    held = [
        sequence("q", P, CHR10_38, (STAR_2_38, "G", "A")),
        stated("therapeutic-implication", derivedFrom=[{"reference": "MolecularSequence/q"}]),
    ]
    found = ask(held, "find-subject-tx-implications", subject=P, treatments="phenprocoumon")
    assert {each["resource"]["resourceType"] for each in found["parameter"]} == {"Observation"}
    (variant,) = resources(found, "variant")
    assert variant["derivedFrom"] == [{"reference": "MolecularSequence/q"}]
    asked = ask(held, "find-subject-specific-variants", subject=P,
                variants=f"{CHR10_38}:{STAR_2_38}:G:A")  # fmt: skip
    (group,) = asked["parameter"]
    assert [each["resource"] for each in group["part"] if "resource" in each] == [variant]
    called = ask(held[:1], "find-subject-tx-implications", subject=P, treatments="clopidogrel")
    assert variant in resources(called, "variant")


def test_a_biomarker_that_no_gene_has_is_counted(ask):
    """Microsatellite instability has no row of the index by which patients are found."""
    high = {"coding": [{"system": LOINC, "code": "LA26203-2", "display": "MSI-H"}]}
    held = [
        observation("msi", "81695-9", P, valueCodeableConcept=high),
        problem("colon", P, "Colorectal cancer", "363406005"),
    ]
    about = {"treatments": "pembrolizumab"}
    assert resources(ask(held, "find-subject-tx-implications", subject=P, **about), "implication")
    assert counts(ask(held, "find-population-tx-implications", **about))[:2] == (1, 1)


def test_a_variant_that_we_wrote_and_whose_source_is_elsewhere_is_counted(ask):
    made = {"tag": [{"system": "urn:fhir-pgx:derivation", "code": "derived"}]}
    held = [named_variant("v", P, "BRCA1", coding("NM_007294.4:c.5266dup"), meta=made)]
    about = {"featureConsequences": "frameshift_variant"}
    found = ask(held, "find-subject-molecular-consequences", subject=P, **about)
    assert resources(found, "consequence")
    counted = ask(held, "find-population-molecular-consequences", **about)
    assert counts(counted, "consequences")[0] == 1
