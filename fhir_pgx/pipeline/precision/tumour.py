"""Tumour findings, from what was read to cards."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.cards.several import of_several
from fhir_pgx.cards.tumour import SEVERAL, board_card, host_card, new_cancer_card, order_card
from fhir_pgx.cards.tumour.words import marker_line
from fhir_pgx.fhir.bundle import Entry, References
from fhir_pgx.fhir.cancers import read_cancer
from fhir_pgx.fhir.gathering import Gathering
from fhir_pgx.fhir.resolution import Lineage
from fhir_pgx.memory import Memory
from fhir_pgx.model.card import INDICATORS, Card
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import (
    ObservedVariant,
    Origin,
    SourceClass,
    StatedImplication,
    bound_anew,
)
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.therapy import EFFECTS, Domain, TherapyAdvice, TherapyDrug
from fhir_pgx.model.tumour import Alteration, Cancer
from fhir_pgx.model.tumour_answer import Judged
from fhir_pgx.model.tumour_view import CancerFound, InUse, TumourFound
from fhir_pgx.normalize.alteration import alterations, alterations_of, names_of
from fhir_pgx.normalize.cancer import cancer_index, cancers_of
from fhir_pgx.normalize.same_protein import rows_in_one_spelling
from fhir_pgx.normalize.tumour_typing import typed_as
from fhir_pgx.pipeline.case import Case
from fhir_pgx.pipeline.precision.domain import drugs_of
from fhir_pgx.recommendation.tumour import (
    Findings,
    TumourRules,
    biomarkers_of,
    board_of,
    cautions_of,
    cutoffs_of,
    is_positive,
    judge,
    marker_words,
    opposites_of,
    strength,
)

COLORECTAL = "DOID:9256"
# What the tumour's results are looked at beside, and the gene of the patient that matters.
HOST_GENES = {
    "fluorouracil": "DPYD", "capecitabine": "DPYD", "tegafur": "DPYD", "irinotecan": "UGT1A1",
}  # fmt: skip
_CHEMOTHERAPY = ("KRAS mutation", "NRAS mutation", "BRAF mutation", "MSI or MMR")
_OPENED = ("patient-view", "encounter-start")
_LEAVING = "encounter-discharge"  # what is taken home against a finding is told once more
_RANK = {name: place for place, name in enumerate((*INDICATORS, ""))}


@dataclass(frozen=True, slots=True)
class _Patient:
    """One patient's tumour: findings, and the cancers that are not over; None alone where none is
    recorded."""

    findings: Findings
    cancers: tuple[Cancer | None, ...]


class Tumour:
    """See `Domain`."""

    name: Domain = "tumour"

    def __init__(self, knowledge: Knowledge, today: Callable[[], date]) -> None:
        known = rows_in_one_spelling(knowledge.therapies.tumour)
        self._rules = TumourRules(known)
        self._names = names_of(known)
        self._kinds = cancer_index(known.diseases)
        self._vocabulary = knowledge.vocabulary
        self._pharmacogenes = frozenset(knowledge.genes)
        self._today = today
        self._altered: Memory[tuple[Callable[[Origin], Alteration], ...]] = Memory()

    def concerns(self, order: MedicationOrder) -> bool:
        drugs = drugs_of(order)
        return any(d.name in HOST_GENES or self._rules.asks_for_data(d) for d in drugs)

    def needs(self, order: MedicationOrder) -> bool:
        return any(self._rules.asks_for_data(drug) for drug in drugs_of(order))

    def order_cards(
        self, orders: Sequence[MedicationOrder], case: Case, context: CardContext
    ) -> list[Card]:
        patient = self._patient(case)
        ordered = [(order, drug) for order in orders for drug in drugs_of(order)]
        told: list[Card] = []
        seen: set[tuple[str, str]] = set()
        for order, drug in ordered:
            key = (drug.rxcui, drug.name)
            if key in seen or is_for_local_use(order):
                continue
            seen.add(key)
            same = [each for each, other in ordered if (other.rxcui, other.name) == key]
            found = [
                self._order_card(order, drug, case, patient, context),
                self._host_card(order, drug, case, patient, context),
            ]
            told += [of_several(card, same, drug.name) for card in found if card is not None]
        return told

    def _order_card(
        self,
        order: MedicationOrder,
        drug: TherapyDrug,
        case: Case,
        patient: _Patient,
        context: CardContext,
    ) -> Card | None:
        if not self._rules.has(drug) and not self._rules.asks_for_data(drug):
            return None
        judged = self._judged(order, drug, case, patient, is_new=order.proposed)
        limits = cautions_of(patient.findings.present)
        limits += [SEVERAL] if len(patient.cancers) > 1 else []
        return order_card(order, judged, case.tests, case.requester, context, self._today(), limits)

    def _judged(
        self,
        order: MedicationOrder,
        drug: TherapyDrug,
        case: Case,
        patient: _Patient,
        *,
        is_new: bool,
    ) -> Judged:
        """The weightiest of what is to be said in any of the patient's cancers."""
        given = _given(case, order)
        found = [
            judge(
                drug,
                self._rules,
                patient.findings,
                cancer,
                given,
                is_new=is_new,
                taken=_taken(case),
            )
            for cancer in patient.cancers
        ]
        worst = min(found, key=lambda each: _RANK[each.indicator])
        other = next((each for each in found if _is_named_by_label(each)), None)
        if worst.indicator != "warning" or other is None or other is worst:
            return worst
        # On the label for another cancer of the patient: it may be for that one.
        return replace(worst, indicator="info", favouring=(*worst.favouring, *other.favouring))

    def _host_card(
        self,
        order: MedicationOrder,
        drug: TherapyDrug,
        case: Case,
        patient: _Patient,
        context: CardContext,
    ) -> Card | None:
        gene = HOST_GENES.get(drug.name)
        cancer = next(
            (
                each
                for each in patient.cancers
                if each is not None and self._rules.diseases.fits_node(COLORECTAL, each) == "same"
            ),
            None,
        )
        if gene is None or cancer is None:
            return None
        states = biomarkers_of(self._rules, patient.findings, cancer, _CHEMOTHERAPY)
        return host_card(order, drug.name, gene, cancer, states, case.results, context)

    def chart_cards(
        self, in_use: Sequence[MedicationOrder], case: Case, context: CardContext, hook: str
    ) -> list[Card]:
        if hook not in (*_OPENED, _LEAVING):
            return []
        patient = self._patient(case)
        findings = patient.findings
        if patient.cancers == (None,) and not self._is_of_a_tumour(findings):
            return []
        told = []
        for cancer in patient.cancers:
            judged = [
                (order, judge(drug, self._rules, findings, cancer, _given(case, order),
                              is_new=False))
                for order in in_use
                for drug in drugs_of(order)
                if self._rules.has(drug)
            ]  # fmt: skip
            if hook == _LEAVING and not any(each.against for _, each in judged):
                continue
            card = board_card(
                board_of(self._rules, findings, cancer, _taken(case)),
                [each for each in findings.alterations if self._is_shown(each)],
                [marker_line(each, marker_words(each)) for each in findings.markers],
                judged,
                self._reported(case, findings),
                context,
                self._today(),
                is_one_of_several=len(patient.cancers) > 1,
                limits=cautions_of(findings.present),
            )
            told += [card] if card is not None else []
        return told

    def _is_of_a_tumour(self, findings: Findings) -> bool:
        """Whether anything is on file that only a tumour is tested for."""
        return bool(findings.markers) or any(
            each.source_class is SourceClass.SOMATIC for each in findings.present
        )

    def _is_shown(self, found: Alteration) -> bool:
        """A germline result of a pharmacogene stands on cards of its own."""
        is_host = found.source_class is not SourceClass.SOMATIC
        return not (is_host and set(found.genes) & self._pharmacogenes)

    def _reported(self, case: Case, findings: Findings) -> list[StatedImplication]:
        """What the laboratory says itself of a gene that was found changed, or by a marker."""
        genes = {gene for each in findings.present for gene in each.genes}
        return [
            each
            for each in case.reading.implications
            if set(each.genes) & genes - self._pharmacogenes
        ]

    def concerns_problems(self, new: Sequence[Entry]) -> bool:
        return bool(self._stated(new))

    def _stated(self, new: Sequence[Entry]) -> tuple[Cancer, ...]:
        """The cancers of a kind that we know among new problems."""
        references = References(new)
        gathering = Gathering(self._vocabulary, references, Lineage(self._vocabulary, references))
        for entry in new:
            if entry.type == "Condition":
                read_cancer(entry, gathering)
        return cancers_of(gathering.cancers, self._kinds)

    def problem_cards(self, new: Sequence[Entry], case: Case, context: CardContext) -> list[Card]:
        added = {entry.reference for entry in new}
        patient = self._patient(case)
        told: dict[tuple[str, ...], Card] = {}
        for cancer in patient.cancers:
            if cancer is None or cancer.stated.origin.reference not in added:
                continue
            states = biomarkers_of(self._rules, patient.findings, cancer)
            card = new_cancer_card(
                cancer,
                [each for each in states if each.is_own],
                [each for each in states if not each.is_own],
                case.tests,
                case.requester,
                context,
            )
            if card is not None:
                told.setdefault(cancer.nodes, card)
        return list(told.values())

    def advice(self, case: Case, drugs: Sequence[TherapyDrug] | None) -> list[TherapyAdvice]:
        patient = self._patient(case)
        if patient.cancers == (None,) and not self._is_of_a_tumour(patient.findings):
            return []
        found: dict[tuple[str, str, str], TherapyAdvice] = {}
        for cancer in patient.cancers:
            if drugs is None:
                held = self._rules.of_findings(patient.findings, cancer)
            else:
                held = [
                    each
                    for drug in drugs
                    for each in self._rules.of_drug(drug, patient.findings, cancer)
                ]
            for each in held:
                is_gone = is_positive(each) and self._rules.market.bars(each.row)
                if each.is_met and not each.is_overridden and not is_gone:
                    advice = self._rules.told(each, cancer).advice
                    found.setdefault((advice.rule, advice.context_fit, advice.finding), advice)
        return sorted(
            found.values(),
            key=lambda each: (EFFECTS.index(each.effect), strength(each.provenance)),
        )

    def found(self, case: Case) -> TumourFound:
        """All that is known of the patient's tumours, for a view; nothing becomes an order."""
        patient = self._patient(case)
        findings = patient.findings
        if patient.cancers == (None,) and not self._is_of_a_tumour(findings):
            return TumourFound()
        limits = cautions_of(findings.present)
        return TumourFound(
            alterations=tuple(each for each in findings.alterations if self._is_shown(each)),
            markers=findings.markers,
            cancers=tuple(self._cancer_found(cancer, case, findings) for cancer in patient.cancers),
            reported=tuple(self._reported(case, findings)),
            caveats=(*limits, *([SEVERAL] if len(patient.cancers) > 1 else [])),
        )

    def _cancer_found(self, cancer: Cancer | None, case: Case, findings: Findings) -> CancerFound:
        held = self._rules.of_findings(findings, cancer, labels_alone_elsewhere=True)
        opposites = {
            row: tuple(self._rules.told(each, cancer) for each in others)
            for row, others in opposites_of(held).items()
        }
        return CancerFound(
            board=board_of(self._rules, findings, cancer, _taken(case)),
            in_use=tuple(self._spoken_against(cancer, case, findings)),
            opposites=opposites,
            cutoffs=cutoffs_of(self._rules, cancer),
        )

    def _spoken_against(
        self, cancer: Cancer | None, case: Case, findings: Findings
    ) -> Iterator[InUse]:
        for medicine in case.patient.medicines:
            order = medicine.order
            if medicine.state != "active" or order is None or order.status == "draft":
                continue
            for drug in drugs_of(order):
                if not self._rules.has(drug):
                    continue
                given = _given(case, order)
                judged = judge(drug, self._rules, findings, cancer, given, is_new=False)
                if judged.against:
                    yield InUse(order.concept.label or drug.name, order.reference, judged)

    def _patient(self, case: Case) -> _Patient:
        reading = case.reading
        found = (
            *(each for variant in reading.variants for each in self._alterations(variant)),
            *alterations((), reading.precision.tests, self._names),
            *_typed(case),
        )
        findings = Findings(found, reading.precision.markers)
        cancers = [
            each
            for each in cancers_of(reading.precision.cancers, self._kinds)
            if each.stated.state != "resolved"
        ]
        by_node: dict[tuple[str, ...], Cancer] = {}
        for each in cancers:
            by_node.setdefault(each.nodes, each)
        kept = self._narrowest(tuple(by_node.values()))
        return _Patient(findings, kept or (None,))

    def _alterations(self, variant: ObservedVariant) -> list[Alteration]:
        """What a variant states, brought into one spelling once for all that state the same."""
        if not variant.content:
            return list(alterations_of(variant, self._names))
        kept = self._altered.get(
            variant.content,
            lambda: tuple(map(bound_anew, alterations_of(variant, self._names))),
        )
        return [make(variant.origin) for make in kept]

    def _narrowest(self, cancers: Sequence[Cancer]) -> tuple[Cancer, ...]:
        """Without a cancer that another states more narrowly: lung cancer beside lung
        adenocarcinoma is one."""
        path = self._rules.diseases.path

        def is_wider(each: Cancer, other: Cancer) -> bool:
            above = frozenset().union(*(path(node) for node in other.nodes))
            return each.nodes != other.nodes and set(each.nodes) <= above

        return tuple(
            each for each in cancers if not any(is_wider(each, other) for other in cancers)
        )


def _typed(case: Case) -> tuple[Alteration, ...]:
    """The patient's own HLA-A, which drugs that present an antigen are bound to."""
    result = case.results.get("HLA-A")
    typings = case.reading.precision.typings
    if result is None:
        return typed_as(typings, (), (), "")
    return typed_as(typings, result.alleles, result.derived_from, result.when)


def _is_named_by_label(judged: Judged) -> bool:
    return not judged.against and any(
        each.fit == "same" and each.row.provenance.level.startswith("FDA")
        for each in judged.favouring
    )


def _taken(case: Case) -> list[TherapyDrug]:
    """What the patient takes or took, as far as the record says."""
    return [
        TherapyDrug(drug.name, drug.rxcui)
        for medicine in case.patient.medicines
        if medicine.state in ("active", "ended")
        and (medicine.order is None or medicine.order.status != "draft")
        for drug in medicine.drugs
    ]


def _given(case: Case, order: MedicationOrder) -> list[TherapyDrug]:
    """What the patient gets beside an order: medicines in use and the other drafts."""
    found: dict[TherapyDrug, None] = {}
    for medicine in case.patient.medicines:
        if medicine.state == "ended" or medicine.reference == order.reference:
            continue
        if medicine.order is not None:
            found |= dict.fromkeys(drugs_of(medicine.order))
        else:
            found |= {TherapyDrug(drug.name, drug.rxcui): None for drug in medicine.drugs}
    return list(found)
