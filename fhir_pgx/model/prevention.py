"""Inherited findings that are acted upon before a disease shows."""

from dataclasses import dataclass

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.inherited import InheritedFinding, RiskGene, RiskMeasure


@dataclass(frozen=True, slots=True)
class ActionableFinding:
    """One gene of the lists whose findings count for this patient.

    `rows` are the conditions that count, `findings` the one or two changes they rest on. `doubts`
    is what must be settled first (whose genome, phase, a named fact): where there is one, nothing
    but counselling and the confirming test may be offered. `now` are the measures for this patient
    at this age, `later` those that begin at a later one.
    """

    gene: str
    rows: tuple[RiskGene, ...]
    findings: tuple[InheritedFinding, ...]
    doubts: tuple[Caveat, ...] = ()
    now: tuple[RiskMeasure, ...] = ()
    later: tuple[RiskMeasure, ...] = ()

    @property
    def condition(self) -> str:
        return "; ".join(dict.fromkeys(row.condition for row in self.rows))
