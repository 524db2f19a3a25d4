"""Pathogen findings, from what was read to cards."""

from collections.abc import Callable, Sequence
from datetime import date

from fhir_pgx.cards.context import CardContext
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.card import Card
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.therapy import Domain, TherapyAdvice, TherapyDrug
from fhir_pgx.pipeline.case import Case


class Pathogen:
    """See `Domain`."""

    name: Domain = "pathogen"

    def __init__(self, knowledge: Knowledge, today: Callable[[], date]) -> None:
        self._today = today

    def concerns(self, order: MedicationOrder) -> bool:
        return False

    def order_cards(
        self, orders: Sequence[MedicationOrder], case: Case, context: CardContext
    ) -> list[Card]:
        return []

    def chart_cards(
        self, in_use: Sequence[MedicationOrder], case: Case, context: CardContext, hook: str
    ) -> list[Card]:
        return []

    def concerns_problems(self, new: Sequence[Entry]) -> bool:
        return False

    def problem_cards(self, new: Sequence[Entry], case: Case, context: CardContext) -> list[Card]:
        return []

    def advice(self, case: Case, drugs: Sequence[TherapyDrug] | None) -> list[TherapyAdvice]:
        return []
