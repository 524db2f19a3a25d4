"""Answers of the operations on implications, taken apart."""

from .synthetic import LOINC, TBD


def resources(found, name):
    return [each["resource"] for each in found.get("parameter", []) if each["name"] == name]


def ids(found, name):
    return [each["id"] for each in resources(found, name)]


def values(observation, code, system=LOINC):
    return [
        each.get("valueCodeableConcept") or each.get("valueString")
        for each in observation.get("component", [])
        if any(c.get("code") == code and c.get("system") == system for c in each["code"]["coding"])
    ]


def words(observation, code="therapeutic-implication", system=TBD):
    return [each["text"] for each in values(observation, code, system)]


def is_of_laboratory(observation):
    """Whether a resource is a laboratory's: ours name themselves and are preliminary."""
    device = observation.get("device", {}).get("display", "")
    is_ours = device.startswith("fhir_pgx")
    assert is_ours == (observation["status"] == "preliminary")
    return not is_ours


def counts(found, name="implications"):
    """Numerator, denominator and the patients listed."""
    (group,) = [each for each in found["parameter"] if each["name"] == name]
    parts = {each["name"]: each["valueQuantity"]["value"] for each in group["part"]
             if "valueQuantity" in each}  # fmt: skip
    listed = [each["valueString"] for each in group["part"] if each["name"] == "subject"]
    return parts["numerator"], parts["denominator"], listed
