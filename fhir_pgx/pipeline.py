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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from fhir_pgx.cards import order_card, summary_card, unanswered_card
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.order import Face, face_of, is_quiet
from fhir_pgx.cards.overflow import overflow_card
from fhir_pgx.cards.unclear import unclear_card
from fhir_pgx.errors import DataUnavailable, MixedPatients, UnknownDrug
from fhir_pgx.fhir.bundle import Entry, References, as_text, logical_id
from fhir_pgx.fhir.medication import read_orders
from fhir_pgx.fhir.reading import read
from fhir_pgx.genotype import CallTable, build_table, call_sources, gather
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.loader import load_knowledge
from fhir_pgx.memory import (
    Memory,
    concept_key,
    result_key,
    statement_key,
    with_origin,
    without_origin,
)
from fhir_pgx.model.card import Card
from fhir_pgx.model.document import Calling, Document, Options
from fhir_pgx.model.drug import Coding, DrugMatch, MedicationConcept, MedicationOrder
from fhir_pgx.model.finding import Caveat, NotUnderstood, Reading, Statement
from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.model.knowledge import GeneRules, Knowledge, Vocabulary
from fhir_pgx.model.phenotype import GeneResult, Interpretation, Status
from fhir_pgx.model.recommendation import Recommendation, Unanswered
from fhir_pgx.model.variant import SiteCall
from fhir_pgx.normalize.drug import resolve
from fhir_pgx.normalize.observed_sites import ObservedSites, read_observed_sites
from fhir_pgx.normalize.sites import SiteIndex
from fhir_pgx.phenotype import (
    blind_to_structure,
    conclude,
    faulty,
    looked_at,
    not_asked,
    not_called_from,
    not_tested,
    not_the_tumour,
)
from fhir_pgx.recommendation import DrugEntry, Rulebook, no_guidance, recommend
from fhir_pgx.reports.plain import write_interpretation, write_recommendations
from fhir_pgx.reports.text import interpretation_text
from fhir_pgx.reports.trace import write_trace
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
_RANK = {"critical": 0, "warning": 1, "info": 2}
_IN_USE = ("active", "in-use", "intended", "in-progress", "")
Answer = tuple[Recommendation, ...] | Unanswered
SiteCalls = dict[str, list[tuple[SiteCall, ...]]]  # by gene, one tuple a source


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds an answer: see the settings of the same names."""

    max_cards: int = 10
    max_bytes: int = 500_000_000
    max_depth: int = 64
    untested_cards: str = "important"


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
        self.rulebook = Rulebook(knowledge)
        self.limits = limits or Limits()
        self._today = today
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
        self._advised: Memory[tuple[Answer, Face | None]] = Memory()

    @classmethod
    def load(cls, settings: Settings) -> "Pipeline":
        """With the installed knowledge. Raises BrokenKnowledge where it does not match its hash."""
        limits = Limits(
            max_cards=settings.max_cards,
            max_depth=settings.max_depth,
            untested_cards=settings.untested_cards,
        )
        return cls(load_knowledge(), DrugCodes(), limits)

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
        for given in self._reader.read_samples(document):
            yield self._written(self._interpret_given(given, options), options)

    def _written(self, interpretation: Interpretation, options: Options) -> Any:
        if options.format == "text":
            return interpretation_text(interpretation, self.knowledge)
        return write_interpretation(interpretation, self.knowledge)

    def recommend_documents(self, documents: Sequence[Document], options: Options) -> Any:
        """The answer of `recommend`; without drugs, of every drug that the findings concern.

        Raises UnknownDrug for a name or code that no table knows.
        """
        interpretation, answers = self._recommend_all(documents, options)
        return write_recommendations(interpretation, answers, self.knowledge)

    def explain_documents(self, documents: Sequence[Document], options: Options) -> Any:
        """The answer of `explain`: the whole way from each resource to each row.

        Raises as `recommend_documents` does.
        """
        interpretation, answers = self._recommend_all(documents, options)
        return write_trace(interpretation, answers, self.knowledge)

    def _recommend_all(
        self, documents: Sequence[Document], options: Options
    ) -> tuple[Interpretation, list[Answer]]:
        interpretation, entries = self._interpret_all(documents, options)
        age = self._age_years(entries)
        answers: list[Answer] = []
        wanted = [] if options.drugs else self._concerned(interpretation)
        for name in dict.fromkeys(options.drugs):
            found = self.drug_entries(name)
            wanted += found
            if not found:
                answers.append(no_guidance(name))
        answers += [self._recommend(entry, interpretation.genes, age) for entry in wanted]
        return interpretation, answers

    def drug_entries(self, name: str) -> tuple[DrugEntry, ...]:
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

    def _concerned(self, interpretation: Interpretation) -> list[DrugEntry]:
        found: dict[int, DrugEntry] = {}
        for gene, result in interpretation.genes.items():
            if result.status is not Status.NOT_TESTED:
                for entry in self.rulebook.for_gene(gene):
                    found.setdefault(id(entry), entry)
        return sorted(found.values(), key=lambda entry: entry.rules.drug)

    # Recommending

    def _recommend(
        self, entry: DrugEntry, results: Mapping[str, GeneResult], age_years: int | None
    ) -> Answer:
        return recommend(entry, results, self.rulebook, age_years=age_years)

    def _age_years(self, entries: Iterable[Entry]) -> int | None:
        """The patient's age in whole years from Patient.birthDate; None where it is not known."""
        for entry in entries:
            if entry.type == "Patient":
                born = as_text(entry.resource.get("birthDate"))
                try:
                    birth = date.fromisoformat(born)
                except ValueError:
                    continue  # a year alone does not tell an adult from a child near eighteen
                today = self._today()
                return (
                    today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
                )
        return None

    # Answering a hook

    def answer(self, call: HookCall) -> HookAnswer:
        """The cards of one call, weightiest first.

        Raises DataUnavailable (412) where an order concerns a drug with guidance and the genomic
        data could neither be read from the call nor be obtained; a drug without guidance needs no
        data, and gets no card.
        """
        references = References((*call.drafts, *call.evidence))
        if call.hook == "patient-view":
            if call.medications == "unavailable":
                raise _unavailable("medicines in use", call)
            orders = self._orders(call.evidence, references, proposed=False)
            orders = [order for order in orders if order.status in _IN_USE]
        else:
            orders = self._orders(call.drafts, references, proposed=True)
        if call.selections is not None:
            orders = [order for order in orders if order.reference in call.selections]
        guided = [(order, entries) for order in orders if (entries := self._guidance(order))]
        context = self._context(call)
        unclear = [card for order in orders if (card := self._unclear(order, context))]
        if not guided:
            return HookAnswer(tuple(unclear))
        if call.genomics in ("unavailable", "missing"):
            raise _unavailable("genomic results", call)
        interpretation = self.interpret(call.evidence)
        unread = {item.reference for item in interpretation.reading.not_understood}
        context = replace(context, unread=len(unread))
        age = self._age_years(call.evidence)
        if call.hook == "patient-view":
            return self._summary(guided, interpretation, age, context)
        cards = self._cards(guided, interpretation, age, context) + unclear
        cards.sort(key=lambda card: _RANK[card.indicator])
        return HookAnswer(self._capped(cards, context))

    def _context(self, call: HookCall) -> CardContext:
        return CardContext(
            uuid.uuid5(NAMESPACE, f"{call.service_id} {call.hook_instance} {call.patient_id}"),
            self.knowledge.release,
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

    def _guidance(self, order: MedicationOrder) -> tuple[DrugEntry, ...]:
        if order.match is not None:
            return self.rulebook.for_ingredients(order.match.ingredients)
        # A drug without an RxNorm code can only be known by its name.
        named = self.rulebook.named(order.concept.label)
        return tuple(entry for entry in named if not entry.rules.ingredients)

    def _cards(
        self,
        guided: Sequence[tuple[MedicationOrder, tuple[DrugEntry, ...]]],
        interpretation: Interpretation,
        age_years: int | None,
        context: CardContext,
    ) -> list[Card]:
        results = interpretation.genes
        cards: list[Card | None] = []
        for order, entries in guided:
            for entry in entries:
                answer, face = self._advise(entry, results, age_years)
                if isinstance(answer, Unanswered):
                    source, important = entry.rules.source, entry.important
                    cards.append(
                        unanswered_card(
                            order, answer, results, context, source=source, important=important
                        )
                    )
                    continue
                if face is None and context.incomplete and entry.important:
                    face = face_of(answer)  # what did not reach us may say otherwise
                if face is not None:
                    cards.append(order_card(face, order, results, context))
        return [card for card in cards if card is not None]

    def _advise(
        self, entry: DrugEntry, results: Mapping[str, GeneResult], age_years: int | None
    ) -> tuple[Answer, Face | None]:
        """The answer and the face of its card, which is None where nothing need be said."""
        decided = {gene: results[gene] for gene in self.rulebook.deciding(entry)}
        keys = [result_key(result) for result in decided.values()]
        known = (entry.rules.source, entry.rules.drug, age_years, *keys)

        def advise() -> tuple[Answer, Face | None]:
            nobodys = {gene: without_origin(result) for gene, result in decided.items()}
            answer = self._recommend(entry, nobodys, age_years)
            if isinstance(answer, Unanswered) or is_quiet(answer, important=entry.important):
                return answer, None
            return answer, face_of(answer)

        return self._advised.get(None if None in keys else known, advise)

    def _summary(
        self,
        guided: Sequence[tuple[MedicationOrder, tuple[DrugEntry, ...]]],
        interpretation: Interpretation,
        age_years: int | None,
        context: CardContext,
    ) -> HookAnswer:
        concerned = []
        for order, entries in guided:
            for entry in entries:
                answer = self._recommend(entry, interpretation.genes, age_years)
                if isinstance(answer, Unanswered):
                    continue
                if not is_quiet(answer, important=entry.important):
                    concerned.append((order, answer))
        card = summary_card(concerned, interpretation.genes, context)
        return HookAnswer((card,) if card else ())

    def _capped(self, cards: list[Card], context: CardContext) -> tuple[Card, ...]:
        """At most the allowed number of cards; the last then says how many more there are."""
        most = self.limits.max_cards
        if len(cards) <= most:
            return tuple(cards)
        kept, left = cards[: most - 1], cards[most - 1 :]
        return (*kept, overflow_card(left, context))


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
