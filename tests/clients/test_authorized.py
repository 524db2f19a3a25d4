"""Sessions of SMART's own clients that must authorize themselves first, without a browser."""

import http.client
import json
import re
import time
import urllib.request
from contextlib import closing
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.clients.conftest import patients
from tests.running_server import running_server

BACK = "http://127.0.0.1:9000/callback"
LAUNCH = "http://127.0.0.1:9000/launch"
KEY = ECKey.generate_key("P-384", {"kid": "k1"})


def sent(url, body, media="application/json", **headers):
    """The JSON that a POST answers."""
    request = urllib.request.Request(url, body, {"Content-Type": media, **headers})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def register(at, **asked):
    return sent(f"{at}/register", json.dumps(asked).encode())["client_id"]


def backend_token(at):
    """The token of a backend service that may do everything."""
    id_ = register(at, jwks={"keys": [KEY.as_dict(private=False)]})
    claims = {
        "iss": id_,
        "sub": id_,
        "aud": f"{at}/token",
        "exp": int(time.time()) + 200,
        "jti": "the-only-one",
    }
    signed = jwt.encode(
        {"alg": "ES384", "kid": "k1", "typ": "JWT"}, claims, KEY, algorithms=["ES384"]
    )
    form = {
        "grant_type": "client_credentials",
        "scope": "system/*.cruds",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": signed,
    }
    found = sent(f"{at}/token", urlencode(form).encode(), "application/x-www-form-urlencoded")
    return found["access_token"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """The address of a server that asks for tokens, with the synthetic patients in it."""
    with running_server(tmp_path_factory.mktemp("guarded"), demo_authorization="on") as origin:
        token = backend_token(f"{origin}/demo-authorization")
        body = json.dumps(patients()).encode()
        media, bearer = "application/fhir+json", f"Bearer {token}"
        sent(f"{origin}/fhir", body, media, Authorization=bearer)
        yield origin


@pytest.fixture(scope="module")
def app_id(guarded):
    return register(
        f"{guarded}/demo-authorization", redirect_uris=[BACK], launch_url=LAUNCH, client_name="app"
    )


class Browser:
    """As much of one as a launch needs: one server, its cookies, and no redirect followed."""

    def __init__(self, origin):
        self.origin, self.cookie = origin, ""

    def ask(self, method, url, form=None):
        """The text of the answer, and the address that it leads to."""
        parts = urlsplit(url)
        headers = {"Cookie": self.cookie, "Origin": self.origin} if form else {}
        body = urlencode(form) if form else None
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(http.client.HTTPConnection(parts.netloc, timeout=30)) as connection:
            connection.request(method, f"{parts.path}?{parts.query}", body, headers)
            answer = connection.getresponse()
            self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
            return answer.read().decode(), answer.getheader("Location")

    def fill(self, page, **more):
        """What its form leads to, sent with these fields."""
        hidden = dict(re.findall(r'type="?hidden"? name="?(\w+)"? value="([^"]*)"', page))
        (action,) = re.findall(r'action="([^"]+)"', page)
        _, where = self.ask("POST", action, {**hidden, **more})
        return where


def settings(guarded, app_id, **more):
    return {
        "app_id": app_id,
        "api_base": f"{guarded}/fhir",
        "redirect_uri": BACK,
        "scope": "openid fhirUser offline_access patient/*.read",
        **more,
    }


def read_as_the_app(smart):
    """The patient's results, and what an attempt at another patient's answers."""
    from fhirclient.models.observation import Observation
    from fhirclient.models.patient import Patient
    from fhirclient.server import FHIRNotFoundException

    assert smart.ready
    assert smart.patient.id == smart.patient_id
    assert Patient.read("p1", smart.server).name[0].given == ["Ada"]
    found = list(Observation.where({}).perform_resources_iter(smart.server))
    for other in (("p2", Patient), ("g01", Observation)):
        with pytest.raises(FHIRNotFoundException):
            other[1].read(other[0], smart.server)
    return {each.subject.reference for each in found}, len(found)


def test_the_python_client_launches_itself_and_sees_one_patient(guarded, app_id):
    client = pytest.importorskip("fhirclient.client")
    smart = client.FHIRClient(
        settings=settings(
            guarded, app_id, scope="openid fhirUser launch/patient offline_access patient/*.read"
        )
    )
    assert not smart.ready
    browser = Browser(guarded)
    page, _ = browser.ask("GET", smart.authorize_url)
    smart.handle_callback(browser.fill(page, patient="p1", answer="allow"))
    assert read_as_the_app(smart) == ({"Patient/p1"}, 4)
    assert smart.reauthorize()
    assert read_as_the_app(smart) == ({"Patient/p1"}, 4)


def test_the_python_client_is_launched_from_an_ehr(guarded, app_id):
    client = pytest.importorskip("fhirclient.client")
    browser = Browser(guarded)
    page, _ = browser.ask("GET", f"{guarded}/demo-authorization/")
    launched = browser.fill(page, app=app_id, patient="p1")
    assert launched.startswith(LAUNCH)
    launch = re.search(r"launch=([\w-]+)", launched)[1]
    smart = client.FHIRClient(
        settings=settings(
            guarded, app_id, launch_token=launch, scope="openid fhirUser launch patient/*.read"
        )
    )
    _, where = browser.ask("GET", smart.authorize_url)
    smart.handle_callback(where)
    assert read_as_the_app(smart) == ({"Patient/p1"}, 4)


def test_the_python_client_cannot_use_a_code_that_was_given_to_another(guarded, app_id):
    """A code that was caught on its way is worth nothing without the verifier."""
    client = pytest.importorskip("fhirclient.client")
    scope = "launch/patient patient/*.read"
    owner = client.FHIRClient(settings=settings(guarded, app_id, scope=scope))
    browser = Browser(guarded)
    page, _ = browser.ask("GET", owner.authorize_url)
    caught = browser.fill(page, patient="p1", answer="allow")
    thief = client.FHIRClient(settings=settings(guarded, app_id, scope=scope))
    assert thief.authorize_url
    thief.server.auth.auth_state = owner.server.auth.auth_state
    with pytest.raises(requests.HTTPError, match="400"):
        thief.handle_callback(caught)
    assert not thief.ready


def test_the_javascript_client_authorizes_itself_with_pkce(node, guarded, app_id):
    assert node("smart-authorized.js", f"{guarded}/fhir", app_id, BACK) == {
        "challenge": "S256",
        "patient": "p1",
        "user": "Practitioner/demo",
        "results": 4,
        "others": 0,
        "anothers": 404,
        "written": 403,
        "refreshed": True,
        "again": 4,
    }


def test_without_a_token_nothing_is_read(guarded):
    with closing(http.client.HTTPConnection(urlsplit(guarded).netloc, timeout=30)) as connection:
        connection.request("GET", "/fhir/Patient/p1")
        assert connection.getresponse().status == 401
