"""What an operation is: its name, its parameters, and the function that answers it.

From these values the routes, the CapabilityStatement and the OperationDefinitions are made, so that
what is published is what is really there. A function gets what was asked, read and checked, and the
context it may look into; it returns a FHIR Parameters resource.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.document import Calling
from fhir_pgx.model.finding import SourceClass, Statement
from fhir_pgx.model.genomic_index import GenomicIndex, SimpleAllele, Span
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.phenotype import Interpretation
from fhir_pgx.pipeline.implied import Implied
from fhir_pgx.storage.store import Reads

ParameterType = Literal["string", "boolean", "code", "Period", "Quantity", "dateTime",
                        "CodeableConcept", "Observation", ""]  # fmt: skip
SearchType = Literal["reference", "token", "special", "string", ""]
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation, in or out, as its definition has it.

    `maximum` is `1` or `*`; `type` is empty where the parameter has `parts` in place of a value;
    `profile` is what a resource that it holds conforms to.
    """

    name: str
    type: ParameterType
    minimum: int = 0
    maximum: Literal["1", "*"] = "1"
    search_type: SearchType = ""
    text: str = ""
    parts: tuple["Parameter", ...] = ()
    profile: str = ""

    @property
    def is_list(self) -> bool:
        return self.maximum == "*"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one call asks.

    `lists` has, by name, one tuple for each time that the parameter was given, holding the items
    between its commas as they were sent. `subject` is the id of a patient who is there; empty in a
    question to the population. `dates` are microseconds since 1970 UTC, `low` included, `high` not;
    None where no date was asked for. `source_class` None is any, one that is not known too.
    """

    lists: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=dict)
    subject: str = ""
    dates: tuple[int, int] | None = None
    source_class: SourceClass | None = None

    def listed(self, name: str) -> tuple[str, ...]:
        """Every item of a list, in the order of the request."""
        return tuple(item for items in self.groups(name) for item in items)

    def groups(self, name: str) -> tuple[tuple[str, ...], ...]:
        """The items of a list, parted as the parameter was repeated."""
        return self.lists.get(name, ())

    def is_set(self, name: str) -> bool:
        """Whether a flag was given as true; the default of each is false."""
        return self.flags.get(name, False)


class Genome(Protocol):
    """Places and names on both builds (`normalize`)."""

    def spans_on_both(self, span: Span) -> tuple[Span, ...]:
        """The span itself, and what it is on the other build: one span or more.

        Raises LiftoverFailed where it has no exact place there: 422.
        """
        ...

    def alleles_named(self, text: str) -> tuple[SimpleAllele, ...]:
        """The one spelling, on each build, of a variant in HGVS or SPDI.

        Raises UnreadableVariant (400) where the text is neither, UnplacedVariant (422) where
        nothing here places it.
        """
        ...


class Judgement(Protocol):
    """What an operation asks of the pipeline."""

    @property
    def knowledge(self) -> Knowledge: ...

    @property
    def implied(self) -> Implied: ...

    @property
    def both_builds(self) -> Genome: ...

    def interpret(
        self,
        entries: Sequence[Entry],
        genomes: Sequence[Any] = ...,
        outside: Sequence[Statement] = ...,
        calling: Calling = ...,
    ) -> Interpretation: ...

    def genomic_index(self, entries: Sequence[Entry]) -> Mapping[str, GenomicIndex]:
        """What the store keeps of each of these results, by reference (`Observation/x`)."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What an operation may look into.

    `base_url` is the address of our FHIR base, without a slash at its end; `own_bases` are further
    ones whose ids are ours, as the caller wrote it among them. `now` is when the call came in, UTC.
    """

    reads: Reads
    genome: Genome
    pipeline: Judgement
    base_url: str
    now: datetime
    own_bases: tuple[str, ...] = ()

    @property
    def knowledge(self) -> Knowledge:
        return self.pipeline.knowledge


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the HL7 Genomics Operations (guide STU3 and later).

    `about` says whose data are looked at; `family` is the part of the public implementation's
    paths: `/subject-operations/genotype-operations/$find-subject-variants`. `takes` are the
    parameters in, `gives` those out. `run` is called with what `takes` allows and nothing else,
    and for a subject who is there.
    """

    name: str
    title: str
    text: str
    about: Literal["subject", "population"]
    family: Literal["genotype", "phenotype", "metadata"]
    takes: tuple[Parameter, ...]
    gives: tuple[Parameter, ...]
    run: Callable[[Asked, Context], Resource]

    @property
    def canonical(self) -> str:
        """The url of the guide's definition."""
        return f"http://hl7.org/fhir/uv/genomics-reporting/OperationDefinition/{self.name}"

    @property
    def legacy_path(self) -> str:
        """The path at which the public implementation offers it."""
        return f"/{self.about}-operations/{self.family}-operations/${self.name}"

    def parameter(self, name: str) -> Parameter | None:
        """The parameter in of this name; None where there is none."""
        return next((each for each in self.takes if each.name == name), None)
