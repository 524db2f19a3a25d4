"""Problems, diagnoses, procedures and the reasons of orders, with the classes they belong to.

A code decides where we know it; words are read only where no code does. What is refuted, entered
in error, not confirmed, not done, or a relative's is no condition of the patient.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from fhir_pgx.fhir.bundle import Entry, References, as_dicts, as_list, as_text, reference_of
from fhir_pgx.fhir.condition_classes import NOW, Classes, When, named_classes, settled, when_of
from fhir_pgx.fhir.condition_words import Said
from fhir_pgx.fhir.values import NOTHING, Concept, concept_of
from fhir_pgx.model.dates import days_of
from fhir_pgx.model.finding import NotUnderstood
from fhir_pgx.model.patient import Condition, State

NOT_CONFIRMED = "the diagnosis is not confirmed: not counted"
NOT_THE_PATIENTS = "its words deny the condition, doubt it, or lay it on somebody else: not counted"
NO_CODE = "it names no condition"

_STATES: Mapping[str, State] = {
    "active": "active", "recurrence": "active", "relapse": "active",
    "inactive": "resolved", "remission": "resolved", "resolved": "resolved",
}  # fmt: skip
_OUT = frozenset({"refuted", "entered-in-error"})
# A `provisional` diagnosis is the one that is treated; these two are not made.
_OPEN = frozenset({"unconfirmed", "differential"})
_NOT_DONE = frozenset(
    {"not-done", "entered-in-error", "aborted", "suspended", "stopped", "on-hold"}
)
_UNDER_WAY = frozenset({"in-progress", "arrived", "triaged", "onleave"})


def read_conditions(
    entries: Iterable[Entry], *, classes: Classes, today: date, are_new: bool = False
) -> tuple[tuple[Condition, ...], tuple[NotUnderstood, ...]]:
    """The patient's Conditions, Procedures and reasons of the present encounter, as they stand.

    `are_new` says that they are being added to the list now: what has no onset is of today, so that
    an infarction is the present one. A condition that no class of ours covers is kept with its
    label. Contained resources are left to the order that refers to them; those of a
    FamilyMemberHistory are nobody's here.
    """
    found: list[Condition] = []
    odd: list[NotUnderstood] = []
    for entry in entries:
        if entry.container is not None:
            continue
        if entry.type == "Condition":
            made, reason = _condition(entry, classes, today, is_new=are_new)
            if reason:
                odd.append(NotUnderstood(entry.reference, reason, entry.path))
            if made is not None:
                found.append(made)
        elif entry.type == "Procedure":
            found += _procedure(entry, classes, today)
        elif entry.type == "Encounter":
            found += _encounter(entry, classes)
    return tuple(found), tuple(odd)


def read_indications(
    order_resource: Mapping[str, Any],
    references: References,
    classes: Classes,
    *,
    today: date | None = None,
) -> tuple[Condition, ...]:
    """Why a medicine is ordered, of every release; empty where the order does not say.

    A coded reason is what is treated now. A reason that is a Condition has its own dates; without
    `today` they choose nothing. Reasons that are denied or doubted have no class.
    """
    order = Entry(order_resource, "")
    found: list[Condition] = []
    for concept in _reason_concepts(order_resource):
        made = _of_concept(concept, classes, reference="")
        if made.label:
            found.append(made)
    for value in _reason_references(order_resource):
        target = references.find(reference_of(value), order)
        if target is not None and target.type == "Condition":
            made_or_none, _ = _condition(target, classes, today)
            if made_or_none is not None:
                found.append(made_or_none)
        elif target is None and _is_condition(reference_of(value)):
            display = as_text(value.get("display"))
            if display:
                found.append(_of_concept(Concept((), display), classes, reference=""))
    return tuple(dict.fromkeys(found))


def _reason_concepts(order: Mapping[str, Any]) -> Iterator[Concept]:
    """R4 and STU3 `reasonCode`, DSTU2 `reasonCodeableConcept`, R5 `reason.concept`."""
    for member in ("reasonCode", "reasonCodeableConcept", "reasonForUseCodeableConcept"):
        for value in as_list(order.get(member)):
            yield concept_of(value)
    for value in as_dicts(order.get("reason")):
        if "concept" in value:
            yield concept_of(value["concept"])
        elif "coding" in value or "text" in value:
            yield concept_of(value)


def _reason_references(order: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for member in ("reasonReference", "reasonForUseReference"):
        yield from as_dicts(order.get(member))
    for value in as_dicts(order.get("reason")):
        inner = value.get("reference")
        if isinstance(inner, dict):
            yield inner
        elif isinstance(inner, str):
            yield value


def _is_condition(reference: str) -> bool:
    return not reference or "Condition/" in reference


def _condition(
    entry: Entry, classes: Classes, today: date | None, *, is_new: bool = False
) -> tuple[Condition | None, str]:
    """The condition of a resource, or none; and what of it was not understood."""
    resource = entry.resource
    verified = code_of(resource.get("verificationStatus"))
    if verified in _OUT:
        return None, ""
    if verified in _OPEN:
        return None, NOT_CONFIRMED
    concept = concept_of(resource.get("code"))
    label = _label(concept)
    if not label:
        return None, NO_CODE
    named = named_classes(concept, classes)
    if named.is_doubted and not named.classes:
        return None, NOT_THE_PATIENTS
    when = _onset(resource)
    if is_new and not when.text:
        when = NOW
    return (
        Condition(
            label=label,
            classes=settled(named, classes, when, today, is_procedure=False),
            state=_state(resource, named),
            since=when.text,
            until=_time(resource, "abatement", "end"),
            reference=entry.reference,
        ),
        "",
    )


def _state(resource: Mapping[str, Any], named: Said) -> State:
    stated = _STATES.get(code_of(resource.get("clinicalStatus")), "unknown")
    if stated != "unknown":
        return stated
    ended = any(
        resource.get(f"abatement{kind}") not in (None, False)
        for kind in ("DateTime", "Period", "Boolean", "Age", "Range", "String")
    )
    return "resolved" if ended or named.is_over else "unknown"


def _procedure(entry: Entry, classes: Classes, today: date) -> Iterator[Condition]:
    """A procedure has no clinical state: what it means today turns on its date."""
    resource = entry.resource
    status = as_text(resource.get("status")).lower()
    if (
        status in _NOT_DONE
        or resource.get("notPerformed") is True
        or resource.get("notDone") is True
    ):
        return
    concept = concept_of(resource.get("code"))
    label = _label(concept)
    named = named_classes(concept, classes)
    if not label or (named.is_doubted and not named.classes):
        return
    text = _time(resource, "performed", "start") or _time(resource, "occurrence", "start")
    when = when_of(text)
    yield Condition(
        label=label,
        classes=settled(named, classes, when, today, is_procedure=True),
        state="active" if status in ("in-progress", "preparation") else "unknown",
        since=text,
        reference=entry.reference,
    )


def _encounter(entry: Entry, classes: Classes) -> Iterator[Condition]:
    """Why the patient is here now; a past encounter's reason is its Condition's to tell."""
    if as_text(entry.resource.get("status")).lower() not in _UNDER_WAY:
        return
    for member in ("reasonCode", "reason"):
        for value in as_dicts(entry.resource.get(member)):
            for inner in as_dicts(value.get("value")) or [value]:  # R5: reason.value.concept
                made = _of_concept(
                    concept_of(inner.get("concept", inner)), classes, reference=entry.reference
                )
                if made.label:
                    yield made


def _of_concept(concept: Concept, classes: Classes, *, reference: str) -> Condition:
    """What is stated as present by a bare concept: the reason of an order or of an encounter."""
    named = named_classes(concept, classes)
    return Condition(
        label=_label(concept),
        classes=settled(named, classes, NOW, None, is_procedure=False),
        state="resolved" if named.is_over else "active",
        reference=reference,
    )


def _label(concept: Concept) -> str:
    return (concept.text or concept.label)[:200]


def _onset(resource: Mapping[str, Any]) -> When:
    """The onset; where none is stated, the day of recording bounds it from above alone."""
    text = _time(resource, "onset", "start")
    if text:
        return when_of(text)
    for member in ("recordedDate", "assertedDate", "dateRecorded"):
        days = days_of(as_text(resource.get(member)))
        if days is not None:
            return When("", None, days[1])
    return When("", None, None)


def _time(resource: Mapping[str, Any], name: str, end: str) -> str:
    """`nameDateTime`, or the start or end of `namePeriod`."""
    stated = as_text(resource.get(f"{name}DateTime"))
    period = resource.get(f"{name}Period")
    if not stated and isinstance(period, dict):
        stated = as_text(period.get(end))
    return stated


def code_of(value: Any) -> str:
    """A status, as a bare code or as the first code of a CodeableConcept; in lower case."""
    concept = concept_of(value) if value is not None else NOTHING
    code = concept.codings[0].code if concept.codings else concept.text
    return code.lower()
