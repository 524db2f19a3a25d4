"""The phenotype that words and answer code state, and the gene it belongs to."""

from fhir_pgx.fhir.gene_names import find_genes
from fhir_pgx.fhir.notes import CODE_AND_WORDS, GENES_DISAGREE, note
from fhir_pgx.fhir.question import MAX_GENES, NO_GENE, UNCLEAR, WHICH_GENE, Answer, Question
from fhir_pgx.model.finding import Caveat, StatementKind
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.phenotype_words import standard_phenotype


def phenotype_statements(
    question: Question, words: str, code: str, vocabulary: Vocabulary
) -> Answer:
    """The phenotype statement of a text and the answer code beside it.

    With several genes it belongs to the one that the words name, else to the only one whose
    phenotypes the words can be (warfarin: a metabolizer term is CYP2C9's, not VKORC1's).
    """
    named = tuple(dict.fromkeys(gene for gene, _, _ in find_genes(words, vocabulary)))
    genes = question.genes or named
    if not genes:
        return Answer(reason=NO_GENE)
    if len(genes) > MAX_GENES:
        return Answer(reason=WHICH_GENE)
    if len(genes) > 1:
        genes = tuple(gene for gene in named if gene in genes) or tuple(
            gene for gene in genes if standard_of(gene, words, code, vocabulary)
        )
    if len(genes) > 1:
        return Answer(reason=WHICH_GENE)
    if not genes or (question.strict and not standard_of(genes[0], words, code, vocabulary)):
        return Answer(reason=UNCLEAR)
    gene = genes[0]
    caveats = _words_against_code(gene, words, code, vocabulary)
    if named and gene not in named:
        caveats = (*caveats, note(GENES_DISAGREE, kept=gene, other=named[0]))
    made = question.answer(gene, StatementKind.PHENOTYPE, words, code=code, caveats=caveats)
    return Answer((made,))


def standard_of(gene: str, words: str, code: str, vocabulary: Vocabulary) -> str | None:
    """The standard term of an answer code, else of the words beside it."""
    return standard_phenotype(gene, code, vocabulary) or standard_phenotype(gene, words, vocabulary)


def _words_against_code(
    gene: str, words: str, code: str, vocabulary: Vocabulary
) -> tuple[Caveat, ...]:
    term = vocabulary.answers.get(code)
    if term is None or words == code:
        return ()
    said = standard_phenotype(gene, words, vocabulary)
    return (note(CODE_AND_WORDS, code=code, term=term),) if said and said != term else ()
