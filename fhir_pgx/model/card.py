"""A CDS Hooks card, before it is written as JSON (CDS Hooks 3.0, CDS Service Response)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fhir_pgx.model.drug import Coding

Indicator = Literal["info", "warning", "critical"]
INDICATORS: tuple[Indicator, ...] = ("critical", "warning", "info")  # the loudest first
ActionType = Literal["create", "update", "delete"]
LinkType = Literal["absolute", "smart"]
SelectionBehavior = Literal["at-most-one", "any"]

OURS = "org.fhir-pgx.card"  # our own member of a card's extension


@dataclass(frozen=True, slots=True)
class Source:
    """Who speaks: `label` is plain text, `url` absolute, None where we speak ourselves; `topic`
    stays the same for one subject."""

    label: str
    url: str | None
    topic: Coding


@dataclass(frozen=True, slots=True)
class Link:
    """`app_context` is what a SMART link carries to its app (CDS Hooks, Link); of no other kind."""

    label: str
    url: str
    type: LinkType = "absolute"
    app_context: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """One change of a resource. `resource` is whole; `resource_id` only for a deletion."""

    type: ActionType
    description: str
    resource: Mapping[str, Any] | None = None
    resource_id: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    label: str
    uuid: str
    actions: tuple[Action, ...]
    is_recommended: bool = False


@dataclass(frozen=True, slots=True)
class Facets:
    """What a site's policy and the record of issued cards know a card by; never sent.

    `drug` is our name of the ingredient and `rxcui` its code; `source`, `strength` and `action` are
    those of the advice that leads, `action` the reason (`not-tested`, `no-row`) where a card tells
    that there is none. `others` are the source and strength of all else that is advised on the
    card. `serious`: ignoring what it tells can end in death or lasting harm. `domain` is that of
    precision therapy (`tumour`, …), empty for drug response.
    """

    drug: str
    rxcui: str = ""
    genes: tuple[str, ...] = ()
    source: str = ""
    strength: str = ""
    action: str = ""
    serious: bool = False
    others: tuple[tuple[str, str], ...] = ()
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """`summary` is plain text under 140 code points; `detail` is GitHub-flavoured Markdown in
    which every text that is not ours is escaped. `orders` are the `Type/id` it speaks of;
    `rules` the rule ids it rests on. `facets` is None where a card is of no single advice."""

    uuid: str
    summary: str
    indicator: Indicator
    source: Source
    detail: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    selection_behavior: SelectionBehavior = "at-most-one"
    override_reasons: tuple[Coding, ...] = ()
    links: tuple[Link, ...] = ()
    orders: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    extension: Mapping[str, Any] = field(default_factory=dict)
    facets: Facets | None = None

    @property
    def knowledge(self) -> str:
        """The knowledge release it rests on; empty where it does not say."""
        ours = self.extension.get(OURS)
        about = ours.get("knowledge") if isinstance(ours, Mapping) else None
        release = about.get("release") if isinstance(about, Mapping) else None
        return release if isinstance(release, str) else ""
