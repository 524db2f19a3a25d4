"""From what was sent to a card, stage by stage; the one module that knows every stage.

    read (fhir) → gather (genotype) → conclude (phenotype) → recommend (recommendation) → cards

A stage takes values and returns values. One gene's fault becomes that gene's caveat: the others
are answered all the same, and a failure is never an empty answer.
"""

import logging
import traceback
import uuid
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from fhir_pgx.cards import order_card, summary_card
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.order import Face, face_card, face_of, is_quiet
from fhir_pgx.cards.overflow import overflow_card
from fhir_pgx.cards.unclear import unclear_card
from fhir_pgx.errors import DataUnavailable, MixedPatients, NotFhir, UnknownDrug
from fhir_pgx.fhir.bundle import Entry, References, as_text, entries_of, logical_id
from fhir_pgx.fhir.documents import read_documents
from fhir_pgx.fhir.medication import read_orders
from fhir_pgx.fhir.reading import read
from fhir_pgx.genotype import gather
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.loader import load_knowledge
from fhir_pgx.model.card import Card
from fhir_pgx.model.document import Document, Options
from fhir_pgx.model.drug import Coding, DrugMatch, MedicationConcept, MedicationOrder
from fhir_pgx.model.finding import Caveat, NotUnderstood, Origin, Presence, Reading, Statement
from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.model.knowledge import GeneRules, Knowledge, Vocabulary
from fhir_pgx.model.phenotype import GeneResult, Interpretation, Status
from fhir_pgx.model.recommendation import Recommendation, Unanswered
from fhir_pgx.normalize.drug import resolve
from fhir_pgx.phenotype import conclude, not_tested
from fhir_pgx.recommendation import DrugEntry, Rulebook, recommend
from fhir_pgx.reports.plain import write_interpretation, write_recommendations
from fhir_pgx.reports.text import interpretation_text
from fhir_pgx.reports.trace import write_trace
from fhir_pgx.settings import Settings
from fhir_pgx.terminology import RXNORM

log = logging.getLogger("fhir_pgx.pipeline")

NAMESPACE = uuid.UUID("6f0d2a0e-4b5c-5d1e-9a53-0c5f7c2f9b11")  # ours, for ids made from names
_RANK = {"critical": 0, "warning": 1, "info": 2}
_IN_USE = ("active", "in-use", "intended", "in-progress", "")
Answer = tuple[Recommendation, ...] | Unanswered
K = TypeVar("K")
V = TypeVar("V")

# What many calls ask alike is kept, a bounded number of each; never anything that names a patient.
_MOST_KEPT = 4096
_LONGEST_KEPT = 80  # signs of a stated value: a diplotype is shorter, a discussion longer
_KEPT_CAVEATS = frozenset({"PGX-601", "PGX-602", "PGX-604"})  # they quote allele names alone


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
        self._matches: dict[MedicationConcept, DrugMatch | None] = {}
        self._results: dict[Hashable, GeneResult] = {}
        self._advised: dict[Hashable, tuple[Answer, Face | None]] = {}

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

    def interpret(self, entries: Sequence[Entry]) -> Interpretation:
        """What is known of each gene from these resources of one patient."""
        reading = read(entries, self.knowledge.vocabulary)
        return interpret_reading(reading, self.knowledge, self._results)

    def interpret_documents(self, documents: Sequence[Document], options: Options) -> Any:
        """The answer of `interpret`: a JSON value, or text. Raises MixedPatients and what reading
        a document raises."""
        interpretation = self._interpret_all(documents)
        if options.format == "text":
            return interpretation_text(interpretation, self.knowledge)
        return write_interpretation(interpretation, self.knowledge)

    def recommend_documents(self, documents: Sequence[Document], options: Options) -> Any:
        """The answer of `recommend`; without drugs, of every drug that the findings concern.

        Raises UnknownDrug for a name or code that no table knows.
        """
        interpretation, answers = self._recommend_all(documents, options)
        return write_recommendations(
            interpretation, [answer for _, answer in answers], self.knowledge
        )

    def explain_documents(self, documents: Sequence[Document], options: Options) -> Any:
        """The answer of `explain`: the whole way from each resource to each row.

        Raises as `recommend_documents` does.
        """
        interpretation, answers = self._recommend_all(documents, options)
        traced = [(entry.rules.genes, answer) for entry, answer in answers]
        return write_trace(interpretation, traced, self.knowledge)

    def _recommend_all(
        self, documents: Sequence[Document], options: Options
    ) -> tuple[Interpretation, list[tuple[DrugEntry, Answer]]]:
        entries, skipped = self._entries(documents)
        interpretation = self._checked(entries, skipped)
        wanted = (
            [entry for name in options.drugs for entry in self.drug_entries(name)]
            if options.drugs
            else self._concerned(interpretation)
        )
        age = self._age_years(entries)
        return interpretation, [
            (entry, self._recommend(entry, interpretation.genes, age)) for entry in wanted
        ]

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

    def _interpret_all(self, documents: Sequence[Document]) -> Interpretation:
        return self._checked(*self._entries(documents))

    def _checked(
        self, entries: Sequence[Entry], skipped: tuple[NotUnderstood, ...]
    ) -> Interpretation:
        interpretation = self.interpret(entries)
        reading = interpretation.reading
        interpretation = replace(
            interpretation,
            reading=replace(reading, not_understood=(*reading.not_understood, *skipped)),
        )
        subjects = interpretation.reading.subjects
        if len(subjects) > 1:
            raise MixedPatients(
                f"the data speak of {len(subjects)} patients",
                where="subject",
                mend="send the data of one patient at a time",
            )
        return interpretation

    def _entries(
        self, documents: Sequence[Document]
    ) -> tuple[list[Entry], tuple[NotUnderstood, ...]]:
        """The resources, and what had to be skipped to read them."""
        found = [
            read
            for document in documents
            for read in read_documents(
                document, max_bytes=self.limits.max_bytes, max_depth=self.limits.max_depth
            )
        ]
        for content in (each.content for each in found):
            if isinstance(content, dict) and not isinstance(content.get("resourceType"), str):
                raise NotFhir(
                    "the document has no resourceType",
                    where="resourceType",
                    mend="send a FHIR resource, a Bundle, or one resource a line",
                )
        entries = [entry for read in found for entry in entries_of(read.content)]
        skipped = tuple(
            NotUnderstood(issue.where, issue.text, issue.where)
            for read in found
            for issue in read.skipped
        )
        return entries, skipped

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
            if call.hook == "patient-view":
                return HookAnswer()  # nothing was ordered; there is no advice to withhold
            raise DataUnavailable(
                "the patient's genomic results were neither prefetched nor retrievable"
                + (f": {call.unavailable_reason}" if call.unavailable_reason else ""),
                where="prefetch",
                mend="prefetch the patient's genomic Observations or DiagnosticReports",
            )
        interpretation = self.interpret(call.evidence)
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
        orders, _ = read_orders(entries, references, proposed=proposed)
        return [
            replace(order, match=match) if (match := self._match(order)) else order
            for order in orders
        ]

    def _match(self, order: MedicationOrder) -> DrugMatch | None:
        concept = order.concept
        words = {coding.display for coding in concept.codings}
        if concept.parts or not words or (concept.text and concept.text not in words):
            return resolve(concept, self.drug_codes)  # free text may name a patient: not kept
        if concept not in self._matches:
            _keep(self._matches, concept, resolve(concept, self.drug_codes))
        return self._matches[concept]

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
        cards = []
        for order, entries in guided:
            for entry in entries:
                answer, face = self._advise(entry, interpretation.genes, age_years)
                if face is not None:
                    cards.append(face_card(face, order, interpretation.genes, context))
                elif isinstance(answer, Unanswered):
                    card = order_card(
                        order,
                        answer,
                        interpretation.genes,
                        context,
                        source=entry.rules.source,
                        important=entry.important,
                    )
                    if card is not None:
                        cards.append(card)
        return cards

    def _advise(
        self, entry: DrugEntry, results: Mapping[str, GeneResult], age_years: int | None
    ) -> tuple[Answer, Face | None]:
        """The answer and the face of its card, which is None where nothing need be said.

        Kept by all of the results that can decide it, where they come from left aside.
        """
        genes = self.rulebook.deciding(entry)
        key: Hashable = None
        if all(caveat.code in _KEPT_CAVEATS for gene in genes for caveat in results[gene].caveats):
            decided = tuple(_without_origin(results[gene]) for gene in genes)
            key = (entry.rules.source, entry.rules.drug, age_years, decided)
            found = self._advised.get(key)
            if found is not None:
                return found
        nobodys = {g: replace(results[g], derived_from=(), when="") for g in genes}
        answer = self._recommend(entry, nobodys, age_years)
        face = None
        if not isinstance(answer, Unanswered):
            face = face_of(answer, important=entry.important)
        if key is not None:
            _keep(self._advised, key, (answer, face))
        return answer, face

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
                if not all(is_quiet(each, important=entry.important) for each in answer):
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


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    """Remember a value; when there are too many, all are forgotten, and those in use come back."""
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[key] = value


def _without_origin(result: GeneResult) -> Hashable:
    """All that a result says, less where and when it was found."""
    if result.status is Status.NOT_TESTED:
        return None
    return (
        result.status,
        result.basis,
        result.diplotypes,
        result.phenotype,
        result.activity_score,
        result.lookup_keys,
        result.alleles,
        tuple(result.allele_status.items()),
        result.coverage,
        result.caveats,
    )


def interpret_reading(
    reading: Reading, knowledge: Knowledge, kept: dict[Hashable, GeneResult] | None = None
) -> Interpretation:
    """Every gene's result from what was read; genes nobody spoke of are `not-tested`.

    `kept` remembers results between calls with the same knowledge.
    """
    kept = {} if kept is None else kept
    by_gene: dict[str, list[Statement]] = defaultdict(list)
    for statement in reading.statements:
        by_gene[statement.gene].append(statement)
    results: dict[str, GeneResult] = {}
    left: list[NotUnderstood] = []
    for gene, rules in knowledge.genes.items():
        statements = by_gene.pop(gene, None)
        if statements is None:
            results[gene] = not_tested(gene)
            continue
        statement, key = statements[0], _stated(statements)
        found = kept.get(key) if key is not None else None
        if found is not None:
            results[gene] = _found_at(found, statement.origin)
            continue
        results[gene], refused = _one_gene(statements, rules, knowledge.vocabulary)
        left += refused
        if key is not None and not refused and statement.presence is Presence.PRESENT:
            nobodys = replace(results[gene], derived_from=(), when="")
            # Only where the origin that will be put back is all that was taken away.
            if _found_at(nobodys, statement.origin) == results[gene]:
                _keep(kept, key, nobodys)
    for gene, statements in by_gene.items():
        left += [
            NotUnderstood(
                statement.origin.reference,
                f"our release holds no rules for the gene {gene}",
                statement.origin.path,
            )
            for statement in statements
        ]
    return Interpretation(
        subject=_subject(reading),
        genes=results,
        reading=_with_left(reading, left) if left else reading,
    )


def _with_left(reading: Reading, left: Iterable[NotUnderstood]) -> Reading:
    return replace(reading, not_understood=(*reading.not_understood, *dict.fromkeys(left)))


def _subject(reading: Reading) -> str:
    """The one patient as a reference; empty where none is named."""
    if len(reading.subjects) != 1:
        return ""
    subject = reading.subjects[0]
    return subject if subject.startswith("urn:") else f"Patient/{logical_id(subject)}"


def _found_at(result: GeneResult, origin: Origin) -> GeneResult:
    # By hand: `dataclasses.replace` takes four times as long, for each gene of each call.
    return GeneResult(
        result.gene,
        result.status,
        result.basis,
        result.diplotypes,
        result.phenotype,
        result.activity_score,
        result.lookup_keys,
        result.alleles,
        result.allele_status,
        result.coverage,
        result.caveats,
        (origin.reference,),
        origin.when,
    )


def _stated(statements: Sequence[Statement]) -> Hashable:
    """All that a single statement says, less who, where and when; None where it is not kept."""
    only = statements[0]
    if len(statements) > 1 or only.caveats or len(only.value) > _LONGEST_KEPT:
        return None
    return (
        only.gene,
        only.kind,
        only.value,
        only.presence,
        only.code,
        only.source_class,
        only.drugs,
        only.origin.status,
        only.origin.corrected,
    )


def _one_gene(
    statements: list[Statement], rules: GeneRules, vocabulary: Vocabulary
) -> tuple[GeneResult, tuple[NotUnderstood, ...]]:
    try:
        evidence = gather(statements, rules, vocabulary)
        return conclude(evidence, rules), evidence.not_understood
    except Exception as error:  # noqa: BLE001 - see below
        # A fault of ours in one gene must cost that gene's answer, not the other twenty-two. Its
        # message may hold what was being read; its places cannot, so those alone are logged.
        places = "".join(traceback.format_tb(error.__traceback__))
        log.error("interpreting %s failed: %s\n%s", rules.gene, type(error).__name__, places)
        references = tuple(dict.fromkeys(s.origin.reference for s in statements))
        caveat = Caveat(
            "PGX-699", f"A fault of this service kept it from reading the {rules.gene} result."
        )
        return (
            GeneResult(rules.gene, Status.NOT_CALLED, caveats=(caveat,), derived_from=references),
            (),
        )
