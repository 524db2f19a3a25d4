"""Inherited findings, from what was read to cards."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.cards.inherited import hla_line, options_card, order_card
from fhir_pgx.cards.inherited_problem import untested_card
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.conditions import code_of
from fhir_pgx.fhir.values import concept_of
from fhir_pgx.model.card import Card
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.inherited import InheritedRow, JudgedInherited
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.therapy import Domain, TherapyAdvice, TherapyDrug
from fhir_pgx.pipeline.case import Case
from fhir_pgx.pipeline.precision.domain import drugs_of
from fhir_pgx.pipeline.precision.inherited_known import hla_of, known_of
from fhir_pgx.recommendation.inherited import (
    InheritedBook,
    Known,
    hazards_of,
    judge_hla,
    judge_order,
    named_for_findings,
    rows_for_problem,
    untested_genes,
)
from fhir_pgx.recommendation.inherited.on_file import is_declined

_MOST_SAID = 500  # characters of a problem's words
_OVER = frozenset({"resolved", "inactive", "remission"})


class Inherited:
    """See `Domain`."""

    name: Domain = "inherited"

    def __init__(self, knowledge: Knowledge, today: Callable[[], date]) -> None:
        self._today = today
        self._book = InheritedBook(knowledge.therapies.inherited)

    def concerns(self, order: MedicationOrder) -> bool:
        return self._book.speaks_of(self._drugs(order))

    def needs(self, order: MedicationOrder) -> bool:
        """Whether the order should not be answered without the findings: a finding could make the
        drug contraindicated, or its label turns on one. Of other drugs that rows speak of, silence
        is fair where no genomic data come."""
        return self._book.is_grave(self._drugs(order))

    def _drugs(self, order: MedicationOrder) -> tuple[TherapyDrug, ...]:
        """The drugs of an order; where no drug table knows its name (the brand of a pack), those
        that we know the name to stand for."""
        found = drugs_of(order)
        return (order.match is None and self._book.named(order.concept.label)) or found

    def _is_local(self, order: MedicationOrder) -> bool:
        return is_for_local_use(order) or self._book.is_local(order.concept.label)

    def order_cards(
        self, orders: Sequence[MedicationOrder], case: Case, context: CardContext
    ) -> list[Card]:
        spoken_of = self._together(orders)
        if not spoken_of:
            return []
        known = known_of(case, self._book)
        typed, status = hla_of(case)
        return [
            order_card(same, judged, context, self._today())
            for drugs, same in spoken_of
            if (judged := self._judged(drugs, same, case, known, typed, status))
        ]

    def _together(
        self, orders: Sequence[MedicationOrder]
    ) -> list[tuple[tuple[TherapyDrug, ...], list[MedicationOrder]]]:
        """Orders of the same ingredients together, where any row speaks of them: one card for all
        of them."""
        groups: dict[tuple[TherapyDrug, ...], list[MedicationOrder]] = {}
        for order in orders:
            groups.setdefault(self._drugs(order), []).append(order)
        return [(drugs, same) for drugs, same in groups.items() if self._book.speaks_of(drugs)]

    def _judged(
        self,
        drugs: tuple[TherapyDrug, ...],
        orders: Sequence[MedicationOrder],
        case: Case,
        known: Known,
        typed: dict[str, tuple[str, ...]],
        status: dict[str, str],
    ) -> list[JudgedInherited]:
        """All that must be said of one drug's orders. What is only for the eye, the ear or the
        skin is no hazard of this kind; a therapy that is given so is judged all the same."""
        proposed = any(order.proposed for order in orders)
        found: list[JudgedInherited] = []
        if not all(map(self._is_local, orders)):
            found += hazards_of(drugs, self._book, known, case.patient, self._today())
            rows = self._book.hla_for(drugs)
            found += judge_hla(rows, typed, status, drugs=drugs, proposed=proposed)
        therapy = judge_order(drugs, self._book, known, case.patient, proposed=proposed)
        # "Not as a single agent" says more than "not on the list".
        if therapy is not None and not any(each.alarm != "info" for each in found):
            found.append(therapy)
        return found

    def chart_cards(
        self, in_use: Sequence[MedicationOrder], case: Case, context: CardContext, hook: str
    ) -> list[Card]:
        known = known_of(case, self._book)
        if not known.by_gene and not case.results and not case.reading.precision.typings:
            return []
        typed, status = hla_of(case)
        cards = [
            order_card(same, loud, context, self._today())
            for drugs, same in self._together(in_use)
            if (loud := self._loud(drugs, same, case, known, typed, status))
        ]
        if hook != "patient-view":
            return cards
        named = named_for_findings(self._book, known, case.patient)
        notes = judge_hla(self._book.hla, typed, status, drugs=None, proposed=False)
        if is_declined(case.reading.precision.plans):
            # What the patient is known to have was the reason to look; the rest is not wanted.
            named = [each for each in named if each.advice.context_fit == "same"]
            notes = []
        lines = [hla_line(each, self._today()) for each in notes]
        if named:
            cards.append(
                options_card(
                    named,
                    context,
                    self._today(),
                    title="chart",
                    about="inherited options",
                    notes=lines,
                )
            )
        return cards

    def _loud(
        self,
        drugs: tuple[TherapyDrug, ...],
        orders: Sequence[MedicationOrder],
        case: Case,
        known: Known,
        typed: dict[str, tuple[str, ...]],
        status: dict[str, str],
    ) -> list[JudgedInherited]:
        """Of a medicine in use: what is more than information."""
        found = self._judged(drugs, orders, case, known, typed, status)
        return [each for each in found if each.alarm != "info"]

    def concerns_problems(self, new: Sequence[Entry]) -> bool:
        return any(rows_for_problem(self._book, words) for _, words in _problems(new))

    def problem_cards(self, new: Sequence[Entry], case: Case, context: CardContext) -> list[Card]:
        known = known_of(case, self._book)
        cards: list[Card] = []
        for reference, words in _problems(new):
            rows = rows_for_problem(self._book, words)
            card = self._of_problem(reference, words, rows, known, case, context) if rows else None
            cards += [card] if card else []
        return cards

    def _of_problem(
        self,
        reference: str,
        words: str,
        rows: Sequence[InheritedRow],
        known: Known,
        case: Case,
        context: CardContext,
    ) -> Card | None:
        """The therapies where the finding is on file, the test where its genes are untested."""
        label = words.split("; ", maxsplit=1)[0]
        if self._book.is_code(label):
            conditions = {row.condition for row in rows}
            names = conditions if len(conditions) == 1 else self._book.conditions_in(words)
            label = f"{min(names, key=len)} ({label})"
        # The new problem is a condition of the patient, though the list does not hold it yet.
        with_it = frozenset({*known.conditions, *self._book.conditions_in(words)})
        knows = Known(known.by_gene, known.results, with_it, known.sex)
        named = named_for_findings(self._book, knows, case.patient, rows)
        if named:
            about = f"{reference} options"
            return options_card(named, context, self._today(), title="problem", about=about)
        genes = untested_genes(rows, knows)
        if not genes or _is_ordered(genes, case):
            return None
        drugs = [
            " + ".join(drug.name for drug in row.drugs)
            for row in rows
            if row.asks_test and row.drugs and not row.market
        ]
        about = f"{reference} test"
        return untested_card(label, genes, drugs, context, case.requester, about=about)

    def advice(self, case: Case, drugs: Sequence[TherapyDrug] | None) -> list[TherapyAdvice]:
        """Every row that the findings meet or may meet, that names a drug; care without a drug is
        told on the chart alone."""
        known = known_of(case, self._book)
        typed, status = hla_of(case)
        if drugs is None:
            found = named_for_findings(self._book, known, case.patient)
            found += judge_hla(self._book.hla, typed, status, drugs=None, proposed=False)
            every = dict.fromkeys(
                drug for row in self._rows_of(known) for drug in self._book.spelled_out(row)
            )
            # Of a QT drug and two genes the louder: one recommendation a drug and source.
            told: dict[tuple[str, tuple[TherapyDrug, ...]], JudgedInherited] = {}
            for drug in every:
                for each in hazards_of((drug,), self._book, known, case.patient, self._today()):
                    told.setdefault((each.advice.rule, each.advice.drugs), each)
            found += told.values()
        else:
            found = []
            for drug in drugs:
                found += self._advised((drug,), case, known, typed, status)
        advice = [each.advice for each in found if each.advice.drugs]
        return list(dict.fromkeys(advice))

    def _advised(
        self,
        drugs: tuple[TherapyDrug, ...],
        case: Case,
        known: Known,
        typed: dict[str, tuple[str, ...]],
        status: dict[str, str],
    ) -> list[JudgedInherited]:
        found = hazards_of(drugs, self._book, known, case.patient, self._today())
        rows = self._book.hla_for(drugs)
        found += judge_hla(rows, typed, status, drugs=drugs, proposed=True)
        of_drug = [row for row in self._book.rows_for(drugs) if row.kind == "therapy"]
        named = named_for_findings(self._book, known, case.patient, of_drug) if of_drug else []
        therapy = judge_order(drugs, self._book, known, case.patient, proposed=True)
        return [*found, *named, *([therapy] if therapy is not None and not named else [])]

    def _rows_of(self, known: Known) -> list[InheritedRow]:
        rows = (row for gene in known.by_gene for row in self._book.by_gene.get(gene, ()))
        return list({row.id: row for row in rows}.values())


def _problems(new: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """Each new problem that is not over, with all its words."""
    for entry in new:
        if entry.type != "Condition" or code_of(entry.resource.get("clinicalStatus")) in _OVER:
            continue
        if code_of(entry.resource.get("verificationStatus")) in ("refuted", "entered-in-error"):
            continue
        concept = concept_of(entry.resource.get("code"))
        words = (concept.text, *(coding.display for coding in concept.codings))
        codes = (coding.code for coding in concept.codings)
        said = "; ".join(dict.fromkeys(word for word in words if word)) or "; ".join(codes)
        if said:
            yield entry.reference, said[:_MOST_SAID]


def _is_ordered(genes: Sequence[str], case: Case) -> bool:
    """Whether a test that names one of the genes is under way."""
    if any(gene in order.genes for order in case.tests for gene in genes):
        return True
    labels = " ".join(order.label.upper() for order in case.tests)
    return any(re.search(rf"\b{re.escape(gene)}\b", labels) for gene in genes)
