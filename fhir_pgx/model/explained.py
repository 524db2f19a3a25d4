"""One drug with all that led to its advice: what a trace is written from."""

from collections.abc import Mapping
from dataclasses import dataclass

from fhir_pgx.model.change import Change
from fhir_pgx.model.dose import DoseForPatient
from fhir_pgx.model.modifier import Modifier
from fhir_pgx.model.recommendation import DrugAdvice, Fit, Unanswered


@dataclass(frozen=True, slots=True)
class PopulationFit:
    """Whether a guideline's population is this patient's, and by what that was decided."""

    guideline: str
    population: str  # code
    label: str
    fit: Fit
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """`advice` is a single Unanswered for a drug that our release holds no guidance for.

    `modifiers` are by guideline, then by gene, those included that change nothing in the answer;
    `doses` are the numbers for this patient, each with the population it is for; `order` is the
    `Type/id` of the order that the advice is for, empty where none was at hand.
    """

    advice: DrugAdvice | Unanswered
    populations: tuple[PopulationFit, ...] = ()
    modifiers: Mapping[str, Mapping[str, Modifier]] | None = None
    doses: tuple[tuple[str, DoseForPatient], ...] = ()
    changes: tuple[Change, ...] = ()
    order: str = ""

    @property
    def drug(self) -> str:
        return self.advice.drug

    @property
    def genes(self) -> tuple[str, ...]:
        """Every gene that a source asks for."""
        if isinstance(self.advice, Unanswered):
            return self.advice.genes
        return tuple(dict.fromkeys(gene for each in self.advice.sources for gene in each.genes))
