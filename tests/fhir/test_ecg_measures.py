"""QTc and heart rate of a patient, from whatever made them. All patients are synthetic."""

from datetime import date

import pytest

from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.measurements import read_measurements

TODAY = date(2026, 11, 23)


def observed(code, value, unit, *, when="2026-11-20", name="o1", **members):
    resource = {
        "resourceType": "Observation", "id": name, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "effectiveDateTime": when,
        "valueQuantity": {"value": value, "unit": unit},
        **members,
    }  # fmt: skip
    return Entry(resource, "Bundle.entry[0].resource")


@pytest.mark.parametrize("code", ["8636-3", "76634-5", "76635-2"])
@pytest.mark.parametrize(
    ("value", "unit", "milliseconds"),
    [(512, "ms", 512), (0.512, "s", 512), (512, "msec", 512)],
)
def test_a_qtc_is_read_in_milliseconds(code, value, unit, milliseconds):
    found = read_measurements([observed(code, value, unit)], today=TODAY)
    assert (found.qtc.value, found.qtc.unit) == (milliseconds, "ms")


@pytest.mark.parametrize(
    ("code", "value", "unit", "is_listed"),
    [
        ("8634-8", 512, "ms", False),  # not corrected for the rate: never taken for a QTc
        ("8625-6", 512, "ms", False),  # the PR interval
        ("8636-3", 512, "", True),
        ("8636-3", 512, "mm", True),
        ("8636-3", 5, "ms", True),
        ("8636-3", 5000, "ms", True),
    ],
)
def test_what_is_no_qtc_is_not_used(code, value, unit, is_listed):
    found = read_measurements([observed(code, value, unit)], today=TODAY)
    assert found.qtc is None
    assert bool(found.not_understood) is is_listed


@pytest.mark.parametrize("unit", ["/min", "{beats}/min", "bpm", "beats/minute"])
def test_a_heart_rate_is_read_a_minute(unit):
    found = read_measurements([observed("8867-4", 44, unit)], today=TODAY)
    assert (found.heart_rate.value, found.heart_rate.unit) == (44, "/min")


def test_what_a_device_measured_counts():
    made = observed("8636-3", 505, "ms", device={"reference": "Device/synthetic-ecg"})
    assert read_measurements([made], today=TODAY).qtc.value == 505


def test_the_newest_counts_and_the_future_does_not():
    older = observed("8636-3", 530, "ms", when="2026-11-01", name="a")
    newer = observed("8636-3", 440, "ms", when="2026-11-21", name="b")
    later = observed("8636-3", 560, "ms", when="2027-01-01", name="c")
    assert read_measurements([older, newer, later], today=TODAY).qtc.value == 440
