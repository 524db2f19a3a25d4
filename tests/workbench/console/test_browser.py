"""The console in a browser: signing in, every page at a desk and on a phone, the forms, axe."""

import json
import urllib.request

import pytest

from tests.browsers import PHONE
from tests.replay import EXAMPLES
from tests.running_server import running_server
from tests.workbench.axe import check_axe

pytestmark = pytest.mark.browser

TOKEN = "the-operators-own-token-of-this-test"
CALLED = ("clopidogrel-intermediate", "codeine-ultrarapid", "refused-missing-context")
PAGES = ("", "/cards", "/cards?by=drug&sort=name", "/clients", "/knowledge", "/audit", "/dry-run")
POLICY = b'[mute]\ndrugs = ["clopidogrel"]\n'


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A server with an operator's token that was called a few times, with feedback on one card."""
    folder = tmp_path_factory.mktemp("console")
    with running_server(folder, operator_token=TOKEN) as address:
        for example in CALLED:
            answer = send(f"{address}/cds-services/pgx-order-sign", body_of(example))
        answered = json.loads(send(f"{address}/cds-services/pgx-order-sign", body_of(CALLED[0])))
        item = {
            "card": answered["cards"][0]["uuid"],
            "outcome": "overridden",
            "overrideReason": {"reason": {"code": "tolerated-before", "system": "urn:x"}},
            "outcomeTimestamp": "2026-11-24T01:00:00Z",
        }
        told = json.dumps({"feedback": [item]}).encode()
        answer = send(f"{address}/cds-services/pgx-order-sign/feedback", told)
        assert answer == b"{}"
        yield address


def body_of(example):
    return (EXAMPLES / example / "request.json").read_bytes()


def send(url, body):
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.read()
    except urllib.error.HTTPError as refused:
        return refused.read()


@pytest.fixture
def signed_in(open_page, address):
    def open_one(path="", **options):
        page = open_page(f"{address}/console/cards", **options)
        page.get_by_label("Operator's token").fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()
        page.goto(f"{address}/console{path}")
        return page

    return open_one


def test_the_console_is_shut_until_the_token_is_given(open_page, address):
    page = open_page(f"{address}/console/cards")
    assert "/console/sign-in" in page.url
    check_axe(page)
    page.get_by_label("Operator's token").fill("another-token-than-this-one")
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("alert").inner_text().startswith("This is not the operator's token")
    page.complaints.clear()  # the browser tells of the 403
    page.get_by_label("Operator's token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").press("Enter")
    assert page.url == f"{address}/console/cards"
    assert page.get_by_role("heading", level=1).inner_text().startswith("Cards by rule")


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": PHONE}],
    ids=["desk", "dark", "phone"],
)
def test_every_page_is_accessible_and_fits(signed_in, address, options, screenshot, request):
    page = signed_in(**options)
    for path in PAGES:
        page.goto(f"{address}/console{path}")
        check_axe(page)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) == 0, path
        name = path.strip("/").partition("?")[0] or "overview"
        screenshot(page, f"console-{name}-{request.node.callspec.id}")


def test_a_table_is_sorted_by_its_head_with_the_keyboard_alone(signed_in):
    page = signed_in("/cards?by=drug")
    link = page.get_by_role("link", name="Overridden")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/cards?*sort=overridden*")
    head = page.get_by_role("columnheader", name="Overridden")
    assert head.get_attribute("aria-sort") == "descending"
    assert page.locator("tbody tr th").first.inner_text() == "clopidogrel"


def test_a_search_of_the_record_leaves_no_patient_in_the_address(signed_in, address):
    page = signed_in("/audit")
    page.get_by_label("Patient’s id").fill("synthetic-1")
    page.get_by_role("button", name="Search").click()
    page.wait_for_selector("#found-title")
    assert page.url == f"{address}/console/audit"
    assert page.locator("td", has_text="synthetic-1").count() >= len(CALLED)
    check_axe(page)
    page.get_by_role("button", name="Verify now").click()
    assert page.get_by_role("status").first.inner_text().startswith("It holds")
    check_axe(page)


def test_a_dry_run_from_the_page_shows_what_a_candidate_changes(signed_in, screenshot):
    page = signed_in("/dry-run")
    lines = b"\n".join(json.dumps(json.loads(body_of(each))).encode() for each in CALLED)
    page.get_by_label("Past requests").set_input_files(
        {"name": "past.ndjson", "mimeType": "application/x-ndjson", "buffer": lines}
    )
    page.get_by_label("Candidate policy").set_input_files(
        {"name": "candidate.toml", "mimeType": "application/toml", "buffer": POLICY}
    )
    page.get_by_role("button", name="Replay").click()
    page.wait_for_selector("#report-title")
    told = page.locator("main").inner_text()
    assert "3 requests: 2 answered" in told
    assert "− disappears" in told
    assert "mute.drugs, line 2" in told
    check_axe(page)
    screenshot(page, "console-dry-run-report")
