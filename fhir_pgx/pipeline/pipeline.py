"""From what was sent to a card, stage by stage; this room alone knows every stage.

    genes.py   read (fhir, vcf, outside) → sites (normalize) → call, gather (genotype)
               → conclude (phenotype)
    orders.py  orders → drugs (normalize) → guidance (rulebook)
    advice.py  patient, populations, other medicines → advise (recommendation) → doses,
               alternatives, what would change → card (cards)
    hooks.py   which of it each hook is told

A stage takes values and returns values. One gene's fault becomes that gene's caveat: the others
are answered all the same, and a failure is never an empty answer.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from fhir_pgx.cards.limited import LIMITED
from fhir_pgx.errors import MixedPatients, UnknownDrug
from fhir_pgx.fhir.bundle import Entry, References, entries_of
from fhir_pgx.fhir.transcripts import gene_of_transcript
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.ipd import with_ipd
from fhir_pgx.knowledge.lift_over import load_alignment, read_alignment
from fhir_pgx.knowledge.loader import load_knowledge
from fhir_pgx.knowledge.policy import load_policy
from fhir_pgx.model.alignment import Block
from fhir_pgx.model.document import Calling, Document, Options
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.explained import Explained
from fhir_pgx.model.finding import ObservedVariant, Statement
from fhir_pgx.model.genomic_index import GenomicIndex, IndexedVariant
from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.passport import ALL_SEEN, Passport, Seen
from fhir_pgx.model.phenotype import Interpretation
from fhir_pgx.model.policy import Policy
from fhir_pgx.model.recommendation import (
    Answer,
    DrugAdvice,
    Unanswered,
)
from fhir_pgx.model.therapy import TherapyAdvice
from fhir_pgx.model.wallet import CardContent
from fhir_pgx.normalize.both_builds import BothBuilds
from fhir_pgx.pipeline.advice import Advice
from fhir_pgx.pipeline.case import Case, case_of
from fhir_pgx.pipeline.gene_view import GeneViews
from fhir_pgx.pipeline.genes import AS_USUAL, Genes
from fhir_pgx.pipeline.genomic_index import GenomicIndexer
from fhir_pgx.pipeline.genomic_report import GenomicReports
from fhir_pgx.pipeline.hla_match import match_documents, split_parts
from fhir_pgx.pipeline.hooks import IN_USE, Hooks
from fhir_pgx.pipeline.implied import Implied
from fhir_pgx.pipeline.limits import Limits
from fhir_pgx.pipeline.orders import Orders
from fhir_pgx.pipeline.passport import Passports
from fhir_pgx.pipeline.precision import Precision
from fhir_pgx.pipeline.precision.domain import drugs_of
from fhir_pgx.pipeline.precision.statements import Statements
from fhir_pgx.pipeline.precision.written import nothing_met
from fhir_pgx.pipeline.wallet import Wallet
from fhir_pgx.pipeline.warfarin_view import warfarin_view_of
from fhir_pgx.recommendation import (
    DrugGroup,
    Rulebook,
    no_guidance,
)
from fhir_pgx.reports.gene_view import write_gene_view
from fhir_pgx.reports.hla_match import write_matches
from fhir_pgx.reports.plain import write_interpretation, write_recommendations
from fhir_pgx.reports.results import alone, is_result
from fhir_pgx.reports.text import interpretation_text
from fhir_pgx.reports.trace import write_trace
from fhir_pgx.reports.trace_text import trace_text
from fhir_pgx.reports.tumour_view import write_tumour_view
from fhir_pgx.reports.warfarin_view import write_warfarin_view
from fhir_pgx.settings import Settings
from fhir_pgx.sources import Genome, Given, Reader

AS_ASKED = Options()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked of one patient's data, and all that was found."""

    interpretation: Interpretation
    case: Case
    explained: list[Explained]
    therapies: list[TherapyAdvice]


def _today() -> date:
    return datetime.now(UTC).date()


class Ready:
    """What knowledge alone makes ready, whatever the site's settings."""

    def __init__(self, knowledge: Knowledge, today: Callable[[], date]) -> None:
        self.genes = Genes(knowledge)
        self.precision = Precision(knowledge, today)
        self.statements = Statements(knowledge)


@functools.cache
def _ready() -> Ready:
    """Of the installed knowledge, once a process: workers inherit it from their parent."""
    return Ready(load_knowledge(), _today)


def _site_blocks(knowledge: Knowledge, chain_path: str) -> tuple[Block, ...]:
    """The alignment of the site's own chain file, read at once: a broken one stops the start."""
    if not chain_path:
        return ()
    vocabulary = knowledge.vocabulary
    lengths = {
        place: vocabulary.lengths[accession]
        for accession, place in vocabulary.accessions.items()
        if accession in vocabulary.lengths
    }
    return read_alignment(chain_path, lengths)


class Pipeline:
    """The stages with the knowledge they need; made once, shared by every thread."""

    def __init__(
        self,
        knowledge: Knowledge,
        drug_codes: DrugCodes,
        limits: Limits | None = None,
        *,
        today: Callable[[], date] = _today,
        ready: "Ready | None" = None,
        chain_path: str = "",
    ) -> None:
        """`ready` is what the knowledge makes ready, where it was made before; `chain_path` a chain
        file in place of our own alignment of the builds. Raises InvalidSetting for one that cannot
        be read."""
        ready = ready or Ready(knowledge, today)
        self.knowledge = knowledge
        self.limits = limits or Limits()
        self.rulebook = Rulebook(knowledge, self.limits.precedence)
        self.genes = ready.genes
        self.orders = Orders(drug_codes, self.rulebook)
        self.advice = Advice(knowledge, self.rulebook, self.orders, self.genes, today)
        self.precision = ready.precision
        self._statements = ready.statements
        self._gene_views = GeneViews(knowledge, self.rulebook, self.genes, self.advice)
        self._reports = GenomicReports(knowledge)
        parts = (self.genes, self.orders, self.advice, self.precision)
        self.hooks = Hooks(knowledge, self.rulebook, self.limits, parts, today)
        self._passports = Passports(knowledge, parts, today)
        self.implied = Implied(knowledge, self.rulebook, parts, today)
        self._wallet = Wallet(knowledge, self.rulebook, self.implied)
        self._site_blocks = _site_blocks(knowledge, chain_path)
        self._reader = Reader(
            knowledge.vocabulary,
            self.genes.index,
            max_bytes=self.limits.max_bytes,
            max_depth=self.limits.max_depth,
        )

    @classmethod
    def load(cls, settings: Settings) -> "Pipeline":
        """With the installed knowledge and the site's policy.

        Raises BrokenKnowledge where the artefact does not match its hash, InvalidPolicy,
        InvalidSetting.
        """
        knowledge = with_ipd(load_knowledge(), settings.ipd_path)
        ready = None if settings.ipd_path else _ready()
        policy = load_policy(settings.policy, knowledge)
        limits = Limits(
            max_cards=settings.max_cards,
            max_depth=settings.max_depth,
            untested_cards=policy.untested_cards or settings.untested_cards,
            precedence=settings.sources,
            policy=policy,
        )
        return cls(knowledge, DrugCodes(), limits, ready=ready, chain_path=settings.chain_path)

    def under(self, policy: Policy, *, untested_cards: str) -> "Pipeline":
        """The same stages under another policy; `untested_cards` is the setting, where the policy
        does not say. Nothing is loaded anew."""
        untested_cards = policy.untested_cards or untested_cards
        other = copy(self)
        other.limits = replace(self.limits, policy=policy, untested_cards=untested_cards)
        other.hooks = self.hooks.under(other.limits)
        return other

    def interpret(
        self,
        entries: Sequence[Entry],
        genomes: Sequence[Genome] = (),
        outside: Sequence[Statement] = (),
        calling: Calling = AS_USUAL,
    ) -> Interpretation:
        """What is known of each gene from these data of one patient; see `Genes.interpret`."""
        return self.genes.interpret(entries, genomes, outside, calling)

    @functools.cached_property
    def both_builds(self) -> BothBuilds:
        """Places and names of variants on both builds; made when first asked for, since a hook asks
        for none."""
        blocks = self._site_blocks or load_alignment()
        vocabulary = self.knowledge.vocabulary
        return BothBuilds(self.genes.index, vocabulary, blocks, gene_of_transcript)

    @functools.cached_property
    def _indexer(self) -> GenomicIndexer:
        return GenomicIndexer(self.knowledge, self.genes, self.both_builds.names)

    def genomic_index(self, entries: Sequence[Entry]) -> dict[str, GenomicIndex]:
        """What each resource of one patient is found by; see `GenomicIndexer.index`."""
        return self._indexer.index(entries)

    def index_variant(self, variant: ObservedVariant) -> IndexedVariant:
        """One variant in the words of the index; see `index_variant`."""
        return self._indexer.variant(variant)

    def answer(self, call: HookCall) -> HookAnswer:
        """The cards of one call, weightiest first; see `Hooks.answer`."""
        return self.hooks.answer(call)

    def passport(
        self, entries: Sequence[Entry], seen: Seen = ALL_SEEN, asked: str = ""
    ) -> Passport:
        """The passport of the one patient that these resources are of; see `Passports.passport`."""
        return self._passports.passport(entries, seen, asked)

    def card_content(self, entries: Sequence[Entry]) -> CardContent:
        """What could stand on the wallet card of the one patient that these resources are of; see
        `Wallet.content`. Raises InvalidCard, and MixedPatients."""
        given = Given(entries=tuple(entries))
        return self._wallet.content(self._interpret_given(given, Options()), given.entries)

    def card_content_of_documents(
        self, documents: Sequence[Document], options: Options
    ) -> CardContent:
        """As `card_content`, of files; raises what reading a document raises too."""
        return self._wallet.content(*self._interpret_all(documents, options))

    def interpret_documents(self, documents: Sequence[Document], options: Options) -> Any:
        """The answer of `interpret`: a JSON value, text, or as `fhir` the Bundle of a genomic
        report. Raises MixedPatients and what reading a document raises."""
        interpretation, entries = self._interpret_all(documents, options)
        return self._written(interpretation, entries, options)

    def interpret_entries(self, entries: Sequence[Entry], options: Options) -> Any:
        """As `interpret_documents`, of resources that were read already: those of a store."""
        interpretation = self._interpret_given(Given(entries=tuple(entries)), options)
        return self._written(interpretation, tuple(entries), options)

    def interpret_samples(self, document: Document, options: Options) -> Iterator[Any]:
        """The answer of `interpret` for each sample of a VCF. Raises UnreadableVcf."""
        for sample in self._reader.read_samples(document):
            interpretation = self._interpret_given(sample, options)
            yield self._written(interpretation, sample.entries, options)

    def recommend_documents(self, documents: Sequence[Document], options: Options) -> Any:
        """The answer of `recommend`; without drugs, of every drug that the findings concern. As
        `fhir` a Bundle of implications and the Tasks that they propose.

        Raises UnknownDrug for a name or code that no table knows.
        """
        interpretation, entries = self._interpret_all(documents, options)
        return self._recommended(interpretation, entries, options)

    def recommend_entries(self, entries: Sequence[Entry], options: Options) -> Any:
        """As `recommend_documents`, of resources that were read already: those of a store."""
        interpretation = self._interpret_given(Given(entries=tuple(entries)), options)
        return self._recommended(interpretation, tuple(entries), options)

    def _recommended(
        self, interpretation: Interpretation, entries: tuple[Entry, ...], options: Options
    ) -> Any:
        asked = self._ask_about(interpretation, entries, options)
        answers: list[Answer] = []
        for each in asked.explained:
            if isinstance(each.advice, Unanswered):
                answers.append(each.advice)
                continue
            # A source without a usable result says no more than the others that have none.
            sources = each.advice.sources
            told = [source.answer for source in sources if isinstance(source.answer, tuple)]
            answers += told or [source.answer for source in sources[:1]]
        if options.format == "fhir":
            return self._reports.recommendations(
                interpretation,
                [e.advice for e in asked.explained if isinstance(e.advice, DrugAdvice)],
                asked.therapies,
                self._statements.met(asked.case),
                unanswered=[each for each in answers if isinstance(each, Unanswered)],
                stu2=options.guide == "stu2",
            )
        return write_recommendations(asked.interpretation, answers, self.knowledge, asked.therapies)

    def match_hla(self, recipient: Sequence[Document], donors: Sequence[Document]) -> Any:
        """The answer of `hla-match`, a FHIR Parameters; see `hla_match.match_documents`."""
        if len(recipient) == 1 and not donors:
            recipient, donors = split_parts(recipient[0]) or (recipient, donors)
        transplant = self.precision.transplant
        found = match_documents(recipient, donors, self._reader, self.knowledge, transplant)
        return write_matches(found, self.knowledge)

    def as_resources(self, documents: Sequence[Document], options: Options) -> list[Any]:
        """The data as FHIR resources, as an EHR would hold them: those that were sent, and, of a
        VCF or calls made elsewhere, the results of a report on them: genotypes, haplotypes and
        variants, also those that are not there. What we would recommend is no laboratory's word,
        and is not among them.

        Raises MixedPatients and what reading a document raises.
        """
        sample = options.calling.sample
        given = self._reader.read(documents, options.outside_calls, sample)
        resources: list[Any] = [each.resource for each in given.entries if each.container is None]
        if given.genomes or given.statements:
            genomes = replace(given, entries=())
            report = self._report(self._interpret_given(genomes, options), (), options)
            found = (each["resource"] for each in report["entry"])
            resources += [alone(each) for each in found if is_result(each)]
        return resources

    def ordered_drugs(self, context: Any) -> tuple[str, ...]:
        """The drugs of the orders in a hook's context, by ingredient, else by what the order
        says."""
        entries = [entry for value in context.values() for entry in entries_of(value)]
        orders = self.orders.read(entries, References(entries), proposed=True)
        named = (
            [drug.name for drug in order.match.ingredients]
            if order.match
            else [order.concept.label]
            for order in orders
        )
        return tuple(dict.fromkeys(name for names in named for name in names if name))

    def explain_documents(self, documents: Sequence[Document], options: Options) -> Any:
        """The answer of `explain`: the whole way from each resource to each row, and what single
        fact would change the advice; a JSON value, or text.

        Raises as `recommend_documents` does.
        """
        asked = self._ask_all(documents, options, explain=True)
        write = trace_text if options.format == "text" else write_trace
        return write(asked.interpretation, asked.explained, self.knowledge, asked.therapies)

    def gene_view(
        self,
        given: Sequence[Document] | Sequence[Entry],
        gene: str,
        options: Options = AS_ASKED,
    ) -> dict[str, Any]:
        """One gene of one patient as what is drawn of it: its decision positions with what was read
        at each, the haplotypes, and the scale; see `reports/gene_view.py`.

        `given` are documents, or resources that were read already. Raises InvalidParameter for a
        gene without rules, MixedPatients and what reading a document raises.
        """
        return self.gene_views(given, (gene,), options)[gene]

    def gene_views(
        self,
        given: Sequence[Document] | Sequence[Entry],
        genes: Sequence[str] = (),
        options: Options = AS_ASKED,
    ) -> dict[str, dict[str, Any]]:
        """The same of several genes, read once; of every gene where none is named."""
        subject, case = self._case_given(given, options)
        return {
            gene: write_gene_view(self._gene_views.view(gene, case), subject, self.knowledge)
            for gene in genes or self.knowledge.genes
        }

    def warfarin_view(
        self, given: Sequence[Document] | Sequence[Entry], options: Options = AS_ASKED
    ) -> dict[str, Any]:
        """Warfarin's computed dose against each input in turn; see `reports/warfarin_view.py`.

        Raises as `gene_view` does, and BrokenKnowledge where the release holds no equations.
        """
        subject, case = self._case_given(given, options)
        view = warfarin_view_of(case, self.knowledge, self.advice.today())
        return write_warfarin_view(view, subject, self.knowledge)

    def tumour_view(
        self, given: Sequence[Document] | Sequence[Entry], options: Options = AS_ASKED
    ) -> dict[str, Any]:
        """A patient's tumours: findings, biomarkers, options by tier and what was not tested; see
        `reports/tumour_view.py`.

        Raises as `gene_view` does.
        """
        subject, case = self._case_given(given, options)
        found = self.precision.tumour.found(case)
        return write_tumour_view(found, subject, case.reading.not_understood, self.knowledge)

    def _case_given(
        self, given: Sequence[Document] | Sequence[Entry], options: Options
    ) -> tuple[str, Case]:
        """Whom the data are of, and all that is known of them."""
        documents = [each for each in given if isinstance(each, Document)]
        entries = tuple(each for each in given if isinstance(each, Entry))
        if documents:
            interpretation, entries = self._interpret_all(documents, options)
        else:
            interpretation = self._interpret_given(Given(entries=entries), options)
        references = References(entries)
        patient = self.advice.patient(entries, (), references)
        acting = self.advice.acting(patient)
        case = case_of(interpretation, patient, references, acting, options.calling)
        return interpretation.subject, case

    def explain_call(self, call: HookCall) -> Any:
        """The trace behind the cards of one call, of every order that guidance was found for: those
        that got no card too."""
        references = References((*call.drafts, *call.evidence))
        drafts = self.orders.read(call.drafts, references, proposed=True)
        orders = drafts
        if not drafts:
            orders = self.orders.read(call.evidence, references, proposed=False)
            orders = [order for order in orders if order.status in IN_USE]
        if call.selections is not None:
            orders = [order for order in orders if order.reference in call.selections]
        interpretation = self.genes.interpret(call.evidence)
        patient = self.advice.patient(call.evidence, drafts, references)
        case = case_of(interpretation, patient, references, self.advice.acting(patient))
        asked = [
            self.advice.explained(order, group, case)
            for order in orders
            for group in self.orders.guidance(order)
        ]
        therapies = dict.fromkeys(row for order in orders for row in self._rows_on(order, case))
        trace = write_trace(interpretation, asked, self.knowledge, tuple(therapies))
        return {**trace, "limited": LIMITED.text} if call.is_limited else trace

    def _written(
        self, interpretation: Interpretation, entries: tuple[Entry, ...], options: Options
    ) -> Any:
        if options.format == "text":
            return interpretation_text(interpretation, self.knowledge)
        if options.format == "fhir":
            return self._report(interpretation, entries, options)
        return write_interpretation(interpretation, self.knowledge)

    def _report(
        self, interpretation: Interpretation, entries: tuple[Entry, ...], options: Options
    ) -> Any:
        """What the genes imply by themselves: other medicines and indications change from day to
        day, and a report outlives them."""
        references = References(entries)
        patient = self.advice.patient(entries, (), references)
        case = case_of(interpretation, patient, references, (), options.calling)
        return self._reports.interpretation(
            interpretation,
            self.implied.drugs(interpretation.genes),
            self.precision.advice(case, None),
            self._statements.met(case),
            stu2=options.guide == "stu2",
        )

    def _ask_all(
        self, documents: Sequence[Document], options: Options, *, explain: bool = False
    ) -> _Asked:
        interpretation, entries = self._interpret_all(documents, options)
        return self._ask_about(interpretation, entries, options, explain=explain)

    def _ask_about(
        self,
        interpretation: Interpretation,
        entries: tuple[Entry, ...],
        options: Options,
        *,
        explain: bool = False,
    ) -> _Asked:
        references = References(entries)
        patient = self.advice.patient(entries, (), references)
        acting = self.advice.acting(patient)
        case = case_of(interpretation, patient, references, acting, options.calling)
        asked: list[Explained] = []
        wanted = [] if options.drugs else self.orders.concerned(interpretation)
        therapies = [] if options.drugs else self.precision.advice(case, None)
        for name in dict.fromkeys(options.drugs):
            order = self.orders.asked(name)
            groups, rows = self._guidance_named(name, order), self._rows_on(order, case)
            wanted += groups
            therapies += rows
            if not (groups or rows):
                is_held = self.precision.concerns(order)
                asked.append(Explained(nothing_met(name) if is_held else no_guidance(name)))
        for group in wanted:
            if explain:
                asked.append(self.advice.explained(None, group, case))
            else:
                advice = self.advice.answer_of(self.advice.question(None, group, case), case)
                asked.append(Explained(self.advice.whole(advice, case)))
        return _Asked(interpretation, case, asked, list(dict.fromkeys(therapies)))

    def _rows_on(self, order: MedicationOrder, case: Case) -> list[TherapyAdvice]:
        drugs = drugs_of(order)
        return self.precision.advice(case, drugs) if drugs else []

    def _guidance_named(self, name: str, order: MedicationOrder) -> tuple[DrugGroup, ...]:
        """The guidance by genes of drug response. A drug that a row of precision therapy knows (an
        investigational one, a conjugate) needs no code. Raises UnknownDrug."""
        try:
            return self.orders.named(name)
        except UnknownDrug:
            if self.precision.concerns(order):
                return ()
            raise

    def _interpret_all(
        self, documents: Sequence[Document], options: Options
    ) -> tuple[Interpretation, tuple[Entry, ...]]:
        sample = options.calling.sample
        given = self._reader.read(documents, options.outside_calls, sample)
        return self._interpret_given(given, options), given.entries

    def _interpret_given(self, given: Given, options: Options) -> Interpretation:
        interpretation = self.genes.interpret(
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
