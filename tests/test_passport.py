"""A passport's values: lights that a pharmacist can check, and what is not known kept apart from
what is normal. Every person and resource is synthetic."""

from datetime import date

import pytest

from fhir_pgx.errors import MixedPatients
from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.passport import (
    NOT_READ,
    PastCard,
    Seen,
    place_of_drug,
)
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.reports.passport import write_passport

LOINC = "http://loinc.org"
PATIENT = {"reference": "Patient/p1"}


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


def coded(code):
    return {"coding": [{"system": LOINC, "code": code}]}


def genotype(gene, text, **members):
    return {
        "resourceType": "Observation",
        "id": f"synthetic-{gene}",
        "status": "final",
        "code": coded("84413-4"),
        "subject": PATIENT,
        "effectiveDateTime": "2024-05-02",
        "valueCodeableConcept": {"text": text},
        "component": [{"code": coded("48018-6"), "valueCodeableConcept": {"text": gene}}],
        **members,
    }


def order(text, id_="", **members):
    return {
        "resourceType": "MedicationRequest",
        "id": id_ or f"order-{text.split()[0]}",
        "status": "active",
        "intent": "order",
        "subject": PATIENT,
        "medicationCodeableConcept": {"text": text},
        **members,
    }


def passport_of(pipeline, genes=(), drugs=(), more=(), **asked):
    resources = [
        *(genotype(gene, text) for gene, text in dict(genes).items()),
        *(each if isinstance(each, dict) else order(each) for each in drugs),
        *more,
    ]
    return pipeline.passport(entries_of(resources, "synthetic"), **asked)


def light(pipeline, genes, drug, *others, **asked):
    found = passport_of(pipeline, genes, [drug, *others], **asked)
    (medicine,) = [each for each in found.medicines if each.label == drug]
    return medicine.light


# Lights


@pytest.mark.parametrize(
    ("genes", "drug", "expected"),
    [
        # A source says to avoid it
        ({"CYP2C19": "*2/*2"}, "clopidogrel", "stop"),
        ({"CYP2C19": "*1/*2"}, "clopidogrel", "stop"),  # in ACS or PCI, which nobody rules out
        ({"CYP2D6": "*4/*4"}, "codeine", "stop"),
        ({"CYP2D6": "*1/*1x2"}, "codeine", "stop"),
        ({"HLA-B": "*57:01/*08:01"}, "abacavir", "stop"),
        # Another dose, monitoring, or something the prescriber must hear
        ({"TPMT": "*1/*3A", "NUDT15": "*1/*1"}, "azathioprine", "caution"),
        ({"CYP2D6": "*1/*4"}, "codeine", "caution"),
        ({"CYP2D6": "*1/*1"}, "tamoxifen", "caution"),  # no CYP2D6 inhibitors beside it
        ({"CYP2C19": "*1/*1"}, "omeprazole", "caution"),  # more for H. pylori
        # Every gene asked for is known, and none changes anything
        ({"CYP2C19": "*1/*1"}, "clopidogrel", "no-change"),
        ({"CYP2D6": "*1/*1"}, "codeine", "no-change"),
        ({"HLA-B": "*07:02/*08:01"}, "abacavir", "no-change"),
        ({"TPMT": "*1/*1", "NUDT15": "*1/*1"}, "azathioprine", "no-change"),
        ({"DPYD": "Reference/Reference"}, "fluorouracil", "no-change"),
        ({"CYP2D6": "*1/*1"}, "risperidone", "no-change"),  # DPWG counts it as normal
        # Nobody tested, or one gene of two, or the result answers nothing
        ({}, "clopidogrel", "unknown"),
        ({}, "abacavir", "unknown"),
        ({"TPMT": "*1/*1"}, "azathioprine", "unknown"),
        ({"CYP2C19": "*1/*1"}, "amitriptyline", "unknown"),
        ({"HLA-B": "*07:02/*08:01"}, "carbamazepine", "unknown"),  # HLA-A*31:01
        ({"CYP2D6": "*1/*22"}, "codeine", "unknown"),  # *22 has no assigned function
        ({"CYP2C9": "*1/*7"}, "celecoxib", "unknown"),
        ({"CYP2C19": "*1/*17"}, "clopidogrel", "unknown"),  # outside ACS: no recommendation
        ({}, "osimertinib", "unknown"),  # the tumour's findings are not there
        ({}, "florbuxil", "unknown"),  # which is no drug: not one without guidance
        # Nothing is held on the drug
        ({}, "metformin", "no-guidance"),
        ({"CYP2C19": "*2/*2"}, "metformin", "no-guidance"),
    ],
)
def test_each_medicine_has_the_light_that_the_sources_give_it(pipeline, genes, drug, expected):
    assert light(pipeline, genes, drug) == expected


def test_a_medicine_beside_it_can_turn_a_green_light(pipeline):
    assert light(pipeline, {"CYP2D6": "*1/*1"}, "codeine", "paroxetine") == "stop"


def test_a_local_form_has_no_guidance_and_is_not_judged_as_a_tablet(pipeline):
    assert light(pipeline, {"CYP2C9": "*3/*3"}, "flurbiprofen ophthalmic solution") == "no-guidance"


def test_what_was_not_seen_is_never_green(pipeline):
    genes, drug = {"CYP2C19": "*1/*1"}, "clopidogrel"
    part = Seen(lists={"results": "unavailable"}, partial=frozenset({"results"}))
    assert light(pipeline, genes, drug, seen=part) == "unknown"
    assert light(pipeline, genes, drug, seen=Seen(is_limited=True)) == "unknown"
    medicines_failed = Seen(lists={"medicines": "unavailable"}, partial=frozenset({"medicines"}))
    assert light(pipeline, {"CYP2D6": "*1/*1"}, "codeine", seen=medicines_failed) == "unknown"
    # What is grave stays grave, however little else was seen.
    assert light(pipeline, {"CYP2C19": "*2/*2"}, drug, seen=part) == "stop"


def test_a_fault_in_one_medicine_is_told_and_costs_no_other(pipeline, monkeypatch):
    passports = pipeline._passports
    whole = passports._of_group

    def broken(order_, group, case, seen):
        if group.drug.name == "codeine":
            raise RuntimeError("marker")
        return whole(order_, group, case, seen)

    monkeypatch.setattr(type(passports), "_of_group", lambda self, *values: broken(*values))
    found = passport_of(
        pipeline, {"CYP2D6": "*1/*1", "CYP2C19": "*2/*2"}, ["codeine", "clopidogrel"]
    )
    lights = {each.label: each.light for each in found.medicines}
    assert lights == {"codeine": "unknown", "clopidogrel": "stop"}


# Medicines


def test_the_same_medicine_ordered_twice_is_told_once_and_the_gravest_first(pipeline):
    twice = [order("codeine", "a"), order("codeine", "b"), order("metformin"), order("clopidogrel")]
    found = passport_of(pipeline, {"CYP2C19": "*2/*2"}, twice)
    assert [each.label for each in found.medicines] == ["clopidogrel", "codeine", "metformin"]
    assert found.medicines[1].orders == ("MedicationRequest/a", "MedicationRequest/b")


def test_what_is_over_on_hold_or_a_draft_is_no_current_medicine(pipeline):
    drugs = [
        order("codeine", status="stopped"),
        order("clopidogrel", status="on-hold"),
        order("abacavir", status="draft"),
    ]
    assert passport_of(pipeline, {}, drugs).medicines == ()


def test_a_medicine_that_patients_say_they_take_counts(pipeline):
    stated = {
        "resourceType": "MedicationStatement", "id": "s", "status": "active", "subject": PATIENT,
        "medicationCodeableConcept": {"text": "codeine"},
    }  # fmt: skip
    (medicine,) = passport_of(pipeline, {"CYP2D6": "*4/*4"}, [stated]).medicines
    assert medicine.light == "stop"
    assert medicine.orders == ("MedicationStatement/s",)


def test_a_drug_that_a_card_spoke_of_is_judged_though_nobody_takes_it(pipeline):
    genes = {"CYP2C19": "*2/*2"}
    asked = passport_of(pipeline, genes, asked="drug-clopidogrel").asked
    assert (asked.label, asked.light, asked.state) == ("clopidogrel", "stop", "draft")
    # Taken, it stands among the medicines; unknown, nothing is made up.
    assert passport_of(pipeline, genes, ["clopidogrel"], asked="drug-clopidogrel").asked is None
    assert passport_of(pipeline, genes, asked="drug-nothing-like-it").asked is None
    assert place_of_drug("Aminosalicylic acid") == "drug-aminosalicylic-acid"


# Avoid, tests


def test_drugs_to_avoid_are_those_not_taken_the_gravest_first(pipeline):
    found = passport_of(pipeline, {"CYP2D6": "*4/*4"}, ["codeine"])
    names = [each.drug for each in found.avoid]
    assert "codeine" not in names  # it stands among the medicines
    assert {"tramadol", "nortriptyline", "thioridazine"} <= set(names)
    assert names[0] == "thioridazine"  # contraindicated
    assert [each.light for each in found.avoid] == sorted(
        (each.light for each in found.avoid), key=("stop", "caution").index
    )
    assert passport_of(pipeline, {"CYP2D6": "*1/*1"}).avoid == ()
    assert passport_of(pipeline).avoid == ()


def test_what_the_current_medicines_wait_for_is_listed_with_what_is_ordered(pipeline):
    running = {
        "resourceType": "ServiceRequest", "id": "t", "status": "active", "intent": "order",
        "subject": PATIENT, "code": coded("57132-3"), "authoredOn": "2026-11-01",
    }  # fmt: skip
    found = passport_of(pipeline, {}, ["clopidogrel", "omeprazole", "abacavir"], [running])
    tests = {each.target: each for each in found.tests}
    assert set(tests) == {"CYP2C19", "HLA-B*57:01"}
    assert set(tests["CYP2C19"].drugs) == {"clopidogrel", "omeprazole"}
    assert tests["CYP2C19"].ordered == "ServiceRequest/t"
    assert tests["CYP2C19"].ordered_on == "2026-11-01"
    assert tests["HLA-B*57:01"].ordered == ""
    assert "abacavir" in tests["HLA-B*57:01"].at_stake.lower() or tests["HLA-B*57:01"].at_stake


def test_nothing_waits_where_every_result_is_there(pipeline):
    assert passport_of(pipeline, {"CYP2C19": "*1/*1"}, ["clopidogrel"]).tests == ()


# Genes


def test_every_gene_of_the_knowledge_is_there_with_its_own_word(pipeline, knowledge):
    no_call = genotype("CYP2D6", "no call")
    del no_call["valueCodeableConcept"]
    no_call["dataAbsentReason"] = {"text": "failed"}
    found = passport_of(pipeline, {"CYP2C19": "*2/*2", "CYP2C9": "*1/*7"}, [], [no_call])
    words = {each.gene: each.status for each in found.genes}
    assert set(words) == set(knowledge.genes)
    assert words["CYP2C19"] == "called"
    assert words["CYP2C9"] == "indeterminate"
    assert words["CYP2D6"] == "not-called"
    assert words["TPMT"] == "not-tested"
    gene = found.gene("CYP2C19")
    assert [(each.reference, each.date) for each in gene.sources] == [
        ("Observation/synthetic-CYP2C19", "2024-05-02")
    ]


def test_what_could_not_be_read_is_never_called_not_tested(pipeline):
    found = passport_of(pipeline, {"CYP2C19": "*2/*2"}, seen=Seen(lists={"results": "unavailable"}))
    words = {each.gene: each.status for each in found.genes}
    assert words["CYP2C19"] == "called"
    assert words["TPMT"] == NOT_READ
    assert "not-tested" not in words.values()
    medicine = passport_of(
        pipeline, {}, ["clopidogrel"], seen=Seen(lists={"results": "unavailable"})
    ).medicines[0]
    assert "could not be read" in medicine.why
    assert "not tested" not in medicine.why


# Findings


def test_a_tumour_s_finding_is_labelled_as_one_and_makes_no_germline_result(pipeline):
    tumour = {
        "resourceType": "Observation", "id": "egfr", "status": "final", "subject": PATIENT,
        "code": coded("69548-6"), "effectiveDateTime": "2026-10-02",
        "valueCodeableConcept": {"coding": [{"system": LOINC, "code": "LA9633-4"}]},
        "component": [
            {"code": coded("48018-6"), "valueCodeableConcept": {"text": "EGFR"}},
            {"code": coded("48005-3"), "valueCodeableConcept": {"text": "p.Leu858Arg"}},
            {"code": coded("48002-0"),
             "valueCodeableConcept": {"coding": [{"system": LOINC, "code": "LA6684-0"}]}},
        ],
    }  # fmt: skip
    found = passport_of(pipeline, more=[tumour])
    assert found.findings
    assert {each.origin for each in found.findings} == {"tumour"}
    assert found.findings[0].sources[0].date == "2026-10-02"
    assert {each.status for each in found.genes} == {"not-tested"}


# The whole


def test_data_of_two_patients_make_no_passport(pipeline):
    other = genotype("CYP2D6", "*4/*4", subject={"reference": "Patient/p2"})
    with pytest.raises(MixedPatients):
        passport_of(pipeline, {"CYP2C19": "*2/*2"}, more=[other])


def test_the_json_keeps_apart_no_history_and_one_that_was_not_looked_for(pipeline):
    found = passport_of(pipeline, {"CYP2C19": "*2/*2"}, ["clopidogrel"])
    written = write_passport(found)
    assert "history" not in written
    assert write_passport(found, [])["history"] == []
    card = PastCard("c", "2026-11-23T10:00:00.000Z", "order-sign", "warning", "CPIC",
                    "clopidogrel", ("r",), "2026.08")  # fmt: skip
    (past,) = write_passport(found, [card])["history"]
    assert past["outcome"] is None
    assert "outcome_at" not in past


def test_the_json_says_all_that_the_page_shows(pipeline):
    written = write_passport(
        passport_of(pipeline, {"CYP2C19": "*2/*2"}, ["clopidogrel", "abacavir"])
    )
    by_name = {each["medicine"]: each for each in written["medicines"]}
    assert by_name["clopidogrel"]["light"] == "stop"
    assert by_name["clopidogrel"]["said"][0]["source"] == "CPIC"
    assert by_name["abacavir"]["missing"] == ["HLA-B*57:01"]
    gene = written["genes"]["CYP2C19"]
    assert (gene["phenotype"], gene["diplotypes"]) == ("Poor Metabolizer", ["*2/*2"])
    assert gene["coverage"] is None  # the report does not list what it tested
    assert written["genes"]["TPMT"]["status"] == "not-tested"
