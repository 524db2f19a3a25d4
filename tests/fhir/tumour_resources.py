"""Makers of synthetic resources for the tests of tumour readings."""

LOINC = "http://loinc.org"


def concept(text="", code="", system=LOINC):
    made = {"text": text} if text else {}
    if code:
        made["coding"] = [{"system": system, "code": code} | ({"display": text} if text else {})]
    return made


def coded(text="", code="", system=LOINC):
    return {"valueCodeableConcept": concept(text, code, system)}


def quantity(value, unit=""):
    return {"valueQuantity": {"value": value} | ({"unit": unit} if unit else {})}


def part(code, value):
    """A component: of a LOINC code, or of words."""
    is_code = code[:5].isdigit() or code in ("repeat-motif", "repeat-number")
    made = {"code": concept(code=code) if is_code else {"text": code}}
    return made | ({"valueString": value} if isinstance(value, str) else value)


def result(code, value=None, *parts, specimen="", **more):
    """An Observation under a LOINC code, or under words alone."""
    made = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": concept(code=code) if code[:5].isdigit() else {"text": code},
    }
    if isinstance(value, str):
        made["valueString"] = value
    elif value:
        made |= value
    if parts:
        made["component"] = [part(each, said) for each, said in parts]
    if specimen:
        made["contained"] = [{"resourceType": "Specimen", "id": "s", "type": {"text": specimen}}]
        made["specimen"] = {"reference": "#s"}
    return made | more


PRESENT = coded("Present", "LA9633-4")
ABSENT = coded("Absent", "LA9634-2")
