"""An answer of which a part of the record is withheld: every card says so, and claims no more.

The words are the same whatever is withheld, and whether anything is: they are chosen by the rule,
which the data do not change. Of a gene without a result nothing may be said but that none is in
view; "on file" and "tested" are what only the whole record could tell.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import section, told
from fhir_pgx.cards.headline import LIMIT
from fhir_pgx.cards.markdown import cut
from fhir_pgx.cards.source import EXTENSION, source_of, topic
from fhir_pgx.model.card import Action, Card, Source, Suggestion
from fhir_pgx.model.finding import Caveat

LIMITED = Caveat(
    "PGX-690",
    "Advice is limited: part of this record is withheld from this request. What is withheld was "
    "not judged; that no result is in view does not say that there is none.",
)
_SUMMARY = "Advice is limited: part of this record is withheld from this request."
# What is said of a record, and what of it holds of the part in view.
_WORDS = (
    (re.compile(r"\bon file\b"), "in view"),
    (re.compile(r"(?<=\b[Nn])ot tested\b"), "ot in view"),
    (re.compile(r"\b[Uu]ntested\b"), "without a result in view"),
    (re.compile(r"\bnever tested\b"), "without a result in view"),
)
_TOPIC = re.compile(r"(?:NotTested|Untested)$")
_MEMBERS = {"untested": "not_in_view"}
_UNTESTED = "not-tested"
_NOT_IN_VIEW = "not-in-view"


def as_limited(cards: Sequence[Card], context: CardContext) -> tuple[Card, ...]:
    """The cards of a limited answer: each in words that hold, and one that says so by itself, since
    some clients show no more than summaries."""
    return (*map(_limited, cards), _notice(context))


def _notice(context: CardContext) -> Card:
    subject = topic("PGX", "this record", (), "limited")
    return Card(
        uuid=str(uuid.uuid5(context.namespace, subject.code)),
        summary=_SUMMARY,
        indicator="info",
        source=source_of((), subject),
        detail="\n\n".join(
            (
                told(LIMITED),
                "Look into the chart, or ask the patient. In an emergency the record may be asked "
                "for under that purpose of use, which is recorded.",
                f"**Source** what reached this service; knowledge release "
                f"{context.knowledge_release}. This informs; the clinician decides.",
            )
        ),
        extension={
            EXTENSION: {"limited": True, "knowledge": {"release": context.knowledge_release}}
        },
    )


def _limited(card: Card) -> Card:
    ours = card.extension.get(EXTENSION)
    about = _in_view(ours) if isinstance(ours, Mapping) else {}
    return replace(
        card,
        summary=cut(_said(card.summary), LIMIT),
        detail="\n\n".join(
            part for part in (_said(card.detail), section("This answer", [told(LIMITED)])) if part
        ),
        source=_source(card.source),
        suggestions=tuple(map(_suggestion, card.suggestions)),
        extension={**card.extension, EXTENSION: {**about, "limited": True}},
    )


def _said(text: str) -> str:
    for words, instead in _WORDS:
        text = words.sub(instead, text)
    return text


def _source(source: Source) -> Source:
    # Who sets aside "no result in view" has not set aside "not tested": another topic.
    code = _TOPIC.sub("NotInView", source.topic.code)[:100]
    return replace(
        source, topic=replace(source.topic, code=code, display=_said(source.topic.display))
    )


def _suggestion(suggestion: Suggestion) -> Suggestion:
    return replace(
        suggestion,
        label=_said(suggestion.label),
        actions=tuple(map(_action, suggestion.actions)),
    )


def _action(action: Action) -> Action:
    return replace(action, description=_said(action.description))


def _in_view(value: Any) -> Any:
    """Our own members of a card, of which none may say that nothing was tested."""
    if isinstance(value, Mapping):
        return {_MEMBERS.get(name, name): _in_view(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_in_view(inner) for inner in value]
    if value == _UNTESTED:
        return _NOT_IN_VIEW
    return _said(value) if isinstance(value, str) and " " in value else value
