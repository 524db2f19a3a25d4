"""Who looks at the pages: anybody on an open server, its operators everywhere else."""

import re

import pytest
from flask import Flask

from fhir_pgx import FhirPgx
from fhir_pgx.settings import Settings
from fhir_pgx.web.app import create_app
from tests.secured import BASE, Secured, register

TOKEN = "an-operators-token-of-some-length"


@pytest.fixture
def house(tmp_path):
    return Secured(tmp_path, operator_token=TOKEN)


def csrf_of(browser, path="/console/sign-in"):
    page = browser.get(path, base_url=BASE).get_data(as_text=True)
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def sign_in(browser, token, to="", origin=BASE):
    sent = {"csrf_token": csrf_of(browser), "token": token, "to": to}
    return browser.post("/console/sign-in", data=sent, base_url=BASE, headers={"Origin": origin})


@pytest.mark.parametrize("path", ["/", "/console", "/console/audit"])
def test_a_page_shows_where_to_sign_in(house, path):
    answer = house.http.get(path, base_url=BASE)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/console/sign-in?to={path}"


def test_a_part_of_a_page_sends_the_whole_page_to_the_sign_in(house):
    answer = house.http.post("/workbench/answer", base_url=BASE, headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/console/sign-in"


def test_the_operators_token_opens_the_pages_and_signing_out_shuts_them(house):
    answer = sign_in(house.http, TOKEN, to="/")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"
    (cookie,) = [each for each in answer.headers.getlist("Set-Cookie") if "operator" in each]
    for attribute in ("__Host-", "HttpOnly", "Secure", "SameSite=Strict"):
        assert attribute in cookie
    assert TOKEN not in cookie
    page = house.http.get("/", base_url=BASE)
    assert page.status_code == 200
    assert "Sign out" in page.get_data(as_text=True)
    gone = house.http.post(
        "/console/sign-out",
        data={"csrf_token": csrf_of(house.http, "/console/sign-in")},
        base_url=BASE,
        headers={"Origin": BASE},
    )
    assert gone.status_code == 303
    assert house.http.get("/", base_url=BASE).status_code == 303


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x"])
def test_any_other_token_opens_nothing(house, token):
    answer = sign_in(house.http, token)
    assert answer.status_code == 403
    assert "This is not the operator" in answer.get_data(as_text=True)
    assert house.http.get("/", base_url=BASE).status_code == 303


def test_another_token_ends_the_sessions_that_began_with_the_one_before(tmp_path):
    before = Secured(tmp_path, operator_token=TOKEN)
    answer = sign_in(before.http, TOKEN)
    (cookie,) = [each for each in answer.headers.getlist("Set-Cookie") if "operator" in each]
    name, _, secret = cookie.partition(";")[0].partition("=")
    for token, status in ((TOKEN, 200), (TOKEN + "x", 303), ("", 303)):
        browser = Secured(tmp_path, operator_token=token).http
        browser.set_cookie(name, secret, domain="pgx.example.org", secure=True)
        assert browser.get("/console", base_url=BASE).status_code == status


def test_where_we_are_mounted_in_another_app_signing_in_leads_back(tmp_path):
    host = Flask("host")
    settings = Settings(
        base_url=f"{BASE}/pgx", database=f"sqlite:///{tmp_path}/m.db", operator_token=TOKEN,
        access=register(tmp_path),
    )  # fmt: skip
    FhirPgx(host, url_prefix="/pgx", settings=settings)
    browser = host.test_client()
    asked = browser.get("/pgx/console/audit", base_url=BASE).headers["Location"]
    form = browser.get(asked, base_url=BASE).get_data(as_text=True)
    fields = dict(re.findall(r'name="(csrf_token|to)" value="([^"]*)"', form))
    answer = browser.post(
        "/pgx/console/sign-in", data={**fields, "token": TOKEN}, base_url=BASE,
        headers={"Origin": BASE},
    )  # fmt: skip
    assert answer.headers["Location"] == "/pgx/console/audit"


@pytest.mark.parametrize("path", ["/", "/console", "/fhir/Patient", "/cds-services", "/metrics"])
def test_an_open_server_answers_to_its_own_names_alone(tmp_path, path):
    browser = create_app(Settings(database=f"sqlite:///{tmp_path}/o.db")).test_client()
    for ours in ("http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"):
        assert browser.get(path, base_url=ours).status_code == 200
    led_here = browser.get(path, base_url="http://evil.example:8080")
    assert led_here.status_code == 403
    assert browser.get("/health/live", base_url="http://evil.example:8080").status_code == 200


def test_a_form_of_another_site_signs_nobody_in(house):
    assert sign_in(house.http, TOKEN, origin="https://evil.example.org").status_code == 403
    assert house.http.get("/", base_url=BASE).status_code == 303


@pytest.mark.parametrize(
    "to",
    ["https://evil.example.org", "//evil.example.org", "/\\evil.example.org", "javascript:alert(1)",
     "/%0d%0aSet-Cookie:x", "evil"],
)  # fmt: skip
def test_signing_in_leads_to_no_other_site(house, to):
    assert sign_in(house.http, TOKEN, to=to).headers["Location"] == "/console"


def test_who_guesses_too_often_has_to_wait(tmp_path):
    house = Secured(tmp_path, operator_token=TOKEN, failures_per_minute=3)
    answers = [sign_in(house.http, "wrong").status_code for _ in range(5)]
    assert answers[:3] == [403, 403, 403]
    assert answers[-1] == 429


def test_a_closed_server_without_an_operators_token_lets_nobody_in(tmp_path):
    house = Secured(tmp_path)
    assert house.http.get("/", base_url=BASE).status_code == 303
    page = house.http.get("/console/sign-in", base_url=BASE).get_data(as_text=True)
    assert "FHIR_PGX_OPERATOR_TOKEN" in page
    assert "csrf_token" not in page


def test_a_made_up_session_opens_nothing(house):
    house.http.set_cookie("__Host-fhir_pgx_operator", "A" * 43, domain="pgx.example.org",
                          secure=True, path="/")  # fmt: skip
    assert house.http.get("/", base_url=BASE).status_code == 303


def test_an_operator_sees_no_patient_of_the_store(house):
    """The pages of a closed server are for running it: the record is read by the FHIR door."""
    sign_in(house.http, TOKEN)
    assert house.call("GET", "/fhir/Patient").status_code == 401


def test_pages_can_be_switched_off(tmp_path):
    house = Secured(tmp_path, operator_token=TOKEN, pages="off")
    for path in ("/", "/console", "/workbench/answer"):
        assert house.http.get(path, base_url=BASE).status_code in (401, 404)
