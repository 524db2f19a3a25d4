"""Pathogen findings, from what was read to cards."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.pathogen import is_against, order_card
from fhir_pgx.cards.pathogen_chart import chart_card
from fhir_pgx.cards.pathogen_words import FAINT, newest_of
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.card import Card
from fhir_pgx.model.dates import days_of
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.pathogen import (
    DrugVerdict,
    OrderedVerdict,
    OrganismReport,
    PathogenKnowledge,
    Prodrug,
)
from fhir_pgx.model.therapy import Domain, TherapyAdvice, TherapyDrug
from fhir_pgx.normalize.pathogen import Spelling
from fhir_pgx.pipeline.case import Case
from fhir_pgx.pipeline.precision.domain import drugs_of, is_same_drug
from fhir_pgx.recommendation.pathogen import PathogenJudge, advice_of
from fhir_pgx.recommendation.pathogen.laboratory import answer_of, names_drug
from fhir_pgx.recommendation.pathogen.notes import BOOSTED, note

_CHARTS = ("patient-view", "encounter-start")
_BOOSTERS = frozenset(("ritonavir", "cobicistat"))
# An acute infection is over after so many days, and a colonising strain may be another: ours.
_LASTING_DAYS = {
    "Influenza A": 60, "Influenza A(H1N1)pdm09": 60, "Influenza A(H3N2)": 60, "P. falciparum": 90,
    "S. aureus": 365, "Enterobacterales": 365, "Enterococcus": 365, "H. pylori": 365,
    "Mycoplasma genitalium": 365,
}  # fmt: skip
_SILENT_THEN = frozenset(
    ("Influenza A", "Influenza A(H1N1)pdm09", "Influenza A(H3N2)", "P. falciparum")
)


class Pathogen:
    """See `Domain`."""

    name: Domain = "pathogen"

    def __init__(self, knowledge: Knowledge, today: Callable[[], date]) -> None:
        rules = knowledge.therapies.pathogen
        self._today = today
        self._spelling, self._judge = Spelling(rules), PathogenJudge(rules)
        self._prodrugs = rules.prodrugs
        drugs = list(_drugs_of(rules))
        self._codes = frozenset(drug.rxcui for drug in drugs if drug.rxcui)
        self._names = frozenset(drug.name.lower() for drug in drugs)

    def concerns(self, order: MedicationOrder) -> bool:
        return any(
            drug.rxcui in self._codes or drug.name.lower() in self._names
            for drug in drugs_of(order)
        )

    def needs(self, order: MedicationOrder) -> bool:
        return False

    def order_cards(
        self, orders: Sequence[MedicationOrder], case: Case, context: CardContext
    ) -> list[Card]:
        """One card for each organism whose results concern a drug of the call."""
        reports = self._reports(case)
        if not reports:
            return []
        used = self._regimen(orders, case)
        cards = []
        for report in reports:
            matched = list(self._matched(report, used))
            ordered = [each for each in matched if each.is_new]
            beside = [each for each in matched if not each.is_new]
            if card := self._card(report, ordered, beside, used, case, context):
                cards.append(card)
        return cards

    def chart_cards(
        self, in_use: Sequence[MedicationOrder], case: Case, context: CardContext, hook: str
    ) -> list[Card]:
        """One card for each organism on file, where a chart is opened; at discharge those alone
        that warn of a medicine taken home."""
        if hook == "encounter-discharge":
            told = self.order_cards(in_use, case, context)
            return [card for card in told if card.indicator != "info"]
        if hook not in _CHARTS:
            return []
        used = [(order.reference, drug, False) for order in in_use for drug in drugs_of(order)]
        return [
            chart_card(
                report,
                list(self._matched(report, used)),
                [a for each in report.verdicts if (a := advice_of(each))],
                context,
                self._today(),
            )
            for report in self._reports(case)
            if not self._is_over(report)
        ]

    def concerns_problems(self, new: Sequence[Entry]) -> bool:
        return False

    def problem_cards(self, new: Sequence[Entry], case: Case, context: CardContext) -> list[Card]:
        return []

    def advice(self, case: Case, drugs: Sequence[TherapyDrug] | None) -> list[TherapyAdvice]:
        """What the sources say of each drug. Of a prodrug and of a relative it is told under the
        name that was asked for."""
        found = []
        for report in self._reports(case):
            if drugs is None:
                found += [a for each in report.verdicts if (a := advice_of(each))]
                continue
            used = [("", drug, True) for drug in drugs]
            for each in self._matched(report, used):
                advice = advice_of(each.verdict)
                if advice is not None:
                    found.append(advice)
        return found

    def _reports(self, case: Case) -> tuple[OrganismReport, ...]:
        stated = case.reading.precision.pathogens
        return self._judge.reports(self._spelling.findings(stated)) if stated else ()

    def _regimen(
        self, orders: Sequence[MedicationOrder], case: Case
    ) -> list[tuple[str, TherapyDrug, bool]]:
        """Every drug of the call's orders, then those in use: (order, drug, whether it is new)."""
        used = [(order.reference, drug, True) for order in orders for drug in drugs_of(order)]
        new = {reference for reference, _, _ in used}
        for medicine in case.patient.medicines:
            if medicine.state in ("active", "draft") and medicine.reference not in new:
                used += [
                    (medicine.reference, TherapyDrug(drug.name, drug.rxcui), False)
                    for drug in medicine.drugs
                ]
        return used

    def _matched(
        self, report: OrganismReport, used: Sequence[tuple[str, TherapyDrug, bool]]
    ) -> Iterator[OrderedVerdict]:
        partners = {drug.name for _, drug, _ in used}
        spared = self._judge.markers.spared_with(report.organism)
        for reference, drug, is_new in used:
            tested = self._tested(drug, report)
            for verdict in report.verdicts:
                if not (is_same_drug(verdict.drug, drug) or verdict.drug.name == tested):
                    continue
                if spared.get(verdict.drug.name) in partners:
                    continue
                said = tuple(
                    (word, when)
                    for name, word, when in report.said
                    if names_drug(name, verdict.drug.name)
                    and answer_of(word) in ("resistant", "intermediate")
                )
                label = drug.name if tested else verdict.drug.name
                named = replace(
                    verdict,
                    drug=drug if tested else verdict.drug,
                    words=_as_tested(verdict, tested, label),
                )
                yield OrderedVerdict(reference, label, named, said, is_new, tested)

    def _tested(self, drug: TherapyDrug, report: OrganismReport) -> str:
        """The name of the drug that sources test in place of a prodrug; empty for any other."""
        return next(
            (each.tested for each in self._prodrugs if _is(each, drug, report.organism)), ""
        )

    def _card(
        self,
        report: OrganismReport,
        ordered: list[OrderedVerdict],
        beside: list[OrderedVerdict],
        used: Sequence[tuple[str, TherapyDrug, bool]],
        case: Case,
        context: CardContext,
    ) -> Card | None:
        told = [each for each in ordered if _is_told(each, report)]
        if not told or self._is_over(report):
            return None
        boosted = any(drug.name in _BOOSTERS for _, drug, _ in used)
        limits: list[Caveat] = [
            note(BOOSTED, drug=each.label)
            for each in ordered
            if each.verdict.boosted and not boosted
        ]
        return order_card(
            report,
            ordered,
            beside,
            [a for each in ordered if (a := advice_of(each.verdict))],
            case.results,
            context,
            self._today(),
            is_past=self._is_past(report),
            limits=limits,
        )

    def _is_past(self, report: OrganismReport) -> bool:
        """Whether the newest result is older than what such an infection lasts."""
        lasts = _LASTING_DAYS.get(report.organism)
        newest = days_of(newest_of(report))
        return bool(lasts and newest and (self._today() - newest[1]).days > lasts)

    def _is_over(self, report: OrganismReport) -> bool:
        return report.organism in _SILENT_THEN and self._is_past(report)


def _drugs_of(rules: PathogenKnowledge) -> Iterator[TherapyDrug]:
    """Every drug that any rule speaks of."""
    yield from (TherapyDrug(each.name, each.rxcui) for each in rules.prodrugs)
    yield from (TherapyDrug(each.drug, each.rxcui) for each in rules.herpes)
    yield from (TherapyDrug(*drug) for each in rules.other for drug in each.drugs)
    if rules.hiv:
        yield from (TherapyDrug(each.name, each.rxcui) for each in rules.hiv.drugs)
    if rules.tb:
        yield from (TherapyDrug(each.drug, each.rxcui) for each in rules.tb.rows)
        yield from (TherapyDrug(each.drug, each.rxcui) for each in rules.tb.related)
        yield from (TherapyDrug(drug) for each in rules.tb.rows for drug in each.cross)


def _is(prodrug: Prodrug, drug: TherapyDrug, organism: str) -> bool:
    is_it = drug.rxcui == prodrug.rxcui if drug.rxcui and prodrug.rxcui else False
    return (is_it or drug.name.lower() == prodrug.name) and organism in prodrug.organisms


def _as_tested(verdict: DrugVerdict, tested: str, label: str) -> str:
    return f"{verdict.words} (tested as {tested})" if tested and tested != label else verdict.words


def _is_told(ordered: OrderedVerdict, report: OrganismReport) -> bool:
    """Whether an ordered drug is worth a card: something speaks against it, is undecided, or could
    not be answered although the organism was tested."""
    outcome = ordered.verdict.outcome
    if is_against(ordered) or outcome in FAINT or outcome in ("no-call", "unlisted"):
        return True
    # A gene left out of a genotype is asked for; few genes of a bacterium are ever tested.
    return outcome == "not-tested" and report.organism == "HIV-1" and bool(report.genes)
