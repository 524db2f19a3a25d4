"""What every store can do: resources as they were received, issued cards, feedback.

A store knows no FHIR: whoever saves a resource says its type, id and patient; whoever reads it
decodes the bytes. Everything is kept apart by `tenant`, an empty text where there is only one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, get_args

Outcome = Literal["accepted", "overridden"]


@dataclass(frozen=True, slots=True)
class NewResource:
    """A resource to save: `body` is its JSON, UTF-8; `patient` the id of the patient it is about,
    empty where it is about none; `full_url` the fullUrl it had in its Bundle, empty without.

    `referred_by` are the patients whose record refers to a resource that is about none, such as a
    Medication: it is returned with theirs.
    """

    type: str
    id: str
    body: bytes
    patient: str = ""
    full_url: str = ""
    referred_by: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class StoredResource:
    """A resource as saved. `version` counts from 1; `last_updated` is RFC 3339, UTC."""

    type: str
    id: str
    version: int
    patient: str
    full_url: str
    last_updated: str
    body: bytes

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did. `unchanged` counts resources that were there already, byte for byte."""

    created: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """One card that left the house. `patient` is the plain id: the store keeps only a keyed hash.

    `topic` is the code of the card's source topic, `rules` the rule ids it rests on, `source` and
    `drug` those it leads with, `knowledge` the release they are of. `audience` is whom it was told
    (server, patient and user), plain too and kept as a keyed hash; `ordered` and `said` are digests
    of the order and of the card's words.
    """

    uuid: str
    topic: str
    rules: tuple[str, ...]
    hook: str
    service: str
    patient: str
    indicator: str = ""
    source: str = ""
    drug: str = ""
    knowledge: str = ""
    audience: str = ""
    ordered: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card that an audience was shown, as far as it decides whether to show the next."""

    topic: str
    rules: tuple[str, ...]
    indicator: str
    drug: str
    ordered: str
    said: str


@dataclass(frozen=True, slots=True)
class FeedbackItem:
    """What became of one card (CDS Hooks, Feedback).

    `accepted` are the suggestion ids; `timestamp` the client's outcomeTimestamp, RFC 3339 UTC.
    `comment` is free text that may hold patient data: it is kept apart, cut to MAX_COMMENT.
    """

    card: str
    outcome: Outcome
    timestamp: str
    service: str = ""
    accepted: tuple[str, ...] = ()
    reason_system: str = ""
    reason_code: str = ""
    reason_display: str = ""
    comment: str = ""


MAX_COMMENT = 2_000


@dataclass(frozen=True, slots=True)
class TopicFeedback:
    """How cards of one topic fared: the latest outcome of a card counts.

    `unanswered` is issued and never answered. `topic` is empty for answers to cards we hold no
    record of. `reasons` counts override reasons by code (an empty code: none was given).
    """

    topic: str
    issued: int
    accepted: int
    overridden: int
    unanswered: int
    reasons: dict[str, int] = field(default_factory=dict)


Dimension = Literal[
    "rule", "topic", "drug", "source", "service", "hook", "indicator", "knowledge", "month", "day"
]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


@dataclass(frozen=True, slots=True)
class FeedbackLine:
    """How the cards of one kind fared; `key` is as many values as there were dimensions.

    The latest outcome of a card counts. `ignored` were issued longer ago than the grace period and
    never answered; `waiting` are not answered yet. `reasons` counts override reasons by code: an
    empty code where none was given, `(other)` for one that is no code. Where the key holds a rule,
    a card counts once for each of its rules, so that lines must not be added up.
    """

    key: tuple[str, ...]
    issued: int
    accepted: int
    overridden: int
    ignored: int
    waiting: int
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedbackReport:
    """`unknown` counts the cards that were answered in the period and that we hold no record of."""

    lines: tuple[FeedbackLine, ...]
    unknown: int


class Store(Protocol):
    """Every method raises StoreFailure where the store cannot be read or written."""

    def save_bundle(self, resources: Sequence[NewResource], *, tenant: str = "") -> Saved:
        """Save all resources or none, in one transaction.

        A resource that is already there gets a new version, the old one goes to the history.
        Raises MixedPatients where an id is already taken by a resource of another patient.
        """
        ...

    def resources_of(self, patient: str, *, tenant: str = "") -> list[StoredResource]:
        """Every current resource about a patient, the Patient itself among them, by type and id,
        and what these refer to that is about no patient.

        Empty where nothing is stored of this patient: untested, not normal.
        """
        ...

    def versions_of(self, type_: str, id_: str, *, tenant: str = "") -> list[StoredResource]:
        """Every version of a resource, newest first; empty where there never was one."""
        ...

    def patients(self, *, tenant: str = "") -> list[str]:
        """The ids of all patients something is stored of, sorted."""
        ...

    def pseudonym(self, patient: str) -> str:
        """A patient id as records and logs hold it: the same in every worker of a deployment."""
        ...

    def record_cards(self, cards: Iterable[IssuedCard], *, tenant: str = "") -> None:
        """Note issued cards. Returns at once; never raises: advice does not wait for its record."""
        ...

    def record_feedback(self, items: Sequence[FeedbackItem], *, tenant: str = "") -> None:
        """Store all items or none. An item sent again is kept once."""
        ...

    def feedback_summary(self, *, tenant: str = "") -> list[TopicFeedback]:
        """How the cards of each topic fared, by topic."""
        ...

    def rule_feedback(
        self,
        by: Sequence[Dimension],
        *,
        settled: datetime,
        since: datetime | None = None,
        until: datetime | None = None,
        tenant: str = "",
    ) -> FeedbackReport:
        """How the cards issued from `since` to before `until` fared, by one or more dimensions.

        Unanswered cards issued before `settled` are ignored ones.
        """
        ...

    def recently_shown(
        self, audience: str, hook: str, since: datetime, *, tenant: str = ""
    ) -> list[ShownCard]:
        """The cards that an audience was shown on a hook since then, by every worker."""
        ...

    def check(self) -> None:
        """Return if the store answers; raise StoreFailure otherwise (for `/health/ready`)."""
        ...

    def close(self) -> None:
        """Write what is still waiting and close every connection."""
        ...
