"""Implications: what a report says a genotype means for a drug, or a variant for a disease.

Therapeutic implications carry the phenotype in a component (STU2 to CI 4.0) or in the value
itself (STU1); a phenotype is also a statement on its gene. Diagnostic implications carry clinical
significance and condition.
"""

from collections.abc import Iterator

from fhir_pgx.fhir.answers import read_implied
from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, reference_of
from fhir_pgx.fhir.gathering import Gathering, origin_of, status_caveats
from fhir_pgx.fhir.question import MAX_GENES, MAX_NAME, NO_VALUE, NOT_PERFORMED, UNCLEAR, Question
from fhir_pgx.fhir.unread import Unread
from fhir_pgx.fhir.values import Value, concept_of, value_of
from fhir_pgx.model.finding import (
    Caveat,
    StatedDiagnosis,
    StatedImplication,
    Statement,
    StatementKind,
)
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.phenotype_words import standard_phenotype
from fhir_pgx.terminology import (
    MEDICATION_ASSESSED,
    TBD_PREDICTED_IMPLICATION,
    TBD_THERAPEUTIC_IMPLICATION,
)

SIGNIFICANCE, CONDITION, EVIDENCE = "53037-8", "81259-4", "93044-6"
_PHENOTYPE_CODES = frozenset((TBD_THERAPEUTIC_IMPLICATION, TBD_PREDICTED_IMPLICATION, "51971-0"))
_RISKS = {"high risk": "high risk allele present", "low risk": "low risk"}


def read_implication(
    entry: Entry, gathering: Gathering, genes: tuple[str, ...], caveats: tuple[Caveat, ...]
) -> None:
    """Adds a therapeutic implication, and the phenotypes that it states of its genes.

    One that states none of a gene that we can read, or of which of several genes we cannot tell,
    is listed with the reason: see `unread`.
    """
    report = gathering.report_of.get(id(entry.resource))
    values = _stated(entry)
    said = [(label, _first_code(value)) for value in values if (label := value.concept.label)]
    drugs = tuple(_drugs(entry, gathering))
    question = Question(
        asked="phenotype",
        genes=genes,
        origin=origin_of(entry, report),
        strict=True,
        source_class=gathering.genomes.source_class(entry),
        drugs=drugs,
    )
    question = question._replace(caveats=(*caveats, *status_caveats(question.origin, report)))
    normalised = tuple(dict.fromkeys(_normalised(genes, said, gathering.vocabulary)))
    statements: list[Statement] = []
    reasons: list[str] = []
    for value in values:
        answer = read_implied(question, value, gathering.vocabulary)
        statements.extend(answer.statements)
        if answer.reason:
            reasons.append(answer.reason)
    gathering.statements.extend(statements)
    if NOT_PERFORMED in reasons:
        gathering.missed(entry, NOT_PERFORMED)
    elif not statements:
        reason = reasons[0] if reasons else NO_VALUE
        known = reason == UNCLEAR and bool(normalised)
        stands = _as_it_stands(question, said)
        gathering.unread.append(Unread(entry, genes, reason, stands, known))
    if said or drugs:
        gathering.implications.append(
            StatedImplication(
                genes=genes,
                texts=tuple(words for words, _ in said),
                normalised=normalised,
                drugs=drugs,
                origin=question.origin,
                level=_component(entry, EVIDENCE),
                significance=_component(entry, SIGNIFICANCE),
                contexts=tuple(_components(entry, CONDITION)),
                of=_at_hand(entry, gathering),
            )
        )


def _as_it_stands(question: Question, said: list[tuple[str, str]]) -> Statement | None:
    """The first of the words as the phenotype of the one gene, though we cannot read it."""
    if len(question.genes) != 1 or not said or len(said[0][0]) > MAX_NAME:
        return None
    words, code = said[0]
    return question.answer(question.genes[0], StatementKind.PHENOTYPE, words, code=code)


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
    of = tuple(found for item in parents if (found := reference_of(item)))
    at_hand = (gathering.references.find(reference, entry) for reference in of)
    gathering.diagnoses.append(
        StatedDiagnosis(
            genes=genes,
            significance=tuple(significance),
            conditions=tuple(conditions),
            of=of,
            origin=origin_of(entry, gathering.report_of.get(id(entry.resource))),
            variants=tuple(found.reference for found in at_hand if found is not None),
            level=_component(entry, EVIDENCE),
        )
    )


def _at_hand(entry: Entry, gathering: Gathering) -> tuple[str, ...]:
    """The findings at hand that an implication is derived from, as they are cited."""
    return tuple(parent.reference for parent in gathering.lineage.parents(entry))


def _components(entry: Entry, code: str) -> Iterator[str]:
    for component in as_dicts(entry.resource.get("component")):
        if code in _codes(component) and (label := value_of(component).concept.label):
            yield label


def _component(entry: Entry, code: str) -> str:
    return next(_components(entry, code), "")


def _stated(entry: Entry) -> list[Value]:
    """The value and each implication component; where none of them says anything, why not."""
    values = [value_of(entry.resource)]
    values.extend(
        value_of(component)
        for component in as_dicts(entry.resource.get("component"))
        if not _PHENOTYPE_CODES.isdisjoint(_codes(component))
    )
    # Since STU2 the value stands in components: the Observation's own is rightly absent.
    return [value for value in values if not value.is_empty] or [
        value for value in values if value.absent
    ]


def _first_code(value: Value) -> str:
    return value.concept.codings[0].code if value.concept.codings else ""


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
