"""Suggestions that change an order: another drug, another dose, or no order.

The resource of an action is the whole order as received with that one thing changed. Where the
drug changes, what was said of the old one's dose goes: 75 mg of one drug is not 75 mg of another.
What belongs to the order stays: ids, extensions, unknown members (CDS Hooks 3.0, Action).

An order is cancelled by a `delete` alone: a draft is not in the record yet, and a status that says
`cancelled` would sign what nobody wants to order.
"""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

from fhir_pgx.cards.dose_change import change_dose, texts_gone
from fhir_pgx.cards.extras import Extras
from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.cards.headline import capitalised
from fhir_pgx.model.card import Action, Suggestion
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.recommendation import AlternativeVerdict, Recommendation
from fhir_pgx.terminology import RXNORM

_ID = re.compile(r"[^\s/]{1,256}")
_REPLACEABLE = ("MedicationRequest", "MedicationOrder")
_REPLACING = ("contraindicated", "avoid", "alternative")
# What a prescriber must see before taking the suggestion; nothing where nothing speaks against it.
_VERDICTS = {"no-concern": "", "caution": "caution", "unknown": "not judged", "no-guidance": ""}
_OF_THE_OLD_DRUG = (
    "medicationCodeableConcept",
    "medicationReference",
    "medication",
    "dosageInstruction",
    "renderedDosageInstruction",
    "effectiveDosePeriod",
    "dispenseRequest",
    "substitution",
    "note",  # "load with 300 mg" was said of the old drug
    "text",  # the narrative names the old drug
)


def suggestions(
    order: MedicationOrder,
    answer: Sequence[Recommendation],
    extras: Extras,
    card_id: uuid.UUID,
) -> tuple[Suggestion, ...]:
    """One suggestion an alternative that nothing known of the patient speaks against, one for the
    advised dose where it can be stated, one to cancel where the drug should not be given at all.

    None for an order recognized by name alone, for one of several ingredients, or for a medicine
    that is already in use: there a person must choose. At most one is marked as recommended: the
    first alternative without any concern, where the advice is certain to be this patient's.
    """
    match = order.match
    if not order.proposed or order.resource_type not in _REPLACEABLE or match is None:
        return ()
    if not _can_be_named(order):
        return ()  # an update without an id cannot be applied
    if is_for_local_use(order):
        return ()  # the guidelines speak of systemic use
    if match.how != "code" or len(match.ingredients) != 1 or match.notes:
        return ()
    offered: dict[str, tuple[AlternativeVerdict, Recommendation]] = {}
    for advice in _of_this_patient(answer):
        if advice.action in _REPLACING:
            for named in advice.alternatives:
                alternative = extras.alternatives.get(named.name, named)
                if alternative.rxcui and alternative.verdict != "avoid":
                    offered.setdefault(named.name, (alternative, advice))
    best = next((name for name, (a, r) in offered.items() if _is_best(a, r)), "")
    return (
        *(
            _suggestion(order, alternative, advice, card_id, is_best=name == best)
            for name, (alternative, advice) in offered.items()
        ),
        *_changed_dose(order, extras, card_id),
        *_cancelled(order, answer, card_id),
    )


def _of_this_patient(answer: Sequence[Recommendation]) -> list[Recommendation]:
    """What may be offered: where the record speaks for one population of a guideline, nothing that
    is advised for another. After a stroke nobody is offered what is for a coronary stent."""
    known = {_guideline(r) for r in answer if r.population_label and _is_known(r)}
    return [
        r for r in answer if _guideline(r) not in known or _is_known(r) or not r.population_label
    ]


def _guideline(recommendation: Recommendation) -> str:
    return recommendation.evidence[0].guideline if recommendation.evidence else ""


def _is_known(recommendation: Recommendation) -> bool:
    return recommendation.population_fit in ("holds", "likely")


def _is_best(alternative: AlternativeVerdict, advice: Recommendation) -> bool:
    """Without genetic guidance a drug is best only where all else was there to be looked at."""
    certain = not advice.population_label or advice.population_fit == "holds"
    unopposed = alternative.verdict == "no-guidance" and alternative.checked
    return certain and (alternative.verdict == "no-concern" or unopposed)


def _changed_dose(
    order: MedicationOrder, extras: Extras, card_id: uuid.UUID
) -> Iterator[Suggestion]:
    if extras.suggested is None:
        return
    amount, unit = extras.suggested
    changed = change_dose(order.resource, Decimal(amount), unit)
    if changed is not None:
        label = f"Change the single dose to {amount} {unit}"
        gone = texts_gone(order.resource, changed)
        left = f"Removed, since the old dose stands there: {', '.join(gone)}. " if gone else ""
        said = f"{label}, for you to confirm. {left}Nothing else is changed."
        action = Action("update", said, changed)
        yield Suggestion(label, str(uuid.uuid5(card_id, "dose")), (action,))


def _cancelled(
    order: MedicationOrder, answer: Sequence[Recommendation], card_id: uuid.UUID
) -> Iterator[Suggestion]:
    """Offered only where going on can end in death or lasting harm whatever the indication."""
    if all(each.serious and each.action in ("contraindicated", "avoid") for each in answer):
        label = f"Cancel this order of {answer[0].drug}"
        action = Action("delete", f"{label}.", resource_id=order.reference)
        yield Suggestion(label, str(uuid.uuid5(card_id, "cancel")), (action,))


def cancelling(
    orders: Sequence[MedicationOrder], drug: str, card_id: uuid.UUID
) -> tuple[Suggestion, ...]:
    """One suggestion that cancels all of these orders; none where one of them could not be changed
    by `suggestions` either: in use, known by name alone, of local use, without an id."""
    if not orders or not all(map(_may_be_cancelled, orders)):
        return ()
    what = "this order" if len(orders) == 1 else f"these {len(orders)} orders"
    label = f"Cancel {what} of {drug}"
    actions = tuple(
        Action("delete", f"{label}.", resource_id=order.reference)
        for order in {order.reference: order for order in orders}.values()
    )
    return (Suggestion(label, str(uuid.uuid5(card_id, "cancel")), actions),)


def _may_be_cancelled(order: MedicationOrder) -> bool:
    match = order.match
    if not order.proposed or order.resource_type not in _REPLACEABLE or match is None:
        return False
    is_known = match.how == "code" and bool(match.ingredients) and not match.notes
    return is_known and _can_be_named(order) and not is_for_local_use(order)


def _can_be_named(order: MedicationOrder) -> bool:
    """Whether the order has an id that a client can be told to change: a text without blanks or
    slashes. FHIR allows 64 signs; systems are met that send more."""
    identity = order.resource.get("id")
    return isinstance(identity, str) and _ID.fullmatch(identity) is not None


def _suggestion(
    order: MedicationOrder,
    alternative: AlternativeVerdict,
    advice: Recommendation,
    card_id: uuid.UUID,
    *,
    is_best: bool,
) -> Suggestion:
    who = f" (for {advice.population_label})" if advice.population_label else ""
    verdict = _VERDICTS[alternative.verdict]
    label = f"Change to {alternative.name}{who}{f': {verdict}' if verdict else ''}"
    judged = f" {alternative.reason}" if verdict else ""
    return Suggestion(
        label=label,
        uuid=str(uuid.uuid5(card_id, alternative.name)),
        actions=(
            Action(
                "update",
                f"{label}.{judged} Dose and route are yours to enter.",
                replaced(order.resource, alternative.name, alternative.rxcui),
            ),
        ),
        is_recommended=is_best,
    )


def replaced(resource: Mapping[str, Any], name: str, rxcui: str) -> dict[str, Any]:
    """A copy of the order with another medicine; nothing in it is shared with the original."""
    # `_name` holds the id and extensions of `name`: they go with it.
    kept_members = {
        key: value
        for key, value in resource.items()
        if key.removeprefix("_") not in _OF_THE_OLD_DRUG
    }
    changed = deepcopy(kept_members)
    contained = changed.get("contained")
    if isinstance(contained, list):
        kept = [item for item in contained if not _is_medication(item)]
        changed.pop("contained")
        if kept:
            changed["contained"] = kept
    concept = {
        "coding": [{"system": RXNORM, "code": rxcui, "display": name}],
        "text": capitalised(name),
    }
    # R5 alone has `medication`; every earlier release has `medicationCodeableConcept`.
    if "medication" in resource:
        changed["medication"] = {"concept": concept}
    else:
        changed["medicationCodeableConcept"] = concept
    return changed


def _is_medication(item: Any) -> bool:
    return isinstance(item, dict) and item.get("resourceType") == "Medication"
