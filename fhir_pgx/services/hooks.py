"""The hooks a service can stand on: a row a hook, as the CDS Hooks Library publishes them.

`Member.names` begins with the published name; the others are met in older releases and in the
Library's own examples. Versions are those of the Library's hook pages (April 2026).
"""

from dataclasses import dataclass
from typing import Literal

MemberKind = Literal[
    "id",  # a bare logical id
    "reference",  # `Type/id`
    "references",  # an array of `Type/id`
    "resources",  # a Bundle, a resource, or an array of resources
]

CLINICIAN = frozenset({"Practitioner", "PractitionerRole"})
ANYONE = CLINICIAN | {"Patient", "RelatedPerson"}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a hook's context; `types` are the resource types a reference may have."""

    names: tuple[str, ...]
    kind: MemberKind
    required: bool = True
    types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook. `orders` names the context member whose resources are the orders it is about."""

    name: str
    version: str
    members: tuple[Member, ...]
    orders: str = ""
    orders_by_reference: bool = False  # they stand among the data supplied
    has_selections: bool = False


_PATIENT = Member(("patientId",), "id")
_ENCOUNTER = Member(("encounterId",), "id")
_SOME_ENCOUNTER = Member(("encounterId",), "id", required=False)
_USER = Member(("userId",), "reference", types=CLINICIAN)
_SOME_USER = Member(("userId",), "reference", required=False, types=CLINICIAN)
_ANYONE = Member(("userId",), "reference", types=ANYONE)
_SELECTIONS = Member(("selections",), "references")


def _resources(*names: str) -> Member:
    return Member(names, "resources")


def _ordering(name: str, version: str, orders: str, *members: Member, user: Member = _USER) -> Hook:
    members = (user, _PATIENT, _SOME_ENCOUNTER, *members, _resources(orders))
    return Hook(name, version, members, orders, has_selections=_SELECTIONS in members)


HOOKS = {
    hook.name: hook
    for hook in (
        _ordering("order-select", "1.0", "draftOrders", _SELECTIONS),
        _ordering("order-sign", "1.0", "draftOrders"),
        Hook("patient-view", "1.0", (_ANYONE, _PATIENT, _SOME_ENCOUNTER)),
        _ordering("medication-refill", "0.1.0", "medications", user=_SOME_USER),
        Hook("encounter-start", "1.0", (_USER, _PATIENT, _ENCOUNTER)),
        Hook("encounter-discharge", "1.0", (_USER, _PATIENT, _ENCOUNTER)),
        Hook(
            "appointment-book",
            "1.0",
            (_ANYONE, _PATIENT, _SOME_ENCOUNTER, _resources("appointments")),
        ),
        Hook(
            "order-dispatch",
            "1.1",
            (
                _PATIENT,
                Member(("dispatchedOrders", "order"), "references"),
                Member(("performer",), "reference"),
            ),
            orders="dispatchedOrders",
            orders_by_reference=True,
        ),
        Hook(
            "problem-list-item-create",
            "0.1.0",
            (_USER, _PATIENT, _SOME_ENCOUNTER, _resources("conditions")),
        ),
        Hook(
            "allergyintolerance-create",
            "0.1.0",
            (_USER, _PATIENT, _SOME_ENCOUNTER, _resources("allergyIntolerance")),
        ),
        _ordering("medication-prescribe", "1.0", "medications"),
        _ordering("order-review", "1.0", "orders"),
    )
}
