"""How EHRs draw a card: what each shows, and what it leaves out. Data, from what their makers have
published and from running the public sandbox; nothing here decides what is on a card.

`model/client.py` says what a client can take, and the answer is shaped to that before it comes
here. This says what of the answer its user then sees.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Has = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class NotShown:
    """A member that a client does not show, or shows otherwise: `has` tells whether a card holds
    it, `says` what the client does with it."""

    has: Has
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardClient:
    """How one client draws cards. `one_each`: every suggestion is a button of its own, whatever
    `selectionBehavior` says. `sorts`: critical first, whatever the order of the answer.
    `smart_links` is said beside each SMART link. `about` are sentences on every answer."""

    name: str
    label: str
    about: tuple[str, ...]
    smart_links: str
    one_each: bool = False
    sorts: bool = False
    shows_label: bool = True
    marks_recommended: bool = True
    takes_reasons: bool = True
    not_shown: tuple[NotShown, ...] = ()
    not_shown_of_answer: tuple[NotShown, ...] = ()


def _suggestions(card: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = card.get("suggestions")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _several_suggestions(card: Mapping[str, Any]) -> bool:
    return "selectionBehavior" in card and len(_suggestions(card)) > 1


def _recommends(card: Mapping[str, Any]) -> bool:
    return any(each.get("isRecommended") is True for each in _suggestions(card))


def _has_many_actions(card: Mapping[str, Any]) -> bool:
    return any(isinstance(a := s.get("actions"), list) and len(a) > 1 for s in _suggestions(card))


def _has_no_action(card: Mapping[str, Any]) -> bool:
    return any(not s.get("actions") for s in _suggestions(card))


def _has_update(card: Mapping[str, Any]) -> bool:
    return _has_action(card, "update")


def _has_action(card: Mapping[str, Any], kind: str) -> bool:
    return any(
        isinstance(action, dict) and action.get("type") == kind
        for suggestion in _suggestions(card)
        for action in suggestion.get("actions") or ()
    )


def _links_to_app(card: Mapping[str, Any]) -> bool:
    links = card.get("links")
    return isinstance(links, list) and any(
        isinstance(each, dict) and each.get("type") == "smart" for each in links
    )


def _has(*path: str) -> Has:
    def has(value: Mapping[str, Any]) -> bool:
        found: Any = value
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found not in (None, "", [], {})

    return has


_EXTENSION = NotShown(_has("extension"), "The extension is not shown.")
_SYSTEM_ACTIONS = NotShown(_has("systemActions"), "systemActions are not carried out.")
_TOPIC = NotShown(_has("source", "topic"), "The topic of the source is ignored.")
_ACTIONLESS = NotShown(
    _has_no_action, "A suggestion without an action does nothing when it is chosen."
)

GENERIC = CardClient(
    name="generic",
    label="a client of CDS Hooks 3.0",
    about=(),
    smart_links="Opens in the app, launched by the EHR.",
    not_shown=(),
)

EPIC = CardClient(
    name="epic",
    label="Epic",
    about=(
        "From what Epic has published, not from a run against it.",
        "An override is remembered under the code of the source's topic.",
    ),
    smart_links="Opens in the app, where its address is registered with the EHR.",
    shows_label=False,
    marks_recommended=False,
    not_shown=(
        NotShown(
            lambda card: bool(_suggestions(card)),
            "A suggestion's label is not shown: its button has the action's description.",
        ),
        NotShown(
            lambda card: card.get("selectionBehavior") == "at-most-one",
            "selectionBehavior at-most-one is not taken: the client knows any alone.",
        ),
        NotShown(_recommends, "A recommended suggestion is ticked beforehand."),
        NotShown(_has_many_actions, "One action a suggestion is taken: the others are not."),
        NotShown(_has_update, "An update of a medication order is not taken."),
        _EXTENSION,
    ),
    not_shown_of_answer=(_SYSTEM_ACTIONS,),
)

ORACLE = CardClient(
    name="oracle",
    label="Oracle Health",
    about=(
        "From what Oracle (Cerner) has published as a draft, not from a run against it.",
        "Cards stand in a panel of about an eighth of the screen's width.",
    ),
    smart_links="Opens in the app, where its address is registered with the EHR.",
    takes_reasons=False,
    not_shown=(
        NotShown(lambda card: bool(_suggestions(card)), "Suggestions are not offered."),
        NotShown(_has("overrideReasons"), "Override reasons are unknown to CDS Hooks 1.0."),
        NotShown(_has("links"), "Links that are not registered with the client are taken out."),
        _TOPIC,
        _EXTENSION,
    ),
    not_shown_of_answer=(_SYSTEM_ACTIONS,),
)

SANDBOX = CardClient(
    name="cds-hooks-sandbox",
    label="the public CDS Hooks Sandbox",
    about=("From running it.",),
    smart_links=(
        "Disabled there, unless the FHIR server launches apps (POST …/_services/smart/Launch)."
    ),
    one_each=True,
    sorts=True,
    marks_recommended=False,
    not_shown=(
        NotShown(
            _several_suggestions,
            "selectionBehavior is ignored: each suggestion is a button of its own.",
        ),
        NotShown(_recommends, "isRecommended is ignored: no suggestion is marked."),
        NotShown(
            _has_many_actions, "The first usable action of a suggestion counts: no other does."
        ),
        _ACTIONLESS,
        NotShown(_links_to_app, "autolaunchable is ignored."),
        _TOPIC,
        _EXTENSION,
    ),
    not_shown_of_answer=(_SYSTEM_ACTIONS,),
)

CARD_CLIENTS = {each.name: each for each in (GENERIC, EPIC, ORACLE, SANDBOX)}


def client_named(name: str) -> CardClient:
    """How a client draws; as the specification has it for a name that is none of ours."""
    return CARD_CLIENTS.get(name, GENERIC)


def words_on(value: Mapping[str, Any], rows: Sequence[NotShown]) -> tuple[str, ...]:
    return tuple(row.says for row in rows if row.has(value))
