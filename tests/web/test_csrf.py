"""Only a form that we showed to this browser is taken."""

import re

import flask
import pytest

from fhir_pgx.settings import Settings
from fhir_pgx.web.errors import register_errors
from fhir_pgx.web.forms import FIELD, check_csrf, csrf_field
from fhir_pgx.web.headers import security_headers

HTTP = "http://127.0.0.1:8080"
HTTPS = "https://pgx.example.org"


def small_app(**chosen):
    """A page with a form, and what takes it."""
    settings = Settings(**{"base_url": HTTPS, **chosen})
    app = flask.Flask("forms")
    register_errors(app)
    app.after_request(security_headers(settings))

    @app.get("/form")
    def show():
        return f'<form method="post">{csrf_field(settings)}{csrf_field(settings)}</form>'

    @app.post("/form")
    def take():
        check_csrf(flask.request, settings)
        return "taken"

    return app


@pytest.fixture
def browser():
    return small_app().test_client()


def shown(browser):
    """The value in the form that the page shows, as its cookie is kept by the browser."""
    page = browser.get("/form", base_url=HTTPS).get_data(as_text=True)
    values = set(
        re.findall(rf'<input type="hidden" name="{FIELD}" value="([A-Za-z0-9_-]+)">', page)
    )
    assert len(values) == 1  # both forms of a page hold the same
    return values.pop()


def send(browser, value, *, origin=HTTPS, site="same-origin", field=FIELD):
    headers = {"Origin": origin, "Sec-Fetch-Site": site}
    return browser.post(
        "/form",
        base_url=HTTPS,
        data={field: value} if value is not None else {},
        headers={name: value for name, value in headers.items() if value is not None},
    ).status_code


def test_our_own_form_is_taken(browser):
    assert send(browser, shown(browser)) == 200


@pytest.mark.parametrize(("origin", "site"), [(HTTPS, None), (None, "same-origin")])
def test_one_word_of_where_it_came_from_is_enough(browser, origin, site):
    assert send(browser, shown(browser), origin=origin, site=site) == 200


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ("https://evil.example", "cross-site"),
        ("https://evil.example", None),
        ("https://pgx.example.org.evil.example", None),
        ("https://evil.pgx.example.org", "same-site"),
        ("http://pgx.example.org", None),
        ("https://pgx.example.org:8443", None),
        ("null", None),
        ("null", "cross-site"),
        (HTTPS, "cross-site"),
        (HTTPS, "same-site"),
        (HTTPS, "none"),
        (None, "cross-site"),
        (None, None),
    ],
)
def test_a_form_of_another_site_is_refused_even_with_the_right_value(browser, origin, site):
    assert send(browser, shown(browser), origin=origin, site=site) == 403


@pytest.mark.parametrize("value", [None, "", "x", "A" * 43, "A" * 42 + "é", "A" * 1_000_000])
def test_a_form_without_the_value_is_refused(browser, value):
    shown(browser)
    status = send(browser, value)
    assert status in (403, 413)
    assert status == 403 or len(value) > 500_000


def test_a_value_of_another_browser_is_refused():
    app = small_app()
    mine, theirs = app.test_client(), app.test_client()
    shown(mine)
    assert send(mine, shown(theirs)) == 403


def test_without_the_cookie_nothing_is_taken_not_even_nothing(browser):
    assert send(browser, None) == 403
    assert send(browser, "") == 403


def test_a_cookie_that_somebody_else_planted_is_replaced():
    planted = "<script>alert(1)</script>"
    browser = small_app().test_client()
    browser.set_cookie("__Host-fhir_pgx_form", planted, domain="pgx.example.org", secure=True)
    value = shown(browser)
    assert value != planted
    assert send(browser, planted) == 403


def test_the_value_twice_is_refused(browser):
    value = shown(browser)
    answer = browser.post(
        "/form", base_url=HTTPS, data={FIELD: [value, value]}, headers={"Origin": HTTPS}
    )
    assert answer.status_code == 403


def test_windows_of_one_browser_all_hold(browser):
    first, second = shown(browser), shown(browser)
    assert first == second
    assert (send(browser, first), send(browser, second)) == (200, 200)


def test_the_value_of_each_browser_is_its_own():
    app = small_app()
    assert len({shown(app.test_client()) for _ in range(20)}) == 20


def cookie(**settings):
    app = small_app(**settings)
    return app.test_client().get("/form").headers["Set-Cookie"]


def test_over_https_no_neighbour_can_set_the_cookie_and_no_script_read_it():
    found = cookie()
    assert found.startswith("__Host-")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(found.split("; "))
    assert "Domain" not in found


def test_in_a_frame_of_an_ehr_the_cookie_is_kept_apart_for_it():
    found = cookie(frame_ancestors=("https://ehr.example.org",))
    assert {"SameSite=None", "Secure", "Partitioned"} <= set(found.split("; "))


def test_over_http_on_this_machine_the_demo_works_too():
    app = small_app(base_url=HTTP, frame_ancestors=("https://ehr.example.org",))
    browser = app.test_client()
    page = browser.get("/form", base_url=HTTP)
    assert "Secure" not in page.headers["Set-Cookie"]
    value = re.search(r'value="([^"]+)"', page.get_data(as_text=True))[1]
    for origin, status in ((HTTP, 200), ("http://localhost:8080", 403), ("null", 403)):
        answer = browser.post(
            "/form", base_url=HTTP, data={FIELD: value}, headers={"Origin": origin}
        )
        assert answer.status_code == status


@pytest.mark.parametrize("host", ["evil.example:8080", "127.0.0.1.evil.example", "[::1"])
def test_a_name_that_somebody_led_to_this_machine_is_not_ours(host):
    browser = small_app(base_url=HTTP).test_client()
    page = browser.get("/form", base_url=HTTP)
    value = re.search(r'value="([^"]+)"', page.get_data(as_text=True))[1]
    at = {"Host": host, "Origin": f"http://{host}", "Cookie": f"fhir_pgx_form={value}"}
    browser = browser.application.test_client(use_cookies=False)
    assert browser.post("/form", data={FIELD: value}, headers=at).status_code in (400, 403)
    at |= {"Host": "localhost:8080", "Origin": "http://localhost:8080"}
    assert browser.post("/form", data={FIELD: value}, headers=at).status_code == 200


def test_a_browser_that_says_no_origin_is_no_way_around_the_name():
    app = small_app(base_url=HTTP)
    for host, status in (("evil.example:8080", 403), ("127.0.0.1:8080", 200)):
        browser, at = app.test_client(), f"http://{host}"
        form = browser.get("/form", base_url=at).get_data(as_text=True)
        value = re.search(rf'name="{FIELD}" value="([^"]+)"', form)[1]
        headers = {"Sec-Fetch-Site": "same-origin"}
        sent = browser.post("/form", base_url=at, data={FIELD: value}, headers=headers)
        assert sent.status_code == status


def test_the_refusal_tells_no_value(browser):
    value = shown(browser)
    answer = browser.post("/form", base_url=HTTPS, data={FIELD: "wrong"}, headers={"Origin": HTTPS})
    body = answer.get_data(as_text=True)
    assert value not in body
    assert "wrong" not in body
