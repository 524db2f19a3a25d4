"""All domains together: asked in turn, each guarded from the others' faults."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.therapy import fault_card
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.card import Card
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.therapy import TherapyAdvice, TherapyDrug
from fhir_pgx.pipeline.case import Case
from fhir_pgx.pipeline.genes import log_fault
from fhir_pgx.pipeline.precision.domain import Domain
from fhir_pgx.pipeline.precision.inherited import Inherited
from fhir_pgx.pipeline.precision.pathogen import Pathogen
from fhir_pgx.pipeline.precision.prevention import Prevention
from fhir_pgx.pipeline.precision.transplant import Transplant
from fhir_pgx.pipeline.precision.tumour import Tumour


class Precision:
    """Asks every domain; a fault of ours in one is told in a card of its own, and never silence."""

    def __init__(self, knowledge: Knowledge, today: Callable[[], date]) -> None:
        self.transplant = Transplant(knowledge, today)
        self.tumour = Tumour(knowledge, today)
        self.domains: tuple[Domain, ...] = (
            self.tumour,
            Pathogen(knowledge, today),
            Inherited(knowledge, today),
            Prevention(knowledge, today),
            self.transplant,
        )

    def concerns(self, order: MedicationOrder) -> bool:
        return any(domain.concerns(order) for domain in self.domains)

    def needs(self, order: MedicationOrder) -> bool:
        return any(domain.needs(order) for domain in self.domains)

    def order_cards(
        self, orders: Sequence[MedicationOrder], case: Case, context: CardContext
    ) -> list[Card]:
        return self._each(lambda domain: domain.order_cards(orders, case, context), context)

    def chart_cards(
        self, in_use: Sequence[MedicationOrder], case: Case, context: CardContext, hook: str
    ) -> list[Card]:
        return self._each(lambda domain: domain.chart_cards(in_use, case, context, hook), context)

    def concerns_problems(self, new: Sequence[Entry]) -> bool:
        return any(domain.concerns_problems(new) for domain in self.domains)

    def problem_cards(self, new: Sequence[Entry], case: Case, context: CardContext) -> list[Card]:
        return self._each(lambda domain: domain.problem_cards(new, case, context), context)

    def advice(self, case: Case, drugs: Sequence[TherapyDrug] | None) -> list[TherapyAdvice]:
        """Every row that the findings meet, domain by domain. A fault rises: who asks for data
        gets all of them or an error."""
        return [found for domain in self.domains for found in domain.advice(case, drugs)]

    def _each(self, ask: Callable[[Domain], list[Card]], context: CardContext) -> list[Card]:
        cards: list[Card] = []
        faulty: set[str] = set()  # two domains of one name read the same findings: told once
        for domain in self.domains:
            try:
                cards += [_of_domain(card, domain) for card in ask(domain)]
            except Exception as error:  # noqa: BLE001 - a fault in one must not cost the others
                log_fault(f"the {domain.name} findings", error)
                if domain.name not in faulty:
                    cards.append(fault_card(domain.name, context))
                faulty.add(domain.name)
        return cards


def _of_domain(card: Card, domain: Domain) -> Card:
    """A site's policy knows a card by its domain too; a fault of ours is of none."""
    if card.facets is None:
        return card
    return replace(card, facets=replace(card.facets, domain=domain.name))
