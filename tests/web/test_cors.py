"""Calls from a page of another origin."""

import pytest

SIGN = "/cds-services/pgx-order-sign"
PAGE = {"Origin": "https://ehr.example.org"}


def test_a_preflight_is_answered_without_a_token(client):
    asked = {
        **PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = client.options(SIGN, headers=asked)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type"} <= set(allowed)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/cds-services", 200),
        ("post", SIGN, 400),
        ("post", "/cds-services/none", 404),
        ("get", SIGN, 405),
        ("get", "/cds-services/a/b/c", 404),
        ("get", "/nowhere", 404),
    ],
)
def test_errors_carry_the_headers_too_and_never_credentials(client, method, path, status):
    body = {"json": {}} if method == "post" else {}
    answer = getattr(client, method)(path, headers=PAGE, **body)
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["/console/cards.csv", "/console/cards.ndjson", "/console/nothing", "/workbench/answer",
     "/app/card/file", "/card/nothing", "/assets/x/site.css", "/docs", "/"],
)  # fmt: skip
def test_what_our_pages_send_is_for_our_pages_alone(client, path):
    for method in (client.get, client.options):
        assert "Access-Control-Allow-Origin" not in method(path, headers=PAGE).headers


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://ehr.example.org", "https://ehr.example.org"),
        ("https://evil.example.org", None),
        ("https://ehr.example.org.evil.example", None),
        ("null", None),
        (None, None),
    ],
)
def test_a_list_of_origins_lets_in_those_alone(make_client, origin, allowed):
    client = make_client(cors_origins=("https://ehr.example.org",))
    headers = {"Origin": origin} if origin else {}
    answer = client.get("/cds-services", headers=headers)
    assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    assert answer.headers["Vary"] == "Origin"


def test_a_preflight_of_an_address_that_is_not_there_lets_the_404_be_seen(client):
    answer = client.options("/cds-services/a/b/c", headers=PAGE)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
