"""What a scope grants, in tables that an integrator can check against SMART App Launch 2.2."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_pgx.errors import Forbidden
from fhir_pgx.model.access import ANYBODY, Caller, Grant
from fhir_pgx.model.search import TokenAsked
from fhir_pgx.model.view import EVERYTHING, WHOLE, Window
from fhir_pgx.rest.scope_tokens import read_scope_token
from fhir_pgx.rest.types import TYPES
from fhir_pgx.security.scopes import check, may, read_scope, read_scopes, view_for

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def grants(scope):
    return read_scope(scope, read_scope_token)


def caller(scope, patient=""):
    return Caller("application", patient=patient, grants=read_scopes(scope, read_scope_token))


def letters(scope):
    """The level, type and interactions that a scope grants, as one text; empty for nothing."""
    return " ".join(
        f"{each.level}/{each.type}.{''.join(a for a in 'cruds' if a in each.actions)}"
        for each in grants(scope)
    )


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        # version 1
        ("patient/Observation.read", "patient/Observation.rs"),
        ("user/Observation.write", "user/Observation.cud"),
        ("system/Observation.*", "system/Observation.cruds"),
        ("patient/*.read", "patient/*.rs"),
        ("user/*.*", "user/*.cruds"),
        # version 2
        ("patient/Observation.rs", "patient/Observation.rs"),
        ("patient/Observation.r", "patient/Observation.r"),
        ("patient/Observation.s", "patient/Observation.s"),
        ("user/Observation.cruds", "user/Observation.cruds"),
        ("user/Observation.cds", "user/Observation.cds"),
        ("system/*.rs", "system/*.rs"),
    ],
)
def test_a_scope_grants_the_interactions_that_its_letters_name(scope, granted):
    assert letters(scope) == granted


@pytest.mark.parametrize(
    "scope",
    [
        "patient/Observation.dus",  # the letters stand in the order c r u d s
        "patient/Observation.sr",
        "patient/Observation.rr",
        "patient/Observation.rsx",
        "patient/Observation.",
        "patient/Observation",
        "patient/Observation.Read",
        "patient/Observation.READ",
        "patient/Observation.readwrite",
        "patient/Observation.read,write",
        "patient/Observation.r*",
        "patient/Observation.**",
        "patient/observation.rs",
        "patient/Obs*.rs",
        "patient/**.rs",
        "patient/.rs",
        "Patient/Observation.rs",
        "patients/Observation.rs",
        "patient/user/Observation.rs",
        "patient//Observation.rs",
        "/Observation.rs",
        "*/Observation.rs",
        "patient/Observation.rs ",
        " patient/Observation.rs",
        "patient/Observation.rs\n",
        "patient/Observation.rs\tuser/*.cruds",
        "xpatient/Observation.rs",
        "patient/Observation.rs/../Patient.rs",
        "patient/Observation.rs#",
        "patient/Observation.rs%3Fcategory=x",
        "patient/0bservation.rs",
        "patient/Оbservation.rs",  # a Cyrillic O
        "(patient/Observation.rs)",
        "openid",
        "launch/patient",
        "offline_access",
        "",
    ],
)
def test_what_is_no_scope_to_the_last_sign_grants_nothing(scope):
    assert grants(scope) == ()


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("category=laboratory", (("category", "laboratory"),)),
        (f"category={CATEGORY}|laboratory", (("category", f"{CATEGORY}|laboratory"),)),
        (
            "category=http%3A%2F%2Fterminology.hl7.org%2FCodeSystem%2Fobservation-category%7claboratory",
            (("category", f"{CATEGORY}|laboratory"),),
        ),
        ("category=laboratory&code=84413-4", (("category", "laboratory"), ("code", "84413-4"))),
        ("category=a&category=b", (("category", "a"), ("category", "b"))),  # both, as in a search
        ("code=|84413-4", (("code", "|84413-4"),)),
        ("code=http://loinc.org|", (("code", "http://loinc.org|"),)),
        # An element of the type `code` states no system: what is kept has none.
        ("status=http://hl7.org/fhir/observation-status|final", (("status", "|final"),)),
        ("_security=N", (("_security", "N"),)),
    ],
)
def test_a_granular_scope_asks_for_tokens(query, where):
    (granted,) = grants(f"patient/Observation.rs?{query}")
    assert granted == Grant("patient", "Observation", frozenset("rs"), where)


def test_values_with_commas_between_are_alternatives():
    found = grants("patient/Observation.rs?category=laboratory,genomics&status=final")
    assert [each.where for each in found] == [
        (("category", "laboratory"), ("status", "final")),
        (("category", "genomics"), ("status", "final")),
    ]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "=laboratory",
        "category",
        "category=",
        "category= ",
        "category=a,",
        "category=,a",
        "Category=laboratory",
        "category:in=laboratory",  # a modifier
        "code:not=84413-4",
        "subject:Patient.name=x",  # a chain
        "_has:Provenance:target:agent=x",
        "no-such-parameter=x",
        "date=2020",  # of another kind than token
        "patient=p1",
        "value-quantity=5",
        "code-value-concept=a$b",
        "combo-code=x",  # kept under other names
        "_id=o1",
        "_profile=http://example.org/p",
        "category=laboratory&no-such-parameter=x",  # all must be understood
        "category=laboratory&",
        "category=laboratory&date=2020",
        "category=%",
        "category=%zz",
        "category=%ff",  # no UTF-8
        "category=%00",
        "category=a%0ab",
        "category=a+b",
        "category=a\\,b",
        "category=a%5C%2Cb",
        "category=|",
    ],
)
def test_a_granular_scope_that_is_not_understood_grants_nothing(query):
    assert grants(f"patient/Observation.rs?{query}") == ()


@pytest.mark.parametrize(
    ("scope", "is_granted"),
    [
        ("patient/*.rs?_security=N", True),  # every type has it
        ("patient/*.rs?category=laboratory", False),  # not every type has it
        ("patient/NoSuchType.rs?_security=N", False),
        ("patient/Observation.read?category=laboratory", False),  # version 1 has no parameters
        ("patient/Patient.rs?active=true", True),
        ("patient/Patient.rs?active=perhaps", False),
    ],
)
def test_a_parameter_must_be_one_of_the_type(scope, is_granted):
    assert bool(grants(scope)) is is_granted


def test_a_scope_with_too_many_alternatives_grants_nothing():
    many = ",".join(f"c{n}" for n in range(16))
    assert len(grants(f"patient/Observation.rs?category={many}")) == 16
    assert grants(f"patient/Observation.rs?category={many},c16") == ()
    assert grants(f"patient/Observation.rs?category={many}&code={many}") == ()


def test_odd_names_beside_a_scope_never_take_it_away():
    said = (
        "openid fhirUser launch Patient.Read (Demographics) (R4) patient/Observation.read "
        "Observation.Search (Labs; {x}) epic.scanning.dmsusername https://example.org/scope urn:x:*"
    )
    found = read_scopes(said, read_scope_token)
    assert found == (Grant("patient", "Observation", frozenset("rs")),)


@pytest.mark.parametrize(
    ("claim", "count"),
    [
        ("patient/Patient.rs patient/Observation.rs", 2),
        (["patient/Patient.rs", "patient/Observation.rs"], 2),
        ("patient/Patient.rs  patient/Patient.rs", 1),
        (["patient/Patient.rs patient/Observation.rs"], 0),  # a list holds one scope an item
        (["patient/Patient.rs", 7, None, ["user/*.cruds"]], 1),
        (None, 0),
        ({"patient/Patient.rs": True}, 0),
        (True, 0),
        ("", 0),
        ("user/*.cruds " + "x" * 16_000, 0),
        (" ".join(f"user/T{'a' * n}.rs" for n in range(1, 60)), 59),
        (
            " ".join(
                f"user/T{chr(97 + n % 26)}{chr(97 + n // 26)}.{a}" for n in range(101) for a in "rs"
            ),
            0,
        ),
    ],
)
def test_the_claim_is_a_text_or_a_list_of_bounded_length(claim, count):
    assert len(read_scopes(claim, read_scope_token)) == count


@given(st.text(max_size=40))
def test_no_text_around_a_scope_makes_it_grant_more(noise):
    allowed = set(read_scopes("patient/Patient.r", read_scope_token))
    got = read_scopes(f"{noise} patient/Patient.r", read_scope_token)
    assert allowed <= set(got)
    if "/" not in noise:
        assert set(got) == allowed


# What may be done


@pytest.mark.parametrize(
    ("scope", "patient", "action", "type_", "is_allowed"),
    [
        ("patient/Observation.rs", "p1", "r", "Observation", True),
        ("patient/Observation.rs", "p1", "s", "Observation", True),
        ("patient/Observation.rs", "p1", "u", "Observation", False),
        ("patient/Observation.rs", "p1", "r", "Condition", False),
        ("patient/Observation.rs", "", "r", "Observation", False),  # no patient in context
        ("patient/*.rs", "p1", "s", "Condition", True),
        ("patient/*.rs", "p1", "s", "*", True),
        ("patient/Observation.rs", "p1", "s", "*", False),  # a system's history is of every type
        ("user/Observation.r", "", "s", "Observation", False),  # reading is not searching
        ("user/Observation.s", "", "r", "Observation", False),
        ("system/*.cud", "", "d", "Condition", True),
        ("system/*.cud", "", "r", "Condition", False),
        ("openid launch", "p1", "r", "Observation", False),
        ("user/Observation.rs?category=laboratory", "", "r", "Observation", True),
    ],
)
def test_a_caller_may_do_what_a_scope_says(scope, patient, action, type_, is_allowed):
    found = caller(scope, patient)
    assert may(found, action, type_) is is_allowed
    if is_allowed:
        check(found, action, type_)
    else:
        with pytest.raises(Forbidden):
            check(found, action, type_)


def test_who_is_not_bound_by_scopes_may_do_everything():
    assert may(ANYBODY, "d", "Patient")
    assert view_for(ANYBODY, "d", TYPES) is EVERYTHING


def test_a_refusal_repeats_no_text_that_is_no_type():
    with pytest.raises(Forbidden) as found:
        check(caller(""), "r", "<script>7</script>")
    assert "script" not in found.value.text + found.value.mend
    with pytest.raises(Forbidden, match="to search Observation"):
        check(caller(""), "s", "Observation")


# What may be seen


def test_grants_of_a_patient_show_that_patient_alone():
    found = view_for(caller("patient/Observation.rs patient/Patient.r", "p1"), "r", TYPES)
    assert found.types == {
        "Observation": (Window(patient="p1"),),
        "Patient": (Window(patient="p1"),),
    }


def test_reading_and_searching_may_show_different_types():
    found = caller("patient/Observation.s patient/Patient.r", "p1")
    assert set(view_for(found, "r", TYPES).types) == {"Patient"}
    assert set(view_for(found, "s", TYPES).types) == {"Observation"}
    assert view_for(found, "u", TYPES).types == {}


def test_grants_of_a_patient_show_nothing_without_one_in_context():
    found = view_for(caller("patient/*.cruds"), "r", TYPES)
    assert found.types == {}
    assert not found.is_everything


@pytest.mark.parametrize(
    ("user", "patient", "window"),
    [
        ("", "", Window()),
        ("Practitioner/d1", "", Window()),
        ("PractitionerRole/d1", "p1", Window()),
        ("https://elsewhere.example/fhir/Practitioner/d1", "", Window()),
        ("Patient/p7", "", Window("p7")),
        ("Patient/p7", "p1", Window("p7")),
        # Of another server: whose id it is here nobody knows.
        ("https://elsewhere.example/fhir/Patient/p7", "", None),
        ("https://elsewhere.example/fhir/Patient/p7", "p1", Window("p1")),
        ("https://elsewhere.example/fhir/Patient/p7/_history/1", "", None),
        ("Patient/", "", None),
        ("Patient", "", None),
        ("RelatedPerson/r1", "", None),
        ("RelatedPerson/r1", "p1", Window("p1")),
        ("Person/x", "", None),
    ],
)
def test_a_user_who_is_no_clinician_does_not_see_everybody(user, patient, window):
    found = replace(caller("user/Observation.rs", patient), user=user)
    windows = view_for(found, "s", TYPES).types
    assert windows == ({"Observation": (window,)} if window else {})
    assert may(found, "s", "Observation") is (window is not None)


def test_a_system_scope_is_of_no_user():
    found = replace(caller("system/Observation.rs"), user="Patient/p7")
    assert view_for(found, "s", TYPES).types == {"Observation": (WHOLE,)}


@pytest.mark.parametrize("scope", ["user/*.rs", "system/*.read", "system/*.cruds patient/Task.r"])
def test_a_whole_grant_for_every_type_shows_all_of_each(scope):
    assert view_for(caller(scope, "p1"), "r", TYPES).types == dict.fromkeys(TYPES, (WHOLE,))


def test_a_patients_grant_for_every_type_has_a_window_for_each():
    found = view_for(caller("patient/*.rs", "p1"), "s", TYPES)
    assert found.types == dict.fromkeys(TYPES, (Window("p1"),))


def test_tokens_become_what_the_store_compares():
    scope = f"user/Observation.rs?category={CATEGORY}|laboratory&code=84413-4"
    (window,) = view_for(caller(scope), "s", TYPES).types["Observation"]
    assert window == Window(
        None,
        (
            ("category", TokenAsked(CATEGORY, "laboratory")),
            ("code", TokenAsked(None, "84413-4")),
        ),
    )
    (window,) = view_for(caller("user/Observation.s?code=http://loinc.org|"), "s", TYPES).types[
        "Observation"
    ]
    assert window.where == (("code", TokenAsked("http://loinc.org", None)),)
    (window,) = view_for(caller("user/Observation.s?code=|x"), "s", TYPES).types["Observation"]
    assert window.where == (("code", TokenAsked("", "x")),)


def test_a_window_that_another_covers_is_not_asked_again():
    scope = (
        "patient/Observation.rs?category=laboratory patient/Observation.rs user/Condition.rs "
        "patient/Condition.rs patient/Observation.rs?category=laboratory&code=x"
    )
    found = view_for(caller(scope, "p1"), "s", TYPES).types
    assert found == {"Observation": (Window("p1"),), "Condition": (WHOLE,)}


def test_two_windows_of_which_neither_covers_the_other_stay():
    scope = "patient/Observation.rs?category=laboratory user/Observation.rs?code=x"
    assert len(view_for(caller(scope, "p1"), "r", TYPES).types["Observation"]) == 2
