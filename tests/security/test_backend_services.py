"""The client assertion of SMART Backend Services, and the keys that may sign it."""

import json

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from fhir_pgx.errors import InvalidSetting
from fhir_pgx.security.backend_services import read_key, sign_assertion

TOKEN_URL = "https://ehr.example.org/token"


def private(key):
    return json.dumps(key.as_dict(private=True)).encode()


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_the_assertion_says_who_asks_and_verifies_with_the_public_key(algorithm):
    key = RSAKey.generate_key(2048) if algorithm == "RS384" else ECKey.generate_key("P-384")
    signed = sign_assertion(
        read_key(private(key)), "our-client", TOKEN_URL, now=1000.5, new_id=lambda: "once"
    )
    public = type(key).import_key(key.as_dict(private=False))
    found = jwt.decode(signed, public, algorithms=[algorithm])
    assert found.header["kid"] == key.thumbprint()
    assert found.claims == {
        "iss": "our-client",
        "sub": "our-client",
        "aud": TOKEN_URL,
        "exp": 1240,
        "iat": 1000,
        "jti": "once",
    }


UNFIT = {
    "text": lambda: b"not a key",
    "a list": lambda: b"[]",
    "nothing": lambda: b"{}",
    "a shared secret": lambda: private(OctKey.generate_key(256)),
    "another curve": lambda: private(ECKey.generate_key("P-256")),
    "a short RSA key": lambda: private(RSAKey.generate_key(1024)),
    "a public key": lambda: json.dumps(ECKey.generate_key("P-384").as_dict(private=False)).encode(),
}


@pytest.mark.filterwarnings("ignore:Key size")
@pytest.mark.parametrize("kind", UNFIT)
def test_a_key_that_may_not_sign_is_refused_and_not_quoted(kind):
    text = UNFIT[kind]()
    with pytest.raises(InvalidSetting) as raised:
        read_key(text)
    assert text.decode() not in str(raised.value)
