"""Which tests a patient had, and what they looked at. All patients are synthetic."""

import json
from contextlib import closing

import pytest
from fhir.resources.R4B.parameters import Parameters

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.given import given_in_query

from .conftest import BY_NAME, context
from .synthetic import coded, observation, part, patient, placed, report, variant

FIND = "find-study-metadata"
GUIDE = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/"
ANALYSIS = f"{GUIDE}genomic-study-analysis"
EGFR, CHR7 = "NC_000007.14:55019016-55211628", "NC_000007.14"
ONTOLOGY = "http://www.sequenceontology.org"


def concept(text="", code="", system="http://loinc.org"):
    return {**(coded(code, system) if code else {}), **({"text": text} if text else {})}


def regions(**named):
    parts = [
        {"url": name, "valueCodeableConcept": {"text": text}}
        for name, texts in named.items()
        for text in texts
    ]
    return {"url": f"{ANALYSIS}-regions", "extension": parts}


def analysis(name, build, changes, *extensions, subject="a"):
    return {
        "resourceType": "Procedure",
        "id": name,
        "meta": {"profile": [ANALYSIS]},
        "status": "completed",
        "subject": {"reference": f"Patient/{subject}"},
        "extension": [
            {"url": f"{ANALYSIS}-genome-build", "valueCodeableConcept": build},
            *({"url": f"{ANALYSIS}-change-type", "valueCodeableConcept": each} for each in changes),
            {"url": f"{ANALYSIS}-specimen", "valueReference": {"reference": "Specimen/a-sp"}},
            *extensions,
        ],
    }


def study(name, analyses, subject="a", **members):
    return {
        "resourceType": "Procedure",
        "id": name,
        "meta": {"profile": [f"{GUIDE}genomic-study"]},
        "status": "completed",
        "subject": {"reference": f"Patient/{subject}"},
        "extension": [
            {"url": f"{ANALYSIS}-ext", "valueReference": {"reference": f"Procedure/{each}"}}
            for each in analyses
        ],
        **members,
    }


def region_studied(name, subject, accession, system, examined, uncallable=()):
    tbd = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"

    def spans(code, where, each):
        low, high = each
        return part(code, where, valueRange={"low": {"value": low}, "high": {"value": high}})

    return observation(
        name, "53041-0", subject,
        part("48013-7", valueCodeableConcept=coded(accession, "http://www.ncbi.nlm.nih.gov/refseq")),
        part("92822-6", valueCodeableConcept=coded(system)),
        *(spans("51959-5", "http://loinc.org", each) for each in examined),
        *(spans("uncallable-regions", tbd, each) for each in uncallable),
    )  # fmt: skip


PEOPLE = (
    patient("a"),
    {"resourceType": "Specimen", "id": "a-sp", "subject": {"reference": "Patient/a"},
     "identifier": [{"value": "SP-9652"}]},
    analysis("a-exome", concept(code=" LA26806-2"),
             [concept(text="DUP"), concept(code="SO:0000159", system=ONTOLOGY),
              concept(code="CNV", system=f"{GUIDE}x"), concept(code="LA6688-1")],
             regions(studied=[f"{CHR7}:55019016-55019365", f"{CHR7}:55142285-55142437",
                              f"{CHR7}:55142400-55142500"],
                     uncalled=[f"{CHR7}:55142290-55142300"])),
    study("a-study", ["a-exome"], performedDateTime="2020-07-13",
          identifier=[{"value": "test08736abc87"}]),
    # A report that refers to no study; the variants speak of the other build.
    variant("a-v", "a", "CYP2C19", *placed("NC_000010.10", 96541615, "G", "A")),
    report("a-report", "a", ["a-v"], when="2024-01-05T10:00:00Z", identifier="R-2",
           specimen="a-sp"),
    # A report that is no genetic one.
    report("a-other", "a", [], when="2025-01-05") | {"code": coded("58410-2")},
    patient("b"),
    region_studied("b-regions", "b", "NC_000023.11", "LA30102-0",
                   [(50001, 52001), (55001, 60601)], [(60001, 60501)]),
    report("b-report", "b", ["b-regions"], identifier="B-1"),
    region_studied("b-37", "b", "NC_000010.10", "LA30100-4", [(96522437, 96615304)]),
    patient("c"),
    study("c-study", ["c-called", "c-genes"], "c"),
    analysis("c-called", concept("GRCh37"), [],
             regions(studied=["NC_000010.10:100-200"], called=["NC_000010.10:120-150"]),
             subject="c"),
    analysis("c-genes", concept("GRCh38"), [], regions(studied=["EGFR"]), subject="c"),
    patient("d"),
)  # fmt: skip


@pytest.fixture(scope="module")
def store(opened):
    with closing(opened(PEOPLE)) as found:
        yield found


@pytest.fixture
def find(store, pipeline):
    def call(subject, **query):
        given = given_in_query([("subject", subject), *query.items()])
        return answer(BY_NAME[FIND], given, context(store, pipeline))

    return call


def told_by(found):
    """Each test as its parts by name."""
    return [
        {
            each["name"]: next(value for key, value in each.items() if key != "name")
            for each in group["part"]
        }
        for group in found.get("parameter", [])
    ]


def test_each_test_has_identifier_date_specimen_and_build(find):
    report_, study_ = told_by(find("a"))
    assert report_["testId"] == "R-2"
    assert report_["testDate"] == "2024-01-05T10:00:00Z"
    assert report_["genomicBuild"]["coding"] == [
        {"system": "http://loinc.org", "code": "LA14029-5", "display": "GRCh37"}
    ]
    assert study_["testId"] == "test08736abc87"
    assert study_["testDate"] == "2020-07-13"
    assert study_["specimenId"] == report_["specimenId"] == "SP-9652"
    # LA26806-2 without the blank that it was sent with.
    assert study_["genomicBuild"]["coding"] == [
        {"system": "http://loinc.org", "code": "LA26806-2", "display": "GRCh38"}
    ]


def test_each_kind_of_change_has_its_own_code(find):
    _, study_ = told_by(find("a"))
    assert [(c["system"], c["code"], c["display"]) for c in study_["dnaChangeType"]["coding"]] == [
        (ONTOLOGY, "SO:1000035", "duplication"),
        (ONTOLOGY, "SO:0000159", "deletion"),
        (ONTOLOGY, "SO:0001019", "copy_number_variation"),
        (ONTOLOGY, "SO:1000032", "delins"),
    ]


def test_the_names_of_the_parts_are_the_guides(find):
    found = find("a", ranges=EGFR)
    names = {each["name"] for group in found["parameter"] for each in group["part"]}
    assert names == {
        "testId", "testDate", "specimenId", "genomicBuild", "dnaChangeType", "regionStudied",
        "uncallableRegions",
    }  # fmt: skip
    assert {group["name"] for group in found["parameter"]} == {"tests"}
    Parameters.model_validate_json(json.dumps(found, default=str))


@pytest.mark.parametrize(
    ("subject", "asked", "studied", "uncallable"),
    [
        # clipped to the range, sorted, without overlap
        ("a", EGFR, f"{CHR7}:55019016-55019365,{CHR7}:55142285-55142500",
         f"{CHR7}:55142290-55142300"),
        ("a", f"{CHR7}:55142295-55142300", f"{CHR7}:55142295-55142300",
         f"{CHR7}:55142295-55142300"),
        # studied, and all of it called
        ("a", f"{CHR7}:55019100-55019200", f"{CHR7}:55019100-55019200", None),
        # none of it studied: not the same as unknown
        ("a", f"{CHR7}:1000-2000", None, None),
        # the other build of the same region
        ("a", "NC_000007.13:55086700-55087058", f"{CHR7}:55019016-55019365", None),
        # counted from one in the report
        ("b", "NC_000023.11:51000-60100", "NC_000023.11:51000-52001,NC_000023.11:55000-60100",
         "NC_000023.11:60000-60100"),
    ],
)  # fmt: skip
def test_regions_are_those_of_the_ranges_asked_for(find, subject, asked, studied, uncallable):
    by_id = {each["testId"]: each for each in told_by(find(subject, ranges=asked))}
    found = by_id["test08736abc87" if subject == "a" else "B-1"]
    assert (found.get("regionStudied"), found.get("uncallableRegions")) == (studied, uncallable)


def test_a_test_that_does_not_say_what_it_studied_is_unknown(find):
    report_, _ = told_by(find("a", ranges=EGFR))
    assert (report_["regionStudied"], report_["uncallableRegions"]) == ("unknown", "unknown")
    genes = next(
        each for each in told_by(find("c", ranges=EGFR))
        if each["genomicBuild"]["coding"][0]["code"] == "LA26806-2"
    )  # fmt: skip
    assert genes["regionStudied"] == "unknown"  # a gene is no region


def test_what_was_studied_and_not_called_is_uncallable(find):
    found = next(
        each for each in told_by(find("c", ranges="NC_000010.10:90-190"))
        if each["genomicBuild"]["coding"][0]["code"] == "LA14029-5"
    )  # fmt: skip
    assert found["regionStudied"] == "NC_000010.10:100-190"
    assert found["uncallableRegions"] == "NC_000010.10:100-120,NC_000010.10:150-190"


def test_without_ranges_no_regions_are_listed(find):
    for each in told_by(find("a")):
        assert "regionStudied" not in each
        assert "uncallableRegions" not in each


def test_a_region_without_a_report_is_a_test_of_its_own(find):
    assert [each["testId"] for each in told_by(find("b"))] == ["B-1", "b-37"]


def test_a_date_that_nobody_states_is_told_as_unknown(find):
    (first, *_) = find("c")["parameter"]
    (date,) = [each for each in first["part"] if each["name"] == "testDate"]
    assert date["_valueDateTime"]["extension"][0]["valueCode"] == "unknown"
    Parameters.model_validate_json(json.dumps(find("c"), default=str))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"testIdentifiers": "R-2"}, ["R-2"]),
        ({"testIdentifiers": "a-report,test08736abc87"}, ["R-2", "test08736abc87"]),
        ({"testIdentifiers": "a-other"}, []),
        ({"testDateRange": "ge2023"}, ["R-2"]),
        ({"testDateRange": "le2020-12-31"}, ["test08736abc87"]),
        ({"specimenIdentifiers": "SP-9652"}, ["R-2", "test08736abc87"]),
        ({"specimenIdentifiers": "SP-1"}, []),
    ],
)
def test_tests_are_chosen_by_identifier_date_and_specimen(find, query, found):
    assert [each["testId"] for each in told_by(find("a", **query))] == found


def test_a_patient_without_tests_has_none(find):
    assert find("d") == {"resourceType": "Parameters"}


def test_a_source_class_is_no_parameter_of_it(find):
    with pytest.raises(InvalidParameter):
        find("a", genomicSourceClass="germline")
