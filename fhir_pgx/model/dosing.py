"""Equations and scores that turn a patient's facts into a dose or a risk.

Numbers are text, as published, and become Decimal at use. Nothing here is computed: the values are
what `knowledge/dosing/*.yaml` holds, and what a computation came to.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class DosingSource:
    """A paper that an equation, a step of a flow or a score comes from. Empty text: not known."""

    what: str
    pmid: str = ""
    doi: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Equation:
    """A published dose equation: intercept plus terms, then its form.

    `square-per-week`: the sum squared is mg a week. `exp-per-day`: e to the sum is mg a day.
    `terms` maps an input's name (`age-decades`, `height`, `bsa`, …) to its coefficient; `vkorc1`,
    `cyp2c9` and `ancestry` hold the number that a genotype or an ancestry adds, empty where the
    equation has no such term.
    """

    id: str
    label: str
    source: str  # key of WarfarinDosing.sources
    form: Literal["square-per-week", "exp-per-day"]
    intercept: str
    terms: dict[str, str]
    vkorc1: dict[str, str] = field(default_factory=dict)
    cyp2c9: dict[str, str] = field(default_factory=dict)
    ancestry: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A change of a computed dose that a guideline adds, in percent with sign (`-30` to `-15`)."""

    low: str
    high: str
    strength: str


@dataclass(frozen=True, slots=True)
class Loading:
    """Doses of the first days from a predicted maintenance dose: elimination rate an hour by
    CYP2C9 diplotype, and the weight of each day."""

    source: str
    equation: str
    strength: str
    per_hour: dict[str, str]
    weights: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WarfarinDosing:
    """What dosing warfarin by genotype rests on.

    `medicines` maps `amiodarone` and `inducer` to ingredient codes with their names; `ancestry`
    maps a self-reported label in lower case to `african`, `asian`, `white` or `other`; `strength`
    a branch of the flow to the guideline's word; `sites` a name (`*5`, `cyp4f2`, …) to its rsID;
    `tested_with` are the alleles that the African branch must have been tested for,
    `cyp4f2_carriers` those that hold the variant base of CYP4F2.
    """

    drug: str
    rxcui: str
    guideline: str
    title: str
    url: str
    retrieved: str
    sources: dict[str, DosingSource]
    equations: dict[str, Equation]
    strength: dict[str, str]
    adjustments: dict[str, Adjustment]
    loading: Loading
    medicines: dict[str, dict[str, str]]
    ancestry: dict[str, str]
    sites: dict[str, str]
    tested_with: tuple[str, ...]
    cyp4f2_carriers: tuple[str, ...]
    genes: tuple[str, ...] = ("CYP2C9", "CYP4F2", "VKORC1")


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """A risk score: points by item, the limits of its numbers, and the total that decides."""

    id: str
    label: str
    drug: str
    rxcui: str
    source: DosingSource
    points: dict[str, int]
    limits: dict[str, str]
    cutoff: int
    higher: str  # what a total at or above the cut-off means, in our words
    lower: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Dosing:
    """Every equation and score the release holds."""

    warfarin: WarfarinDosing
    abcd_gene: ScoreRules


@dataclass(frozen=True, slots=True)
class ComputedDose:
    """A dose that an equation came to, mg a week; `low` and `high` differ after an adjustment."""

    equation: str
    label: str
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """One item of a score. `low` and `high` differ where it is not known; `text` says why."""

    name: str
    low: int
    high: int
    text: str

    @property
    def is_known(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """A score for one patient. `verdict` is `undecided` where what is not known could turn it;
    `text` is one line for a card."""

    id: str
    items: tuple[ScoreItem, ...]
    low: int
    high: int
    cutoff: int
    verdict: Literal["higher", "lower", "undecided"]
    text: str
    source: DosingSource
