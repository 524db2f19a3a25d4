"""Every error is an OperationOutcome with the right status, here and inside another app."""

import logging
from pathlib import Path

import flask
import pytest

from fhir_pgx import FhirPgx, errors
from fhir_pgx.settings import Settings
from fhir_pgx.web.errors import STATUS, status_of

SIGN = "/cds-services/pgx-order-sign"
DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "errors.md"


def every_error(base=errors.PgxError):
    yield base
    for kind in base.__subclasses__():
        if kind.__module__ == "fhir_pgx.errors":
            yield from every_error(kind)


ALL = sorted(every_error(), key=lambda kind: kind.code)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_is_documented_with_its_code_and_status(kind):
    (row,) = [
        line for line in DOCUMENTED.read_text("utf-8").splitlines() if f"`{kind.code}`" in line
    ]
    assert f"`{kind.__name__}`" in row
    assert f"| {STATUS.get(kind, 500)} |" in row


def test_no_code_is_used_twice():
    codes = [kind.code for kind in ALL]
    assert len(set(codes)) == len(codes)


def test_the_table_documents_no_error_that_is_gone():
    rows = [
        line for line in DOCUMENTED.read_text("utf-8").splitlines() if line.startswith("| `PGX-")
    ]
    assert len(rows) == len(ALL)


def test_an_error_of_another_package_has_the_status_of_its_base():
    class Theirs(errors.UnknownDrug):
        code = "X-1"

    assert status_of(Theirs("x")) == 422


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("get", "/nowhere", 404, None),
        ("get", "/cds-services/a/b/c", 404, None),
        ("get", "/api", 404, None),
        ("post", "/api/nothing", 404, None),
        ("delete", "/cds-services", 405, {"GET", "HEAD", "OPTIONS"}),
        ("get", SIGN, 405, {"POST", "OPTIONS"}),
        ("put", f"{SIGN}/feedback", 405, {"POST", "OPTIONS"}),
        ("get", "/api/interpret", 405, {"POST", "OPTIONS"}),
        ("post", "/metrics", 405, {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_what_is_not_there_is_said_as_an_outcome(client, method, path, status, allow):
    answer = getattr(client, method)(path)
    assert answer.status_code == status
    assert answer.get_json()["resourceType"] == "OperationOutcome"
    if allow:
        assert set(answer.headers["Allow"].split(", ")) == allow


@pytest.mark.parametrize("path", [SIGN, f"{SIGN}/feedback", "/api/interpret"])
def test_a_body_over_the_limit_is_413(make_client, path):
    answer = make_client(max_body_bytes=1000).post(
        path, data=b"[" + b" " * 1000 + b"]", content_type="application/json"
    )
    assert answer.status_code == 413
    assert answer.get_json()["issue"][0]["code"] == "too-long"


def test_a_compressed_call_is_415(client):
    answer = client.post(
        SIGN, data=b"x", content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 415


@pytest.mark.parametrize("error", [KeyError("Jane Doe"), errors.BrokenKnowledge("Jane Doe")])
def test_a_failure_of_ours_tells_an_incident_and_nothing_else(
    client, order_sign, pipeline, caplog, error
):
    pipeline.says = error
    with caplog.at_level(logging.ERROR):
        answer = client.post(SIGN, json=order_sign)
    assert answer.status_code == 500
    issue = answer.get_json()["issue"][0]
    incident = issue["diagnostics"].split("the incident is ")[1][:36]
    assert incident in caplog.text
    body = answer.get_data(as_text=True)
    assert "Jane Doe" not in body
    assert "Traceback" not in body
    assert "KeyError" not in body


def test_the_message_of_an_unexpected_error_is_not_logged(client, order_sign, pipeline, caplog):
    pipeline.says = KeyError("Jane Doe")
    client.post(SIGN, json=order_sign)
    assert "Jane Doe" not in caplog.text
    assert "KeyError" in caplog.text


@pytest.fixture
def host(pipeline, store):
    """Another Flask app, with a page of its own, that mounts us under /pgx."""
    app = flask.Flask("host")
    app.add_url_rule("/", "home", lambda: "the host's own page")
    app.add_url_rule("/own/<path:rest>", "own", lambda rest: rest)
    FhirPgx(app, "/pgx", settings=Settings(), pipeline=pipeline, store=store)
    return app.test_client()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/pgx/cds-services", 200),
        ("get", "/pgx/health/live", 200),
        ("get", "/pgx/cds-services/a/b", 404),
        ("get", "/pgx/cds-services/pgx-order-sign", 405),
        ("delete", "/pgx/cds-services", 405),
        ("post", "/pgx/cds-services/pgx-order-sign", 415),
    ],
)
def test_mounted_in_another_app_we_answer_as_alone(host, method, path, status):
    answer = getattr(host, method)(path, **({"data": "x"} if status == 415 else {}))
    if status == 415:
        answer = host.post(path, data="x", content_type="text/plain")
    assert answer.status_code == status
    assert answer.is_json
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_mounted_in_another_app_its_own_pages_stay_its_own(host):
    assert host.get("/").get_data(as_text=True) == "the host's own page"
    missing = host.get("/nothing")
    assert missing.status_code == 404
    assert not missing.is_json
    assert "Access-Control-Allow-Origin" not in missing.headers


DOUBLED = [
    ("GET", "//cds-services", 200),
    ("GET", "/cds-services//", 200),
    ("POST", "/cds-services//pgx-order-sign", 200),
    ("POST", "//cds-services///pgx-order-sign//", 200),
    ("POST", "/cds-services//pgx-order-sign//feedback", 400),  # the body is no feedback
    ("OPTIONS", "/cds-services//pgx-order-sign", 204),
    ("GET", "/cds-services//pgx-order-sign", 405),
    ("POST", "/cds-services//none", 404),
    ("POST", "/api//interpret", 200),
    ("GET", "//health//live", 200),
]


def ask(client, method, path, body):
    # By PATH_INFO: the test client would take what follows a leading `//` for a host.
    return client.open("/", method=method, json=body, environ_overrides={"PATH_INFO": path})


@pytest.mark.parametrize(("method", "path", "status"), DOUBLED)
def test_a_doubled_slash_is_answered_and_never_redirected(client, order_sign, method, path, status):
    answer = ask(client, method, path, order_sign)
    assert answer.status_code == status
    assert status == 204 or answer.is_json


@pytest.mark.parametrize(("method", "path", "status"), DOUBLED)
def test_mounted_in_another_app_a_doubled_slash_is_answered_too(
    host, order_sign, method, path, status
):
    for prefix in ("/pgx", "//pgx/"):
        assert ask(host, method, prefix + path, order_sign).status_code == status


def test_mounted_in_another_app_its_own_doubled_slashes_stay_its_own(host):
    assert ask(host, "GET", "/pgx//nothing", None).status_code == 404
    redirected = ask(host, "GET", "/own//page", None)
    assert redirected.headers["Location"].endswith("/own/page")


@pytest.mark.parametrize("path", ["/cds-services/<b>", "/<b>", "/api/<b>", "/cds-services/<b>/c"])
def test_markup_in_an_address_is_answered_with_an_outcome_that_does_not_repeat_it(client, path):
    answer = ask(client, "POST", path, {})
    assert answer.status_code == 404
    assert answer.get_json()["resourceType"] == "OperationOutcome"
    assert "<" not in answer.get_data(as_text=True)
