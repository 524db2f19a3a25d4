"""Actionable inherited findings, and risks that others worked out, when a chart is opened."""

from collections.abc import Callable, Sequence
from datetime import date

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.prevention import prevention_card
from fhir_pgx.cards.prevention_orders import prevention_suggestions
from fhir_pgx.cards.risk import risk_card
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.card import Card
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.therapy import Domain, TherapyAdvice, TherapyDrug
from fhir_pgx.pipeline.case import Case
from fhir_pgx.pipeline.precision.inherited_known import findings_of
from fhir_pgx.recommendation.inherited.on_file import has_plan, is_declined, is_ordered
from fhir_pgx.recommendation.inherited.prevention import (
    actionable_findings,
    by_gene,
    conflicting_findings,
)


class Prevention:
    """See `Domain`. Speaks when a chart is opened, and never of an order: measures are no drugs."""

    name: Domain = "inherited"

    def __init__(self, knowledge: Knowledge, today: Callable[[], date]) -> None:
        self._listed = by_gene(knowledge.therapies.inherited.risk_genes)

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
        """At most two: findings that no plan on file is for, and stated risks as context."""
        if hook != "patient-view":
            return []
        made = (
            self._of_findings(case, context),
            risk_card(case.reading.precision.risks, context),
        )
        return [card for card in made if card is not None]

    def _of_findings(self, case: Case, context: CardContext) -> Card | None:
        plans, patient = case.reading.precision.plans, case.patient
        if is_declined(plans):
            return None  # which of them are secondary, the data do not say: none is shown
        findings = findings_of(case)
        found = [
            each
            for each in actionable_findings(findings, self._listed, patient)
            if not has_plan(each, patient, plans)
        ]
        suggestions = (
            prevention_suggestions(
                found,
                case.requester,
                context.namespace,
                is_ordered=lambda text: is_ordered(text, plans),
                tested=lambda gene: any(gene in test.genes for test in case.tests),
            )
            if found and case.requester is not None
            else ()
        )
        return prevention_card(
            found,
            conflicting_findings(findings, self._listed),
            context,
            age=patient.age_years,
            sex=patient.sex,
            suggestions=suggestions,
        )

    def concerns_problems(self, new: Sequence[Entry]) -> bool:
        return False

    def problem_cards(self, new: Sequence[Entry], case: Case, context: CardContext) -> list[Card]:
        return []

    def advice(self, case: Case, drugs: Sequence[TherapyDrug] | None) -> list[TherapyAdvice]:
        return []
