"""Advice and statements of precision therapy as implications of the Genomics Reporting guide.

A therapeutic implication (STU3 and later) is what a row says of drugs and a finding, a diagnostic
one what it says of a disease. Both are evidence that a knowledge base ties to a finding: status
`preliminary`, for no person has verified them. What is said of a pathogen or of a transplant is
not written: the guide's implications are of the patient's own genome, or the tumour's.
"""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence

from fhir_pgx.model.met_statement import MetStatement
from fhir_pgx.model.therapy import Domain, Effect, Provenance, TherapyAdvice, TherapyDrug
from fhir_pgx.reports.implication_frame import (
    CONTEXT,
    NAMESPACE,
    Resource,
    citation,
    component,
    implication,
    paper,
)
from fhir_pgx.reports.therapies import detail_of, is_weak, level_of, opposed, summary_of
from fhir_pgx.terminology import (
    LOINC,
    MEDICATION_ASSESSED,
    RXNORM,
    TBD,
    TBD_THERAPEUTIC_IMPLICATION,
)

DIAGNOSTIC = "diagnostic-implication"
# As the guide's reference server of operations writes it, the number without `DOID:`.
_DISEASES = "https://disease-ontology.org"
_WRITTEN: tuple[Domain, ...] = ("tumour", "inherited")
# The answers of the guide's value set that say just this; all else is text (the binding is
# extensible, and "does not support sensitivity" is no answer of it).
_ANSWERS: dict[Effect, tuple[str, str]] = {
    "resistant": ("LA6676-6", "Resistant"),
    "sensitive": ("LA6677-4", "Responsive"),
}
# Of cases, models and inference (CIViC C to E), never the answer that a label gets; and of rows
# with a condition that the data do not settle.
_PRESUMED: dict[Effect, tuple[str, str]] = {
    "resistant": ("LA9660-7", "Presumed resistant"),
    "sensitive": ("LA9661-5", "Presumed responsive"),
}
_PLACE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
_FIT_TEXT = {
    "other": "The row speaks of another disease than the patient's: evidence, no recommendation.",
    "unknown": "Whether the row's disease is this patient's is not on file.",
}


def write_implications(
    advice: Sequence[TherapyAdvice],
    statements: Sequence[MetStatement] = (),
    *,
    subject: str,
    when: str,
    release: str,
    diseases: Mapping[str, str] | None = None,
    left_out: Sequence[str] = (),
) -> Resource:
    """A Bundle (collection) of implications, the same for the same data.

    `subject` is the patient's reference, empty where the data name nobody; `when` FHIR date text;
    `diseases` the Disease Ontology ids (`DOID:3908`) by the name of a row's disease, in lower case.
    What is not written is counted in an OperationOutcome beside them: `left_out` are sentences of
    the caller's on what else there is.
    """
    against = opposed(advice)
    written = [
        _therapeutic(each, subject, when, release, diseases or {}, against.get(each, ()))
        for each in advice
        if _is_written(each)
    ]
    written += [_diagnostic(each, subject, when, release) for each in statements]
    told = [*left_out, *_not_written(advice)]
    if told:
        written.append(_outcome(told))
    entries = {
        name: {"fullUrl": name, "resource": each}
        for each in written
        for name in [f"urn:uuid:{each['id']}"]
    }
    bundle: Resource = {"resourceType": "Bundle", "type": "collection"}
    return bundle | ({"entry": list(entries.values())} if entries else {})


def _therapeutic(
    advice: TherapyAdvice,
    subject: str,
    when: str,
    release: str,
    diseases: Mapping[str, str],
    opposed_by: Sequence[str],
) -> Resource:
    effect = _effect(advice, is_opposed=bool(opposed_by))
    components = [component(TBD, TBD_THERAPEUTIC_IMPLICATION, effect)]
    if advice.context:
        doid = diseases.get(advice.context.lower(), "")
        components.append(component(LOINC, CONTEXT, _disease(advice.context, doid)))
    components += [component(LOINC, MEDICATION_ASSESSED, _drug(drug)) for drug in advice.drugs]
    notes = [
        _FIT_TEXT.get(advice.context_fit, ""),
        *(f"Holds if: {each}." for each in advice.needs),
    ]
    if len(advice.drugs) > 1:
        together = "Alternatives" if advice.any_of else "One combination: no part alone is meant"
        notes.insert(0, f"{together}: {advice.drug}.")
    if opposed_by:
        notes.append(f"Another finding speaks against it: {', '.join(opposed_by)}.")
    notes += [f"{caveat.code} {caveat.text}" for caveat in advice.caveats]
    said = f"{summary_of(advice)} {detail_of(advice)}".strip()
    return _implication(
        TBD_THERAPEUTIC_IMPLICATION,
        name=f"{advice.rule} {advice.finding} {advice.drug} {advice.effect}",
        subject=subject,
        when=when,
        release=release,
        finding=advice.finding,
        derived_from=advice.derived_from,
        provenance=advice.provenance,
        components=components,
        said=said,
        notes=notes,
    )


def _diagnostic(each: MetStatement, subject: str, when: str, release: str) -> Resource:
    statement = each.statement
    components = []
    # A row that speaks against a disease must not read as one that predicts it.
    if statement.disease and statement.supports and statement.says != "negative":
        components.append(component(LOINC, CONTEXT, _disease(statement.disease, statement.doid)))
    notes = ["Conflicting: another row says otherwise."] if each.conflicts else []
    notes += [_FIT_TEXT.get(each.context_fit, ""), *(f"Holds if: {need}." for need in each.needs)]
    notes += [f"{caveat.code} {caveat.text}" for caveat in each.caveats]
    return _implication(
        DIAGNOSTIC,
        name=f"{statement.kind} {statement.id} {each.finding}",
        subject=subject,
        when=when,
        release=release,
        finding=each.finding,
        derived_from=each.derived_from,
        provenance=statement.provenance,
        components=components,
        said=statement_words(each),
        notes=notes,
    )


def statement_words(each: MetStatement) -> str:
    """`Prognostic: better outcome in acute myeloid leukemia, with NPM1 mutation.`"""
    statement = each.statement
    said = statement.says.replace("-", " ") or "not stated"
    against = "" if statement.supports else "does not support: "
    where = f" in {statement.disease}" if statement.disease else ""
    return f"{statement.kind.capitalize()}: {against}{said}{where}; {each.finding}."


def _implication(
    kind: str,
    *,
    name: str,
    subject: str,
    when: str,
    release: str,
    finding: str,
    derived_from: Sequence[str],
    provenance: Provenance,
    components: Sequence[Resource],
    said: str,
    notes: Sequence[str],
) -> Resource:
    rated = f", rated {provenance.rating} of 5" if provenance.rating else ""
    level = f"{level_of(provenance)}{rated}"
    as_of = f"as of {provenance.as_of}" if provenance.as_of else "without a date"
    by_hand = "Compiled by hand: verify against the current label." if provenance.by_hand else ""
    return implication(
        kind,
        name=name,
        subject=subject,
        when=when,
        release=release,
        parents=_parents(derived_from, finding),
        components=components,
        levels=[{"text": level}] if level else [],
        base=f"{provenance.source}, {as_of}",
        said=said,
        notes=[*notes, by_hand],
        artifacts=tuple(_artifacts(provenance, as_of)),
    )


def _effect(advice: TherapyAdvice, *, is_opposed: bool) -> Resource:
    """The answer's code only where the row holds for this patient's disease and nothing speaks
    against it: a code travels without the words beside it."""
    words = advice.effect.replace("-", " ")
    answers = _PRESUMED if is_weak(advice) or advice.needs else _ANSWERS
    is_open = advice.conflicts or advice.context_fit in ("other", "unknown") or advice.market
    if is_open or is_opposed or advice.effect not in answers:
        return {"text": words}
    code, display = answers[advice.effect]
    return {"coding": [{"system": LOINC, "code": code, "display": display}], "text": words}


def _drug(drug: TherapyDrug) -> Resource:
    """A drug without a code of its own is text: a conjugate never has the antibody's."""
    coding = [{"system": RXNORM, "code": drug.rxcui, "display": drug.name}] if drug.rxcui else []
    return ({"coding": coding} if coding else {}) | {"text": drug.name}


def _disease(name: str, doid: str) -> Resource:
    code = doid.removeprefix("DOID:")
    coding = [{"system": _DISEASES, "code": code, "display": name}] if code else []
    return ({"coding": coding} if coding else {}) | {"text": name}


def _parents(references: Sequence[str], finding: str) -> list[Resource]:
    """The findings an implication is derived from; by words alone where none is a resource that
    can be referred to (a line of a VCF). What is contained is referred to by what holds it."""
    named = (reference.partition("#")[0] for reference in references)
    found = dict.fromkeys(
        name for name in named if _PLACE.fullmatch(name) or name.startswith(("urn:", "http"))
    )
    return [{"reference": name, "display": finding} for name in found] or [{"display": finding}]


def _artifacts(provenance: Provenance, as_of: str) -> Iterator[Resource]:
    """The row itself, with its date and licence, and each publication behind it."""
    licence = f", {provenance.licence}" if provenance.licence else ""
    yield citation(
        f"{provenance.source} {provenance.id}".strip(),
        text=f"{provenance.source} {provenance.id}, {as_of}{licence}",
        url=provenance.url,
    )
    for pmid in provenance.pmids:
        yield paper(pmid)


def _is_written(advice: TherapyAdvice) -> bool:
    return advice.domain in _WRITTEN and advice.effect != "test-first"


def _not_written(advice: Sequence[TherapyAdvice]) -> Iterator[str]:
    """How much of the advice has no implication, and why."""
    others = [each.domain for each in advice if each.domain not in _WRITTEN]
    for domain in dict.fromkeys(others):
        yield (
            "Not written, for the guide's implications are of a patient's genome: "
            f"{others.count(domain)} rows on {domain} findings. Ask for json."
        )
    tests = sum(each.domain in _WRITTEN and each.effect == "test-first" for each in advice)
    if tests:
        # What follows from a result that is not on file is no implication of a finding.
        yield f"Not written: {tests} tests to come first, which no finding implies. Ask for json."


def _outcome(sentences: Sequence[str]) -> Resource:
    issues = [
        {"severity": "information", "code": "incomplete", "diagnostics": sentence}
        for sentence in sentences
    ]
    name = str(uuid.uuid5(NAMESPACE, " ".join(sentences)))
    return {"resourceType": "OperationOutcome", "id": name, "issue": issues}
