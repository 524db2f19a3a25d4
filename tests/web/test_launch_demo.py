"""Our app, launched over real HTTP by the demonstration's EHR, by everything that a person does."""

import re
import threading
from contextlib import closing
from html import unescape
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
import requests
from werkzeug.serving import make_server

from fhir_pgx.settings import Settings
from fhir_pgx.storage import NewResource
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
    assert "Launched for Patient/p1" in page.text
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
    assert "Launched for Patient/p1" in page.text


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
