"""The table of what acts on an enzyme, and the rules of guidelines that adjust for it.

The file `knowledge/interactions.yaml`, decoded. Numbers are text; nothing here speaks of a
patient: that is `model/modifier.py`.
"""

from dataclasses import dataclass, field
from typing import Literal

from fhir_pgx.model.modifier import Interaction, Strength

Role = Literal["inhibitor", "inducer"]
Kind = Literal["drug", "drug-class", "herb", "food", "smoking"]
When = Literal["active", "draft", "washing-out", "planned"]


@dataclass(frozen=True, slots=True)
class OtherReading:
    """What another source says of the strength of one agent on one enzyme."""

    strength: Strength
    source: str


@dataclass(frozen=True, slots=True)
class HalfLife:
    """Elimination half-life in hours, the agent's or its longer-lived metabolite's, as a range."""

    low: str
    high: str
    source: str


@dataclass(frozen=True, slots=True)
class Agent:
    """What one agent does to one enzyme.

    `rxcui` is the ingredient's code, empty for what RxNorm has no ingredient of (a class of drugs,
    smoking) or our tables hold no code for. `strength` is `unknown` where the source leaves it
    open; `others` are the readings of further sources, agreeing or not. `half_life` is None where
    we hold none.
    """

    gene: str
    agent: str
    kind: Kind
    rxcui: str
    role: Role
    strength: Strength
    confidence: Literal["high", "medium", "low"]
    source: str
    others: tuple[OtherReading, ...] = ()
    half_life: HalfLife | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """The activity scores of one phenotype: `low` to `high`, each end included or left out.

    `high` is empty where the band has no upper end.
    """

    phenotype: str
    low: str
    includes_low: bool
    high: str
    includes_high: bool


@dataclass(frozen=True, slots=True)
class AdjustRule:
    """A guideline's rule: by which factor an inhibitor of a strength multiplies the activity score.

    It holds for the `drugs` (name to RxNorm code) of `guideline` alone. `name` is how a sentence
    calls the guideline.
    """

    guideline: str
    name: str
    gene: str
    drugs: dict[str, str]
    factors: dict[str, str]
    bands: tuple[Band, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Avoided:
    """The strengths of inhibitor that advice tells to avoid, at the activity scores of one band."""

    strengths: tuple[Strength, ...]
    low: str
    includes_low: bool
    high: str
    includes_high: bool


@dataclass(frozen=True, slots=True)
class Restated:
    """A guideline whose advice speaks of inhibitors itself, without adjusting the phenotype.

    `name` is how a sentence calls the guideline, `by` who speaks; `avoid` what its rows tell to
    avoid at which scores.
    """

    guideline: str
    name: str
    by: str
    gene: str
    drugs: dict[str, str]
    avoid: tuple[Avoided, ...]
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Interactions:
    """The whole table: agents by RxNorm code, those without one, and the rules."""

    by_rxcui: dict[str, tuple[Agent, ...]]
    uncoded: tuple[Agent, ...] = ()
    rules: tuple[AdjustRule, ...] = ()
    restates: tuple[Restated, ...] = ()

    def rule_of(self, guideline: str, gene: str, rxcui: str = "") -> AdjustRule | None:
        """The rule by which a guideline adjusts a gene, for one drug where `rxcui` names it; None
        where it has none."""
        for rule in self.rules:
            if (rule.guideline, rule.gene) == (guideline, gene):
                return rule if not rxcui or rxcui in rule.drugs.values() else None
        return None

    def restated_by(self, guideline: str, gene: str, rxcui: str) -> Restated | None:
        """What a guideline's own advice on one drug says of a gene's inhibitors; None where it
        says nothing."""
        for each in self.restates:
            if (each.guideline, each.gene) == (guideline, gene) and rxcui in each.drugs.values():
                return each
        return None


@dataclass(frozen=True, slots=True)
class FoundInteraction(Interaction):
    """An Interaction of this patient, with what a sentence about it needs.

    `when` is the day it ended (`washing-out`) or begins (`planned`), ISO, empty where not stated;
    `other_strengths` what other sources call its strength, where they differ.
    """

    when: str = ""
    other_strengths: tuple[str, ...] = field(default=())
