"""What every store can do: resources as they were received, issued cards, feedback.

A store knows no FHIR: whoever saves a resource says its type, id and patient; whoever reads it
decodes the bytes. Everything is kept apart by `tenant`, an empty text where there is only one.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, get_args

from fhir_pgx.model.finding import SourceClass
from fhir_pgx.model.genomic_index import (
    NOT_GENOMIC,
    GenomicIndex,
    IndexedGenotype,
    IndexedPhenotype,
    IndexedVariant,
    SimpleAllele,
    Span,
    StoredGenotype,
    StoredPhenotype,
    StoredVariant,
)
from fhir_pgx.model.passport import PastCard
from fhir_pgx.model.search import NO_VALUES, Query, SearchValues, TokenAsked
from fhir_pgx.model.view import EVERYTHING, View
from fhir_pgx.storage.audit import AuditRecord
from fhir_pgx.storage.sessions import LaunchSessions

# The types that an interpretation reads, beside the Patient.
BESIDE = ("Condition", "DiagnosticReport", "MolecularSequence", "Observation", "Procedure",
          "Specimen")  # fmt: skip

Outcome = Literal["accepted", "overridden"]


@dataclass(frozen=True, slots=True)
class NewResource:
    """A resource to save: `body` is its JSON, UTF-8; `patient` the id of the patient it is about,
    empty where it is about none; `full_url` the fullUrl it had in its Bundle, empty without.

    `referred_by` are the patients whose record refers to a resource that is about none, such as a
    Medication: it is returned with theirs. `said` is a digest that is the same where two resources
    say the same, whoever's they are; empty where that is not known.
    """

    type: str
    id: str
    body: bytes
    patient: str = ""
    full_url: str = ""
    referred_by: tuple[str, ...] = ()
    values: SearchValues = NO_VALUES
    genomic: GenomicIndex = NOT_GENOMIC
    said: str = ""

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class StoredResource:
    """A resource as saved. `version` counts from 1; `last_updated` is RFC 3339, UTC, to the
    millisecond. A deleted one has an empty body and the version that its deletion made."""

    type: str
    id: str
    version: int
    patient: str
    full_url: str
    last_updated: str
    body: bytes
    is_deleted: bool = False

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class Alike:
    """Resources that say the same, by their `said`, and the patients who have one, each once and
    nobody's left out; `id` is that of one of them. One whose `said` is empty stands alone."""

    said: str
    id: str
    patients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VariantAlike:
    """A variant and the patients who have it, each once; `said` of their resources where it was
    asked for."""

    variant: IndexedVariant
    said: str
    patients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what a search found. `total` counts all of it, None where it was not asked for;
    `next` is the `after` of the query that continues, empty at the end."""

    resources: tuple[StoredResource, ...]
    total: int | None = None
    next: tuple[str | int | float | None, ...] = ()


class Reads(Protocol):
    """What may be asked of the store, also in the middle of a transaction."""

    def read(self, type_: str, id_: str) -> StoredResource | None:
        """The current version, a deleted one too; None where there never was one."""
        ...

    def read_version(self, type_: str, id_: str, version: int) -> StoredResource | None:
        """One version, current or not, a deletion too."""
        ...

    def read_many(self, references: Sequence[tuple[str, str]]) -> list[StoredResource]:
        """The current versions of those (type, id) that are there and not deleted."""
        ...

    def history(
        self,
        type_: str = "",
        id_: str = "",
        *,
        count: int,
        since: str = "",
        after: Sequence[str | int | float | None] = (),
    ) -> Page:
        """Every version, deletions too, newest first: of a resource, a type, or everything."""
        ...

    def search(self, query: Query) -> Page:
        """Current, undeleted resources (see `model.search.Query`)."""
        ...

    def record(self, patient: str) -> list[StoredResource]:
        """Every current resource about a patient, the Patient itself among them, by type and id,
        and what these refer to that is about no patient. Empty where nothing is stored of this
        patient: untested, not normal."""
        ...

    def every_version(self, patient: str) -> list[StoredResource]:
        """Every version, current or not, of every resource about a patient, in no order."""
        ...

    def guarded_patients(self) -> list[str]:
        """The ids of the patients of whom a Consent is stored, or a resource that has or had a
        security label, sorted; an empty text for labelled resources of nobody."""
        ...

    def referring(self, type_: str, id_: str, params: Sequence[str] = ()) -> list[StoredResource]:
        """Current resources whose search links lead to this one, by any or by these parameters."""
        ...

    def referring_any(
        self, type_: str, ids: Sequence[str], params: Sequence[str]
    ) -> list[StoredResource]:
        """As `referring`, to any of several resources of a type, each once."""
        ...

    def variants_over(
        self, spans: Sequence[Span], *, patient: str = "", structural: bool | None = None
    ) -> list[StoredVariant]:
        """Every indexed variant that overlaps a span on the span's own assembly and chromosome.

        An insertion between two bases lies at its `start`: it overlaps `start` to `end` where
        span.start <= start <= span.end. `structural` None is both. By patient, place and id.
        """
        ...

    def variants_like(
        self, alleles: Sequence[SimpleAllele], *, patient: str = ""
    ) -> list[StoredVariant]:
        """Every indexed simple variant that is one of these, exactly."""
        ...

    def variants_of_genes(self, genes: Sequence[str], *, patient: str = "") -> list[StoredVariant]:
        """Every indexed variant of these genes, placed or not."""
        ...

    def genotypes_of(self, genes: Sequence[str], *, patient: str = "") -> list[StoredGenotype]:
        """Every indexed diplotype and haplotype of these genes; of all where none is named."""
        ...

    def phenotypes_of(self, genes: Sequence[str], *, patient: str = "") -> list[StoredPhenotype]:
        """Every indexed phenotype of these genes."""
        ...

    def genomic_patients(self) -> list[str]:
        """The ids of all patients of whom a genomic result is stored, sorted."""
        ...

    def count_genomic_patients(self) -> int:
        """The number of `genomic_patients`."""
        ...

    # What many patients have alike, told once: for questions to a population.

    def genotypes_alike(
        self,
        genes: Sequence[str],
        *,
        source_class: SourceClass | None = None,
        value: TokenAsked | None = None,
    ) -> list[tuple[IndexedGenotype, tuple[str, ...]]]:
        """Each different diplotype and haplotype of these genes (of all where none is named), of
        one source class or of any, and the patients who have it, each once; with `value` those
        whose resource has this code as its `value-concept`."""
        ...

    def phenotypes_alike(
        self, genes: Sequence[str], *, source_class: SourceClass | None = None
    ) -> list[tuple[IndexedPhenotype, tuple[str, ...]]]:
        """Each different phenotype that resources state of these genes, and who has it. It has no
        source class of its own: with one, those of resources with a genotype of that class."""
        ...

    def variants_alike(
        self,
        genes: Sequence[str],
        *,
        source_class: SourceClass | None = None,
        by_said: bool = False,
        beside: bool = False,
    ) -> list[VariantAlike]:
        """Each different variant of these genes and who has it; with `by_said` apart by what their
        resources say, too; with `beside` of those alone of whom anything stands beside the rows
        (see `alike_beside`)."""
        ...

    def variants_alike_over(
        self, spans: Sequence[Span], *, structural: bool | None = None
    ) -> list[VariantAlike]:
        """Each different variant of `variants_over`, and who has it."""
        ...

    def variants_alike_to(self, alleles: Sequence[SimpleAllele]) -> list[VariantAlike]:
        """Each different variant of `variants_like`, and who has it."""
        ...

    def alike_by_code(self, type_: str, codes: Sequence[str]) -> list[Alike]:
        """The resources of a type with one of these as their `code`, by what they say."""
        ...

    def alike_of_type(self, type_: str) -> list[Alike]:
        """The resources of a type, by what they say."""
        ...

    def alike_beside(
        self, genes: Sequence[str], typed: Sequence[str]
    ) -> list[tuple[str, tuple[str, ...]]]:
        """What stands beside the genomic rows of patients with a variant of these genes or a
        genotype of those `typed`: each different `said`, and who has it. That is all of
        `BESIDE` but the results that their rows tell whole: genotypes, and germline variants of
        named genes, that refer to no other. An empty `said` is nobody else's: of a type without
        one, or of what refers to a specimen or to what it is derived from."""
        ...

    def tied(self, genes: Sequence[str], typed: Sequence[str]) -> tuple[str, ...]:
        """Of such patients those with anything that refers to a specimen or to what it is derived
        from."""
        ...

    def states(self, patients: Sequence[str], types: Sequence[str]) -> dict[str, str]:
        """A digest, of each of these patients, of all resources of these types that there are or
        were: another one after each change. An empty text stands for what is nobody's."""
        ...

    def having(self, types: Sequence[str], param: str, codes: Sequence[str]) -> tuple[str, ...]:
        """The patients with a resource of these types of which a search parameter has one of these
        codes."""
        ...

    def without_gene(self, codes: Sequence[str]) -> tuple[str, ...]:
        """The patients with an Observation of one of these codes of whose genes no row is kept."""
        ...


class Unit(Reads, Protocol):
    """One transaction: it reads what it has written, and all of it is kept or nothing."""

    def seen(self, view: View) -> Reads:
        """What is there by now, for whom there is nothing but what a view shows."""
        ...

    def put(self, new: NewResource) -> StoredResource:
        """A new version, or the one there is where the bytes are the same. A resource that was
        deleted comes back as a further version.

        Raises MixedPatients where the id is taken by a resource of another patient.
        """
        ...

    def put_many(self, resources: Sequence[NewResource]) -> list[StoredResource]:
        """As `put` of each in turn, in far fewer statements."""
        ...

    def delete(self, type_: str, id_: str) -> StoredResource | None:
        """The deletion as a version of its own; the one there is where it is deleted already; None
        where there never was such a resource."""
        ...

    def reindex(self, new: NewResource) -> None:
        """Replace what a stored resource is found by; its bytes and version stay. Nothing is done
        where it is not stored now with these bytes: whoever changed it has said it anew."""
        ...

    def hold(self, name: str) -> None:
        """Wait until no other transaction holds this name, and hold it until this one ends.

        For what must be looked for and made by one alone: a conditional create holds its criteria
        before it searches.
        """
        ...


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


@dataclass(frozen=True, slots=True)
class CardSpan:
    """When the first and the last card were issued, and the first and the last answer to a card
    came; None where none ever was: a count of 0 then says that nothing was looked at."""

    first_card: datetime | None = None
    last_card: datetime | None = None
    first_answer: datetime | None = None
    last_answer: datetime | None = None


class Store(Protocol):
    """Every method raises StoreFailure where the store cannot be read or written."""

    @property
    def sessions(self) -> LaunchSessions:
        """What our SMART app holds for browsers."""
        ...

    @property
    def audit(self) -> AuditRecord:
        """The record of accesses."""
        ...

    def transaction(self, *, tenant: str = "") -> AbstractContextManager[Unit]:
        """All that is done within is committed at the end, or nothing where an error leaves it.

        Raises WriteConflict (a StoreFailure) where another writer came in the way: nothing was
        stored, and the same again succeeds.
        """
        ...

    def reads(self, *, tenant: str = "", view: View = EVERYTHING) -> Reads:
        """The committed state, to read from, for whom there is nothing but what `view` shows. Each
        call of it stands by itself."""
        ...

    def save_bundle(self, resources: Sequence[NewResource], *, tenant: str = "") -> Saved:
        """Save all resources or none, in one transaction.

        A resource that is already there gets a new version, the old one goes to the history.
        Raises MixedPatients where an id is already taken by a resource of another patient.
        """
        ...

    def resources_of(self, patient: str, *, tenant: str = "") -> list[StoredResource]:
        """As `Reads.record`, of everything."""
        ...

    def versions_of(self, type_: str, id_: str, *, tenant: str = "") -> list[StoredResource]:
        """Every version of a resource, newest first; empty where there never was one."""
        ...

    def patients(self, *, tenant: str = "") -> list[str]:
        """The ids of all patients something is stored of, sorted."""
        ...

    def unindexed(self, limit: int, *, tenant: str = "") -> list[StoredResource]:
        """Resources that no search finds yet, kept from a store of an earlier schema: at most
        `limit`, the same again until `Unit.reindex` has said what they are found by."""
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

    def card_span(self, *, tenant: str = "") -> CardSpan:
        """When cards were issued and answers came: tells a zero from no data."""
        ...

    def recently_shown(
        self, audience: str, hook: str, since: datetime, *, tenant: str = ""
    ) -> list[ShownCard]:
        """The cards that an audience was shown on a hook since then, by every worker."""
        ...

    def cards_of(self, patient: str, *, limit: int = 200, tenant: str = "") -> list[PastCard]:
        """The cards issued for a patient, by plain id, the newest first, each with the latest that
        was told of it. An id means nothing without the server it is of: whoever asks makes sure
        that the cards of this store are of no other."""
        ...

    def use_once(self, name: str, expires: int, now: int) -> bool:
        """Whether this is the first use of an assertion, which is noted with it: by whichever
        worker, each is used once. `expires` and `now` are seconds since 1970; the note is kept
        until `expires` at least."""
        ...

    def check(self) -> None:
        """Return if the store answers; raise StoreFailure otherwise (for `/health/ready`)."""
        ...

    def close(self) -> None:
        """Write what is still waiting and close every connection."""
        ...
