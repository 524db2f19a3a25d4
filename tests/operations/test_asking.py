"""What is refused of a call before anything is looked up, and what of a subject."""

from types import SimpleNamespace

import pytest

from fhir_pgx.errors import DeletedResource, InvalidParameter, UnknownPatient
from fhir_pgx.model.finding import SourceClass
from fhir_pgx.operations.asking import read_asked
from fhir_pgx.operations.given import Given, given_in_query, given_in_resource
from fhir_pgx.operations.operation import Operation
from fhir_pgx.operations.takes import (
    HAPLOTYPES,
    INCLUDE_VARIANTS,
    RANGES,
    SOURCE_CLASS,
    SUBJECT,
    TEST_FILTERS,
    VARIANTS,
)
from fhir_pgx.storage.store import Page

BASE = "https://here.example/fhir"
ASKED = Operation(
    "find-things", "Things", "", "subject", "genotype",
    (SUBJECT, RANGES, *TEST_FILTERS, SOURCE_CLASS, INCLUDE_VARIANTS), (), run=lambda *_: {},
)  # fmt: skip
NAMES = Operation(
    "find-names", "Names", "", "population", "genotype", (HAPLOTYPES, VARIANTS), (),
    run=lambda *_: {},
)  # fmt: skip
WHOLE = (("subject", "known"), ("ranges", "r"))


class Reads:
    """Knows one patient, one who was deleted, and one of whom there is a result alone."""

    def read(self, type_, id_):
        known = {"known": False, "gone": True}
        return SimpleNamespace(is_deleted=known[id_]) if id_ in known else None

    def search(self, query):
        is_there = (query.type, query.patient) == ("Observation", "results-only")
        return Page((object(),) if is_there else ())


AT = SimpleNamespace(reads=Reads(), base_url=BASE, own_bases=("http://also.example/fhir",))


def read(*pairs, subject=None):
    return read_asked(ASKED, given_in_query(pairs), AT, subject=subject)


@pytest.mark.parametrize(
    ("pairs", "named"),
    [
        ((("subject", "known"),), "ranges"),
        ((("ranges", "r"),), "subject"),
        ((*WHOLE, ("range", "r")), "range"),
        ((*WHOLE, ("Subject", "known")), "Subject"),
        ((*WHOLE, ("subject", "known")), "subject"),
        ((("subject", "a,b"), ("ranges", "r")), "subject"),
        ((("subject", "known"), ("ranges", "")), "ranges"),
        ((("subject", "known"), ("ranges", " , ")), "ranges"),
        ((*WHOLE, ("includeVariants", "yes")), "includeVariants"),
        ((*WHOLE, ("includeVariants", "true"), ("includeVariants", "false")), "includeVariants"),
        ((*WHOLE, ("genomicSourceClass", "mosaic")), "genomicSourceClass"),
        ((*WHOLE, ("genomicSourceClass", "urn:x|LA6683-2")), "genomicSourceClass"),
        ((*WHOLE, ("testDateRange", "soon")), "testDateRange"),
        ((*WHOLE, ("testDateRange", "ge2025"), ("testDateRange", "lt2024")), "testDateRange"),
        ((("subject", "not an id"), ("ranges", "r")), "subject"),
        ((("subject", "https://elsewhere.example/fhir/Patient/known"), ("ranges", "r")), "subject"),
        ((("subject", "Practitioner/known"), ("ranges", "r")), "subject"),
    ],
)
def test_what_cannot_be_used_is_refused_and_named(pairs, named):
    with pytest.raises(InvalidParameter) as told:
        read(*pairs)
    assert told.value.where == named


@pytest.mark.parametrize(
    "text",
    [
        "known",
        "Patient/known",
        f"{BASE}/Patient/known",
        "http://also.example/fhir/Patient/known",
    ],
)
def test_a_subject_is_an_id_a_reference_or_an_address_of_this_server(text):
    assert read(("subject", text), ("ranges", "r")).subject == "known"


def test_a_patient_of_whom_results_alone_are_stored_is_known():
    assert read(("subject", "results-only"), ("ranges", "r")).subject == "results-only"


@pytest.mark.parametrize(("id_", "error"), [("nobody", UnknownPatient), ("gone", DeletedResource)])
def test_an_unknown_patient_and_a_deleted_one_are_told_apart(id_, error):
    with pytest.raises(error):
        read(("subject", id_), ("ranges", "r"))


def test_the_patient_of_the_address_is_the_subject():
    assert read(("ranges", "r"), subject="known").subject == "known"
    assert read(("ranges", "r"), ("subject", "Patient/known"), subject="known").subject == "known"
    with pytest.raises(InvalidParameter) as told:
        read(("ranges", "r"), ("subject", "other"), subject="known")
    assert told.value.where == "subject"


def test_a_list_keeps_its_order_and_how_it_was_parted():
    asked = read(*WHOLE, ("ranges", "b,a"), ("ranges", "c"))
    assert asked.listed("ranges") == ("r", "b", "a", "c")
    assert asked.groups("ranges") == (("r",), ("b", "a"), ("c",))
    assert asked.listed("testIdentifiers") == ()


def test_a_flag_that_is_not_given_is_false():
    assert not read(*WHOLE).is_set("includeVariants")
    assert read(*WHOLE, ("includeVariants", "True")).is_set("includeVariants")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("germline", SourceClass.GERMLINE),
        ("Somatic", SourceClass.SOMATIC),
        ("LA6683-2", SourceClass.GERMLINE),
        ("http://loinc.org|LA6684-0", SourceClass.SOMATIC),
    ],
)
def test_a_source_class_is_its_word_or_its_answer(text, found):
    assert read(*WHOLE, ("genomicSourceClass", text)).source_class is found
    assert read(*WHOLE).source_class is None


def test_a_date_range_is_several_bounds_or_one_period():
    bounds = read(*WHOLE, ("testDateRange", "ge2024"), ("testDateRange", "le2024-06")).dates
    period = {"name": "testDateRange", "valuePeriod": {"start": "2024", "end": "2024-06"}}
    given = [*given_in_query(WHOLE),
             *given_in_resource({"resourceType": "Parameters", "parameter": [period]})]  # fmt: skip
    assert bounds == read_asked(ASKED, given, AT).dates
    assert read(*WHOLE).dates is None


@pytest.mark.parametrize(
    ("name", "arrived", "meant"),
    [
        ("variants", "NM_000110.4:c.1905 1G>A", "NM_000110.4:c.1905+1G>A"),
        ("haplotypes", "hla#3.23.0#HLA-A*01:01 HLA-A*24:02", "hla#3.23.0#HLA-A*01:01+HLA-A*24:02"),
        ("haplotypes", "A*01:01:01G A*24:02", "A*01:01:01G+A*24:02"),
        ("haplotypes", "CYP2C19 *1/*17", "CYP2C19 *1/*17"),
    ],
)
def test_a_plus_sign_that_an_address_turned_into_a_space_is_put_back(name, arrived, meant):
    both = {"variants": "v", "haplotypes": "h", name: arrived}
    assert read_asked(NAMES, given_in_query(both.items()), AT).listed(name) == (meant,)


def test_what_is_posted_is_left_as_it_is():
    given = [Given("variants", ("a b",)), Given("haplotypes", ("h",))]
    assert read_asked(NAMES, given, AT).listed("variants") == ("a b",)
