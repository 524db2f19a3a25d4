"""What a domain of precision therapy is asked, and how it is told of the drugs ordered."""

from collections.abc import Sequence
from typing import Protocol

from fhir_pgx.cards.context import CardContext
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.card import Card
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.therapy import Domain as DomainName
from fhir_pgx.model.therapy import TherapyAdvice, TherapyDrug
from fhir_pgx.normalize.conjugate import conjugate_of
from fhir_pgx.pipeline.case import Case


class Domain(Protocol):
    """One domain. Every method takes values and returns values; what one domain cannot do costs
    the others nothing (`Precision` guards each).
    """

    name: DomainName

    def concerns(self, order: MedicationOrder) -> bool:
        """Whether any row speaks of a drug of the order: the patient's data are then needed."""

    def needs(self, order: MedicationOrder) -> bool:
        """Whether the order must not be answered without the patient's data: its label turns on
        a result, or a finding would make it contraindicated."""

    def order_cards(
        self, orders: Sequence[MedicationOrder], case: Case, context: CardContext
    ) -> list[Card]:
        """What must be said of the orders of a call: the drugs that the findings speak against,
        and the tests that must come first. Nothing where nothing is to be done."""

    def chart_cards(
        self, in_use: Sequence[MedicationOrder], case: Case, context: CardContext, hook: str
    ) -> list[Card]:
        """What is shown when a chart is opened; `in_use` are the patient's medicines."""

    def concerns_problems(self, new: Sequence[Entry]) -> bool:
        """Whether a new problem calls for anything: the patient's data are then needed."""

    def problem_cards(self, new: Sequence[Entry], case: Case, context: CardContext) -> list[Card]:
        """What a new problem calls for; `new` are the resources of the hook's context."""

    def advice(self, case: Case, drugs: Sequence[TherapyDrug] | None) -> list[TherapyAdvice]:
        """Every row that the findings meet, for these drugs, or for all where None."""


def drugs_of(order: MedicationOrder) -> tuple[TherapyDrug, ...]:
    """The drugs that an order holds, as therapy rows know them.

    A conjugate (`trastuzumab deruxtecan`) may resolve to the antibody in it, which is another
    medicine: it is known by its own name alone.
    """
    match = order.match
    if match is None or "not-interchangeable" in match.notes:
        name = conjugate_of(order.concept) or order.concept.label.strip().lower()
        return (TherapyDrug(name),) if name else ()
    return tuple(TherapyDrug(drug.name, drug.rxcui) for drug in match.ingredients)


def is_same_drug(one: TherapyDrug, other: TherapyDrug) -> bool:
    """By code where both have one, else by name. A name that stands within a longer label counts
    where the label begins with it (`trastuzumab deruxtecan 100 mg`)."""
    if one.rxcui and other.rxcui:
        return one.rxcui == other.rxcui
    first, second = one.name.lower(), other.name.lower()
    if first == second:
        return True
    # Without a code a label may carry strength and form; with one, the name is the drug's own.
    if not one.rxcui and first.startswith(f"{second} "):
        return not other.rxcui
    return not other.rxcui and second.startswith(f"{first} ") and not one.rxcui
