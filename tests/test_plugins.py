"""The door by which services come in."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from fhir_pgx.errors import BrokenPlugin, UnknownService
from fhir_pgx.model.hook import HookAnswer
from fhir_pgx.plugins import GROUP, OURS, Registry, load_services
from fhir_pgx.services.service import Service, write_service
from fhir_pgx.services.templates import RESULT_CODES, TEMPLATES

HOOKS_OFFERED = (
    "order-select", "order-sign", "patient-view", "medication-refill", "encounter-start",
    "encounter-discharge", "problem-list-item-create", "allergyintolerance-create",
    "order-dispatch", "appointment-book", "medication-prescribe", "order-review",
)  # fmt: skip


def answer(call):
    return HookAnswer()


def service(identity="mine", hook="order-sign"):
    return Service(identity, hook, "Mine", "Mine", answer)


def test_our_services_come_in_by_the_same_door_as_all():
    ids = [found.id for found in load_services(answer, [OURS]).services]
    assert ids == [f"pgx-{hook}" for hook in HOOKS_OFFERED]


def test_a_service_is_found_by_its_id_and_no_other():
    registry = Registry([service()])
    assert registry.service("mine").title == "Mine"
    with pytest.raises(UnknownService):
        registry.service("yours")


@pytest.mark.parametrize(
    "offered",
    [
        [service(), service()],
        [service(hook="order-dreamt")],
        [service(identity="a/b")],
        [service(identity="")],
        ["not a service"],
    ],
)
def test_a_service_that_could_not_be_called_stops_the_start(offered):
    with pytest.raises(BrokenPlugin):
        Registry(offered)


@pytest.mark.parametrize("value", ["no_such_package:services", "fhir_pgx.services.pgx:missing"])
def test_a_plugin_that_does_not_load_stops_the_start_naming_it(value):
    with pytest.raises(BrokenPlugin, match="theirs"):
        load_services(answer, [OURS, EntryPoint("theirs", value, GROUP)])


def test_discovery_leaves_out_what_a_service_does_not_state():
    assert write_service(service()) == {
        "hook": "order-sign",
        "id": "mine",
        "title": "Mine",
        "description": "Mine",
        "version": "3.0.0",
    }


# CDS Hooks 2.0.1: only root-level context members; Epic knows no others, the Sandbox sends
# FHIRPath as it stands and takes the empty answer for data.
def test_templates_use_no_token_but_the_patients_id():
    for template in TEMPLATES.values():
        assert template.replace("{{context.patientId}}", "").count("{{") == 0
        assert ":" not in template
        assert len(template) < 1500


def test_result_codes_have_right_check_digits_and_stand_once():
    assert len(set(RESULT_CODES)) == len(RESULT_CODES)
    for code in RESULT_CODES:
        digits, _, check = code.partition("-")
        if digits.isdigit():
            assert luhn(digits) == int(check), code


def luhn(digits):
    doubled = "".join(
        str(int(digit) * (2 if place % 2 == 0 else 1)) for place, digit in enumerate(digits[::-1])
    )
    return -sum(map(int, doubled)) % 10


def test_the_check_digit_test_can_fail():
    assert luhn("57132") == 3  # CYP2C19 gene allele is 57132-3; 57132-1 is a slip seen in the wild


def test_the_page_for_analysts_has_every_service_and_query():
    page = (Path(__file__).resolve().parents[1] / "docs" / "cds-hooks.md").read_text("utf-8")
    for offered in load_services(answer, [OURS]).services:
        assert f"/cds-services/{offered.id}`" in page
        for key, query in offered.prefetch.items():
            assert f"| `{key}` | `{query}` |" in page
