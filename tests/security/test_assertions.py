"""Assertions of CDS clients: each check fails alone, and each forgery is refused for its reason."""

import base64
import hashlib
import hmac
import json

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from fhir_pgx.errors import Forbidden, StoreFailure, Unauthenticated
from fhir_pgx.model.access import BREAK_GLASS, EMERGENCY, TREATMENT
from fhir_pgx.model.registered import KeySource
from fhir_pgx.security.assertions import MAX_ASSERTION, AssertionVerifier, claimed
from fhir_pgx.security.key_sets import KeySets

from .assertion_maker import (
    ALGORITHMS,
    AUDIENCE,
    GONE,
    ISSUER,
    JKU,
    NOW,
    assertion,
    client,
    key_of,
    part,
    public,
    signed,
    source,
)


class Seen:
    """The record of used assertions, and whether anybody asked it."""

    def __init__(self):
        self.names, self.kept_until = set(), {}

    def __call__(self, name, expires, now):
        is_first = name not in self.names
        self.names.add(name)
        self.kept_until[name] = expires
        return is_first


def unreachable(url, *, private):
    raise AssertionError(f"{url} was fetched")


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def check(seen):
    def check_with(token, *clients, audience=AUDIENCE, now=NOW, fetch=unreachable, **more):
        verifier = AssertionVerifier(
            clients or (client(),),
            keys=KeySets(fetch, lambda: now),
            use_once=seen,
            now=lambda: now,
        )
        return verifier.check(token, audience=audience, **more)

    return check_with


def refuse(check, token, reason, *clients, **more):
    with pytest.raises(Unauthenticated) as refused:
        check(token, *clients, **more)
    assert reason in refused.value.text
    return refused.value


# What holds


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_assertion_of_every_algorithm_that_we_take_names_its_client(check, algorithm):
    caller = check(assertion(algorithm), client(key_source=source(algorithm), tenant="north"))
    assert (caller.kind, caller.client, caller.issuer) == ("cds-client", "main-ehr", ISSUER)
    assert (caller.tenant, caller.token_id, caller.purpose) == ("north", "jti-1", TREATMENT)
    assert caller.grants is None
    assert not caller.breaks_glass


def test_an_epic_assertion_holds(check):
    """RS384, a kid with signs of base64, `sub`, and `nbf` five minutes before `iat`."""
    key = RSAKey.generate_key(2048, {"kid": "aB+/cD="})
    epic = client(key_source=KeySource(keys=(public(key),)), jku="")
    token = assertion(
        "RS384", key=key, header={"jku": GONE}, nbf=int(NOW) - 300, sub=ISSUER, exp=int(NOW) + 600
    )
    assert check(token, epic).client == "main-ehr"


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        (AUDIENCE, AUDIENCE),
        (AUDIENCE + "/", AUDIENCE),
        (AUDIENCE, AUDIENCE + "/"),
        ([AUDIENCE], AUDIENCE),
        (["https://other.example.org", AUDIENCE], AUDIENCE),
    ],
)
def test_the_audience_is_a_text_or_a_list_and_a_last_slash_makes_no_difference(check, said, asked):
    assert check(assertion(aud=said), audience=asked)


def test_an_assertion_without_jku_is_held_to_the_registered_keys(check):
    assert check(assertion(header={"jku": GONE}))


def test_of_two_key_sets_of_one_issuer_the_jku_chooses(check):
    test_keys = client(name="test-ehr", jku="https://ehr.example.org/test", tenant="test")
    caller = check(assertion(header={"jku": test_keys.jku}), client(tenant="live"), test_keys)
    assert (caller.client, caller.tenant) == ("test-ehr", "test")


def test_unknown_headers_and_embedded_certificates_are_passed_over(check):
    header = {"x5c": ["bm8="], "x5u": "https://evil.example/x", "x5t": "no", "new-thing": 1}
    assert check(assertion(header=header))


# Size and form


def test_a_token_that_is_too_long_is_not_read(check):
    # The last two signs would be no JSON: had it been read, another reason would be told.
    refuse(check, "!" * (MAX_ASSERTION + 1), "too long")
    refuse(check, assertion(pad="x" * MAX_ASSERTION), "too long")


def tokens_of_bad_form():
    head, claims, signature = assertion().split(".")
    yield "empty", ""
    yield "one part", head
    yield "two parts", f"{head}.{claims}"
    yield "no signature", f"{head}.{claims}."
    yield "four parts", f"{head}.{claims}.{signature}.x"
    yield "five parts, an encrypted token's", f"{head}.{claims}.{signature}.x.y"
    yield "padded header", f"{head}=.{claims}.{signature}"
    yield "padded signature", f"{head}.{claims}.{signature}="
    yield "blank inside", f"{head}. {claims}.{signature}"
    yield "line end", f"{head}.{claims}.{signature}\n"
    yield "standard base64", f"{head}.{claims}.{'+/' + signature[2:]}"
    yield "not ASCII", f"{head}.{claims}.{signature[:-1]}é"
    yield "JSON serialization", json.dumps({"payload": claims, "signature": signature})


@pytest.mark.parametrize(("name", "token"), list(tokens_of_bad_form()))
def test_what_is_not_three_parts_of_base64url_is_refused(check, name, token):
    with pytest.raises(Unauthenticated):
        check(token)


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ("[]", "{}"),
        ('"JWT"', "{}"),
        ('{"alg":"ES384"', "{}"),
        ('{"alg":"ES384","alg":"ES384"}', "{}"),
        ('{"alg":"ES384","typ":"JWT"}', "[]"),
        ('{"alg":"ES384","typ":"JWT"}', "null"),
        ('{"alg":"ES384","typ":"JWT"}', '{"exp":NaN}'),
        ('{"alg":"ES384","typ":"JWT"}', '{"exp":Infinity}'),
        ('{"alg":"ES384","typ":"JWT"}', '{"iss":"a","iss":"b"}'),
        ('{"alg":"ES384","typ":"JWT"}', '{"a":{"b":1,"b":2}}'),
        ('{"alg":"ES384","typ":"JWT"}', "[" * 3000),
        ('{"alg":"ES384","typ":"JWT"}', '{"a":' * 1000),
        ('{"alg":["ES384"],"typ":"JWT"}', "{}"),
        ('{"alg":{"ES384":1},"typ":"JWT"}', "{}"),
    ],
)
def test_what_is_not_one_plain_object_is_refused(check, header, claims):
    with pytest.raises(Unauthenticated):
        check(signed(header, claims, key_of("ES384"), "ES384"))


def test_a_claim_that_stands_twice_is_refused_although_the_signature_holds(check, seen):
    good = json.loads(base64.urlsafe_b64decode(assertion().split(".")[1] + "=="))
    once = json.dumps(good)
    twice = once[:-1] + f', "aud": "{AUDIENCE}"' + "}"
    header = json.dumps({"alg": "ES384", "typ": "JWT", "kid": key_of("ES384").kid, "jku": JKU})
    refuse(check, signed(header, twice, key_of("ES384"), "ES384"), "stands twice")
    header_twice = header[:-1] + ', "kid": "ES384-a"}'
    refuse(check, signed(header_twice, once, key_of("ES384"), "ES384"), "stands twice")
    assert check(signed(header, once, key_of("ES384"), "ES384"))


def test_a_token_in_a_token_is_refused(check):
    inner = assertion()
    header = {"cty": "JWT"}
    with pytest.raises(Unauthenticated):
        check(assertion(header=header))
    outer = json.dumps({"alg": "ES384", "typ": "JWT", "kid": key_of("ES384").kid, "cty": "JWT"})
    with pytest.raises(Unauthenticated):
        check(signed(outer, json.dumps(inner), key_of("ES384"), "ES384"))


# Algorithm and type


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "HS256", "EdDSA"])
@pytest.mark.parametrize("signature", [b"", b"x"])
def test_no_signature_and_unknown_algorithms_are_refused(check, algorithm, signature):
    head = part(json.dumps({"alg": algorithm, "typ": "JWT", "kid": "ES384-a", "jku": JKU}))
    claims = assertion().split(".")[1]
    refuse(check, f"{head}.{claims}.{part(signature)}", "no way" if signature else "")


@pytest.mark.parametrize("size", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("secret", ["pem", "der", "n", "jwk"])
def test_a_public_key_is_no_shared_secret(check, size, secret):
    """The classic confusion: the forger signs by HMAC with the key that everybody can read."""
    key = key_of("RS256")
    document = public(key)
    texts = {
        "pem": key.as_pem(private=False),
        "der": key.as_der(private=False),
        "n": document["n"].encode(),
        "jwk": json.dumps(document).encode(),
    }
    head = {"alg": f"HS{size[-3:]}", "typ": "JWT", "kid": key.kid, "jku": JKU}
    text = f"{part(json.dumps(head))}.{assertion('RS256').split('.')[1]}"
    mac = hmac.new(texts[secret], text.encode(), getattr(hashlib, size)).digest()
    refuse(check, f"{text}.{part(mac)}", "no way", client(key_source=source("RS256")))


def test_a_shared_secret_in_a_key_set_is_never_used(check):
    secret = OctKey.import_key("a-secret-that-somebody-published", {"kid": "ES384-a"})
    found = KeySource(keys=(secret.as_dict(),))
    refuse(check, assertion(), "the key is not in", client(key_source=found))


@pytest.mark.parametrize("said", ["RS256", "PS384", "ES256", "ES512"])
def test_a_key_of_another_kind_or_curve_than_the_algorithm_is_refused(check, said):
    key = key_of("ES384")
    head = part(json.dumps({"alg": said, "typ": "JWT", "kid": key.kid, "jku": JKU}))
    _, claims, signature = assertion().split(".")
    refuse(check, f"{head}.{claims}.{signature}", "")


def test_a_key_that_is_for_one_algorithm_is_used_for_no_other(check):
    key = key_of("PS256", "pinned")
    pinned = client(key_source=KeySource(keys=(public(key, alg="PS256"),)))
    assert check(assertion("PS256", key=key), pinned)
    refuse(check, assertion("RS256", key=key, jti="2"), "", pinned)
    unpinned = client(key_source=KeySource(keys=(public(key),)))
    assert check(assertion("RS256", key=key, jti="3"), unpinned)


@pytest.mark.parametrize("more", [{"use": "enc"}, {"key_ops": ["sign"]}, {"key_ops": "verify"}])
def test_a_key_that_is_not_for_signatures_is_not_used(check, more):
    found = KeySource(keys=(public(key_of("ES384"), **more),))
    refuse(check, assertion(), "the key is not in", client(key_source=found))


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_short_rsa_key_is_not_used(check):
    short = RSAKey.generate_key(1024, {"kid": "short"})
    found = client(key_source=KeySource(keys=(public(short),)))
    refuse(check, assertion("RS256", key=short), "the key is not in", found)


def test_a_curve_that_we_do_not_take_is_not_used(check):
    key = ECKey.generate_key("secp256k1", {"kid": "k1"})
    found = client(key_source=KeySource(keys=(public(key),)))
    refuse(check, assertion(header={"kid": "k1"}), "the key is not in", found)


@pytest.mark.parametrize("said", [GONE, "jwt", "at+jwt", "JOSE", "", None, ["JWT"], 1])
def test_the_type_is_jwt(check, said):
    refuse(check, assertion(header={"typ": said}), "type")


# Issuer, jku, key


@pytest.mark.parametrize(
    "said",
    [
        GONE,
        "",
        None,
        1,
        [ISSUER],
        ISSUER + "/",
        ISSUER.upper(),
        "https://evil.example",
        ISSUER[:-1],
    ],
)
def test_an_issuer_that_is_not_registered_to_the_letter_is_refused(check, said):
    refuse(check, assertion(iss=said), "issuer is not registered")


@pytest.mark.parametrize(
    "said",
    ["https://evil.example/jwks.json", JKU + "?x", JKU + "#x", JKU.upper(), "", None, [JKU], 7],
)
def test_a_jku_that_is_not_registered_with_the_issuer_is_refused_and_never_fetched(check, said):
    refuse(check, assertion(header={"jku": said}), "")


def test_the_jku_of_another_registered_issuer_is_refused(check):
    other = client(name="other", issuer="https://two.example", jku="https://two.example/jwks")
    refuse(check, assertion(header={"jku": other.jku}), "jku is not registered", client(), other)


def test_a_jku_where_none_is_registered_is_refused(check):
    refuse(check, assertion(), "jku is not registered", client(jku=""))


def test_the_key_of_another_client_does_not_sign_for_this_one(check):
    mallory = key_of("ES384", "mallory")
    other = client(
        name="mallory", issuer="https://mallory.example", jku="https://mallory.example/jwks",
        key_source=KeySource(keys=(public(mallory),)),
    )  # fmt: skip
    refuse(check, assertion(key=mallory), "the key is not in", client(), other)
    # with the name of the key it is not
    refuse(check, assertion(key=mallory, header={"kid": "ES384-a"}), "signature", client(), other)


def test_an_issuer_of_two_key_sets_must_name_one(check):
    two = client(name="test-ehr", jku="https://ehr.example.org/test")
    refuse(check, assertion(header={"jku": GONE}), "several key sets", client(), two)


def test_a_key_that_the_token_brings_along_is_not_believed(check):
    mallory = key_of("ES384", "mallory")
    header = {"jwk": public(mallory)}
    refuse(check, assertion(key=mallory, header=header), "the key is not in")
    header = {"jwk": public(mallory), "kid": "ES384-a"}
    refuse(check, assertion(key=mallory, header=header), "signature")


@pytest.mark.parametrize(
    "said",
    [GONE, "", None, 1, ["ES384-a"], {"kid": "ES384-a"}, "ES384-b", "es384-a", "ES384-a ",
     "../ES384-a", "ES384-a\x00", "' OR 1=1 --", "k" * 2000],
)  # fmt: skip
def test_a_key_id_that_is_not_in_the_set_to_the_letter_is_refused(check, said):
    refuse(check, assertion(header={"kid": said}), "")


def test_two_keys_of_one_id_and_kind_are_neither_used(check):
    two = (public(key_of("ES384")), public(key_of("ES384", "b"), kid="ES384-a"))
    refuse(check, assertion(), "not in", client(key_source=KeySource(keys=two)))


def test_keys_of_one_id_and_different_kinds_are_told_apart(check):
    two = (public(key_of("ES384"), kid="same"), public(key_of("RS256"), kid="same"))
    both = client(key_source=KeySource(keys=two))
    for number, algorithm in enumerate(("ES384", "RS256")):
        assert check(assertion(algorithm, header={"kid": "same"}, jti=f"{number}"), both)


@pytest.mark.parametrize(
    "header",
    [{"crit": ["exp"], "exp": 1}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"b64": False}],
)
def test_a_header_that_must_be_understood_is_refused(check, header):
    refuse(check, assertion(header=header), "")


# Signature


def test_a_changed_claim_breaks_the_signature(check):
    head, claims, signature = assertion().split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    forged = part(json.dumps({**said, "jti": "other"}))
    refuse(check, f"{head}.{forged}.{signature}", "signature")


def test_a_changed_header_breaks_the_signature(check):
    key = key_of("RS256")
    _, claims, signature = assertion("RS256").split(".")
    head = part(json.dumps({"alg": "RS512", "typ": "JWT", "kid": key.kid, "jku": JKU}))
    found = client(key_source=source("RS256"))
    refuse(check, f"{head}.{claims}.{signature}", "signature", found)


@pytest.mark.parametrize("forged", [b"\0" * 96, b"\0" * 95 + b"\1", b"", b"\xff" * 96, b"x" * 200])
def test_a_signature_of_nothing_is_refused(check, forged):
    """All zeros once passed in a Java library ("psychic signatures")."""
    head, claims, _ = assertion().split(".")
    with pytest.raises(Unauthenticated):
        check(f"{head}.{claims}.{part(forged)}")


def test_a_signature_in_the_other_encoding_is_refused(check):
    """DER in place of the two numbers side by side (RFC 7518, 3.4)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

    head, claims, _ = assertion().split(".")
    text = f"{head}.{claims}"
    der = key_of("ES384").private_key.sign(text.encode(), ECDSA(hashes.SHA384()))
    refuse(check, f"{text}.{part(der)}", "signature")


# Audience


@pytest.mark.parametrize(
    "said",
    [
        GONE, "", None, 1, [], {}, {AUDIENCE: 1}, [[AUDIENCE]],
        "https://pgx.example.org/cds-services",
        AUDIENCE + "/feedback",
        AUDIENCE + "//",
        AUDIENCE.replace("sign", "select"),
        AUDIENCE.replace("https", "http"),
        AUDIENCE.replace("pgx.", "PGX."),
        AUDIENCE.replace(".org", ".org:443"),
        AUDIENCE + "?x=1",
        "https://evil.example/" + AUDIENCE,
        AUDIENCE.replace("/cds", "/%63ds"),
    ],
)  # fmt: skip
def test_an_assertion_for_another_address_is_refused(check, said):
    refuse(check, assertion(aud=said), "audience")


# Times


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": NOW - 60}, "expired"),
        ({"iat": NOW - 700, "exp": NOW - 61}, "expired"),
        ({"iat": NOW + 61}, "not valid yet"),
        ({"nbf": NOW + 61}, "not valid yet"),
        ({"exp": NOW + 901}, "lives longer"),
        ({"iat": NOW - 300, "exp": NOW + 601}, "lives longer"),
        ({"exp": NOW + 30 * 365 * 86_400}, "lives longer"),
        ({"iat": 1, "exp": NOW + 30 * 365 * 86_400}, "lives longer"),
        ({"exp": GONE}, ""),
        ({"iat": GONE}, "when it was issued"),
        *(({name: bad}, "") for name in ("exp", "iat", "nbf")
          for bad in (None, True, "1800000300", "", [], {}, -1, 1e30, 10**400)),
    ],
)  # fmt: skip
def test_an_assertion_out_of_its_time_is_refused(check, claims, reason):
    refuse(check, assertion(**claims), reason)


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": NOW - 300, "exp": NOW - 59},  # late by less than clocks may differ
        {"iat": NOW + 60},
        {"nbf": NOW + 60},
        {"exp": NOW + 900},
        {"iat": NOW + 0.5, "exp": NOW + 300.25},
    ],
)
def test_the_edges_of_time_hold(check, claims):
    assert check(assertion(**claims))


def test_the_lifetime_that_is_registered_is_the_longest(check):
    short = client(max_lifetime_seconds=120)
    assert check(assertion(exp=NOW + 120), short)
    refuse(check, assertion(exp=NOW + 121, jti="2"), "lives longer", short)


# Tenant, purpose


def test_the_tenant_claim_chooses_the_part_of_the_store(check):
    several = client(tenants={"hospital-1": "north", "hospital-2": "south"})
    assert check(assertion(tenant="hospital-2"), several).tenant == "south"


@pytest.mark.parametrize("said", [GONE, "", "hospital-3", "north", None, ["hospital-1"], 1])
def test_a_tenant_that_is_not_registered_is_refused(check, said):
    several = client(tenants={"hospital-1": "north"})
    refuse(check, assertion(tenant=said), "tenant", several)


def test_a_client_of_one_tenant_cannot_claim_another(check):
    assert check(assertion(tenant="south"), client(tenant="north")).tenant == "north"


@pytest.mark.parametrize("purpose", [EMERGENCY, BREAK_GLASS])
def test_an_emergency_is_for_clients_that_are_registered_for_it(check, seen, purpose):
    with pytest.raises(Forbidden):
        check(assertion(), purpose=purpose)
    assert not seen.names  # the refusal used nothing up
    assert check(assertion(), client(may_break_glass=True), purpose=purpose).breaks_glass


def test_another_purpose_is_taken_as_it_is(check):
    caller = check(assertion(), purpose="HRESCH")
    assert (caller.purpose, caller.breaks_glass) == ("HRESCH", False)


# Once


def test_an_assertion_is_taken_once(check):
    token = assertion()
    assert check(token)
    refuse(check, token, "used before")


def test_another_signature_over_the_same_id_is_the_same_assertion(check):
    assert check(assertion())
    refuse(check, assertion(exp=NOW + 299), "used before")  # ECDSA signs anew at each time too


def test_two_issuers_may_have_the_same_id(check):
    other = client(name="other", issuer="https://two.example")
    assert check(assertion(), client(), other)
    assert check(assertion(iss=other.issuer), client(), other)


@pytest.mark.parametrize("said", [GONE, "", None, 1, ["jti-1"], "j" * 513])
def test_an_assertion_without_an_id_is_refused(check, said):
    refuse(check, assertion(jti=said), "no id")


def test_an_id_may_hold_any_sign(check):
    assert check(assertion(jti="\ud800 ü \x00"))


@pytest.mark.parametrize(
    "bad",
    [
        {"aud": "https://evil.example"},
        {"exp": NOW - 100},
        {"iss": "https://evil.example"},
        {"iat": GONE},
        {"header": {"typ": "at+jwt"}},
        {"header": {"kid": "unknown"}},
        {"key": key_of("ES384", "mallory"), "header": {"kid": "ES384-a"}},
    ],
)
def test_a_refused_assertion_uses_nothing_up(check, seen, bad):
    """Else anybody could make the next call of a client fail by guessing its id."""
    refuse(check, assertion(**bad), "")
    assert not seen.names
    assert check(assertion())


def test_the_record_is_kept_as_long_as_any_clock_of_ours_would_take_the_assertion(check, seen):
    assert check(assertion(exp=NOW + 300))
    assert list(seen.kept_until.values()) == [NOW + 300 + 120]


def test_where_the_use_cannot_be_noted_nobody_comes_in():
    def fail(name, expires, now):
        raise StoreFailure("the disk is full")

    keys = KeySets(unreachable, lambda: NOW)
    verifier = AssertionVerifier((client(),), keys=keys, use_once=fail, now=lambda: NOW)
    with pytest.raises(StoreFailure):
        verifier.check(assertion(), audience=AUDIENCE)


# What is told


def test_a_refusal_quotes_nothing_of_the_token(check):
    secret = "synthetic-secret-of-somebody"
    tokens = [
        assertion(iss=secret), assertion(aud=secret), assertion(tenant=secret, exp=secret),
        assertion(header={"kid": secret}), assertion(header={"typ": secret}), f"{secret}.x.y",
    ]  # fmt: skip
    for token in tokens:
        error = refuse(check, token, "")
        assert secret not in str(error)
        assert secret not in repr(error.issues)
        assert error.__cause__ is None


def test_what_a_refused_token_claims_is_told_apart_from_what_cannot_be_read():
    said = claimed(assertion(tenant="t", iss="https://evil.example"))
    assert (said.issuer, said.tenant, said.token_id) == ("https://evil.example", "t", "jti-1")
    nothing = claimed("a.b.c")
    assert (nothing.issuer, nothing.tenant, nothing.token_id) == ("", "", "")
    assert claimed(assertion(iss=1, jti=[])).token_id == ""
