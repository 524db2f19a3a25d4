"""The order with another single dose: its own JSON with one number changed.

Everything else stays as received: ids, extensions, unknown members (CDS Hooks 3.0, Action). Texts
that state the old dose go with it, since a reader would find two doses in one order. Where the
order states its dose in more than one place, or in anything but plain milligrams, nothing is
offered: a person must change it.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

_RESOURCES = ("MedicationRequest", "MedicationOrder")
_QUANTITIES = ("doseQuantity", "doseSimpleQuantity")
# A dosage that holds one of these states an amount beside its single dose.
_MORE_AMOUNTS = frozenset(
    {
        "doseRange", "rateQuantity", "rateSimpleQuantity", "rateRatio", "rateRange",
        "maxDosePerPeriod", "maxDosePerAdministration", "maxDosePerLifetime",
    }
)  # fmt: skip
_TEXTS = ("text", "patientInstruction")
_OF_DOSAGE = {
    "text": "the text of the dosage",
    "patientInstruction": "the instruction to the patient",
}
_OF_ORDER = {
    "renderedDosageInstruction": "the dosage as one text",
    "text": "the narrative of the order",
}
# An amount in words or figures. `Take with food` states none, and stays.
_AMOUNT = re.compile(
    r"(?i)\d|\b(?:one|two|three|four|half|quarter|tablets?|tabs?|capsules?|caps?|pills?|mg)\b"
)
_STRENGTH = re.compile(r"(?i)(?<![\w.,/-])(\d+(?:\.\d+)?)\s*mg\b(?!\s*/)")
_MEDICATION = ("medicationCodeableConcept", "medicationReference", "medication")


def change_dose(
    resource: Mapping[str, Any], new_amount: Decimal, unit: str
) -> dict[str, Any] | None:
    """A copy of a draft order with `new_amount` as its single dose; `unit` is `mg`.

    None where the order is no draft with an id, has no dosage or several, states its dose in
    other units or more than once, has no structured timing (the text that goes would take it
    along), or names a product that the new dose is not a whole number of: half a capsule is not
    ours to say, nor which product to take instead. The order itself is not changed.
    """
    if unit != "mg" or new_amount <= 0 or not _is_draft(resource):
        return None
    if not _is_whole(resource, new_amount):
        return None
    changed = deepcopy(dict(resource))
    dosages = changed.get("dosageInstruction")
    if not isinstance(dosages, list) or len(dosages) != 1 or not isinstance(dosages[0], dict):
        return None
    (dosage,) = dosages
    quantity = _quantity(dosage)
    if quantity is None or not dosage.get("timing"):
        return None
    quantity["value"] = _plain(new_amount)
    for name in _TEXTS:
        _drop_amount(dosage, name)
    # Nothing that is left may still name an amount.
    if any(_AMOUNT.search(text) for text in _words(dosage.get("additionalInstruction"))):
        return None
    if any(_AMOUNT.search(text) for text in _words(dosage.get("additionalInstructions"))):
        return None
    _drop_amount(changed, "renderedDosageInstruction")
    changed.pop("text", None)  # the narrative tells the whole order, its dose included
    return changed


def texts_gone(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The texts that `change_dose` took out of an order, in words."""

    def texts(order: Mapping[str, Any]) -> set[str]:
        dosages = order.get("dosageInstruction")
        listed = dosages if isinstance(dosages, list) else []
        inner = {name for each in listed if isinstance(each, dict) for name in each}
        return {
            *(words for name, words in _OF_DOSAGE.items() if name in inner),
            *(words for name, words in _OF_ORDER.items() if name in order),
        }

    return sorted(texts(before) - texts(after))


def _is_draft(resource: Mapping[str, Any]) -> bool:
    known = resource.get("resourceType") in _RESOURCES and resource.get("status") == "draft"
    # An update without an id cannot be applied.
    return known and isinstance(resource.get("id"), str) and bool(resource["id"])


def _quantity(dosage: dict[str, Any]) -> dict[str, Any] | None:
    """The one Quantity in mg of a dosage, in the copy; None where it is not the only amount."""
    places = [dosage]
    entries = dosage.get("doseAndRate")
    if entries is not None:
        listed = entries if isinstance(entries, list) else [entries]
        # `calculated` and `admin-amount` beside `ordered` would go on stating the old dose.
        if len(listed) != 1 or not isinstance(listed[0], dict):
            return None
        places.append(listed[0])
    if any(_MORE_AMOUNTS & place.keys() for place in places):
        return None
    found = [place[name] for place in places for name in _QUANTITIES if name in place]
    if len(found) != 1 or not isinstance(found[0], dict):
        return None
    (quantity,) = found
    units = {str(quantity[name]).strip().lower() for name in ("unit", "code") if name in quantity}
    number = quantity.get("value")
    is_number = isinstance(number, (int, float, Decimal)) and not isinstance(number, bool)
    plain = is_number and not {"comparator", "_value"} & quantity.keys()
    return quantity if plain and units == {"mg"} else None


def _drop_amount(element: dict[str, Any], name: str) -> None:
    """Remove a text that names an amount, and what FHIR keeps beside it."""
    if name in element and (
        not isinstance(element[name], str) or _AMOUNT.search(element[name]) is not None
    ):
        del element[name]
        element.pop(f"_{name}", None)


def _is_whole(resource: Mapping[str, Any], amount: Decimal) -> bool:
    """Whether the amount is a whole number of every strength that the order's product states."""
    contained = resource.get("contained")
    items = contained if isinstance(contained, list) else []
    places = [resource.get(name) for name in _MEDICATION]
    places += [item for item in items if isinstance(item, dict) and "code" in item]
    stated = [match[1] for text in _words(places) for match in _STRENGTH.finditer(text[:300])]
    return all(not amount % strength for text in stated if (strength := Decimal(text)))


def _words(value: Any) -> Iterator[str]:
    """Every text in a part of a resource."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in ("system", "code") or isinstance(inner, dict):
                yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)


def _plain(value: Decimal) -> int | Decimal:
    """A whole number as one: `2E+1` is no dose that a person should read."""
    return int(value) if value == value.to_integral_value() else value.normalize()
