"""Cards as CDS Hooks JSON: what is absent is left out, never null or empty (CDS Hooks 3.0)."""

from typing import Any

from fhir_pgx.cards.policy import muted_extension
from fhir_pgx.model.card import Action, Card, Suggestion
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.hook import HookAnswer


def write_answer(answer: HookAnswer) -> dict[str, Any]:
    """The response; `cards` is there even when empty, which means nothing to say, or, where the
    extension counts them, nothing that the site's policy lets through."""
    written: dict[str, Any] = {"cards": [write_card(card) for card in answer.cards]}
    extension = muted_extension(answer.muted)
    return {**written, "extension": extension} if extension else written


def write_card(card: Card) -> dict[str, Any]:
    written: dict[str, Any] = {
        "uuid": card.uuid,
        "summary": card.summary,
        "indicator": card.indicator,
        "source": {
            "label": card.source.label,
            "url": card.source.url,
            "topic": _coding(card.source.topic),
        },
    }
    if card.detail:
        written["detail"] = card.detail
    if card.suggestions:
        written["suggestions"] = [_suggestion(suggestion) for suggestion in card.suggestions]
        written["selectionBehavior"] = card.selection_behavior
    if card.override_reasons:
        written["overrideReasons"] = [_coding(reason) for reason in card.override_reasons]
    if card.links:
        written["links"] = [
            {"label": link.label, "url": link.url, "type": link.type} for link in card.links
        ]
    if card.extension:
        written["extension"] = dict(card.extension)
    return written


def _coding(coding: Coding) -> dict[str, str]:
    written = {"system": coding.system, "code": coding.code, "display": coding.display}
    if coding.system and coding.code and coding.display:
        return written
    return {name: value for name, value in written.items() if value}


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
    written: dict[str, Any] = {
        "label": suggestion.label,
        "uuid": suggestion.uuid,
        "actions": [_action(action) for action in suggestion.actions],
    }
    if suggestion.is_recommended:
        written["isRecommended"] = True
    return written


def _action(action: Action) -> dict[str, Any]:
    written: dict[str, Any] = {"type": action.type, "description": action.description}
    if action.resource is not None:
        written["resource"] = action.resource
    if action.resource_id:
        written["resourceId"] = action.resource_id
    return written
