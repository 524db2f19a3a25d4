"""Nothing of a patient, of a caller's credential or of what was asked stands in any log.

One long session: every kind of request and of error, with a marker wherever somebody's data could
stand, at the lowest level, with every logger of the process listened to.
"""

import http.client
import json
import logging
import re
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
from joserfc.jwk import ECKey

from fhir_pgx.errors import StoreFailure
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app
from fhir_pgx.web.logs import JsonLines, TextLines, WithRequest, log_to_stderr
from fhir_pgx.web.noted import REQUEST_ID
from tests.running_server import running_server
from tests.web.conftest import FakePipeline
from tests.web.fhir_client import entry, fhir_client, observation, patient, transaction

MARK = "zzmark"
PATIENT = f"{MARK}-patient-1"
JSON, FORM = "application/fhir+json", "application/x-www-form-urlencoded"
FOUND = re.compile(MARK, re.IGNORECASE)

SOMEBODY = patient(
    PATIENT,
    identifier=[{"system": f"urn:{MARK}", "value": f"{MARK}-mrn"}],
    name=[{"family": "Zzmarkfamily", "given": ["Zzmarkgiven"]}],
    birthDate="1950-01-01",
    telecom=[{"system": "phone", "value": f"{MARK}-phone"}],
    address=[{"line": [f"{MARK} street"], "city": f"{MARK} city"}],
)
RESULT = observation(
    f"Patient/{PATIENT}",
    f"{MARK}-result",
    note=[{"text": f"{MARK} note"}],
    valueString=f"{MARK} value",
    component=[{"code": {"text": f"{MARK} code"}, "valueString": f"{MARK}:c.1A>G"}],
)
ORDER = {
    "resourceType": "MedicationRequest",
    "id": f"{MARK}-order",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": f"Patient/{PATIENT}"},
    "medicationCodeableConcept": {"text": f"clopidogrel {MARK}"},
    "note": [{"text": f"{MARK} note on the order"}],
}


def hook(**more):
    return {
        "hook": "order-sign",
        "hookInstance": f"{MARK}-instance",
        "context": {
            "userId": f"Practitioner/{MARK}-user",
            "patientId": PATIENT,
            "encounterId": f"{MARK}-encounter",
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": ORDER}]},
        },
        "prefetch": {f"{MARK}-key": {"resourceType": "Bundle", "entry": [{"resource": RESULT}]}},
        **more,
    }


def session(fhir_server=""):
    """Requests of every kind: method, address, body, content type, headers."""
    called = {
        "fhirServer": fhir_server or f"https://{MARK}.example.org/fhir",
        "fhirAuthorization": {
            "access_token": f"{MARK}-token", "token_type": "Bearer", "expires_in": 300,
            "scope": f"user/*.read {MARK}", "subject": f"{MARK}-client", "patient": PATIENT,
        },
    }  # fmt: skip
    feedback = {
        "card": f"{MARK}-card", "outcome": "overridden", "outcomeTimestamp": "2020-01-01T00:00:00Z",
        "overrideReason": {"reason": {"code": f"{MARK}-code"}, "userComment": f"{MARK} comment"},
    }  # fmt: skip
    whole = transaction(
        entry("PUT", f"Patient/{PATIENT}", SOMEBODY),
        entry("POST", "Observation", RESULT, f"urn:{MARK}"),
        entry("GET", f"Observation?patient={PATIENT}"),
    )
    failing = transaction(entry("PUT", f"Patient/{MARK}", {"resourceType": MARK}))
    of_patient = f"/fhir/Patient/{PATIENT}"
    yield "PUT", of_patient, SOMEBODY, JSON
    yield "PUT", f"/fhir/Observation/{MARK}-result", RESULT, JSON
    yield "POST", "/fhir/Observation", RESULT, JSON
    yield "POST", "/fhir", whole, JSON
    yield "POST", "/fhir", failing, JSON
    yield "POST", "/fhir", {**failing, "type": "batch"}, JSON
    for path in (
        of_patient,
        f"{of_patient}/_history",
        f"{of_patient}/_history/{MARK}",
        f"/fhir/Observation?subject=Patient/{PATIENT}&note={MARK}",
        f"/fhir/Observation?patient.name={MARK}&_include={MARK}",
        f"/fhir/Observation?date={MARK}",
        f"/fhir/Patient?name=Zzmarkfamily&identifier=urn:{MARK}|{MARK}-mrn",
        f"/fhir/Patient?{MARK}={MARK}",
        f"/fhir/{MARK}/{MARK}",
        f"/fhir/Patient/{MARK}%20{MARK}",
        f"{of_patient}/$everything",
        f"{of_patient}/$interpret",
        f"{of_patient}/$recommend?drug={MARK}",
        f"{of_patient}/${MARK}",
        f"{of_patient}/Observation?code={MARK}",
        f"/fhir/$find-subject-variants?subject={PATIENT}&ranges={MARK}",
        f"/fhir/$find-subject-variants?subject={PATIENT}&ranges=NC_000001.11:1-2&{MARK}={MARK}",
        f"/fhir/$find-population-specific-variants?variants={MARK}",
        f"/fhir/Observation/{MARK}-result/$validate",
        f"/fhir//Patient//{PATIENT}",
        f"/cds-services/{MARK}",
        f"/health/{MARK}",
        f"/{MARK}/{PATIENT}?q={MARK}",
        f"/api/{MARK}",
    ):
        yield "GET", path, None, ""
    yield "POST", "/fhir/Patient/_search", f"name={MARK}&identifier={MARK}", FORM
    yield "POST", "/fhir/Patient/_search", f"{MARK}", f"text/{MARK}"
    yield "POST", "/fhir/$validate", RESULT, JSON
    yield (
        "POST",
        "/fhir/$interpret",
        {"resourceType": "Bundle", "entry": [{"resource": RESULT}]},
        JSON,
    )
    yield "POST", "/fhir/Observation", "{" + MARK, JSON
    yield (
        "POST",
        "/fhir/Observation",
        f"<Observation><{MARK}/></Observation>",
        "application/fhir+xml",
    )
    yield "POST", "/fhir/Observation", {**RESULT, "resourceType": MARK}, JSON
    yield "PUT", f"/fhir/Observation/{MARK}-result", {**RESULT, "subject": {
        "reference": f"Patient/{MARK}-another"}}, JSON  # fmt: skip
    for body in (hook(), hook(**called), hook(hook=MARK), {"hook": MARK}, [MARK], MARK):
        yield "POST", "/cds-services/pgx-order-sign", body, "application/json"
    yield "POST", "/cds-services/pgx-patient-view", hook(hook="patient-view"), "application/json"
    yield "POST", "/cds-services/pgx-order-sign", '{"hook": "' + MARK, "application/json"
    yield ("POST", "/cds-services/pgx-order-sign/feedback", {"feedback": [feedback]},
           "application/json")  # fmt: skip
    yield ("POST", "/cds-services/pgx-order-sign/feedback", {"feedback": [{"card": MARK}]},
           "application/json")  # fmt: skip
    for path in ("interpret", "recommend", "explain", "hla-match", f"interpret?{MARK}={MARK}"):
        yield "POST", f"/api/{path}", {"resourceType": "Bundle", "entry": [
            {"resource": SOMEBODY}, {"resource": RESULT}]}, JSON  # fmt: skip
    yield "POST", "/api/interpret", f"##fileformat=VCFv4.2\n#CHROM\t{MARK}\n{MARK}", "text/vcf"
    yield MARK.upper(), of_patient, None, ""
    yield "DELETE", f"/fhir/Observation/{MARK}-result", None, ""
    yield "GET", f"/fhir/Observation/{MARK}-result", None, ""
    yield "DELETE", f"/fhir/Observation?identifier={MARK}", None, ""


HEADERS = {
    "Authorization": f"Bearer {MARK}.{MARK}.{MARK}",
    "Cookie": f"session={MARK}",
    "X-CDS-Client": MARK,
    "If-None-Exist": f"identifier={MARK}",
    "Prefer": f"return=OperationOutcome; {MARK}",
    "Referer": f"https://ehr.example.org/{MARK}",
    "User-Agent": f"{MARK}/1",
    "X-Forwarded-For": MARK,
    "X-Request-Id": f"not well formed {MARK}",
}


def written(body):
    return json.dumps(body) if isinstance(body, dict | list) else body


@pytest.fixture
def other_server():
    """Another FHIR server, which is asked for what was not sent, and answers with its data."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": [
                {"resource": RESULT, "search": {"mode": "match"}}]}).encode()  # fmt: skip
            self.send_response(200 if "Observation" in self.path else 500)
            self.send_header("Content-Type", JSON)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Not ours."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/fhir"
    server.shutdown()
    server.server_close()


@pytest.fixture
def everything_logged(caplog):
    """Every record of every logger, those included that were silenced on their way to the root."""
    kept = {}
    for name in (None, *logging.Logger.manager.loggerDict):
        logger = logging.getLogger(name)
        kept[name] = (logger.level, logger.handlers, logger.propagate, logger.disabled)
    yield caplog
    for name, (level, handlers, propagate, disabled) in kept.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.disabled = handlers, propagate, disabled
        logger.setLevel(level)


def listen(caplog):
    """As our server sets itself up at the lowest level, and all else as loud as it can be."""
    log_to_stderr("debug")
    logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger("fhir_pgx").addHandler(caplog.handler)
    caplog.handler.setLevel(logging.DEBUG)
    caplog.handler.setFormatter(logging.Formatter("%(name)s %(message)s"))


def hold(client, requests):
    """Send everything; the statuses that came back."""
    return [
        client.open(
            path, method=method, data=written(body), content_type=type_ or None, headers=HEADERS
        ).status_code
        for method, path, body, type_ in requests
    ]


def test_nothing_of_a_patient_is_logged_in_a_whole_session(
    store, other_server, everything_logged, capfd
):
    client = fhir_client(
        store, fhir_private_servers=(other_server,), derive_reports="on", log_level="debug",
        remember_shown=10,
    )  # fmt: skip
    listen(everything_logged)
    statuses = hold(client, session(other_server))
    assert {200, 201, 400, 404, 405, 409, 410, 415} <= set(statuses)
    store.audit.queue.flush()
    assert any(MARK in row.patient for row in store.audit.entries())  # the record is another thing
    logged = everything_logged.text
    assert '"service":"pgx-order-sign"' in logged
    assert '"route":"/fhir/<type_>/<id_>"' in logged
    assert not FOUND.search(logged), FOUND.search(logged)
    told = "".join(capfd.readouterr())
    assert not FOUND.search(told)


def test_nothing_of_a_patient_or_a_credential_is_logged_where_everybody_is_refused(
    store, everything_logged, capfd, tmp_path
):
    key = ECKey.generate_key("P-384", {"kid": "synthetic"}).as_dict(private=False)
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [key]}))
    access = tmp_path / "access.toml"
    access.write_text(
        '[[cds_clients]]\nname = "ehr"\nissuer = "https://ehr.example.org"\n'
        'keys_file = "keys.json"\n'
    )
    settings = Settings(access=str(access), operator_token=f"{MARK}-operator")
    client = create_app(settings, pipeline=FakePipeline(), store=store).test_client()
    listen(everything_logged)
    statuses = hold(client, session())
    assert {401, 404} <= set(statuses) <= {401, 404, 405, 429}
    assert client.get("/metrics").status_code == 401
    assert '"refused":"cds"' in everything_logged.text
    assert not FOUND.search(everything_logged.text), FOUND.search(everything_logged.text)
    assert not FOUND.search("".join(capfd.readouterr()))


@pytest.mark.parametrize("where", ["pipeline", "store", "answer"])
def test_nothing_of_a_patient_is_logged_when_something_crashes(
    store, everything_logged, capfd, monkeypatch, where
):
    pipeline = FakePipeline()
    client = create_app(Settings(), pipeline=pipeline, store=store).test_client()
    if where == "pipeline":
        pipeline.says = KeyError(f"{MARK} {PATIENT}")
    if where == "store":

        def fail(*_, **__):
            raise StoreFailure("the database was not read") from ValueError(MARK)

        for name in ("reads", "transaction", "record_feedback", "resources_of"):
            monkeypatch.setattr(store, name, fail)
        monkeypatch.setattr(store.audit, "append", fail)
    if where == "answer":
        # Behind everything that answers errors: Flask itself logs what is raised here.
        def crash(*_):
            raise KeyError(f"{MARK} {PATIENT}")

        monkeypatch.setattr("fhir_pgx.web.trail.Trail.finish", crash)
        client.application.config["PROPAGATE_EXCEPTIONS"] = False
    listen(everything_logged)
    statuses = hold(client, session())
    assert 500 in statuses or 503 in statuses
    assert everything_logged.text
    assert not FOUND.search(everything_logged.text), FOUND.search(everything_logged.text)
    assert not FOUND.search("".join(capfd.readouterr()))
    monkeypatch.undo()


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_of_a_patient_is_in_the_log_of_a_running_server(tmp_path, form):
    """With the HTTP server's own log, and what Python and its libraries write to standard error."""
    with running_server(tmp_path, log_level="debug", log_format=form) as address:
        host = address.removeprefix("http://")
        for method, path, body, type_ in session():
            data = written(body)
            sent = data.encode() if data else None
            with closing(http.client.HTTPConnection(host, timeout=30)) as connection:
                headers = HEADERS | ({"Content-Type": type_} if type_ else {})
                connection.request(method, quote(path, safe="/?&=$%|:."), sent, headers)
                connection.getresponse().read()
    (log,) = tmp_path.glob("server-*.log")
    lines = log.read_text()
    assert "pgx-order-sign" in lines
    assert not FOUND.search(lines), FOUND.search(lines)
    if form == "json":
        ours = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
        assert len(ours) > 50
        assert all(each["time"] and each["level"] and each["logger"] for each in ours)
        assert len({each["request"] for each in ours if "request" in each}) > 50


# The form of a line


def record_of(message, name="fhir_pgx.web", **more):
    made = logging.LogRecord(name, logging.ERROR, "x.py", 1, message, (), more.get("exc_info"))
    WithRequest().filter(made)
    return made


@pytest.fixture
def within_request():
    token = REQUEST_ID.set("r-1")
    yield
    REQUEST_ID.reset(token)


@pytest.mark.usefixtures("within_request")
def test_each_line_of_a_request_has_its_id_in_either_form():
    assert TextLines().format(record_of("told")) == "ERROR fhir_pgx.web [r-1]: told"
    line = json.loads(JsonLines().format(record_of("told")))
    assert (line["request"], line["message"], line["level"]) == ("r-1", "told", "error")
    refused = record_of('{"refused":"cds"}', "fhir_pgx.security")
    assert json.loads(TextLines().format(refused)) == {"request": "r-1", "refused": "cds"}
    line = json.loads(JsonLines().format(refused))
    assert (line["request"], line["refused"], line["logger"]) == ("r-1", "cds", "fhir_pgx.security")


@pytest.mark.usefixtures("within_request")
@pytest.mark.parametrize("form", [TextLines, JsonLines])
def test_the_message_of_an_exception_is_left_out_and_its_places_are_kept(form):
    try:
        raise KeyError(MARK)
    except KeyError as error:
        found = (type(error), error, error.__traceback__)
    shown = form().format(record_of("it failed", exc_info=found))
    assert MARK not in shown
    assert "KeyError" in shown
    assert "test_no_patient_data_in_logs.py" in shown


def test_a_message_with_a_line_end_stays_one_line_of_json():
    assert "\n" not in JsonLines().format(record_of("one\ntwo"))


def test_the_guard_would_find_a_marker(everything_logged):
    listen(everything_logged)
    logging.getLogger("fhir_pgx.web").debug("reading Patient/%s", PATIENT)
    assert FOUND.search(everything_logged.text)


@pytest.mark.parametrize("name", ["urllib3.connectionpool", "werkzeug", "sqlalchemy.engine"])
def test_libraries_that_log_addresses_are_not_listened_to(everything_logged, name):
    listen(everything_logged)
    logging.getLogger(name).critical("GET /fhir/Patient/%s", PATIENT)
    assert not FOUND.search(everything_logged.text)


def test_a_store_is_opened_without_a_word(tmp_path, everything_logged):
    listen(everything_logged)
    with closing(SqlStore(f"sqlite:///{tmp_path}/{MARK}.db")):
        assert not FOUND.search(everything_logged.text)
