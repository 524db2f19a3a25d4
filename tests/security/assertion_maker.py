"""Makes assertions as a CDS client does, and as a forger would; every key is made for the test."""

import base64
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from fhir_pgx.model.registered import CdsClient, KeySource

NOW = 1_800_000_000.0
ISSUER = "https://ehr.example.org"
JKU = "https://ehr.example.org/.well-known/jwks.json"
AUDIENCE = "https://pgx.example.org/cds-services/pgx-order-sign"
ALGORITHMS = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


@cache
def key_of(algorithm: str, name: str = "a") -> ECKey | RSAKey:
    """A private key for an algorithm; the same for the same name."""
    if algorithm in _CURVES:
        return ECKey.generate_key(_CURVES[algorithm], {"kid": f"{algorithm}-{name}"})
    return RSAKey.generate_key(2048, {"kid": f"{algorithm}-{name}"})


def public(key: Any, **more: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


def source(*algorithms: str) -> KeySource:
    return KeySource(keys=tuple(public(key_of(each)) for each in algorithms or ("ES384",)))


def client(**more: Any) -> CdsClient:
    given = {"name": "main-ehr", "issuer": ISSUER, "key_source": source(), "jku": JKU}
    return CdsClient(**{**given, **more})


@dataclass
class Draft:
    """An assertion before it is signed: change what is to be wrong with it."""

    algorithm: str = "ES384"
    key: Any = None
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)

    def written(self) -> str:
        key = self.key or key_of(self.algorithm)
        header = {"alg": self.algorithm, "typ": "JWT", "kid": key.kid, "jku": JKU}
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "iat": int(NOW), "exp": int(NOW) + 300, "jti": "jti-1",
        }  # fmt: skip
        return signed(
            json.dumps(without_gone({**header, **self.header})),
            json.dumps(without_gone({**claims, **self.claims})),
            key,
            self.algorithm,
        )


GONE = object()


def without_gone(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not GONE}


def assertion(algorithm: str = "ES384", *, key: Any = None, header: Any = (), **claims: Any) -> str:
    """An assertion that holds, but for what is said otherwise; GONE leaves a member out."""
    return Draft(algorithm, key, dict(header), claims).written()


def signed(header: str, claims: str, key: Any, algorithm: str) -> str:
    """A token of these texts, whatever they say, with a true signature."""
    text = f"{part(header)}.{part(claims)}"
    signature = jws.JWSRegistry.algorithms[algorithm].sign(text.encode(), key)
    return f"{text}.{part(signature)}"


def part(content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
