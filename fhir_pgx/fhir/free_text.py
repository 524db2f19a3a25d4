"""Genotypes and phenotypes in prose, read only where they can mean one thing.

`CYP2D6 *4/*4 (Poor Metabolizer)` is read; `if the patient is a poor metabolizer …`, two genes
before one phenotype, or one gene with two diplotypes are not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from fhir_pgx.fhir import genotype_text as text_of
from fhir_pgx.fhir.answers import read_answer
from fhir_pgx.fhir.gene_names import find_genes
from fhir_pgx.fhir.presence_words import presence_in
from fhir_pgx.fhir.question import Question
from fhir_pgx.fhir.values import Concept, Value
from fhir_pgx.model.finding import Statement, StatementKind
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.phenotype_words import standard_phenotype

MAX_TEXT = 5000

_CLAUSE = re.compile(r"[;\n\r]+|\.\s")
_DOUBT = re.compile(
    r"(?i)\b(?:if|should|would|could|may|might|consider|unless|family|mother|father|brother|sister"
    r"|suspected|possible|possibly|probable|risk of|rule|ruled|previous|recommend\w*|testing for"
    r"|awaiting|pending|ordered|no (?:evidence|history)|not (?:a|been|tested|performed|known))\b"
)
_LONG_NAMES = (
    (re.compile(r"(?i)glucose[\s-]6[\s-]phosphate dehydrogenase"), "G6PD"),
    (re.compile(r"(?i)thiopurine (?:s-)?methyltransferase"), "TPMT"),
    (re.compile(r"(?i)dihydropyrimidine dehydrogenase"), "DPYD"),
)


@dataclass(frozen=True, slots=True)
class Prose:
    """What a text says: its statements, the genes it names, and whether it contradicts itself."""

    statements: tuple[Statement, ...] = ()
    genes: tuple[str, ...] = ()
    is_ambiguous: bool = False


def read_prose(text: str, question: Question, vocabulary: Vocabulary) -> Prose:
    """The statements of a text, made in the name of `question` (origin and caveats)."""
    if len(text) > MAX_TEXT:
        return Prose()
    for pattern, symbol in _LONG_NAMES:
        text = pattern.sub(symbol, text)
    genes: dict[str, None] = {}
    made: dict[tuple[str, StatementKind, str], Statement] = {}
    for clause in _CLAUSE.split(text):
        mentions = find_genes(clause, vocabulary)
        genes.update(dict.fromkeys(gene for gene, _, _ in mentions))
        if not mentions or _DOUBT.search(clause):
            continue
        for gene, part in _parts(clause, mentions):
            asked = replace(question, genes=(gene,), asked="genotype", strict=True)
            for one in _statements(part, gene, asked, vocabulary):
                allele = one.value if one.kind is StatementKind.ALLELE_PRESENCE else ""
                earlier = made.setdefault((gene, one.kind, allele), one)
                if (earlier.value, earlier.presence) != (one.value, one.presence):
                    return Prose(genes=tuple(genes), is_ambiguous=True)
    return Prose(tuple(made.values()), tuple(genes))


def _parts(clause: str, mentions: list[tuple[str, int, int]]) -> Iterator[tuple[str, str]]:
    """Each gene's stretch of a clause; nothing where words before the first gene may count too."""
    if len({gene for gene, _, _ in mentions}) == 1:
        yield mentions[0][0], clause
        return
    before = clause[: mentions[0][1]]
    if text_of.looks_like_genotype(before) or "metaboli" in before or "function" in before:
        return
    ends = [start for _, start, _ in mentions[1:]] + [len(clause)]
    for (gene, start, _), end in zip(mentions, ends, strict=True):
        yield gene, clause[start:end]


def _statements(
    part: str, gene: str, question: Question, vocabulary: Vocabulary
) -> Iterator[Statement]:
    pair = text_of.star_pair_in(part)
    if pair:
        yield question.answer(gene, StatementKind.DIPLOTYPE, pair)
        part = part.replace(pair, " ")
    elif presence_in(part) is not None or (gene.startswith("HLA-") and "+" in part):
        value = Value(concept=Concept((), part.strip(" ().,:")))
        yield from read_answer(question, value, vocabulary).statements
        return
    else:
        nucleotides = text_of.NUCLEOTIDE_PAIR.findall(part)
        if len(nucleotides) == 1 and gene in text_of.SINGLE_NUCLEOTIDE_GENES:
            yield question.answer(gene, StatementKind.DIPLOTYPE, nucleotides[0])
            part = part.replace(nucleotides[0], " ")
    phenotype = standard_phenotype(gene, part, vocabulary)
    if phenotype:
        # The standard term alone: prose may hold more about the person than the phenotype.
        yield question.answer(gene, StatementKind.PHENOTYPE, phenotype)
