"""What a session of our app may see: of our own store as its token is judged, of an EHR what its
server gives; and what could not be read is told, never shown as what is not there."""

import time

import pytest

from fhir_pgx.errors import DataUnavailable, LaunchFailed, MixedPatients
from fhir_pgx.security.launch import Session
from fhir_pgx.settings import Settings
from fhir_pgx.web.access import verifiers_of
from fhir_pgx.web.app import create_app
from fhir_pgx.web.opened import may_show_history
from fhir_pgx.web.session_data import name_of, read_data
from tests.foreign_ehr import ForeignEhr, genotype, order, person, usual
from tests.secured import FHIR, Secured

SCOPE = "launch openid patient/*.rs"


def session(fhir, token="access-marker", **more):
    now = time.time()
    values = {"patient": "p1", "user": "Practitioner/dr-1", "scope": SCOPE} | more
    return Session(fhir, "our-client", f"{fhir}/token", access_token=token,
                   access_ends=now + 300, ends=now + 300, **values)  # fmt: skip


def types(data):
    return {entry.type for entry in data.entries}


def unread(data):
    return {each.type: each.reason for each in data.unread}


# Our own store


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    made = Secured(tmp_path_factory.mktemp("secured"))
    medication = {"resourceType": "Medication", "id": "m1", "code": {"text": "abacavir"}}
    by_reference = order("abacavir") | {"medicationReference": {"reference": "Medication/m1"}}
    del by_reference["medicationCodeableConcept"]
    of_another = genotype("CYP2D6", "*4/*4", subject={"reference": "Patient/p2"})
    made.fill(*usual(), medication, by_reference, person(id="p2"), of_another)
    made.fill(person(id="p1"), tenant="north")
    return made


def ours(secured, scope=SCOPE, patient="p1", **claims):
    token = secured.token(scope, patient, **claims)
    return read_data(secured.site, verifiers_of(secured.site), session(FHIR, token))


def test_the_session_of_our_own_server_sees_its_patient_and_nobody_else(secured):
    data = ours(secured)
    assert data.is_ours
    assert data.patient["birthDate"] == "1958-04-12"
    assert types(data) == {"Patient", "Observation", "MedicationRequest", "Medication"}
    assert not [e for e in data.entries if "p2" in str(e.resource.get("subject"))]
    assert data.unread == ()
    assert data.seen.lists["results"] == data.seen.lists["medicines"] == "supplied"


def test_what_the_scope_does_not_allow_is_told_and_not_shown_as_missing(secured):
    data = ours(secured, "patient/Patient.rs patient/MedicationRequest.rs")
    assert types(data) == {"Patient", "MedicationRequest"}
    assert "Observation" in unread(data)
    assert data.seen.lists["results"] == "unavailable"
    assert data.seen.lists["medicines"] == "supplied"


@pytest.fixture
def lent(tmp_path):
    """A store with the patients of an EHR, whose CDS client alone is registered: tokens of nobody
    open our own FHIR server."""
    Secured(tmp_path).fill(*usual(), person(id="p2"))
    text = '[[cds_clients]]\nname = "ehr"\nissuer = "https://ehr.example.org"\n'
    text += 'keys_file = "ehr.json"\n'
    return Secured(tmp_path, text, store_servers=("https://ehr.example.org/fhir",))


def of_launch(lent, **more):
    found = session("https://ehr.example.org/fhir", **more)
    return read_data(lent.site, verifiers_of(lent.site), found)


def test_where_no_token_opens_our_server_the_scopes_of_the_launch_hold(lent):
    assert "Observation" in types(of_launch(lent))
    less = of_launch(lent, scope="launch patient/Patient.rs")
    assert types(less) == {"Patient"}
    assert "Observation" in unread(less)
    assert less.seen.lists["results"] == "unavailable"


@pytest.mark.parametrize("scope", ["", "launch openid fhirUser", "patient/*.c"])
def test_a_launch_that_was_granted_nothing_sees_nothing(lent, scope):
    with pytest.raises(DataUnavailable):
        of_launch(lent, scope=scope)


def test_a_scope_for_a_part_of_a_type_leaves_the_rest_unknown(secured):
    data = ours(secured, "patient/Patient.rs patient/Observation.rs?category=laboratory")
    assert unread(data)["Observation"] == "the scope of this launch allows a part of them"
    assert data.seen.lists["results"] == "unavailable"


@pytest.mark.parametrize(
    ("patient", "claims"),
    [("p2", {}), ("p1", {"exp": 1}), ("p1", {"aud": "https://other.example.org/fhir"})],
)
def test_a_token_that_does_not_hold_or_is_another_s_shows_nothing(secured, patient, claims):
    with pytest.raises(LaunchFailed):
        ours(secured, patient=patient, **claims)


def test_another_tenant_s_token_sees_that_tenant_s_patient_of_the_same_id(secured):
    data = ours(secured, issuer="https://north.example.org")
    assert types(data) == {"Patient"}
    assert data.caller.tenant == "north"


def test_a_patient_of_whom_nothing_may_be_seen_is_no_empty_passport(secured):
    with pytest.raises(DataUnavailable):
        ours(secured, "patient/Encounter.rs")


def test_a_launch_without_a_patient_has_no_data(secured):
    with pytest.raises(LaunchFailed, match="no patient"):
        read_data(secured.site, verifiers_of(secured.site), session(FHIR, patient=""))


def test_a_consent_in_our_store_holds_for_the_app_as_for_every_other_reader(secured):
    consent = {
        "resourceType": "Consent", "id": "c-north", "status": "active",
        "patient": {"reference": "Patient/p1"},
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "provision": {"type": "deny"},
    }  # fmt: skip
    secured.fill(consent, genotype("CYP2C19", "*2/*2"), tenant="north")
    with pytest.raises(DataUnavailable, match="may be read"):
        ours(secured, issuer="https://north.example.org")


# A foreign EHR


@pytest.fixture
def ehr():
    running = ForeignEhr()
    yield running
    running.close()


@pytest.fixture
def site(ehr, tmp_path, pipeline, store):
    app = create_app(Settings(access=ehr.access(tmp_path)), pipeline=pipeline, store=store)
    return app.extensions["fhir_pgx"]


def theirs(site, ehr, **more):
    return read_data(site, verifiers_of(site), session(f"{ehr.base}/fhir", **more))


def test_an_ehr_is_asked_what_a_hook_would_prefetch_with_the_session_s_token(site, ehr):
    data = theirs(site, ehr)
    assert not data.is_ours
    assert types(data) == {"Patient", "Observation", "MedicationRequest"}
    assert data.unread == ()
    paths = [path for _, path, _ in ehr.asked]
    assert any(path.startswith("/fhir/Observation?patient=p1&code=") for path in paths)
    assert "/fhir/MedicationRequest?patient=p1&status=active" in paths
    assert {headers["Authorization"] for *_, headers in ehr.asked} == {"Bearer access-marker"}


def test_what_one_type_refuses_is_told_and_the_rest_is_shown(site, ehr):
    ehr.status = {"Observation": 403}
    data = theirs(site, ehr)
    assert types(data) == {"Patient", "MedicationRequest"}
    assert unread(data) == {"Observation": "the FHIR server answered with status 403"}
    assert data.seen.lists["results"] == "unavailable"
    assert data.seen.lists["medicines"] == "supplied"


def test_an_ehr_without_statements_of_patients_lacks_no_medicines(site, ehr):
    ehr.status = {"MedicationStatement": 404}
    data = theirs(site, ehr)
    assert unread(data) == {"MedicationStatement": "the FHIR server answered with status 404"}
    assert data.seen.lists["medicines"] == "supplied"


def test_a_list_that_is_empty_is_another_thing_than_one_that_failed(site, ehr):
    ehr.resources = [person()]
    assert theirs(site, ehr).seen.lists["medicines"] == "empty"
    ehr.status = {"MedicationRequest": 500}
    assert theirs(site, ehr).seen.lists["medicines"] == "unavailable"


def test_an_ehr_that_is_down_gives_an_error_and_no_empty_page(site, ehr):
    ehr.status = {"*": 503}
    with pytest.raises(DataUnavailable, match="503"):
        theirs(site, ehr)
    ehr.close()
    with pytest.raises(DataUnavailable):
        theirs(site, ehr)


def test_a_token_that_the_ehr_takes_no_longer_ends_the_session(site, ehr):
    ehr.status = {"*": 401}
    with pytest.raises(LaunchFailed, match="token"):
        theirs(site, ehr)


def test_another_patient_s_data_in_an_answer_are_refused_whole(site, ehr):
    ehr.resources.append(genotype("CYP2D6", "*4/*4", subject={"reference": "Patient/p2"}))
    with pytest.raises(MixedPatients):
        theirs(site, ehr)


def test_a_medicine_by_reference_is_looked_up(site, ehr):
    medication = {"resourceType": "Medication", "id": "m1", "code": {"text": "abacavir"}}
    by_reference = order("abacavir") | {"medicationReference": {"reference": "Medication/m1"}}
    del by_reference["medicationCodeableConcept"]
    ehr.resources += [by_reference, medication]
    assert "Medication" in types(theirs(site, ehr))


def test_a_consent_that_the_ehr_sends_holds_here_too(site, ehr):
    consent = {
        "resourceType": "Consent", "id": "c", "status": "active",
        "patient": {"reference": "Patient/p1"},
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "provision": {"type": "deny"},
    }  # fmt: skip
    ehr.resources.append(consent)
    data = theirs(site, ehr)
    assert data.seen.is_limited
    assert "Observation" not in types(data)


# Whose cards of before


def test_cards_of_before_are_shown_where_an_id_can_be_of_one_patient_alone(secured, site, ehr):
    assert may_show_history(secured.site, session(FHIR))
    assert not may_show_history(site, session(f"{ehr.base}/fhir"))
    assert not may_show_history(secured.site, session("https://ehr.example.org/fhir"))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([{"given": ["Ada"], "family": "Example"}], "Ada Example"),
        ([{"use": "nickname", "text": "Addie"}, {"use": "official", "text": "Ada E."}], "Ada E."),
        ([{"use": "old", "text": "Former"}], ""),
        ([{}, {"text": "Ada"}], "Ada"),
        ("Ada", ""),
        (None, ""),
    ],
)
def test_a_patient_is_called_by_the_name_in_use(names, expected):
    assert name_of({"name": names}) == expected
