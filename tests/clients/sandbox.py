"""The public CDS Hooks Sandbox as a client, without its page: what running it in a browser showed.

`Browser` does what a browser does around every request of a script: the preflight, the check of the
CORS headers, the cache. `Sandbox` does what the page does, in its order. The patients are
synthetic; the key is made for the test, where the real one is public.
"""

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import ECKey

ORIGIN = "http://localhost:8080"
ISSUER = "https://sandbox.cds-hooks.org"
KEY = ECKey.generate_key("P-384", {"kid": "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f"})
OLD_JSON = "application/json+fhir"
_SIMPLE = ("GET", "HEAD", "POST")
_SAFE_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


class Blocked(Exception):
    """The browser keeps the answer from the page's script."""


class Browser:
    """Requests as a script of a page at `origin` makes them. `seen` is what went out: method, path,
    whether it was a preflight."""

    def __init__(self, origin: str = ORIGIN) -> None:
        self.origin = origin
        self.seen: list[tuple[str, str]] = []
        self._http = requests.Session()
        self._http.trust_env = False
        self._cache: dict[str, tuple[str, requests.Response]] = {}

    def fetch(self, method: str, url: str, **sent: Any) -> requests.Response:
        """Raises Blocked where a browser would not let the script have the answer."""
        headers = {name.lower(): value for name, value in sent.pop("headers", {}).items()}
        if self._is_preflighted(method, headers):
            self._ask_leave(method, url, headers)
        kept = self._cache.get(url) if method == "GET" else None
        if kept:
            headers["if-none-match"] = kept[0]
        answer = self._send(method, url, {**headers, "origin": self.origin}, **sent)
        self._check_origin(answer)
        if answer.status_code == 304 and kept:
            return kept[1]
        if method == "GET" and answer.status_code == 200 and "ETag" in answer.headers:
            self._cache[url] = answer.headers["ETag"], answer
        return answer

    def _send(self, method: str, url: str, headers: dict[str, str], **sent: Any) -> Any:
        parts = urlsplit(url)
        self.seen.append((method, f"{parts.path}?{parts.query}" if parts.query else parts.path))
        return self._http.request(
            method, url, headers=headers, timeout=30, allow_redirects=False, **sent
        )

    def _is_preflighted(self, method: str, headers: dict[str, str]) -> bool:
        return method not in _SIMPLE or bool(self._unsafe(headers))

    def _unsafe(self, headers: dict[str, str]) -> list[str]:
        """The headers that no script may send without leave (Fetch, CORS-safelisted headers)."""
        unsafe = sorted(headers.keys() - {"accept", "accept-language", "content-type"})
        media = headers.get("content-type", "").partition(";")[0]
        return [*unsafe, "content-type"] if media and media not in _SAFE_TYPES else unsafe

    def _ask_leave(self, method: str, url: str, headers: dict[str, str]) -> None:
        unsafe = self._unsafe(headers)
        asked = {
            "origin": self.origin,
            "access-control-request-method": method,
            "access-control-request-headers": ",".join(unsafe),
        }
        answer = self._send("OPTIONS", url, asked)
        self._check_origin(answer)
        if not 200 <= answer.status_code < 300:
            raise Blocked(f"the preflight was answered with {answer.status_code}")
        methods = _listed(answer, "Access-Control-Allow-Methods")
        if method.lower() not in methods and method not in _SIMPLE:
            raise Blocked(f"{method} is not allowed")
        missing = set(unsafe) - _listed(answer, "Access-Control-Allow-Headers")
        if missing:
            raise Blocked(f"headers are not allowed: {missing}")

    def _check_origin(self, answer: requests.Response) -> None:
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        if allowed not in ("*", self.origin):
            raise Blocked(f"the origin is not allowed: {allowed}")


def _listed(answer: requests.Response, name: str) -> set[str]:
    return {each.strip().lower() for each in answer.headers.get(name, "").split(",")}


class Sandbox:
    """The page. `order` is the one draft of its form, `card_lists` every answer so far."""

    def __init__(self, browser: Browser, discovery: str, fhir: str, patient_id: str) -> None:
        self.browser, self.discovery, self.fhir = browser, discovery, fhir
        self.patient_id = patient_id
        self.services: list[Any] = []
        self.release, self.problems, self.patient = "", list[Any](), dict[str, Any]()
        self.drug: Any = None
        self.failed_keys: list[str] = []
        self.launch_statuses: list[int] = []

    def start(self) -> None:
        """Loads the FHIR server, the patient and the services, as when the page is opened."""
        metadata = self._read("metadata", accept="application/json")
        self.release = metadata["fhirVersion"]
        assert self._get("Patient").status_code != 401
        self.patient = self._read(f"Patient/{self.patient_id}")
        assert self.patient["name"][0]["given"]  # else the page crashes
        bundle = self._read(f"Condition?patient={self.patient_id}")
        if bundle.get("total", 0) > 0:
            self.problems = [
                (each["resource"]["code"]["coding"][0]["code"], each["resource"]["code"]["text"])
                for each in bundle["entry"]
            ]
        answer = self.browser.fetch(
            "GET", self.discovery, headers=self._signed(self.discovery) | {"accept": "*/*"}
        )
        assert answer.status_code == 200
        self.services = answer.json()["services"]

    def fire(self, hook: str) -> list[tuple[Any, Any]]:
        """Every service on the hook; pairs of service and answer. A dead one shows no cards."""
        shown = []
        for service in self.services:
            if service["hook"] != hook:
                continue
            url = f"{self.discovery}/{service['id']}"
            body = self._body(hook, self._prefetch(service))
            answer = self._post(url, body)
            if answer.status_code == 200:
                cards = answer.json()
                self._launch_links(cards.get("cards", []))
                shown.append((service, cards))
        return shown

    def choose(self, code: str, text: str) -> list[tuple[Any, Any]]:
        """A drug is typed and picked from the list: a product, never an ingredient."""
        self.drug = {"text": text, "coding": [{"code": code, "system": RXNORM, "display": text}]}
        return self.fire("order-select")

    def click(self, service: Any, card: Any, suggestion: Any) -> list[tuple[Any, Any]]:
        """A suggestion is taken: feedback, the first usable action, and the hook again."""
        self._feedback(service, card, {
            "outcome": "accepted",
            "acceptedSuggestions": [{"id": suggestion["uuid"]}],
        })  # fmt: skip
        self._apply(suggestion.get("actions", []))
        return self.fire("order-select")

    def override(self, service: Any, card: Any, reason: Any = None) -> int:
        override = {"outcome": "overridden"}
        if reason:
            coding = {"code": reason["code"], "system": reason["system"]}
            override["overrideReason"] = {"reason": coding}
        return self._feedback(service, card, override)

    def _apply(self, actions: list[Any]) -> None:
        """Only the first usable action counts; after a delete nothing is created."""
        for action in actions:
            if action["type"] == "delete":
                self.drug = None
                return
            concept = action["resource"].get("medicationCodeableConcept", {})
            if concept.get("text") and concept.get("coding", [{}])[0].get("code"):
                self.drug = concept
                return

    def _feedback(self, service: Any, card: Any, said: dict[str, Any]) -> int:
        url = f"{self.discovery}/{service['id']}/feedback"
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        item = {"card": card["uuid"], **said, "outcomeTimestamp": when}
        return self._post(url, {"feedback": [item]}).status_code

    def _body(self, hook: str, prefetch: dict[str, Any]) -> dict[str, Any]:
        context: dict[str, Any] = {
            "patientId": self.patient_id, "userId": "Practitioner/COREPRACTITIONER1",
        }  # fmt: skip
        if hook != "patient-view":
            drafts = {"resourceType": "Bundle", "entry": [{"resource": self._order()}]}
            context["draftOrders"] = drafts
        if hook == "order-select":
            context["selections"] = ["MedicationRequest/request-123"]
        body = {
            "hookInstance": str(uuid.uuid4()), "hook": hook,
            "fhirServer": self.fhir, "context": context,
        }  # fmt: skip
        return {**body, "prefetch": prefetch} if prefetch else body

    def _order(self) -> dict[str, Any]:
        """The form: an object for `category`, and without a drug neither that nor an intent."""
        order: dict[str, Any] = {
            "resourceType": "MedicationRequest", "id": "request-123", "status": "draft",
            "subject": {"reference": f"Patient/{self.patient_id}"}, "authoredOn": "2026-11-23",
        }  # fmt: skip
        if self.drug is None:
            return order
        pill = {"value": 1, "system": "http://unitsofmeasure.org", "code": "{pill}"}
        return {
            **order,
            "intent": "order",
            "category": {"coding": [{"code": "outpatient"}]},
            "medicationCodeableConcept": self.drug,
            "dosageInstruction": [{"doseAndRate": [{"doseQuantity": pill}]}],
            "dispenseRequest": {"validityPeriod": {"start": "2026-11-23"}},
        }

    def _prefetch(self, service: Any) -> dict[str, Any]:
        """Each template; a key that failed is left out."""
        found = {}
        for key, template in service.get("prefetch", {}).items():
            query = template.replace("{{context.patientId}}", self.patient_id)
            answer = self._prefetched(query)
            if answer.status_code == 200:
                found[key] = answer.json()
            else:
                self.failed_keys.append(key)
        return found

    def _prefetched(self, query: str) -> requests.Response:
        """A read by GET; a search by POST with its parameters in order, and by GET if that fails"""
        path, mark, text = query.partition("?")
        if not mark:
            return self._get(query)
        form = urlencode(sorted(parse_qsl(text)))
        headers = {"accept": OLD_JSON, "content-type": _SAFE_TYPES[0]}
        url = f"{self.fhir}/{path}/_search"
        answer = self.browser.fetch("POST", url, headers=headers, data=form)
        return answer if answer.status_code == 200 else self._get(query)

    def _launch_links(self, cards: list[Any]) -> None:
        """Asks for a launch for each smart link; refused, the link is shown and does nothing."""
        for link in self._smart_links(cards):
            url = f"{self.fhir}/_services/smart/Launch"
            parameters = {"patient": self.patient_id, "appContext": link.get("appContext", "")}
            body = {"launchUrl": link["url"], "parameters": parameters}
            headers = {"content-type": "application/json", "accept": "application/json"}
            answer = self.browser.fetch("POST", url, headers=headers, data=json.dumps(body))
            self.launch_statuses.append(answer.status_code)

    def _smart_links(self, cards: list[Any]) -> Iterator[Any]:
        for card in cards:
            yield from (each for each in card.get("links", []) if each["type"] == "smart")

    def _get(self, query: str, accept: str = OLD_JSON) -> requests.Response:
        return self.browser.fetch("GET", f"{self.fhir}/{query}", headers={"accept": accept})

    def _read(self, query: str, accept: str = OLD_JSON) -> Any:
        answer = self._get(query, accept)
        assert answer.status_code == 200, (query, answer.status_code)
        return answer.json()

    def _post(self, url: str, body: Any) -> requests.Response:
        headers = {"content-type": "application/json", "accept": "application/json"}
        return self.browser.fetch(
            "POST", url, headers=headers | self._signed(url), data=json.dumps(body)
        )

    def _signed(self, url: str) -> dict[str, str]:
        """A token for this one address, as the page signs every call of a CDS service."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": url, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
        header = {
            "alg": "ES384", "typ": "JWT", "kid": KEY.kid,
            "jku": f"{ISSUER}/.well-known/jwks.json",
        }  # fmt: skip
        return {"authorization": f"Bearer {jwt.encode(header, claims, KEY, algorithms=['ES384'])}"}


RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
