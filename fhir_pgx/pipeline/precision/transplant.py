"""Transplantation, from typings and antibodies to a card, and to the answer of `hla-match`."""

from collections.abc import Callable, Sequence
from datetime import date

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.transplant import match_card
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.card import Card
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.therapy import Domain, TherapyAdvice, TherapyDrug
from fhir_pgx.model.transplant import HlaMatch, StatedAntibody, StatedTyping
from fhir_pgx.pipeline.case import Case
from fhir_pgx.recommendation.transplant import Nomenclature, match_donors

# When a chart is opened. At discharge and at a booking nobody chooses a donor.
_HOOKS = frozenset(("patient-view", "encounter-start"))


class Transplant:
    """See `Domain`. No order is judged: no row of a drug depends on a match."""

    name: Domain = "transplant"

    def __init__(self, knowledge: Knowledge, today: Callable[[], date]) -> None:
        self.knowledge = knowledge.therapies.transplant
        self._nomenclature = Nomenclature(self.knowledge)

    @property
    def tables(self) -> str:
        """The release of the operator's copy of IPD-IMGT/HLA; empty where there is none."""
        return self.knowledge.tables.release if self.knowledge.tables is not None else ""

    def matches(
        self, typings: Sequence[StatedTyping], antibodies: Sequence[StatedAntibody]
    ) -> tuple[HlaMatch, ...]:
        """The recipient against each donor."""
        return match_donors(typings, antibodies, self._nomenclature)

    def concerns(self, order: MedicationOrder) -> bool:
        return False

    def needs(self, order: MedicationOrder) -> bool:
        return False

    def order_cards(
        self, orders: Sequence[MedicationOrder], case: Case, context: CardContext
    ) -> list[Card]:
        return []

    def chart_cards(
        self, in_use: Sequence[MedicationOrder], case: Case, context: CardContext, hook: str
    ) -> list[Card]:
        read = case.reading.precision
        if hook not in _HOOKS or not any(each.whose == "donor" for each in read.typings):
            return []
        found = self.matches(read.typings, read.antibodies)
        held = self.knowledge.antigens
        card = match_card(found, held.provenance if held else None, self.tables, context)
        return [card] if card is not None else []

    def concerns_problems(self, new: Sequence[Entry]) -> bool:
        return False

    def problem_cards(self, new: Sequence[Entry], case: Case, context: CardContext) -> list[Card]:
        return []

    def advice(self, case: Case, drugs: Sequence[TherapyDrug] | None) -> list[TherapyAdvice]:
        return []
