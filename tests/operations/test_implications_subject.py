"""Therapeutic and diagnostic implications of one patient, over a real store.

All patients are synthetic.
"""

import json
from contextlib import closing

import pytest
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.parameters import Parameters

from fhir_pgx.errors import InvalidParameter, UnknownPatient
from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.given import given_in_query
from fhir_pgx.validation.document import validate_resource

from .conftest import BY_NAME, context
from .implied import ids, is_of_laboratory, resources, values, words
from .synthetic import (
    LOINC,
    TBD,
    coded,
    condition_part,
    drug,
    effect,
    genotype,
    implication,
    observation,
    part,
    patient,
    placed,
    problem,
    protein,
    report,
    variant,
)

TX, DX = "find-subject-tx-implications", "find-subject-dx-implications"
CHR12 = "NC_000012.12"
RS4149056 = 21178614  # SLCO1B1 c.521T>C, 0-based on GRCh38
DOID, SNOMED = "https://disease-ontology.org", "http://snomed.info/sct"

PEOPLE = (
    # A laboratory that states the genotype and one implication of it.
    patient("stated"),
    genotype("stated-2c19", "stated", "CYP2C19", "*2/*2"),
    implication("stated-lab", "stated", "therapeutic-implication", effect("Poor metabolizer"),
                drug("309362", "clopidogrel 75 MG Oral Tablet"), parents=["stated-2c19"]),
    report("stated-report", "stated", ["stated-2c19", "stated-lab"], identifier="T-1"),
    genotype("stated-2d6", "stated", "CYP2D6", "*1/*1", effectiveDateTime="2019-05-01"),
    # Variants alone: the genotype is ours.
    patient("called"),
    variant("called-521", "called", "SLCO1B1", *placed(CHR12, RS4149056, "T", "C", "LA6705-3"),
            part("81252-9", valueCodeableConcept=coded("rs4149056", "http://www.ncbi.nlm.nih.gov/snp"))),
    # A tumour and a germline finding, and a disease on file.
    patient("tumour"),
    variant("tumour-egfr", "tumour", "EGFR", protein("p.Leu858Arg"), source="LA6684-0"),
    variant("tumour-braf", "tumour", "BRAF", protein("p.Val600Glu"), source="LA6684-0"),
    genotype("tumour-dpyd", "tumour", "DPYD", "Reference/c.1905+1G>A (*2A)",
             ),
    problem("tumour-nsclc", "tumour", "Non-small cell lung cancer", "254637007"),
    implication("tumour-dx", "tumour", "diagnostic-implication",
                part("53037-8", valueCodeableConcept=coded("LA6668-3")),
                condition_part("Malignant hyperthermia", "405501007"), parents=["tumour-braf"]),
    # A tumour of which no diagnosis is on file.
    patient("unnamed"),
    variant("unnamed-braf", "unnamed", "BRAF", protein("p.Val600Glu"), source="LA6684-0"),
    # Words alone, an older guide's shape, and what was taken back.
    patient("older"),
    observation("older-53040", "53040-2", "older", drug("", "codeine"), *[],
                valueCodeableConcept=coded("LA9657-3")),
    implication("older-wrong", "older", "therapeutic-implication", effect("Resistant"),
                drug("", "codeine"), status="entered-in-error"),
    patient("untested"),
    problem("untested-cf", "untested", "Cystic fibrosis", "190905008"),
)  # fmt: skip


@pytest.fixture(scope="module")
def store(opened):
    with closing(opened(PEOPLE)) as found:
        yield found


@pytest.fixture
def ask(store, pipeline):
    def call(name, *pairs, **parameters):
        given = given_in_query([*pairs, *((key, str(value)) for key, value in parameters.items())])
        return answer(BY_NAME[name], given, context(store, pipeline))

    return call


# What is stated and what we infer


def test_what_a_laboratory_states_is_returned_as_it_stated_it(ask):
    found = ask(TX, subject="stated", treatments="clopidogrel")
    (lab,) = [each for each in resources(found, "implication") if is_of_laboratory(each)]
    sent = next(each for each in PEOPLE if each["id"] == "stated-lab")
    assert {name: lab[name] for name in sent if name != "meta"} == {
        name: value for name, value in sent.items() if name != "meta"
    }


def test_what_we_infer_is_preliminary_and_names_release_and_source(ask):
    found = ask(TX, subject="stated", treatments="clopidogrel")
    ours = [each for each in resources(found, "implication") if not is_of_laboratory(each)]
    assert {values(each, "93044-6")[0]["text"].partition(":")[0] for each in ours} == {
        "CPIC", "DPWG", "FDA",
    }  # fmt: skip
    for each in ours:
        assert "CYP2C19 Poor Metabolizer" in words(each)
        assert "knowledge release" in each["device"]["display"]
        assert any("we infer" in note["text"] for note in each["note"])
        assert [p["reference"] for p in each["derivedFrom"]] == ["Observation/stated-2c19"]


def test_every_parent_of_an_implication_is_in_the_answer(ask):
    for subject, query in (
        ("stated", {"treatments": "clopidogrel"}),
        ("called", {"treatments": "simvastatin"}),
        ("tumour", {"conditions": "melanoma"}),
    ):
        found = ask(TX, subject=subject, **query)
        held = {each["resource"]["id"] for each in found["parameter"]}
        for name in ("implication", "genotype"):
            for each in resources(found, name):
                for parent in each.get("derivedFrom", []):
                    assert parent["reference"].removeprefix("Observation/") in held


def test_a_genotype_called_by_us_is_written_as_our_own_and_derived_from_the_variants(ask):
    found = ask(TX, subject="called", treatments="simvastatin")
    (own,) = resources(found, "genotype")
    assert own["status"] == "preliminary"
    assert own["valueCodeableConcept"]["text"] == "*5/*5"
    assert "Observation/called-521" in [each["reference"] for each in own["derivedFrom"]]
    assert ids(found, "variant") == ["called-521"]
    for each in resources(found, "implication"):
        assert f"Observation/{own['id']}" in [p["reference"] for p in each["derivedFrom"]]
        assert any("positions not in the data" in note["text"] for note in each["note"])


def test_an_untested_gene_has_no_implication_and_never_a_normal_one(ask):
    for query in ({"treatments": "clopidogrel"}, {"haplotypes": "CYP2C19 *1/*1"}):
        assert ask(TX, subject="untested", **query) == {"resourceType": "Parameters"}


def test_without_any_criterion_the_answer_has_no_parameter(ask):
    for name in (TX, DX):
        assert ask(name, subject="stated") == {"resourceType": "Parameters"}


def test_what_was_taken_back_is_not_returned(ask):
    found = ask(TX, subject="older", treatments="codeine")
    assert "older-wrong" not in ids(found, "implication")
    assert "older-53040" in ids(found, "implication")  # an older guide's code is one too


def test_an_unknown_patient_is_not_a_patient_without_implications(ask):
    with pytest.raises(UnknownPatient):
        ask(TX, subject="nobody", treatments="clopidogrel")


# Criteria


@pytest.mark.parametrize(
    "treatment",
    [
        "clopidogrel",
        "CLOPIDOGREL",
        "Plavix",
        "32968",
        "309362",  # a product
        "http://www.nlm.nih.gov/research/umls/rxnorm|32968",
        "http://www.whocc.no/atc|B01AC04",
        "B01AC04",
        "codeine,clopidogrel",
    ],
)
def test_a_treatment_is_known_by_any_of_its_codes_and_names(ask, treatment):
    found = ask(TX, subject="stated", treatments=treatment)
    assert "stated-lab" in ids(found, "implication")
    assert len(resources(found, "implication")) > 3


@pytest.mark.parametrize("treatment", ["no-such-drug", "LA9657-3", "http://example.org|x|y", "%%%"])
def test_a_treatment_that_nobody_knows_is_an_empty_answer_and_no_crash(ask, treatment):
    assert ask(TX, subject="stated", treatments=treatment) == {"resourceType": "Parameters"}


def test_a_token_with_a_system_is_exact(ask):
    system = "http://www.nlm.nih.gov/research/umls/rxnorm"
    assert "stated-lab" in ids(
        ask(TX, subject="stated", treatments=f"{system}|309362"), "implication"
    )
    assert ask(TX, subject="stated", treatments=f"{system}|161") == {"resourceType": "Parameters"}


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        ("CYP2C19 *2/*2", True),
        ("CYP2C19 *2", True),  # carried
        ("CYP2C19 *1/*2", False),
        ("CYP2C19 *2/*22", False),  # names are whole
        ("CYP2D6 *1/*17", False),
        ("cyp2c19 *2/*2", True),  # a bare token, without case
    ],
)
def test_a_haplotype_is_matched_by_its_whole_name(ask, asked, is_found):
    found = ask(TX, subject="stated", haplotypes=asked)
    assert ("stated-lab" in ids(found, "implication")) is is_found


def test_variants_and_haplotypes_may_be_asked_together(ask):
    found = ask(
        TX,
        subject="called",
        variants=f"{CHR12}:{RS4149056}:T:C",
        haplotypes="CYP2C19 *2/*2",
        treatments="simvastatin",
    )
    assert ids(found, "variant") == ["called-521"]


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"variants": f"{CHR12}:{RS4149056}:T:C"}, True),
        ({"variants": f"{CHR12}:g.{RS4149056 + 1}T>C"}, True),
        ({"variants": f"{CHR12}:{RS4149056}:T:G"}, False),
        ({"ranges": f"{CHR12}:{RS4149056}-{RS4149056 + 1}"}, True),
        ({"ranges": "NC_000012.11:21331548-21331549"}, True),  # the other build
        ({"ranges": f"{CHR12}:{RS4149056 + 1}-{RS4149056 + 9}"}, False),
    ],
)
def test_implications_follow_from_a_variant_or_region_on_either_build(ask, query, is_found):
    found = ask(TX, subject="called", treatments="simvastatin", **query)
    assert bool(resources(found, "implication")) is is_found


def test_a_variant_that_cannot_be_read_is_refused(ask):
    with pytest.raises(InvalidParameter):
        ask(TX, subject="called", ranges="chr12:1-2")


@pytest.mark.parametrize(
    "condition",
    [
        "melanoma",
        f"{DOID}|1909",
        "DOID:1909",
        "C43.9",
        "http://hl7.org/fhir/sid/icd-10-cm|C43.9",
        f"{SNOMED}|372244006",
        "http://www.ncbi.nlm.nih.gov/medgen|C0025202",
    ],
)
def test_a_condition_is_known_by_any_of_its_codes_and_names(ask, condition):
    found = ask(TX, subject="tumour", conditions=condition)
    assert resources(found, "implication")
    assert "tumour-braf" in ids(found, "variant")


def test_a_condition_finds_what_holds_it_and_its_kinds(ask):
    lung = ask(TX, subject="tumour", conditions="lung cancer", treatments="osimertinib")
    assert ids(lung, "variant") == ["tumour-egfr"]
    contexts = {
        value["text"].lower()
        for each in resources(lung, "implication")
        for value in values(each, "81259-4")
    }
    assert any("non-small cell" in each for each in contexts)
    other = ask(TX, subject="tumour", conditions="thyroid cancer", treatments="osimertinib")
    assert "EGFR" not in json.dumps(other)


def test_a_disease_that_the_patient_has_not_is_evidence_without_a_code(ask):
    found = ask(TX, subject="tumour", conditions="melanoma", treatments="vemurafenib")
    for each in resources(found, "implication"):
        (value,) = values(each, "therapeutic-implication", TBD)
        assert "coding" not in value
        assert any("another disease" in note["text"] for note in each["note"])


def test_several_items_are_alternatives_and_criteria_narrow_each_other(ask):
    both = ask(TX, subject="tumour", treatments="osimertinib,vemurafenib")
    assert set(ids(both, "variant")) == {"tumour-egfr", "tumour-braf"}
    none = ask(TX, subject="tumour", treatments="osimertinib", haplotypes="DPYD c.1905+1G>A (*2A)")
    assert resources(none, "implication") == []


# Diagnostic implications


def test_a_stated_diagnosis_is_found_by_its_own_code(ask):
    for condition in (f"{SNOMED}|405501007", "Malignant hyperthermia", "405501007"):
        found = ask(DX, subject="tumour", conditions=condition)
        assert ids(found, "implication") == ["tumour-dx"]
        assert ids(found, "variant") == ["tumour-braf"]


def test_what_our_rows_say_of_a_disease_is_a_diagnostic_implication(ask):
    found = ask(DX, subject="unnamed", conditions="melanoma")
    ours = [each for each in resources(found, "implication") if not is_of_laboratory(each)]
    assert ours
    for each in ours:
        assert each["code"]["coding"][0]["code"] == "diagnostic-implication"
        assert [p["reference"] for p in each["derivedFrom"]] == ["Observation/unnamed-braf"]
    # A finding of a lung cancer is no diagnosis of another tumour.
    known = ask(DX, subject="tumour", conditions="melanoma")
    assert resources(known, "implication") == []


# Which results


@pytest.mark.parametrize(
    ("query", "genes"),
    [
        ({}, {"CYP2C19", "CYP2D6"}),
        ({"testIdentifiers": "T-1"}, {"CYP2C19"}),
        ({"testIdentifiers": "T-2"}, set()),
        ({"testDateRange": "ge2026-01-01"}, {"CYP2C19"}),
        ({"testDateRange": "le2020"}, {"CYP2D6"}),
    ],
)
def test_an_implication_rests_only_on_the_results_asked_for(ask, query, genes):
    found = ask(TX, subject="stated", treatments="amitriptyline", **query)
    told = {text.split()[0] for each in resources(found, "implication") for text in words(each)}
    assert told == genes


@pytest.mark.parametrize(
    ("source", "found"),
    [("somatic", {"tumour-egfr"}), ("germline", set())],
)
def test_germline_and_tumour_are_kept_apart(ask, source, found):
    answered = ask(TX, subject="tumour", treatments="osimertinib", genomicSourceClass=source)
    assert set(ids(answered, "variant")) == found


def test_a_genotype_of_unknown_source_is_neither_germline_nor_somatic(ask):
    for source in ("germline", "somatic"):
        answered = ask(TX, subject="stated", haplotypes="CYP2C19 *2/*2", genomicSourceClass=source)
        assert resources(answered, "implication") == []


# The guide's own demands


def test_every_answer_is_valid_and_meets_the_guides_demands(ask):
    for name, subject, query in (
        (TX, "stated", {"haplotypes": "CYP2C19 *2"}),
        (TX, "called", {"treatments": "simvastatin"}),
        (TX, "tumour", {"conditions": "melanoma,lung cancer"}),
        (DX, "unnamed", {"conditions": "melanoma"}),
    ):
        found = ask(name, subject=subject, **query)
        text = json.dumps(found, default=str)
        assert '""' not in text  # FHIR: no empty text
        Parameters.model_validate_json(text)
        allowed = {each.name for each in BY_NAME[name].gives}
        assert {each["name"] for each in found["parameter"]} <= allowed
        assert resources(found, "implication")
        for each in resources(found, "implication"):
            Observation.model_validate_json(json.dumps(each, default=str))
            faults = [f for f in validate_resource(each) if f.severity in ("error", "fatal")]
            assert faults == []
            categories = {c["code"] for k in each["category"] for c in k["coding"]}
            assert categories == {"laboratory", "GE"}
            assert not any(key.startswith("value") for key in each)
            assert each["derivedFrom"]
            profiles = each["meta"]["profile"]
            assert any(one.endswith(each["code"]["coding"][0]["code"]) for one in profiles)
            assert "predicted-therapeutic-implication" not in json.dumps(each)
            for one in each["component"]:
                code = one["code"]["coding"][0]["code"]
                wanted = "valueString" if code == "conclusion-string" else "valueCodeableConcept"
                assert wanted in one


def test_each_profile_of_a_parent_is_of_its_kind(ask):
    found = ask(TX, subject="called", treatments="simvastatin")
    for name in ("variant", "haplotype", "genotype"):
        for each in resources(found, name):
            assert any(profile.endswith(f"/{name}") for profile in each["meta"]["profile"])


def test_the_same_question_has_the_same_answer(ask):
    first = ask(TX, subject="called", treatments="simvastatin")
    assert ask(TX, subject="called", treatments="simvastatin") == first
    assert LOINC in json.dumps(first)


def test_what_we_derived_and_stored_is_never_taken_for_a_laboratorys(ask, opened, pipeline):
    before = ask(TX, subject="called", treatments="simvastatin")
    own = [*resources(before, "implication"), *resources(before, "genotype")]
    own += resources(before, "haplotype")
    sent = [each for each in PEOPLE if "called" in each["id"]]
    with closing(opened([*sent, *own])) as holding:
        given = given_in_query([("subject", "called"), ("treatments", "simvastatin")])
        after = answer(BY_NAME[TX], given, context(holding, pipeline))
    assert after == before
