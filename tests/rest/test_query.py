"""A query string as what the store is asked (FHIR R4, Search)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_pgx.errors import InvalidSearch
from fhir_pgx.model.search import (
    Amount,
    AmountAsked,
    Chain,
    Criterion,
    Link,
    LinkAsked,
    Moment,
    MomentAsked,
    Pair,
    PairAsked,
    Referring,
    Sort,
    Token,
    TokenAsked,
    Word,
    WordAsked,
)
from fhir_pgx.rest.parameters import parameters_of, searchable_types
from fhir_pgx.rest.query import Include, encode_after, parse_query
from fhir_pgx.rest.query_texts import escaped, plain, split
from fhir_pgx.rest.values_times import interval_of

BASE = "https://here.example/fhir"
NOW = datetime(2024, 1, 1, tzinfo=UTC)
LOINC = "http://loinc.org"


def asked(type_, *pairs, **more):
    return parse_query(type_, pairs, base_url=BASE, now=NOW, **more)


def only(type_, key, value):
    """The one criterion that a parameter means."""
    (criterion,) = asked(type_, (key, value)).query.criteria
    return criterion


def value_of(type_, key, value):
    (found,) = only(type_, key, value).values
    return found


# Codes


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("69548-6", [TokenAsked(None, "69548-6")]),
        ("http://loinc.org|69548-6", [TokenAsked(LOINC, "69548-6")]),
        ("http://loinc.org|", [TokenAsked(LOINC, None)]),
        ("|69548-6", [TokenAsked("", "69548-6")]),
        ("a,http://loinc.org|b", [TokenAsked(None, "a"), TokenAsked(LOINC, "b")]),
        (r"a\,b", [TokenAsked(None, "a,b")]),
        (r"s|a\|b", [TokenAsked("s", "a|b")]),
        (r"a\\,b", [TokenAsked(None, "a\\"), TokenAsked(None, "b")]),
        (r"\$x", [TokenAsked(None, "$x")]),
    ],
)
def test_a_token_is_a_code_in_a_system_in_none_or_in_any(value, expected):
    assert only("Observation", "code", value) == Criterion("code", tuple(expected), kinds=(Token,))


def test_a_code_that_states_no_system_is_found_by_the_one_it_implies():
    system = "http://hl7.org/fhir/administrative-gender"
    assert value_of("Patient", "gender", f"{system}|female") == TokenAsked("", "female")
    assert value_of("Patient", "gender", "http://other|female") == TokenAsked(
        "http://other", "female"
    )


def test_repeated_parameters_must_all_hold():
    found = asked("Observation", ("code", "a"), ("code", "b")).query.criteria
    assert [each.values for each in found] == [(TokenAsked(None, "a"),), (TokenAsked(None, "b"),)]


@pytest.mark.parametrize(
    ("type_", "key", "value", "expected"),
    [
        ("Observation", "code:not", "a",
         Criterion("code", (TokenAsked(None, "a"),), "not", kinds=(Token,))),
        ("Patient", "name:exact", "Éve",
         Criterion("name", (WordAsked("eve", "Éve"),), "exact", kinds=(Word,))),
        ("Patient", "name:contains", "ve",
         Criterion("name", (WordAsked("ve", "ve"),), "contains", kinds=(Word,))),
        ("Observation", "date:missing", "true",
         Criterion("date", (), "missing", is_missing=True, kinds=(Moment,))),
        ("Observation", "subject:missing", "false",
         Criterion("subject", (), "missing", is_missing=False, kinds=(Link,))),
        ("Observation", "value-quantity:missing", "true",
         Criterion("value-quantity", (), "missing", is_missing=True, kinds=(Amount,))),
        ("Observation", "subject:identifier", "urn:mrn|7",
         Criterion("subject:identifier", (TokenAsked("urn:mrn", "7"),), kinds=(Token,))),
        ("Observation", "subject:Patient", "7",
         Criterion("subject", (LinkAsked("Patient", "7"),), kinds=(Link,))),
    ],
)  # fmt: skip
def test_modifiers(type_, key, value, expected):
    assert only(type_, key, value) == expected


# References


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("patient", "7", LinkAsked("Patient", "7")),
        ("patient", "Patient/7", LinkAsked("Patient", "7")),
        ("patient", f"{BASE}/Patient/7", LinkAsked("Patient", "7")),
        ("patient", "https://there.example/Patient/7",
         LinkAsked("", "https://there.example/Patient/7")),
        ("subject", "7", LinkAsked("", "7")),
        ("subject", "Group/7", LinkAsked("Group", "7")),
        ("focus", "Questionnaire/7", LinkAsked("Questionnaire", "7")),
        ("subject", "urn:uuid:7", LinkAsked("", "urn:uuid:7")),
    ],
)  # fmt: skip
def test_a_reference_is_asked_by_id_type_and_id_or_url(key, value, expected):
    assert value_of("Observation", key, value) == expected


@pytest.mark.parametrize(
    ("type_", "pairs", "patient"),
    [
        ("Observation", [("patient", "7")], "7"),
        ("Observation", [("subject", "Patient/7"), ("code", "a")], "7"),
        ("Task", [("patient", "7")], "7"),
        ("Patient", [("_id", "7")], "7"),
        ("Observation", [("_id", "7")], ""),
        ("Observation", [("subject", "7")], ""),  # of a Group or Device, perhaps
        ("Observation", [("patient", "7,8")], ""),
        ("Observation", [("performer", "Patient/7")], ""),
        ("Observation", [("patient:missing", "true")], ""),
        ("Patient", [("_id", "7,8")], ""),
        # Kept under whom they are about, which their targets say together.
        ("Provenance", [("patient", "7")], ""),
        ("AuditEvent", [("patient", "7")], ""),
    ],
)
def test_the_one_patient_that_the_criteria_allow(type_, pairs, patient):
    assert asked(type_, *pairs).query.patient == patient


# Dates and numbers, with the examples of FHIR's own page


@pytest.mark.parametrize(
    ("value", "prefix", "covers"),
    [
        ("2013-01-14", "eq", "2013-01-14"),
        ("eq2013-01-14", "eq", "2013-01-14"),
        ("ne2013-01-14", "ne", "2013-01-14"),
        ("lt2013-01-14T10:00", "lt", "2013-01-14T10:00"),
        ("gt2013-01-14T10:00", "gt", "2013-01-14T10:00"),
        ("ge2013-03-14", "ge", "2013-03-14"),
        ("le2013-03-14", "le", "2013-03-14"),
        ("sa2013-03-14", "sa", "2013-03-14"),
        ("eb2013-03-14", "eb", "2013-03-14"),
        ("2013", "eq", "2013"),
        # `+` arrives as a blank where it was not encoded
        ("ge2013-01-14T10:00:00 02:00", "ge", "2013-01-14T08:00:00Z"),
    ],
)
def test_a_date_with_its_prefix(value, prefix, covers):
    assert value_of("Observation", "date", value) == MomentAsked(prefix, *interval_of(covers))


def test_approximately_is_within_a_tenth_of_the_distance_from_now():
    found = value_of("Patient", "birthdate", "ap2014-01-01")
    low, high = interval_of("2014-01-01")
    ten_years = interval_of("2024-01-01")[0] - low
    assert found.low == pytest.approx(low - ten_years / 10, abs=86_400_000_000)
    assert found.high == pytest.approx(high + ten_years / 10, abs=86_400_000_000)


@pytest.mark.parametrize(
    ("value", "prefix", "inside", "outside"),
    [
        ("100", "eq", [99.5, 100.0, 100.49], [99.49, 100.5]),
        ("100.00", "eq", [99.995, 100.0], [99.99, 100.005]),
        ("1e2", "eq", [95, 104.9], [94.9, 105]),
        ("5.40e-3", "eq", [0.005395, 0.0054049], [0.0053949, 0.005405]),
        ("5.4", "eq", [5.35, 5.4, 5.4499], [5.34, 5.45]),
        ("ap5.4", "ap", [4.86, 5.94], [4.85, 5.95]),
        ("-7", "eq", [-7.5, -7, -6.6], [-7.6, -6.5]),
    ],
)
def test_a_number_is_as_wide_as_its_last_digit(value, prefix, inside, outside):
    found = value_of("RiskAssessment", "probability", value)
    assert found.prefix == prefix
    assert all(found.low <= each <= found.high for each in inside)
    assert not any(found.low <= each <= found.high for each in outside)


@pytest.mark.parametrize("prefix", ["gt", "lt", "ge", "le"])
def test_a_compared_number_is_exact(prefix):
    found = value_of("RiskAssessment", "probability", f"{prefix}100")
    assert found == AmountAsked(prefix, 100.0, 100.0)


@pytest.mark.parametrize(
    ("value", "system", "code"),
    [
        ("5.4", None, None),
        ("5.4|http://unitsofmeasure.org|mg", "http://unitsofmeasure.org", "mg"),
        ("5.4||mg", None, "mg"),
        ("le5.4|http://unitsofmeasure.org|mg", "http://unitsofmeasure.org", "mg"),
    ],
)
def test_a_quantity_may_name_its_unit(value, system, code):
    found = value_of("Observation", "value-quantity", value)
    assert (found.system, found.code) == (system, code)


# Composites


def test_a_code_and_the_coded_value_beside_it():
    found = only("Observation", "component-code-value-concept", f"{LOINC}|48018-6$HGNC:2623")
    pair = PairAsked(TokenAsked(LOINC, "48018-6"), TokenAsked(None, "HGNC:2623"))
    assert found == Criterion("component-code-value-concept", (pair,), kinds=(Pair,))


def test_a_code_and_the_quantity_beside_it_are_asked_under_the_name_of_the_code():
    found = only("Observation", "component-code-value-quantity", f"{LOINC}|81258-6$ge0.4")
    assert found == Criterion(
        "component-code-value-quantity$http://loinc.org|81258-6",
        (AmountAsked("ge", 0.4, 0.4),),
        kinds=(Amount,),
    )


def test_a_composite_of_elements_that_occur_once_is_asked_part_by_part():
    found = asked("Observation", ("code-value-quantity", "8480-6$lt60")).query.criteria
    assert found == (
        Criterion("code", (TokenAsked(None, "8480-6"),), kinds=(Token,)),
        Criterion("value-quantity", (AmountAsked("lt", 60.0, 60.0),), kinds=(Amount,)),
    )
    sequence = asked("MolecularSequence", ("chromosome-window-coordinate", "10$ge100$le200"))
    assert [each.param for each in sequence.query.criteria] == [
        "chromosome", "window-start", "window-end",
    ]  # fmt: skip


# Chains


NAME = Criterion("name", (WordAsked("eve", "eve"),), kinds=(Word,))
CODE = Criterion("code", (TokenAsked(None, "a"),), kinds=(Token,))


@pytest.mark.parametrize(
    ("type_", "key", "value", "expected"),
    [
        ("Observation", "patient.name", "eve", Chain("patient", ("Patient",), NAME)),
        ("Observation", "subject:Patient.name", "eve", Chain("subject", ("Patient",), NAME)),
        ("Observation", "subject.name", "eve", Chain("subject", ("Location", "Patient"), NAME)),
        ("Observation", "patient.name:exact", "eve",
         Chain("patient", ("Patient",),
               Criterion("name", (WordAsked("eve", "eve"),), "exact", kinds=(Word,)))),
        ("Observation", "patient.general-practitioner:Practitioner.name", "eve",
         Chain("patient", ("Patient",), Chain("general-practitioner", ("Practitioner",), NAME))),
        ("MedicationRequest", "medication.code", "a", Chain("medication", ("Medication",), CODE)),
        ("Patient", "_has:Observation:patient:code", "a",
         Referring("Observation", "patient", CODE)),
        ("Patient", "_has:Observation:patient:specimen.identifier", "a",
         Referring("Observation", "patient", Chain("specimen", ("Specimen",),
                   Criterion("identifier", (TokenAsked(None, "a"),), kinds=(Token,))))),
        ("Patient", "_has:Observation:patient:_has:Observation:derived-from:code", "a",
         Referring("Observation", "patient", Referring("Observation", "derived-from", CODE))),
    ],
)  # fmt: skip
def test_chains_and_their_reverse(type_, key, value, expected):
    assert only(type_, key, value) == expected


def test_a_chain_to_an_identifier_of_any_subject():
    found = only("Observation", "subject.identifier", "urn:mrn|7")
    assert "Patient" in found.types
    assert found.inner.values == (TokenAsked("urn:mrn", "7"),)


# What the answer looks like


@pytest.mark.parametrize(
    ("pairs", "sort"),
    [
        ([("_sort", "-date,_id")], (Sort("date", Moment, is_descending=True), Sort("_id"))),
        ([("_sort", "_lastUpdated")], (Sort("_lastUpdated"),)),
        ([("_sort:desc", "date")], (Sort("date", Moment, is_descending=True),)),
        ([("_sort:asc", "code")], (Sort("code", Token),)),
    ],
)
def test_sorting(pairs, sort):
    assert asked("Observation", *pairs).query.sort == sort


@pytest.mark.parametrize(
    ("pairs", "count", "with_total"),
    [
        ([], 50, True),
        ([("_count", "7")], 7, True),
        ([("_count", "5000")], 1000, True),  # capped, not refused
        ([("_count", "0")], 0, True),
        ([("_summary", "count")], 0, True),
        ([("_summary", "count"), ("_count", "9")], 0, True),
        ([("_total", "none")], 50, False),
        ([("_total", "estimate")], 50, True),
        ([("_total", "none"), ("_summary", "count")], 0, True),
    ],
)
def test_the_length_of_a_page_and_the_total(pairs, count, with_total):
    query = asked("Patient", *pairs).query
    assert (query.count, query.with_total) == (count, with_total)


def test_parts_of_a_resource():
    found = asked("Observation", ("_elements", "code,value[x]"), ("_elements", "subject"))
    assert found.elements == ("code", "value", "subject")
    assert asked("Observation", ("_summary", "true")).summary == "true"
    assert asked("Observation", ("_summary", "false")).summary == ""


def test_includes():
    found = asked(
        "Observation",
        ("_include", "Observation:subject"),
        ("_include", "Observation:performer:Organization"),
        ("_include:iterate", "Observation:derived-from"),
        ("_revinclude", "Provenance:target"),
        ("_include", "*"),
    )
    assert found.includes == (
        Include("Observation", "subject"),
        Include("Observation", "performer", "Organization"),
        Include("Observation", "derived-from", is_iterate=True),
        Include("Observation", "*"),
    )
    assert found.revincludes == (Include("Provenance", "target"),)


# What is passed over, and what is refused


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("nonsense", "1"),
        ("_totalMethod", "count"),  # fhirpy sends it
        ("_filter", "code eq a"),
        ("_content", "a"),
        ("_list", "a"),
        ("_sort", "nonsense"),
        ("_include", "List:item"),
        ("_revinclude", "Observation:nonsense"),
    ],
)
def test_what_the_type_does_not_have_is_reported_or_refused_as_the_client_prefers(key, value):
    found = asked("Observation", (key, value), ("code", "a"))
    assert [each.name for each in found.ignored] == [key]
    assert found.used == (("code", "a"),)
    assert [each.param for each in found.query.criteria] == ["code"]
    with pytest.raises(InvalidSearch) as refused:
        asked("Observation", (key, value), is_strict=True)
    assert refused.value.where == key
    assert "component-code-value-concept" in refused.value.mend


@pytest.mark.parametrize(
    ("type_", "key", "value"),
    [
        ("Observation", "patient", ""),
        ("Observation", "patient", ","),
        ("Observation", "code", "a,,b"),
        ("Observation", "code", "|"),
        ("Observation", "patient", "Group/7"),
        ("Observation", "patient", "not an id"),
        ("Observation", "patient", "Patient/7/_history/2"),
        ("Observation", "date", "yesterday"),
        ("Observation", "date", "ge2013-02-30"),
        ("Observation", "value-quantity", "five"),
        ("Observation", "value-quantity", "5.4|mg"),
        ("Observation", "value-quantity", "1e999"),
        ("Patient", "active", "maybe"),
        ("Patient", "name", " ́"),  # an accent alone
        ("Observation", "component-code-value-concept", "a"),
        ("Observation", "component-code-value-quantity", "a$1,b$2"),
        ("Observation", "code-value-quantity", "a$1,b$2"),
        # Modifiers: without them another question would be asked
        ("Observation", "code:in", "http://valueset"),
        ("Observation", "code:text", "a"),
        ("Observation", "code:above", "a"),
        ("Observation", "code:below", "a"),
        ("Observation", "code:exact", "a"),
        ("Observation", "date:not", "2013"),
        ("Patient", "name:not", "a"),
        ("Observation", "subject:Practitioner", "7"),
        ("Observation", "status:missing", "maybe"),
        ("Observation", "_id:missing", "true"),
        # Chains
        ("Observation", "patient.nonsense", "a"),
        ("Observation", "code.name", "a"),
        ("Observation", "subject:Practitioner.name", "a"),
        ("Observation", "patient.general-practitioner.organization.name", "a"),
        ("Patient", "_has:Observation:patient", "a"),
        ("Patient", "_has:Nonsense:patient:code", "a"),
        ("Patient", "_has:Observation:encounter:code", "a"),
        # The form of the answer
        ("Observation", "_count", "-1"),
        ("Observation", "_count", "many"),
        ("Observation", "_summary", "short"),
        ("Observation", "_total", "yes"),
        ("Observation", "_elements", "code;subject"),
        ("Observation", "_sort", "code-value-concept"),
        ("Observation", "_include", "subject"),
        ("Observation", "_include", "Observation:code"),
        ("Observation", "_include:once", "Observation:subject"),
        ("Observation", "_after", "forged"),
    ],
)
@pytest.mark.parametrize("is_strict", [True, False])
def test_a_known_parameter_with_a_bad_value_is_always_refused(type_, key, value, is_strict):
    with pytest.raises(InvalidSearch):
        asked(type_, (key, value), is_strict=is_strict)


def test_a_refusal_names_the_parameter_and_never_its_value():
    with pytest.raises(InvalidSearch) as refused:
        asked("Patient", ("birthdate", "Eve Núñez"))
    assert "birthdate" in str(refused.value)
    assert "Eve" not in str(refused.value) + refused.value.mend


def test_a_name_that_is_none_is_not_repeated():
    (ignored,) = asked("Patient", ("Eve Núñez", "1")).ignored
    assert ignored.name == "(a parameter)"


def test_text_summaries_and_includes_exclude_each_other():
    with pytest.raises(InvalidSearch):
        asked("Observation", ("_summary", "text"), ("_include", "Observation:subject"))


def test_there_is_an_end_to_what_one_search_may_ask():
    with pytest.raises(InvalidSearch):
        asked("Observation", ("code", ",".join(map(str, range(1000)))))
    with pytest.raises(InvalidSearch):
        asked("Observation", *[("code", "a")] * 51)
    with pytest.raises(InvalidSearch):
        asked("Observation", *[("nonsense", "a")] * 201)


@pytest.mark.parametrize(
    ("type_", "pairs"),
    [
        # The patient picker of the SMART launcher, and the encounter that it looks for
        ("Patient", [("_format", "json"), ("_summary", "true"), ("_count", "10"),
                     ("_sort:asc", "family")]),
        ("Encounter", [("_count", "1"), ("_sort:desc", "date"), ("patient", "7")]),
        # The CDS Hooks Sandbox
        ("Patient", []),
        ("Condition", [("patient", "7")]),
        # fhir-pyrate, fhir-kindling, fhir-kit-client
        ("Observation", [("_sort", "_id"), ("_count", "100"), ("patient", "7")]),
        ("Observation", [("_count", "5000"), ("_format", "json"), ("_summary", "count")]),
        ("MedicationRequest", [("patient", "7"), ("status", "active"),
                               ("_include", "MedicationRequest:medication")]),
    ],
)  # fmt: skip
def test_what_known_clients_send_is_understood_to_the_last_parameter(type_, pairs):
    assert asked(type_, *pairs, is_strict=True).used == tuple(pairs)


# Pages


def test_the_place_between_two_pages_comes_back_as_it_was():
    first = asked("Observation", ("code", "a"), ("_sort", "-date"), ("_count", "2"))
    place = (1_700_000_000_000_000, "obs-7")
    text = encode_after(place, type_="Observation", used=first.used)
    following = asked("Observation", *first.used, ("_after", text))
    assert following.query.after == place
    assert following.used == first.used
    assert text.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "pairs",
    [
        [("code", "b"), ("_sort", "-date")],  # another search
        [("code", "a"), ("_sort", "date")],
        [("code", "a")],
    ],
)
def test_a_place_in_another_search_is_refused(pairs):
    used = [("code", "a"), ("_sort", "-date")]
    text = encode_after((1, "x"), type_="Observation", used=used)
    with pytest.raises(InvalidSearch):
        asked("Observation", *pairs, ("_after", text))


@pytest.mark.parametrize("place", [("text", "x"), (1,), (1, 2), ()])
def test_a_place_that_no_page_of_the_search_ends_at_is_refused(place):
    used = [("_sort", "-date")]
    text = encode_after(place, type_="Observation", used=used)
    with pytest.raises(InvalidSearch):
        asked("Observation", *used, ("_after", text))


# Anything at all


@given(st.text())
def test_escaping_is_undone(text):
    assert plain(escaped(text)) == text
    assert split(escaped(text), ",") == [escaped(text)]


@given(st.lists(st.text(), min_size=1))
def test_escaped_pieces_are_found_again(pieces):
    joined = ",".join(map(escaped, pieces))
    assert [plain(each) for each in split(joined, ",")] == pieces


KEYS = st.one_of(
    st.text(),
    st.sampled_from(
        ["code", "date", "subject", "value-quantity", "name", "_id", "_lastUpdated", "_sort",
         "_count", "_include", "_revinclude", "_has:", "_summary", "_elements", "_after",
         "combo-code-value-concept", "combo-code-value-quantity", "code-value-date"]
    ).flatmap(
        lambda name: st.sampled_from(
            ["", ":missing", ":not", ":exact", ":Patient", ":identifier", ".name", ":Patient.name",
             ":Observation:patient:code", "..", ":", ":iterate"]
        ).map(lambda more: name + more)
    ),
)  # fmt: skip
VALUES = st.one_of(
    st.text(),
    st.text(alphabet="0123456789-:.TZ+ ,|$\\aegltns/%*", max_size=25),
    st.sampled_from(["Patient/1", "Observation:subject", "1e2|a|b", "a|b$c", "ge2020", "true"]),
)


@given(
    st.sampled_from(sorted(searchable_types())),
    st.lists(st.tuples(KEYS, VALUES), max_size=4),
    st.booleans(),
)
def test_a_query_is_read_or_refused_and_nothing_else(type_, pairs, is_strict):
    try:
        found = parse_query(type_, pairs, base_url=BASE, is_strict=is_strict, now=NOW)
    except InvalidSearch:
        return
    assert found.query.type == type_
    assert len(found.used) + len(found.ignored) <= len(pairs)
    assert not (is_strict and found.ignored)


@pytest.mark.parametrize("type_", sorted(searchable_types()))
def test_every_parameter_of_every_type_can_be_asked(type_):
    values = {
        "token": "a|b", "reference": "urn:uuid:1", "date": "2024", "string": "a",
        "quantity": "5.4||mg", "number": "5", "uri": "http://x",
    }  # fmt: skip
    for parameter in parameters_of(type_).values():
        value = values.get(parameter.kind, "a$b")
        if parameter.is_of_amounts:
            value = "a$5.4"
        if parameter.parts:
            kinds = [parameters_of(type_)[part].kind for part in parameter.parts]
            value = "$".join(values[kind] for kind in kinds)
        if {each.type for each in parameter.elements} & {"boolean", "present"}:
            value = "true"
        assert asked(type_, (parameter.name, value), is_strict=True).query.criteria
