"""One decision, shaped to what each client can do: cards in, the same cards for that client out.

What a client cannot take from a suggestion or a link is said in words: shaping changes how a
thing is offered, never whether it is told. Pure; what each client can do is data
(`model/client.py`).
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fhir_pgx.cards.markdown import escape, items
from fhir_pgx.cards.sections import fit, with_section, without_tables
from fhir_pgx.model.card import Action, Card, Link, Suggestion
from fhir_pgx.model.client import ClientProfile

_DOSAGES = ("dosageInstruction", "dosage")
_MEDICATIONS = ("medicationCodeableConcept", "medication")
# Of the draft itself, not of an order that takes its place: the server gives a new one its own.
_OF_THE_DRAFT = ("id", "meta", "identifier")
_BY_HAND = "To enter by hand"
_BESIDE_ADVICE = ("Advice", "In numbers for this patient")
_NOT_LINKED = "Not linked here"
_BESIDE = "This adds the new order and leaves the present one: remove that too."
_OWN_DOSE = "Where your system fills in a dose, route or frequency of its own, check them."


def shape(cards: tuple[Card, ...], profile: ClientProfile) -> tuple[Card, ...]:
    """The cards as this client can use them: the same number, ids, order, summaries, indicators."""
    return tuple(_shaped(card, profile) for card in cards)


def _shaped(card: Card, profile: ClientProfile) -> Card:
    offered, by_hand = _suggestions(card, profile)
    links = tuple(link for link in card.links if _is_sent(link, profile))
    detail = card.detail if profile.tables else without_tables(card.detail)
    unlinked = [_address(link) for link in card.links if link not in links]
    detail = with_section(detail, _section(_BY_HAND, by_hand), _BESIDE_ADVICE)
    detail = with_section(detail, _section(_NOT_LINKED, unlinked))
    return replace(
        card,
        detail=fit(detail, profile.most_detail, profile.spare),
        suggestions=offered,
        selection_behavior=profile.selection_behavior or card.selection_behavior,
        override_reasons=card.override_reasons if profile.override_reasons else (),
        links=links,
    )


def _section(title: str, lines: list[str]) -> str:
    return f"**{title}**\n\n{items(lines)}" if lines else ""


def _is_sent(link: Link, profile: ClientProfile) -> bool:
    if link.type in profile.open_links:
        return True
    # With its end: https://app.example.org is not https://app.example.org.elsewhere.example
    return any(
        link.url == known or link.url.startswith((f"{known}/", f"{known}?"))
        for known in profile.registered_links
    )


def _address(link: Link) -> str:
    # A smart address is of no use without the launch that the client would have given it.
    return escape(link.label, 300) + (f": {escape(link.url, 500)}" * (link.type == "absolute"))


def _suggestions(card: Card, profile: ClientProfile) -> tuple[tuple[Suggestion, ...], list[str]]:
    """What the client is offered, and the lines of what a person must enter by hand."""
    offered, by_hand, replaces = list[Suggestion](), list[str](), list[str]()
    for suggestion in card.suggestions:
        shaped = _suggestion(suggestion, profile)
        if shaped is None:
            by_hand.append(escape(_in_words(suggestion), 900))
            continue
        offered.append(shaped)
        replaces += _replaced_orders(suggestion, shaped)
    removed = {action.resource_id for each in offered for action in each.actions}
    offered += [_removal(card, order) for order in dict.fromkeys(replaces) if order not in removed]
    return tuple(offered), by_hand


def _in_words(suggestion: Suggestion) -> str:
    """The label, then what the actions say beyond it."""
    told = [suggestion.label] if not suggestion.actions else []
    for action in suggestion.actions:
        said = action.description
        told.append(said if suggestion.label in said else f"{suggestion.label}. {said}")
    return " ".join(told)


def _suggestion(suggestion: Suggestion, profile: ClientProfile) -> Suggestion | None:
    """The suggestion as the client can carry it out whole; None where it cannot."""
    if profile.most_actions is not None and len(suggestion.actions) > profile.most_actions:
        return None
    if not suggestion.actions and not profile.shows_label:
        return None
    actions = [_action(action, suggestion.label, profile) for action in suggestion.actions]
    usable = tuple(action for action in actions if action is not None)
    if len(usable) < len(actions):
        return None
    recommended = suggestion.is_recommended and profile.keeps_recommended
    return replace(suggestion, actions=usable, is_recommended=recommended)


def _action(action: Action, label: str, profile: ClientProfile) -> Action | None:
    resource = action.resource
    if resource is not None:
        concept = _concept(resource)
        if not profile.takes_dose and any(name in resource for name in _DOSAGES):
            return None  # the client would leave the dose out: another order than the one advised
        if profile.needs_concept and not _is_plain(resource):
            return None
        resource = _coded(resource, concept, profile) if concept else resource
    description = action.description
    if not profile.shows_label and label not in description:
        description = f"{label}. {description}"
    if action.type in profile.action_types:
        return replace(action, description=description, resource=resource)
    if action.type != "update" or "create" not in profile.action_types or resource is None:
        return None
    if not any(name in resource for name in _MEDICATIONS):
        return None  # without another drug, a new order would be the old one twice
    new = {
        name: value
        for name, value in resource.items()
        if name.removeprefix("_") not in _OF_THE_DRAFT
    }
    said = f"{description} {_BESIDE}"
    return Action("create", said if profile.takes_dose else f"{said} {_OWN_DOSE}", new)


def _replaced_orders(suggestion: Suggestion, shaped: Suggestion) -> list[str]:
    """The `Type/id` of orders that a suggestion updated, and that its shape now leaves standing."""
    return [
        f"{before.resource['resourceType']}/{before.resource['id']}"
        for before, after in zip(suggestion.actions, shaped.actions, strict=True)
        if before.type == "update" and after.type == "create" and before.resource
    ]


def _removal(card: Card, order: str) -> Suggestion:
    label = "Remove the present order"
    said = f"{label}. Take it together with one new order, or the drug is ordered beside it."
    return Suggestion(
        label, str(uuid.uuid5(uuid.UUID(card.uuid), f"remove {order}")),
        (Action("delete", said, resource_id=order),),
    )  # fmt: skip


def _concept(resource: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The CodeableConcept of an order's drug; in R5 it stands a step deeper."""
    found = resource.get("medicationCodeableConcept")
    if found is None and isinstance(deeper := resource.get("medication"), Mapping):
        found = deeper.get("concept")
    return found if isinstance(found, Mapping) else None


def _is_plain(resource: Mapping[str, Any]) -> bool:
    """Whether the drug stands as a text and a first code in `medicationCodeableConcept`."""
    found = resource.get("medicationCodeableConcept")
    if not isinstance(found, Mapping) or not found.get("text"):
        return False
    codings = found.get("coding")
    first = codings[0] if isinstance(codings, list) and codings else None
    return isinstance(first, Mapping) and bool(first.get("code"))


def _coded(
    resource: Mapping[str, Any], concept: Mapping[str, Any], profile: ClientProfile
) -> Mapping[str, Any]:
    """The order with each code of its drug repeated under the systems the client looks in."""
    codings = concept.get("coding")
    if not profile.also_coded or not isinstance(codings, list):
        return resource
    more = [
        {**coding, "system": other}
        for system, other in profile.also_coded
        for coding in codings
        if isinstance(coding, Mapping) and coding.get("system") == system
    ]
    if not more:
        return resource
    changed = {**concept, "coding": [*codings, *more]}
    if "medicationCodeableConcept" in resource:
        return {**resource, "medicationCodeableConcept": changed}
    return {**resource, "medication": {**resource["medication"], "concept": changed}}
