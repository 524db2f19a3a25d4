"""One drug for one patient: all that decides it gathered, every source asked, the card drawn.

situation, modifiers, equations → question → advise → face
→ doses, alternatives, what would change → card
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from fhir_pgx.cards import (
    order_card,
)
from fhir_pgx.cards.alternatives import named_alternatives
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.extras import Extras
from fhir_pgx.cards.form import is_for_local_use, local_summary
from fhir_pgx.cards.gaps import lists_not_obtained, medicines_not_seen, unreadable_medicines
from fhir_pgx.cards.order import Face, face_of, is_quiet
from fhir_pgx.cards.several import of_several
from fhir_pgx.fhir.bundle import Entry, References
from fhir_pgx.fhir.conditions import read_indications
from fhir_pgx.fhir.dosage import read_doses
from fhir_pgx.fhir.dosage_units import product_strength
from fhir_pgx.fhir.patient_context import NOT_ASKED, read_patient_context
from fhir_pgx.memory import (
    Memory,
    result_key,
    without_origin,
)
from fhir_pgx.model.card import Card
from fhir_pgx.model.change import Change
from fhir_pgx.model.dose import OrderedDose
from fhir_pgx.model.drug import Drug, MedicationOrder
from fhir_pgx.model.explained import Explained
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.interactions import FoundInteraction
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.modifier import Modifier
from fhir_pgx.model.patient import Availability, Listed, PatientContext
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import (
    AlternativeVerdict,
    DrugAdvice,
    Recommendation,
    Unanswered,
    Verdict,
    given,
    weight,
)
from fhir_pgx.model.variant import SiteCall
from fhir_pgx.phenotype import (
    caveat_of,
    enzymes_of,
    find_interactions,
    modify,
    possible_results,
)
from fhir_pgx.pipeline.case import (
    DOSE_ALONE,
    Case,
    Doses,
    Question,
    days_taken,
    is_at_advised_dose,
    taken_before,
)
from fhir_pgx.pipeline.genes import Gene, Genes
from fhir_pgx.pipeline.orders import Orders
from fhir_pgx.recommendation import (
    Computed,
    DrugGroup,
    Rulebook,
    Situation,
    abcd_gene,
    advise,
    doses_for_patient,
    fits_of,
    is_settled,
    judge,
    recommend_warfarin,
    suggested_amount,
)
from fhir_pgx.recommendation.alternatives import (
    alternatives_note,
    judge_alternatives,
    judged_with_medicines,
)
from fhir_pgx.recommendation.dose_measure import recent_weight
from fhir_pgx.recommendation.germline import NO_GROUP
from fhir_pgx.recommendation.population_why import population_fits
from fhir_pgx.recommendation.warfarin import doses_of
from fhir_pgx.recommendation.what_if import (
    Ask,
    Recalled,
    by_measures,
    by_medicines,
    by_positions,
    by_readings,
    by_tests,
    foremost,
)
from fhir_pgx.recommendation.what_if_population import by_situation, hypothetical_fits, unstated

# ABCD-GENE was made in patients with coronary disease: of a stroke it says nothing.
_CORONARY = frozenset({"acs-pci", "cardiovascular-other"})


class Advice:
    """Judges drugs by the knowledge; what is kept between calls holds no patient's words."""

    def __init__(
        self,
        knowledge: Knowledge,
        rulebook: Rulebook,
        orders: Orders,
        genes: Genes,
        today: Callable[[], date],
    ) -> None:
        self._knowledge, self._rulebook, self._orders = knowledge, rulebook, orders
        self._genes, self._today = genes, today
        self._acted_on = frozenset(
            agent.gene for agents in knowledge.interactions.by_rxcui.values() for agent in agents
        )
        self._classes = (*knowledge.condition_classes, *knowledge.alternative_facts.conditions)
        self.advised: Memory[tuple[DrugAdvice, Face | None]] = Memory()
        self.changes: Memory[tuple[Change, ...]] = Memory()
        self._enzymes = {
            group.drug: frozenset(enzymes_of(group.genes)) for group in rulebook.groups
        }
        self._possible = {gene: possible_results(rules) for gene, rules in knowledge.genes.items()}

    def patient(
        self,
        entries: Sequence[Entry],
        drafts: Sequence[MedicationOrder],
        references: References,
        looked_for: frozenset[str] = frozenset(),
        lists: Mapping[Listed, Availability] = NOT_ASKED,
    ) -> PatientContext:
        return read_patient_context(
            entries,
            references,
            classes=self._classes,
            orders=self._orders.read(entries, references, proposed=False),
            drafts=drafts,
            match=self._orders.match,
            today=self._today(),
            looked_for=looked_for,
            lists=lists,
        )

    def today(self) -> date:
        """The day that ages, weights and medicines are reckoned by."""
        return self._today()

    def acting(self, patient: PatientContext) -> tuple[FoundInteraction, ...]:
        """What acts on an enzyme of the patient. What is put on the skin or into the eye does not
        reach the liver."""
        systemic = tuple(
            each
            for each in patient.medicines
            if each.order is None or not is_for_local_use(each.order)
        )
        if not systemic and patient.smokes is None:
            return ()
        return find_interactions(
            replace(patient, medicines=systemic),
            self._knowledge.interactions,
            self._today(),
            victims=frozenset(),
        )

    def may_be_acted_on(self, group: DrugGroup, patient: PatientContext) -> bool:
        """Whether a medicine may act on a gene of the drug and nobody could look: the list of
        medicines was asked for and could not be obtained."""
        failed = patient.lists.get("medicines") == "unavailable"
        return failed and not self._acted_on.isdisjoint(self._enzymes[group.drug])

    def question(self, order: MedicationOrder | None, group: DrugGroup, case: Case) -> Question:
        """All that decides one drug's answer for this patient and order."""
        decided = {gene: case.results[gene] for gene in group.deciding}
        situation = self._situation(order, group, case.patient, case.references)
        modifiers = self._modifiers(group, case)
        keys = [result_key(result) for result in decided.values()]
        fits = tuple(tuple(fits_of(each, situation, decided).values()) for each in group.told_apart)
        computed = self._computed(group, case)
        # A modifier names a medicine and its dates, an equation a weight: nobody else may be shown
        # them.
        is_kept = not modifiers and not computed and None not in keys
        known = (group.drug, fits, *keys) if is_kept else None
        return Question(group, decided, situation, modifiers, computed, known)

    def answered(self, question: Question) -> tuple[DrugAdvice, Face | None]:
        def make() -> tuple[DrugAdvice, Face | None]:
            results = {gene: without_origin(r) for gene, r in question.results.items()}
            advice = advise(
                question.group,
                results,
                self._rulebook,
                situation=question.situation,
                modifiers=question.modifiers,
                computed=question.computed,
            )
            if advice.unanswered is not None or is_quiet(advice):
                return advice, None
            return advice, face_of(advice)

        return self.advised.get(question.key, make)

    def answer_of(self, question: Question, case: Case) -> DrugAdvice:
        """The answer with where its results come from, as no other patient may be given it."""
        return advise(
            question.group,
            case.results,
            self._rulebook,
            situation=question.situation,
            modifiers=question.modifiers,
            computed=question.computed,
        )

    def judged(self, group: DrugGroup, case: Case, reasons: frozenset[str]) -> DrugAdvice:
        """The advice of a drug that nobody has ordered, with `reasons` as its indication."""
        question = self.question(None, group, case)
        return advise(
            group,
            case.results,
            self._rulebook,
            situation=replace(question.situation, reasons=reasons),
            modifiers=question.modifiers,
            computed=question.computed,
        )

    def _situation(
        self,
        order: MedicationOrder | None,
        group: DrugGroup,
        patient: PatientContext,
        references: References,
    ) -> Situation:
        """What can decide a population of this drug's guidelines; nothing where none is told apart
        from another."""
        if not group.told_apart:
            return Situation()
        reasons = frozenset(
            name
            for condition in (
                read_indications(
                    order.resource,
                    references,
                    self._knowledge.condition_classes,
                    today=self._today(),
                )
                if order and "any_condition" in group.needs
                else ()
            )
            for name in condition.classes
        )
        ordered = self._ordered(order) if "daily_mg_at_most" in group.needs else ()
        daily = [dose.daily for dose in ordered if dose.daily_unit == "mg"]
        return Situation(
            age_years=patient.age_years,
            weight=recent_weight(patient, self._today()),
            reasons=reasons,
            conditions=frozenset(
                name
                for condition in patient.conditions
                if condition.state != "resolved"
                for name in condition.classes
            ),
            days_taken=days_taken(patient, self._today()),
            taken_before=taken_before(patient, self._today()),
            daily_dose=daily[0] if len(daily) == 1 else None,
        )

    def _ordered(self, order: MedicationOrder | None) -> tuple[OrderedDose, ...]:
        if order is None:
            return ()
        return read_doses(order.resource, strength=product_strength(order.concept))

    def _modifiers(
        self,
        group: DrugGroup,
        case: Case,
        *,
        without: str = "",
    ) -> dict[str, dict[str, Modifier]]:
        """What the patient's other medicines do to the genes of each guideline of a drug; `without`
        leaves out one agent by its name in our table. A drug is no interaction of itself."""
        if not case.acting:
            return {}
        enzymes = self._enzymes[group.drug]
        table, results = self._knowledge.interactions, case.results
        acting = [
            each
            for each in case.acting
            if each.gene in enzymes
            and each.agent != without
            and not (each.rxcui and each.rxcui in group.ingredients)
        ]
        found: dict[str, dict[str, Modifier]] = {}
        for entry in group.entries if acting else ():
            for gene in enzymes_of(entry.rules.genes):
                mine = tuple(each for each in acting if each.gene == gene)
                if not mine:
                    continue
                about = (entry.guideline.id, gene, entry.rules.rxcui)
                made = modify(
                    gene,
                    results[gene],
                    mine,
                    self._knowledge.genes[gene],
                    table.rule_of(*about),
                    table.restated_by(*about),
                    is_beside=gene not in entry.rules.genes,
                )
                if made is not None:
                    made = replace(made, caveat=caveat_of(made))
                    found.setdefault(entry.guideline.id, {})[gene] = made
        return found

    def _computed(self, group: DrugGroup, case: Case) -> tuple[Computed, ...]:
        """The answers of sources that state an equation where others have rows."""
        dosing = self._knowledge.dosing
        if dosing is None or group.ingredients != (dosing.warfarin.rxcui,):
            return ()
        if "CPIC" not in self._rulebook.precedence:
            return ()
        answer = recommend_warfarin(
            case.results, case.patient, dosing, sites=case.sites, today=self._today()
        )
        return (Computed("CPIC", dosing.warfarin.genes, answer),)

    def decisive(self, order: MedicationOrder, group: DrugGroup, case: Case) -> Hashable:
        """What of an order can decide the answer of a drug or judge its alternatives."""
        reasons = read_indications(
            order.resource, case.references, self._classes, today=self._today()
        )
        return reasons, self._ordered(order) if "daily_mg_at_most" in group.needs else ()

    def dose_that_matters(self, order: MedicationOrder, advice: DrugAdvice, case: Case) -> Hashable:
        """What of an order's dose its card would speak of; nothing where no number of the advice
        is held against it. Where the dose stands in the resource does not matter."""
        if not _has_numbers(advice) or is_for_local_use(order):
            return ()
        ordered = self._ordered(order)
        if not self._doses(ordered, advice, case.patient):
            return ()
        return tuple(replace(each, path="", text="") for each in ordered)

    def order_card(
        self,
        orders: Sequence[MedicationOrder],
        question: Question,
        face: Face,
        case: Case,
        context: CardContext,
    ) -> Card | None:
        """The card of a face for these orders of this patient, which nothing that counts tells
        apart; None where they follow the advice already."""
        advice, order = face.advice, orders[0]
        if is_for_local_use(order):
            local = replace(face, summary=local_summary(advice.drug))
            card = order_card(local, order, case.results, context)
            return of_several(card, orders, advice.drug)
        ordered = self._ordered(order) if _has_numbers(advice) else ()
        doses = self._doses(ordered, advice, case.patient)
        if is_at_advised_dose(advice, doses):
            return None
        extras = self._extras(ordered, advice, doses, case)
        changes = self._what_if(question, advice, case)
        changes += tuple(by_measures(extras.doses, case.patient))
        extras = replace(extras, changes=foremost(changes))
        named = named_alternatives(advice)
        if named:
            judged, note = self._judge(named, orders, advice, case)
            extras = replace(extras, alternatives=judged, alternatives_note=note)
        card = order_card(face, order, case.results, context, extras)
        return of_several(card, orders, advice.drug, advice.recommendations, extras)

    def _doses(
        self, ordered: Sequence[OrderedDose], advice: DrugAdvice, patient: PatientContext
    ) -> Doses:
        """The numbers of each advice for this patient. Those of two sources or populations are no
        alternatives of each other: they stay apart. Of sources that do not lead only what a dose
        must not exceed is held against the order."""
        doses: Doses = {}
        rows = [(e, r) for e in advice.leading for r in given(e.answer) if r.dose]
        for e, r in sorted(rows, key=lambda each: weight(each[1])):
            key = (r.advice, r.population_label)
            if NO_GROUP in r.caveats or key in doses:
                continue  # a number for nobody's group judges nobody's order
            found = (
                doses_of(r, ordered)
                if e.is_computed
                else doses_for_patient(r.dose, ordered, patient, today=self._today())
            )
            if found:
                doses[key] = found
        others = [e for e in advice.sources if e.stance not in ("leads", "silent")]
        for each in others:
            for r in given(each.answer):
                if not r.dose:
                    continue
                numbers = doses_for_patient(r.dose, ordered, patient, today=self._today())
                ceilings = tuple(d for d in numbers if d.kind == "ceiling" and not d.conditional)
                if ceilings:
                    who = f"{each.source}, {r.population_label}".removesuffix(", ")
                    doses[f"{each.source} {r.advice}", who] = ceilings
        return doses

    def _extras(
        self,
        ordered: Sequence[OrderedDose],
        advice: DrugAdvice,
        doses: Doses,
        case: Case,
    ) -> Extras:
        """What this patient and this order add to the card."""
        several = len({who for _, who in doses}) > 1
        shown = [
            (who if several else "", dose)
            for (_, who), each in doses.items()
            for dose in each
            if dose.kind != "reference"  # the usual dose is no advice
        ]
        amounts = {suggested_amount(each, ordered) for each in doses.values()}
        amount = amounts.pop() if len(amounts) == 1 else None
        return Extras(
            tuple(shown),
            above=self._above(advice, doses, case.patient),
            is_settled=self._is_settled(advice, doses, case.patient),
            suggested=(str(amount), "mg") if amount is not None else None,
            lines=self._scores(advice, case),
            limits=self._not_looked_at(advice, case),
        )

    def _above(self, advice: DrugAdvice, doses: Doses, patient: PatientContext) -> str:
        """What the order is above: what a source calls the most, or, for a drug that is not in use
        yet, every dose that the advice states. One in use may have been titrated."""
        not_shown = {r.population_label for r in advice.recommendations if _is_not_known(r)}
        doses = {key: each for key, each in doses.items() if key[1] not in not_shown}
        for (_, who), each in doses.items():
            for dose in each:
                if dose.kind == "ceiling" and not dose.conditional and dose.judgement == "above":
                    source = who.partition(",")[0]
                    is_other = source in self._rulebook.precedence
                    return f"{source}'s maximum" if is_other else "the advised dose"
        taken = any(
            drug.rxcui == advice.rxcui
            for medicine in patient.medicines
            if medicine.state in ("active", "ended")
            for drug in medicine.drugs
        )
        is_above = {judge(each) for each in doses.values()} == {"above"} and not taken
        return "the advised dose" if is_above else ""

    def _is_settled(self, advice: DrugAdvice, doses: Doses, patient: PatientContext) -> bool:
        """Whether advice about the dose alone comes long after the drug was begun."""
        found = advice.recommendations
        if any(r.serious or r.action not in DOSE_ALONE for r in found):
            return False
        return is_settled(patient, advice.rxcui, doses.values(), self._today())

    def _scores(self, advice: DrugAdvice, case: Case) -> tuple[str, ...]:
        """What a risk score adds for a drug that has one."""
        dosing = self._knowledge.dosing
        if dosing is None or advice.rxcui != dosing.abcd_gene.rxcui:
            return ()
        populations = {r.population for r in advice.recommendations if r.population_label}
        if populations and populations.isdisjoint(_CORONARY):
            return ()
        result = case.results.get("CYP2C19")
        found = abcd_gene(result, case.patient, dosing, today=self._today())
        return (found.text,) if found else ()

    def _not_looked_at(self, advice: DrugAdvice, case: Case) -> tuple[Caveat, ...]:
        """Without the medicines in use a phenotype stands as if nothing acted on it; without the
        problems and the measures nobody knows which group a patient is of."""
        patient = case.patient
        genes = {gene for r in advice.recommendations for gene in r.genes}
        caveats: list[Caveat | None] = []
        if not self._acted_on.isdisjoint(genes):
            in_use = (each.order for each in patient.medicines if each.state == "active")
            caveats += [medicines_not_seen(patient), unreadable_medicines(in_use)]
        caveats.append(lists_not_obtained(patient))
        return tuple(each for each in caveats if each is not None)

    def _judge(
        self,
        named: Iterable[AlternativeVerdict],
        orders: Sequence[MedicationOrder],
        advice: DrugAdvice,
        case: Case,
    ) -> tuple[dict[str, AlternativeVerdict], str]:
        """The named alternatives judged by everything known of this patient, and what stands under
        them. The orders are what would be replaced: their drug acts on nothing any more. Where
        nothing is ordered it is the drug itself, if it is in use."""
        order = orders[0] if orders else None
        reasons = (
            read_indications(order.resource, case.references, self._classes, today=self._today())
            if order
            else ()
        )
        leaves = {order.reference for order in orders} or {
            medicine.reference
            for medicine in case.patient.medicines
            if {drug.rxcui for drug in medicine.drugs} == {advice.rxcui}
        }
        patient = replace(
            case.patient,
            conditions=(*case.patient.conditions, *reasons),
            medicines=tuple(m for m in case.patient.medicines if m.reference not in leaves),
        )
        others = tuple(each for each in case.acting if each.reference not in leaves)
        left = replace(case, patient=patient, acting=others)
        judged = judge_alternatives(
            named,
            patient,
            self._knowledge.alternative_facts,
            with_medicines=lambda each: self._with_medicines(each, order, left),
            today=self._today(),
        )
        return judged, alternatives_note(patient)

    def _with_medicines(
        self, alternative: AlternativeVerdict, order: MedicationOrder | None, case: Case
    ) -> tuple[Verdict, str] | None:
        """The verdict of an alternative whose genes other medicines act on; None where none do."""
        groups = self._rulebook.for_ingredients([Drug(alternative.rxcui, alternative.name)])
        if not alternative.rxcui or not groups:
            return None
        modifiers = self._modifiers(groups[0], case)
        if not modifiers:
            return None
        situation = self._situation(order, groups[0], case.patient, case.references)
        return judged_with_medicines(
            advise(
                groups[0],
                case.results,
                self._rulebook,
                situation=replace(situation, daily_dose=None),
                modifiers=modifiers,
                judge_alternatives=False,
            )
        )

    def whole(
        self, advice: DrugAdvice, case: Case, orders: Sequence[MedicationOrder] = ()
    ) -> DrugAdvice:
        """The advice with the alternatives of every source judged as those of a card are."""
        answers = [r for each in advice.sources for r in given(each.answer)]
        named = {a.name: a for r in answers for a in r.alternatives}
        if not named:
            return advice
        judged, _ = self._judge(named.values(), orders, advice, case)

        def told(r: Recommendation) -> Recommendation:
            return replace(r, alternatives=tuple(judged.get(a.name, a) for a in r.alternatives))

        sources = tuple(
            replace(
                each,
                answer=each.answer
                if isinstance(each.answer, Unanswered)
                else tuple(map(told, each.answer)),
                possible=tuple(
                    replace(p, recommendation=told(p.recommendation)) for p in each.possible
                ),
            )
            for each in advice.sources
        )
        return replace(advice, sources=sources)

    def explained(self, order: MedicationOrder | None, group: DrugGroup, case: Case) -> Explained:
        """One drug with all that led to its advice, and what would change it."""
        question = self.question(order, group, case)
        advice = self.answer_of(question, case)
        doses = self._doses(self._ordered(order), advice, case.patient)
        shown = tuple((who, dose) for (_, who), each in doses.items() for dose in each)
        changes = (*self._what_if(question, advice, case), *by_measures(shown, case.patient))
        return Explained(
            self.whole(advice, case, (order,) if order else ()),
            population_fits(group, question.situation, question.results),
            question.modifiers,
            shown,
            foremost(changes),
            order.reference if order else "",
        )

    def _what_if(self, question: Question, advice: DrugAdvice, case: Case) -> tuple[Change, ...]:
        """The facts that would change an answer. What of it no patient's own data decide is kept
        as the answer is: the key says all of it."""
        group, results = question.group, question.results
        ask = self._ask(question, case)
        facts = unstated(group, question.situation)
        key = (question.key, hypothetical_fits(group, facts, results)) if question.key else None

        def of_anybody() -> tuple[Change, ...]:
            return (
                *by_tests(group, advice, results, self._possible, ask),
                *by_readings(group, advice, results, self._possible, ask),
                *by_situation(group, facts, advice, ask),
            )

        general = self.changes.get(key, of_anybody)
        own = by_medicines(group, advice, ask)
        definitions = self._knowledge.definitions
        own += by_positions(group, advice, results, definitions, self._recalled(case), ask)
        return (*own, *general)

    def _ask(self, question: Question, case: Case) -> Ask:
        """The engine for one question, to be asked again with one thing changed."""

        def ask(
            *,
            results: Mapping[str, GeneResult] | None = None,
            situation: Situation | None = None,
            without: str = "",
        ) -> DrugAdvice:
            found = {**question.results, **(results or {})}
            changed = replace(case, results={**case.results, **found})
            modifiers = question.modifiers
            if results or without:
                modifiers = self._modifiers(question.group, changed, without=without)
            return advise(
                question.group,
                found,
                self._rulebook,
                situation=situation or question.situation,
                modifiers=modifiers,
                computed=self._computed(question.group, changed),
                judge_alternatives=False,
            )

        return ask

    def _recalled(self, case: Case) -> Recalled:
        """A gene called again with one position read. None where the calls at hand do not give the
        present result: what was made of more than them is not made anew from them."""
        sound: dict[str, bool] = {}

        def call(gene: str, sites: tuple[SiteCall, ...]) -> GeneResult:
            statements = [each for each in case.statements if each.gene == gene]
            task = Gene(self._knowledge.genes[gene], statements, [sites])
            return self._genes.call(task, case.patient.sex, case.calling)[0]

        def recalled(gene: str, site: str, alleles: tuple[str, ...]) -> GeneResult | None:
            calls = case.sites.get(gene, ())
            if len({each.site for each in calls}) < len(calls) or not calls:
                return None  # several sources: they may disagree
            if gene not in sound:
                now, before = call(gene, calls), case.results[gene]
                sound[gene] = (now.lookup_keys, now.status) == (before.lookup_keys, before.status)
            copies = max(len(each.alleles) for each in calls)
            if not sound[gene] or (copies == 1 and len(set(alleles)) > 1):
                return None
            read = SiteCall(gene, site, alleles[:copies], build=calls[0].build)
            return call(gene, (*(each for each in calls if each.site != site), read))

        return recalled


def _has_numbers(advice: DrugAdvice) -> bool:
    return any(r.dose for e in advice.sources for r in given(e.answer))


def _is_not_known(r: Recommendation) -> bool:
    """Whether nobody knows that the population of a recommendation is this patient's."""
    return bool(r.population_label) and r.population_fit == "unknown"
