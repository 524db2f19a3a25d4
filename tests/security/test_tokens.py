"""Access tokens: what each check refuses, alone, beside the token that holds."""

import base64
import hmac
import json
import threading
import time
import warnings
from dataclasses import replace

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

from fhir_pgx.errors import Forbidden, InvalidAccess, Unauthenticated
from fhir_pgx.model.access import BREAK_GLASS, EMERGENCY
from fhir_pgx.model.registered import KeySource, TokenIssuer
from fhir_pgx.rest.scope_tokens import read_scope_token
from fhir_pgx.security.key_sets import KeySets
from fhir_pgx.security.scopes import read_scopes
from fhir_pgx.security.tokens import MOST_KEPT, SILENT_SECONDS, NotAnswered, TokenVerifier

pytestmark = pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")

NOW = 1_800_000_000
BASE = "https://pgx.example.org/fhir"
ISSUER = "https://auth.example.org/realms/hospital"
OTHER = "https://auth.elsewhere.example/realm"
ES384 = ECKey.generate_key("P-384", {"kid": "es384", "use": "sig"})
ES256 = ECKey.generate_key("P-256", {"kid": "es256"})
RS = RSAKey.generate_key(2048, {"kid": "rs"})
with warnings.catch_warnings(action="ignore"):  # joserfc warns of what we mean to refuse
    SMALL = RSAKey.generate_key(1024, {"kid": "small"})
THEIRS = ECKey.generate_key("P-384", {"kid": "es384"})  # the same id, of somebody else
FOR_ENCRYPTION = ECKey.generate_key("P-384", {"kid": "enc", "use": "enc"})
NOT_FOR_IT = ECKey.generate_key("P-384", {"kid": "ops", "key_ops": ["sign"]})
KEYS = (ES384, ES256, RS, SMALL, FOR_ENCRYPTION)


def public(*keys):
    return tuple(key.as_dict(private=False) for key in keys)


HOSPITAL = TokenIssuer(
    "hospital",
    ISSUER,
    key_source=KeySource(keys=public(*KEYS)),
    glass_breakers=frozenset(("emergency-app",)),
)
CLAIMS = {
    "iss": ISSUER,
    "aud": BASE,
    "exp": NOW + 3600,
    "nbf": NOW - 5,
    "iat": NOW - 5,
    "jti": "t-1",
    "sub": "user-7",
    "client_id": "growth-app",
    "scope": "openid fhirUser launch/patient patient/Observation.rs",
    "patient": "p1",
    "fhirUser": f"{BASE}/Practitioner/d1",
}


def nobody_fetches(url, *, private):
    raise AssertionError("a key was fetched from an address that nobody registered")


def never_asked(issuer, token):
    raise AssertionError("an issuer was asked about a token that it signs")


def verifier(*issuers, introspect=never_asked, now=lambda: NOW, **more):
    return TokenVerifier(
        issuers or (HOSPITAL,),
        audience=BASE,
        keys=KeySets(nobody_fetches, lambda: 0.0),
        introspect=introspect,
        read_scopes=lambda claim: read_scopes(claim, read_scope_token),
        now=now,
        **more,
    )


def signed(key=ES384, alg="ES384", header=None, without=(), **claims):
    """A token as the hospital's server would sign it, save for what is named."""
    told = {name: value for name, value in {**CLAIMS, **claims}.items() if name not in without}
    head = {"alg": alg, "typ": "at+jwt", "kid": key.kid, **(header or {})}
    head = {name: value for name, value in head.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    return jwt.encode(head, told, key, algorithms=[alg], registry=registry, default_type=None)


def encoded(part):
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def raw(header, claims, key=ES384, alg="ES384"):
    """A token whose parts are written by hand, rightly signed."""
    start = f"{encoded(header)}.{encoded(claims)}"
    signature = jws.JWSRegistry.algorithms[alg].sign(start.encode(), key)
    return f"{start}.{encoded(signature)}"


HEADER = {"alg": "ES384", "typ": "at+jwt", "kid": "es384"}


def refused(token, found=None, **more):
    with pytest.raises(Unauthenticated) as error:
        (found or verifier()).check(token, **more)
    told = error.value.text + error.value.mend + error.value.where
    assert not any(len(part) > 8 and part in told for part in token.split("."))
    return error.value.text


# The token that holds


def test_a_token_says_who_its_bearer_is_and_what_it_grants():
    caller = verifier().check(signed())
    assert (caller.kind, caller.issuer, caller.client) == ("application", ISSUER, "growth-app")
    assert (caller.patient, caller.user, caller.token_id) == ("p1", "Practitioner/d1", "t-1")
    assert caller.tenant == ""
    assert [(each.level, each.type) for each in caller.grants] == [("patient", "Observation")]


@pytest.mark.parametrize(
    ("key", "alg"),
    [(ES384, "ES384"), (ES256, "ES256"), (RS, "RS256"), (RS, "RS384"), (RS, "PS512")],
)
def test_each_algorithm_of_the_list_is_taken(key, alg):
    assert verifier().check(signed(key, alg)).client == "growth-app"


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "JWT"])
def test_the_types_of_access_tokens_are_taken(typ):
    assert verifier().check(signed(header={"typ": typ})).client == "growth-app"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [BASE, "account"]},
        {"aud": f"{BASE}/"},
        {"exp": NOW - 59},  # clocks may differ by a minute
        {"nbf": NOW + 60},
        {"iat": NOW + 60},
        {"exp": NOW + 0.5},
        {"exp": NOW + 24 * 3600 - 5},
        {"scope": ["openid", "patient/Observation.rs"]},
        {"patient": "Patient/p1"},
        {"patient": f"{BASE}/Patient/p1"},
        {"token_type": "Bearer"},
    ],
)
def test_what_servers_write_differently_is_taken(claims):
    caller = verifier().check(signed(**claims))
    assert caller.patient == "p1"
    assert [each.type for each in caller.grants] == ["Observation"]


# Forgeries


@pytest.mark.parametrize(
    "token",
    [
        "",
        " ",
        "abc",
        "a.b",
        "a.b.c.d",
        "a.b.c.d.e",
        "..",
        signed() + " ",
        " " + signed(),
        signed() + "\n",
        signed() + "=",
        signed() + ".",
        signed().replace(".", ".."),
        "Bearer " + signed(),
        signed()[:-8],
        signed()[:-100],
        signed().rsplit(".", 1)[0] + ".",
        signed().rsplit(".", 1)[0],
        signed() + "é",
        "x" * 16_385,
        signed(more="x" * 20_000),
        encoded(json.loads('{"payload": "x"}')),
    ],
)
def test_what_is_not_written_as_a_token_is_refused(token):
    refused(token)


def test_an_unsigned_token_is_refused():
    for alg in ("none", "None", "NONE", "nOnE", ""):
        head, body = encoded({**HEADER, "alg": alg}), encoded(CLAIMS)
        refused(f"{head}.{body}.")
        refused(f"{head}.{body}.AA")
        refused(f"{head}.{body}")


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_no_secret_to_sign_with(alg):
    for key in (ES384, RS):
        for known in (
            key.as_pem(private=False),
            key.as_der(private=False),
            json.dumps(key.as_dict(private=False)).encode(),
        ):
            start = f"{encoded({**HEADER, 'alg': alg, 'kid': key.kid})}.{encoded(CLAIMS)}"
            made = hmac.digest(known, start.encode(), f"sha{alg[2:]}")
            refused(f"{start}.{encoded(made)}")


@pytest.mark.parametrize("alg", ["EdDSA", "ES256K", "RS1", "dir", "ECDH-ES", 7, None, [], {}, True])
def test_other_algorithms_are_refused(alg):
    refused(f"{encoded({**HEADER, 'alg': alg})}.{encoded(CLAIMS)}.{signed().split('.')[2]}")


def test_a_token_that_somebody_else_signed_under_our_issuers_key_id_is_refused():
    assert refused(signed(THEIRS)) == "the signature does not hold"


def test_keys_and_addresses_that_a_token_brings_along_are_passed_over():
    brought = THEIRS.as_dict(private=False)
    for header in (
        {"jwk": brought},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MIIB"]},
        {"jwk": brought, "kid": "theirs"},
        {"jku": "http://169.254.169.254/", "kid": "theirs"},
    ):
        refused(signed(THEIRS, header=header))
        # Its own key beside them is looked for where it is registered, and found there.
        if "kid" not in header:
            assert verifier().check(signed(header=header)).client == "growth-app"


@pytest.mark.parametrize(
    "kid",
    ["", "unknown", "ES384", "es384 ", "../es384", "es384\x00", "' OR 1=1", 7, None, ["es384"], {}],
)
def test_a_key_id_must_be_one_of_the_set(kid):
    refused(raw({**HEADER, "kid": kid}, CLAIMS))


def test_a_key_id_must_be_there():
    refused(raw({"alg": "ES384", "typ": "at+jwt"}, CLAIMS))


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (SMALL, "RS256"),  # fewer than 2048 bits
        (FOR_ENCRYPTION, "ES384"),
        (NOT_FOR_IT, "ES384"),
    ],
)
def test_a_key_that_is_not_fit_to_sign_tokens_is_not_used(key, alg):
    source = KeySource(keys=(key.as_dict(private=False),))
    found = verifier(replace(HOSPITAL, key_source=source))
    start = f"{encoded({**HEADER, 'alg': alg, 'kid': key.kid})}.{encoded(CLAIMS)}"
    bare = {n: v for n, v in key.as_dict(private=True).items() if n not in ("use", "key_ops")}
    fit = (RSAKey if key is SMALL else ECKey).import_key(bare)
    made = jws.JWSRegistry.algorithms[alg].sign(start.encode(), fit)
    refused(f"{start}.{encoded(made)}", found)
    if key is not SMALL:  # what its document says is all that is wrong with it
        fit_source = KeySource(keys=(fit.as_dict(private=False),))
        taken = verifier(replace(HOSPITAL, key_source=fit_source))
        assert taken.check(f"{start}.{encoded(made)}").client == "growth-app"


@pytest.mark.parametrize(("kid", "alg"), [("es256", "ES384"), ("rs", "ES384"), ("es384", "RS384")])
def test_the_algorithm_must_be_that_of_the_key_named(kid, alg):
    start = f"{encoded({**HEADER, 'alg': alg, 'kid': kid})}.{encoded(CLAIMS)}"
    refused(f"{start}.{signed().split('.')[2]}")


def test_a_changed_claim_breaks_the_signature():
    head, body, signature = signed().split(".")
    changed = encoded({**CLAIMS, "patient": "p2"})
    assert refused(f"{head}.{changed}.{signature}") == "the signature does not hold"
    other = encoded({**HEADER, "typ": "JWT"})
    assert refused(f"{other}.{body}.{signature}") == "the signature does not hold"


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"], "exp": NOW + 5},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"b64": False},
    ],
)
def test_a_header_that_demands_what_is_not_understood_is_refused(header):
    refused(raw({**HEADER, **header}, CLAIMS))


@pytest.mark.parametrize("typ", ["", None, "dpop+jwt", "logout+jwt", "secevent+jwt", "JWE", 7])
def test_the_type_must_be_that_of_an_access_token(typ):
    refused(raw({**HEADER, "typ": typ}, CLAIMS))


@pytest.mark.parametrize(
    "claims",
    [{"typ": "ID"}, {"typ": "Refresh"}, {"typ": "Offline"}, {"typ": "Logout"}, {"token_use": "id"}],
)
def test_an_id_or_refresh_token_is_no_access_token(claims):
    assert refused(signed(header={"typ": "JWT"}, **claims)) == "the token is no access token"
    assert verifier().check(signed(typ="Bearer", token_use="access")).client == "growth-app"


def test_an_id_token_is_for_the_client_and_not_for_us():
    assert refused(signed(header={"typ": "JWT"}, aud="growth-app"))


def test_a_member_that_stands_twice_is_refused():
    twice = b'{"patient":"p2",' + json.dumps(CLAIMS).encode()[1:]
    refused(raw(HEADER, twice))
    refused(raw(b'{"kid":"rs",' + json.dumps(HEADER).encode()[1:], CLAIMS))


@pytest.mark.parametrize(
    "claims", [b"[]", b"null", b'"x"', b"{", b"", b"\xff\xfe", b"[" * 5_000, b'{"exp": NaN}', b"7"]
)
def test_claims_that_are_no_object_are_refused(claims):
    start = f"{encoded(HEADER)}.{encoded(claims)}"
    made = jws.JWSRegistry.algorithms["ES384"].sign(start.encode(), ES384)
    refused(f"{start}.{encoded(made)}")


def test_a_token_in_a_token_is_refused():
    refused(raw({**HEADER, "cty": "JWT"}, signed().encode()))


# Whose token, and for whom


@pytest.mark.parametrize(
    "iss",
    [OTHER, ISSUER + "/", ISSUER.upper(), ISSUER + "#", "", None, 7, [ISSUER], {"iss": ISSUER}],
)
def test_the_issuer_must_be_registered_to_the_letter(iss):
    assert refused(signed(iss=iss)) == "the token's issuer is not registered"


def test_a_token_without_issuer_is_refused():
    refused(signed(without=("iss",)))


def test_an_issuer_is_held_to_its_own_keys_alone():
    theirs = TokenIssuer("other", OTHER, key_source=KeySource(keys=public(THEIRS)), tenant="b")
    found = verifier(HOSPITAL, theirs)
    assert found.check(signed(THEIRS, iss=OTHER)).tenant == "b"
    assert found.check(signed()).tenant == ""
    assert refused(signed(THEIRS), found) == "the signature does not hold"
    assert refused(signed(iss=OTHER), found) == "the signature does not hold"


def test_one_issuer_is_registered_once():
    with pytest.raises(InvalidAccess):
        verifier(HOSPITAL, replace(HOSPITAL, name="again", tenant="b"))


@pytest.mark.parametrize(
    "aud",
    [
        "https://pgx.example.org",
        f"{BASE}/Patient",
        f"{BASE}//",
        BASE.replace("https", "http"),
        BASE.upper(),
        f"{BASE}.evil.example",
        "https://pgx.example.org/cds-services",
        "growth-app",
        "",
        "*",
        [],
        ["account"],
        [[BASE]],
        {BASE: True},
        None,
        7,
    ],
)
def test_a_token_must_be_for_our_base(aud):
    assert refused(signed(aud=aud)) == "the token is for another audience"


def test_a_token_without_audience_is_refused():
    assert refused(signed(without=("aud",))) == "the token is for another audience"


def test_an_issuer_may_be_registered_with_another_audience():
    found = verifier(replace(HOSPITAL, audience="urn:pgx"))
    assert found.check(signed(aud="urn:pgx")).client == "growth-app"
    refused(signed(), found)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 60},
        {"exp": NOW - 3600},
        {"exp": NOW + 30 * 365 * 24 * 3600},
        {"exp": NOW + 24 * 3600 + 61, "iat": NOW},
        {"exp": 1e400},
        {"exp": str(NOW + 60)},
        {"exp": True},
        {"exp": None},
        {"exp": [NOW + 60]},
        {"exp": -1},
        {"exp": 0},
        {"nbf": NOW + 61},
        {"iat": NOW + 61},
        {"nbf": "soon"},
        {"iat": None},
        {"iat": False},
    ],
)
def test_a_token_must_be_valid_now_and_not_for_long(claims):
    told = json.dumps({**CLAIMS, **claims}).replace("Infinity", "1e400").encode()
    refused(raw(HEADER, told))


def test_a_token_that_never_expires_is_refused():
    assert refused(signed(without=("exp",))) == "the token never expires"


@pytest.mark.parametrize("claims", [{"cnf": {"jkt": "x"}}, {"token_type": "DPoP"}, {"cnf": None}])
def test_a_token_that_is_bound_to_a_key_is_refused_from_a_bearer(claims):
    assert "bound to a key" in refused(signed(**claims))


def test_a_token_for_another_tenant_is_refused():
    found = verifier(replace(HOSPITAL, tenant="north"))
    assert found.check(signed()).tenant == "north"
    assert found.check(signed(tenant="north")).tenant == "north"
    for tenant in ("south", "", None, ["north"]):
        assert refused(signed(tenant=tenant), found) == "the token is for another tenant"


# Who it is


@pytest.mark.parametrize(
    ("claims", "patient"),
    [
        ({"patient": "p2"}, "p2"),
        ({"patient": ["p1", "p2"]}, ""),
        ({"patient": "p1,p2"}, ""),
        ({"patient": "p1/../p2"}, ""),
        ({"patient": "*"}, ""),
        ({"patient": ".."}, ""),
        ({"patient": "p" * 65}, ""),
        ({"patient": None}, ""),
        ({"patient": "Practitioner/p1"}, ""),
        ({"patient": "https://elsewhere.example/fhir/Patient/p1"}, ""),
        ({"patient": f"{BASE}.evil.example/Patient/p1"}, ""),
    ],
)
def test_the_patient_in_context_is_one_id_of_ours_or_nobody(claims, patient):
    assert verifier().check(signed(**claims)).patient == patient


@pytest.mark.parametrize(
    ("written", "user"),
    [
        (f"{BASE}/Practitioner/d1", "Practitioner/d1"),
        ("Practitioner/d1", "Practitioner/d1"),
        ("https://ehr.example.org/fhir/Practitioner/d1", "Practitioner/d1"),
        ("https://elsewhere.example/Practitioner/d1", "https://elsewhere.example/Practitioner/d1"),
        (f"{BASE}/Observation/d1", f"{BASE}/Observation/d1"),
        ("two\nlines", ""),
        ("x" * 300, ""),
        (7, ""),
    ],
)
def test_a_user_of_another_server_is_not_taken_for_ours(written, user):
    found = verifier(own_bases=("https://ehr.example.org/fhir",))
    assert found.check(signed(fhirUser=written)).user == user


def test_a_token_without_scope_grants_nothing():
    assert verifier().check(signed(without=("scope",))).grants == ()
    assert verifier().check(signed(without=("scope",), scp=["user/Task.r"])).grants != ()


def test_the_client_is_named_by_either_claim():
    assert verifier().check(signed(without=("client_id",), azp="a")).client == "a"
    assert verifier().check(signed(without=("client_id",))).client == ""


@pytest.mark.parametrize("purpose", [EMERGENCY, BREAK_GLASS])
def test_only_a_registered_client_may_name_an_emergency(purpose):
    found = verifier()
    caller = found.check(signed(client_id="emergency-app"), purpose=purpose)
    assert caller.breaks_glass
    with pytest.raises(Forbidden):
        found.check(signed(), purpose=purpose)
    with pytest.raises(Forbidden):
        found.check(signed(without=("client_id",)), purpose=purpose)
    with pytest.raises(Unauthenticated):
        found.check(signed(THEIRS, client_id="emergency-app"), purpose=purpose)


# Tokens that we ask about


ASKED = TokenIssuer("asked", OTHER, introspection_url=f"{OTHER}/introspect", client_id="pgx")
ACTIVE = {
    "active": True,
    "scope": "patient/Observation.rs",
    "client_id": "growth-app",
    "patient": "p1",
    "exp": NOW + 600,
}


class Server:
    """An issuer that answers what a test wants; counts how often."""

    def __init__(self, **answer):
        self.answer, self.times, self.seen = {**ACTIVE, **answer}, 0, set()

    def __call__(self, issuer, token):
        self.times += 1
        self.seen.add((issuer.name, token))
        if "raises" in self.answer:
            raise NotAnswered
        return {name: value for name, value in self.answer.items() if value != "absent"}


def test_an_opaque_token_is_asked_about():
    server = Server()
    caller = verifier(ASKED, introspect=server).check("opaque-token")
    assert (caller.issuer, caller.client, caller.patient) == (OTHER, "growth-app", "p1")
    assert server.seen == {("asked", "opaque-token")}


@pytest.mark.parametrize(
    "answer",
    [
        {"active": False},
        {"active": "true"},
        {"active": 1},
        {"active": None},
        {"active": "absent"},
        {"iss": ISSUER},
        {"iss": None},
        {"aud": "another"},
        {"aud": []},
        {"aud": None},
        {"exp": NOW},
        {"exp": NOW - 1},
        {"exp": "later"},
        {"exp": None},
        {"cnf": {"jkt": "x"}},
        {"token_type": "DPoP"},
        {"typ": "Refresh"},
        {"raises": True},
    ],
)
def test_an_answer_that_does_not_hold_is_a_refusal_and_is_not_kept(answer):
    server = Server(**answer)
    found = verifier(ASKED, introspect=server)
    refused("opaque-token", found)
    refused("opaque-token", found)
    assert server.times == 2


@pytest.mark.parametrize("answer", [{"iss": OTHER}, {"aud": BASE}, {"exp": "absent"}])
def test_an_answer_may_say_more_or_less(answer):
    assert verifier(ASKED, introspect=Server(**answer)).check("opaque").patient == "p1"


def test_an_answer_is_kept_for_half_a_minute_and_never_beyond_its_end():
    clock = [float(NOW)]
    server = Server(exp=NOW + 40)
    found = verifier(ASKED, introspect=server, now=lambda: clock[0])
    for seconds, times in ((0, 1), (29, 1), (31, 2), (39, 2)):
        clock[0] = NOW + seconds
        found.check("opaque")
        assert server.times == times
    clock[0] = NOW + 40  # kept until 61 but for its end
    refused("opaque", found)


def test_a_revoked_token_is_refused_once_what_was_kept_is_over():
    clock = [float(NOW)]
    server = Server()
    found = verifier(ASKED, introspect=server, now=lambda: clock[0])
    found.check("opaque")
    server.answer["active"] = False
    clock[0] += 31
    refused("opaque", found)


def test_what_is_kept_is_bounded_and_of_each_token_its_own():
    server = Server()
    found = verifier(ASKED, introspect=server)
    for number in range(MOST_KEPT + 5):
        found.check(f"token-{number}")
    assert len(found._kept) == MOST_KEPT
    assert not any(b"token" in name for name in found._kept)
    found.check("token-0")  # forgotten, so asked anew
    assert server.times == MOST_KEPT + 6


def test_a_kept_answer_does_not_carry_the_purpose_of_the_call_before():
    found = verifier(replace(ASKED, glass_breakers=frozenset(("growth-app",))), introspect=Server())
    assert found.check("opaque", purpose=EMERGENCY).breaks_glass
    assert not found.check("opaque").breaks_glass
    closed = verifier(ASKED, introspect=Server())
    assert not closed.check("opaque").breaks_glass
    with pytest.raises(Forbidden):
        closed.check("opaque", purpose=EMERGENCY)


def test_a_token_is_shown_to_no_server_but_its_own():
    server = Server()
    second = replace(ASKED, name="second", issuer="https://second.example")
    refused("opaque", verifier(ASKED, second, introspect=server))  # which of two is not guessed
    refused("opaque", verifier(HOSPITAL, introspect=server))
    refused(signed(iss="https://unknown.example"), verifier(ASKED, introspect=server))
    assert server.times == 0
    found = verifier(HOSPITAL, ASKED, second, introspect=server)
    found.check(signed(iss="https://second.example"))
    assert {name for name, _ in server.seen} == {"second"}
    found.check(signed())  # the hospital's own, held to its keys
    assert server.times == 1


def test_a_jwt_of_another_issuer_is_not_shown_either_however_it_is_signed():
    server = Server()
    found = verifier(HOSPITAL, ASKED, introspect=server)
    for header in ({"alg": "EdDSA", "kid": "x"}, {"alg": "HS256"}, {**HEADER, "crit": ["x"]}):
        for issuer in (ISSUER, "https://unknown.example"):
            refused(f"{encoded(header)}.{encoded({**CLAIMS, 'iss': issuer})}.c2ln", found)
    assert server.times == 0
    # Its own it is shown: how it signs them is its business.
    own = f"{encoded({'alg': 'EdDSA'})}.{encoded({'iss': OTHER})}.c2ln"
    assert found.check(own).patient == "p1"


def test_an_issuer_that_hangs_is_left_alone_for_a_while():
    """Every question to it would hold a thread that hooks are answered with."""
    clock, server = [float(NOW)], Server(raises=True)

    def slow(issuer, token):
        clock[0] += seconds
        return server(issuer, token)

    found = verifier(ASKED, introspect=slow, now=lambda: clock[0])
    seconds = 5.0
    for _ in range(20):
        refused("opaque", found)
    assert server.times == 1
    clock[0] += SILENT_SECONDS
    refused("opaque", found)  # one tries whether it is back
    assert server.times == 2
    clock[0] += SILENT_SECONDS
    seconds, server.answer = 0.0, dict(Server().answer)
    assert found.check("opaque").patient == "p1"
    assert found.check("another").patient == "p1"


def test_a_refusal_that_comes_at_once_keeps_nobody_else_out():
    server = Server(raises=True)
    found = verifier(ASKED, introspect=server)
    refused("opaque", found)
    refused("opaque", found)
    assert server.times == 2


def test_many_threads_may_check_at_once():
    def answer(issuer, token):
        time.sleep(0.001)
        return {**ACTIVE, "client_id": token}

    found, wrong = verifier(ASKED, introspect=answer), []

    def work(number):
        for turn in range(20):
            token = f"t{(number + turn) % 7}"
            if found.check(token).client != token:
                wrong.append(token)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []
