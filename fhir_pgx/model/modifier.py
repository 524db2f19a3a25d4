"""What changes what a genotype means in this patient: another medicine, or smoking.

The genetic phenotype is never overwritten: a card shows both. A guideline that states a rule for
adjusting has its rule applied (`is_rule`); elsewhere the possible phenotype is shown as a caution.
"""

from dataclasses import dataclass
from typing import Literal

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.phenotype import GeneResult

Strength = Literal["strong", "moderate", "weak", "unknown"]


@dataclass(frozen=True, slots=True)
class Interaction:
    """One thing that acts on an enzyme: a medicine in use, ended and still acting, planned or in
    the same bundle; or smoking (then `rxcui` is empty).

    `until` is the day from which it is taken not to act any more, ISO, empty where unknown;
    `lasts` the days that it goes on acting after the last dose, None where we hold no half-life.
    `confidence` and `source` are those of the table's row.
    """

    gene: str
    agent: str
    rxcui: str
    role: Literal["inhibitor", "inducer"]
    strength: Strength
    state: Literal["active", "draft", "washing-out", "planned"]
    reference: str = ""
    until: str = ""
    confidence: str = ""
    source: str = ""
    lasts: int | None = None


@dataclass(frozen=True, slots=True)
class Modifier:
    """What interactions make of one gene's result for one drug.

    `genetic` is the result by the genes alone, `effective` the one that counts (a rule) or may
    count (a caution), None where no phenotype can be stated: the caution then stands alone.
    `text` is one sentence of ours for the card, `short` a phrase for its summary
    (`CYP2D6 inhibited by paroxetine`). `advised_against`: the source itself tells patients with
    this result to avoid the medicine beside the drug. That is its instruction and no caution of
    ours, though no phenotype is adjusted; `short` then says it (`CPIC advises against paroxetine
    beside it`).
    """

    gene: str
    interactions: tuple[Interaction, ...]
    is_rule: bool
    genetic: GeneResult
    effective: GeneResult | None
    text: str
    short: str
    source: str
    caveat: Caveat | None = None  # the sentence with its code
    advised_against: bool = False  # the drug's own guideline advises against such a medicine
