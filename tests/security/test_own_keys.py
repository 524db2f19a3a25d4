"""Our own keys: the public halves alone are shown, the right one signs, a bad one is not quoted."""

import json

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from fhir_pgx.errors import InvalidSetting
from fhir_pgx.security.backend_services import sign_assertion
from fhir_pgx.security.own_keys import OwnKeys, new_key, read_own_keys, retired

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
ELLIPTIC = ECKey.generate_key("P-384")


def jwk(key=ELLIPTIC, **members):
    return key.as_dict(private=True) | members


def document(*jwks):
    return json.dumps({"keys": list(jwks)} if len(jwks) > 1 else jwks[0]).encode()


@pytest.mark.parametrize(
    ("key", "algorithm", "members"),
    [
        (ELLIPTIC, "ES384", {"kty", "crv", "x", "y", "kid", "use", "alg"}),
        (RSAKey.generate_key(2048), "RS384", {"kty", "n", "e", "kid", "use", "alg"}),
    ],
    ids=["ES384", "RS384"],
)
def test_the_public_half_is_published_and_nothing_else_of_the_key(key, algorithm, members):
    extra = {"x5c": ["MII"], "note": "of the hospital", "signs_from": 5}
    keys = read_own_keys([document(jwk(key, **extra))])
    (shown,) = keys.published()["keys"]
    assert set(shown) == members
    assert not PRIVATE & set(shown)
    assert (shown["kid"], shown["use"], shown["alg"]) == (key.thumbprint(), "sig", algorithm)


def test_what_the_key_signs_is_verified_with_what_is_published():
    keys = read_own_keys([new_key("ES384")[1], new_key("RS384")[1]])
    published = KeySet.import_key_set(keys.published())
    for each in keys.keys:
        signed = sign_assertion(
            each.key, "us", "https://ehr.example.org/token", now=1000.0, new_id=lambda: "once"
        )
        found = jwt.decode(signed, published, algorithms=[each.key.algorithm])
        assert found.header["kid"] == each.id


def test_a_kid_that_is_given_is_kept_in_what_is_signed_and_published():
    keys = read_own_keys([document(jwk(kid="ours-2026"))])
    signed = sign_assertion(keys.keys[0].key, "us", "t", now=1.0, new_id=lambda: "once")
    header = jwt.decode(signed, ELLIPTIC, algorithms=["ES384"]).header
    assert header["kid"] == keys.published()["keys"][0]["kid"] == "ours-2026"


@pytest.mark.parametrize(
    ("moments", "now", "signs"),
    [
        ((0,), 1000, 0),
        ((0, 0), 1000, 1),  # of two without a moment the later file
        ((0, 500), 1000, 1),
        ((0, 2000), 1000, 0),  # published already, signs later
        ((0, 2000), 2000, 1),
        ((900, 500), 1000, 0),
        ((3000, 2000), 1000, 1),  # none is due: the one that will be first
    ],
)
def test_the_newest_key_signs_once_others_have_had_time_to_fetch_it(moments, now, signs):
    made = [new_key("ES384", signs_from=moment) for moment in moments]
    keys = read_own_keys([text for _, text in made])
    assert keys.signing(now).id == made[signs][0]
    assert {each["kid"] for each in keys.published()["keys"]} == {id_ for id_, _ in made}


def test_without_keys_nothing_is_published_and_nothing_signed():
    assert OwnKeys().published() == {"keys": []}
    with pytest.raises(InvalidSetting, match="no key to sign with"):
        OwnKeys().signing(0)


UNFIT = {
    "no JSON": lambda: b"-----BEGIN EC PRIVATE KEY-----",
    "a list": lambda: b"[]",
    "a text": lambda: b'"key"',
    "an empty set": lambda: b'{"keys": []}',
    "no set": lambda: b'{"keys": {"kty": "EC"}}',
    "a set of texts": lambda: b'{"keys": ["secret-marker"]}',
    "a secret": lambda: document(OctKey.generate_key(256).as_dict(private=True)),
    "a public key": lambda: document(ELLIPTIC.as_dict(private=False)),
    "another curve": lambda: document(jwk(ECKey.generate_key("P-521"))),
    "for encryption": lambda: document(jwk(use="enc")),
    "another algorithm": lambda: document(jwk(alg="RS384")),
    "a moment that is none": lambda: document(jwk(signs_from="soon")),
    "one id twice": lambda: document(jwk(kid="a"), jwk(ECKey.generate_key("P-384"), kid="a")),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_a_key_that_cannot_be_used_is_refused_and_not_quoted(kind):
    with pytest.raises(InvalidSetting) as raised:
        read_own_keys([UNFIT[kind]()])
    told = f"{raised.value} {raised.value.mend} {raised.value.__cause__}"
    assert "secret-marker" not in told
    assert jwk()["d"] not in told


def test_a_private_key_is_in_no_representation():
    keys = read_own_keys([document(jwk())])
    for part in ("d", "x"):
        assert jwk()[part] not in f"{keys!r} {keys.keys[0]!r} {keys.keys[0].key!r}"


# Keys of wallet cards


def test_a_key_of_cards_signs_no_assertion_and_is_published_beside_the_others():
    keys = read_own_keys([new_key("ES384")[1], new_key("ES256")[1]])
    (card,), (server,) = keys.cards, keys.keys
    assert keys.signing(0).id == server.id
    assert keys.signing_cards(0).id == card.id == card.key.thumbprint()
    shown = keys.published()["keys"][1]
    assert set(shown) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert (shown["kid"], shown["crv"], shown["alg"]) == (card.id, "P-256", "ES256")


def test_a_retired_key_is_published_in_public_and_signs_no_longer():
    old, new = new_key("ES256"), new_key("ES256", signs_from=900)
    ended = retired(old[1], until=1000)
    assert not PRIVATE & set(json.loads(ended))
    keys = read_own_keys([ended, new[1]])
    assert keys.signing_cards(5000).id == new[0]
    assert {each["kid"] for each in keys.published()["keys"]} == {old[0], new[0]}
    assert keys.card_keys()[old[0]].signs_until == 1000
    with pytest.raises(InvalidSetting, match="sign wallet cards"):
        read_own_keys([ended]).signing_cards(5000)
    assert retired(ended, until=2000) is None  # once
    assert retired(new_key("ES384")[1], until=1) is None  # of another kind


CARD_KEY = ECKey.generate_key("P-256")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"kid": "ours-2026"}, "thumbprint"),
        ({"use": "enc"}, "something else"),
        ({"alg": "ES384"}, "something else"),
        ({"signs_until": "soon"}, "whole number"),
        ({"x": "AA"}, "no JWK"),
    ],
)
def test_a_key_of_cards_that_breaks_the_framework_s_rules_is_refused(members, reason):
    with pytest.raises(InvalidSetting, match=reason) as raised:
        read_own_keys([document(jwk(CARD_KEY, **members))])
    assert jwk(CARD_KEY)["d"] not in f"{raised.value} {raised.value.mend}"


def test_no_private_part_of_a_key_of_cards_is_in_a_representation():
    keys = read_own_keys([document(jwk(CARD_KEY))])
    assert jwk(CARD_KEY)["d"] not in f"{keys!r} {keys.cards[0]!r} {keys.published()}"
