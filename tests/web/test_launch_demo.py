"""Our app, launched over real HTTP by the demonstration's EHR, by everything that a person does."""

import base64
import hashlib
import re
import threading
from contextlib import closing
from html import unescape
from urllib.parse import parse_qs, parse_qsl, urljoin, urlsplit

import pytest
import requests
from werkzeug.serving import make_server

from fhir_pgx.settings import Settings
from fhir_pgx.storage import FeedbackItem, IssuedCard, NewResource
from fhir_pgx.web.app import create_app
from tests.running_server import free_port


@pytest.fixture
def base(pipeline, store):
    """The address of a demonstration with one synthetic patient."""
    body = b'{"resourceType":"Patient","id":"p1","name":[{"text":"Test Patient"}]}'
    store.save_bundle([NewResource("Patient", "p1", body, "p1")])
    port = free_port()
    app = create_app(
        Settings(port=port, demo_authorization="on", workers=1), pipeline=pipeline, store=store
    )
    running = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{port}"
    running.shutdown()
    running.server_close()


class Browser(requests.Session):
    """Goes where it is sent, and sends forms as a browser does."""

    def send_form(self, page, base, **fields):
        inputs = re.findall(r'name="?(\w+)"? value="([^"]*)"', page.text)
        hidden = {
            name: unescape(value) for name, value in inputs if name in ("csrf_token", "ticket")
        }
        action = unescape(re.search(r'action="([^"]*)"', page.text)[1])
        headers = {"Origin": base}
        return self.post(urljoin(page.url, action), data=hidden | fields, headers=headers)


@pytest.fixture
def browser():
    with closing(Browser()) as made:
        made.trust_env = False
        yield made


def launched(browser, base):
    """The page at which a launch from the demonstration's EHR ends."""
    start = browser.get(f"{base}/demo-authorization/")
    app = re.search(r'name=app value="([^"]*)"', start.text)[1]
    return browser.send_form(start, base, app=app, patient="p1")


def test_the_demonstration_launches_our_app_for_the_patient_that_was_chosen(browser, base):
    page = launched(browser, base)
    assert page.status_code == 200, page.text
    assert urlsplit(page.url).path == "/app"
    assert "<dd>p1</dd>" in page.text
    way = [urlsplit(each.url).path for each in page.history]
    assert way == [
        "/demo-authorization/launch",
        "/app/launch",
        "/demo-authorization/authorize",
        "/app/callback",
    ]


def test_a_launch_may_begin_at_our_app_and_a_patient_is_chosen_then(browser, base):
    choice = browser.get(f"{base}/app/launch")
    assert urlsplit(choice.url).path == "/demo-authorization/authorize"
    page = browser.send_form(choice, base, answer="allow", patient="p1")
    assert "<dd>p1</dd>" in page.text


def test_the_way_back_is_good_for_one_browser_once(browser, base):
    page = launched(browser, base)
    (callback,) = [each.url for each in page.history if "/app/callback" in each.url]
    assert set(dict(parse_qsl(urlsplit(callback).query))) >= {"code", "state"}
    assert browser.get(callback).status_code == 400
    with closing(Browser()) as other:
        other.trust_env = False
        assert other.get(callback).status_code == 400
        assert "Not launched" in other.get(page.url).text


def test_a_person_who_says_no_is_told_so_and_nothing_is_opened(browser, base):
    choice = browser.get(f"{base}/app/launch")
    answer = browser.send_form(choice, base, answer="deny", patient="p1")
    assert answer.status_code == 400
    assert "access_denied" in answer.text
    assert not [each for each in browser.cookies if each.name.startswith("fhir_pgx_app_")]


def test_a_logout_ends_the_session(browser, base):
    page = launched(browser, base)
    handle = dict(parse_qsl(urlsplit(page.url).query))["session"]
    answer = browser.send_form(page, base, session=handle)
    assert answer.status_code == 200
    assert "Not launched" in browser.get(page.url).text


def test_the_page_tells_of_the_cards_of_before_and_what_was_done(browser, base, store):
    store.record_cards(
        [
            IssuedCard("c1", "T", ("r",), "order-sign", "s", "p1", indicator="warning",
                       source="CPIC", drug="clopidogrel"),
            IssuedCard("c2", "T", ("r",), "order-sign", "s", "p2", drug="codeine"),
        ]
    )  # fmt: skip
    told = FeedbackItem("c1", "overridden", "2026-11-23T10:04:00Z", reason_code="will-monitor")
    store.record_feedback([told])
    text = launched(browser, base).text
    history = text.partition('id="history"')[2]
    assert "clopidogrel" in history
    assert "Overridden: will-monitor, 2026-11-23 10:04 UTC" in history
    assert "codeine" not in history


# The way of the public CDS Hooks sandbox: a launch id asked of the FHIR server


def ask_launch(base, token, body):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{base}/fhir/_services/smart/Launch"
    return requests.post(url, json=body, headers=headers, timeout=10)


def token_for(base, scope, **chosen):
    """An access token of the demonstration, for a client that registers itself."""
    where = "http://localhost:9111/back"
    client = requests.post(
        f"{base}/demo-authorization/register",
        json={"redirect_uris": [where], "token_endpoint_auth_method": "none"},
        timeout=10,
    ).json()["client_id"]
    verifier = "v" * 43
    digest = hashlib.sha256(verifier.encode()).digest()
    with closing(Browser()) as browser:
        browser.trust_env = False
        asked = {
            "response_type": "code", "client_id": client, "redirect_uri": where, "state": "s",
            "scope": scope, "aud": f"{base}/fhir", "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }  # fmt: skip
        choice = browser.get(f"{base}/demo-authorization/authorize", params=asked)
        inputs = re.findall(r'name="?(\w+)"? value="([^"]*)"', choice.text)
        fields = {n: unescape(v) for n, v in inputs if n in ("csrf_token", "ticket")}
        sent = browser.post(
            f"{base}/demo-authorization/choose",
            data=fields | {"answer": "allow"} | chosen,
            headers={"Origin": base},
            allow_redirects=False,
        )
    code = parse_qs(urlsplit(sent.headers["Location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "client_id": client,
            "redirect_uri": where, "code_verifier": verifier}  # fmt: skip
    answer = requests.post(f"{base}/demo-authorization/token", data=form, timeout=10)
    return answer.json()["access_token"]


def test_a_launch_id_carries_the_patient_and_what_the_card_s_link_says(browser, base):
    token = token_for(base, "user/*.rs")
    body = {"launchUrl": f"{base}/app/launch",
            "parameters": {"patient": "p1", "appContext": "drug-codeine"}}  # fmt: skip
    answer = ask_launch(base, token, body)
    assert answer.status_code == 200
    page = browser.get(f"{base}/app/launch?iss={base}/fhir&launch={answer.json()['launch_id']}")
    assert "<dd>p1</dd>" in page.text
    (callback,) = [each for each in page.history if "/app/callback" in each.url]
    assert callback.headers["Location"].endswith("#drug-codeine")


def test_nobody_gets_a_launch_id_without_a_token_or_for_another_patient(base):
    body = {"parameters": {"patient": "p1"}}
    assert ask_launch(base, "", body).status_code == 401
    own = token_for(base, "launch/patient patient/*.rs", patient="p1")
    assert ask_launch(base, own, body).status_code == 200
    for patient in ("p2", "", "../p1", None):
        refused = ask_launch(base, own, {"parameters": {"patient": patient}})
        assert refused.status_code == 400, patient
    assert ask_launch(base, own, []).status_code == 400


def test_without_the_demonstration_nothing_is_at_that_address(pipeline, store):
    client = create_app(Settings(), pipeline=pipeline, store=store).test_client()
    assert client.post("/fhir/_services/smart/Launch", json={}).status_code in (404, 405)
