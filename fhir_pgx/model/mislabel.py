"""A result whose parts name different things: the code one gene, the alleles another."""

from dataclasses import dataclass
from typing import Literal

Gravity = Literal["high", "moderate", "low"]


@dataclass(frozen=True, slots=True)
class Mislabel:
    """One contradiction within one Observation.

    `reference` and `subject` are those of the Observation (`Observation/a`, empty where it states
    none); `where` is the FHIRPath of the part at fault, `text` what disagrees and `mend` what to
    do, in words that hold genes, alleles and codes alone. `gravity` is `high` where another gene's
    result, or another phenotype, would be taken for the patient's. `names` are the genes or the
    terms that stand against each other.
    """

    reference: str
    subject: str
    where: str
    text: str
    mend: str
    gravity: Gravity
    names: tuple[str, ...] = ()
