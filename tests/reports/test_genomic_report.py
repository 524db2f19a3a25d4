"""The Bundle of `interpret`: what it must hold, and what it must never say. Patients synthetic."""

import json

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.derived import derivation_of, evidence_of
from tests.reports.people import PATIENT, bundle, phenotype, result, vcf_of

GUIDE = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/"
LOINC = "http://loinc.org"
VALUES = {  # the type that the guide gives each component's value (variant, implication)
    "48018-6": "valueCodeableConcept", "62374-4": "valueCodeableConcept",
    "48000-4": "valueCodeableConcept", "48013-7": "valueCodeableConcept",
    "92822-6": "valueCodeableConcept", "81254-5": "valueRange", "69547-8": "valueString",
    "69551-0": "valueString", "48019-4": "valueCodeableConcept", "81290-9": "valueCodeableConcept",
    "81252-9": "valueCodeableConcept", "53034-5": "valueCodeableConcept",
    "therapeutic-implication": "valueCodeableConcept", "51963-7": "valueCodeableConcept",
    "81259-4": "valueCodeableConcept", "93044-6": "valueCodeableConcept",
    "knowledge-base": "valueCodeableConcept", "conclusion-string": "valueString",
}  # fmt: skip
# Each profile may be derived from these (guide STU3 and later), and from what was read.
PARENTS = {
    "genotype": {"haplotype", "variant"},
    "haplotype": {"haplotype", "variant"},
    "sequence-phase-relationship": {"haplotype", "variant"},
    "therapeutic-implication": {"genotype", "haplotype", "variant", "molecular-biomarker"},
    "molecular-biomarker": {"genotype", "haplotype", "variant"},
}


def resources(report, profile="", type_="Observation"):
    found = [each["resource"] for each in report["entry"]]
    return [
        each
        for each in found
        if each["resourceType"] == type_ and (not profile or profile_of(each) == profile)
    ]


def profile_of(resource):
    named = resource.get("meta", {}).get("profile") or [""]
    return named[0].removeprefix(GUIDE)


def code_of(element):
    return (element["code"].get("coding") or [{}])[0].get("code", "")


def said(resource):
    return resource.get("valueCodeableConcept", {}).get("text", "")


def gene_of(resource):
    return next(
        part["valueCodeableConcept"]["text"]
        for part in resource["component"]
        if code_of(part) == "48018-6"
    )


def answers(report, profile):
    """What each gene is said to have, in the order of the results."""
    return [(gene_of(each), said(each)) for each in resources(report, profile)]


@pytest.fixture(scope="module")
def whole(report_of, knowledge):
    """A report of everything: a genome and stated results."""
    return report_of(vcf_of(knowledge, 3), name="synthetic.vcf")


@pytest.fixture(scope="module")
def stated(report_of):
    return report_of(
        bundle(
            PATIENT,
            result("one", "CYP2C19", "*2/*2"),
            result("two", "CYP2D6", "*1/*4 or *2/*3"),
            result("three", "TPMT", "No call"),
            phenotype("four", "NUDT15", "Poor Metabolizer"),
        )
    )


# What every resource has


def test_every_observation_says_who_concluded_it_and_that_nobody_verified_it(whole, stated):
    for report in (whole, stated):
        for each in resources(report):
            assert each["status"] == "preliminary"
            assert each["device"]["display"].startswith("fhir_pgx, knowledge release ")
            systems = [category["coding"][0]["code"] for category in each["category"]]
            assert systems[:2] == ["laboratory", "GE"]
            assert each["meta"]["tag"] == [{"system": "urn:fhir-pgx:derivation", "code": "derived"}]


def test_every_component_has_the_type_of_value_that_the_guide_gives_it(whole, stated):
    seen = set()
    for report in (whole, stated):
        for each in resources(report):
            codes = [code_of(part) for part in each.get("component", [])]
            once = [code for code in codes if code in VALUES and code not in REPEATED]
            assert len(once) == len(set(once)), each["id"]
            for part in each.get("component", []):
                value = [key for key in part if key.startswith("value")]
                assert value == [VALUES[code_of(part)]]
                seen.add(code_of(part))
    assert seen >= VALUES.keys() - {"81259-4"}


REPEATED = {"therapeutic-implication", "51963-7", "81259-4", "93044-6", "81252-9", "48018-6"}


def test_every_result_names_what_it_is_derived_from_and_that_is_of_an_allowed_kind(whole, stated):
    for report in (whole, stated):
        kinds = {each["fullUrl"]: profile_of(each["resource"]) for each in report["entry"]}
        for each in resources(report):
            assert each["derivedFrom"], each["id"]
            within = {
                kinds[parent["reference"]]
                for parent in each["derivedFrom"]
                if parent.get("reference") in kinds
            }
            assert within <= PARENTS.get(profile_of(each), set())


def test_every_reference_within_the_report_leads_somewhere(whole, stated):
    for report in (whole, stated):
        here = {each["fullUrl"] for each in report["entry"]}
        named = [part.split('"')[0] for part in json.dumps(report).split('"reference": "')[1:]]
        assert {name for name in named if name.startswith("urn:uuid:")} <= here
        assert len(here) == len(report["entry"])


def test_the_same_data_give_the_same_report_to_the_id(report_of, knowledge):
    first, second = (report_of(vcf_of(knowledge, 5), name="a.vcf") for _ in range(2))
    for report in (first, second):
        for each in resources(report, type_="Provenance"):
            del each["recorded"]
    assert first == second


def test_another_patient_has_other_ids(report_of):
    def ids(patient):
        sent = result("o", "CYP2C19", "*1/*2") | {"subject": {"reference": f"Patient/{patient}"}}
        return {each["id"] for each in resources(report_of(bundle(sent)))}

    assert ids("a").isdisjoint(ids("b"))


# What is said of a gene


def test_a_gene_that_was_not_tested_has_no_result_and_is_named(stated):
    (report,) = resources(stated, type_="DiagnosticReport")
    assert "CYP2B6" not in {gene for gene, _ in answers(stated, "genotype")}
    untested = report["conclusion"].partition("Not tested: ")[2]
    assert "CYP2B6" in untested
    assert "TPMT" not in untested


def test_a_gene_without_a_call_says_so_and_never_reads_as_reference(stated):
    assert ("TPMT", "No call") in answers(stated, "genotype")
    (report,) = resources(stated, type_="DiagnosticReport")
    assert "which is not the reference: TPMT." in report["conclusion"]
    implied = [
        part["valueCodeableConcept"]["text"]
        for each in resources(stated, "therapeutic-implication")
        for part in each["component"]
        if code_of(part) == "therapeutic-implication"
    ]
    assert implied
    assert not any("TPMT" in words for words in implied)


def test_each_of_several_possible_genotypes_says_that_it_is_one_of_them(stated):
    found = [value for gene, value in answers(stated, "genotype") if gene == "CYP2D6"]
    assert found == ["*1/*4 (possible: 1 of 2)", "*2/*3 (possible: 2 of 2)"]
    notes = [
        note["text"]
        for each in resources(stated, "genotype")
        if gene_of(each) == "CYP2D6"
        for note in each["note"]
    ]
    assert "One of 2 possible diplotypes: *1/*4 or *2/*3." in notes


def test_a_settled_genotype_stands_as_it_is_with_its_haplotype(stated):
    assert ("CYP2C19", "*2/*2") in answers(stated, "genotype")
    assert [value for gene, value in answers(stated, "haplotype") if gene == "CYP2C19"] == ["*2"]


def test_a_phenotype_without_a_genotype_is_told_as_a_report_states_it(stated):
    of_gene = [
        each
        for each in resources(stated, "therapeutic-implication")
        if each.get("note", [{}])[0].get("text") == "As a report states it."
    ]
    assert [gene_of(each) for each in of_gene] == ["NUDT15"]
    assert of_gene[0]["derivedFrom"] == [{"reference": "Observation/four", "display": "NUDT15"}]


@pytest.mark.parametrize(
    ("genotype", "value", "state", "alleles"),
    [
        ("0/1", "Present", "Heterozygous", ("G", "A")),
        ("1/1", "Present", "Homozygous", ("G", "A")),
        ("0/0", "Absent", None, ("G", "A")),
        ("./.", "No call", None, ("G", None)),
        (
            "0/.",
            "No call",
            None,
            ("G", None),
        ),  # the reference on one copy says nothing of the other
        ("1/.", "Present", None, ("G", "A")),  # a variant is there, whatever the other copy has
    ],
)
def test_a_position_is_told_as_it_was_read(report_of, genotype, value, state, alleles):
    line = f"chr10\t94781859\trs4244285\tG\tA\t.\tPASS\t.\tGT\t{genotype}"
    vcf = (
        "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n"
        f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tsynthetic\n{line}\n"
    )
    (found,) = resources(report_of(vcf.encode(), name="a.vcf"), "variant")
    parts = {code_of(part): part for part in found["component"]}
    shown = parts.get("53034-5", {}).get("valueCodeableConcept", {}).get("text")
    told = tuple(parts.get(code, {}).get("valueString") for code in ("69547-8", "69551-0"))
    assert (said(found), shown, told) == (value, state, alleles)
    assert parts["48013-7"]["valueCodeableConcept"]["text"] == "NC_000010.11"
    assert parts["92822-6"]["valueCodeableConcept"]["coding"][0]["code"] == "LA30100-4"
    assert parts["81254-5"]["valueRange"] == {
        "low": {"value": 94781858},  # 0-based, the base itself between its two numbers
        "high": {"value": 94781859},
    }


def test_the_report_is_partial_for_nobody_has_verified_it(whole):
    (report,) = resources(whole, type_="DiagnosticReport")
    assert report["status"] == "partial"
    assert code_of(report) == "51969-4"
    assert [each["coding"][0]["code"] for each in report["category"]] == ["LAB", "GE"]
    assert {each["reference"] for each in report["result"]} == {
        f"urn:uuid:{each['id']}" for each in resources(whole)
    }


def test_provenance_names_all_that_was_concluded_the_software_and_the_sources(stated):
    (found,) = resources(stated, type_="Provenance")
    concluded = [*resources(stated), *resources(stated, type_="DiagnosticReport"),
                 *resources(stated, type_="Task")]  # fmt: skip
    assert {each["reference"] for each in found["target"]} == {
        f"urn:uuid:{each['id']}" for each in concluded
    }
    sources = [each["what"].get("reference") for each in found["entity"]]
    assert {"Observation/one", "Observation/two", "Observation/four"} <= set(sources)
    (machine,) = resources(stated, type_="Device")
    assert found["agent"][0]["who"]["reference"] == f"urn:uuid:{machine['id']}"
    assert [each["type"]["text"] for each in machine["version"]] == [
        "software",
        "knowledge release",
    ]


def test_what_was_not_understood_is_told(report_of):
    sent = bundle(result("odd", "CYP2C19", "*1/purple"), result("one", "TPMT", "*1/*1"))
    (outcome,) = resources(report_of(sent), type_="OperationOutcome")
    told = [each["diagnostics"] for each in outcome["issue"]]
    assert any("Observation/odd" in each for each in told)


# What is recommended


def test_a_task_has_an_answer_of_the_guide_only_where_the_source_advises_just_that(stated):
    exact = {"LA26421-0": "alternative", "LA26422-8": "reduce", "LA26423-6": "increase"}
    tasks = resources(stated, type_="Task")
    assert tasks
    for each in tasks:
        assert (each["status"], each["intent"]) == ("requested", "proposal")
        assert each["reasonReference"]["reference"].startswith("urn:uuid:")
        if profile_of(each) == "medication-recommendation":
            assert each["code"]["coding"][0]["code"] in exact
        else:
            assert profile_of(each) == "followup-recommendation"
            assert "coding" not in each["code"]
    (report,) = resources(stated, type_="DiagnosticReport")
    linked = [each["valueReference"]["reference"] for each in report["extension"]]
    assert linked == [f"urn:uuid:{each['id']}" for each in tasks]


def test_avoiding_a_drug_is_more_than_considering_another(stated):
    """CYP2C19 poor metabolizer and clopidogrel (CPIC): avoid where it is for the heart."""
    found = [
        each
        for each in resources(stated, type_="Task")
        if each["input"][0]["valueCodeableConcept"]["text"] == "clopidogrel"
    ]
    assert found
    assert {profile_of(each) for each in found} == {"followup-recommendation"}
    assert any("If this is so" in each["description"] for each in found)


# STU2


def test_stu2_has_its_own_shapes(report_of):
    report = report_of(bundle(result("one", "CYP2C19", "*2/*2")), guide="stu2")
    (found,) = resources(report, type_="DiagnosticReport")
    assert profile_of(found) == "genomics-report"
    for each in resources(report):
        assert [c["coding"][0]["code"] for c in each["category"]] == ["laboratory"]
        codes = {code_of(part) for part in each.get("component", [])}
        assert codes.isdisjoint({"therapeutic-implication", "knowledge-base", "48000-4"})
    implied = resources(report, "therapeutic-implication")
    assert all(
        "predicted-therapeutic-implication" in {code_of(part) for part in each["component"]}
        for each in implied
    )
    assert implied


def test_stu2_reads_back_as_stu3_does(report_of, read_back, knowledge):
    found = []
    for guide in ("stu3", "stu2"):
        back = read_back(report_of(vcf_of(knowledge, 3), name="a.vcf", guide=guide))
        found.append({gene: (each.status, each.phenotype) for gene, each in back.genes.items()})
    assert found[0] == found[1]
    assert sum(phenotype is not None for _, phenotype in found[0].values()) > 5


HERE = "urn:uuid:11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def nameless():
    """A patient and a result that only their Bundle names."""
    patient = {key: value for key, value in PATIENT.items() if key != "id"}
    genotype = result("", "CYP2C19", "*2/*2") | {"subject": {"reference": HERE}}
    del genotype["id"]
    entries = [
        {"fullUrl": HERE, "resource": patient},
        {"fullUrl": HERE.replace("1111", "2222"), "resource": genotype},
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def all_references(value):
    if isinstance(value, list):
        return [found for each in value for found in all_references(each)]
    if not isinstance(value, dict):
        return []
    own = [value["reference"]] if isinstance(value.get("reference"), str) else []
    return own + [found for each in value.values() for found in all_references(each)]


def test_no_reference_leads_to_an_entry_of_another_bundle(report_of, nameless):
    report = report_of(nameless)
    here = {each["fullUrl"] for each in report["entry"]}
    led = {each for each in all_references(report) if each.startswith("urn:")}
    assert led
    assert led <= here
    (written,) = (e["resource"] for e in report["entry"] if "result" in e["resource"])
    assert written["subject"] == {
        "identifier": {"system": "urn:ietf:rfc:3986", "value": HERE},
    }


def test_what_is_meant_by_its_urn_is_found_beside_the_report(report_of, nameless):
    """The source stands, and its older conclusions fall beside it."""
    evidence, _ = evidence_of(entries_of([report_of(nameless), nameless]))
    assert [each.type for each in evidence if derivation_of(each.resource)] == []
    assert {"Patient", "Observation"} <= {each.type for each in evidence}
