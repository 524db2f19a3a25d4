"""What a browser may do with our answers is said on each of them, errors too."""

import flask
import pytest

from fhir_pgx import FhirPgx
from fhir_pgx.errors import InvalidSetting
from fhir_pgx.settings import Settings, load_settings
from fhir_pgx.web.headers import allow_form_targets, origin_of, security_headers

SIGN = "/cds-services/pgx-order-sign"
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
NOTHING = {"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"}


def policy(answer):
    return set(answer.headers["Content-Security-Policy"].split("; "))


def page(settings=None, *, targets=(), cache=None, path="/app"):
    """The answer to a page of ours, as the app would send it."""
    app = flask.Flask("pages")
    app.after_request(security_headers(settings or Settings()))

    @app.get("/<path:_>")
    def shown(_):
        allow_form_targets(*targets)
        headers = {"Cache-Control": cache} if cache else {}
        return flask.Response("<p>hello</p>", content_type="text/html", headers=headers)

    return app.test_client().get(path)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/cds-services", 200),
        ("options", "/cds-services", 204),
        ("post", SIGN, 400),
        ("post", "/cds-services/none", 404),
        ("get", SIGN, 405),
        ("get", "/nowhere", 404),
        ("get", "/health/live", 200),
        ("get", "/metrics", 200),
        ("get", "/fhir/metadata", 200),
        ("get", "/fhir/Patient/none", 404),
        ("get", "/.well-known/nothing", 404),
        ("post", "/api/interpret", 400),
    ],
)
def test_every_answer_carries_the_headers(client, method, path, status):
    body = {"json": {}} if method == "post" and path != "/api/interpret" else {}
    answer = getattr(client, method)(path, **body)
    assert answer.status_code == status
    for name, value in EVERYWHERE.items():
        assert answer.headers.getlist(name) == [value], name
    assert policy(answer) == NOTHING
    assert "camera=()" in answer.headers["Permissions-Policy"]


def test_an_answer_to_a_crash_carries_them_too(client, order_sign, pipeline):
    pipeline.says = KeyError("a bug")
    answer = client.post(SIGN, json=order_sign)
    assert answer.status_code == 500
    assert policy(answer) == NOTHING


@pytest.mark.parametrize("path", ["/health/live", "/metrics", "/cds-services", "/nowhere"])
def test_no_cache_keeps_what_no_route_speaks_of(client, path):
    assert client.get(path).headers["Cache-Control"] == "no-store"


def test_a_resource_is_kept_by_its_reader_alone_and_asked_for_anew(client):
    patient = {"resourceType": "Patient", "id": "p1", "active": True}
    assert client.put("/fhir/Patient/p1", json=patient).headers["Cache-Control"] == "no-store"
    first = client.get("/fhir/Patient/p1")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in ", ".join(first.headers.getlist("Vary"))
    again = client.get("/fhir/Patient/p1", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert policy(again) == NOTHING


@pytest.mark.parametrize("path", ["/fhir/Patient", "/fhir/Patient/_history", "/fhir/Patient/x"])
def test_searches_histories_and_errors_are_kept_by_nobody(client, path):
    assert client.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("base_url", "sent"),
    [("https://pgx.example.org", ["max-age=31536000"]), ("http://127.0.0.1:8080", [])],
)
def test_https_is_insisted_on_only_where_we_are_reached_by_it(make_client, base_url, sent):
    answer = make_client(base_url=base_url, insecure_open="on").get("/cds-services")
    assert answer.headers.getlist("Strict-Transport-Security") == sent


def test_a_page_may_load_what_we_serve_and_nothing_inline():
    found = policy(page())
    assert {
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    } <= found
    assert not any("unsafe" in each or "*" in each for each in found)


def test_a_page_tells_its_address_to_us_alone():
    # With `no-referrer` a browser sends our own forms with `Origin: null`, and none could be told
    # from a stranger's.
    assert page().headers["Referrer-Policy"] == "same-origin"


def test_what_a_route_says_of_caching_stays():
    assert page(cache="public, max-age=60").headers["Cache-Control"] == "public, max-age=60"


def test_an_ehr_that_is_named_may_frame_our_app_and_nobody_our_data(make_client):
    settings = Settings(frame_ancestors=("https://ehr.example.org",))
    shown = page(settings)
    assert "frame-ancestors https://ehr.example.org" in policy(shown)
    assert "X-Frame-Options" not in shown.headers  # it knows no origins, and would forbid it
    for path in ("/app/card", "/demo-authorization/authorize"):
        assert "frame-ancestors https://ehr.example.org" in policy(page(settings, path=path))
    data = make_client(frame_ancestors=("https://ehr.example.org",)).get("/cds-services")
    assert "frame-ancestors 'none'" in policy(data)


@pytest.mark.parametrize("path", ["/console", "/workbench", "/card/verify", "/appendix", "/docs"])
def test_an_ehr_that_is_named_may_frame_no_other_page(path):
    found = page(Settings(frame_ancestors=("https://ehr.example.org",)), path=path)
    assert "frame-ancestors 'none'" in policy(found)
    assert found.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", ["/", "/console", "/console/sign-in"])
def test_no_ehr_may_frame_the_pages_of_operators(make_client, path):
    found = make_client(frame_ancestors=("https://ehr.example.org",)).get(path)
    assert "frame-ancestors 'none'" in policy(found)


@pytest.mark.parametrize(
    "wrong",
    [
        "https://ehr.example.org/path",
        "https://ehr.example.org; script-src *",
        "https://*",
        "*",
        "'self'",
        "https://ehr.example.org https://other.example.org",
        "javascript:alert(1)",
        "https://ehr.example.org\r\nX-Evil: 1",
    ],
)
def test_a_frame_ancestor_that_is_no_plain_origin_is_refused(wrong):
    with pytest.raises(InvalidSetting):
        load_settings({}, overrides={"frame_ancestors": [wrong]})


def test_a_form_may_end_where_a_route_allows_it():
    found = policy(page(targets=("https://app.example.org/callback?x=1", "http://[::1]:99/y")))
    assert "form-action 'self' http://[::1]:99 https://app.example.org" in found


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "https://", "https://a.example;script-src%20*", "//a.example", "a",
     "https://a b.example", "https://exämple.org"],
)  # fmt: skip
def test_an_address_without_a_plain_origin_opens_no_form(address):
    with pytest.raises(ValueError, match="origin"):
        origin_of(address)


def test_mounted_in_another_app_its_own_pages_keep_their_own_headers(pipeline, store):
    app = flask.Flask("host")
    app.add_url_rule("/", "home", lambda: "the host's own page")
    FhirPgx(app, "/pgx", settings=Settings(), pipeline=pipeline, store=store)
    client = app.test_client()
    assert "Content-Security-Policy" not in client.get("/").headers
    assert policy(client.get("/pgx/cds-services")) == NOTHING
