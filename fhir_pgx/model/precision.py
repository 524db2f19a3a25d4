"""All that resources say beyond the genes of drug response, as one reading gives it."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from fhir_pgx.model.finding import Origin
from fhir_pgx.model.inherited import InheritedKnowledge
from fhir_pgx.model.pathogen import PathogenKnowledge, StatedPathogen
from fhir_pgx.model.transplant import StatedAntibody, StatedTyping, TransplantKnowledge
from fhir_pgx.model.tumour import Alteration, Marker, StatedCancer, TumourKnowledge


@dataclass(frozen=True, slots=True)
class StatedRisk:
    """A risk that a report or a polygenic score gives: shown as context, never acted on alone.

    `value` is in `unit` (`%`, `percentile`, a unit as stated, empty for a score without one);
    `population` what the score was made for, empty where not stated.
    """

    label: str
    outcome: str
    origin: Origin
    value: Decimal | None = None
    unit: str = ""
    words: str = ""
    population: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True)
class StatedPlan:
    """What the record holds of a plan: a care plan, an order for a service, or a patient's word on
    secondary findings. `words` are all that it says of itself, as sent."""

    kind: Literal["plan", "order", "declined", "permitted"]
    words: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class PrecisionReading:
    """What was stated. `tests` are alterations that are stated by a test of a gene (`ALK gene
    rearrangements [Presence]`), not by a variant Observation."""

    tests: tuple[Alteration, ...] = ()
    markers: tuple[Marker, ...] = ()
    cancers: tuple[StatedCancer, ...] = ()
    pathogens: tuple[StatedPathogen, ...] = ()
    typings: tuple[StatedTyping, ...] = ()
    antibodies: tuple[StatedAntibody, ...] = ()
    risks: tuple[StatedRisk, ...] = ()
    plans: tuple[StatedPlan, ...] = ()


NOTHING_READ = PrecisionReading()


@dataclass(frozen=True, slots=True)
class Therapies:
    """The knowledge of every domain of precision therapy."""

    tumour: TumourKnowledge = field(default_factory=TumourKnowledge)
    inherited: InheritedKnowledge = field(default_factory=InheritedKnowledge)
    pathogen: PathogenKnowledge = field(default_factory=PathogenKnowledge)
    transplant: TransplantKnowledge = field(default_factory=TransplantKnowledge)
