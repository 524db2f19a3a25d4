"""Alleles: diplotypes, haplotypes and the verdicts of tests for one allele, each with its gene."""

import re
from collections.abc import Iterator, Sequence

from fhir_pgx.fhir import genotype_text as text_of
from fhir_pgx.fhir.gene_names import find_genes, named_genes
from fhir_pgx.fhir.notes import GENES_DISAGREE, HLA_SLASH, VALUES_DISAGREE, note
from fhir_pgx.fhir.phenotype_answers import phenotype_statements
from fhir_pgx.fhir.presence_words import (
    ZYGOSITY_CODES,
    plain,
    presence_in,
    presence_of,
    presence_of_concept,
    zygosity_of,
)
from fhir_pgx.fhir.question import (
    KIND,
    MAX_NAME,
    NO_ALLELE,
    NO_GENE,
    UNCLEAR,
    WHICH_GENE,
    Answer,
    Question,
    allele_name,
    without_call,
)
from fhir_pgx.fhir.values import Concept, Value
from fhir_pgx.model.finding import Caveat, Presence, Statement, StatementKind
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.phenotype_words import is_metabolizer_gene, standard_phenotype

_CLAUSE = re.compile(r"[;,\n]+")
# Words beside a diplotype that add nothing to it.
_IDLE = frozenset(("heterozygous", "homozygous", "detected", "genotype", "diplotype", "result"))
_EDGES = " \t\r\n()[]{}:;,.-–_"


def presence_answer(question: Question, value: Value, vocabulary: Vocabulary) -> Answer:
    """The verdict on the one allele a test is for; a value that is none is read as a genotype."""
    found = presence_of(value)
    if found is None:
        return genotype_answer(question, value.concept, vocabulary)
    if not question.allele:
        return Answer(reason=NO_ALLELE)
    if len(question.genes) != 1:
        return Answer(reason=WHICH_GENE if question.genes else NO_GENE)
    zygosity = zygosity_of(value.concept) or question.zygosity
    codings = value.concept.codings
    return Answer(
        (
            question.answer(
                question.genes[0],
                StatementKind.ALLELE_PRESENCE,
                allele_name(question.genes[0], question.allele),
                presence=found,
                code=ZYGOSITY_CODES.get(zygosity) or (codings[0].code if codings else ""),
            ),
        )
    )


def genotype_answer(question: Question, concept: Concept, vocabulary: Vocabulary) -> Answer:
    """The alleles that a concept states, each with its gene."""
    stated = concept.stated
    words, code = _genotype_words(stated)
    if not words:
        return _bare_answer(question, concept, vocabulary)
    tested = _tested_alleles(question, words, vocabulary)
    if tested:
        return Answer(tested)
    if question.strict and not _is_clear(question, words):
        return Answer(reason=UNCLEAR)
    caveats: tuple[Caveat, ...] = ()
    if len(stated) > 1 and not text_of.same_genotype(offer for offer, _ in stated):
        caveats = (note(VALUES_DISAGREE),)
    made: list[Statement] = []
    for gene, part, notes in _by_gene(question, words, vocabulary):
        more = caveats + notes
        asked = question._replace(caveats=question.caveats + more) if more else question
        made.extend(_allele_statements(asked, gene, part, code, vocabulary))
    if made:
        return Answer(tuple(made))
    return Answer(reason=WHICH_GENE if len(question.genes) > 1 else NO_GENE)


def named_allele_answer(
    question: Question, words: str, code: str, vocabulary: Vocabulary
) -> Answer:
    """The words that belong to one gene of several: its genotype, verdict, or phenotype."""
    if not text_of.looks_like_genotype(words):
        return _bare_answer(question, Concept((), words), vocabulary)
    tested = _tested_alleles(question, words, vocabulary)
    if tested:
        return Answer(tested)
    if question.strict and not _is_clear(question, words):
        return Answer(reason=UNCLEAR)
    return Answer(tuple(_allele_statements(question, question.genes[0], words, code, vocabulary)))


def _genotype_words(stated: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The first of a concept's texts that holds allele names, with the code beside it."""
    for words, code in stated:
        if text_of.looks_like_genotype(words):
            return words, code
    return "", ""


def _bare_answer(question: Question, concept: Concept, vocabulary: Vocabulary) -> Answer:
    """A genotype question answered by `Positive`, `No call`, a phenotype, or an odd name."""
    if not concept.stated:
        return Answer(reason=NO_ALLELE)
    words, code = concept.stated[0]
    bare = presence_of_concept(concept)
    if bare is Presence.NO_CALL:
        return without_call(question, words)
    if bare is not None and question.allele:
        return presence_answer(question, Value(concept=concept), vocabulary)
    if bare is Presence.INDETERMINATE:
        made = [
            question.answer(gene, KIND[question.asked], words, presence=bare)
            for gene in question.genes
        ]
        return Answer(tuple(made), "" if made else NO_GENE)
    if bare is not None:
        return Answer(reason=NO_ALLELE)
    said = phenotype_statements(question._replace(strict=True), words, code, vocabulary)
    # Some alleles are named in the words of a phenotype (`ivacaftor non-responsive CFTR sequence`).
    stated = () if text_of.is_pair(words) else said.statements
    if stated or question.strict:
        return Answer(stated, said.reason or ("" if stated else UNCLEAR))
    if len(words) > MAX_NAME:
        return Answer(reason=UNCLEAR)
    if len(question.genes) != 1:
        return Answer(reason=WHICH_GENE if question.genes else NO_GENE)
    gene = question.genes[0]
    kind = text_of.kind_of(gene, words)
    return Answer((question.answer(gene, kind, words, code=code),))


def _is_clear(question: Question, words: str) -> bool:
    if text_of.STAR_PAIR.search(words) or text_of.HLA_ALLELE.search(words):
        return True
    return bool(question.genes) and (
        text_of.NUCLEOTIDE_PAIR.search(words) is not None
        or text_of.STAR_ALLELE.search(words) is not None
        or text_of.is_nucleotide_text(words)
    )


def _tested_alleles(
    question: Question, words: str, vocabulary: Vocabulary
) -> tuple[Statement, ...]:
    """`HLA-B*57:01 positive; HLA-B*58:01 negative`: each clause one allele and one verdict."""
    made = []
    for clause in _CLAUSE.split(words[: text_of.MAX_TEXT]):
        if not clause.strip():
            continue
        presence = presence_in(clause)
        if presence is None:
            return ()
        allele = _only_allele(clause)
        named = [gene for gene, _, _ in find_genes(clause, vocabulary)]
        genes = tuple(dict.fromkeys(named)) or question.genes
        if not allele or len(genes) != 1:
            return ()
        zygosity = next((word for word in ZYGOSITY_CODES if word in clause.lower()), "")
        code = ZYGOSITY_CODES.get(zygosity, "")
        kind = StatementKind.ALLELE_PRESENCE
        made.append(question.answer(genes[0], kind, allele, presence=presence, code=code))
    return tuple(made)


def _only_allele(clause: str) -> str:
    found = [match[0] for match in text_of.HLA_ALLELE.finditer(clause)]
    for pattern in (text_of.STAR_ALLELE, text_of.NUCLEOTIDE_ALLELE):
        found = found or [match[0] for match in pattern.finditer(clause)]
    return found[0] if len(found) == 1 else ""


def _by_gene(
    question: Question, words: str, vocabulary: Vocabulary
) -> Iterator[tuple[str, str, tuple[Caveat, ...]]]:
    """(gene, its part of the text, caveats): by the names in the text, else by what can fit."""
    named = list(named_genes(words, vocabulary))
    if _is_hla(words, named or question.genes):
        loci = list(text_of.hla_by_locus(words))
        if len(loci) > 1 or (loci and not question.genes):
            yield loci[0], words, ()
            return
    genes = question.genes
    if len(genes) == 1:
        clash = named and named[0] != genes[0]
        caveats = (note(GENES_DISAGREE, kept=genes[0], other=named[0]),) if clash else ()
        yield genes[0], words, caveats
    elif named:
        yield named[0], words, ()
    else:
        fits = [gene for gene in genes if _can_be(gene, words)]
        if len(fits) == 1:
            yield fits[0], words, ()


def _is_hla(words: str, genes: Sequence[str]) -> bool:
    if text_of.is_gl_string(words):
        return True
    for gene in genes:
        if not gene.startswith("HLA-"):
            return False
    return bool(genes)


def _can_be(gene: str, words: str) -> bool:
    if gene.startswith("HLA-"):
        return False
    if text_of.is_star_text(words):
        return is_metabolizer_gene(gene) or gene.startswith("SLCO")
    if text_of.is_nucleotide_text(words):
        return gene in text_of.SINGLE_NUCLEOTIDE_GENES
    return False


def _allele_statements(
    question: Question, gene: str, words: str, code: str, vocabulary: Vocabulary
) -> Iterator[Statement]:
    if gene.startswith("HLA-"):
        yield from _hla_statements(question, gene, words, code)
        return
    pair = text_of.star_pair_in(words)
    around = words.replace(pair, " ").strip(_EDGES) if pair else ""
    phenotype = standard_phenotype(gene, around, vocabulary) if around else None
    if phenotype or (around and plain(around) in _IDLE):
        words = pair or words
    yield question.answer(gene, text_of.kind_of(gene, words), words, code=code)
    if phenotype:
        yield question.answer(gene, StatementKind.PHENOTYPE, around)


def _hla_statements(question: Question, gene: str, words: str, code: str) -> Iterator[Statement]:
    loci = text_of.hla_by_locus(words)
    # One locus stays with the gene already resolved, also where its text says another.
    for locus, part in loci.items() if len(loci) > 1 else [(gene, text_of.hla_pair(words))]:
        kind = text_of.kind_of(locus, part)
        caveats: tuple[Caveat, ...] = ()
        if question.asked == "haplotype" and "+" not in part:
            kind = StatementKind.HAPLOTYPE
        elif text_of.has_hla_slash(locus, part):
            caveats = (note(HLA_SLASH),)
        yield question.answer(locus, kind, part, code=code, caveats=caveats)
