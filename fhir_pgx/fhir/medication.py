"""Medication orders and medicines in use, of every FHIR release, to the model.

Read are DSTU2 MedicationOrder, MedicationRequest, MedicationStatement, MedicationUsage,
MedicationDispense, MedicationAdministration, and a Medication that no other resource refers to.
The drug stands as a CodeableConcept, a Reference (contained, a sibling entry, any prefetch entry)
or an R5 CodeableReference; a Medication has its own code, and ingredients that are codes or
Medications again.

A resource that is understood and is no order in force is left out, not listed: one entered in
error, cancelled, stopped, completed, not done, not taken, or `doNotPerform`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_pgx.fhir.bundle import Entry, References, as_dicts, as_list, as_text, reference_of
from fhir_pgx.fhir.values import coding_of
from fhir_pgx.model.drug import Coding, DrugMatch, MedicationConcept, MedicationOrder
from fhir_pgx.model.finding import NotUnderstood

ORDERS = frozenset(
    {
        "MedicationOrder",
        "MedicationRequest",
        "MedicationStatement",
        "MedicationUsage",
        "MedicationDispense",
        "MedicationAdministration",
    }
)
MOST_DEPTH = 3  # Medications within Medications
MOST_PARTS = 100  # ingredients of one order, all depths together
MOST_CODINGS = 20  # of one concept; the most met is six

_NOT_IN_FORCE = frozenset(
    {
        "entered-in-error", "cancelled", "stopped", "completed", "ended", "not-done", "declined",
        "not-taken", "inactive",
    }
)  # fmt: skip
# A dispense or an administration is `completed` once the patient has the medicine.
_COMPLETED_IS_GIVEN = frozenset({"MedicationDispense", "MedicationAdministration"})
# What was taken and is over. A dispense that was stopped never reached the patient.
_OVER = frozenset({"completed", "stopped", "ended"})
_OVER_IS_NOT_GIVEN = frozenset({"MedicationDispense"})
_STOPPED_TAKING = frozenset({"stopped", "stopped-as-directed"})  # R5 adherence
_NOT_TAKING = frozenset({"not-taking", "not-taken", "stopped", "never-started", "n"})

# R4 doNotPerform; STU3 notGiven; DSTU2 wasNotTaken, wasNotGiven.
_NOT_DONE = ("doNotPerform", "notGiven", "wasNotTaken", "wasNotGiven")
_INGREDIENT_CONCEPTS = ("itemCodeableConcept", "concept")
_INGREDIENT_REFERENCES = ("itemReference", "reference")

NO_CONCEPT = MedicationConcept()


@dataclass(slots=True)
class _Search:
    """What the reading of one order's medication has left, and what it found on its way."""

    references: References
    parts: int = MOST_PARTS
    used: list[Entry] = field(default_factory=list)
    not_read: set[str] = field(default_factory=set)


def _codings(value: Any) -> tuple[Coding, ...]:
    if value is None:
        return ()
    found = [coding_of(item) for item in as_dicts(value)[:MOST_CODINGS]]
    return tuple([coding for coding in found if coding.code or coding.display])


def read_concept(value: Any) -> MedicationConcept:
    """A CodeableConcept as a concept; empty where it is none. A bare text is taken as its text."""
    if isinstance(value, str):
        return MedicationConcept(text=value.strip())
    if not isinstance(value, dict):
        return MedicationConcept()
    return MedicationConcept(_codings(value.get("coding")), as_text(value.get("text")))


def _merged(one: MedicationConcept, two: MedicationConcept) -> MedicationConcept:
    return MedicationConcept(
        tuple(dict.fromkeys(one.codings + two.codings)),
        one.text or two.text,
        one.parts + two.parts,
    )


def _referred(value: Any, origin: Entry, depth: int, search: _Search) -> MedicationConcept:
    """The Medication that a Reference means; its display as text where that is all there is."""
    display = as_text(value.get("display")) if isinstance(value, dict) else ""
    # In an R5 CodeableReference the display stands on the inner Reference.
    inner = value.get("reference") if isinstance(value, dict) else None
    if isinstance(inner, dict):
        display = display or as_text(inner.get("display"))
    reference = reference_of(value)
    found = search.references.find(reference, origin)
    if found is None or found.type != "Medication":
        if reference and not display:
            search.not_read.add("a Medication it refers to is not at hand")
        return MedicationConcept(text=display)
    search.used.append(found)
    if depth >= MOST_DEPTH:
        search.not_read.add(f"Medications refer to one another more than {MOST_DEPTH} deep")
        return MedicationConcept(text=display)
    concept = _of_medication(found, depth + 1, search)
    return _merged(concept, MedicationConcept(text=display))


def _choice(value: Any, origin: Entry, depth: int, search: _Search) -> MedicationConcept:
    """A CodeableReference, CodeableConcept, Reference or text, told apart by what it holds."""
    if not isinstance(value, dict):
        return read_concept(value)
    found = MedicationConcept()
    if "coding" in value or "text" in value:
        found = read_concept(value)
    if isinstance(value.get("concept"), (dict, str)):
        found = _merged(found, read_concept(value["concept"]))
    if "reference" in value or "display" in value:
        found = _merged(found, _referred(value, origin, depth, search))
    return found


def _ingredients(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The ingredients of a Medication: R4 and R5, DSTU2 `product`, and a package's contents."""
    yield from as_dicts(resource.get("ingredient"))
    for product in as_dicts(resource.get("product")):
        yield from as_dicts(product.get("ingredient"))
    for package in as_dicts(resource.get("package")):
        yield from as_dicts(package.get("content"))


def _of_medication(entry: Entry, depth: int, search: _Search) -> MedicationConcept:
    code = read_concept(entry.resource.get("code"))
    parts: list[MedicationConcept] = []
    for ingredient in _ingredients(entry.resource):
        if ingredient.get("isActive") is False:
            continue
        if search.parts <= 0:
            search.not_read.add(f"more than {MOST_PARTS} ingredients")
            parts.append(MedicationConcept())
            break
        search.parts -= 1
        part = _choice(ingredient.get("item"), entry, depth, search)
        for member in _INGREDIENT_CONCEPTS:
            part = _merged(part, read_concept(ingredient.get(member)))
        for member in _INGREDIENT_REFERENCES:
            if ingredient.get(member) is not None:
                part = _merged(part, _referred(ingredient[member], entry, depth, search))
        # Kept where it is empty too: one ingredient that is not known must not vanish.
        parts.append(part)
    return MedicationConcept(code.codings, code.text, tuple(parts))


def _medication(entry: Entry, search: _Search) -> MedicationConcept:
    """What an order's resource says the medicine is, each release's member in its turn."""
    resource = entry.resource
    concept = NO_CONCEPT
    if "medicationCodeableConcept" in resource:
        for value in as_list(resource["medicationCodeableConcept"])[:1]:
            concept = read_concept(value)
    if "medication" in resource:
        for value in as_list(resource["medication"])[:1]:
            concept = _merged(concept, _choice(value, entry, 0, search))
    if "medicationReference" in resource:
        for value in as_list(resource["medicationReference"])[:1]:
            concept = _merged(concept, _referred(value, entry, 0, search))
    return concept


def _is_true(value: Any) -> bool:
    return value is True or value == "true"


def _codes(value: Any) -> Iterator[str]:
    """The codes of a CodeableConcept, or a bare code."""
    if isinstance(value, str):
        yield value
    for concept in as_dicts(value):
        yield from (coding.code for coding in _codings(concept.get("coding")))


def _is_in_force(entry: Entry) -> bool:
    resource = entry.resource
    status = as_text(resource.get("status")).lower()
    if status in _NOT_IN_FORCE and not (
        status == "completed" and entry.type in _COMPLETED_IS_GIVEN
    ):
        return False
    return not _is_not_done(resource) and _NOT_TAKING.isdisjoint(_taking(resource))


def is_for_discharge(order: MedicationOrder) -> bool:
    """Whether an order is marked as one that the patient goes home with: by its category or, as
    some write it, its intent."""
    said = {*_codes(order.resource.get("category")), as_text(order.resource.get("intent"))}
    return "discharge" in {each.lower() for each in said}


def refers_to_medication(order: MedicationOrder) -> bool:
    """Whether an order names its medicine by a reference to a Medication. One without a medicine
    of any kind is not written yet."""
    resource = order.resource
    members = ("medicationReference", "medication")
    return any(
        reference_of(value) for member in members for value in as_list(resource.get(member))[:1]
    )


def _is_not_done(resource: Mapping[str, Any]) -> bool:
    return any(member in resource and _is_true(resource[member]) for member in _NOT_DONE)


def _taking(resource: Mapping[str, Any]) -> list[str]:
    """What the resource says of the patient's taking it: STU3 `taken`, R5 `adherence`."""
    adherence = resource.get("adherence")
    said = [*_codes(resource["taken"])] if "taken" in resource else []
    if isinstance(adherence, dict):
        said += _codes(adherence.get("code"))
    return said


def _is_over(entry: Entry) -> bool:
    resource = entry.resource
    if _is_in_force(entry) or _is_not_done(resource):
        return False
    said = _taking(resource)
    if not _STOPPED_TAKING.isdisjoint(said):
        return True
    status = as_text(resource.get("status")).lower()
    over = status in _OVER and entry.type not in _OVER_IS_NOT_GIVEN
    return over and _NOT_TAKING.isdisjoint(said)


def _order(
    entry: Entry, concept: MedicationConcept, match: DrugMatch | None, *, proposed: bool
) -> MedicationOrder:
    resource = entry.resource
    return MedicationOrder(
        reference=entry.reference,
        path=entry.path,
        resource_type=entry.type,
        status=as_text(resource.get("status")),
        concept=concept,
        proposed=proposed,
        subject=reference_of(resource.get("subject")) or reference_of(resource.get("patient")),
        match=match,
        resource=resource,
    )


def read_orders(
    entries: Iterable[Entry],
    references: References,
    *,
    proposed: bool,
    match: Callable[[MedicationConcept], DrugMatch | None] = lambda concept: None,
) -> tuple[tuple[MedicationOrder, ...], tuple[NotUnderstood, ...]]:
    """The medication orders among `entries`, and what of them was not understood.

    `references` finds Medications, so it should hold every entry of the request, prefetch too.
    `proposed` is said of every order. An order without a medicine has an empty concept; one whose
    Medication is not at hand has one too, and is listed. Orders in the sequence of the entries,
    then Medications that nothing refers to. `match` says what a concept resolves to, as
    `normalize.drug.resolve` does; without it no order has a match.
    """
    orders: list[MedicationOrder] = []
    not_understood: list[NotUnderstood] = []
    medications: list[Entry] = []
    used: set[int] = set()

    def keep(entry: Entry, concept: MedicationConcept, search: _Search) -> None:
        orders.append(_order(entry, concept, match(concept), proposed=proposed))
        for reason in sorted(search.not_read):
            not_understood.append(NotUnderstood(entry.reference, reason, entry.path))

    for entry in entries:
        if entry.container is not None:
            continue
        if entry.type == "Medication" and entry.mode != "include":
            medications.append(entry)
        if entry.type not in ORDERS:
            continue
        search = _Search(references)
        concept = _medication(entry, search)
        # The Medication of a cancelled order is no medicine in use either.
        used.update(id(found.resource) for found in search.used)
        if _is_in_force(entry):
            keep(entry, concept, search)
    for entry in medications:
        if id(entry.resource) not in used and _is_in_force(entry):
            search = _Search(references)
            keep(entry, _of_medication(entry, 0, search), search)
    return tuple(orders), tuple(not_understood)


def read_ended_orders(
    entries: Iterable[Entry],
    references: References,
    *,
    match: Callable[[MedicationConcept], DrugMatch | None] = lambda concept: None,
) -> tuple[MedicationOrder, ...]:
    """The orders and statements of medicines that were in use and are over, by their status.

    `read_orders` leaves these out. Cancelled, not done, not taken and entered in error are in
    neither: such a medicine was never taken.
    """
    return tuple(
        _order(entry, concept, match(concept), proposed=False)
        for entry in entries
        if entry.container is None and entry.type in ORDERS and _is_over(entry)
        for concept in [_medication(entry, _Search(references))]
    )
