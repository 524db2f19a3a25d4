"""Tokens are read in the one way there is; what a key can check is found out once."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jws

from fhir_pgx.errors import Unauthenticated
from fhir_pgx.security.signed import ALGORITHMS, check_signature, parse_signed, read_public_key

from .assertion_maker import assertion, key_of, part, public, signed

# With nothing to spare, one sixth and one third of a letter of base64url over.
CLAIMS = ['{"iss":"a"}   ', '{"iss":"a"} ', '{"iss":"a"}  ']


def taken(algorithm="ES256", **more):
    found = read_public_key(public(key_of(algorithm), **more))
    assert found is not None
    return found


def sign(head, claims, algorithm="ES256"):
    """A true signature over these texts, which are base64url already."""
    text = f"{head}.{claims}"
    made = jws.JWSRegistry.algorithms[algorithm].sign(text.encode(), key_of(algorithm))
    return f"{text}.{part(made)}"


def head(algorithm="ES256", more=""):
    return part(f'{{"alg":"{algorithm}"{more}}}')


def other_spelling(text):
    """Another text of the same bytes: in what the last letter has to spare stands something."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(text) % 4 in (2, 3), "nothing is to spare"
    return text[:-1] + letters[letters.index(text[-1]) + 1]


@pytest.mark.parametrize("claims", CLAIMS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_true_signature_holds_however_many_letters_its_parts_have(algorithm, claims):
    check_signature(parse_signed(sign(head(algorithm), part(claims), algorithm)), taken(algorithm))


@pytest.mark.parametrize("claims", [each for each in CLAIMS if len(part(each)) % 4])
def test_claims_in_another_spelling_are_refused_although_the_signature_is_true(claims):
    token = parse_signed(sign(head(), other_spelling(part(claims))))
    assert token.claims == {"iss": "a"}
    with pytest.raises(Unauthenticated):
        check_signature(token, taken())


def test_a_header_in_another_spelling_is_refused_although_the_signature_is_true():
    plain = head(more=" ")
    assert len(plain) % 4
    check_signature(parse_signed(sign(plain, part(CLAIMS[0]))), taken())
    with pytest.raises(Unauthenticated):
        check_signature(parse_signed(sign(other_spelling(plain), part(CLAIMS[0]))), taken())


def test_a_signature_in_another_spelling_is_refused():
    token = assertion("ES256")
    check_signature(parse_signed(token), taken())
    with pytest.raises(Unauthenticated):
        check_signature(parse_signed(other_spelling(token)), taken())


def test_a_part_of_a_length_that_no_bytes_have_is_refused():
    token = assertion("ES384")
    assert len(token.rpartition(".")[2]) % 4 == 0
    with pytest.raises(Unauthenticated):
        check_signature(parse_signed(f"{token}A"), taken("ES384"))


@pytest.mark.parametrize("more", [',"x5c":"MIIB"', ',"jwk":"none"', ',"typ":7', ',"kid":["k"]'])
def test_a_header_whose_members_are_of_another_kind_is_refused(more):
    with pytest.raises(Unauthenticated):
        check_signature(parse_signed(sign(head(more=more), part(CLAIMS[0]))), taken())


def test_a_header_that_is_kept_for_the_next_token_cannot_be_changed():
    one, other = parse_signed(assertion(jti="1")), parse_signed(assertion(jti="2"))
    assert one.header is other.header
    with pytest.raises(TypeError):
        one.header["kid"] = "another"
    one.claims["jti"] = "3"
    assert parse_signed(assertion(jti="1")).claims["jti"] == "1"


def test_what_a_header_demands_is_refused_each_time():
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            parse_signed(sign(head(more=',"crit":["exp"]'), part(CLAIMS[0])))


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512"])
@pytest.mark.parametrize("change", [lambda r, s: (s, r), lambda r, s: (0, s), lambda r, s: (r, 0)])
def test_other_numbers_than_those_that_were_signed_are_refused(algorithm, change):
    key = key_of(algorithm)
    text = f"{head(algorithm)}.{part(CLAIMS[0])}"
    hashed = {"ES256": hashes.SHA256, "ES384": hashes.SHA384, "ES512": hashes.SHA512}[algorithm]
    numbers = decode_dss_signature(key.private_key.sign(text.encode(), ECDSA(hashed())))
    length = (key.public_key.key_size + 7) // 8

    def written(r, s, length=length):
        return f"{text}.{part(r.to_bytes(length, 'big') + s.to_bytes(length, 'big'))}"

    check_signature(parse_signed(written(*numbers)), taken(algorithm))
    # One zero more before each: the same numbers, in a length that the curve does not have.
    for forged in (written(*change(*numbers)), written(*numbers, length=length + 1)):
        with pytest.raises(Unauthenticated):
            check_signature(parse_signed(forged), taken(algorithm))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_fits_its_own_kind_alone(algorithm):
    kind = algorithm if algorithm.startswith("ES") else "RSA"
    fitting = [each for each in ALGORITHMS if taken(algorithm).fits(each)]
    assert fitting == [each for each in ALGORITHMS if kind in (each, "RSA" * (each[0] != "E"))]
    for other in ("none", "HS256", "EdDSA", "", "es384"):
        assert not taken(algorithm).fits(other)


def test_a_key_that_says_its_algorithm_fits_no_other():
    key = taken("PS384", alg="PS384")
    assert [each for each in ALGORITHMS if key.fits(each)] == ["PS384"]
    token = signed('{"alg":"PS256"}', "{}", key_of("PS384"), "PS256")
    with pytest.raises(Unauthenticated) as refused:
        check_signature(parse_signed(token), key)
    assert "algorithm" in refused.value.text
