"""From what was sent to a card, stage by stage; the one module that knows every stage.

    read (fhir, vcf, outside) → sites (normalize) → call, gather (genotype) → conclude (phenotype)
    → recommend (recommendation) → cards

A stage takes values and returns values. One gene's fault becomes that gene's caveat: the others
are answered all the same, and a failure is never an empty answer.
"""

import logging
import traceback
import uuid
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from fhir_pgx.cards import (
    admission_card,
    offer_tests,
    order_card,
    ordered_test_card,
    pretest_card,
    summary_card,
    unanswered_card,
)
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.extras import Extras
from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.cards.intolerance import intolerance_card
from fhir_pgx.cards.order import Face, face_of, is_quiet, is_unremarkable
from fhir_pgx.cards.overflow import overflow_card
from fhir_pgx.cards.policy import apply_policy, split_at_cap
from fhir_pgx.cards.pretest import Requester
from fhir_pgx.cards.problem import problem_card
from fhir_pgx.cards.summary import ADMISSION, APPOINTMENT, CHART, DISCHARGE
from fhir_pgx.cards.unclear import unclear_card
from fhir_pgx.errors import DataUnavailable, MixedPatients, UnknownDrug
from fhir_pgx.fhir.allergies import read_allergies
from fhir_pgx.fhir.bundle import Entry, References, as_text, logical_id
from fhir_pgx.fhir.conditions import read_conditions, read_indications
from fhir_pgx.fhir.dosage import read_doses
from fhir_pgx.fhir.dosage_units import product_strength
from fhir_pgx.fhir.medication import ORDERS, is_for_discharge, read_orders
from fhir_pgx.fhir.patient_context import read_patient_context
from fhir_pgx.fhir.practitioner import read_specialties
from fhir_pgx.fhir.reading import read
from fhir_pgx.fhir.tests_ordered import read_test_orders
from fhir_pgx.genotype import CallTable, build_table, call_sources, gather
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.loader import load_knowledge
from fhir_pgx.knowledge.policy import load_policy
from fhir_pgx.memory import (
    Memory,
    concept_key,
    result_key,
    statement_key,
    with_origin,
    without_origin,
)
from fhir_pgx.model.card import Card
from fhir_pgx.model.change import Change
from fhir_pgx.model.document import Calling, Document, Options
from fhir_pgx.model.dose import DoseForPatient, OrderedDose
from fhir_pgx.model.drug import Coding, Drug, DrugMatch, MedicationConcept, MedicationOrder
from fhir_pgx.model.explained import Explained
from fhir_pgx.model.finding import Caveat, NotUnderstood, Reading, Statement
from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.model.knowledge import GeneRules, Knowledge, Vocabulary
from fhir_pgx.model.modifier import Modifier
from fhir_pgx.model.patient import PatientContext
from fhir_pgx.model.phenotype import GeneResult, Interpretation, Status
from fhir_pgx.model.policy import EVERYTHING, Policy
from fhir_pgx.model.recommendation import (
    AlternativeVerdict,
    Answer,
    DrugAdvice,
    Unanswered,
    Verdict,
    given,
    weight,
)
from fhir_pgx.model.test_order import TestOrder
from fhir_pgx.model.test_plan import Need, TestPlan
from fhir_pgx.model.variant import SiteCall
from fhir_pgx.normalize.drug import resolve
from fhir_pgx.normalize.observed_sites import ObservedSites, read_observed_sites
from fhir_pgx.normalize.sites import SiteIndex
from fhir_pgx.phenotype import (
    blind_to_structure,
    caveat_of,
    conclude,
    faulty,
    find_interactions,
    looked_at,
    modify,
    not_asked,
    not_called_from,
    not_tested,
    not_the_tumour,
    possible_results,
)
from fhir_pgx.recommendation import (
    Computed,
    DrugGroup,
    Rulebook,
    Situation,
    abcd_gene,
    advise,
    bearing_of,
    doses_for_patient,
    fits_of,
    judge,
    judge_named,
    needs_of,
    no_guidance,
    plan_tests,
    recommend_warfarin,
    repeated_tests,
    suggested_amount,
)
from fhir_pgx.recommendation.alternatives import (
    alternatives_note,
    judge_alternatives,
    judged_with_medicines,
)
from fhir_pgx.recommendation.population_why import population_fits
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
from fhir_pgx.reports.plain import write_interpretation, write_recommendations
from fhir_pgx.reports.text import interpretation_text
from fhir_pgx.reports.trace import write_trace
from fhir_pgx.reports.trace_text import trace_text
from fhir_pgx.settings import Settings
from fhir_pgx.sources import Genome, Given, Reader
from fhir_pgx.terminology import RXNORM

log = logging.getLogger("fhir_pgx.pipeline")

NAMESPACE = uuid.UUID("6f0d2a0e-4b5c-5d1e-9a53-0c5f7c2f9b11")  # ours, for ids made from names
AS_USUAL = Calling()
NOT_AS_REFERENCE = Caveat(
    "PGX-537",
    "Positions not in the data were not taken as reference, although asked: the VCF has lines or "
    "contigs that could not be used, or breaks off.",
)
NOTHING_OBSERVED = ObservedSites({})
WARFARIN_GENES = ("CYP2C9", "CYP4F2", "VKORC1")
NO_MEDICINES = Caveat(
    "PGX-625",
    "Medicines in use did not reach this service: interactions with them were not looked for.",
)
_CHART_HOOKS = {
    "patient-view": CHART,
    "encounter-start": ADMISSION,
    "encounter-discharge": DISCHARGE,
    "appointment-book": APPOINTMENT,
}
_PRESCRIBERS = ("Practitioner/", "PractitionerRole/")
_IN_USE = ("active", "in-use", "intended", "in-progress", "")
SiteCalls = dict[str, list[tuple[SiteCall, ...]]]  # by gene, one tuple a source


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds an answer: see the settings of the same names."""

    max_cards: int = 10
    max_bytes: int = 500_000_000
    max_depth: int = 64
    untested_cards: str = "important"
    precedence: tuple[str, ...] = ("CPIC", "DPWG", "FDA")
    policy: Policy = EVERYTHING


class Pipeline:
    """The stages with the knowledge they need; made once, shared by every thread."""

    def __init__(
        self,
        knowledge: Knowledge,
        drug_codes: DrugCodes,
        limits: Limits | None = None,
        *,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self.knowledge = knowledge
        self.drug_codes = drug_codes
        self.limits = limits or Limits()
        self.rulebook = Rulebook(knowledge, self.limits.precedence)
        self._today = today
        self._acted_on = frozenset(
            agent.gene for agents in knowledge.interactions.by_rxcui.values() for agent in agents
        )
        self._classes = (*knowledge.condition_classes, *knowledge.alternative_facts.conditions)
        self._index = SiteIndex(knowledge.definitions.values())
        self._tables = {
            gene: build_table(definition, knowledge.genes[gene])
            for gene, definition in knowledge.definitions.items()
        }
        self._reader = Reader(
            knowledge.vocabulary,
            self._index,
            max_bytes=self.limits.max_bytes,
            max_depth=self.limits.max_depth,
        )
        self._not_tested = {gene: not_tested(gene) for gene in knowledge.genes}
        self._matches: Memory[DrugMatch | None] = Memory()
        self._results: Memory[_Concluded] = Memory()
        self._advised: Memory[tuple[DrugAdvice, Face | None]] = Memory()
        self._changes: Memory[tuple[Change, ...]] = Memory()
        self._possible = {gene: possible_results(rules) for gene, rules in knowledge.genes.items()}

    @classmethod
    def load(cls, settings: Settings) -> "Pipeline":
        """With the installed knowledge and the site's policy.

        Raises BrokenKnowledge where the artefact does not match its hash, InvalidPolicy.
        """
        knowledge = load_knowledge()
        policy = load_policy(settings.policy, knowledge)
        limits = Limits(
            max_cards=settings.max_cards,
            max_depth=settings.max_depth,
            untested_cards=policy.untested_cards or settings.untested_cards,
            precedence=settings.sources,
            policy=policy,
        )
        return cls(knowledge, DrugCodes(), limits)

    # Reading and interpreting

    def interpret(
        self,
        entries: Sequence[Entry],
        genomes: Sequence[Genome] = (),
        outside: Sequence[Statement] = (),
        calling: Calling = AS_USUAL,
    ) -> Interpretation:
        """What is known of each gene from these data of one patient.

        Genes nobody spoke of are `not-tested`. Alleles are called from variants where no report
        states the result, and held against it where one does.
        """
        reading = read(entries, self.knowledge.vocabulary)
        sex = _sex(entries)
        by_gene: dict[str, list[Statement]] = defaultdict(list)
        for statement in (*reading.statements, *outside):
            by_gene[statement.gene].append(statement)
        sites, notes, observed = self._sites(reading, genomes, sex)
        if calling.missing_as_reference and not all(genome.is_whole for genome in genomes):
            # A line that could not be used would become the reference, which nobody has read.
            calling = replace(calling, missing_as_reference=False)
            reading = replace(reading, caveats=(*reading.caveats, NOT_AS_REFERENCE))
            told = {gene: (*notes.get(gene, ()), NOT_AS_REFERENCE) for gene in sites}
            notes = {**notes, **told}
        if calling.missing_as_reference:
            self._add_unread_genes(sites, genomes, calling)
        left = list(observed.not_understood)
        looked_for = {*reading.refused_genes, *observed.refused_genes}
        results = dict(self._not_tested)
        for gene, rules in self.knowledge.genes.items():
            statements = by_gene.pop(gene, None)
            if gene in sites:
                build = next((g.builds[0] for g in genomes if g.builds), "")
                task = _Gene(rules, statements or [], sites[gene], notes.get(gene, ()), build)
                results[gene], refused = self._call(task, sex, calling)
                left += refused
            elif statements is not None:
                results[gene], refused = self._conclude(statements, rules, sex)
                left += refused
            elif reading.variants and (found := not_called_from(reading.variants, gene)):
                results[gene] = found
            if gene not in sites and (gene in notes or gene in looked_for):
                results[gene] = looked_at(results[gene], notes.get(gene, ()))
        for gene, statements in by_gene.items():
            left += [
                NotUnderstood(
                    statement.origin.reference,
                    f"our release holds no rules for the gene {gene}",
                    statement.origin.path,
                )
                for statement in statements
            ]
        for gene in observed.tumour_genes:
            if results[gene].status is Status.NOT_TESTED:
                caveats = (*results[gene].caveats, not_the_tumour(gene))
                results[gene] = replace(results[gene], caveats=caveats)
        if left:
            not_understood = (*reading.not_understood, *dict.fromkeys(left))
            reading = replace(reading, not_understood=not_understood)
        used = {
            gene: tuple(call for calls in each for call in calls) for gene, each in sites.items()
        }
        subject = _subject(reading, genomes)
        return Interpretation(subject, results, reading, used, observed.resolved)

    def _sites(
        self, reading: Reading, genomes: Sequence[Genome], sex: str
    ) -> tuple[SiteCalls, Mapping[str, tuple[Caveat, ...]], ObservedSites]:
        """The calls at decision positions by gene and source, what must be said of them, and what
        the variants of resources gave."""
        sites: SiteCalls = defaultdict(list)
        notes: dict[str, tuple[Caveat, ...]] = {}
        observed = NOTHING_OBSERVED
        for genome in genomes:
            for gene, calls in genome.by_gene.items():
                sites[gene].append(calls)
                notes[gene] = (*notes.get(gene, ()), *genome.caveats)
            for gene, caveats in genome.gene_caveats.items():
                notes[gene] = (*notes.get(gene, ()), *caveats)
        if reading.variants:
            observed = self._observed(reading, sex)
            for gene, calls in observed.by_gene.items():
                sites[gene].append(calls)
            for gene, caveats in observed.gene_caveats.items():
                notes[gene] = (*notes.get(gene, ()), *caveats)
        return sites, notes, observed

    def _observed(self, reading: Reading, sex: str) -> ObservedSites:
        """The calls of the resources' variants. A fault of ours there may concern any gene: each is
        told of it, and the statements of reports still count."""
        try:
            return read_observed_sites(
                reading.variants, reading.phases, reading.sequences, self._index, sex=sex
            )
        except Exception as error:  # noqa: BLE001 - as in _guarded
            log_fault("the variants", error)
            notes = {gene: faulty(gene, ()).caveats for gene in self._tables}
            return ObservedSites({}, gene_caveats=notes)

    def _add_unread_genes(
        self,
        sites: SiteCalls,
        genomes: Sequence[Genome],
        calling: Calling,
    ) -> None:
        """A VCF of variants alone has no line of a gene that is all reference. A file whose build
        nothing shows has no reference either."""
        if len({genome.builds for genome in genomes if genome.builds}) != 1:
            return
        for gene, table in self._tables.items():
            if gene not in sites and (calling.cyp2d6_from_snvs or not table.definition.on_request):
                sites[gene] = [()]

    def _call(self, task: "_Gene", sex: str, calling: Calling) -> "_Concluded":
        """A gene of which variants are at hand, with what is stated of it beside."""
        table = self._tables[task.rules.gene]
        if table.definition.on_request and not calling.cyp2d6_from_snvs:
            if task.statements:
                return self._conclude(task.statements, task.rules, sex)
            return not_asked(task.rules.gene, [call for each in task.sites for call in each]), ()
        vocabulary = self.knowledge.vocabulary
        return _guarded(task, lambda: _one_called_gene(task, table, vocabulary, sex, calling))

    def _conclude(self, statements: list[Statement], rules: GeneRules, sex: str) -> "_Concluded":
        vocabulary = self.knowledge.vocabulary
        key = statement_key(statements, sex)
        if key is None:
            return _one_gene(statements, rules, vocabulary, sex)
        origin = statements[0].origin
        kept, refused = self._results.get(
            key,
            lambda: _nobodys(_one_gene(statements, rules, vocabulary, sex)),
            # What was not read may be anybody's words: neither they nor their place are kept.
            is_plain=lambda found: bool(found[0].lookup_keys) and not found[1],
        )
        if refused or not kept.lookup_keys:  # what was not usable is told with its own place
            return _one_gene(statements, rules, vocabulary, sex)
        return with_origin(kept, origin), ()

    def interpret_documents(self, documents: Sequence[Document], options: Options) -> Any:
        """The answer of `interpret`: a JSON value, or text. Raises MixedPatients and what reading
        a document raises."""
        interpretation, _ = self._interpret_all(documents, options)
        return self._written(interpretation, options)

    def interpret_samples(self, document: Document, options: Options) -> Iterator[Any]:
        """The answer of `interpret` for each sample of a VCF. Raises UnreadableVcf."""
        for sample in self._reader.read_samples(document):
            yield self._written(self._interpret_given(sample, options), options)

    def _written(self, interpretation: Interpretation, options: Options) -> Any:
        if options.format == "text":
            return interpretation_text(interpretation, self.knowledge)
        return write_interpretation(interpretation, self.knowledge)

    def recommend_documents(self, documents: Sequence[Document], options: Options) -> Any:
        """The answer of `recommend`; without drugs, of every drug that the findings concern.

        Raises UnknownDrug for a name or code that no table knows.
        """
        interpretation, asked = self._ask_all(documents, options)
        answers: list[Answer] = []
        for each in asked:
            if isinstance(each.advice, Unanswered):
                answers.append(each.advice)
                continue
            # A source without a usable result says no more than the others that have none.
            sources = each.advice.sources
            told = [source.answer for source in sources if isinstance(source.answer, tuple)]
            answers += told or [source.answer for source in sources[:1]]
        return write_recommendations(interpretation, answers, self.knowledge)

    def explain_documents(self, documents: Sequence[Document], options: Options) -> Any:
        """The answer of `explain`: the whole way from each resource to each row, and what single
        fact would change the advice; a JSON value, or text.

        Raises as `recommend_documents` does.
        """
        interpretation, asked = self._ask_all(documents, options, explain=True)
        if options.format == "text":
            return trace_text(interpretation, asked, self.knowledge)
        return write_trace(interpretation, asked, self.knowledge)

    def explain_call(self, call: HookCall) -> Any:
        """The trace behind the cards of one call, of every order that guidance was found for: those
        that got no card too."""
        references = References((*call.drafts, *call.evidence))
        drafts = self._orders(call.drafts, references, proposed=True)
        orders = drafts
        if not drafts:
            orders = self._orders(call.evidence, references, proposed=False)
            orders = [order for order in orders if order.status in _IN_USE]
        if call.selections is not None:
            orders = [order for order in orders if order.reference in call.selections]
        interpretation = self.interpret(call.evidence)
        patient = self._patient(call.evidence, drafts, references)
        case = _case_of(interpretation, patient, references)
        asked = [
            self._explained(order, group, case)
            for order in orders
            for group in self._guidance(order)
        ]
        return write_trace(interpretation, asked, self.knowledge)

    def _ask_all(
        self, documents: Sequence[Document], options: Options, *, explain: bool = False
    ) -> tuple[Interpretation, list[Explained]]:
        interpretation, entries = self._interpret_all(documents, options)
        references = References(entries)
        patient = self._patient(entries, (), references)
        asked: list[Explained] = []
        wanted = [] if options.drugs else self._concerned(interpretation)
        for name in dict.fromkeys(options.drugs):
            found = self.drug_groups(name)
            wanted += found
            if not found:
                asked.append(Explained(no_guidance(name)))
        case = _case_of(interpretation, patient, references, options.calling)
        for group in wanted:
            if explain:
                asked.append(self._explained(None, group, case))
            else:
                asked.append(Explained(self._answer_of(self._question(None, group, case), case)))
        return interpretation, asked

    def _answer_of(self, question: "_Question", case: "_Case") -> DrugAdvice:
        """The answer with where its results come from, as no other patient may be given it."""
        return advise(
            question.group,
            case.results,
            self.rulebook,
            situation=question.situation,
            modifiers=question.modifiers,
            computed=question.computed,
        )

    def _explained(
        self, order: MedicationOrder | None, group: DrugGroup, case: "_Case"
    ) -> Explained:
        """One drug with all that led to its advice, and what would change it."""
        question = self._question(order, group, case)
        advice = self._answer_of(question, case)
        doses = self._doses(self._ordered(order), advice, case.patient)
        shown = tuple((who, dose) for (_, who), each in doses.items() for dose in each)
        changes = (*self._what_if(question, advice, case), *by_measures(shown, case.patient))
        return Explained(
            advice,
            population_fits(group, question.situation, question.results),
            question.modifiers,
            shown,
            foremost(changes),
            order.reference if order else "",
        )

    def drug_groups(self, name: str) -> tuple[DrugGroup, ...]:
        """The guidance for a drug by name or RxNorm code; empty where none is held for it.

        Raises UnknownDrug where neither our rules nor the code tables know the name.
        """
        named = self.rulebook.named(name)
        if named:
            return named
        concept = (
            MedicationConcept((Coding(RXNORM, name),))
            if name.isdigit()
            else MedicationConcept(text=name)
        )
        match = resolve(concept, self.drug_codes)
        if match is None or not match.ingredients:
            raise UnknownDrug(
                f"{name} is not a drug name or RxNorm code that we know",
                where="drug",
                mend="give an ingredient's name or its RxNorm code",
            )
        return self.rulebook.for_ingredients(match.ingredients)

    def _interpret_all(
        self, documents: Sequence[Document], options: Options
    ) -> tuple[Interpretation, tuple[Entry, ...]]:
        sample = options.calling.sample
        given = self._reader.read(documents, options.outside_calls, sample)
        return self._interpret_given(given, options), given.entries

    def _interpret_given(self, given: Given, options: Options) -> Interpretation:
        interpretation = self.interpret(
            given.entries, given.genomes, given.statements, options.calling
        )
        reading = interpretation.reading
        if len(reading.subjects) > 1:
            raise MixedPatients(
                f"the data speak of {len(reading.subjects)} patients",
                where="subject",
                mend="send the data of one patient at a time",
            )
        not_understood = (*reading.not_understood, *given.not_understood)
        return replace(interpretation, reading=replace(reading, not_understood=not_understood))

    def _concerned(self, interpretation: Interpretation) -> list[DrugGroup]:
        found: dict[int, DrugGroup] = {}
        for gene, result in interpretation.genes.items():
            if result.status is not Status.NOT_TESTED:
                for group in self.rulebook.for_gene(gene):
                    found.setdefault(id(group), group)
        return sorted(found.values(), key=lambda group: group.drug.name)

    # The patient beyond the genes

    def _patient(
        self,
        entries: Sequence[Entry],
        drafts: Sequence[MedicationOrder],
        references: References,
        looked_for: frozenset[str] = frozenset(),
    ) -> PatientContext:
        return read_patient_context(
            entries,
            references,
            classes=self._classes,
            orders=self._orders(entries, references, proposed=False),
            drafts=drafts,
            match=self._match,
            today=self._today(),
            looked_for=looked_for,
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
                    self.knowledge.condition_classes,
                    today=self._today(),
                )
                if order
                else ()
            )
            for name in condition.classes
        )
        daily = [dose.daily for dose in self._ordered(order) if dose.daily_unit == "mg"]
        return Situation(
            age_years=patient.age_years,
            weight=patient.weight.value if patient.weight else None,
            reasons=reasons,
            conditions=frozenset(
                name
                for condition in patient.conditions
                if condition.state != "resolved"
                for name in condition.classes
            ),
            days_taken=_days_taken(patient, self._today()),
            daily_dose=daily[0] if len(daily) == 1 else None,
        )

    def _ordered(self, order: MedicationOrder | None) -> tuple[OrderedDose, ...]:
        if order is None:
            return ()
        return read_doses(order.resource, strength=product_strength(order.concept))

    def _modifiers(
        self,
        group: DrugGroup,
        results: Mapping[str, GeneResult],
        patient: PatientContext,
        *,
        without: str = "",
    ) -> dict[str, dict[str, Modifier]]:
        """What the patient's other medicines do to the genes of each guideline of a drug; `without`
        leaves out one agent by its name in our table."""
        if not patient.medicines and patient.smokes is None:
            return {}
        table = self.knowledge.interactions
        victims = frozenset(group.ingredients)
        acting = [
            each
            for each in find_interactions(patient, table, self._today(), victims=victims)
            if each.agent != without
        ]
        found: dict[str, dict[str, Modifier]] = {}
        for entry in group.entries if acting else ():
            for gene in entry.rules.genes:
                mine = tuple(each for each in acting if each.gene == gene)
                if not mine:
                    continue
                rule = table.rule_of(entry.guideline.id, gene, entry.rules.rxcui)
                made = modify(gene, results[gene], mine, self.knowledge.genes[gene], rule)
                if made is not None:
                    made = replace(made, caveat=caveat_of(made))
                    found.setdefault(entry.guideline.id, {})[gene] = made
        return found

    def _computed(self, group: DrugGroup, case: "_Case") -> tuple[Computed, ...]:
        """The answers of sources that state an equation where others have rows."""
        dosing = self.knowledge.dosing
        if dosing is None or group.ingredients != (dosing.warfarin.rxcui,):
            return ()
        if "CPIC" not in self.rulebook.precedence:
            return ()
        answer = recommend_warfarin(case.results, case.patient, dosing, sites=case.sites)
        return (Computed("CPIC", WARFARIN_GENES, answer),)

    # Answering a hook

    def answer(self, call: HookCall) -> HookAnswer:
        """The cards of one call, weightiest first.

        Raises DataUnavailable (412) where an order concerns a drug with guidance and the genomic
        data could neither be read from the call nor be obtained; a drug without guidance needs no
        data, and gets no card.
        """
        told = self._told(call, References((*call.drafts, *call.evidence)))
        policy = self.limits.policy
        specialties = (
            read_specialties(call.evidence, call.user_id) if policy.specialties else frozenset()
        )
        kept = apply_policy(told, policy, hook=call.hook, specialties=specialties)
        most = policy.max_cards(call.hook, self.limits.max_cards)
        shown, named = split_at_cap(kept.cards, most)
        if named:
            shown = (*shown, overflow_card(named, self._context(call)))
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
            orders = drafts = self._orders(call.drafts, references, proposed=True)
        if call.selections is not None:
            orders = [order for order in orders if order.reference in call.selections]
        guided = [(order, groups) for order in orders if (groups := self._guidance(order))]
        context = self._context(call)
        unclear = [card for order in orders if (card := self._unclear(order, context))]
        drafted = read_test_orders(call.drafts, self.knowledge.vocabulary)
        tests = self._asked_tests(drafted, call)
        if not (guided or tests):
            return unclear
        case, context = self._case(call, drafts, references)
        running = read_test_orders(call.evidence, self.knowledge.vocabulary)
        case = replace(
            case,
            tests=(*running, *drafted),
            requester=self._requester(call, orders),
        )
        if call.hook in _CHART_HOOKS:
            return self._of_chart(call, guided, case, context)
        cards = self._cards(guided, case, context) + unclear
        cards += [
            ordered_test_card(each, case.results, context)
            for each in repeated_tests(tests, running, case.results)
        ]
        return cards

    def _case(
        self, call: HookCall, drafts: Sequence[MedicationOrder], references: References
    ) -> tuple["_Case", CardContext]:
        """The patient of a call that needs the genomic data. Raises DataUnavailable."""
        if call.genomics in ("unavailable", "missing"):
            raise _unavailable("genomic results", call)
        interpretation = self.interpret(call.evidence)
        unread = {item.reference for item in interpretation.reading.not_understood}
        patient = self._patient(call.evidence, drafts, references, call.looked_for)
        case = _case_of(interpretation, patient, references)
        return case, replace(self._context(call), unread=len(unread))

    def _context(self, call: HookCall) -> CardContext:
        return CardContext(
            uuid.uuid5(NAMESPACE, f"{call.service_id} {call.hook_instance} {call.patient_id}"),
            self.knowledge.release,
            self.knowledge.sha256,
            incomplete=call.incomplete,
            untested=self.limits.untested_cards,
        )

    def _unclear(self, order: MedicationOrder, context: CardContext) -> Card | None:
        """A card for an order that names several drugs, where any of them has guidance."""
        if order.match is None or not order.proposed:
            return None
        for candidate in order.match.candidates:
            if self.rulebook.for_ingredients(candidate):
                return unclear_card(order, context)
        return None

    def _orders(
        self, entries: Sequence[Entry], references: References, *, proposed: bool
    ) -> list[MedicationOrder]:
        orders, _ = read_orders(entries, references, proposed=proposed, match=self._match)
        return list(orders)

    def _match(self, concept: MedicationConcept) -> DrugMatch | None:
        return self._matches.get(concept_key(concept), lambda: resolve(concept, self.drug_codes))

    def _guidance(self, order: MedicationOrder) -> tuple[DrugGroup, ...]:
        if order.match is not None:
            return self.rulebook.for_ingredients(order.match.ingredients)
        # A drug without an RxNorm code can only be known by its name.
        named = self.rulebook.named(order.concept.label)
        return tuple(group for group in named if not group.ingredients)

    def _cards(
        self,
        guided: Sequence[tuple[MedicationOrder, tuple[DrugGroup, ...]]],
        case: "_Case",
        context: CardContext,
    ) -> list[Card]:
        cards: list[Card | None] = []
        questions = [
            (order, self._question(order, group, case))
            for order, groups in guided
            for group in groups
        ]
        judged = [(order, each, *self._answered(each)) for order, each in questions]
        plan = self._plan([(order, each.group, advice) for order, each, advice, _ in judged], case)
        for order, question, advice, spoken in judged:
            if advice.unanswered is not None:
                cards.append(self._unanswered(order, advice, plan, case, context))
                continue
            # What did not reach us may say otherwise.
            is_told = context.incomplete and advice.important
            face = face_of(advice) if spoken is None and is_told else spoken
            if face is not None:
                cards.append(self._order_card(order, question, face, case, context))
        told = [card for card in cards if card is not None]
        return offer_tests(told, plan, case.requester, context)

    def _order_card(
        self,
        order: MedicationOrder,
        question: "_Question",
        face: Face,
        case: "_Case",
        context: CardContext,
    ) -> Card | None:
        """The card of a face for this patient; None where the order follows the advice already."""
        advice, ordered = face.advice, self._ordered(order)
        doses = self._doses(ordered, advice, case.patient)
        if _is_at_advised_dose(advice, doses):
            return None
        extras = self._extras(ordered, advice, doses, case)
        changes = self._what_if(question, advice, case)
        changes += tuple(by_measures(extras.doses, case.patient))
        extras = replace(extras, changes=foremost(changes))
        extras = self._with_alternatives(extras, order, advice, case)
        return order_card(face, order, case.results, context, extras)

    def _unanswered(
        self,
        order: MedicationOrder,
        advice: DrugAdvice,
        plan: TestPlan,
        case: "_Case",
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
        judged: Sequence[tuple[MedicationOrder, DrugGroup, DrugAdvice]],
        case: "_Case",
    ) -> TestPlan:
        """What the orders, and the medicines in use beside them, wait for. A drug that is not to be
        given by what is known already waits for nothing."""
        levels = self.knowledge.levels
        needs: list[Need] = []
        seen = set()
        for order, group, advice in judged:
            seen.add(group.drug)
            is_settled = any(r.serious for r in advice.recommendations)
            if not is_settled and not is_for_local_use(order):
                needs += needs_of(
                    group,
                    case.results,
                    levels,
                    order=order.reference,
                    in_use=not order.proposed,
                )
        for medicine in case.patient.medicines:
            if medicine.state != "active":
                continue
            for group in self.rulebook.for_ingredients(medicine.drugs):
                if group.drug not in seen:
                    seen.add(group.drug)
                    needs += needs_of(group, case.results, levels, in_use=True)
        return plan_tests(needs, case.tests, self.knowledge.panels)

    def _asked_tests(self, tests: Sequence[TestOrder], call: HookCall) -> list[TestOrder]:
        """The drafted tests of this call that our results can answer."""
        return [
            test
            for test in tests
            if (call.selections is None or test.reference in call.selections)
            and (test.is_panel or any(gene in self.knowledge.genes for gene in test.genes))
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

    def _doses(
        self, ordered: Sequence[OrderedDose], advice: DrugAdvice, patient: PatientContext
    ) -> "_Doses":
        """The numbers of each advice for this patient. Those of two sources or populations are no
        alternatives of each other: they stay apart."""
        doses: _Doses = {}
        rows = [r for e in advice.leading if not e.is_computed for r in given(e.answer)]
        for r in sorted(rows, key=weight):
            key = (r.advice, r.population_label)
            if r.dose and key not in doses:
                doses[key] = doses_for_patient(r.dose, ordered, patient, today=self._today())
        return doses

    def _extras(
        self,
        ordered: Sequence[OrderedDose],
        advice: DrugAdvice,
        doses: "_Doses",
        case: "_Case",
    ) -> Extras:
        """What this patient and this order add to the card."""
        several = len({r.population_label for r in advice.recommendations}) > 1
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
            is_above=self._is_above(advice, doses, case.patient),
            suggested=(str(amount), "mg") if amount is not None else None,
            lines=self._scores(advice, case),
            limits=self._not_looked_at(advice, case),
        )

    def _is_above(self, advice: DrugAdvice, doses: "_Doses", patient: PatientContext) -> bool:
        """Whether the order is above every dose that the advice states, for a drug that is not in
        use yet: one that is may have been titrated."""
        taken = any(
            drug.rxcui == advice.rxcui
            for medicine in patient.medicines
            if medicine.state in ("active", "ended")
            for drug in medicine.drugs
        )
        judged = {judge(each) for each in doses.values()}
        return judged == {"above"} and not taken

    def _with_alternatives(
        self, extras: Extras, order: MedicationOrder, advice: DrugAdvice, case: "_Case"
    ) -> Extras:
        """The named alternatives judged by everything known of this patient."""
        named = {a.name: a for r in advice.recommendations for a in r.alternatives}
        if not named:
            return extras
        reasons = read_indications(
            order.resource, case.references, self._classes, today=self._today()
        )
        patient = replace(
            case.patient,
            conditions=(*case.patient.conditions, *reasons),
            # The order is what would be replaced: its drug acts on nothing any more.
            medicines=tuple(m for m in case.patient.medicines if m.reference != order.reference),
        )
        judged = judge_alternatives(
            named.values(),
            patient,
            self.knowledge.alternative_facts,
            with_medicines=lambda each: self._with_medicines(each, order, patient, case),
        )
        return replace(extras, alternatives=judged, alternatives_note=alternatives_note(patient))

    def _with_medicines(
        self,
        alternative: AlternativeVerdict,
        order: MedicationOrder,
        patient: PatientContext,
        case: "_Case",
    ) -> tuple[Verdict, str] | None:
        """The verdict of an alternative whose genes other medicines act on; None where none do."""
        groups = self.rulebook.for_ingredients([Drug(alternative.rxcui, alternative.name)])
        if not alternative.rxcui or not groups:
            return None
        modifiers = self._modifiers(groups[0], case.results, patient)
        if not modifiers:
            return None
        situation = self._situation(order, groups[0], patient, case.references)
        return judged_with_medicines(
            advise(
                groups[0],
                case.results,
                self.rulebook,
                situation=replace(situation, daily_dose=None),
                modifiers=modifiers,
                judge_alternatives=False,
            )
        )

    def _not_looked_at(self, advice: DrugAdvice, case: "_Case") -> tuple[Caveat, ...]:
        """Without the medicines in use a phenotype stands as if nothing acted on it."""
        genes = {gene for r in advice.recommendations for gene in r.genes}
        unseen = not case.patient.medicines_known and not self._acted_on.isdisjoint(genes)
        return (NO_MEDICINES,) if unseen else ()

    def _scores(self, advice: DrugAdvice, case: "_Case") -> tuple[str, ...]:
        """What a risk score adds for a drug that has one."""
        dosing = self.knowledge.dosing
        if dosing is None or advice.rxcui != dosing.abcd_gene.rxcui:
            return ()
        found = abcd_gene(case.results.get("CYP2C19"), case.patient, dosing)
        return (found.text,) if found else ()

    def _question(
        self, order: MedicationOrder | None, group: DrugGroup, case: "_Case"
    ) -> "_Question":
        """All that decides one drug's answer for this patient and order."""
        decided = {gene: case.results[gene] for gene in group.deciding}
        situation = self._situation(order, group, case.patient, case.references)
        modifiers = self._modifiers(group, case.results, case.patient)
        keys = [result_key(result) for result in decided.values()]
        fits = tuple(tuple(fits_of(each, situation, decided).values()) for each in group.told_apart)
        computed = self._computed(group, case)
        # A modifier names a medicine and its dates, an equation a weight: nobody else may be shown
        # them.
        is_kept = not modifiers and not computed and None not in keys
        known = (group.drug, fits, *keys) if is_kept else None
        return _Question(group, decided, situation, modifiers, computed, known)

    def _advise(
        self, order: MedicationOrder, group: DrugGroup, case: "_Case"
    ) -> tuple[DrugAdvice, Face | None]:
        """The answer and the face of its card, which is None where nothing need be said."""
        return self._answered(self._question(order, group, case))

    def _answered(self, question: "_Question") -> tuple[DrugAdvice, Face | None]:
        def make() -> tuple[DrugAdvice, Face | None]:
            results = {gene: without_origin(r) for gene, r in question.results.items()}
            advice = advise(
                question.group,
                results,
                self.rulebook,
                situation=question.situation,
                modifiers=question.modifiers,
                computed=question.computed,
            )
            if advice.unanswered is not None or is_quiet(advice):
                return advice, None
            return advice, face_of(advice)

        return self._advised.get(question.key, make)

    # What would change a card

    def _what_if(
        self, question: "_Question", advice: DrugAdvice, case: "_Case"
    ) -> tuple[Change, ...]:
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

        general = self._changes.get(key, of_anybody)
        own = by_medicines(group, advice, ask)
        definitions = self.knowledge.definitions
        own += by_positions(group, advice, results, definitions, self._recalled(case), ask)
        return (*own, *general)

    def _ask(self, question: "_Question", case: "_Case") -> Ask:
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
                modifiers = self._modifiers(
                    question.group, changed.results, case.patient, without=without
                )
            return advise(
                question.group,
                found,
                self.rulebook,
                situation=situation or question.situation,
                modifiers=modifiers,
                computed=self._computed(question.group, changed),
                judge_alternatives=False,
            )

        return ask

    def _recalled(self, case: "_Case") -> Recalled:
        """A gene called again with one position read. None where the calls at hand do not give the
        present result: what was made of more than them is not made anew from them."""
        sound: dict[str, bool] = {}

        def call(gene: str, sites: tuple[SiteCall, ...]) -> GeneResult:
            statements = [each for each in case.statements if each.gene == gene]
            task = _Gene(self.knowledge.genes[gene], statements, [sites])
            return self._call(task, case.patient.sex, case.calling)[0]

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

    # Hooks about the chart

    def _in_use(self, call: HookCall, references: References) -> list[MedicationOrder]:
        """The medicines that a hook about the chart concerns: at discharge those that are marked
        for it, where any is."""
        if call.hook == "appointment-book" and not call.user_id.startswith(_PRESCRIBERS):
            return []  # a patient who books reads the card alone, and it speaks to a prescriber
        # A chart is also opened by clients that send nothing; the others ask about the medicines.
        silent = call.medications == "missing" and call.hook != "patient-view"
        if silent or call.medications == "unavailable":
            raise _unavailable("medicines in use", call)
        orders = self._orders(call.evidence, references, proposed=False)
        marked = [order for order in orders if is_for_discharge(order)]
        if call.hook == "encounter-discharge" and marked:
            return marked
        return [order for order in orders if order.status in _IN_USE]

    def _of_chart(
        self,
        call: HookCall,
        guided: Sequence[tuple[MedicationOrder, tuple[DrugGroup, ...]]],
        case: "_Case",
        context: CardContext,
    ) -> list[Card]:
        """One card for all medicines that results concern. At discharge, where nobody may order
        them again for long, each that needs a change has a card of its own."""
        cards: list[Card] = []
        concerned, judged = [], []
        for order, groups in guided:
            for group in groups:
                question = self._question(order, group, case)
                advice, face = self._answered(question)
                judged.append((order, group, advice))
                if face is None:
                    continue
                if call.hook == "encounter-discharge":
                    card = self._order_card(order, question, face, case, context)
                    if card is None or card.indicator != "info":
                        cards += [card] if card else []
                        continue
                concerned.append((order, advice))
        summary = summary_card(concerned, case.results, context, _CHART_HOOKS[call.hook])
        told = [*cards, *([summary] if summary else [])]
        if call.hook == "encounter-start":
            hint = admission_card(self._plan(judged, case), case.requester, context)
            told += [hint] if hint else []
        return told

    def _new_problems(self, call: HookCall, references: References) -> list[Card]:
        """A card for each class of new problems whose named drugs the results speak against."""
        new = [entry for entry in call.evidence if entry.path.startswith("context.")]
        classes = {each.name: each for each in self.knowledge.condition_classes}
        problems, _ = read_conditions(
            new, classes=self.knowledge.condition_classes, today=self._today()
        )
        asked = {
            name: problem
            for problem in problems
            if problem.state != "resolved"
            for name in sorted(problem.classes & self.knowledge.problems.keys())
        }
        if not asked:
            return []
        case, context = self._case(call, (), references)
        cards = []
        for name, problem in asked.items():
            judged = judge_named(
                self.knowledge.problems[name],
                self.rulebook,
                partial(self._judged, case=case, reasons=frozenset({name})),
            )
            card = problem_card(problem, classes[name], judged, case.results, context)
            cards += [card] if card else []
        return cards

    def _new_allergies(self, call: HookCall, references: References) -> list[Card]:
        """A card for each new allergy or intolerance that a result may have to do with."""
        new = [entry for entry in call.evidence if entry.path.startswith("context.")]
        allergies, _ = read_allergies(new, self._match)
        asked = [
            (allergy, group)
            for allergy in allergies
            if allergy.state != "resolved"
            for group in self.rulebook.for_ingredients(allergy.drugs)
        ]
        if not asked:
            return []
        case, context = self._case(call, (), references)
        cards = []
        for allergy, group in asked:
            advice = self._judged(group, case, frozenset())
            bearing = bearing_of(group, advice, allergy.reactions, self.rulebook)
            if bearing is not None:
                cards.append(intolerance_card(allergy, bearing, case.results, context))
        return cards

    def _judged(self, group: DrugGroup, case: "_Case", reasons: frozenset[str]) -> DrugAdvice:
        """The advice of a drug that nobody has ordered, with `reasons` as its indication."""
        question = self._question(None, group, case)
        return advise(
            group,
            case.results,
            self.rulebook,
            situation=replace(question.situation, reasons=reasons),
            modifiers=question.modifiers,
            computed=question.computed,
        )


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


def _subject(reading: Reading, genomes: Sequence[Genome]) -> str:
    """The one patient as a reference, else the one sample's name; empty where none is named."""
    if not reading.subjects and len({genome.sample for genome in genomes}) == 1:
        return genomes[0].sample
    if len(reading.subjects) != 1:
        return ""
    subject = reading.subjects[0]
    return subject if subject.startswith("urn:") else f"Patient/{logical_id(subject)}"


@dataclass(frozen=True, slots=True)
class _Case:
    """The patient of one call: the genes, all else that is known, and where references lead."""

    results: Mapping[str, GeneResult]
    patient: PatientContext
    references: References
    sites: Mapping[str, tuple[SiteCall, ...]]
    statements: tuple[Statement, ...] = ()
    calling: Calling = AS_USUAL
    tests: tuple[TestOrder, ...] = ()  # genetic tests that are drafted, ordered or under way
    requester: Requester | None = None  # None where no test may be offered


@dataclass(frozen=True, slots=True)
class _Question:
    """All that decides one drug's answer: `results` are those of the genes that can, `key` is None
    where the answer may not be kept for another patient."""

    group: DrugGroup
    results: Mapping[str, GeneResult]
    situation: Situation
    modifiers: Mapping[str, Mapping[str, Modifier]]
    computed: tuple[Computed, ...]
    key: Hashable


_Doses = dict[tuple[str, str], tuple[DoseForPatient, ...]]  # by advice and population


def _case_of(
    interpretation: Interpretation,
    patient: PatientContext,
    references: References,
    calling: Calling = AS_USUAL,
) -> _Case:
    return _Case(
        interpretation.genes,
        patient,
        references,
        interpretation.sites,
        interpretation.reading.statements,
        calling,
    )


def _days_taken(patient: PatientContext, today: date) -> dict[str, int | None]:
    """Days since each medicine of the patient began, by ingredient; None where its start is not
    known. A draft or a planned medicine is not taken yet."""
    taken: dict[str, int | None] = {}
    for medicine in patient.medicines:
        if medicine.state not in ("active", "ended"):
            continue
        try:
            days = (today - date.fromisoformat(medicine.since[:10])).days
        except ValueError:
            days = None
        for drug in medicine.drugs:
            before = taken.get(drug.rxcui)
            taken[drug.rxcui] = days if before is None or days is None else max(before, days)
    return taken


def _is_at_advised_dose(advice: DrugAdvice, doses: "_Doses") -> bool:
    """Whether the order already follows advice that is about its dose alone: it gets no warning."""
    doses_only = {"reduce-dose", "increase-dose", "adjust-dose", "standard"}
    if not doses or advice.agreement == "differ":
        return False
    if any(r.action not in doses_only or not r.dose for r in advice.recommendations):
        return False
    return all(judge(each) == "within" for each in doses.values())


_Concluded = tuple[GeneResult, tuple[NotUnderstood, ...]]


@dataclass(frozen=True, slots=True)
class _Gene:
    """One gene's part of the data: what is stated, and the calls of each source of variants."""

    rules: GeneRules
    statements: list[Statement]
    sites: list[tuple[SiteCall, ...]] = field(default_factory=list)
    notes: tuple[Caveat, ...] = ()
    build: str = ""  # of the VCF, for a gene that it has no line of


def _one_gene(
    statements: list[Statement], rules: GeneRules, vocabulary: Vocabulary, sex: str
) -> _Concluded:
    def conclude_it() -> _Concluded:
        evidence = gather(statements, rules, vocabulary, sex=sex)
        return conclude(evidence, rules), evidence.not_understood

    return _guarded(_Gene(rules, statements), conclude_it)


def _one_called_gene(
    task: _Gene, table: CallTable, vocabulary: Vocabulary, sex: str, calling: Calling
) -> _Concluded:
    evidence = gather(task.statements, task.rules, vocabulary, sex=sex)
    called = call_sources(
        table,
        task.sites,
        evidence,
        sex=sex,
        all_matches=calling.all_matches,
        missing_as_reference=calling.missing_as_reference,
        build=task.build,
    )
    result = conclude(evidence, task.rules, called)
    blind = (blind_to_structure(task.rules.gene),) if table.definition.on_request else ()
    caveats = tuple(dict.fromkeys((*result.caveats, *blind, *task.notes)))
    return replace(result, caveats=caveats), evidence.not_understood


def log_fault(what: str, error: Exception) -> None:
    """Log where a fault of ours is. Its message may hold what was being read; its places cannot, so
    those alone are logged."""
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("interpreting %s failed: %s\n%s", what, type(error).__name__, places)


def _guarded(task: _Gene, conclude_it: Callable[[], _Concluded]) -> _Concluded:
    try:
        return conclude_it()
    except Exception as error:  # noqa: BLE001 - see below
        # A fault of ours in one gene must cost that gene's answer, not the other twenty-two.
        gene = task.rules.gene
        log_fault(gene, error)
        stated = (statement.origin.reference for statement in task.statements)
        called = (call.reference for calls in task.sites for call in calls)
        return faulty(gene, tuple(dict.fromkeys((*stated, *called)))), ()


def _nobodys(concluded: _Concluded) -> _Concluded:
    result, refused = concluded
    return without_origin(result), refused


def _sex(entries: Iterable[Entry]) -> str:
    """The patient's administrative gender, where it is `male` or `female`."""
    for entry in entries:
        if entry.type == "Patient" and entry.container is None:
            stated = as_text(entry.resource.get("gender"))
            return stated if stated in ("male", "female") else ""
    return ""
