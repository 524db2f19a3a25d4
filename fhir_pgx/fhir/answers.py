"""What the value of an Observation (or of one of its components) says of a gene.

The code tells what was asked, the value what was answered, and senders mix them: a phenotype code
with a diplotype, an allele code with `Positive`. Each value is read for what it is.
"""

import re
from dataclasses import replace

from fhir_pgx.fhir.genotype_answers import genotype_answer, presence_answer
from fhir_pgx.fhir.genotype_text import STAR_PAIR
from fhir_pgx.fhir.panel_answers import panel_answer
from fhir_pgx.fhir.phenotype_answers import phenotype_statements, standard_of
from fhir_pgx.fhir.presence_words import (
    is_not_performed,
    presence_of,
    presence_of_concept,
    presence_word,
)
from fhir_pgx.fhir.question import (
    MAX_GENES,
    MAX_NAME,
    MEASUREMENT,
    NO_GENE,
    NO_VALUE,
    NOT_PERFORMED,
    UNCLEAR,
    WHICH_GENE,
    Answer,
    Question,
    without_call,
)
from fhir_pgx.fhir.values import Concept, Value
from fhir_pgx.model.finding import Presence, Statement, StatementKind
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.phenotype_words import phenotype_of_lone_word

ODD_SCORE = "the activity score is neither a number nor n/a, as we read them (1.25, ≥3, n/a)"

_SCORE = re.compile(r"(?:[≥≤<>]|>=|<=)?\s?\d{1,2}(?:\.\d{1,3})?|n/a", re.IGNORECASE)


def read_answer(question: Question, value: Value, vocabulary: Vocabulary) -> Answer:
    """The statements that a value makes in answer to a question."""
    if len(question.genes) > MAX_GENES:
        return Answer(reason=WHICH_GENE)
    if question.asked == "activity-score" and not value.absent and not value.is_empty:
        return _score(question, value)
    unanswered = _unanswered(question, value)
    if unanswered is not None:
        return unanswered
    panel = panel_answer(question, value.concept, vocabulary)
    if panel is not None:
        return panel
    if question.asked == "presence" or (value.boolean is not None and question.allele):
        return presence_answer(question, value, vocabulary)
    if question.asked == "phenotype":
        return _phenotype(question, value.concept, vocabulary)
    return genotype_answer(question, value.concept, vocabulary)


def read_implied(question: Question, value: Value, vocabulary: Vocabulary) -> Answer:
    """The phenotype that an implication states: read as a phenotype code's value is.

    Of several genes a bare `No call` may be any one's. A diplotype quoted in an implication is not
    taken for the person's.
    """
    unanswered = _unanswered(question, value)
    bare = presence_of(value)
    if len(question.genes) != 1 and (bare is not None or value.absent):
        return Answer(reason=WHICH_GENE if question.genes else NO_GENE)
    if unanswered is not None:
        return unanswered
    panel = panel_answer(question, value.concept, vocabulary)
    if panel is None:
        return _worded_phenotype(question, value.concept, vocabulary)
    phenotypes = [one for one in panel.statements if one.kind is StatementKind.PHENOTYPE]
    return Answer(tuple(phenotypes), panel.reason)


def _unanswered(question: Question, value: Value) -> Answer | None:
    """The answer of a value that states none; None where there is something to read."""
    if is_not_performed(value):
        return Answer(reason=NOT_PERFORMED)
    if value.absent:
        return without_call(question, "")
    if value.is_empty:
        return Answer(reason=NO_VALUE)
    return Answer(reason=MEASUREMENT) if value.number else None


def _score(question: Question, value: Value) -> Answer:
    words = value.number or value.concept.label
    if not _SCORE.fullmatch(words):
        bare = presence_word(words)
        if bare is Presence.NO_CALL:
            return without_call(question, words)
        return Answer(reason=ODD_SCORE)
    if len(question.genes) != 1:
        return Answer(reason=WHICH_GENE if question.genes else NO_GENE)
    return Answer((question.answer(question.genes[0], StatementKind.ACTIVITY_SCORE, words),))


def _phenotype(question: Question, concept: Concept, vocabulary: Vocabulary) -> Answer:
    if not concept.stated:
        return Answer(reason=NO_VALUE)
    words, code = concept.stated[0]
    bare = presence_of_concept(concept)
    if bare is None and len(words) <= MAX_NAME and STAR_PAIR.search(words):
        return _genotype_and_phenotype(question, concept, vocabulary)
    if len(question.genes) == 1 and not standard_of(question.genes[0], words, code, vocabulary):
        (gene,) = question.genes
        term = phenotype_of_lone_word(gene, words)
        if term:
            return Answer((question.answer(gene, StatementKind.PHENOTYPE, term, code=code),))
    return _worded_phenotype(question, concept, vocabulary)


def _worded_phenotype(question: Question, concept: Concept, vocabulary: Vocabulary) -> Answer:
    if not concept.stated:
        return Answer(reason=NO_VALUE)
    words, code = concept.stated[0]
    bare = presence_of_concept(concept)
    if bare in (Presence.PRESENT, Presence.ABSENT):
        return Answer(reason=UNCLEAR)
    if bare is Presence.NO_CALL:
        return without_call(question, words)
    if bare is None:
        return phenotype_statements(question, words, code, vocabulary)
    made = phenotype_statements(question._replace(strict=False), words, code, vocabulary)
    # `Indeterminate` is itself a phenotype of most genes; elsewhere, and as `inconclusive`, it is
    # a failed answer.
    return Answer(tuple(_as_verdict(one, bare, vocabulary) for one in made.statements), made.reason)


def _as_verdict(one: Statement, bare: Presence, vocabulary: Vocabulary) -> Statement:
    if standard_of(one.gene, one.value, one.code, vocabulary):
        return one
    return replace(one, presence=bare)


def _genotype_and_phenotype(question: Question, concept: Concept, vocabulary: Vocabulary) -> Answer:
    """A phenotype question answered with the diplotype, and perhaps the phenotype beside it."""
    alleles = genotype_answer(question, concept, vocabulary)
    if any(one.kind is StatementKind.PHENOTYPE for one in alleles.statements):
        return alleles
    words, code = concept.stated[0]
    strict = question._replace(strict=True)
    said = phenotype_statements(strict, words, code, vocabulary)
    return Answer((*alleles.statements, *said.statements), alleles.reason)
