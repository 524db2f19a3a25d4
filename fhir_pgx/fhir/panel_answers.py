"""One value for a whole panel: `CYP2C19: *2/*17; DPYD: Poor Metabolizer`, each gene by itself."""

from collections.abc import Iterator

from fhir_pgx.fhir import genotype_text as text_of
from fhir_pgx.fhir.gene_names import find_genes, named_genes, without_genes
from fhir_pgx.fhir.genotype_answers import named_allele_answer
from fhir_pgx.fhir.question import UNCLEAR, WHICH_GENE, Answer, Question
from fhir_pgx.fhir.segments import Unclear, results_by_gene, speaks_of_results
from fhir_pgx.fhir.values import Concept
from fhir_pgx.model.finding import Statement, StatementKind
from fhir_pgx.model.knowledge import Vocabulary

MAX_NAMED = 10  # genes, in one reason
_EDGES = " \t\r\n()[]{}:;,.-–_&+^"


def panel_answer(question: Question, concept: Concept, vocabulary: Vocabulary) -> Answer | None:
    """What a value says that names several genes; None for a value of one gene.

    A gene whose words cannot be read is named in the reason, and so is every gene where it is not
    certain whose the results are. HLA typings have a grammar of their own and are none of these.
    """
    if not concept.stated:
        return None
    words, code = _words(question, concept)
    mentions = find_genes(words, vocabulary)
    if not mentions:
        return None
    genes = tuple(dict.fromkeys([gene for gene, _, _ in mentions]))
    if text_of.is_gl_string(words) or all(gene.startswith("HLA-") for gene in genes):
        return None
    if len(genes) == 1:
        lead = words[: mentions[0][1]]
        is_other = bool(question.genes) and genes[0] not in question.genes
        # `*1/*1; Poor Metabolizer for TPMT`, of CYP2D6
        return _unread(genes, WHICH_GENE) if is_other and speaks_of_results(lead) else None
    try:
        parts = results_by_gene(words, vocabulary)
    except Unclear:
        return _unread(genes, WHICH_GENE)
    made: list[Statement] = []
    unread: list[str] = []
    for gene in genes:
        asked = question._replace(genes=(gene,), asked="genotype", allele="")
        found = list(_results(asked, parts.get(gene, []), code, vocabulary))
        if found and not _contradict(found):
            made.extend(found)
        else:
            unread.append(gene)
    return Answer(tuple(made), _unread(tuple(unread), UNCLEAR).reason if unread else "")


def _words(question: Question, concept: Concept) -> tuple[str, str]:
    """The text that is read: the first, or the first with allele names where those are asked."""
    if question.asked != "phenotype":
        for words, code in concept.stated:
            if text_of.looks_like_genotype(words):
                return words, code
    return concept.stated[0]


def _results(
    question: Question, parts: list[str], code: str, vocabulary: Vocabulary
) -> Iterator[Statement]:
    for part in parts:
        body = part.strip(_EDGES)
        if not text_of.looks_like_genotype(body):
            # The gene is known: what is left is a phenotype, a failed call, or not to be read.
            body, question = (
                without_genes(body, vocabulary).strip(_EDGES),
                question._replace(strict=True),
            )
        yield from named_allele_answer(question, body, code, vocabulary).statements


def _contradict(statements: list[Statement]) -> bool:
    """True where one gene has two genotypes, two phenotypes, or two verdicts on one allele."""
    seen: dict[tuple[StatementKind, str], Statement] = {}
    for one in statements:
        allele = one.value if one.kind is StatementKind.ALLELE_PRESENCE else ""
        earlier = seen.setdefault((one.kind, allele), one)
        if (earlier.value, earlier.presence) != (one.value, one.presence):
            return True
    return False


def _unread(genes: tuple[str, ...], reason: str) -> Answer:
    return Answer(reason=f"{', '.join(genes[:MAX_NAMED])}: {reason}")


def names_other_gene(gene: str, words: str, vocabulary: Vocabulary) -> bool:
    """True where a text names a gene that is not this one."""
    return any(named != gene for named in named_genes(words, vocabulary))
