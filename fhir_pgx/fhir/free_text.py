"""Genotypes and phenotypes in prose, read only where they can mean one thing.

`CYP2D6 *4/*4 (Poor Metabolizer)` is read; `CYP2D6 *4/*4 was excluded`, `those with CYP2D6 *4/*4`,
two genes before one phenotype, or one gene with two diplotypes are not. The ways to deny, to doubt
or to speak of somebody else have no end, so a sentence is read where every word of it is known to
leave its meaning alone, and refused for any other word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fhir_pgx.fhir import genotype_text as text_of
from fhir_pgx.fhir.answers import read_answer
from fhir_pgx.fhir.gene_names import find_genes
from fhir_pgx.fhir.plain_words import (
    denies,
    doubts_results,
    is_plain,
    is_plain_lead,
    speaks_of_other_results,
)
from fhir_pgx.fhir.presence_words import presence_in
from fhir_pgx.fhir.question import Question
from fhir_pgx.fhir.values import Concept, Value
from fhir_pgx.model.finding import Statement, StatementKind
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.phenotype_words import standard_phenotype

MAX_TEXT = 5000

OTHER_RESULTS = "the text speaks of an earlier or mistaken result, or of another person"
DOUBTED = "the text doubts or denies a result"
NOT_PLAIN = "the text does not name one gene and one result without doubt"
TOO_LONG = f"the text is longer than {MAX_TEXT} signs"

_STOP = re.compile(r"\.(?=\s|$)|\n\s*\n")
# A line or `;` ends a statement only between two that name a gene each: lines are wrapped anywhere.
_BREAK = re.compile(r"[;\n\r]+")
_LONG_NAMES = (
    (re.compile(r"(?i)glucose[\s-]6[\s-]phosphate dehydrogenase"), "G6PD"),
    (re.compile(r"(?i)thiopurine (?:s-)?methyltransferase"), "TPMT"),
    (re.compile(r"(?i)dihydropyrimidine dehydrogenase"), "DPYD"),
)

Mentions = list[tuple[str, int, int]]


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
    clauses = [(clause, find_genes(clause, vocabulary)) for clause in _clauses(text, vocabulary)]
    genes = dict.fromkeys(gene for _, mentions in clauses for gene, _, _ in mentions)
    if not genes:
        return Prose()
    try:
        if speaks_of_other_results(text):
            raise _Refused(OTHER_RESULTS)
        made = _read_clauses(clauses, question, vocabulary)
    except _Refused as refusal:
        return Prose(genes=tuple(genes), reason=str(refusal))
    return Prose(made, tuple(genes), NOT_PLAIN)


def _clauses(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    for sentence in _STOP.split(text):
        held = ""
        holds_gene = False
        for line in _BREAK.split(sentence):
            names_gene = bool(find_genes(line, vocabulary))
            if held and holds_gene and names_gene:
                yield held
                held, holds_gene = line, True
            else:
                held = f"{held} {line}" if held else line
                holds_gene = holds_gene or names_gene
        if held.strip():
            yield held


def _read_clauses(
    clauses: list[tuple[str, Mentions]], question: Question, vocabulary: Vocabulary
) -> tuple[Statement, ...]:
    made: dict[tuple[str, StatementKind, str], Statement] = {}
    denied: set[str] = set()
    for clause, mentions in clauses:
        if not mentions:
            if doubts_results(clause):
                raise _Refused(DOUBTED)
            continue
        found = _read_clause(clause, mentions, question, vocabulary)
        if not found and (text_of.looks_like_genotype(clause) or denies(clause)):
            denied.update(gene for gene, _, _ in mentions)
        for one in found:
            allele = one.value if one.kind is StatementKind.ALLELE_PRESENCE else ""
            earlier = made.setdefault((one.gene, one.kind, allele), one)
            if (earlier.value, earlier.presence) != (one.value, one.presence):
                raise _Refused(NOT_PLAIN)
    return tuple(one for one in made.values() if one.gene not in denied)


def _read_clause(
    clause: str, mentions: Mentions, question: Question, vocabulary: Vocabulary
) -> list[Statement]:
    """The statements of a clause; none where any word of it may change what it means."""
    found: list[Statement] = []
    for gene, part in _parts(clause, mentions):
        if not gene:
            if not is_plain_lead(part):
                return []
            continue
        asked = question._replace(genes=(gene,), asked="genotype", strict=True)
        made = list(_statements(part, gene, asked, vocabulary))
        verdict = any(one.kind is StatementKind.ALLELE_PRESENCE for one in made)
        if not is_plain(gene, _without_genes(part, vocabulary), verdict=verdict):
            return []
        found.extend(made)
    return found


def _without_genes(part: str, vocabulary: Vocabulary) -> str:
    for _, start, end in reversed(find_genes(part, vocabulary)):
        part = f"{part[:start]} {part[end:]}"
    return " ".join(part.split())


def _parts(clause: str, mentions: Mentions) -> Iterator[tuple[str, str]]:
    """Each gene's stretch of a clause, and what stands before the first gene under no gene.

    A clause of one gene is one stretch. Of several, the words before the first may belong to any:
    a genotype or phenotype there makes the clause unplain.
    """
    if len({gene for gene, _, _ in mentions}) == 1:
        yield mentions[0][0], clause
        return
    yield "", clause[: mentions[0][1]]
    ends = [start for _, start, _ in mentions[1:]] + [len(clause)]
    for (gene, start, _), end in zip(mentions, ends, strict=True):
        yield gene, clause[start:end]


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
