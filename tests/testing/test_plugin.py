"""The pytest plugin, as a team that tests its own client has it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_pgx.knowledge.example_files import WRITTEN_ON, hook_examples
from fhir_pgx.testing import Findings, check_discovery, check_feedback, check_hook_request
from tests.replay import TODAY, listed_examples

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "test-your-client.md"
_BLOCK = re.compile(r'^```python title="([\w.]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def run(pytester, *arguments):
    """A pytest run of its own, with our plugin, as installed from the package's entry point."""
    return pytester.runpytest_subprocess(
        "-p", "fhir_pgx.testing.plugin", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments
    )


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_the_project_of_the_page_passes(pytester):
    """Every file that the page shows, as it shows it."""
    files = dict(_BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    assert {"ehr.py", "test_ehr.py", "test_messages.py", "test_cards.py", "conftest.py"} == set(
        files
    )
    settings = files.pop("conftest.py")
    for name, text in files.items():
        pytester.path.joinpath(name).write_text(text, encoding="utf-8")
    run(pytester).assert_outcomes(passed=8)
    # With the other settings that the page shows, the server shapes its cards for Epic.
    (pytester.path / "conftest.py").write_text(settings, encoding="utf-8")
    (pytester.path / "test_epic.py").write_text(
        "from ehr import Ehr\n"
        "def test_epic(fhir_pgx_client, fhir_pgx_example):\n"
        "    ehr = Ehr(fhir_pgx_client.discovery)\n"
        "    (card,) = ehr.sign(fhir_pgx_example('order-sign-clopidogrel').document)\n"
        "    actions = [a['type'] for s in card['suggestions'] for a in s['actions']]\n"
        "    assert 'update' not in actions\n",
        encoding="utf-8",
    )
    run(pytester, "test_epic.py").assert_outcomes(passed=1)


def test_what_a_client_does_wrong_is_told(pytester):
    pytester.makepyfile(
        """
        import http.client, json
        from urllib.parse import urlsplit

        def post(url, body, **headers):
            parts = urlsplit(url)
            asking = http.client.HTTPConnection(parts.netloc, timeout=10)
            headers["Content-Type"] = "application/json"
            asking.request("POST", parts.path, body, headers)
            answer = asking.getresponse()
            read = answer.status, answer.read()
            asking.close()
            return read

        def test_a_request_without_a_patient(fhir_pgx_client, fhir_pgx_received):
            body = json.dumps({"hook": "patient-view", "context": {}})
            assert post(fhir_pgx_client.service("pgx-patient-view"), body)[0] == 400
            (refused,) = fhir_pgx_received.refused
            assert refused.answered["resourceType"] == "OperationOutcome"
            places = {each.where for each in fhir_pgx_received.findings().errors}
            assert places == {"hookInstance", "context.patientId", "context.userId"}

        def test_the_next_test_begins_anew(fhir_pgx_received):
            assert fhir_pgx_received.requests == ()

        def test_feedback_that_was_refused_was_not_taken(fhir_pgx_client, fhir_pgx_received):
            assert post(fhir_pgx_client.feedback("pgx-order-sign"), "{}")[0] == 400
            assert fhir_pgx_received.feedback == ()
            assert fhir_pgx_received.findings().errors

        def test_headers_and_bodies_are_kept_as_they_came(fhir_pgx_client, fhir_pgx_received):
            post(fhir_pgx_client.service("none"), b"no json", Authorization="Bearer a.b.c")
            (call,) = fhir_pgx_received.hooks
            assert call.headers["authorization"] == "Bearer a.b.c"
            assert (call.body, call.status, call.service) == (b"no json", 404, "none")

        def test_a_body_in_chunks_is_read(fhir_pgx_client, fhir_pgx_received, fhir_pgx_example):
            example = fhir_pgx_example("order-sign-clopidogrel")
            half = len(example.request) // 2
            pieces = iter((example.request[:half], example.request[half:]))
            url = fhir_pgx_client.service(example.service)
            status, answer = post(url, pieces)
            assert status == 200
            assert json.loads(answer)["cards"]
            (call,) = fhir_pgx_received.hooks
            assert call.body == example.request
            assert call.headers["transfer-encoding"] == "chunked"

        def test_what_does_not_come_is_not_waited_for_without_end(fhir_pgx_received):
            assert not fhir_pgx_received.wait_for(lambda each: each.hooks, seconds=0.05)

        def test_the_patients_are_there(fhir_pgx_client):
            parts = urlsplit(fhir_pgx_client.fhir)
            asking = http.client.HTTPConnection(parts.netloc, timeout=10)
            asking.request("GET", "/fhir/Patient?_summary=count")
            assert json.loads(asking.getresponse().read())["total"] == 6
            asking.close()

        def test_that_fails(fhir_pgx_hook):
            fhir_pgx_hook({"hook": "order-sign"})
        """
    )
    result = run(pytester, "-W", "error::ResourceWarning")
    result.assert_outcomes(passed=7, failed=1)
    result.stdout.fnmatch_lines(["*answered with status 400*", "*at hookInstance*"])


def test_a_setting_that_cannot_be_is_told_at_once(pytester):
    pytester.makeconftest(
        """
        import pytest
        @pytest.fixture(scope="session")
        def fhir_pgx_settings():
            return {"no_such_setting": 1}
        """
    )
    pytester.makepyfile("def test_one(fhir_pgx_server): pass")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no_such_setting*"])


def test_the_plugin_costs_nothing_until_it_is_used():
    """What it loads, counted in modules: a clock would judge the machine."""
    told = subprocess.run(
        [
            sys.executable, "-c",
            "import sys, json, pytest; before = set(sys.modules)\n"
            "import fhir_pgx.testing.plugin\n"
            "print(json.dumps(sorted(set(sys.modules) - before)))",
        ],
        capture_output=True, check=True, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert json.loads(told.stdout) == [
        "fhir_pgx",
        "fhir_pgx.testing",
        "fhir_pgx.testing.plugin",
    ]


def test_the_day_of_the_server_is_that_of_the_answers():
    assert WRITTEN_ON == TODAY


def test_the_examples_are_those_of_the_table():
    ours = [(each.name, each.service, each.status) for each in hook_examples()]
    assert ours == [(each.name, each.service, each.status) for each in listed_examples()]


# Checks


@pytest.mark.parametrize(
    "example", [each for each in hook_examples() if each.status == 200], ids=lambda each: each.name
)
def test_the_requests_of_the_examples_have_no_error(example):
    assert not check_hook_request(example.request).errors


@pytest.mark.parametrize(
    ("check", "document", "text"),
    [
        (check_hook_request, {"cards": []}, "this is not a request to a service"),
        (check_hook_request, {}, "this is not a request to a service"),
        (check_hook_request, {"resourceType": "Patient", "id": "a"}, "this is not a request"),
        (check_discovery, {"feedback": []}, "this is not a discovery answer"),
        (check_feedback, {"services": []}, "this is not feedback"),
    ],
)
def test_a_message_of_another_kind_is_none(check, document, text):
    (finding,) = check(document)
    assert finding.text.startswith(text)
    assert finding.mend


@pytest.mark.parametrize("sent", [b"{", "not json", b"[1]", b"\xff", b""])
def test_what_is_no_json_object_is_a_finding_and_no_exception(sent):
    assert check_hook_request(sent).errors


def test_a_document_is_checked_as_values_text_or_bytes_alike():
    document = {"feedback": [{"card": "a"}]}
    found = check_feedback(document)
    assert found
    assert found == check_feedback(json.dumps(document))
    assert found == check_feedback(json.dumps(document).encode())


def test_findings_say_place_and_mending_where_a_test_fails():
    shown = repr(check_hook_request({"hook": "patient-view", "hookInstance": "x", "context": {}}))
    assert "error at context.patientId: a required member is missing; to mend it: add it" in shown
    assert "warning at hookInstance" in shown
    assert repr(Findings()) == "no finding"


def test_a_client_that_must_sign_its_calls_can_be_tested(pytester):
    """With an access file the server asks for a JWT, made for the address that it has."""
    pytester.makeconftest(
        """
        import pytest
        from tests.secured import register
        @pytest.fixture(scope="session")
        def fhir_pgx_settings(tmp_path_factory):
            return {"access": register(tmp_path_factory.mktemp("access"))}
        """
    )
    pytester.makepyfile(
        """
        import http.client, time, uuid
        from urllib.parse import urlsplit
        from tests.secured import EHR, signed

        def post(url, body, token=""):
            parts = urlsplit(url)
            asking = http.client.HTTPConnection(parts.netloc, timeout=10)
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            asking.request("POST", parts.path, body, headers)
            status = asking.getresponse().status
            asking.close()
            return status

        def test_signed(fhir_pgx_client, fhir_pgx_received, fhir_pgx_example):
            example = fhir_pgx_example("order-sign-clopidogrel")
            url = fhir_pgx_client.service(example.service)
            now = int(time.time())
            claims = {"iss": EHR, "aud": url, "iat": now, "exp": now + 300,
                      "jti": str(uuid.uuid4())}
            assert post(url, example.request) == 401
            assert post(url, example.request, signed(EHR, claims, "JWT")) == 200
            assert [each.status for each in fhir_pgx_received.hooks] == [401, 200]

        def test_offline_nobody_is_asked(fhir_pgx_hook, fhir_pgx_example):
            assert fhir_pgx_hook(fhir_pgx_example("order-sign-clopidogrel").document)["cards"]
        """
    )
    run(pytester).assert_outcomes(passed=2)
