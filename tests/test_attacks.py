"""Attacks on a server as a hospital would run it: each a request, and the property that held.

One secured server with two patients, two tenants and a Consent (`tests/secured.py`); each attack is
one function of the table below that sends something and says what must be so. The details of each
defence are tested where it stands; here is what an attacker tries, side by side.
"""

import gzip
import hashlib
import hmac
import io
import json
import time
import uuid
import zipfile
from urllib.parse import quote

import pytest
from joserfc.jwk import ECKey, OctKey

from tests.secured import ACCESS, AUTH, BASE, EHR, FHIR, Secured, key_of, signed
from tests.security.assertion_maker import part
from tests.web.test_compartments import MINE, THEIRS, genotype, hide, patient, transaction
from tests.web.test_consent_at_the_door import DENY, WITHHELD

SIGN = "/cds-services/pgx-order-sign"
DISCOVERY = "/cds-services"
OTHER_EHR = "https://other.example.org"
NORTH = "https://north.example.org"
ATTACKER = ECKey.generate_key("P-384", {"kid": "attacker", "use": "sig"})
METADATA = "http://169.254.169.254/latest/meta-data/"

ATTACKS = []


def attack(function):
    ATTACKS.append(function)
    return function


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    access = ACCESS.replace('keys_file = "ehr.json"', 'keys_file = "ehr.json"\n'
                            'fhir_servers = ["https://ehr.example.org/fhir"]')  # fmt: skip
    server = Secured(
        tmp_path_factory.mktemp("attacked"),
        access,
        fhir_servers=("https://ehr.example.org/fhir", "https://other.example.org/fhir"),
        max_body_bytes=200_000,
        max_fhir_bytes=400_000,
        operator_token="of-the-operator-alone",
    )
    server.fill(*MINE, *THEIRS)
    server.fill(patient("careful", "Synthetic-Careful"))
    server.fill(*WITHHELD)
    server.fill(DENY)
    server.fill(
        patient("northern", "Synthetic-North"), genotype("of-north", "northern"), tenant="north"
    )
    server.called = []
    return server


@pytest.fixture(autouse=True)
def no_network(world, monkeypatch):
    """Nothing leaves this process: who looks a name up or opens a socket is noted, and fails."""
    import socket

    world.called.clear()

    def refuse(*args, **_):
        world.called.append(args)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def hook(drug="clopidogrel", who="mine", **more):
    order = {"resourceType": "MedicationRequest", "id": "draft", "status": "draft",
             "intent": "order", "subject": {"reference": f"Patient/{who}"},
             "medicationCodeableConcept": {"text": drug}}  # fmt: skip
    return {
        "hook": "order-sign", "hookInstance": str(uuid.uuid4()), "fhirServer": FHIR,
        "context": {"patientId": who, "userId": "Practitioner/doc",
                    "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order}]}},
        **more,
    }  # fmt: skip


def claims(path=SIGN, **more):
    now = int(time.time())
    return {"iss": EHR, "aud": f"{BASE}{path}", "iat": now, "exp": now + 300,
            "jti": str(uuid.uuid4()), **more}  # fmt: skip


def forged(header, payload, signature=b""):
    return f"{part(json.dumps(header))}.{part(json.dumps(payload))}.{part(signature)}"


def refused(answer):
    """A CDS client is refused with a bare 401."""
    assert answer.status_code == 401
    assert answer.get_data() == b""
    return answer


def unknown(answer):
    """A FHIR client is refused, and is not told why."""
    assert answer.status_code == 401
    assert "credential that holds" in answer.get_data(as_text=True)


def sign(world, token, **more):
    return world.call("POST", SIGN, token, json=hook(), **more)


def read(world, token, path="/fhir/Patient/mine", **more):
    return world.call("GET", path, token, **more)


def narrow(world):
    return world.token("patient/*.cruds launch/patient", "mine")


def wide(world):
    return world.token("system/*.cruds")


HEADER = {"alg": "ES384", "typ": "JWT"}


# Forged assertions of CDS clients


@attack
def an_assertion_without_a_signature(world):
    refused(sign(world, forged({"alg": "none", "typ": "JWT"}, claims())))


@attack
def none_in_other_letters(world):
    refused(sign(world, forged({"alg": "nOnE", "typ": "JWT", "kid": key_of(EHR).kid}, claims())))


@attack
def the_public_key_as_a_shared_secret(world):
    public = json.dumps(key_of(EHR).as_dict(private=False)).encode()
    header = {"alg": "HS256", "typ": "JWT", "kid": key_of(EHR).kid}
    text = f"{part(json.dumps(header))}.{part(json.dumps(claims()))}"
    mac = hmac.new(public, text.encode(), hashlib.sha256).digest()
    refused(sign(world, f"{text}.{part(mac)}"))


@attack
def the_pem_of_the_public_key_as_a_shared_secret(world):
    pem = key_of(EHR).as_pem(private=False)
    header = {"alg": "HS384", "typ": "JWT", "kid": key_of(EHR).kid}
    text = f"{part(json.dumps(header))}.{part(json.dumps(claims()))}"
    mac = hmac.new(pem, text.encode(), hashlib.sha384).digest()
    refused(sign(world, f"{text}.{part(mac)}"))


def with_header(payload=None, key=ATTACKER, **header):
    from joserfc import jws

    found = {**HEADER, "kid": key_of(EHR).kid, **header}
    text = f"{part(json.dumps(found))}.{part(json.dumps(payload or claims()))}"
    signature = jws.JWSRegistry.algorithms["ES384"].sign(text.encode(), key)
    return f"{text}.{part(signature)}"


@attack
def another_key_under_the_registered_id(world):
    refused(sign(world, with_header()))


@attack
def a_key_of_ones_own_in_the_header(world):
    refused(sign(world, with_header(jwk=ATTACKER.as_dict(private=False))))


@attack
def a_key_set_of_ones_own(world):
    refused(sign(world, with_header(jku="https://attacker.example/jwks.json")))
    assert world.called == []


@attack
def a_key_set_at_the_metadata_address(world):
    refused(sign(world, with_header(jku=METADATA)))
    assert world.called == []


@attack
def a_certificate_of_ones_own(world):
    refused(sign(world, with_header(x5u="https://attacker.example/cert", x5c=["MIIB"])))
    assert world.called == []


@attack
def a_good_signature_with_a_critical_header(world):
    refused(sign(world, with_header(key=key_of(EHR), crit=["b64"], b64=False)))


@attack
def a_key_id_that_is_a_path(world):
    refused(sign(world, with_header(kid="../../ehr.json")))


@attack
def a_key_id_that_is_a_query(world):
    refused(sign(world, with_header(kid="' OR '1'='1")))


@attack
def the_key_of_another_registered_client(world):
    refused(sign(world, with_header(key=key_of(OTHER_EHR), kid=key_of(OTHER_EHR).kid)))


@attack
def an_issuer_that_nobody_registered(world):
    token = with_header(claims(iss="https://attacker.example"))
    refused(sign(world, token))


@attack
def the_issuer_with_a_slash_more(world):
    refused(sign(world, signed(EHR, claims(iss=f"{EHR}/"), "JWT")))


@attack
def an_assertion_for_another_service(world):
    refused(sign(world, world.assertion("/cds-services/pgx-patient-view")))


@attack
def an_assertion_for_discovery_at_a_service(world):
    refused(sign(world, world.assertion(DISCOVERY)))


@attack
def an_assertion_for_another_host_with_a_forged_host_header(world):
    token = signed(EHR, claims(aud=f"https://attacker.example{SIGN}"), "JWT")
    answer = world.call("POST", SIGN, token, json=hook(), Host="attacker.example",
                        X_Forwarded_Host="attacker.example")  # fmt: skip
    refused(answer)


@attack
def an_expired_assertion(world):
    now = int(time.time())
    refused(sign(world, signed(EHR, claims(iat=now - 900, exp=now - 300), "JWT")))


@attack
def an_assertion_of_the_future(world):
    now = int(time.time())
    refused(sign(world, signed(EHR, claims(iat=now + 600, nbf=now + 600, exp=now + 900), "JWT")))


@attack
def an_assertion_for_thirty_years(world):
    refused(sign(world, signed(EHR, claims(exp=int(time.time()) + 30 * 365 * 86400), "JWT")))


@attack
def an_assertion_without_an_id(world):
    payload = claims()
    del payload["jti"]
    refused(sign(world, signed(EHR, payload, "JWT")))


@attack
def an_assertion_sent_twice(world):
    token = world.assertion(SIGN, tenant="")
    assert sign(world, token).status_code == 200
    refused(sign(world, token))


@attack
def the_same_id_in_a_new_assertion(world):
    first = world.assertion(SIGN, tenant="", jti="one-and-the-same")
    assert sign(world, first).status_code == 200
    refused(sign(world, world.assertion(SIGN, tenant="", jti="one-and-the-same")))


@attack
def a_tenant_that_the_client_does_not_have(world):
    refused(sign(world, world.assertion(SIGN, tenant="east")))


@attack
def a_tenant_by_a_client_without_any(world):
    """Such a client's claim is not read: it stays where it is registered."""
    token = signed(OTHER_EHR, claims(iss=OTHER_EHR, tenant="north"), "JWT")
    answer = world.call("POST", SIGN, token, json=hook(who="northern"))
    assert "*2/*2" not in answer.get_data(as_text=True).replace("\\\\*", "*")


@attack
def a_token_in_the_address(world):
    answer = world.call("POST", f"{SIGN}?access_token={world.assertion(SIGN)}", json=hook())
    refused(answer)


@attack
def a_token_as_long_as_a_book(world):
    refused(sign(world, world.assertion(SIGN, padding="x" * 200_000)))


@attack
def an_access_token_at_a_hook(world):
    refused(sign(world, wide(world)))


@attack
def feedback_without_an_assertion(world):
    item = {"card": str(uuid.uuid4()), "outcome": "accepted"}
    refused(world.call("POST", f"{SIGN}/feedback", json={"feedback": [item]}))


@attack
def discovery_without_an_assertion(world):
    refused(world.call("GET", DISCOVERY))


# Forged access tokens


@attack
def no_token(world):
    unknown(read(world, ""))


@attack
def an_access_token_without_a_signature(world):
    payload = {"iss": AUTH, "aud": FHIR, "scope": "system/*.cruds", "exp": 2**33}
    unknown(read(world, forged({"alg": "none", "typ": "at+jwt"}, payload)))


@attack
def an_access_token_signed_with_a_shared_secret(world):
    key = OctKey.import_key(json.dumps(key_of(AUTH).as_dict(private=False)))
    from joserfc import jwt

    header = {"alg": "HS256", "typ": "at+jwt", "kid": key_of(AUTH).kid}
    payload = {"iss": AUTH, "aud": FHIR, "scope": "system/*.rs", "iat": int(time.time()),
               "exp": int(time.time()) + 60, "client_id": "x"}  # fmt: skip
    unknown(read(world, jwt.encode(header, payload, key, algorithms=["HS256"])))


@attack
def an_access_token_for_another_server(world):
    unknown(read(world, world.token("system/*.rs", aud="https://elsewhere.example/fhir")))


@attack
def an_access_token_of_an_unknown_issuer(world):
    unknown(read(world, world.token("system/*.rs", iss="https://attacker.example")))


@attack
def an_issuers_name_with_anothers_key(world):
    unknown(read(world, world.token("system/*.rs", issuer=NORTH, iss=AUTH)))


@attack
def an_expired_access_token(world):
    unknown(read(world, world.token("system/*.rs", exp=int(time.time()) - 120)))


@attack
def an_id_token_as_an_access_token(world):
    unknown(read(world, world.token("system/*.rs", typ="ID", nonce="n", aud="an-app")))


@attack
def a_cds_clients_assertion_at_the_fhir_server(world):
    unknown(read(world, signed(EHR, claims(aud=FHIR, scope="system/*.cruds"), "JWT")))


@attack
def a_token_with_another_payload(world):
    head, _, tail = narrow(world).split(".")
    payload = {"iss": AUTH, "aud": FHIR, "scope": "system/*.cruds", "exp": 2**33}
    unknown(read(world, f"{head}.{part(json.dumps(payload))}.{tail}"))


# Scopes


def forbidden(answer):
    assert answer.status_code == 403
    assert answer.json["resourceType"] == "OperationOutcome"


for _name, _scope in {
    "letters_out_of_order": "patient/Observation.sr",
    "letters_without_a_meaning": "patient/Observation.dus",
    "a_letter_twice": "patient/Observation.rrs",
    "a_type_that_is_a_wildcard_in_part": "patient/Obs*.rs",
    "a_level_that_is_none": "admin/Observation.rs",
    "upper_case": "PATIENT/OBSERVATION.RS",
    "two_scopes_run_together": "patient/Patient.rspatient/Observation.rs",
    "a_tab_between_scopes": "patient/Patient.rs\tpatient/Observation.rs",
    "an_unknown_parameter": "patient/Observation.rs?everything=true",
    "a_modifier_in_a_parameter": "patient/Observation.rs?category:not=laboratory",
    "a_negated_parameter": "patient/Observation.rs?category=!laboratory",
    "a_query_within_a_value": "patient/Observation.rs?category=x%26_id%3Dobs-mine",
    "a_scope_with_a_line_break": "patient/Patient.rs\npatient/Observation.rs",
    "an_encoded_wildcard": "patient/%2A.rs",
}.items():

    def _scope_attack(world, scope=_scope):
        token = world.token(scope, "mine")
        answer = read(world, token, "/fhir/Observation/obs-mine")
        assert answer.status_code in (403, 404), answer.get_data(as_text=True)

    _scope_attack.__name__ = f"a_scope_with_{_name}"
    attack(_scope_attack)


@attack
def a_result_that_is_drawn_into_a_granular_scope(world):
    scope = "patient/Observation.rs patient/Observation.u?category=vital-signs"
    body = {**genotype("obs-mine", "mine", "*1/*1"),
            "category": [{"coding": [{"code": "vital-signs"}]}]}  # fmt: skip
    path = "/fhir/Observation/obs-mine"
    forbidden(world.call("PUT", path, world.token(scope, "mine"), json=body))
    assert read(world, wide(world), path).json["meta"]["versionId"] == "1"


@attack
def a_patients_scope_without_a_patient(world):
    forbidden(read(world, world.token("patient/*.rs")))


@attack
def a_patient_in_context_that_is_a_list(world):
    answer = read(world, world.token("patient/*.rs", patient=["mine", "other"]))
    assert answer.status_code in (401, 403)


@attack
def a_patient_in_context_that_is_a_query(world):
    answer = read(world, world.token("patient/*.rs", "mine' OR '1'='1"), "/fhir/Patient/other")
    assert answer.status_code in (401, 403, 404)


@attack
def a_tenant_in_the_token(world):
    token = world.token("system/*.rs", tenant="north")
    assert read(world, token, "/fhir/Patient/northern").status_code in (401, 404)


# One patient and another


def nothing_of_the_other(answer, road=""):
    assert set(hide(answer.get_data(as_text=True))) <= set(hide(road))
    return answer


for _name, _road in {
    "reads_another_patient": "/fhir/Patient/other",
    "reads_anothers_result": "/fhir/Observation/obs-other",
    "reads_an_old_version": "/fhir/Observation/obs-other/_history/1",
    "reads_a_history": "/fhir/Observation/obs-other/_history",
    "reads_everybodys_history": "/fhir/_history",
    "searches_everybody": "/fhir/Observation?_count=1000",
    "searches_by_anothers_id": "/fhir/Observation?patient=other",
    "searches_by_a_chain": "/fhir/Observation?subject:Patient.name=Synthetic-Other",
    "searches_by_a_reverse_chain": "/fhir/Patient?_has:Condition:subject:code=73211009",
    "counts_what_is_not_seen": "/fhir/Condition?code=73211009&_summary=count",
    "includes_anothers_result": "/fhir/Observation?_id=obs-mine&_revinclude=Observation:focus",
    "takes_the_others_compartment": "/fhir/Patient/other/Observation",
    "takes_everything_of_the_other": "/fhir/Patient/other/$everything",
    "asks_an_operation_of_the_other": "/fhir/$find-subject-haplotypes?subject=other&genes=CYP2C19",
    "asks_at_the_legacy_path": "/subject-operations/genotype-operations/$find-subject-haplotypes"
                               "?subject=other&genes=CYP2C19",
    "asks_a_whole_population": "/fhir/$find-population-specific-haplotypes?haplotypes=CYP2C19*17",
    "asks_for_the_others_report": "/fhir/Patient/other/$interpret",
    "reads_a_group": "/fhir/Group/everybody",
    "reads_a_document": "/fhir/Bundle/their-document",
    "reads_anothers_medicine": "/fhir/Medication/their-tablet",
    "writes_the_path_in_another_spelling": "/fhir//Patient/other",
    "climbs_out_of_its_patient": "/fhir/Patient/mine/../other",
    "encodes_the_slash": "/fhir/Patient%2Fother",
}.items():  # fmt: skip

    def _crossing(world, road=_road):
        answer = nothing_of_the_other(read(world, narrow(world), road), road)
        assert answer.status_code in (200, 308, 400, 403, 404)

    _crossing.__name__ = f"one_patients_app_{_name}"
    attack(_crossing)


@attack
def one_patients_app_takes_over_anothers_result(world):
    body = genotype("obs-other", "mine")
    forbidden(world.call("PUT", "/fhir/Observation/obs-other", narrow(world), json=body))
    kept = read(world, wide(world), "/fhir/Observation/obs-other").json
    assert kept["subject"]["reference"] == "Patient/other"


@attack
def one_patients_app_writes_into_anothers_record(world):
    body = genotype("new", "other")
    forbidden(world.call("POST", "/fhir/Observation", narrow(world), json=body))


@attack
def one_patients_app_deletes_anothers_result(world):
    world.call("DELETE", "/fhir/Observation/obs-other", narrow(world))
    assert read(world, wide(world), "/fhir/Observation/obs-other").status_code == 200


@attack
def one_patients_app_reads_another_in_a_transaction(world):
    bundle = transaction(("GET", "/fhir/Observation/obs-other", None))
    nothing_of_the_other(world.call("POST", "/fhir", narrow(world), json=bundle), str(bundle))


@attack
def one_patients_app_finds_another_by_a_conditional_reference(world):
    subject = {"reference": "Patient?identifier=urn:mrn|mrn-other"}
    bundle = transaction(
        ("POST", "/fhir/Observation", genotype("x", "mine") | {"subject": subject})
    )
    assert world.call("POST", "/fhir", narrow(world), json=bundle).status_code == 412


@attack
def one_patients_app_moves_its_own_result_to_another(world):
    made = world.call("POST", "/fhir/Observation", narrow(world), json=genotype("x", "mine"))
    moved = {**made.json, "subject": {"reference": "Patient/other"}}
    path = f"/fhir/Observation/{made.json['id']}"
    assert world.call("PUT", path, narrow(world), json=moved).status_code in (403, 409)
    world.call("DELETE", path, narrow(world))


@attack
def a_hook_with_evidence_of_another_patient(world):
    request = hook(prefetch={"x": genotype("x", "other")})
    answer = world.call("POST", SIGN, world.assertion(SIGN, tenant=""), json=request)
    assert answer.status_code == 400
    assert "*2" not in answer.get_data(as_text=True)


@attack
def a_hook_whose_token_is_for_another_patient(world):
    request = hook(fhirAuthorization={"access_token": "t", "token_type": "Bearer",
                                      "expires_in": 300, "scope": "patient/*.rs", "subject": "s",
                                      "patient": "other"})  # fmt: skip
    answer = world.call("POST", SIGN, world.assertion(SIGN, tenant=""), json=request)
    assert answer.status_code == 400


# One tenant and another


@attack
def one_tenants_client_asks_for_anothers_patient(world):
    token = world.token("system/*.rs", issuer=NORTH)
    for road in ("/fhir/Patient/mine", "/fhir/Observation/obs-mine/_history"):
        assert read(world, token, road).status_code == 404


@attack
def one_tenants_hook_gets_advice_on_anothers_patient(world):
    mine = world.call("POST", SIGN, world.assertion(SIGN, tenant=""), json=hook())
    theirs = world.call("POST", SIGN, world.assertion(SIGN, tenant="north"), json=hook())
    assert "*2/*2" in mine.get_data(as_text=True).replace("\\\\*", "*")
    assert "*2/*2" not in theirs.get_data(as_text=True).replace("\\\\*", "*")


@attack
def one_tenants_feedback_counts_for_anothers_card(world):
    card = world.call("POST", SIGN, world.assertion(SIGN, tenant=""), json=hook()).json["cards"][0]
    item = {"card": card["uuid"], "outcome": "overridden",
            "outcomeTimestamp": "2026-01-01T00:00:00Z"}  # fmt: skip
    path = f"{SIGN}/feedback"
    token = world.assertion(path, tenant="north")
    answer = world.call("POST", path, token, json={"feedback": [item]})
    assert answer.status_code == 200
    assert all(each.overridden == 0 for each in world.site.store.feedback_summary())


@attack
def one_tenants_token_writes_over_anothers_resource(world):
    token = world.token("system/*.cruds", issuer=NORTH)
    body = patient("mine", "Renamed")
    world.call("PUT", "/fhir/Patient/mine", token, json=body)
    kept = read(world, wide(world), "/fhir/Patient/mine").json
    assert kept["name"][0]["family"] == "Synthetic-Mine"


# Consent


@attack
def a_withheld_result_by_its_id(world):
    assert read(world, wide(world), "/fhir/Observation/secret").status_code == 404


@attack
def a_withheld_result_by_its_count(world):
    found = read(world, wide(world), "/fhir/Observation?patient=careful&_summary=count").json
    assert found["total"] == 0


@attack
def a_withheld_result_through_a_population(world):
    road = "/fhir/$find-population-specific-haplotypes?haplotypes=CYP2C19*2&includePatientList=true"
    assert "careful" not in read(world, wide(world), road).get_data(as_text=True)


@attack
def a_withheld_result_by_the_consent_itself(world):
    assert read(world, wide(world), "/fhir/Consent/no-cyp2c19").status_code == 404


@attack
def an_emergency_by_whoever_says_so(world):
    answer = read(world, wide(world), "/fhir/Observation/secret", X_Purpose_Of_Use="ETREAT")
    assert answer.status_code == 403


@attack
def a_consent_written_by_who_is_restricted(world):
    """Who may not see the record cannot give themselves leave by overwriting the Consent."""
    leave = {**DENY, "provision": {"type": "permit"}}
    answer = world.call("PUT", "/fhir/Consent/no-cyp2c19", wide(world), json=leave)
    assert answer.status_code in (403, 409)
    assert read(world, wide(world), "/fhir/Observation/secret").status_code == 404


@attack
def a_consent_in_the_place_of_the_one_that_restricts(world):
    leave = {**DENY, "dateTime": "2026-06-01", "provision": {"type": "permit"},
             "sourceReference": {"reference": "Consent/no-cyp2c19"}}  # fmt: skip
    forbidden(world.call("POST", "/fhir/Consent", wide(world), json=leave))
    put = {**leave, "id": "leave"}
    forbidden(world.call("PUT", "/fhir/Consent/leave", wide(world), json=put))
    assert read(world, wide(world), "/fhir/Observation/secret").status_code == 404


# Going out


for _name, _server in {
    "the_metadata_address": "http://169.254.169.254/latest",
    "the_metadata_address_over_https": "https://169.254.169.254/latest",
    "this_machine": "https://127.0.0.1:9/fhir",
    "this_machine_by_name": "https://localhost/fhir",
    "this_machine_in_ipv6": "https://[::1]/fhir",
    "a_mapped_address": "https://[::ffff:169.254.169.254]/fhir",
    "a_decimal_address": "https://2852039166/fhir",
    "an_octal_address": "https://0251.0376.0251.0376/fhir",
    "a_private_network": "https://10.0.0.7/fhir",
    "a_file": "file:///etc/passwd",
    "gopher": "gopher://127.0.0.1:6379/_FLUSHALL",
    "a_user_in_front": "https://ehr.example.org@attacker.example/fhir",
    "a_name_that_begins_alike": "https://ehr.example.org.attacker.example/fhir",
    "a_path_above_the_base": "https://ehr.example.org/fhir/../admin",
    "a_backslash": "https://attacker.example\\@ehr.example.org/fhir",
    "another_port": "https://ehr.example.org:8443/fhir",
    "the_server_of_another_client": "https://other.example.org/fhir",
}.items():

    def _ssrf(world, server=_server):
        request = hook(fhirServer=server, fhirAuthorization={
            "access_token": "the-ehrs-token", "token_type": "Bearer", "expires_in": 300,
            "scope": "patient/*.rs", "subject": "s"})  # fmt: skip
        answer = world.call("POST", SIGN, world.assertion(SIGN, tenant=""), json=request)
        assert answer.status_code in (200, 400, 412)
        assert world.called == []
        assert "the-ehrs-token" not in answer.get_data(as_text=True)

    _ssrf.__name__ = f"a_hook_that_makes_us_call_{_name}"
    attack(_ssrf)


for _name, _address in {
    "private": "10.0.0.7", "loopback": "127.0.0.1", "metadata": "169.254.169.254",
    "mapped": "::ffff:10.0.0.7", "local_ipv6": "fd00:ec2::254", "unspecified": "0.0.0.0",
    "shared": "100.64.0.1", "nat64": "64:ff9b::a9fe:a9fe",
}.items():  # fmt: skip

    def _dns(world, address=_address):
        """The registered name leads, by its owner's or a forged answer, into our own network."""
        import socket

        connected = []

        def lookup(host, port, *_, **__):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", lookup)
            patch.setattr(socket.socket, "connect", lambda *a: connected.append(a) or _fail())
            request = hook(fhirServer="https://ehr.example.org/fhir")
            answer = world.call("POST", SIGN, world.assertion(SIGN, tenant=""), json=request)
        assert answer.status_code in (200, 412)
        assert connected == []

    _dns.__name__ = f"a_name_that_leads_to_a_{_name}_address"
    attack(_dns)


def _fail():
    raise OSError("no network in tests")


@attack
def a_launch_by_an_issuer_that_nobody_registered(world):
    road = f"/app/launch?iss={quote('https://attacker.example/fhir', safe='')}&launch=x"
    answer = world.call("GET", road)
    assert answer.status_code == 400
    assert world.called == []
    assert "Location" not in answer.headers


@attack
def a_launch_by_the_metadata_address(world):
    answer = world.call("GET", f"/app/launch?iss={quote(METADATA, safe='')}")
    assert answer.status_code == 400
    assert world.called == []


# Bodies


@attack
def a_body_over_the_limit(world):
    body = {**hook(), "extension": {"x": "y" * 300_000}}
    answer = world.call("POST", SIGN, world.assertion(SIGN, tenant=""), json=body)
    assert answer.status_code == 413


@attack
def a_document_that_nests_without_end(world):
    body = "[" * 100_000 + "]" * 100_000
    answer = world.http.post("/fhir/Observation", data=body, headers={
        "Authorization": f"Bearer {wide(world)}",
        "Content-Type": "application/fhir+json"})  # fmt: skip
    assert answer.status_code == 400


@attack
def xml_that_nests_without_end(world):
    body = '<Patient xmlns="http://hl7.org/fhir">' + "<contact>" * 5_000
    answer = world.http.post("/fhir/Patient", data=body, headers={
        "Authorization": f"Bearer {wide(world)}",
        "Content-Type": "application/fhir+xml"})  # fmt: skip
    assert answer.status_code == 400


@attack
def xml_that_reads_a_file(world):
    body = ('<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            '<Patient xmlns="http://hl7.org/fhir"><id value="&x;"/></Patient>')  # fmt: skip
    answer = world.http.post("/fhir/Patient", data=body, headers={
        "Authorization": f"Bearer {wide(world)}",
        "Content-Type": "application/fhir+xml"})  # fmt: skip
    assert answer.status_code == 400
    assert "root:" not in answer.get_data(as_text=True)


@attack
def a_small_body_that_unpacks_into_a_large_one(world):
    body = gzip.compress(b" " * 50_000_000)
    answer = world.http.post("/fhir/Patient", data=body, headers={
        "Authorization": f"Bearer {wide(world)}", "Content-Type": "application/fhir+json",
        "Content-Encoding": "gzip"})  # fmt: skip
    assert answer.status_code == 413


@attack
def a_member_stated_twice(world):
    body = '{"resourceType":"Patient","id":"a","id":"b"}'
    answer = world.http.put("/fhir/Patient/a", data=body, headers={
        "Authorization": f"Bearer {wide(world)}",
        "Content-Type": "application/fhir+json"})  # fmt: skip
    assert answer.status_code == 400


# Markup, links and headers


@attack
def markup_in_an_order(world):
    evil = '<img src=x onerror="alert(1)">[click](javascript:alert(1))\u202e'
    answer = world.call("POST", SIGN, world.assertion(SIGN, tenant=""),
                        json=hook(drug=f"clopidogrel {evil}"))  # fmt: skip
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "<img" not in text
    assert "](javascript" not in text
    assert "\u202e" not in text


@attack
def markup_in_an_address(world):
    answer = read(world, wide(world), "/fhir/<script>alert(1)</script>")
    assert "<script" not in answer.get_data(as_text=True)
    assert answer.headers["Content-Type"].startswith("application/fhir")


@attack
def markup_in_a_launch(world):
    answer = world.call("GET", "/app/callback?error=<script>alert(1)</script>&state=x")
    assert "<script>alert" not in answer.get_data(as_text=True)


@attack
def a_page_that_frames_ours(world):
    answer = world.call("GET", "/app/launch?iss=x")
    assert "frame-ancestors" in answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


@attack
def a_request_id_that_forges_a_log_line(world):
    answer = read(world, wide(world), X_Request_Id="a b;{forged}")
    assert answer.headers["X-Request-Id"] != "a b;{forged}"


# The operator's addresses


@attack
def the_figures_without_the_operators_token(world):
    for token in ("", "of-the-operator", wide(world)):
        assert read(world, token, "/metrics").status_code == 401


@attack
def the_operators_token_at_the_fhir_server(world):
    unknown(read(world, "of-the-operator-alone"))


# The operators' pages


def operator(world, path, **fields):
    """A form of our pages, sent by a browser whose operator is signed in."""
    http = world.app.test_client()

    def post(to, **values):
        page = http.get("/console/sign-in", base_url=BASE).get_data(as_text=True)
        token = page.partition('name="csrf_token" value="')[2][:43]
        media = "multipart/form-data"
        return http.post(to, data={"csrf_token": token, **values}, base_url=BASE,
                         headers={"Origin": BASE}, content_type=media)  # fmt: skip

    assert post("/console/sign-in", token="of-the-operator-alone").status_code == 303
    return post(path, **fields)


def past(*requests):
    return io.BytesIO("\n".join(map(json.dumps, requests)).encode()), "past.ndjson"


@attack
def an_operator_who_replays_a_request_made_up_for_one_patient(world):
    """The rules that fire would tell what the patient's results are."""
    answer = operator(world, "/console/dry-run", requests=past(hook()), store="yes", answer="json")
    assert answer.status_code == 403
    assert b"poor-metabolizer" not in answer.get_data()
    replayed = operator(world, "/console/dry-run", requests=past(hook()), answer="json")
    assert replayed.get_json()["in_force"]["by_rule"] == []


@attack
def an_operator_who_fires_a_request_for_a_patient_of_the_store(world):
    answer = operator(world, "/workbench/save", data=json.dumps(hook()))
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as saved:
        assert "Poor Metabolizer" not in saved.read("saved-example/answer.json").decode()
    assert world.called == []


@attack
def cards_of_the_workbench_in_a_patients_history(world):
    before = world.site.store.cards_of("mine")
    sent = hook(
        prefetch={
            "a": {"resourceType": "Bundle", "entry": [{"resource": genotype("made-up", "mine")}]}
        }
    )
    answer = operator(world, "/workbench/answer", data=json.dumps(sent))
    assert "Poor Metabolizer" in answer.get_data(as_text=True)
    assert world.site.store.cards_of("mine") == before


@attack
def an_operator_who_goes_by_the_name_in_a_pasted_request(world):
    operator(world, "/workbench/answer", data=json.dumps(hook()))
    world.site.store.audit.queue.flush()
    *_, last = world.site.store.audit.entries()
    assert (last.what, last.agent) == ("other /workbench/answer", "operator")


@attack
def a_pasted_request_that_names_a_server_to_call(world):
    for server in ("https://ehr.example.org/fhir", METADATA, "http://127.0.0.1:9/fhir"):
        sent = hook(fhirServer=server, fhirAuthorization={
            "access_token": "stolen", "token_type": "Bearer", "expires_in": 300,
            "scope": "patient/*.read", "subject": "x", "patient": "mine"})  # fmt: skip
        for more in ({}, {"trouble": "prefetch-missing"}, {"ehr": "epic", "drug": "warfarin"}):
            answer = operator(world, "/workbench/answer", data=json.dumps(sent), **more)
            assert answer.status_code == 200
    operator(world, "/console/dry-run", requests=past(sent))
    assert world.called == []


@pytest.mark.parametrize("tried", ATTACKS, ids=lambda each: each.__name__)
def test_an_attack_fails(world, tried):
    tried(world)


def test_there_are_many():
    assert len(ATTACKS) >= 100
    assert len({each.__name__ for each in ATTACKS}) == len(ATTACKS)


def test_who_is_registered_is_served(world):
    """The guard of all of these: the same server answers whoever may call."""
    assert sign(world, world.assertion(SIGN, tenant="")).status_code == 200
    assert read(world, wide(world)).status_code == 200
    assert read(world, narrow(world)).status_code == 200
