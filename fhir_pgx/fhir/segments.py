"""Which words of a text belong to which of the several genes that it names.

A result belongs to a gene only where the gene and its own words stand alone between separators:
`;`, a line's end, a full stop; a comma only where every part between commas opens with its gene.
`CYP2D6 *1/*1, poor metabolizer for DPYD` would give CYP2D6 the phenotype of DPYD: any other order
refuses the whole text, since the next gene's words may as well be the last one's.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from fhir_pgx.fhir import genotype_text as text_of
from fhir_pgx.fhir.gene_names import find_genes
from fhir_pgx.fhir.plain_words import doubts_results, is_plain_lead
from fhir_pgx.model.knowledge import Vocabulary

STOP = re.compile(r"\.(?=\s|$)|\n\s*\n")
BREAK = re.compile(r"[;\n\r]+")
# Words that a result consists of: where no gene stands before them, whose they are is unclear.
_RESULT = re.compile(
    r"(?i)\b(?:ultra|poor|intermediate|normal|extensive|rapid|slow|fast|low|high|deficien"
    r"|increased|decreased|reduced|metaboli[sz]er|acetylator|function|activity|susceptib"
    r"|responsive|(?:un)?favou?rable|positive|negative|present|absent|detected|found|identified"
    r"|homozyg|heterozyg|hemizyg|indeterminate|(?:um|urm|rm|nm|em|im|pm)\b)"
)
# After a gene these speak of another: `poor metabolizer for TPMT`, `normal in DPYD`.
_TURNS = re.compile(r"(?i)\b(?:for|of|in|on|at|by|to|from|and|or|whereas|while|but|also)\b")
_NAMED_RESULT = re.compile(
    r"(?i)\b(?:metaboli[sz]er|acetylator|function|activity|deficien|susceptib|positive|negative"
    r"|detected|homozyg|heterozyg|hemizyg|(?:um|urm|rm|nm|em|im|pm)\b)"
)
_FEWEST = 4  # words of a sentence that can speak of something else: `Use the normal dose`
_SCORE_OF = re.compile(r"(?i)\bscore of (?=\d)")
_EDGES = " \t\r\n.,:-–()[]"


class Unclear(Exception):
    """Which gene some of the text's words belong to cannot be told."""


class Segment(NamedTuple):
    """What stands between two separators: its text, and the stretch of each gene in it."""

    text: str
    parts: tuple[tuple[str, str], ...] = ()


def segments_of(text: str, vocabulary: Vocabulary) -> list[Segment]:
    """The segments of a text that names several genes; a sentence without a gene has no parts.

    Raises Unclear where one result could belong to two genes, or to none.
    """
    found: list[Segment] = []
    for sentence in STOP.split(text):
        if not find_genes(sentence, vocabulary):
            if _states_a_result(sentence):
                raise Unclear
            found.append(Segment(sentence))
            continue
        for line in BREAK.split(sentence):
            parts = tuple(_parts(line, vocabulary))
            if parts:
                found.append(Segment(line, parts))
            elif not _is_harmless(line):
                raise Unclear
    return found


def results_by_gene(text: str, vocabulary: Vocabulary) -> dict[str, list[str]]:
    """Each gene's stretches of a text, in order. Raises Unclear as `segments_of` does."""
    found: dict[str, list[str]] = {}
    for text_between, parts in segments_of(text, vocabulary):
        if not parts and doubts_results(text_between):
            raise Unclear
        for gene, part in parts:
            found.setdefault(gene, []).append(part)
    return found


def speaks_of_results(text: str) -> bool:
    """True where a text holds allele names or words of a phenotype or verdict."""
    return text_of.looks_like_genotype(text) or _RESULT.search(text) is not None


def _states_a_result(sentence: str) -> bool:
    if text_of.looks_like_genotype(sentence) or _NAMED_RESULT.search(sentence):
        return True
    return _RESULT.search(sentence) is not None and len(sentence.split()) < _FEWEST


def _is_harmless(text: str) -> bool:
    return is_plain_lead(text) and not speaks_of_results(text)


def _parts(line: str, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    mentions = find_genes(line, vocabulary)
    if not mentions:
        return
    if len({gene for gene, _, _ in mentions}) == 1:
        yield _part(line, vocabulary, first=True)
        return
    for i, piece in enumerate(line.split(",")):
        yield _part(piece, vocabulary, first=i == 0)


def _part(piece: str, vocabulary: Vocabulary, *, first: bool) -> tuple[str, str]:
    """The one gene of a piece, which opens it, and the piece."""
    mentions = find_genes(piece, vocabulary)
    if len({gene for gene, _, _ in mentions}) != 1:
        raise Unclear
    gene, start, end = mentions[0]
    lead, rest = piece[:start].strip(_EDGES), piece[end:]
    if lead and (not first or speaks_of_results(lead)):
        raise Unclear
    # A gene with nothing after it may be the end of the words before: `poor metabolizer` / `DPYD`.
    if not rest.strip(_EDGES) or _TURNS.search(_SCORE_OF.sub(" ", rest)):
        raise Unclear
    return gene, piece
