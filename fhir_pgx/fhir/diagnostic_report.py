"""DiagnosticReport: the GL String extension, and reports that say what they know in text alone.

Results of a report are read where they stand (`result`, `contained`); its conclusion is read only
where no result is at hand, since it repeats them in words.
"""

from collections.abc import Mapping
from typing import Any

from fhir_pgx.fhir.answers import read_answer
from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, reference_of
from fhir_pgx.fhir.free_text import Prose, read_prose
from fhir_pgx.fhir.gathering import (
    WITHDRAWN,
    Gathering,
    origin_of,
    status_caveats,
    status_of,
)
from fhir_pgx.fhir.notes import FREE_TEXT, note
from fhir_pgx.fhir.pathogen_subject import tells_resistance
from fhir_pgx.fhir.question import Question
from fhir_pgx.fhir.roles import GENETIC_LABEL, role_of
from fhir_pgx.fhir.values import Concept, Value, concept_of
from fhir_pgx.model.finding import Statement

GL_STRING_EXTENSION = "hla-genotyping-results-glstring"

ONLY_DOCUMENT = "the report is only an attached document, which is not read"
UNCLEAR_TEXT = "the conclusion names no gene and result that can be read"
RESULTS_ELSEWHERE = "the results that the report names are not at hand"
RESISTANCE_TEXT = (
    "conclusion: of a pathogen's resistance or of HLA antibodies, which are read from results alone"
)
SAYS_NOTHING = "the report names no results and has no conclusion"


def read_report(entry: Entry, gathering: Gathering) -> None:
    """Adds what a report says by itself; a genomic report that says nothing readable is listed."""
    resource = entry.resource
    code = concept_of(resource.get("code"))
    status = status_of(resource)
    is_genomic = _is_genomic(resource, code, gathering)
    if status in WITHDRAWN:
        if is_genomic:
            gathering.missed(entry, f"its status is {status}")
        return
    about_another = gathering.genomes.reason(entry)
    if about_another:
        if is_genomic:
            gathering.missed(entry, about_another)
        return
    made = _gl_strings(entry, gathering)
    gathering.statements.extend(made)
    if made or _has_results(entry, gathering):
        return
    text = as_text(resource.get("conclusion"))
    prose = read_prose(text, _question(entry, gathering, free=True), gathering.vocabulary)
    gathering.statements.extend(prose.statements)
    if prose.unread:
        gathering.missed(entry, _also_bare(resource, f"conclusion, {prose.why_unread}"))
    elif prose.statements:
        return
    elif tells_resistance(code, text):
        gathering.missed(entry, _also_bare(resource, RESISTANCE_TEXT))
    elif is_genomic:
        gathering.missed(entry, _reason(resource, text, prose))


def _question(entry: Entry, gathering: Gathering, *, free: bool) -> Question:
    origin = origin_of(entry, None)
    caveats = status_caveats(origin, None)
    if free:
        caveats = (*caveats, note(FREE_TEXT))
    return Question(
        asked="genotype",
        genes=(),
        origin=origin,
        source_class=gathering.genomes.source_class(entry),
        caveats=caveats,
    )


def _is_genomic(resource: Mapping[str, Any], code: Concept, gathering: Gathering) -> bool:
    return (
        role_of(code, gathering.vocabulary).kind != "free"
        or bool(GENETIC_LABEL.search(code.label))
        or bool(gathering.lineage.label_genes(code))
    )


def _has_results(entry: Entry, gathering: Gathering) -> bool:
    if any(item.get("resourceType") == "Observation" for item in _contained(entry)):
        return True
    return any(
        gathering.references.find(reference_of(item), entry) is not None
        for item in as_dicts(entry.resource.get("result"))
    )


def _contained(entry: Entry) -> list[Mapping[str, Any]]:
    return as_dicts(entry.resource.get("contained"))


def _gl_strings(entry: Entry, gathering: Gathering) -> list[Statement]:
    """The genotypes of R4 core's HLA extension: text under `text`, or as the extension's value."""
    made: list[Statement] = []
    for extension in as_dicts(entry.resource.get("extension")):
        if not as_text(extension.get("url")).endswith(GL_STRING_EXTENSION):
            continue
        for item in (extension, *as_dicts(extension.get("extension"))):
            text = as_text(item.get("valueString"))
            if not text:
                continue
            value = Value(concept=Concept((), text))
            answer = read_answer(
                _question(entry, gathering, free=False), value, gathering.vocabulary
            )
            made.extend(answer.statements)
            if not answer.statements:
                gathering.missed(entry, f"HLA typing extension: {answer.reason}")
    return made


def _reason(resource: Mapping[str, Any], text: str, prose: Prose) -> str:
    if text:
        reason = f"conclusion: {prose.reason}" if prose.reason else UNCLEAR_TEXT
    else:
        reason = ONLY_DOCUMENT if resource.get("presentedForm") else ""
    return _also_bare(resource, reason) or SAYS_NOTHING


def _also_bare(resource: Mapping[str, Any], reason: str) -> str:
    """The reason, after that the results a report names did not come along."""
    if not any(reference_of(item) for item in as_dicts(resource.get("result"))):
        return reason
    return f"{RESULTS_ELSEWHERE}; {reason}" if reason else RESULTS_ELSEWHERE
