"""The cards of one call, hook by hook (CDS Hooks 3.0)."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from fhir_pgx.cards import (
    admission_card,
    offer_tests,
    ordered_test_card,
    pretest_card,
    summary_card,
    unanswered_card,
)
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.cards.gaps import gap_card, limits_of_chart
from fhir_pgx.cards.inhibitor_ordered import inhibitor_card, tells_of_medicines, unseen_card
from fhir_pgx.cards.intolerance import intolerance_card
from fhir_pgx.cards.limited import as_limited
from fhir_pgx.cards.order import Face, face_of, is_unremarkable
from fhir_pgx.cards.overflow import overflow_card
from fhir_pgx.cards.policy import apply_policy, split_at_cap
from fhir_pgx.cards.pretest import Requester
from fhir_pgx.cards.problem import problem_card
from fhir_pgx.cards.several import of_several
from fhir_pgx.cards.summary import ADMISSION, APPOINTMENT, CHART, DISCHARGE
from fhir_pgx.cards.unclear import unclear_card, unreadable_card
from fhir_pgx.errors import DataUnavailable
from fhir_pgx.fhir.allergies import read_allergies
from fhir_pgx.fhir.bundle import Entry, References
from fhir_pgx.fhir.conditions import read_conditions
from fhir_pgx.fhir.diagnostic_report import RESULTS_ELSEWHERE
from fhir_pgx.fhir.medication import ORDERS, is_for_discharge, refers_to_medication
from fhir_pgx.fhir.practitioner import read_specialties
from fhir_pgx.fhir.tests_ordered import read_test_orders
from fhir_pgx.memory import Memory
from fhir_pgx.model.card import Card
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.patient import Allergy, Condition
from fhir_pgx.model.recommendation import (
    DrugAdvice,
)
from fhir_pgx.model.test_order import TestOrder
from fhir_pgx.model.test_plan import Need, TestPlan
from fhir_pgx.pipeline.advice import Advice
from fhir_pgx.pipeline.alike import Guided, alike, apart, ingredients_of
from fhir_pgx.pipeline.case import Case, Question, case_of
from fhir_pgx.pipeline.genes import Genes
from fhir_pgx.pipeline.inhibitors import Inhibitors
from fhir_pgx.pipeline.limits import Limits
from fhir_pgx.pipeline.orders import Orders
from fhir_pgx.pipeline.precision import Precision
from fhir_pgx.recommendation import (
    DrugGroup,
    Rulebook,
    all_needs,
    bearing_of,
    judge_named,
    needs_of,
    plan_tests,
    repeated_tests,
)

NAMESPACE = uuid.UUID("6f0d2a0e-4b5c-5d1e-9a53-0c5f7c2f9b11")  # ours, for ids made from names
# `recorded` is the ordinary status of an R5 statement.
IN_USE = ("active", "in-use", "intended", "in-progress", "recorded", "")
_CHART_HOOKS = {
    "patient-view": CHART,
    "encounter-start": ADMISSION,
    "encounter-discharge": DISCHARGE,
    "appointment-book": APPOINTMENT,
}
_PRESCRIBERS = ("Practitioner/", "PractitionerRole/")


@dataclass(frozen=True, slots=True)
class _Judged:
    """One drug's answer, the orders it is for, and the face of its card if it has one."""

    orders: tuple[MedicationOrder, ...]
    question: Question
    advice: DrugAdvice
    face: Face | None

    @property
    def first(self) -> MedicationOrder:
        return self.orders[0]


class Hooks:
    """Answers the calls of every hook we serve."""

    def __init__(
        self,
        knowledge: Knowledge,
        rulebook: Rulebook,
        limits: Limits,
        parts: tuple[Genes, Orders, Advice, Precision],
        today: Callable[[], date],
    ) -> None:
        self._knowledge, self._rulebook, self._limits = knowledge, rulebook, limits
        self._genes, self._orders, self._advice, self._precision = parts
        self._inhibitors = Inhibitors(knowledge, rulebook, self._advice)
        self._today = today
        self._needs: Memory[tuple[Need, ...]] = Memory()  # of a drug, were nothing on file

    def under(self, limits: Limits) -> "Hooks":
        """The same under other limits of the site."""
        other = copy(self)
        other._limits = limits
        return other

    def answer(self, call: HookCall) -> HookAnswer:
        """The cards of one call, weightiest first.

        Raises DataUnavailable (412) where an order concerns a drug with guidance and the genomic
        data could neither be read from the call nor be obtained; a drug without guidance needs no
        data, and gets no card.
        """
        references = References((*call.drafts, *call.evidence))
        told = self._told(call, references)
        policy = self._limits.policy
        specialties = (
            read_specialties(call.evidence, call.user_id) if policy.specialties else frozenset()
        )
        kept = apply_policy(told, policy, hook=call.hook, specialties=specialties)
        most = policy.max_cards(call.hook, self._limits.max_cards)
        shown, named = split_at_cap(kept.cards, most)
        if named:
            shown = (*shown, overflow_card(named, self._context(call)))
        # After the site's policy, which may mute advice and not that a part of it is missing.
        if call.is_limited and (shown or self._is_concerned(call, references)):
            shown = as_limited(shown, self._context(call))
        return HookAnswer(tuple(_as_shown(shown, call)), kept.muted)

    def _told(self, call: HookCall, references: References) -> list[Card]:
        """Every card there is reason for, in the order of what they are about."""
        if call.hook == "problem-list-item-create":
            return self._new_problems(call, references)
        if call.hook == "allergyintolerance-create":
            return self._new_allergies(call, references)
        drafts: list[MedicationOrder] = []
        if call.hook in _CHART_HOOKS:
            orders = self._in_use(call, references)
        else:
            if any(reference.partition("/")[0] in ORDERS for reference in call.not_found):
                raise _unavailable("dispatched orders", call)
            orders = drafts = self._orders.read(call.drafts, references, proposed=True)
        if call.selections is not None:
            orders = [order for order in orders if order.reference in call.selections]
        guided = [(order, groups) for order in orders if (groups := self._orders.guidance(order))]
        context = self._context(call)
        unclear = [card for order in orders if (card := self._unclear(order, _of(context, order)))]
        gap = self._gap(call, orders, guided, context)
        drafted = read_test_orders(call.drafts, self._knowledge.vocabulary)
        tests = self._asked_tests(drafted, call)
        inhibitors = self._inhibitors.among(orders)
        is_chart = call.hook in _CHART_HOOKS
        precise = self._is_precise(orders, call)
        if not (
            guided or tests or precise or self._act(inhibitors, orders, call, drafts, references)
        ):
            return unclear + gap + self._unseen(inhibitors, unclear, call)
        case, context = self._case(call, drafts, references)
        running = read_test_orders(call.evidence, self._knowledge.vocabulary)
        case = replace(
            case,
            tests=(*running, *drafted),
            requester=self._requester(call, orders),
        )
        if is_chart:
            told, summed_up = self._of_chart(call, orders, guided, case, context)
            told += self._precision.chart_cards(orders, case, context, call.hook)
            unread = any(order.concept.names_nothing for order in orders)
            return told if summed_up or (told and not unread) else told + gap
        cards = self._cards(guided, case, context) + unclear
        if precise:
            more = self._precision.order_cards(orders, case, context)
            more = [card for card in more if not _is_asked(card, cards)]
            cards = [card for card in cards if not _is_answered(card, more)] + more
        cards += [
            of_several(
                inhibitor_card(same[0], each, case.results, _of(context, same[0])),
                same,
                same[0].concept.label,
            )
            for same in apart(inhibitors, ingredients_of)
            for each in self._inhibitors.affected(same[0], case, orders)
        ]
        cards += [
            ordered_test_card(each, case.results, context)
            for each in repeated_tests(tests, running, case.results)
        ]
        return cards + self._unseen(inhibitors, cards, call)

    def _is_concerned(self, call: HookCall, references: References) -> bool:
        """Whether a call is about a chart, or about any drug or problem that anything is known of,
        whatever is on file of the patient."""
        if call.hook in _CHART_HOOKS:
            is_patients = not call.user_id.startswith(_PRESCRIBERS)
            return not (call.hook == "appointment-book" and is_patients)
        new = [entry for entry in call.evidence if entry.path.startswith("context.")]
        if call.hook == "problem-list-item-create":
            return bool(self._problems_asked(new)) or self._precision.concerns_problems(new)
        if call.hook == "allergyintolerance-create":
            return bool(self._allergies_asked(new))
        orders = self._orders.read(call.drafts, references, proposed=True)
        if call.selections is not None:
            orders = [order for order in orders if order.reference in call.selections]
        drafted = read_test_orders(call.drafts, self._knowledge.vocabulary)
        return bool(
            any(self._orders.guidance(order) or self._precision.concerns(order) for order in orders)
            or self._inhibitors.among(orders)
            or self._asked_tests(drafted, call)
        )

    def _is_precise(self, orders: Sequence[MedicationOrder], call: HookCall) -> bool:
        """Whether precision therapy has a part in the call. Whoever opens a chart is shown what is
        on file, and asked for nothing; and where no genomic data ever come, a drug that a rare
        finding would concern is no reason to refuse an answer."""
        if call.hook in _CHART_HOOKS:
            # What could not be obtained is refused: a chart without cards reads as one without
            # findings.
            return call.genomics == "unavailable" or (
                call.genomics in ("supplied", "empty") and bool(call.evidence)
            )
        if call.genomics == "missing":
            return any(self._precision.needs(order) for order in orders)
        return any(self._precision.concerns(order) for order in orders)

    def _unseen(
        self, inhibitors: Sequence[MedicationOrder], told: Sequence[Card], call: HookCall
    ) -> list[Card]:
        """Where the medicines in use could not be obtained: a card for each ordered inhibitor that
        no other card tells so of."""
        if call.lists.get("medicines") != "unavailable":
            return []
        spoken_of = {
            reference for card in told if tells_of_medicines(card) for reference in card.orders
        }
        context, in_part = self._context(call), "medicines" in call.partial
        return [
            of_several(
                unseen_card(
                    same[0],
                    self._inhibitors.inhibited(same[0]),
                    self._inhibitors.possible_victims(same[0]),
                    _of(context, same[0]),
                    in_part=in_part,
                ),
                same,
                same[0].concept.label,
            )
            for same in apart(inhibitors, ingredients_of)
            if spoken_of.isdisjoint(each.reference for each in same)
        ]

    def _act(
        self,
        inhibitors: Sequence[MedicationOrder],
        orders: Sequence[MedicationOrder],
        call: HookCall,
        drafts: Sequence[MedicationOrder],
        references: References,
    ) -> bool:
        """Whether an ordered inhibitor may act on a medicine in use: else an inhibitor without
        guidance of its own needs no genomic data."""
        if not inhibitors:
            return False
        patient = self._advice.patient(
            call.evidence, drafts, references, call.looked_for, call.lists
        )
        return any(self._inhibitors.victims(each, patient, orders) for each in inhibitors)

    def _case(
        self, call: HookCall, drafts: Sequence[MedicationOrder], references: References
    ) -> tuple[Case, CardContext]:
        """The patient of a call that needs the genomic data. Raises DataUnavailable."""
        if call.genomics in ("unavailable", "missing"):
            raise _unavailable("genomic results", call)
        interpretation = self._genes.interpret(call.evidence)
        unread = {item.reference for item in interpretation.reading.not_understood}
        bare = {
            item.reference
            for item in interpretation.reading.not_understood
            if item.reason.startswith(RESULTS_ELSEWHERE)
        }
        patient = self._advice.patient(
            call.evidence, drafts, references, call.looked_for, call.lists
        )
        case = case_of(interpretation, patient, references, self._advice.acting(patient))
        return case, replace(self._context(call), unread=len(unread - bare), reports=len(bare))

    def _context(self, call: HookCall) -> CardContext:
        return CardContext(
            uuid.uuid5(NAMESPACE, f"{call.service_id} {call.hook_instance} {call.patient_id}"),
            self._knowledge.release,
            self._knowledge.sha256,
            # A part of the medicines is a part of what a card about a chart speaks of.
            incomplete=call.incomplete
            or (call.hook in _CHART_HOOKS and "medicines" in call.partial),
            repeated=_repeated(call),
            orders_failed=call.lists.get("tests") == "unavailable",
            untested=self._limits.untested_cards,
        )

    def _gap(
        self,
        call: HookCall,
        orders: Sequence[MedicationOrder],
        guided: Guided,
        context: CardContext,
    ) -> list[Card]:
        """The card that not all could be looked at, at a moment where silence would read as an
        answer. A chart is opened too often for it, and an appointment is no time to act on it."""
        if call.hook not in ("encounter-start", "encounter-discharge"):
            return []
        # Where no medicine has guidance, a result that did not come changes nothing.
        missed = call.partial & ({"medicines", "results"} if guided else {"medicines"})
        card = gap_card(orders, replace(context, incomplete=bool(missed)), _CHART_HOOKS[call.hook])
        return [card] if card else []

    def _unclear(self, order: MedicationOrder, context: CardContext) -> Card | None:
        """A card for an order that names no drug that could be read, or several of which any has
        guidance."""
        if not order.proposed:
            return None
        if order.match is None:
            return unreadable_card(order, context) if refers_to_medication(order) else None
        judged = self._rulebook.for_ingredients(order.match.ingredients)
        for candidate in order.match.candidates:
            if any(each not in judged for each in self._rulebook.for_ingredients(candidate)):
                return unclear_card(order, context)
        return None

    def _cards(
        self,
        guided: Guided,
        case: Case,
        context: CardContext,
    ) -> list[Card]:
        told: list[Card] = []
        judged = self._judged(guided, case)
        plan = self._plan(judged, case)
        for each in judged:
            advice, orders = each.advice, each.orders
            if advice.unanswered is not None:
                card = self._unanswered(each.first, advice, plan, case, _of(context, each.first))
                told += [of_several(card, orders, advice.drug)] if card else []
                continue
            # What did not reach us may say otherwise.
            is_hidden = self._advice.may_be_acted_on(each.question.group, case.patient)
            is_told = (context.incomplete or is_hidden) and advice.important
            face = face_of(advice) if each.face is None and is_told else each.face
            if face is not None:
                told += self._order_cards(each, face, case, context)
        return offer_tests(told, plan, case.requester, context)

    def _judged(self, guided: Guided, case: Case) -> list[_Judged]:
        """Each drug judged once for the orders that nothing tells apart."""
        judged = []
        for each in alike(guided, partial(self._advice.decisive, case=case)):
            question = self._advice.question(each.first, each.group, case)
            judged.append(_Judged(each.orders, question, *self._advice.answered(question)))
        return judged

    def _order_cards(
        self, judged: _Judged, face: Face, case: Case, context: CardContext
    ) -> list[Card]:
        """One card for the orders of a drug; where the advice has numbers, one for each dose."""
        by_dose = partial(self._advice.dose_that_matters, advice=face.advice, case=case)
        cards = [
            self._advice.order_card(orders, judged.question, face, case, _of(context, orders[0]))
            for orders in apart(judged.orders, by_dose)
        ]
        return [card for card in cards if card is not None]

    def _unanswered(
        self,
        order: MedicationOrder,
        advice: DrugAdvice,
        plan: TestPlan,
        case: Case,
        context: CardContext,
    ) -> Card | None:
        """The card of a drug that no source answers: a result is missing, or has no row."""
        answer, source = advice.unanswered, advice.sources[0].source
        assert answer is not None
        if answer.reason == "no-row":
            # FDA's table has rows for those alone in whom the drug acts otherwise.
            lists_the_affected = advice.sources[0].source == "FDA"
            results = [case.results[gene] for gene in answer.genes]
            if all(is_unremarkable(each, any_known=lists_the_affected) for each in results):
                return None
            return unanswered_card(order, answer, case.results, context, source=source)
        needs = tuple(each for each in plan.of(order.reference) if each.drug == advice.drug)
        return pretest_card(
            order, answer, case.results, context, source=source, needs=needs, plan=plan
        )

    def _plan(
        self,
        judged: Sequence[_Judged],
        case: Case,
    ) -> TestPlan:
        """What the orders, and the medicines in use beside them, wait for. A drug that is not to be
        given by what is known already waits for nothing."""
        needs: list[Need] = []
        seen = set()
        for each in judged:
            order, group = each.first, each.question.group
            seen.add(group.drug)
            is_settled = any(r.serious for r in each.advice.recommendations)
            if not is_settled and not is_for_local_use(order):
                needs += needs_of(
                    self._all_needs(group),
                    case.results,
                    order=order.reference,
                    in_use=not order.proposed,
                )
        for medicine in case.patient.medicines:
            if medicine.state != "active":
                continue
            for group in self._rulebook.for_ingredients(medicine.drugs):
                if group.drug not in seen:
                    seen.add(group.drug)
                    needs += needs_of(self._all_needs(group), case.results, in_use=True)
        return plan_tests(needs, case.tests, self._knowledge.panels)

    def _all_needs(self, group: DrugGroup) -> tuple[Need, ...]:
        return self._needs.get(group.drug, lambda: all_needs(group, self._knowledge.levels))

    def _asked_tests(self, tests: Sequence[TestOrder], call: HookCall) -> list[TestOrder]:
        """The drafted tests of this call that our results can answer."""
        return [
            test
            for test in tests
            if (call.selections is None or test.reference in call.selections)
            and (test.is_panel or any(gene in self._knowledge.genes for gene in test.genes))
        ]

    def _requester(self, call: HookCall, orders: Sequence[MedicationOrder]) -> Requester | None:
        """Whom a test that is offered would be for and by; None where nothing may be offered."""
        if not _may_offer(call):
            return None
        release = "R4"
        if any(order.resource_type == "MedicationOrder" for order in orders):
            release = "DSTU2"
        elif any("medication" in order.resource for order in orders):
            release = "R5"
        encounter = call.encounter_id.removeprefix("Encounter/")
        return Requester(
            f"Patient/{call.patient_id}",
            self._today().isoformat(),
            f"Encounter/{encounter}" if encounter else "",
            call.user_id,
            release,
        )

    def _in_use(self, call: HookCall, references: References) -> list[MedicationOrder]:
        """The medicines that a hook about the chart concerns: at discharge those that are marked
        for it, where any is."""
        if call.hook == "appointment-book" and not call.user_id.startswith(_PRESCRIBERS):
            return []  # a patient who books reads the card alone, and it speaks to a prescriber
        # A chart is also opened by clients that send nothing; the others ask about the medicines.
        silent = call.medications == "missing" and call.hook != "patient-view"
        if silent or call.medications == "unavailable":
            raise _unavailable("medicines in use", call)
        orders = self._orders.read(call.evidence, references, proposed=False)
        marked = [order for order in orders if is_for_discharge(order)]
        if call.hook == "encounter-discharge" and marked:
            return marked
        return [order for order in orders if order.status in IN_USE]

    def _of_chart(
        self,
        call: HookCall,
        orders: Sequence[MedicationOrder],
        guided: Guided,
        case: Case,
        context: CardContext,
    ) -> tuple[list[Card], bool]:
        """One card for all medicines that results concern, and whether there is one. At discharge,
        where nobody may order them again for long, each that needs a change has a card of its own.
        """
        cards: list[Card] = []
        concerned: list[tuple[MedicationOrder, DrugAdvice]] = []
        judged = self._judged(guided, case)
        for each in judged:
            if each.face is None:
                continue
            told_of = each.orders
            if call.hook == "encounter-discharge":
                made = self._order_cards(each, each.face, case, context)
                cards += [card for card in made if card.indicator != "info"]
                quiet = {name for card in made if card.indicator == "info" for name in card.orders}
                told_of = tuple(order for order in told_of if order.reference in quiet)
            concerned += [(order, each.advice) for order in told_of]
        limits = limits_of_chart(orders, context, case.patient)
        moment = _CHART_HOOKS[call.hook]
        summary = summary_card(concerned, case.results, context, moment, limits)
        told = [*cards, *([summary] if summary else [])]
        if call.hook == "encounter-start":
            hint = admission_card(self._plan(judged, case), case.requester, context)
            told += [hint] if hint else []
        return told, summary is not None

    def _new_problems(self, call: HookCall, references: References) -> list[Card]:
        """A card for each class of new problems whose named drugs the results speak against."""
        new = [entry for entry in call.evidence if entry.path.startswith("context.")]
        classes = {each.name: each for each in self._knowledge.condition_classes}
        asked = self._problems_asked(new)
        precise = self._precision.concerns_problems(new)
        if not (asked or precise):
            return []
        case, context = self._case(call, (), references)
        running = read_test_orders(call.evidence, self._knowledge.vocabulary)
        case = replace(case, tests=running, requester=self._requester(call, ()))
        cards = self._precision.problem_cards(new, case, context) if precise else []
        for name, problem in asked.items():
            judged = judge_named(
                self._knowledge.problems[name],
                self._rulebook,
                partial(self._advice.judged, case=case, reasons=frozenset({name})),
            )
            card = problem_card(problem, classes[name], judged, case.results, context)
            cards += [card] if card else []
        return cards

    def _problems_asked(self, new: Sequence[Entry]) -> dict[str, Condition]:
        """The new problems for whose class guidelines name drugs, by the class."""
        problems, _ = read_conditions(
            new, classes=self._knowledge.condition_classes, today=self._today(), are_new=True
        )
        return {
            name: problem
            for problem in problems
            if problem.state != "resolved"
            for name in sorted(problem.classes & self._knowledge.problems.keys())
        }

    def _allergies_asked(self, new: Sequence[Entry]) -> list[tuple[Allergy, DrugGroup]]:
        """The new allergies to a drug that there is guidance for."""
        allergies, _ = read_allergies(new, self._orders.match)
        return [
            (allergy, group)
            for allergy in allergies
            if allergy.state != "resolved"
            for group in self._rulebook.for_ingredients(allergy.drugs)
        ]

    def _new_allergies(self, call: HookCall, references: References) -> list[Card]:
        """A card for each new allergy or intolerance that a result may have to do with."""
        new = [entry for entry in call.evidence if entry.path.startswith("context.")]
        asked = self._allergies_asked(new)
        if not asked:
            return []
        case, context = self._case(call, (), references)
        cards = []
        for allergy, group in asked:
            advice = self._advice.judged(group, case, frozenset())
            bearing = bearing_of(group, advice, allergy.reactions, self._rulebook)
            if bearing is not None:
                cards.append(intolerance_card(allergy, bearing, case.results, context))
        return cards


def _is_asked(card: Card, told: Sequence[Card]) -> bool:
    """Whether a card asks for the test of a gene that another, of the same order, asks for too:
    ivacaftor waits for CFTR by its guideline and by its label."""
    asked = card.facets
    if asked is None or asked.action != "test-first":
        return False
    return any(
        other.facets is not None
        and other.facets.action == "not-tested"
        and set(asked.genes) <= set(other.facets.genes)
        and not set(card.orders).isdisjoint(other.orders)
        for other in told
    )


def _is_answered(card: Card, told: Sequence[Card]) -> bool:
    """Whether a card misses a usable result that another, of the same order, has judged: a CFTR
    that says F508del by its protein alone is no diplotype, and yet an answer to ivacaftor."""
    missed = card.facets
    if missed is None or missed.action != "not-called" or not missed.genes:
        return False
    return any(
        other.facets is not None
        and other.facets.action not in ("test-first", "unknown", "")
        and set(missed.genes) <= set(other.facets.genes)
        and not set(card.orders).isdisjoint(other.orders)
        for other in told
    )


def _repeated(call: HookCall) -> frozenset[str]:
    """The `Type/id` that several drafts of a call have, those without an id among them."""
    counts = Counter(entry.reference for entry in call.drafts if entry.container is None)
    return frozenset(reference for reference, count in counts.items() if count > 1)


def _of(context: CardContext, order: MedicationOrder) -> CardContext:
    """The context with ids of its own for an order that shares its id with another of the call:
    two cards must never have the same."""
    if order.reference not in context.repeated:
        return context
    return replace(context, namespace=uuid.uuid5(context.namespace, order.path))


def _as_shown(cards: Iterable[Card], call: HookCall) -> Iterator[Card]:
    """At a refill nobody may be looking: the cards inform, in the order of their weight, and offer
    a change only to a practitioner. A dispatched order is signed: it is changed elsewhere."""
    offers = _may_offer(call)
    for card in cards:
        indicator = "info" if call.hook == "medication-refill" else card.indicator
        yield replace(card, indicator=indicator, suggestions=card.suggestions if offers else ())


def _may_offer(call: HookCall) -> bool:
    if call.hook == "medication-refill":
        return call.user_id.startswith(_PRESCRIBERS)
    return call.hook != "order-dispatch"


def _unavailable(what: str, call: HookCall) -> DataUnavailable:
    why = f": {call.unavailable_reason}" if call.unavailable_reason else ""
    return DataUnavailable(
        f"the patient's {what} were neither prefetched nor retrievable{why}",
        where="prefetch",
        mend=f"prefetch the patient's {what}; GET /cds-services has the queries",
    )
