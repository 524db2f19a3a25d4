"""The answer of a hook call as values that a template draws: JSON in, texts and addresses out.

The answer may be of a service of another package, or of a server that is not ours: a member of the
wrong type is passed over and never an error, since what is drawn is what an EHR would make of it.
A refusal (OperationOutcome) and an answer without cards are told apart: the one is a failure, the
other says that there is nothing to say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from fhir_pgx.workbench.drawn_cards.clients import CardClient, words_on
from fhir_pgx.workbench.text.markdown import write_markdown
from fhir_pgx.workbench.text.plain import as_json, one_line, web_address

MOST_CARDS = 100
_MUTED = "org.fhir-pgx.muted"
_WORDS = {"critical": "Critical", "warning": "Warning", "info": "Information"}
_ACTIONS = {"create": "Adds", "update": "Changes", "delete": "Removes"}
_SELECTION = {"at-most-one": "Choose at most one", "any": "Choose any"}
_LOUDEST = {name: place for place, name in enumerate(_WORDS)}


@dataclass(frozen=True, slots=True)
class DrawnAction:
    """`target` is `Type/id` or the type alone; `resource` the whole as JSON, empty for none."""

    word: str
    description: str
    target: str
    resource: str


@dataclass(frozen=True, slots=True)
class DrawnSuggestion:
    """`uuid` is empty where the client would send no feedback on it."""

    uuid: str
    button: str
    actions: tuple[DrawnAction, ...]
    is_recommended: bool


@dataclass(frozen=True, slots=True)
class DrawnLink:
    """`url` is empty where the address is none that may be opened; `address` is as sent."""

    label: str
    url: str
    address: str
    is_smart: bool
    note: str
    context: str  # what a SMART app is opened with (`appContext`), as sent


@dataclass(frozen=True, slots=True)
class DrawnReason:
    """`value` is what the form sends: `system|code`."""

    value: str
    display: str


@dataclass(frozen=True, slots=True)
class DrawnCard:
    """`place` counts from 1 as drawn. `indicator` is one of three, or `unknown`; `selection` what
    may be chosen, in words; `takes_several` where more than one suggestion may be accepted at
    once. `not_shown`: what the client would not show of it. `uuid` is empty where no feedback can
    be given."""

    place: int
    uuid: str
    summary: str
    indicator: str
    word: str
    detail: Markup
    source: str
    source_url: str
    topic: str
    topic_display: str
    suggestions: tuple[DrawnSuggestion, ...]
    selection: str
    takes_several: bool
    reasons: tuple[DrawnReason, ...]
    links: tuple[DrawnLink, ...]
    not_shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrawnIssue:
    severity: str
    text: str
    where: str
    mend: str


@dataclass(frozen=True, slots=True)
class DrawnAnswer:
    """`refused` holds the issues of a refusal, and then there are no cards. `is_answer` is False
    for what is neither an answer nor a refusal. `muted` counts the cards that the site's policy
    left out, with why; `not_drawn` those beyond MOST_CARDS."""

    cards: tuple[DrawnCard, ...]
    refused: tuple[DrawnIssue, ...] = ()
    is_answer: bool = True
    muted: int = 0
    muted_why: tuple[str, ...] = ()
    not_drawn: int = 0
    not_shown: tuple[str, ...] = ()


def read_answer(answer: object, client: CardClient) -> DrawnAnswer:
    """What a client draws of an answer; the first MOST_CARDS cards."""
    if not isinstance(answer, Mapping):
        return DrawnAnswer((), is_answer=False)
    if answer.get("resourceType") == "OperationOutcome":
        issues = tuple(_issue(each) for each in _dicts(answer.get("issue")))
        return DrawnAnswer((), issues or (DrawnIssue("error", "no reason given", "", ""),))
    if not isinstance(answer.get("cards"), list):
        return DrawnAnswer((), is_answer=False)
    cards = list(_dicts(answer["cards"]))
    if client.sorts:
        cards.sort(key=lambda card: _LOUDEST.get(_text(card, "indicator"), len(_LOUDEST)))
    drawn = tuple(_card(card, place, client) for place, card in enumerate(cards[:MOST_CARDS], 1))
    muted, why = _muted(answer)
    return DrawnAnswer(
        drawn,
        muted=muted,
        muted_why=why,
        not_drawn=max(0, len(cards) - MOST_CARDS),
        not_shown=words_on(answer, client.not_shown_of_answer),
    )


def _card(card: Mapping[str, Any], place: int, client: CardClient) -> DrawnCard:
    source = _dict(card.get("source"))
    topic = _dict(source.get("topic"))
    indicator = _text(card, "indicator")
    selection = _text(card, "selectionBehavior")
    suggestions = tuple(_suggestion(each, client) for each in _dicts(card.get("suggestions")))
    reasons = card.get("overrideReasons") if client.takes_reasons else ()
    return DrawnCard(
        place=place,
        uuid=_text(card, "uuid"),
        summary=_text(card, "summary") or "(no summary)",
        indicator=indicator if indicator in _WORDS else "unknown",
        word=_WORDS.get(indicator, f"Unknown indicator {indicator}".strip()),
        detail=write_markdown(card.get("detail")),
        source=_text(source, "label") or "(no source)",
        source_url=web_address(source.get("url")),
        topic=_text(topic, "code"),
        topic_display=_text(topic, "display"),
        suggestions=suggestions,
        selection="" if client.one_each or len(suggestions) < 2 else _SELECTION.get(selection, ""),
        takes_several=selection == "any" and len(suggestions) > 1 and not client.one_each,
        reasons=tuple(_reason(each) for each in _dicts(reasons)),
        links=tuple(_link(each, client) for each in _dicts(card.get("links"))),
        not_shown=words_on(card, client.not_shown),
    )


def _suggestion(suggestion: Mapping[str, Any], client: CardClient) -> DrawnSuggestion:
    actions = tuple(_action(each) for each in _dicts(suggestion.get("actions")))
    label = _text(suggestion, "label")
    if not client.shows_label and actions:
        label = actions[0].description or label
    return DrawnSuggestion(
        uuid=_text(suggestion, "uuid"),
        button=label or "(no label)",
        actions=actions,
        is_recommended=suggestion.get("isRecommended") is True and client.marks_recommended,
    )


def _action(action: Mapping[str, Any]) -> DrawnAction:
    kind = _text(action, "type")
    resource = action.get("resource")
    whole = resource if isinstance(resource, Mapping) else {}
    target = _text(action, "resourceId") or "/".join(
        each for each in (_text(whole, "resourceType"), _text(whole, "id")) if each
    )
    return DrawnAction(
        word=_ACTIONS.get(kind, f"Unknown action {kind}".strip()),
        description=_text(action, "description"),
        target=target,
        resource=as_json(whole) if whole else "",
    )


def _link(link: Mapping[str, Any], client: CardClient) -> DrawnLink:
    is_smart = link.get("type") == "smart"
    url = web_address(link.get("url"))
    note = client.smart_links if is_smart else ""
    return DrawnLink(
        label=_text(link, "label") or "(no label)",
        # A SMART address needs the launch that an EHR would add: opened as it is it fails.
        url="" if is_smart else url,
        address=_text(link, "url"),
        is_smart=is_smart,
        note=note or ("" if url else "Not an address of the web: not opened."),
        context=_text(link, "appContext") if is_smart else "",
    )


def _reason(reason: Mapping[str, Any]) -> DrawnReason:
    code = _text(reason, "code")
    return DrawnReason(f"{_text(reason, 'system')}|{code}", _text(reason, "display") or code)


def _issue(issue: Mapping[str, Any]) -> DrawnIssue:
    details = _dict(issue.get("details"))
    where = issue.get("expression")
    return DrawnIssue(
        _text(issue, "severity") or "error",
        _text(details, "text") or _text(issue, "diagnostics") or _text(issue, "code"),
        ", ".join(one_line(each) for each in where) if isinstance(where, list) else "",
        _text(issue, "diagnostics") if _text(details, "text") else "",
    )


def _muted(answer: Mapping[str, Any]) -> tuple[int, tuple[str, ...]]:
    muted = _dict(_dict(answer.get("extension")).get(_MUTED))
    count = muted.get("cards")
    why = tuple(f"{one_line(name)}: {number}" for name, number in _dict(muted.get("why")).items())
    return (count, why) if isinstance(count, int) else (0, ())


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _dicts(value: object) -> Iterator[Mapping[str, Any]]:
    return (
        (each for each in value if isinstance(each, Mapping))
        if isinstance(value, list)
        else iter(())
    )


def _text(value: Mapping[str, Any], name: str) -> str:
    return one_line(value.get(name))
