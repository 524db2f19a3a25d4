"""Implications: what a report says a genotype means for a drug, or a variant for a disease.

Therapeutic implications carry the phenotype in a component (STU2 to CI 4.0) or in the value
itself (STU1); a phenotype is also a statement on its gene. Diagnostic implications carry clinical
significance and condition.
"""

from collections.abc import Iterator

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, reference_of
from fhir_pgx.fhir.gathering import Gathering, origin_of, status_caveats
from fhir_pgx.fhir.phenotype_answers import phenotype_statements
from fhir_pgx.fhir.presence_words import presence_word, source_class_of
from fhir_pgx.fhir.question import MAX_GENES, NO_GENE, NO_VALUE, WHICH_GENE, Question
from fhir_pgx.fhir.values import concept_of, value_of
from fhir_pgx.model.finding import Caveat, StatedDiagnosis, StatedImplication, Statement
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.phenotype_words import standard_phenotype
from fhir_pgx.terminology import (
    MEDICATION_ASSESSED,
    TBD_PREDICTED_IMPLICATION,
    TBD_THERAPEUTIC_IMPLICATION,
)

SIGNIFICANCE, CONDITION, SOURCE_CLASS = "53037-8", "81259-4", "48002-0"
_PHENOTYPE_CODES = frozenset((TBD_THERAPEUTIC_IMPLICATION, TBD_PREDICTED_IMPLICATION, "51971-0"))
_RISKS = {"high risk": "high risk allele present", "low risk": "low risk"}


def read_implication(
    entry: Entry, gathering: Gathering, genes: tuple[str, ...], caveats: tuple[Caveat, ...]
) -> None:
    """Adds a therapeutic implication, and the phenotypes that it states of its genes.

    A phenotype that may belong to more than one of the genes makes no statement; the Observation
    is then listed with the reason.
    """
    report = gathering.report_of.get(id(entry.resource))
    origin = origin_of(entry, report)
    said = list(_stated(entry))
    drugs = tuple(_drugs(entry, gathering))
    if not said and not drugs:
        gathering.missed(entry, NO_VALUE)
        return
    question = Question(
        asked="phenotype",
        genes=genes,
        origin=origin,
        strict=True,
        drugs=drugs,
        caveats=(*caveats, *status_caveats(origin, report)),
    )
    for component in as_dicts(entry.resource.get("component")):
        if SOURCE_CLASS in _codes(component):
            source = source_class_of(value_of(component).concept)
            question = Question(
                question.asked, genes, origin, strict=True, source_class=source, drugs=drugs,
                caveats=question.caveats,
            )  # fmt: skip
    vocabulary = gathering.vocabulary
    statements: list[Statement] = []
    for words, code in said:
        answer = phenotype_statements(question, words, code, vocabulary)
        statements.extend(one for one in answer.statements if presence_word(words) is None)
        if answer.reason in (NO_GENE, WHICH_GENE) and _is_phenotype(words, code, vocabulary):
            gathering.missed(entry, answer.reason)
    gathering.statements.extend(statements)
    gathering.implications.append(
        StatedImplication(
            genes=genes,
            texts=tuple(words for words, _ in said),
            normalised=tuple(dict.fromkeys(_normalised(genes, said, vocabulary))),
            drugs=drugs,
            origin=origin,
        )
    )


def read_diagnosis(entry: Entry, gathering: Gathering, genes: tuple[str, ...]) -> None:
    """Adds a diagnostic implication; one that states nothing at all is listed."""
    significance, conditions = [], []
    own = value_of(entry.resource).concept.label
    if own:
        significance.append(own)
    for component in as_dicts(entry.resource.get("component")):
        codes = _codes(component)
        label = value_of(component).concept.label
        if label and SIGNIFICANCE in codes:
            significance.append(label)
        elif label and CONDITION in codes:
            conditions.append(label)
    if not significance and not conditions:
        gathering.missed(entry, NO_VALUE)
        return
    parents = as_dicts(entry.resource.get("derivedFrom"))
    gathering.diagnoses.append(
        StatedDiagnosis(
            genes=genes,
            significance=tuple(significance),
            conditions=tuple(conditions),
            of=tuple(found for item in parents if (found := reference_of(item))),
            origin=origin_of(entry, gathering.report_of.get(id(entry.resource))),
        )
    )


def _stated(entry: Entry) -> Iterator[tuple[str, str]]:
    """(words, code) of the value and of each implication component."""
    concepts = [value_of(entry.resource).concept]
    concepts.extend(
        value_of(component).concept
        for component in as_dicts(entry.resource.get("component"))
        if not _PHENOTYPE_CODES.isdisjoint(_codes(component))
    )
    for concept in concepts:
        if concept.label:
            yield concept.label, concept.codings[0].code if concept.codings else ""


def _drugs(entry: Entry, gathering: Gathering) -> Iterator[str]:
    """The names of the drugs assessed: components, and the medications that an extension names."""
    for component in as_dicts(entry.resource.get("component")):
        if MEDICATION_ASSESSED in _codes(component):
            name = value_of(component).concept.label
            if name:
                yield name
    for extension in as_dicts(entry.resource.get("extension")):
        if "medication-assessed" not in as_text(extension.get("url")):
            continue
        reference = extension.get("valueReference")
        named = gathering.references.find(reference_of(reference), entry)
        name = _medication_name(named) if named is not None else ""
        if not name and isinstance(reference, dict):
            name = as_text(reference.get("display"))
        if name:
            yield name


def _medication_name(entry: Entry) -> str:
    for key in ("code", "medicationCodeableConcept", "medication"):
        concept = concept_of(entry.resource.get(key))
        if concept.label:
            return concept.label
    return ""


def _codes(component: object) -> set[str]:
    code = component.get("code") if isinstance(component, dict) else None
    return {coding.code for coding in concept_of(code).codings}


def _is_phenotype(words: str, code: str, vocabulary: Vocabulary) -> bool:
    return bool(
        standard_phenotype("", code, vocabulary) or standard_phenotype("", words, vocabulary)
    )


def _normalised(
    genes: tuple[str, ...], said: list[tuple[str, str]], vocabulary: Vocabulary
) -> Iterator[str]:
    """The standard term of each text and of its code; both, where they contradict each other."""
    for words, code in said:
        terms = [
            standard_phenotype(gene, stated, vocabulary)
            for gene in genes[:MAX_GENES] or ("",)
            for stated in (code, words)
        ]
        if not any(terms):
            terms = [vocabulary.answers.get(code) or _RISKS.get(words.lower())]
        yield from (term for term in terms if term)
