"""The public CDS Hooks Sandbox against our server over HTTP: what it does, in its order.

Our own FHIR server stands in for the sandbox's. All patients are synthetic.
"""

import json
from urllib.parse import parse_qsl, urlencode

import pytest
import requests

from tests.clients.sandbox import ISSUER, KEY, OLD_JSON, ORIGIN, Blocked, Browser, Sandbox
from tests.running_server import running_server

CLOPIDOGREL = ("309362", "clopidogrel 75 MG Oral Tablet")
ADA = "synthetic-ada"
STENT = {
    "resourceType": "Condition",
    "id": "synthetic-stent",
    "subject": {"reference": f"Patient/{ADA}"},
    "category": [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-category",
                    "code": "problem-list-item",
                }
            ]
        }
    ],
    "code": {
        "coding": [{"system": "http://snomed.info/sct", "code": "414545008"}],
        "text": "Ischemic heart disease",
    },
}


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A server with the example patients that lets in the sandbox's page."""
    folder = tmp_path_factory.mktemp("sandbox")
    with running_server(
        folder, arguments=("--demo",), client_profile="cds-hooks-sandbox", cors_origins=ORIGIN
    ) as address:
        sent = requests.put(
            f"{address}/fhir/Condition/{STENT['id']}",
            data=json.dumps(STENT),
            headers={"Content-Type": "application/fhir+json"},
            timeout=30,
        )
        assert sent.status_code in (200, 201)
        yield address


@pytest.fixture
def sandbox(origin):
    """The page, opened."""
    opened = Sandbox(Browser(), f"{origin}/cds-services", f"{origin}/fhir", ADA)
    opened.start()
    return opened


def summaries(shown):
    return [card["summary"] for _, answer in shown for card in answer["cards"]]


def test_opening_the_page_finds_the_release_the_patient_the_problems_and_the_services(sandbox):
    assert sandbox.release == "4.0.1"
    assert sandbox.problems == [("414545008", "Ischemic heart disease")]
    assert len(sandbox.services) == 12
    assert sandbox.browser.seen == [
        ("GET", "/fhir/metadata"),
        ("GET", "/fhir/Patient"),
        ("GET", f"/fhir/Patient/{ADA}"),
        ("GET", f"/fhir/Condition?patient={ADA}"),
        ("OPTIONS", "/cds-services"),  # because of the token
        ("GET", "/cds-services"),
    ]


def test_the_chart_gives_cards(sandbox):
    shown = sandbox.fire("patient-view")
    assert any("medicines in use" in each for each in summaries(shown))
    assert sandbox.failed_keys == []


def test_an_order_without_a_drug_gives_no_card(sandbox):
    """order-select fires when the form opens: no drug, no intent, no category, no Bundle type."""
    shown = sandbox.fire("order-select")
    assert [answer for _, answer in shown] == [{"cards": []}]


def test_prefetch_is_searched_by_post_and_by_get_to_the_same_end(sandbox, origin):
    sandbox.fire("order-select")
    searches = [path for method, path in sandbox.browser.seen if path.endswith("/_search")]
    assert "/fhir/Observation/_search" in searches
    assert ("OPTIONS", "/fhir/Observation/_search") not in sandbox.browser.seen  # a plain form
    (service,) = [each for each in sandbox.services if each["hook"] == "order-select"]
    for template in service["prefetch"].values():
        query = template.replace("{{context.patientId}}", ADA)
        path, mark, text = query.partition("?")
        if not mark:
            continue
        fallback = sandbox.browser.fetch(
            "GET", f"{origin}/fhir/{query}", headers={"accept": OLD_JSON}
        )
        posted = sandbox.browser.fetch(
            "POST", f"{origin}/fhir/{path}/_search",
            headers={"accept": OLD_JSON, "content-type": "application/x-www-form-urlencoded"},
            data=urlencode(sorted(parse_qsl(text))),
        )  # fmt: skip
        assert (fallback.status_code, posted.status_code) == (200, 200)
        ids = [
            [each["resource"]["id"] for each in answer.json().get("entry", [])]
            for answer in (fallback, posted)
        ]
        assert ids[0] == ids[1]


def test_a_read_that_the_browser_has_kept_is_asked_for_by_its_tag(sandbox):
    again = Sandbox(sandbox.browser, sandbox.discovery, sandbox.fhir, ADA)
    again.start()
    assert again.patient == sandbox.patient


def test_a_chosen_drug_gives_its_card_with_what_the_page_needs(sandbox):
    ((_, answer),) = sandbox.choose(*CLOPIDOGREL)
    card = answer["cards"][0]
    assert card["summary"].startswith("Clopidogrel: CYP2C19 Poor Metabolizer")
    assert card["indicator"] in ("info", "warning", "critical")
    assert card["uuid"]
    assert all(suggestion["uuid"] for suggestion in card["suggestions"])
    assert all(reason["display"] for reason in card["overrideReasons"])
    assert "*2" not in card["detail"].replace("\\*", "")  # a bare star would be lost in markdown
    assert "<" not in card["detail"]  # the page renders raw HTML
    for suggestion in card["suggestions"]:
        (action,) = suggestion["actions"]  # only the first would count
        concept = action["resource"]["medicationCodeableConcept"]
        assert action["type"] in ("create", "update")
        assert action["description"]
        assert concept["text"]
        assert concept["coding"][0]["code"]


def test_a_taken_suggestion_changes_the_order_and_does_not_go_round_in_a_circle(sandbox):
    shown = sandbox.choose(*CLOPIDOGREL)
    ordered = [sandbox.drug["text"]]
    for _ in range(5):
        open_to = [
            (service, card)
            for service, answer in shown
            for card in answer["cards"]
            if card.get("suggestions")
        ]
        if not open_to:
            break
        service, card = open_to[0]
        shown = sandbox.click(service, card, card["suggestions"][0])
        ordered.append(sandbox.drug["text"])
    assert len(ordered) == 2, ordered
    assert "prasugrel" in ordered[1].lower()
    assert not any(card.get("suggestions") for _, answer in shown for card in answer["cards"])


def test_signing_judges_the_drug_that_was_taken(sandbox):
    shown = sandbox.choose(*CLOPIDOGREL)
    before = summaries(sandbox.fire("order-sign"))
    ((service, answer),) = shown
    card = answer["cards"][0]
    sandbox.click(service, card, card["suggestions"][0])
    after = summaries(sandbox.fire("order-sign"))
    assert any("Clopidogrel" in each for each in before)
    assert not any("Clopidogrel" in each for each in after)


def test_feedback_is_taken_for_each_click_also_twice_and_with_a_reason(sandbox):
    ((service, answer),) = sandbox.choose(*CLOPIDOGREL)
    card = answer["cards"][0]
    reason = card["overrideReasons"][0]
    assert [
        sandbox.override(service, card),
        sandbox.override(service, card),
        sandbox.override(service, card, reason),
    ] == [200, 200, 200]
    sandbox.click(service, card, card["suggestions"][0])
    path = f"/cds-services/{service['id']}/feedback"
    asked = [each for each in sandbox.browser.seen if each[1] == path]
    assert asked == [("OPTIONS", path), ("POST", path)] * 4


def test_each_call_of_a_service_has_its_own_preflight_and_each_answer_its_origin(sandbox):
    """`Browser` raises Blocked where a header is missing; here the order is looked at."""
    sandbox.choose(*CLOPIDOGREL)
    path = "/cds-services/pgx-order-select"
    assert [method for method, at in sandbox.browser.seen if at == path] == ["OPTIONS", "POST"]


def test_a_link_into_the_app_is_asked_for_and_the_page_lives_without(sandbox):
    sandbox.choose(*CLOPIDOGREL)
    assert set(sandbox.launch_statuses) <= {200, 404, 405}


def test_an_error_reaches_the_page_with_its_headers(sandbox, origin):
    answer = sandbox.browser.fetch(
        "POST", f"{origin}/cds-services/pgx-nothing",
        headers={"content-type": "application/json", "authorization": "Bearer x"}, data="{}",
    )  # fmt: skip
    assert (answer.status_code, answer.json()["resourceType"]) == (404, "OperationOutcome")


def test_a_page_of_another_origin_is_kept_out(origin):
    """The browser of these tests can refuse."""
    other = Sandbox(Browser("https://elsewhere.example.org"), f"{origin}/cds-services",
                    f"{origin}/fhir", ADA)  # fmt: skip
    with pytest.raises(Blocked):
        other.start()


ACCESS = f"""
[[cds_clients]]
name = "sandbox-of-the-test"
issuer = "{ISSUER}"
jku = "{ISSUER}/.well-known/jwks.json"
keys_file = "sandbox.json"
"""


@pytest.fixture
def access(tmp_path):
    """An access file that registers the sandbox by its keys; `jku` is never fetched."""
    keys = {"keys": [KEY.as_dict(private=False)]}
    (tmp_path / "sandbox.json").write_text(json.dumps(keys))
    file = tmp_path / "access.toml"
    file.write_text(ACCESS)
    return str(file)


def test_a_demo_that_asks_who_calls_takes_the_token_of_each_address_and_no_other(
    tmp_path, access, monkeypatch
):
    with running_server(
        tmp_path, arguments=("--demo",), access=access, cors_origins=ORIGIN
    ) as address:
        page = Sandbox(Browser(), f"{address}/cds-services", f"{address}/fhir", ADA)
        body = {"feedback": []}
        url = f"{page.discovery}/pgx-order-sign/feedback"
        assert page._post(url, body).status_code == 200
        signed = page._signed
        monkeypatch.setattr(page, "_signed", lambda _: signed(page.discovery))
        assert page._post(url, body).status_code == 401  # signed for another address
        monkeypatch.setattr(page, "_signed", lambda _: {"authorization": "Bearer x.y.z"})
        assert page._post(url, body).status_code == 401


def test_outside_a_demo_the_key_that_everybody_knows_stops_the_start(tmp_path, access):
    with (
        pytest.raises(AssertionError, match="ended before it was ready"),
        running_server(tmp_path, access=access),
    ):
        pass
    (log,) = tmp_path.glob("server-*.log")
    assert "known to everybody" in log.read_text()
