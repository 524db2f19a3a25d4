"""Orders of inhibitors, held against the medicines in use: the order is the moment to speak.

A medicine that is itself among the orders has a card of its own, which counts the inhibitor.
"""

from collections.abc import Sequence
from dataclasses import replace

from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.model.affected import Affected
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.patient import Medicine, PatientContext
from fhir_pgx.pipeline.advice import Advice
from fhir_pgx.pipeline.case import Case
from fhir_pgx.recommendation import DrugGroup, Rulebook
from fhir_pgx.recommendation.inhibitor_ordered import genes_acted_on, worsened_by

_GRADES = ("strong", "moderate")


class Inhibitors:
    """Finds what an ordered inhibitor does to a medicine in use."""

    def __init__(self, knowledge: Knowledge, rulebook: Rulebook, advice: Advice) -> None:
        self._table, self._rulebook, self._advice = knowledge.interactions, rulebook, advice
        # Those of which any guideline speaks.
        self._genes = frozenset(
            [rule.gene for rule in self._table.rules]
            + [restated.gene for restated in self._table.restates]
        )

    def among(self, orders: Sequence[MedicationOrder]) -> list[MedicationOrder]:
        """The orders whose drug inhibits a gene of which a guideline speaks of inhibitors."""
        return [each for each in orders if self.inhibited(each)]

    def inhibited(self, order: MedicationOrder) -> frozenset[str]:
        """The genes that the order's drugs inhibit and a guideline speaks of."""
        if order.match is None or not order.proposed or is_for_local_use(order):
            return frozenset()
        return frozenset(
            agent.gene
            for drug in order.match.ingredients
            for agent in self._table.by_rxcui.get(drug.rxcui, ())
            if agent.role == "inhibitor"
            and agent.strength in _GRADES
            and agent.confidence != "low"
            and agent.gene in self._genes
        )

    def victims(
        self,
        order: MedicationOrder,
        patient: PatientContext,
        orders: Sequence[MedicationOrder],
    ) -> list[tuple[Medicine, DrugGroup]]:
        """The medicines in use that the order may act on, each drug once; none that is among
        `orders` itself."""
        inhibited = self.inhibited(order)
        ordered = {code for each in orders for code in self._own(each)}
        found: dict[str, tuple[Medicine, DrugGroup]] = {}
        for medicine in patient.medicines if inhibited else ():
            if medicine.state != "active" or medicine.reference == order.reference:
                continue
            if medicine.order is not None and is_for_local_use(medicine.order):
                continue
            for group in self._rulebook.for_ingredients(medicine.drugs):
                if not ordered.isdisjoint(group.ingredients):
                    continue
                if inhibited & genes_acted_on(group, self._table):
                    found.setdefault(group.drug.rxcui, (medicine, group))
        return list(found.values())

    def possible_victims(self, order: MedicationOrder) -> tuple[str, ...]:
        """The drugs on which the order may act, by name: none of its own."""
        inhibited, own = self.inhibited(order), self._own(order)
        return tuple(
            sorted(
                group.drug.name
                for group in self._rulebook.groups
                if own.isdisjoint(group.ingredients)
                and inhibited & genes_acted_on(group, self._table)
            )
        )

    def _own(self, order: MedicationOrder) -> frozenset[str]:
        found = order.match.ingredients if order.match is not None else ()
        return frozenset(drug.rxcui for drug in found)

    def affected(
        self, order: MedicationOrder, case: Case, orders: Sequence[MedicationOrder]
    ) -> list[Affected]:
        """The medicines in use on which a source's advice gets worse by this order, taken alone:
        the other drafts are left out."""
        victims = self.victims(order, case.patient, orders)
        if not victims or order.match is None:
            return []
        others = tuple(
            each
            for each in case.patient.medicines
            if each.state != "draft" and each.reference != order.reference
        )
        new = Medicine(
            order.match.ingredients,
            "draft",
            reference=order.reference,
            label=order.concept.label,
            order=order,
        )
        without = self._with(case, others)
        with_it = self._with(case, (*others, new))
        found = []
        for medicine, group in victims:
            before, after = (
                self._advice.answer_of(self._advice.question(medicine.order, group, each), each)
                for each in (without, with_it)
            )
            worse = worsened_by(order.reference, before, after)
            if worse is not None:
                found.append(Affected(worse[0], medicine, before, after, worse[1]))
        return found

    def _with(self, case: Case, medicines: tuple[Medicine, ...]) -> Case:
        patient = replace(case.patient, medicines=medicines)
        return replace(case, patient=patient, acting=self._advice.acting(patient))
