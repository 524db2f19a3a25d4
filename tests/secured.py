"""A server that asks who calls, and credentials that hold: for tests of what callers may do.

Every key, client and patient is made for the test.
"""

import json
import time
import uuid
from functools import cache
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from fhir_pgx.settings import Settings
from fhir_pgx.web.app import create_app

BASE = "https://pgx.example.org"
FHIR = f"{BASE}/fhir"
EHR = "https://ehr.example.org"
AUTH = "https://auth.example.org"
ACCESS = """
[[cds_clients]]
name = "main-ehr"
issuer = "https://ehr.example.org"
keys_file = "ehr.json"
may_break_glass = true
tenants = { "" = "", north = "north", south = "south" }

[[cds_clients]]
name = "other-ehr"
issuer = "https://other.example.org"
keys_file = "other.json"

[[token_issuers]]
name = "hospital"
issuer = "https://auth.example.org"
keys_file = "auth.json"
glass_breakers = ["emergency-app"]

[[token_issuers]]
name = "north"
issuer = "https://north.example.org"
keys_file = "north.json"
tenant = "north"
"""
_FILES = {"ehr.json": EHR, "other.json": "https://other.example.org", "auth.json": AUTH,
          "north.json": "https://north.example.org"}  # fmt: skip


@cache
def key_of(issuer: str) -> ECKey:
    return ECKey.generate_key("P-384", {"kid": f"key-of-{issuer}", "use": "sig"})


def register(folder: Path, text: str = ACCESS) -> str:
    """The path of an access file with the public keys beside it."""
    for name, issuer in _FILES.items():
        keys = {"keys": [key_of(issuer).as_dict(private=False)]}
        (folder / name).write_text(json.dumps(keys))
    file = folder / "access.toml"
    file.write_text(text)
    return str(file)


def signed(issuer: str, claims: dict[str, Any], typ: str) -> str:
    key = key_of(issuer)
    header = {"alg": "ES384", "typ": typ, "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=["ES384"])


class Secured:
    """A server and its callers, over Flask's test client."""

    def __init__(self, folder: Path, access: str = ACCESS, **more: Any) -> None:
        settings = Settings(
            base_url=BASE,
            database=f"sqlite:///{folder / 'store.db'}",
            access=register(folder, access),
            **more,
        )
        self.app = create_app(settings)
        self.site = self.app.extensions["fhir_pgx"]
        self.http = self.app.test_client()

    def token(self, scope: str, patient: str = "", *, issuer: str = AUTH, **claims: Any) -> str:
        """An access token that holds for five minutes."""
        now = int(time.time())
        found = {
            "iss": issuer, "aud": FHIR, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4()),
            "sub": "somebody", "client_id": "an-app", "scope": scope, **claims,
        }  # fmt: skip
        if patient:
            found["patient"] = patient
        return signed(issuer, found, "at+jwt")

    def assertion(self, path: str, *, issuer: str = EHR, **claims: Any) -> str:
        """A CDS client's assertion for one call of an address."""
        now = int(time.time())
        found = {"iss": issuer, "aud": f"{BASE}{path}", "iat": now, "exp": now + 300,
                 "jti": str(uuid.uuid4()), **claims}  # fmt: skip
        return signed(issuer, found, "JWT")

    def call(
        self, method: str, path: str, token: str = "", *, json: Any = None, **headers: str
    ) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        return self.http.open(path, method=method, json=json, headers=sent)

    def fill(self, *resources: dict[str, Any], tenant: str = "") -> None:
        """Store resources as a system that may do everything."""
        issuer = "https://north.example.org" if tenant == "north" else AUTH
        entries = [
            {
                "resource": each,
                "request": {"method": "PUT", "url": f"{each['resourceType']}/{each['id']}"},
            }
            for each in resources
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = self.call(
            "POST", "/fhir", self.token("system/*.cruds", issuer=issuer), json=bundle
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
