"""Genotypes and phenotypes in prose, read only where they can mean one thing.

`CYP2D6 *4/*4 (Poor Metabolizer)` is read; `CYP2D6 *4/*4 was excluded`, `those with CYP2D6 *4/*4`,
two genes before one phenotype, or one gene with two diplotypes are not. The ways to deny, to doubt
or to speak of somebody else have no end, so a sentence is read where every word of it is known to
leave its meaning alone, and refused for any other word.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fhir_pgx.fhir import genotype_text as text_of
from fhir_pgx.fhir.answers import read_answer
from fhir_pgx.fhir.gene_names import find_genes, named_genes, without_genes
from fhir_pgx.fhir.plain_words import (
    denies,
    doubts_results,
    is_plain,
    speaks_of_other_results,
)
from fhir_pgx.fhir.presence_words import presence_in
from fhir_pgx.fhir.question import Question
from fhir_pgx.fhir.segments import BREAK, STOP, Segment, Unclear, segments_of
from fhir_pgx.fhir.values import Concept, Value
from fhir_pgx.model.finding import Statement, StatementKind
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.phenotype_words import standard_phenotype

MAX_TEXT = 5000
MAX_NAMED = 10  # genes, in one reason

OTHER_RESULTS = "the text speaks of an earlier or mistaken result, or of another person"
DOUBTED = "the text doubts or denies a result"
NOT_PLAIN = "the text does not name one gene and one result without doubt"
WHOSE = "the text names several genes, and whose the results are is not certain"
TOO_LONG = f"the text is longer than {MAX_TEXT} signs"

_LONG_NAMES = (
    (re.compile(r"(?i)glucose[\s-]6[\s-]phosphate dehydrogenase"), "G6PD"),
    (re.compile(r"(?i)thiopurine (?:s-)?methyltransferase"), "TPMT"),
    (re.compile(r"(?i)dihydropyrimidine dehydrogenase"), "DPYD"),
)


@dataclass(frozen=True, slots=True)
class Prose:
    """What a text says: its statements, the genes it names, and why any of them is not read."""

    statements: tuple[Statement, ...] = ()
    genes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def unread(self) -> tuple[str, ...]:
        """The genes that the text names without a statement that could be read."""
        read = {one.gene for one in self.statements}
        return tuple(gene for gene in self.genes if gene not in read)

    @property
    def why_unread(self) -> str:
        """The genes that were not read and why; empty where there are none."""
        unread = self.unread[:MAX_NAMED]
        return f"{', '.join(unread)}: {self.reason}" if unread else ""


class _Refused(Exception):
    """Why nothing of the text can be trusted."""


def read_prose(text: str, question: Question, vocabulary: Vocabulary) -> Prose:
    """The statements of a text, made in the name of `question` (origin and caveats).

    A gene that one sentence states and another denies is left out, and so is all of a text that
    contradicts itself, doubts its results or speaks of other results than this person's present
    ones. `reason` then says why.
    """
    if len(text) > MAX_TEXT:
        return Prose(reason=TOO_LONG)
    for pattern, symbol in _LONG_NAMES:
        text = pattern.sub(symbol, text)
    genes = named_genes(text, vocabulary)
    if not genes:
        return Prose()
    try:
        if speaks_of_other_results(text):
            raise _Refused(OTHER_RESULTS)
        clauses: Iterable[Segment] = (
            _segments(text, vocabulary) if len(genes) > 1 else _clauses(text, genes[0], vocabulary)
        )
        made = _read_clauses(clauses, question, vocabulary)
    except _Refused as refusal:
        return Prose(genes=genes, reason=str(refusal))
    return Prose(made, genes, NOT_PLAIN)


def _segments(text: str, vocabulary: Vocabulary) -> list[Segment]:
    try:
        return segments_of(text, vocabulary)
    except Unclear:
        raise _Refused(WHOSE) from None


def _clauses(text: str, gene: str, vocabulary: Vocabulary) -> Iterator[Segment]:
    """The clauses of a text of one gene: sentences, and lines that name the gene each.

    A line or `;` ends a clause only between two that name the gene: lines are wrapped anywhere.
    """
    for sentence in STOP.split(text):
        held = ""
        holds_gene = False
        for line in BREAK.split(sentence):
            names_gene = bool(find_genes(line, vocabulary))
            if held and holds_gene and names_gene:
                yield Segment(held, ((gene, held),))
                held, holds_gene = line, True
            else:
                held = f"{held} {line}" if held else line
                holds_gene = holds_gene or names_gene
        if held.strip():
            yield Segment(held, ((gene, held),) if holds_gene else ())


def _read_clauses(
    clauses: Iterable[Segment], question: Question, vocabulary: Vocabulary
) -> tuple[Statement, ...]:
    made: dict[tuple[str, StatementKind, str], Statement] = {}
    denied: set[str] = set()
    for clause, parts in clauses:
        if not parts:
            if doubts_results(clause):
                raise _Refused(DOUBTED)
            continue
        found = _read_clause(parts, question, vocabulary)
        if not found and (text_of.looks_like_genotype(clause) or denies(clause)):
            denied.update(gene for gene, _ in parts)
        for one in found:
            allele = one.value if one.kind is StatementKind.ALLELE_PRESENCE else ""
            earlier = made.setdefault((one.gene, one.kind, allele), one)
            if (earlier.value, earlier.presence) != (one.value, one.presence):
                raise _Refused(NOT_PLAIN)
    return tuple(one for one in made.values() if one.gene not in denied)


def _read_clause(
    parts: tuple[tuple[str, str], ...], question: Question, vocabulary: Vocabulary
) -> list[Statement]:
    """The statements of a clause; none where any word of it may change what it means."""
    found: list[Statement] = []
    for gene, part in parts:
        asked = question._replace(genes=(gene,), asked="genotype", strict=True)
        made = list(_statements(part, gene, asked, vocabulary))
        verdict = any(one.kind is StatementKind.ALLELE_PRESENCE for one in made)
        if not is_plain(gene, without_genes(part, vocabulary), verdict=verdict):
            return []
        found.extend(made)
    return found


def _statements(
    part: str, gene: str, question: Question, vocabulary: Vocabulary
) -> Iterator[Statement]:
    pair = text_of.star_pair_in(part)
    if not pair and gene in text_of.SINGLE_NUCLEOTIDE_GENES:
        nucleotides = text_of.NUCLEOTIDE_PAIR.findall(part)
        pair = nucleotides[0] if len(nucleotides) == 1 else ""
    if pair:
        yield question.answer(gene, StatementKind.DIPLOTYPE, pair)
        part = part.replace(pair, " ")
    elif presence_in(part) is not None or (gene.startswith("HLA-") and "+" in part):
        value = Value(concept=Concept((), part.strip(" ().,:")))
        yield from read_answer(question, value, vocabulary).statements
        return
    phenotype = standard_phenotype(gene, part, vocabulary)
    if phenotype:
        # The standard term alone: prose may hold more about the person than the phenotype.
        yield question.answer(gene, StatementKind.PHENOTYPE, phenotype)
