"""Observations whose code says nothing of genes, and whose value may: local, wrong or broken codes.

`PGx result: CYP2C19 *2/*2` is a result all the same. Its words stand alone, so they are read as
free text is; what looks like alleles, or names a gene and a phenotype, and cannot be read is
listed, never dropped.
"""

from collections.abc import Iterator

from fhir_pgx.fhir import genotype_text as text_of
from fhir_pgx.fhir.bundle import Entry, as_dicts
from fhir_pgx.fhir.free_text import OTHER_RESULTS, read_prose
from fhir_pgx.fhir.gathering import Gathering, origin_of, status_caveats
from fhir_pgx.fhir.gene_names import named_genes
from fhir_pgx.fhir.notes import FREE_TEXT, note
from fhir_pgx.fhir.plain_words import speaks_of_other_results
from fhir_pgx.fhir.question import Question
from fhir_pgx.fhir.values import Concept, concept_of, value_of
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.phenotype_words import holds_phenotype
from fhir_pgx.terminology import LOINC

NO_CODE = "its code is not a CodeableConcept, so what was asked is not known"
UNKNOWN_CODE = "its code is none that we know, and nothing names a gene"
WRONG_DIGIT = "its code {code} has a wrong check digit and is no LOINC code; nothing names a gene"

MAX_VALUE = 500  # longer text under a code that says nothing of genes is a letter, not a result


def is_worth_reading(entry: Entry, gathering: Gathering) -> bool:
    """True where a value looks like a result, or where no code tells what the resource is."""
    if not isinstance(entry.resource.get("code"), (dict, list)):
        return True
    return any(True for _ in _result_texts(entry, gathering.vocabulary))


def read_unlabelled(entry: Entry, gathering: Gathering) -> None:
    """Adds what the value says where it names gene and result itself; else lists the resource."""
    code = concept_of(entry.resource.get("code"))
    report = gathering.report_of.get(id(entry.resource))
    origin = origin_of(entry, report)
    caveats = (*status_caveats(origin, report), note(FREE_TEXT))
    question = Question(
        asked="genotype",
        genes=(),
        origin=origin,
        source_class=gathering.genomes.source_class(entry),
        caveats=caveats,
    )
    reason = ""
    for words in _result_texts(entry, gathering.vocabulary):
        if speaks_of_other_results(code.label):
            gathering.missed(entry, OTHER_RESULTS)
            return
        prose = read_prose(words, question, gathering.vocabulary)
        if prose.statements:
            gathering.statements.extend(prose.statements)
            if prose.unread:
                gathering.missed(entry, prose.why_unread)
            return
        reason = reason or prose.why_unread
    gathering.missed(entry, reason or _why_unread(entry, code))


def _result_texts(entry: Entry, vocabulary: Vocabulary) -> Iterator[str]:
    """The texts of value and components that look like alleles, or name gene and phenotype."""
    for element in (entry.resource, *as_dicts(entry.resource.get("component"))):
        for words, _ in value_of(element).concept.stated:
            if len(words) > MAX_VALUE:
                continue
            if _looks_like_alleles(words, vocabulary) or _names_phenotype(words, vocabulary):
                yield words


def _names_phenotype(words: str, vocabulary: Vocabulary) -> bool:
    return any(holds_phenotype(gene, words) for gene in named_genes(words, vocabulary))


def _looks_like_alleles(words: str, vocabulary: Vocabulary) -> bool:
    if "*" in words:
        if text_of.STAR_PAIR.search(words) or text_of.HLA_ALLELE.search(words):
            return True
        # `*1` inside a sentence may be a footnote, unless a gene stands beside it.
        single = text_of.STAR_ALLELE.search(words)
        return single is not None and (
            single[0] == words.strip() or bool(named_genes(words, vocabulary))
        )
    return "/" in words and text_of.NUCLEOTIDE_PAIR.search(words) is not None


def _why_unread(entry: Entry, code: Concept) -> str:
    if not isinstance(entry.resource.get("code"), (dict, list)):
        return NO_CODE
    for coding in code.codings:
        if coding.system == LOINC and has_wrong_check_digit(coding.code):
            return WRONG_DIGIT.format(code=coding.code)
    return UNKNOWN_CODE


def has_wrong_check_digit(code: str) -> bool:
    """True for a LOINC-shaped code whose last digit is not its check digit (Luhn, LOINC manual)."""
    number, dash, digit = code.partition("-")
    if not (dash and number.isdecimal() and number.isascii() and len(number) <= 6):
        return False
    doubled = [int(sign) * 2 for sign in number[::-1][::2]]
    total = sum(each // 10 + each % 10 for each in doubled)
    total += sum(int(sign) for sign in number[::-1][1::2])
    return digit != str(-total % 10)
