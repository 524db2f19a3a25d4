"""Molecular consequences of one patient's variants, over a real store.

All patients are synthetic.
"""

import json
from contextlib import closing

import pytest
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.parameters import Parameters

from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.given import given_in_query
from fhir_pgx.validation.document import validate_resource

from .conftest import BY_NAME, context
from .implied import ids, is_of_laboratory, resources, values
from .synthetic import TBD, coding, implication, part, patient, protein, variant

FIND = "find-subject-molecular-consequences"
ONTOLOGY = "http://www.sequenceontology.org"


def term(code, system=ONTOLOGY):
    return part(
        "feature-consequence",
        TBD,
        valueCodeableConcept={"coding": [{"system": system, "code": code}]},
    )


PEOPLE = (
    patient("anna"),
    # Annotated by the laboratory, under the other spelling of the ontology's address.
    variant("anna-tp53", "anna", "TP53", protein("p.Arg175His")),
    implication("anna-lab", "anna", "molecular-consequence",
                term("SO:0001583", "http://sequenceontology.org"), parents=["anna-tp53"]),
    # Stated within the variant, as the guide's older release did.
    variant("anna-brca1", "anna", "BRCA1", coding("NM_007294.4:c.5266dup"),
            part("48006-1", valueCodeableConcept={"text": "Frameshift"})),
    # Names alone.
    variant("anna-nf1", "anna", "NF1", coding("NM_000267.3:c.288+1G>T")),
    variant("anna-egfr", "anna", "EGFR", protein("p.Leu858Arg"), source="LA6684-0"),
    variant("anna-none", "anna", "MET", coding("c.2942-8C>T")),
    variant("anna-absent", "anna", "KRAS", protein("p.Gly12Asp")) | {
        "valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "LA9634-2"}]}},
    variant("anna-no-name", "anna", "ALK"),
)  # fmt: skip


@pytest.fixture(scope="module")
def store(opened):
    with closing(opened(PEOPLE)) as found:
        yield found


@pytest.fixture
def find(store, pipeline):
    def call(**query):
        given = given_in_query([("subject", "anna"), *query.items()])
        return answer(BY_NAME[FIND], given, context(store, pipeline))

    return call


@pytest.mark.parametrize(
    ("asked", "variants"),
    [
        ("missense_variant", ["anna-egfr", "anna-tp53"]),
        ("SO:0001583", ["anna-egfr", "anna-tp53"]),
        (f"{ONTOLOGY}|SO:0001583", ["anna-egfr", "anna-tp53"]),
        ("http://sequenceontology.org|SO:0001583", ["anna-egfr", "anna-tp53"]),
        ("Missense_Variant", ["anna-egfr", "anna-tp53"]),
        ("frameshift_variant", ["anna-brca1"]),
        ("splice_donor_variant", ["anna-nf1"]),
        ("frameshift_variant,splice_donor_variant", ["anna-brca1", "anna-nf1"]),
        ("intron_variant", ["anna-nf1", "anna-none"]),
        # an absent variant has no consequence, and a name that says nothing has none
        ("stop_gained", []),
        ("http://example.org|SO:0001583", []),
        ("no_such_term", []),
    ],
)
def test_a_consequence_is_found_by_its_term_or_code_under_either_address(find, asked, variants):
    assert sorted(ids(find(featureConsequences=asked), "variant")) == variants


def test_stated_annotated_and_inferred_are_told_apart(find):
    found = find(featureConsequences="missense_variant,frameshift_variant,splice_donor_variant")
    lab = [{"text": "of the laboratory"}]
    notes = {
        each["derivedFrom"][0]["reference"]: each.get("note", lab)[0]["text"]
        for each in resources(found, "consequence")
    }
    assert notes["Observation/anna-tp53"] == "of the laboratory"
    assert notes["Observation/anna-brca1"].startswith("The report states it")
    assert notes["Observation/anna-egfr"].startswith("No report states it: we infer it")
    (stated,) = [each for each in resources(found, "consequence") if is_of_laboratory(each)]
    assert stated["id"] == "anna-lab"


def test_what_a_laboratory_says_is_not_inferred_again(find):
    found = find(featureConsequences="missense_variant")
    assert len(resources(found, "consequence")) == 2  # of TP53 the laboratory's alone
    (one,) = resources(find(featureConsequences="frameshift_variant"), "consequence")
    assert one["device"]["display"].startswith("fhir_pgx")


def test_the_code_is_the_guides_own_in_the_singular(find):
    for each in resources(find(featureConsequences="missense_variant"), "consequence"):
        assert each["code"]["coding"] == [{"system": TBD, "code": "molecular-consequence"}]


def test_the_terms_are_written_at_the_ontologys_address_with_their_names(find):
    (made,) = resources(find(featureConsequences="splice_donor_variant"), "consequence")
    (terms,) = values(made, "feature-consequence", TBD)
    assert [(c["system"], c["code"], c["display"]) for c in terms["coding"]] == [
        (ONTOLOGY, "SO:0001575", "splice_donor_variant"),
        (ONTOLOGY, "SO:0001627", "intron_variant"),
    ]
    (transcript,) = values(made, "51958-7")
    assert transcript["coding"][0]["code"] == "NM_000267.3"


def test_a_source_class_limits_the_variants(find):
    found = find(featureConsequences="missense_variant", genomicSourceClass="somatic")
    assert ids(found, "variant") == ["anna-egfr"]


def test_without_any_criterion_the_answer_has_no_parameter(find):
    assert find() == {"resourceType": "Parameters"}


def test_every_consequence_is_valid_and_without_empty_texts(find):
    found = find(featureConsequences="missense_variant,frameshift_variant,intron_variant")
    text = json.dumps(found, default=str)
    assert '""' not in text
    Parameters.model_validate_json(text)
    for each in resources(found, "consequence"):
        Observation.model_validate_json(json.dumps(each, default=str))
        assert [f for f in validate_resource(each) if f.severity in ("error", "fatal")] == []
        assert each["meta"]["profile"][0].endswith("/molecular-consequence")
        assert {c["code"] for k in each["category"] for c in k["coding"]} == {"laboratory", "GE"}
        assert each["derivedFrom"]
        assert not any(key.startswith("value") for key in each)
