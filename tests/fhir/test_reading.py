"""A whole reading: repetition, status, time, subjects, and garbage beside sense. All synthetic."""

import copy
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.reading import read
from fhir_pgx.model.finding import StatementKind


def genotype(value="*1/*2", gene="CYP2C19", id="g", **more):  # noqa: A002 (FHIR's name)
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]},
        "subject": {"reference": "Patient/synthetic"},
        "valueCodeableConcept": {"text": value},
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": "48018-6"}]},
                "valueCodeableConcept": {"coding": [{"code": gene, "display": gene}]},
            }
        ],
    } | more


def values(reading):
    return [one.value for one in reading.statements]


# The same resource more than once


def test_a_resource_that_comes_twice_is_read_once(reading_of):
    assert values(reading_of(genotype(), genotype())) == ["*1/*2"]


def test_a_resource_under_two_prefetch_keys_is_read_once(vocabulary):
    bundle = {"resourceType": "Bundle", "entry": [{"resource": genotype()}]}
    entries = [
        *entries_of(bundle, "prefetch.genomics"),
        *entries_of(copy.deepcopy(bundle), "prefetch.results"),
    ]
    assert values(read(entries, vocabulary)) == ["*1/*2"]


def test_a_copy_with_another_narrative_is_still_a_copy(reading_of):
    other = genotype(meta={"source": "#x"}, text={"status": "generated"})
    assert values(reading_of(genotype(), other)) == ["*1/*2"]


def test_a_contained_copy_is_read_once(reading_of):
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"coding": [{"code": "51969-4"}]},
        "contained": [genotype()],
        "result": [{"reference": "#g"}],
    }
    assert values(reading_of(report, genotype())) == ["*1/*2"]


def test_resources_without_an_id_are_known_by_their_content(reading_of):
    anonymous = {name: part for name, part in genotype().items() if name != "id"}
    assert values(reading_of(anonymous, dict(anonymous))) == ["*1/*2"]


def test_the_newer_version_of_one_id_counts(reading_of):
    old = genotype("*1/*1", meta={"versionId": "1"})
    new = genotype("*2/*2", meta={"versionId": "2"})
    assert values(reading_of(new, old)) == values(reading_of(old, new)) == ["*2/*2"]


def test_one_id_with_two_contents_is_read_twice_and_flagged(reading_of):
    reading = reading_of(genotype("*1/*1"), genotype("*2/*2"))
    assert values(reading) == ["*1/*1", "*2/*2"]
    assert [caveat.code for caveat in reading.caveats] == ["PGX-518"]


def test_contained_resources_of_two_reports_may_share_a_local_id(reading_of):
    def report(name, value):
        return {
            "resourceType": "DiagnosticReport",
            "id": name,
            "status": "final",
            "code": {"coding": [{"code": "51969-4"}]},
            "contained": [genotype(value)],
        }

    reading = reading_of(report("a", "*1/*1"), report("b", "*2/*2"))
    assert (values(reading), reading.caveats) == (["*1/*1", "*2/*2"], ())


# Status


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_withdrawn_result_is_listed_and_not_used(reading_of, status):
    reading = reading_of(genotype(status=status))
    assert reading.statements == ()
    assert reading.not_understood[0].reason == f"its status is {status}"


@pytest.mark.parametrize("status", ["preliminary", "registered"])
def test_an_unfinished_result_is_used_with_a_caveat(reading_of, status):
    (one,) = reading_of(genotype(status=status)).statements
    assert status in one.caveats[0].text


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, "not stated"),
        ("", "not stated"),
        ("unknown", "not stated"),
        (5, "none that we know"),
        ("completed", "none that we know"),
    ],
)
def test_a_result_without_a_known_status_is_used_with_a_caveat(reading_of, status, words):
    (one,) = reading_of(genotype(status=status)).statements
    assert [caveat.code for caveat in one.caveats] == ["PGX-520"]
    assert words in one.caveats[0].text


@pytest.mark.parametrize("status", ["Final", "FINAL "])
def test_a_status_in_other_letters_is_the_same_status(reading_of, status):
    (one,) = reading_of(genotype(status=status)).statements
    assert (one.origin.status, one.caveats) == ("final", ())
    assert reading_of(genotype(status="Entered in error")).statements == ()


@pytest.mark.parametrize(
    ("status", "corrected"), [("corrected", True), ("amended", True), ("final", False)]
)
def test_a_corrected_result_says_so(reading_of, status, corrected):
    (one,) = reading_of(genotype(status=status)).statements
    assert (one.origin.corrected, one.caveats) == (corrected, ())


def test_results_inside_a_report_in_error_are_not_used(reading_of):
    reading = reading_of(
        {
            "resourceType": "DiagnosticReport",
            "id": "r",
            "status": "entered-in-error",
            "code": {"coding": [{"code": "51969-4"}]},
            "contained": [genotype()],
        }
    )
    assert reading.statements == ()
    assert {one.reference for one in reading.not_understood} == {
        "DiagnosticReport/r",
        "DiagnosticReport/r#g",
    }


def test_results_that_a_report_in_error_names_carry_a_caveat(reading_of):
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "entered-in-error",
        "code": {"coding": [{"code": "51969-4"}]},
        "result": [{"reference": "Observation/g"}],
    }
    (one,) = reading_of(report, genotype()).statements
    assert [caveat.code for caveat in one.caveats] == ["PGX-513"]


# Time


@pytest.mark.parametrize(
    ("stated", "when"),
    [
        ({"effectiveDateTime": "2020-02-03", "issued": "2021-01-01T00:00:00Z"}, "2020-02-03"),
        ({"effectivePeriod": {"start": "2019-05", "end": "2019-06"}}, "2019-05"),
        ({"effectivePeriod": {"end": "2019-06"}}, "2019-06"),
        ({"effectiveInstant": "2020-02-03T04:05:06Z"}, "2020-02-03T04:05:06Z"),
        ({"issued": "2021-01-01T00:00:00Z"}, "2021-01-01T00:00:00Z"),
        ({"effectiveDateTime": "last spring"}, ""),
        ({}, ""),
    ],
)
def test_the_time_is_the_effective_one_else_when_it_was_issued(reading_of, stated, when):
    (one,) = reading_of(genotype(**stated)).statements
    assert one.origin.when == when


def test_a_result_two_groupers_below_its_report_takes_the_reports_time(reading_of):
    def grouper(name, member):
        return {
            "resourceType": "Observation",
            "id": name,
            "status": "final",
            "code": {"coding": [{"code": "grouper"}]},
            "hasMember": [{"reference": f"Observation/{member}"}],
        }

    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "effectiveDateTime": "2022-02-02",
        "code": {"coding": [{"code": "51969-4"}]},
        "result": [{"reference": "Observation/outer"}],
    }
    reading = reading_of(report, grouper("outer", "inner"), grouper("inner", "g"), genotype())
    assert [one.origin.when for one in reading.statements] == ["2022-02-02"]
    assert reading.not_understood == ()


# Subjects


@pytest.mark.parametrize(
    ("resources", "subjects"),
    [
        ([genotype()], ("synthetic",)),
        ([genotype(subject={"reference": "http://ehr.example/fhir/Patient/synthetic"})],
         ("synthetic",)),
        ([genotype(subject={"reference": "Patient/synthetic/_history/3"})], ("synthetic",)),
        ([genotype(), genotype(id="h", subject={"reference": "Patient/other"})],
         ("synthetic", "other")),
        ([{"resourceType": "Patient", "id": "p"}], ("p",)),
        ([genotype(subject={"reference": "Group/g"})], ()),
        ([genotype(subject={"display": "someone"})], ()),
    ],
)  # fmt: skip
def test_subjects_are_the_distinct_patients(reading_of, resources, subjects):
    assert reading_of(*resources).subjects == subjects


def test_a_patient_known_by_urn_and_by_id_is_one(vocabulary):
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "p"}},
            {"resource": genotype(subject={"reference": "urn:uuid:1"})},
        ],
    }
    assert read(list(entries_of(bundle)), vocabulary).subjects == ("p",)


# What is passed over, and what is listed


@pytest.mark.parametrize(
    "kind",
    ["Patient", "Specimen", "Organization", "Practitioner", "ServiceRequest", "Provenance",
     "Device", "MedicationRequest", "Medication", "Encounter"],
)  # fmt: skip
def test_resources_that_are_not_results_are_passed_over(reading_of, kind):
    assert reading_of({"resourceType": kind, "id": "x"}).not_understood == ()


def test_an_outcome_of_a_search_is_no_result(vocabulary):
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"search": {"mode": "outcome"}, "resource": {"resourceType": "OperationOutcome"}},
            {"search": {"mode": "match"}, "resource": genotype()},
        ],
    }
    reading = read(list(entries_of(bundle)), vocabulary)
    assert (values(reading), reading.not_understood) == (["*1/*2"], ())


@pytest.mark.parametrize("kind", ["DocumentReference", "Binary", "Media"])
def test_files_are_listed_as_unread(reading_of, kind):
    (one,) = reading_of({"resourceType": kind, "id": "x"}).not_understood
    assert one.reference == f"{kind}/x"


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ({"code": {"coding": [{"code": "LA26421-0"}]}}, ["LA26421-0"]),
        ({"code": {"coding": [{"code": "LA26423-6", "display": "Increase dose"}]}},
         ["Increase dose"]),
        ({"code": {"text": "Check tacrolimus level"},
          "reasonReference": {"reference": "Observation/g"}}, ["Check tacrolimus level"]),
        ({"code": {"text": "Call the patient"}}, []),
        ({"status": "cancelled", "code": {"coding": [{"code": "LA26421-0"}]}}, []),
    ],
)  # fmt: skip
def test_a_task_is_a_recommendation_where_it_belongs_to_a_genomic_report(
    reading_of, task, expected
):
    task = {"resourceType": "Task", "id": "t", "status": "requested"} | task
    assert [one.value for one in reading_of(task, genotype()).recommendations] == expected


# Garbage

GARBAGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", " ", "*1/*2", "#", "Observation/g", "84413-4", "HLA-B*57:01", "g.="])
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["coding", "code", "system", "display", "text", "reference", "value", "low", "high",
             "start", "end", "valueString", "valueRange", "component", "url", "extension"]
        ),
        inner,
        max_size=3,
    ),
    max_leaves=8,
)  # fmt: skip


def coded(code, **value):
    return {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}} | value


SPECIMENS = [
    genotype(id="x", derivedFrom=[{"reference": "Observation/y"}], interpretation=[{"text": "PM"}]),
    genotype(id="x", code={"text": "CYP2D6 genotype"}, dataAbsentReason={"text": "unknown"}),
    {
        "resourceType": "Observation",
        "id": "x",
        "status": "final",
        "code": {"coding": [{"code": "69548-6"}]},
        "valueCodeableConcept": {"coding": [{"code": "LA9633-4"}]},
        "component": [
            coded("48013-7", valueCodeableConcept={"coding": [{"code": "NC_000010.11"}]}),
            coded("81254-5", valueRange={"low": {"value": 5}, "high": {"value": 6}}),
            coded("69547-8", valueString="G"),
            coded("82155-3", valueQuantity={"value": 2}),
            coded("81252-9", valueCodeableConcept={"coding": [{"code": "rs1"}]}),
        ],
    },
    {
        "resourceType": "Observation",
        "id": "x",
        "status": "final",
        "code": {"coding": [{"code": "therapeutic-implication"}]},
        "derivedFrom": [{"reference": "Observation/g"}],
        "extension": [{"url": "medication-assessed", "valueReference": {"reference": "M/1"}}],
        "component": [coded("51963-7", valueCodeableConcept={"text": "warfarin"})],
    },
    {
        "resourceType": "DiagnosticReport",
        "id": "x",
        "status": "final",
        "code": {"text": "CYP2D6"},
        "conclusion": "CYP2D6 *4/*4",
        "result": [{"reference": "Observation/missing"}],
        "contained": [genotype(id="inside")],
        "extension": [{"url": "hla-genotyping-results-glstring", "valueString": "HLA-A*01:01"}],
    },
    {
        "resourceType": "MolecularSequence",
        "id": "x",
        "coordinateSystem": 0,
        "referenceSeq": {
            "referenceSeqId": {"coding": [{"code": "NC_000010.11"}]},
            "strand": "crick",
        },
        "variant": [{"start": 1, "end": 2, "referenceAllele": "A", "observedAllele": "T"}],
        "structureVariant": [{"inner": {"start": 1, "end": 2}}],
        "relative": [{"coordinateSystem": {}, "edit": [{"start": 1}], "startingSequence": {}}],
    },
    {"resourceType": "Task", "id": "x", "code": {"coding": [{"code": "LA26421-0"}]}},
    {
        "resourceType": "Condition",
        "id": "x",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"text": "CYP2C19 poor metabolizer"},
    },
]  # fmt: skip


def places(value, path=()):
    """Every path to an element of a resource, the resource type left out."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name != "resourceType":
                yield (*path, name)
                yield from places(part, (*path, name))
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield (*path, i)
            yield from places(part, (*path, i))


PLACES = [(resource, path) for resource in SPECIMENS for path in places(resource)]


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(where=st.sampled_from(PLACES), garbage=GARBAGE)
def test_garbage_in_any_element_raises_nothing_and_costs_no_sibling(vocabulary, where, garbage):
    resource, path = where
    broken = copy.deepcopy(resource)
    target = broken
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = garbage
    bundle = {"resourceType": "Bundle", "entry": [{"resource": broken}, {"resource": genotype()}]}
    reading = read(list(entries_of(bundle)), vocabulary)
    siblings = [one for one in reading.statements if one.origin.reference == "Observation/g"]
    assert [(one.gene, one.kind, one.value) for one in siblings] == [
        ("CYP2C19", StatementKind.DIPLOTYPE, "*1/*2")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "*1/" * 60_000,
        "HLA-A*01:01+" * 20_000,
        "HLA-A*01:01~HLA-B*08:01^" * 8_000,
        "CYP2D6 " * 40_000,
        "A" * 200_000,
        "poor metabolizer " * 20_000,
        "not " * 60_000,
        "*" * 200_000,
        "c.[" * 60_000,
        "(" * 200_000,
        "CYP2D6 *4/*4; " * 350,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_texts_are_read_in_little_time(reading_of, text):
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "code": {"text": "CYP2D6 report"},
        "conclusion": text,
    }
    variant = {
        "resourceType": "Observation",
        "id": "v",
        "code": {"coding": [{"code": "69548-6"}]},
        "component": [
            coded(code, valueCodeableConcept={"coding": [{"code": text}]})
            for code in ("81290-9", "48004-6", "48013-7", "69547-8")
        ],
    }
    begun = time.process_time()
    reading_of(
        genotype(text),
        genotype(text, gene="HLA-A", id="h"),
        genotype("*1/*2", id="c", code={"text": text}),
        report,
        variant,
    )
    assert time.process_time() - begun < 1.5


def test_many_reports_that_share_their_results_cost_no_square(reading_of):
    many = 1500
    results = [{"reference": f"Observation/o{i}"} for i in range(many)]
    grouper = {
        "resourceType": "Observation",
        "id": "grouper",
        "code": {"coding": [{"code": "grouper"}]},
        "hasMember": results,
    }
    reports = [
        {
            "resourceType": "DiagnosticReport",
            "id": f"r{i}",
            "code": {"coding": [{"code": "51969-4"}]},
            "result": [{"reference": "Observation/grouper"}],
        }
        for i in range(many)
    ]
    chain = [
        genotype(id=f"o{i}", derivedFrom=[{"reference": f"Observation/o{i + 1}"}], component=[])
        for i in range(many)
    ]
    begun = time.process_time()
    reading_of(grouper, *reports, *chain)
    assert time.process_time() - begun < 5


def test_a_component_for_each_of_many_genes_costs_no_square(reading_of):
    many = 2500
    genes = [coded("48018-6", valueString=f"AB{i}") for i in range(many)]
    answers = [coded("79714-2", valueString="No call") for _ in range(many)]
    meanings = [coded("therapeutic-implication", valueString="Responsive") for _ in range(many)]
    wide = genotype(component=genes + answers + meanings)
    implication = wide | {"id": "i", "code": {"coding": [{"code": "therapeutic-implication"}]}}
    parent = [{"reference": "Observation/g"}]
    children = [
        genotype(id=f"c{i}", component=[], derivedFrom=parent * 2) for i in range(many // 5)
    ]
    begun = time.process_time()
    reading = reading_of(wide, implication, *children)
    assert time.process_time() - begun < 5
    assert reading.statements == ()
