"""A recommendation: one drug, one source, one population (CONTRACT, section 4)."""

from dataclasses import dataclass, field
from typing import Literal

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.knowledge import Dose, Publication

# From what must not be missed to what needs no act; cards are ordered by it.
ACTIONS = (
    "contraindicated",
    "avoid",
    "alternative",
    "reduce-dose",
    "increase-dose",
    "adjust-dose",  # the source says that the dose changes, and not which way
    "test",
    "continue-if-tolerated",
    "monitor",
    "risk-stated",  # a changed exposure or risk is stated, without an instruction
    "standard",
    "no-recommendation",
)

Verdict = Literal["no-concern", "caution", "avoid", "unknown", "no-guidance"]


@dataclass(frozen=True, slots=True)
class AlternativeVerdict:
    """An alternative a guideline names, judged by the same patient's results."""

    name: str
    rxcui: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a recommendation is published."""

    guideline: str
    title: str
    url: str
    publications: tuple[Publication, ...]
    retrieved: str
    status: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What one source advises for one drug, given the patient's genes, in one population.

    `genes` says each gene's phenotype (or allele status) as it decided; `keys` the guideline keys
    used; `scores` the activity scores of a gene that the same advice holds for, where its
    phenotype stands for several. `strength` is the source's word. `rule` is a stable id.
    Sentences are ours.
    """

    drug: str
    rxcui: str
    source: str
    genes: dict[str, str]
    keys: dict[str, str]
    population: str  # code
    population_label: str
    population_when: str
    action: str
    also: tuple[str, ...]
    strength: str
    dose: tuple[Dose, ...]
    alternatives: tuple[AlternativeVerdict, ...]
    advice: str
    summary: str
    detail: str
    implications: dict[str, str]
    considerations: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    rule: str
    scores: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tells: bool = False  # the usual dose, and something the prescriber must hear beside it
    serious: bool = False  # ignoring it can end in death or lasting harm
    source_rows: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    derived_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A drug that guidance exists for, but not for this patient's results: why, said plainly.

    `reason` is `not-tested`, `not-called`, `no-row` (tested, but the source has no advice for it)
    or `no-guidance` (our release holds none for the drug).
    """

    drug: str
    rxcui: str
    genes: tuple[str, ...]
    reason: str
    text: str
