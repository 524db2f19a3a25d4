"""How strongly a drug and a gene belong together, as those who grade it say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CpicLevel = Literal["A", "A/B", "B", "B/C", "C", "C/D", "D", "Retired"]


@dataclass(frozen=True, slots=True)
class Level:
    """One drug and one gene. `cpic` is CPIC's level, `provisional` before a guideline stands;
    `clinpgx` the level of evidence, `label` what the FDA label says of testing, both empty where
    nobody graded it."""

    gene: str
    cpic: CpicLevel
    provisional: bool = False
    clinpgx: str = ""
    label: str = ""

    @property
    def is_high(self) -> bool:
        """Whether CPIC holds that a result should change what is prescribed (A, or A/B)."""
        return self.cpic in ("A", "A/B")

    @property
    def test_required(self) -> bool:
        return self.label == "Testing Required"

    @property
    def test_recommended(self) -> bool:
        return self.label == "Testing Recommended"


@dataclass(frozen=True, slots=True)
class Levels:
    """Every graded pair: by the drug's RxNorm code (its name where it has none), then by gene."""

    by_drug: dict[str, dict[str, Level]] = field(default_factory=dict)

    def of(self, rxcui: str, name: str) -> Mapping[str, Level]:
        """The genes graded for a drug; empty where none is."""
        return self.by_drug.get(rxcui or name, {})
