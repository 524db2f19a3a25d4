"""When a medicine began and when it ends, as far as its order or statement says for certain.

How long a prescription is valid and how long a supply lasts are no end of the treatment: they are
not read as one, except of a dispense, which says when the patient had how much, and of a single
dose, which is over with its day.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from fhir_pgx.fhir.bundle import as_dicts, as_list, as_text
from fhir_pgx.model.dates import days_of, is_after, is_before
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.patient import Medicine, MedicineState

Repeats = Sequence[Mapping[str, Any]]

_DAYS = {
    "d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7,
}  # fmt: skip
_PLANNED = frozenset({"intended", "planned"})
_DOSAGES = ("dosageInstruction", "dosage")
# Each resource's own statement of when it was taken, in every release.
# R5 spells an administration's `occurence` so.
_TAKEN = ("effective", "occurrence", "occurence", "effectiveTime")
_WRITTEN = ("authoredOn", "dateWritten", "dateAsserted")
_LONGEST_DAYS = 36_500
# UCUM's and HL7's codes and the plain words for what is swallowed whole.
_TABLETS = frozenset(
    {
        "tab", "tabs", "tablet", "tablets", "tablet(s)", "{tbl}", "{tab}", "{tablet}", "cap",
        "caps", "capsule", "capsules", "capsule(s)", "{cap}", "{caps}", "{capsule}",
    }
)  # fmt: skip


def medicines_in_time(
    in_force: Iterable[MedicationOrder],
    drafts: Iterable[MedicationOrder],
    ended: Iterable[MedicationOrder],
    *,
    today: date,
) -> tuple[Medicine, ...]:
    """Every medicine with its state today: drafts first, then what is in force, then what is over.

    One in force whose end has passed is over; one that is intended, or begins on a later day, is
    planned. A draft stays one whenever it begins.
    """
    found = [_medicine(order, "draft", *dates_of(order)) for order in drafts]
    for order in in_force:
        since, until = dates_of(order)
        found.append(_medicine(order, _state(order, since, until, today), since, until))
    found += [_medicine(order, "ended", *dates_of(order)) for order in ended]
    return tuple(found)


def _medicine(order: MedicationOrder, state: MedicineState, since: str, until: str) -> Medicine:
    return Medicine(
        drugs=order.match.ingredients if order.match is not None else (),
        state=state,
        since=since,
        until=until,
        reference=order.reference,
        label=order.concept.label,
        order=order,
    )


def _state(order: MedicationOrder, since: str, until: str, today: date) -> MedicineState:
    if until and is_before(until, today):
        return "ended"
    if order.status.lower() in _PLANNED or is_after(since, today):
        return "planned"
    return "active"


def dates_of(order: MedicationOrder) -> tuple[str, str]:
    """(since, until) of an order or statement as FHIR date texts; empty where it does not say.

    The beginning is that of the treatment where one is stated, else the day the order was written
    or the statement made. An end is a stated one, or a beginning with a stated duration.
    """
    resource = order.resource
    if order.resource_type == "MedicationDispense":
        return _of_dispense(resource)
    since, until = _taken(resource)
    repeats = _repeats(resource)
    start, end = _bounds(repeats)
    since = start or since or _first(resource, _WRITTEN)
    until = end or until or _first(resource, ("dateEnded",)) or _changed(resource, order.status)
    if not until and _is_single_dose(resource, repeats):
        until = since
    if order.resource_type == "MedicationAdministration" and order.status != "in-progress":
        until = until or since  # what was given once is over with the day
    return since, until or _after(since, _duration(repeats))


def _taken(resource: Mapping[str, Any]) -> tuple[str, str]:
    for name in _TAKEN:
        at = as_text(resource.get(f"{name}DateTime"))
        if at:
            return at, ""
        period = resource.get(f"{name}Period")
        if isinstance(period, dict):
            return as_text(period.get("start")), as_text(period.get("end"))
    return "", ""


def _repeats(resource: Mapping[str, Any]) -> Repeats:
    """The `timing.repeat` of each dosage; an empty one where a dosage has none."""
    found: list[Mapping[str, Any]] = []
    for member in _DOSAGES:
        for dosage in as_dicts(resource.get(member)):
            timing = dosage.get("timing")
            repeat = timing.get("repeat") if isinstance(timing, dict) else None
            found.append(repeat if isinstance(repeat, dict) else {})
    return found


def _bounds(repeats: Repeats) -> tuple[str, str]:
    """The first start and, where every dosage states its end, the last end."""
    periods = []
    for repeat in repeats:
        bounds = repeat.get("boundsPeriod")
        periods.append(bounds if isinstance(bounds, dict) else {})
    starts = [text for each in periods if (text := as_text(each.get("start")))]
    ends = [text for each in periods if (text := as_text(each.get("end")))]
    return min(starts, default=""), max(ends) if ends and len(ends) == len(periods) else ""


def _duration(repeats: Repeats) -> int | None:
    """The days of `boundsDuration` of the one dosage; None where there are several.

    Several dosages may follow one another (a sequence): then their sum is not known, nor the end.
    """
    found = []
    for repeat in repeats:
        bounds = repeat.get("boundsDuration") or repeat.get("boundsQuantity")  # the latter DSTU2
        found.append(_days(bounds) if isinstance(bounds, dict) else None)
    return found[0] if len(found) == 1 else None


def _days(quantity: Mapping[str, Any]) -> int | None:
    """A duration in whole days; None for a unit whose days are not certain (month, year, hour)."""
    unit = (as_text(quantity.get("code")) or as_text(quantity.get("unit"))).lower()
    if unit not in _DAYS or as_text(quantity.get("comparator")):
        return None
    try:
        found = Decimal(as_text(quantity.get("value"))) * _DAYS[unit]
    except InvalidOperation:
        return None
    return int(found) if found.is_finite() and 0 < found <= _LONGEST_DAYS else None


def _after(since: str, days: int | None) -> str:
    """The last day of a treatment of so many days; empty where its first is not one day."""
    span = days_of(since)
    if days is None or span is None or span[0] != span[1]:
        return ""
    try:
        return (span[0] + timedelta(days=days - 1)).isoformat()
    except OverflowError:
        return ""


def _changed(resource: Mapping[str, Any], status: str) -> str:
    """R5 `statusChanged`: the day it ended, where the status says that it has."""
    ended = status.lower() in ("stopped", "completed", "ended")
    return as_text(resource.get("statusChanged")) if ended else ""


def _of_dispense(resource: Mapping[str, Any]) -> tuple[str, str]:
    since = _first(resource, ("whenHandedOver", "whenPrepared"))
    supply = resource.get("daysSupply")
    days = None
    if isinstance(supply, dict):
        # `30` alone is days: the element's name says so.
        unit = as_text(supply.get("code")) or as_text(supply.get("unit"))
        days = _days(supply if unit else {**supply, "code": "d"})
    if days is None and _is_single_dose(resource, _repeats(resource)):
        return since, since
    return since, _after(since, days)


def _is_single_dose(resource: Mapping[str, Any], timings: Repeats) -> bool:
    """Whether the one dosage is to be taken once, or one tablet is all there is.

    One bottle or box is no single dose, nor is a tablet that may be fetched again.
    """
    if len(timings) == 1 and _is_one(timings[0].get("count")) and "countMax" not in timings[0]:
        return True
    request = resource.get("dispenseRequest")
    if not isinstance(request, dict):
        request = resource  # a dispense says itself how much
    quantity, more = request.get("quantity"), request.get("numberOfRepeatsAllowed")
    if not isinstance(quantity, dict) or len(timings) > 1:
        return False
    unit = (as_text(quantity.get("code")) or as_text(quantity.get("unit"))).lower().strip()
    again = as_text(more) not in ("", "0")
    return _is_one(quantity.get("value")) and unit in _TABLETS and not again


def _is_one(value: object) -> bool:
    try:
        return Decimal(as_text(value)) == 1
    except InvalidOperation:
        return False


def _first(resource: Mapping[str, Any], members: Iterable[str]) -> str:
    for member in members:
        for value in as_list(resource.get(member))[:1]:
            if text := as_text(value):
                return text
    return ""
