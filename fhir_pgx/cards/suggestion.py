"""Suggestions that change an order: replace the drug by an alternative the guideline names.

The resource of an action is the whole order as received with the medicine replaced. What was
said of the old drug's dose goes: 75 mg of one drug is not 75 mg of another. What belongs to the
order stays: ids, extensions, unknown members (CDS Hooks 3.0, Action).
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from fhir_pgx.cards.headline import capitalised
from fhir_pgx.model.card import Action, Suggestion
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.recommendation import AlternativeVerdict, Recommendation
from fhir_pgx.terminology import RXNORM

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
    order: MedicationOrder, answer: Sequence[Recommendation], card_id: uuid.UUID
) -> tuple[Suggestion, ...]:
    """One suggestion an alternative, unless the patient's own results speak against it.

    None for an order recognized by name alone, for one of several ingredients, or for a medicine
    that is already in use: there a person must choose.
    """
    match = order.match
    if not order.proposed or order.resource_type not in _REPLACEABLE or match is None:
        return ()
    if not order.resource.get("id"):
        return ()  # an update without an id cannot be applied
    if match.how != "code" or len(match.ingredients) != 1 or match.notes:
        return ()
    offered: dict[str, tuple[AlternativeVerdict, Recommendation]] = {}
    for advice in answer:
        if advice.action in _REPLACING:
            for alternative in advice.alternatives:
                if alternative.rxcui and alternative.verdict != "avoid":
                    offered.setdefault(alternative.name, (alternative, advice))
    return tuple(
        _suggestion(order, alternative, advice, card_id) for alternative, advice in offered.values()
    )


def _suggestion(
    order: MedicationOrder,
    alternative: AlternativeVerdict,
    advice: Recommendation,
    card_id: uuid.UUID,
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
    )


def replaced(resource: Mapping[str, Any], name: str, rxcui: str) -> dict[str, Any]:
    """The order with another medicine; shares what it keeps with the original, changes nothing."""
    changed = {key: value for key, value in resource.items() if key not in _OF_THE_OLD_DRUG}
    contained = resource.get("contained")
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
