"""Cards as CDS Hooks JSON: what is absent is left out, never null or empty (CDS Hooks 3.0)."""

from collections.abc import Mapping
from typing import Any

from fhir_pgx.cards.markdown import plain, untagged
from fhir_pgx.cards.policy import muted_extension
from fhir_pgx.model.card import OURS, Action, Card, Suggestion
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.hook import HookAnswer

_REFERENCES = frozenset({"orders", "problems", "allergies", "running", "derived_from"})
_LONGEST_REFERENCE = 300  # a FHIR id has 64 signs; systems are met that send 256, and the type
_LONGEST_TEXT = 4000


def write_answer(answer: HookAnswer) -> dict[str, Any]:
    """The response; `cards` is there even when empty, which means nothing to say, or, where the
    extension counts them, nothing that the site's policy lets through."""
    written: dict[str, Any] = {"cards": [write_card(card) for card in answer.cards]}
    extension = muted_extension(answer.muted)
    return {**written, "extension": extension} if extension else written


def write_card(card: Card) -> dict[str, Any]:
    written: dict[str, Any] = {
        "uuid": card.uuid,
        "summary": untagged(card.summary),
        "indicator": card.indicator,
        "source": {
            "label": untagged(card.source.label),
            **({"url": card.source.url} if card.source.url else {}),
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
            {"label": untagged(link.label), "url": link.url, "type": link.type}
            | ({"appContext": link.app_context} if link.app_context else {})
            for link in card.links
        ]
    if card.extension:
        written["extension"] = {
            name: _without_empty(value) if name == OURS else value
            for name, value in card.extension.items()
        }
    return written


def _without_empty(value: Any, longest: int = _LONGEST_TEXT) -> Any:
    """Our own members without those that say nothing; 0 and false say something.

    The ids of resources stand in them as sent, save for control and direction characters, which no
    FHIR id has, and for more signs than any has.
    """
    if isinstance(value, Mapping):
        kept = {
            name: _without_empty(inner, _LONGEST_REFERENCE if name in _REFERENCES else longest)
            for name, inner in value.items()
        }
        return {name: inner for name, inner in kept.items() if inner not in (None, "", [], {})}
    if isinstance(value, list | tuple):
        return [_without_empty(inner, longest) for inner in value]
    return plain(value, longest) if isinstance(value, str) else value


def _coding(coding: Coding) -> dict[str, str]:
    display = untagged(coding.display)
    written = {"system": coding.system, "code": coding.code, "display": display}
    if coding.system and coding.code and coding.display:
        return written
    return {name: value for name, value in written.items() if value}


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
    written: dict[str, Any] = {
        "label": untagged(suggestion.label),
        "uuid": suggestion.uuid,
        "actions": [_action(action) for action in suggestion.actions],
    }
    if suggestion.is_recommended:
        written["isRecommended"] = True
    return written


def _action(action: Action) -> dict[str, Any]:
    written: dict[str, Any] = {"type": action.type, "description": untagged(action.description)}
    if action.resource is not None:
        written["resource"] = action.resource
    if action.resource_id:
        written["resourceId"] = action.resource_id
    return written
