"""A CDS Hooks card, before it is written as JSON (CDS Hooks 3.0, CDS Service Response)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fhir_pgx.model.drug import Coding

Indicator = Literal["info", "warning", "critical"]


@dataclass(frozen=True, slots=True)
class Source:
    """Who speaks: `label` is plain text, `url` absolute; `topic` stays the same for one subject."""

    label: str
    url: str
    topic: Coding


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    type: Literal["absolute", "smart"] = "absolute"


@dataclass(frozen=True, slots=True)
class Action:
    """One change of a resource. `resource` is whole; `resource_id` only for a deletion."""

    type: Literal["create", "update", "delete"]
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
class Card:
    """`summary` is plain text under 140 code points; `detail` is GitHub-flavoured Markdown in
    which every text that is not ours is escaped. `orders` are the `Type/id` it speaks of;
    `rules` the rule ids it rests on."""

    uuid: str
    summary: str
    indicator: Indicator
    source: Source
    detail: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    override_reasons: tuple[Coding, ...] = ()
    links: tuple[Link, ...] = ()
    orders: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    extension: Mapping[str, Any] = field(default_factory=dict)
