"""An EHR that is not ours, on a socket of this machine: a FHIR server and its authorization server.

It approves everybody, and holds one synthetic patient. `status` makes a type fail, `granted` adds
to its token answers, `asked` is what came.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

LOINC = "http://loinc.org"
PATIENT = {"reference": "Patient/p1"}


def genotype(gene, text, **members):
    return {
        "resourceType": "Observation", "id": f"synthetic-{gene}", "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "84413-4"}]}, "subject": PATIENT,
        "effectiveDateTime": "2024-05-02", "valueCodeableConcept": {"text": text},
        "component": [{"code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
                       "valueCodeableConcept": {"text": gene}}],
        **members,
    }  # fmt: skip


def order(text, **members):
    return {
        "resourceType": "MedicationRequest", "id": f"order-{text.split()[0]}", "status": "active",
        "intent": "order", "subject": PATIENT, "medicationCodeableConcept": {"text": text},
        **members,
    }  # fmt: skip


def person(**members):
    return {
        "resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1958-04-12",
        "name": [{"use": "old", "text": "Former Name"}, {"given": ["Synthetic", "Ada"],
                 "family": "Example"}],
        **members,
    }  # fmt: skip


def usual():
    """A patient with one result that matters, and two medicines."""
    return [person(), genotype("CYP2C19", "*2/*2"), order("clopidogrel"), order("metformin")]


class ForeignEhr:
    def __init__(self, resources=()):
        self.resources = list(resources) or usual()
        self.key = ECKey.generate_key("P-384", {"kid": "k1"})
        self.asked, self.codes = [], {}
        self.status, self.granted = {}, {}
        ehr = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                ehr.answer(self, "")

            def do_POST(self):
                ehr.answer(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def access(self, folder, more=""):
        """The path of an access file that registers it."""
        file = folder / "foreign.toml"
        file.write_text(
            f'[[launch_issuers]]\nname = "ehr"\nissuer = "{self.base}/fhir"\n'
            f'client_id = "our-client"\nis_private = true\n{more}'
        )
        file.chmod(0o600)
        return str(file)

    def answer(self, handler, body):
        parts = urlsplit(handler.path)
        self.asked.append((handler.command, handler.path, dict(handler.headers)))
        said, status, headers = self.said(parts, body)
        written = json.dumps(said).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Type", "application/fhir+json")
        handler.send_header("Content-Length", str(len(written)))
        handler.end_headers()
        handler.wfile.write(written)

    def said(self, parts, body):
        match parts.path:
            case "/fhir/.well-known/smart-configuration":
                return self.discovery(), 200, {}
            case "/keys":
                return KeySet([self.key]).as_dict(private=False), 200, {}
            case "/authorize":
                return {}, 302, {"Location": self.approved(dict(parse_qsl(parts.query)))}
            case "/token":
                return self.token(dict(parse_qsl(body))), 200, {}
        return *self.fhir(parts), {}

    def discovery(self):
        return {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "jwks_uri": f"{self.base}/keys",
            "code_challenge_methods_supported": ["S256"],
        }

    def approved(self, asked):
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form):
        asked = self.codes.pop(form["code"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert asked["code_challenge"] == challenge
        now = time.time()
        claims = {
            "iss": self.base, "sub": "u1", "aud": asked["client_id"], "iat": now, "exp": now + 300,
            "nonce": asked.get("nonce"), "fhirUser": f"{self.base}/fhir/Practitioner/dr-1",
        }  # fmt: skip
        signed = jwt.encode({"alg": "ES384", "kid": "k1"}, claims, self.key, algorithms=["ES384"])
        return {
            "access_token": "access-marker", "token_type": "Bearer", "expires_in": 300,
            "patient": "p1", "scope": asked["scope"], "id_token": signed,
        } | self.granted  # fmt: skip

    def fhir(self, parts):
        type_, _, id_ = parts.path.removeprefix("/fhir/").partition("/")
        if status := self.status.get(type_, self.status.get("*")):
            return {"resourceType": "OperationOutcome", "issue": []}, status
        mine = [each for each in self.resources if each["resourceType"] == type_]
        if id_:
            found = next((each for each in mine if each["id"] == id_), None)
            return (found, 200) if found else ({"resourceType": "OperationOutcome"}, 404)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if codes := asked.get("code"):
            wanted = set(codes.split(","))
            mine = [e for e in mine if wanted & {c["code"] for c in e["code"].get("coding", ())}]
        entries = [{"resource": each, "search": {"mode": "match"}} for each in mine]
        total = len(entries)
        return {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": total,
            "entry": entries,
        }, 200
