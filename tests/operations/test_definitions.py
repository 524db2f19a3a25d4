"""Each operation held against its definition in the guide: what it takes, and what it answers."""

import json
from collections import Counter
from contextlib import closing

import pytest

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.operations.all import OPERATIONS
from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.given import given_in_query

from .conftest import context
from .people import ANNA, CHR10_38, CHR22_38, EVERYBODY, STAR_2_38
from .synthetic import TBD, condition_part, drug, effect, implication, part

# What the synthetic people lack for an answer of each kind.
STATED = (
    implication("anna-tx", ANNA, "therapeutic-implication", effect("Poor metabolizer"),
                drug("", "clopidogrel"),
                condition_part("Malignant hyperthermia"),
                parents=["anna-2c19", "anna-star2", "anna-2d6-hap"]),
    implication("anna-dx", ANNA, "diagnostic-implication",
                condition_part("Malignant hyperthermia", "405501007"), parents=["anna-star2"]),
    implication("anna-mc", ANNA, "molecular-consequence",
                part("feature-consequence", TBD,
                     valueCodeableConcept={"coding": [{"system": "http://www.sequenceontology.org",
                                                       "code": "SO:0001583"}]}),
                parents=["anna-star2"]),
)  # fmt: skip
EVERYTHING = {
    "subject": ANNA,
    "ranges": f"{CHR10_38}:94761000-94782000,{CHR22_38}:42125000-42126000",
    "variants": f"{CHR10_38}:{STAR_2_38}:G:A",
    "genes": "CYP2C19,http://www.genenames.org|HGNC:2625",
    "haplotypes": "CYP2C19 *2/*17,CYP2D6*4",
    "treatments": "clopidogrel",
    "conditions": "Malignant hyperthermia",
    "featureConsequences": "SO:0001583",
    "includeVariants": "true",
    "includePhasing": "true",
    "includePatientList": "true",
}
NARROWING = {
    "testIdentifiers": "T-7",
    "testDateRange": "ge2024-01-01",
    "specimenIdentifiers": "S-1",
    "genomicSourceClass": "germline",
}
# What no result of these people leads to.
NOT_MET = {
    "find-study-metadata": {"specimenId", "dnaChangeType"},
}
TYPES = {"string": "valueString", "boolean": "valueBoolean", "Quantity": "valueQuantity",
         "dateTime": "valueDateTime", "CodeableConcept": "valueCodeableConcept"}  # fmt: skip


@pytest.fixture(scope="module")
def store(opened):
    with closing(opened((*EVERYBODY, *STATED))) as found:
        yield found


@pytest.fixture(params=OPERATIONS, ids=lambda each: each.name)
def operation(request):
    return request.param


def asked(operation, *, without=()):
    """A question that gives all that the operation takes, or all but the `without`."""
    every = EVERYTHING | NARROWING
    return {each.name: every[each.name] for each in operation.takes if each.name not in without}


def shape(parameter):
    """What a definition says of a parameter."""
    return (
        parameter["name"],
        parameter["min"],
        parameter["max"],
        parameter.get("type", ""),
        parameter.get("searchType", ""),
        sorted(shape(each) for each in parameter.get("part", ())),
    )


def ours(parameter):
    return (
        parameter.name,
        parameter.minimum,
        parameter.maximum,
        parameter.type,
        parameter.search_type,
        sorted(ours(each) for each in parameter.parts),
    )


def test_what_is_taken_and_given_is_what_the_guide_defines(operation, shared):
    file = shared / "profiles" / "genomics-reporting" / f"OperationDefinition-{operation.name}.json"
    theirs = json.loads(file.read_bytes())["parameter"]
    for use, mine in (("in", operation.takes), ("out", operation.gives)):
        assert sorted(ours(each) for each in mine) == sorted(
            shape(each) for each in theirs if each["use"] == use
        )


def test_every_parameter_is_taken_together_and_none_beside_them(operation, store, pipeline):
    at, every = context(store, pipeline), asked(operation)
    assert answer(operation, given_in_query(every.items()), at)["resourceType"] == "Parameters"
    with pytest.raises(InvalidParameter, match="no such parameter") as refused:
        answer(operation, given_in_query([*every.items(), ("range", "x")]), at)
    assert refused.value.where == "range"


@pytest.mark.parametrize("narrowed", [False, True])
def test_an_answer_has_the_names_types_and_numbers_that_are_defined(
    operation, narrowed, store, pipeline
):
    query = asked(operation, without=() if narrowed else NARROWING)
    found = answer(operation, given_in_query(query.items()), context(store, pipeline))
    told = held(found.get("parameter", []), operation.gives)
    if not narrowed:
        assert told == names_of(operation.gives) - NOT_MET.get(operation.name, set())


def names_of(parameters):
    return {name for each in parameters for name in (each.name, *names_of(each.parts))}


def held(parameters, defined):
    """The names met, after each was held against its definition."""
    numbers = Counter(each["name"] for each in parameters)
    known = {each.name: each for each in defined}
    assert numbers.keys() <= known.keys()
    for each in defined:
        assert numbers[each.name] >= each.minimum
        assert each.maximum == "*" or numbers[each.name] <= 1
    told = set(numbers)
    for each in parameters:
        rule = known[each["name"]]
        if rule.parts:
            assert each.keys() == {"name", "part"}
            told |= held(each["part"], rule.parts)
        elif rule.type == "Observation":
            assert each.keys() == {"name", "resource"}
            assert each["resource"]["resourceType"] == "Observation"
            assert rule.profile in each["resource"]["meta"]["profile"]
        else:
            assert {key.removeprefix("_") for key in each} == {"name", TYPES[rule.type]}
    return told
