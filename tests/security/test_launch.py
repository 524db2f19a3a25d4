"""The rules of a launch: what is asked, what is believed, and every reason to refuse."""

import base64
import dataclasses
import hashlib
import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from fhir_pgx.errors import LaunchFailed
from fhir_pgx.model.registered import LaunchIssuer
from fhir_pgx.security.launch import (
    Endpoints,
    Launch,
    Session,
    begin_launch,
    challenge_of,
    check_id_token,
    code_form,
    find_issuer,
    read_code,
    read_configuration,
    read_oauth_uris,
    read_session,
    renewed,
)
from fhir_pgx.security.signed import PublicKey

FHIR = "https://ehr.example.org/fhir"
AUTH = "https://login.example.org"
EHR = LaunchIssuer("ehr", FHIR, "our-client")
CONFIGURATION = {
    "authorization_endpoint": f"{AUTH}/authorize",
    "token_endpoint": f"{AUTH}/token",
    "issuer": AUTH,
    "jwks_uri": f"{AUTH}/keys",
    "code_challenge_methods_supported": ["S256"],
}
ENDPOINTS = Endpoints(f"{AUTH}/authorize", f"{AUTH}/token", AUTH, f"{AUTH}/keys")
LAUNCH = Launch(
    FHIR, "our-client", "launch openid fhirUser patient/*.rs", "https://us.example.org/app/callback",
    ENDPOINTS, state="0123.state", nonce="nonce-of-launch", verifier="v" * 43,
)  # fmt: skip
NOW = 1_800_000_000.0
KEY = ECKey.generate_key("P-384")


def issuer(**members):
    return dataclasses.replace(EHR, **members)


def configuration(**members):
    return {name: value for name, value in (CONFIGURATION | members).items() if value is not None}


def id_token(header=None, key=KEY, **claims):
    said = {
        "iss": AUTH, "sub": "u1", "aud": "our-client", "exp": NOW + 300, "iat": NOW,
        "nonce": "nonce-of-launch", "fhirUser": f"{FHIR}/Practitioner/dr-1",
    } | claims  # fmt: skip
    said = {name: value for name, value in said.items() if value is not None}
    header = {"alg": "ES384", "kid": "k1"} | (header or {})
    return jwt.encode(header, said, key, algorithms=[header["alg"]])


def find_key(kid, algorithm):
    public = ECKey.import_key(KEY.as_dict(private=False))
    return PublicKey("k1", public) if kid == "k1" else None


# Who may launch us


@pytest.mark.parametrize("iss", [FHIR, f"{FHIR}/"])
def test_a_registered_server_launches(iss):
    assert find_issuer([EHR], iss) is EHR


@pytest.mark.parametrize(
    "iss",
    ["", "https://evil.example.net/fhir", "https://ehr.example.org/fhirx", f"{FHIR}/tenant",
     "https://ehr.example.org", "http://ehr.example.org/fhir", "HTTPS://EHR.example.org/fhir",
     f"{FHIR}//", f"{FHIR}?x=1", f"{FHIR}#x", f"{FHIR} ", "https://ehr.example.org:443/fhir",
     "https://ehr.example.org@evil.example.net/fhir", "javascript:alert(1)"],
)  # fmt: skip
def test_any_other_server_does_not(iss):
    with pytest.raises(LaunchFailed, match="not registered") as raised:
        find_issuer([EHR], iss)
    assert "evil" not in str(raised.value)


# Discovery


def test_discovery_says_where_the_authorization_server_is():
    assert read_configuration(CONFIGURATION, EHR) == ENDPOINTS


@pytest.mark.parametrize("methods", [None, [], ["plain"], "S256", {"S256": True}])
def test_a_server_that_does_not_announce_pkce_is_refused(methods):
    document = configuration(code_challenge_methods_supported=methods)
    with pytest.raises(LaunchFailed, match="PKCE"):
        read_configuration(document, EHR)
    assert read_configuration(document, issuer(assumes_pkce=True)) == ENDPOINTS


@pytest.mark.parametrize(
    "url",
    [
        None, 5, "", "http://login.example.org/authorize", "javascript:alert(1)//x",
        "data:text/html,x", "https://", "https:///authorize", "//login.example.org/authorize",
        "https://me:pw@login.example.org/authorize", f"{AUTH}/authorize#x", f"{AUTH}/a b",
        f"{AUTH}/a\r\nX: y", f"{AUTH}/<script>", "https://login.example.org:0/authorize",
        "https://login.example.org:x/authorize", "https://[::1/authorize", "/authorize",
        "http://localhost:8080/authorize", f"{AUTH}/" + "a" * 3000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_an_endpoint_that_is_no_https_address_is_refused(name, url):
    with pytest.raises(LaunchFailed, match=name):
        read_configuration(CONFIGURATION | {name: url}, EHR)


def test_plain_http_is_for_this_machine_and_a_private_issuer():
    local = {
        name: value.replace("https://login.example.org", "http://localhost:9")
        for name, value in CONFIGURATION.items()
        if isinstance(value, str)
    } | {"code_challenge_methods_supported": ["S256"]}
    assert read_configuration(local, issuer(is_private=True)).token == "http://localhost:9/token"
    with pytest.raises(LaunchFailed):
        read_configuration(local, EHR)
    local["token_endpoint"] = "http://10.0.0.7/token"
    with pytest.raises(LaunchFailed):
        read_configuration(local, issuer(is_private=True))


@pytest.mark.parametrize("name", ["issuer", "jwks_uri"])
def test_openid_needs_something_to_verify_with(name):
    document = configuration(**{name: None})
    with pytest.raises(LaunchFailed, match="nothing to verify"):
        read_configuration(document, EHR)
    assert read_configuration(document, issuer(scope="launch patient/*.rs")).token


def test_an_authorize_address_that_sets_our_parameters_is_refused():
    document = configuration(authorization_endpoint=f"{AUTH}/authorize?redirect_uri=https://x")
    with pytest.raises(LaunchFailed, match="ours to set"):
        read_configuration(document, EHR)


CAPABILITY = {
    "resourceType": "CapabilityStatement",
    "rest": [
        {
            "security": {
                "extension": [
                    {
                        "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                        "extension": [
                            {"url": "authorize", "valueUri": f"{AUTH}/authorize"},
                            {"url": "token", "valueUri": f"{AUTH}/token"},
                        ],
                    }
                ]
            }
        }
    ],
}


def test_a_capability_statement_is_enough_only_where_the_operator_vouches_for_pkce():
    older = issuer(assumes_pkce=True, scope="launch patient/*.read")
    found = read_oauth_uris(CAPABILITY, older)
    assert (found.authorize, found.token) == (f"{AUTH}/authorize", f"{AUTH}/token")
    with pytest.raises(LaunchFailed, match="PKCE"):
        read_oauth_uris(CAPABILITY, issuer(scope="launch patient/*.read"))
    with pytest.raises(LaunchFailed, match="nothing to verify"):
        read_oauth_uris(CAPABILITY, issuer(assumes_pkce=True))


@pytest.mark.parametrize(
    "rest", [None, [], ["x"], [{"security": []}], [{"security": {"extension": 5}}]]
)
def test_a_capability_statement_without_addresses_is_refused(rest):
    older = issuer(assumes_pkce=True, scope="launch patient/*.read")
    with pytest.raises(LaunchFailed, match="authorize"):
        read_oauth_uris({"rest": rest}, older)


# The beginning


def begun(launch="handle-of-ehr", of=EHR, endpoints=ENDPOINTS):
    secrets = iter(("n" * 43, "w" * 43))
    return begin_launch(
        of,
        endpoints,
        launch,
        "https://us.example.org/app/callback",
        state="0123.state",
        new_secret=lambda: next(secrets),
    )


def test_the_browser_is_sent_with_everything_that_the_standard_asks_for():
    kept, address = begun()
    assert address.startswith(f"{AUTH}/authorize?")
    digest = hashlib.sha256(kept.verifier.encode()).digest()
    assert dict(parse_qsl(urlsplit(address).query)) == {
        "response_type": "code",
        "client_id": "our-client",
        "redirect_uri": "https://us.example.org/app/callback",
        "scope": "launch openid fhirUser patient/*.rs",
        "state": "0123.state",
        "aud": FHIR,
        "launch": "handle-of-ehr",
        "nonce": kept.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    assert kept.verifier not in address


def test_the_published_example_of_pkce_gives_its_challenge():
    # RFC 7636, appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_launch_that_begins_here_asks_for_a_patient_to_be_chosen():
    _, address = begun(launch="")
    query = dict(parse_qsl(urlsplit(address).query))
    assert "launch" not in query
    assert query["scope"] == "launch/patient openid fhirUser patient/*.rs"


def test_without_openid_no_nonce_is_sent_and_a_query_of_the_address_is_kept():
    endpoints = dataclasses.replace(ENDPOINTS, authorize=f"{AUTH}/authorize?tenant=a")
    _, address = begun(of=issuer(scope="launch patient/*.rs"), endpoints=endpoints)
    query = dict(parse_qsl(urlsplit(address).query))
    assert "nonce" not in query
    assert query["tenant"] == "a"


@pytest.mark.parametrize("launch", ["a b", "a\r\nb", "\u00e9", "a" * 5000])
def test_a_launch_handle_of_odd_signs_is_refused(launch):
    with pytest.raises(LaunchFailed, match="no handle"):
        begun(launch=launch)


def test_neither_verifier_nor_state_nor_token_is_in_a_representation():
    session = Session(FHIR, "c", "t", "s", access_token="marker-a", access_ends=0, ends=0,
                      refresh_token="marker-r")  # fmt: skip
    shown = f"{LAUNCH!r} {session!r}"
    for secret in (LAUNCH.state, LAUNCH.nonce, LAUNCH.verifier, "marker-a", "marker-r"):
        assert secret not in shown


# The way back

GOOD = (("code", "abc"), ("state", "0123.state"))


@pytest.mark.parametrize("more", [(), (("iss", AUTH),), (("session_state", "x"),)])
def test_the_code_is_read_where_state_and_server_are_those_of_the_launch(more):
    assert read_code((*GOOD, *more), LAUNCH) == "abc"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((), "not to this launch"),
        ((("code", "abc"),), "not to this launch"),
        ((("code", "abc"), ("state", "0123.other")), "not to this launch"),
        ((("code", "abc"), ("state", "")), "not to this launch"),
        ((("code", "abc"), ("state", "0123.state\u00e9")), "not to this launch"),
        ((*GOOD, ("state", "0123.state")), "twice"),
        ((*GOOD, ("code", "injected")), "twice"),
        ((*GOOD, ("iss", "https://evil.example.net")), "another authorization server"),
        ((*GOOD, ("iss", f"{AUTH}/")), "another authorization server"),
        ((*GOOD, ("iss", "")), "another authorization server"),
        ((("state", "0123.state"),), "no code"),
        ((("state", "0123.state"), ("code", "")), "no code"),
        ((("state", "0123.state"), ("code", "a b")), "no code"),
        ((("state", "0123.state"), ("error", "access_denied")), "access_denied"),
        ((*GOOD, ("error", "access_denied")), "access_denied"),
        ((("state", "0123.state"), ("error", "<script>marker</script>")), "an error of its own"),
        ((("error", "access_denied"),), "not to this launch"),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_hold_is_refused_and_not_quoted(answer, reason):
    described = (*answer, ("error_description", "<b>marker</b>"))
    with pytest.raises(LaunchFailed, match=reason) as raised:
        read_code(described, LAUNCH)
    assert "marker" not in f"{raised.value} {raised.value.mend}"


def test_a_server_that_always_says_who_it_is_must_say_it():
    strict = dataclasses.replace(
        LAUNCH, endpoints=dataclasses.replace(ENDPOINTS, names_itself=True)
    )
    assert read_code((*GOOD, ("iss", AUTH)), strict) == "abc"
    with pytest.raises(LaunchFailed, match="another authorization server"):
        read_code(GOOD, strict)


def test_the_code_goes_with_the_verifier_and_the_same_redirect():
    assert code_form(LAUNCH, "abc") == {
        "grant_type": "authorization_code",
        "code": "abc",
        "redirect_uri": LAUNCH.redirect_uri,
        "code_verifier": LAUNCH.verifier,
    }


# Tokens


def answer(**members):
    said = {
        "access_token": "secret-token", "token_type": "Bearer", "expires_in": 300,
        "scope": "launch patient/*.rs", "patient": "p1", "encounter": "e1",
    } | members  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


def session(launch=LAUNCH, **members):
    return read_session(answer(**members), launch, EHR, find_key=find_key, now=NOW)


def test_a_token_answer_begins_a_session_for_its_patient_and_user():
    found = session(id_token=id_token(), scope=LAUNCH.scope, refresh_token="r1")
    assert (found.patient, found.encounter, found.user) == ("p1", "e1", "Practitioner/dr-1")
    assert (found.access_ends, found.ends) == (NOW + 300, NOW + 8 * 3600)
    assert (found.fhir, found.token_url) == (FHIR, ENDPOINTS.token)


def test_without_a_refresh_token_the_session_ends_with_the_token():
    assert session().ends == NOW + 300


@pytest.mark.parametrize(
    ("seconds", "lives"),
    [
        (300, 300),
        (10**9, 3600),
        (None, 900),
        (-5, 900),
        (0, 900),
        ("300", 900),
        (True, 900),
        (1.5, 900),
    ],
)
def test_a_token_lives_an_hour_at_most_whatever_its_server_says(seconds, lives):
    assert session(expires_in=seconds).access_ends == NOW + lives


@pytest.mark.parametrize(
    "members",
    [
        {"access_token": None}, {"access_token": ""}, {"access_token": "a\r\nX: y"},
        {"access_token": 5}, {"access_token": "a b"}, {"token_type": None},
        {"token_type": "mac"}, {"token_type": 5}, {"refresh_token": "a\nb"},
    ],
)  # fmt: skip
def test_an_answer_without_a_bearer_token_is_refused(members):
    with pytest.raises(LaunchFailed, match="token"):
        session(**members)


@pytest.mark.parametrize("patient", ["", "../admin", "p1?x", "a" * 65, 5, ["p1"], "<b>"])
def test_a_patient_that_is_no_fhir_id_is_refused(patient):
    with pytest.raises(LaunchFailed, match="no FHIR id"):
        session(patient=patient)


def test_where_openid_was_granted_an_id_token_must_come():
    with pytest.raises(LaunchFailed, match="no id_token"):
        session(scope=LAUNCH.scope)
    assert session(scope="launch patient/*.rs").user == ""  # not granted: nobody is said to be here


def test_an_id_token_that_nobody_asked_for_is_not_believed():
    plain = dataclasses.replace(LAUNCH, scope="launch patient/*.rs")
    assert session(plain, id_token="forged").user == ""


# The id_token


@pytest.mark.parametrize(
    ("claimed", "user"),
    [
        (f"{FHIR}/Practitioner/dr-1", "Practitioner/dr-1"),
        ("Patient/p1", "Patient/p1"),
        (None, ""),
        ("Practitioner/<script>", ""),
        ("Observation/o1", ""),
        (5, ""),
    ],
)
def test_the_user_is_read_from_a_token_that_holds(claimed, user):
    assert check_id_token(id_token(fhirUser=claimed), LAUNCH, find_key=find_key, now=NOW) == user


def forged(header, key):
    payload = json.dumps({"iss": AUTH}).encode()
    return jws.serialize_compact(header, payload, key, algorithms=[header["alg"]])


def unsigned():
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"iss": AUTH, "aud": "our-client", "nonce": LAUNCH.nonce, "exp": NOW + 300}
    return f"{part({'alg': 'none', 'kid': 'k1'})}.{part(claims)}."


BROKEN = {
    "another nonce": lambda: id_token(nonce="of another launch"),
    "no nonce": lambda: id_token(nonce=None),
    "a nonce that is no text": lambda: id_token(nonce=["nonce-of-launch"]),
    "another issuer": lambda: id_token(iss="https://evil.example.net"),
    "the issuer with a slash": lambda: id_token(iss=f"{AUTH}/"),
    "no issuer": lambda: id_token(iss=None),
    "another audience": lambda: id_token(aud="their-client"),
    "no audience": lambda: id_token(aud=None),
    "an audience within a text": lambda: id_token(aud="our-client-2"),
    "several audiences without azp": lambda: id_token(aud=["our-client", "their-client"]),
    "another azp": lambda: id_token(azp="their-client"),
    "expired": lambda: id_token(exp=NOW - 61, iat=NOW - 400),
    "never expires": lambda: id_token(exp=None),
    "expires in a year": lambda: id_token(exp=NOW + 365 * 86400),
    "issued tomorrow": lambda: id_token(iat=NOW + 86400, exp=NOW + 86500),
    "no iat": lambda: id_token(iat=None),
    "no subject": lambda: id_token(sub=None),
    "an unknown key": lambda: id_token({"kid": "k2"}),
    "no kid": lambda: id_token({"kid": ""}),
    "another's key under our kid": lambda: id_token(key=ECKey.generate_key("P-384")),
    "another family": lambda: id_token({"alg": "RS256"}, RSAKey.generate_key(2048)),
    "the public key as a secret": lambda: forged(
        {"alg": "HS256", "kid": "k1"}, OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    ),
    "no signature": unsigned,
    "a changed payload": lambda: ".".join(
        [id_token().split(".")[0], id_token(sub="u2").split(".")[1], id_token().split(".")[2]]
    ),
    "no token": lambda: "marker",
    "nothing": lambda: "",
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_an_id_token_that_fails_one_check_is_refused(kind):
    with pytest.raises(LaunchFailed, match="id_token"):
        check_id_token(BROKEN[kind](), LAUNCH, find_key=find_key, now=NOW)


def test_several_audiences_hold_where_we_are_the_one_it_was_made_for():
    token = id_token(aud=["our-client", "their-client"], azp="our-client")
    assert check_id_token(token, LAUNCH, find_key=find_key, now=NOW) == "Practitioner/dr-1"


def test_a_key_that_the_token_brings_along_is_not_used():
    own = ECKey.generate_key("P-384")
    token = id_token({"jwk": own.as_dict(private=False)}, own)
    with pytest.raises(LaunchFailed, match="signature"):
        check_id_token(token, LAUNCH, find_key=find_key, now=NOW)


# Renewal


def test_a_refresh_renews_the_tokens_and_nothing_else():
    first = session(refresh_token="r1")
    later = renewed(first, answer(access_token="second", refresh_token="r2"), now=NOW + 280)
    assert (later.access_token, later.refresh_token) == ("second", "r2")
    assert (later.access_ends, later.ends, later.patient) == (NOW + 580, first.ends, "p1")
    kept = renewed(first, answer(refresh_token=None, patient=None), now=NOW)
    assert (kept.refresh_token, kept.patient) == ("r1", "p1")


def test_a_refresh_that_speaks_of_another_patient_is_refused():
    with pytest.raises(LaunchFailed, match="another patient"):
        renewed(session(refresh_token="r1"), answer(patient="p2"), now=NOW)


def test_a_token_is_stale_shortly_before_it_ends():
    found = session()
    assert not found.is_stale(NOW + 269)
    assert found.is_stale(NOW + 270)
