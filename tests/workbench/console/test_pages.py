"""The console over HTTP: who gets in, what stands on each page, and what never leaves it."""

import base64
import csv
import gzip
import io
import json
import logging
import re
from contextlib import closing

import pytest
from flask import Flask

from fhir_pgx.pipeline import Pipeline
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import FhirPgx, create_app
from tests.replay import EXAMPLES

TOKEN = "the-operators-own-token-of-this-test"
HERE = "http://127.0.0.1:8080"
PAGES = ("", "/cards", "/clients", "/knowledge", "/audit", "/dry-run")
PATIENT = "synthetic-1"
FORM = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """A client that keeps cookies and sends the forms that it was shown."""

    def __init__(self, app):
        self.client = app.test_client()

    def get(self, path):
        return self.client.get(path, base_url=HERE)

    def post(self, path, page="/console/audit", **fields):
        found = FORM.search(self.get(page).get_data(as_text=True))
        data = {"csrf_token": found[1], **fields}
        multipart = any(isinstance(value, tuple) for value in fields.values())
        media = "multipart/form-data" if multipart else None
        return self.client.post(
            path, data=data, base_url=HERE, headers={"Origin": HERE}, content_type=media
        )


@pytest.fixture
def store(tmp_path):
    with closing(SqlStore(f"sqlite:///{tmp_path}/console.db")) as opened:
        yield opened


@pytest.fixture(scope="module")
def stages():
    """The stages with the settings as shipped, made once."""
    return Pipeline.load(Settings())


@pytest.fixture
def browse(store, stages):
    def open_one(**settings):
        pipeline = None if "policy" in settings else stages
        return Browser(create_app(Settings(**settings), pipeline=pipeline, store=store))

    return open_one


@pytest.fixture
def browser(browse):
    return browse()


def call(browser, example="clopidogrel-intermediate"):
    body = (EXAMPLES / example / "request.json").read_bytes()
    hook = json.loads(body)["hook"]
    answer = browser.client.post(
        f"/cds-services/pgx-{hook}", data=body, content_type="application/json"
    )
    return answer.get_json()


def accept(browser, answer):
    item = {
        "card": answer["cards"][0]["uuid"],
        "outcome": "overridden",
        "overrideReason": {"reason": {"code": "tolerated-before", "system": "urn:x"}},
        "outcomeTimestamp": "2026-11-24T01:00:00Z",
    }
    sent = browser.client.post("/cds-services/pgx-order-sign/feedback", json={"feedback": [item]})
    assert sent.status_code == 200


def past(*examples):
    lines = [json.loads((EXAMPLES / each / "request.json").read_bytes()) for each in examples]
    return io.BytesIO("\n".join(map(json.dumps, lines)).encode())


# The door


@pytest.mark.parametrize("page", PAGES)
def test_whoever_is_not_signed_in_is_shown_where_to_sign_in(browse, page):
    browser = browse(operator_token=TOKEN)
    refused = browser.get(f"/console{page}")
    assert refused.status_code == 303
    assert refused.headers["Location"].startswith("/console/sign-in?to=")


@pytest.mark.parametrize("page", PAGES)
def test_the_operators_token_opens_every_page(browse, page):
    browser = browse(operator_token=TOKEN)
    assert browser.post("/console/sign-in", "/console/sign-in", token=TOKEN).status_code == 303
    assert browser.get(f"/console{page}").status_code == 200


def test_another_token_opens_nothing(browse):
    browser = browse(operator_token=TOKEN)
    wrong = browser.post("/console/sign-in", "/console/sign-in", token="another-token-of-a-test")
    assert wrong.status_code == 403
    assert browser.get("/console/cards").status_code == 303


@pytest.mark.parametrize("path", ["/console/audit", "/console/audit/verify", "/console/dry-run"])
def test_a_form_that_we_did_not_show_is_refused(browser, path):
    sent = browser.client.post(path, data={"patient": PATIENT}, base_url=HERE)
    assert sent.status_code == 403


# What stands on the pages


def test_an_empty_deployment_says_no_data_everywhere(browser):
    first = browser.get("/console").get_data(as_text=True)
    assert "No data: no card has been issued since this record began." in first
    assert "No data: no hook service has been called since then." in first
    assert "no access has been recorded" in first
    assert "no access has been recorded" in browser.get("/console/clients").get_data(as_text=True)
    assert "No data: no card" in browser.get("/console/cards").get_data(as_text=True)


def test_cards_without_any_answer_are_not_counted_as_ignored(browser):
    call(browser)
    told = browser.get("/console/cards?by=drug").get_data(as_text=True)
    assert "no answer to a card has ever come" in told
    row = told.split("clopidogrel</th>")[1].split("</tr>")[0]
    assert re.findall(r">([^<>]+)</(?:td|span)>", row)[:5] == ["1"] + ["no data"] * 4


def test_cards_are_told_with_what_became_of_them(browser):
    accept(browser, call(browser))
    told = browser.get("/console/cards?by=drug").get_data(as_text=True)
    row = told.split("clopidogrel</th>")[1].split("</tr>")[0]
    assert re.findall(r'class="number">([^<]+)<', row) == ["1", "0", "1", "0", "0"]
    assert "tolerated-before: 1" in row
    assert 'fill="url(#fate-overridden)"' in row


def test_the_table_is_sorted_by_a_link_that_keeps_the_rest(browser):
    call(browser)
    told = browser.get("/console/cards?by=drug&days=7&sort=issued").get_data(as_text=True)
    assert 'aria-sort="descending"' in told
    assert "?by=drug&amp;days=7&amp;sort=accepted&amp;order=fall" in told.replace("%2F", "/") or (
        "days=7&amp;by=drug&amp;sort=accepted&amp;order=fall" in told
    )


def test_the_table_is_downloaded_as_it_is_shown(browser):
    accept(browser, call(browser))
    answer = browser.get("/console/cards.csv?by=drug&contains=clop")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cards-by-drug.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.get_data(as_text=True)))
    assert (row["drug"], row["issued"], row["overridden"]) == ("clopidogrel", "1", "1")
    lines = browser.get("/console/cards.ndjson?by=drug").get_data(as_text=True).splitlines()
    assert [json.loads(line)["reasons"] for line in lines] == [{"tolerated-before": 1}]


@pytest.mark.parametrize("query", ["by=patient", "sort=x", "days=0", "tenant=nobody", "order=x"])
def test_an_address_with_a_fault_is_a_page_that_says_so(browser, query):
    answer = browser.get(f"/console/cards?{query}")
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert query.partition("=")[0] in answer.get_data(as_text=True)


def test_a_name_that_holds_markup_stays_text(browser):
    told = browser.get('/console/cards?contains="><script>alert(1)</script>').get_data(as_text=True)
    assert "<script>alert" not in told


def test_latency_and_errors_are_those_of_the_calls(browser):
    call(browser)
    call(browser, "refused-missing-context")
    told = browser.get("/console").get_data(as_text=True)
    row = told.split("pgx-order-sign</th>")[1].split("</tr>")[0]
    assert "<strong>400</strong>: 1" in row
    assert "hook-call pgx-order-sign" in told


def test_clients_are_listed_with_their_last_call(browser):
    call(browser)
    told = browser.get("/console/clients").get_data(as_text=True)
    row = told.split("hook-call pgx-order-sign</td>")[1].split("</tr>")[0]
    assert re.findall(r'class="number">([^<]+)<', row) == ["1", "1", "0", "0", "1"]
    assert "anybody (nobody was identified)" in told


def test_knowledge_and_policy_in_force_are_told_and_no_secret(browse, tmp_path):
    policy = tmp_path / "policy.toml"
    policy.write_text("quiet_patient_view = true\n")
    browser = browse(policy=str(policy), audit_salt="a-salt-that-nobody-may-see")
    told = browser.get("/console/knowledge").get_data(as_text=True)
    assert "2026.08" in told
    assert "quiet_patient_view = true" in told
    assert "a-salt-that-nobody-may-see" not in told
    assert "FHIR_PGX_AUDIT_SALT" in told
    policy.write_text("quiet_patient_view = false\n")
    assert "has changed since" in browser.get("/console/knowledge").get_data(as_text=True)


# The record of accesses


def test_a_search_finds_the_patients_accesses_and_is_one_itself(browser, store):
    call(browser)
    found = browser.post("/console/audit", patient=PATIENT, kind="hook-call")
    told = found.get_data(as_text=True)
    assert "1 entry on this page" in told
    assert "pgx-order-sign" in told
    store.audit.queue.flush()
    last = list(store.audit.entries(patient=PATIENT))[-1]
    assert last.what == "other /console/audit"
    query = re.search(rb'"query":"([^"]+)"', last.body)[1]
    assert base64.b64decode(query) == b"patient=synthetic-1&kind=hook-call"


def test_looking_at_the_pages_alone_leaves_no_entry(browser, store):
    for page in PAGES:
        browser.get(f"/console{page}")
    store.audit.queue.flush()
    assert list(store.audit.entries()) == []


def test_nothing_found_is_told_from_nothing_there(browser):
    told = browser.post("/console/audit", patient="nobody").get_data(as_text=True)
    assert "There is no entry of this patient and period at all." in told


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("since", "2026-13-01"),
        ("until", "x"),
        ("kind", "peek"),
        ("outcome", "9"),
        ("patient", "x" * 301),
    ],
)
def test_a_field_with_a_fault_is_told_beside_it_and_keeps_what_was_typed(browser, field, value):
    answer = browser.post("/console/audit", **{"client": "epic", field: value})
    told = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert f'id="{field}-fault"' in told
    assert 'value="epic"' in told


def test_more_entries_than_a_page_holds_are_reached_by_going_on(browser):
    for _ in range(52):
        call(browser)
    told = browser.post("/console/audit", kind="hook-call").get_data(as_text=True)
    before = re.search(r'name="before" value="(\d+)"', told)[1]
    assert "50 entries on this page" in told
    more = browser.post("/console/audit", kind="hook-call", before=before).get_data(as_text=True)
    assert "2 entries on this page" in more


def test_verifying_says_how_far_the_record_holds_and_every_page_knows_it(browser):
    call(browser)
    told = browser.post("/console/audit/verify", reach="all").get_data(as_text=True)
    assert "It holds" in told
    assert re.search(r"to entry \d+, head <code>[0-9a-f]{64}</code>", told)
    first = browser.get("/console").get_data(as_text=True)
    assert re.search(r"holds</span> +to entry \d+; last verified", first)


def test_a_verification_that_was_refused_is_no_news_of_the_record(browser):
    call(browser)
    browser.post("/console/audit/verify", reach="all")
    assert browser.post("/console/audit/verify", reach="9").status_code == 400
    forged = browser.client.post(
        "/console/audit/verify", base_url=HERE, headers={"Origin": "https://evil.example.org"}
    )
    assert forged.status_code == 403
    first = browser.get("/console").get_data(as_text=True)
    assert re.search(r"holds</span> +to entry \d+; last verified", first)


def test_where_we_are_mounted_in_another_app_the_pages_find_one_another(store, stages):
    host = Flask("host")
    settings = Settings(base_url=f"{HERE}/pgx")
    FhirPgx(host, url_prefix="/pgx", settings=settings, pipeline=stages, store=store)
    browser = Browser(host)
    page = "/pgx/console/audit"
    assert 'href="/pgx/console/cards"' in browser.get("/pgx/console").get_data(as_text=True)
    assert browser.post(f"{page}/verify", page, reach="all").status_code == 200
    assert "last verified" in browser.get(page).get_data(as_text=True)


def test_a_reach_that_there_is_not_is_refused(browser):
    assert browser.post("/console/audit/verify", reach="9").status_code == 400


def test_no_patient_stands_in_a_log_or_an_address(browser, caplog):
    caplog.set_level(logging.DEBUG)
    told = browser.post("/console/audit", patient="secret-77", user="Practitioner/secret-78")
    page = told.get_data(as_text=True)
    assert told.status_code == 200
    assert not re.search(r'(?:href|action|src)="[^"]*secret-7', page)
    browser.post(
        "/console/dry-run",
        requests=(past("clopidogrel-intermediate"), "secret-77.ndjson"),
    )
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "secret-7" not in logged
    assert PATIENT not in logged


# The dry run


def test_past_requests_are_replayed_with_a_candidate_beside(browser, store):
    sent = browser.post(
        "/console/dry-run",
        requests=(past("clopidogrel-intermediate", "refused-wrong-hook"), "past.ndjson"),
        policy=(io.BytesIO(b'[mute]\ndrugs = ["clopidogrel"]\n'), "candidate.toml"),
    )
    told = sent.get_data(as_text=True)
    assert sent.status_code == 200
    assert "2 requests: 1 answered" in told or "2 requests: 2 answered" in told
    assert "− disappears" in told
    assert "mute.drugs, line 2" in told
    assert PATIENT not in told
    assert store.card_span().first_card is None  # nothing was recorded as issued


def test_the_report_comes_as_json_where_it_is_asked_for(browser):
    sent = browser.post(
        "/console/dry-run",
        requests=(past("clopidogrel-intermediate"), "past.ndjson"),
        answer="json",
    )
    assert sent.headers["Content-Disposition"].startswith("attachment")
    assert sent.get_json()["in_force"]["by_drug"] == {"clopidogrel": 1}


def test_a_candidate_with_a_fault_is_told_beside_its_field(browser):
    sent = browser.post(
        "/console/dry-run",
        requests=(past("clopidogrel-intermediate"), "past.ndjson"),
        policy=(io.BytesIO(b"[mutes]\n"), "candidate.toml"),
    )
    assert sent.status_code == 400
    fault = sent.get_data(as_text=True).split('id="policy-fault"')[1]
    assert "did you mean mute" in fault


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        (b"", 400, "No file was sent"),
        (b"[{", 400, "PGX-101"),
        (b"\x1f\x8bbroken", 400, "gzip"),
    ],
)
def test_a_file_that_is_none_is_told_beside_its_field(browser, data, status, told):
    sent = browser.post("/console/dry-run", requests=(io.BytesIO(data), "past.ndjson"))
    assert sent.status_code == status
    assert told in sent.get_data(as_text=True).split('id="requests-fault"')[1]


def test_a_file_that_is_too_large_is_refused_kindly(browse):
    browser = browse(max_body_bytes=100_000)
    sent = browser.post("/console/dry-run", requests=(io.BytesIO(b"x" * 200_000), "past.ndjson"))
    assert (sent.status_code, sent.mimetype) == (413, "text/html")
    assert "fhir-pgx dry-run" in sent.get_data(as_text=True).split('id="requests-fault"')[1]


@pytest.mark.parametrize(
    ("field", "data", "said"),
    [
        ("requests", gzip.compress(b"[" + b"[]," * 8_000_000 + b"[]]"), "more than 20000000 bytes"),
        ("requests", gzip.compress(b"\n" * 200_000), "more than 100000 lines"),
        ("policy", b"#" * 70_000, "larger than 64000 bytes"),
        ("policy", b"a = " + b"[" * 20_000, "nests too deep"),
    ],
    ids=["array", "lines", "long-policy", "deep-policy"],
)
def test_a_small_file_that_would_cost_very_much_is_refused(browser, field, data, said):
    files = {"requests": past("clopidogrel-intermediate"), field: io.BytesIO(data)}
    sent = browser.post(
        "/console/dry-run", **{name: (file, f"{name}.x") for name, file in files.items()}
    )
    assert sent.status_code == 400
    assert said in sent.get_data(as_text=True).split(f'id="{field}-fault"')[1]


def test_the_store_is_looked_into_only_where_asked_and_that_is_recorded(browser, store):
    def entries():
        store.audit.queue.flush()
        return [e.what for e in store.audit.entries(patient=PATIENT) if "dry-run" in e.what]

    browser.post("/console/dry-run", requests=(past("clopidogrel-intermediate"), "p.ndjson"))
    assert entries() == []
    browser.post(
        "/console/dry-run", requests=(past("clopidogrel-intermediate"), "p.ndjson"), store="yes"
    )
    assert entries() == ["other /console/dry-run"]


def test_no_page_holds_an_inline_style_or_script(browser):
    accept(browser, call(browser))
    for page in (*PAGES, "/cards?by=drug"):
        told = browser.get(f"/console{page}").get_data(as_text=True)
        assert not re.search(r"<[^>]+ (?:style|on[a-z]+)=", told)
        assert "<style" not in told
