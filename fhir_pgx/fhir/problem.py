"""Condition and AllergyIntolerance entries that name a gene's phenotype or a risk allele.

Problem lists hold `CYP2C19 poor metabolizer`; EHRs show genomic indicators this way. An entry
counts where it is active and neither refuted nor entered in error; every other problem of the
patient is none of our business and passed over in silence.
"""

from collections.abc import Mapping
from typing import Any

from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.free_text import Prose, read_prose
from fhir_pgx.fhir.gathering import Gathering, origin_of
from fhir_pgx.fhir.notes import FREE_TEXT, UNCONFIRMED, note
from fhir_pgx.fhir.question import Question
from fhir_pgx.fhir.values import concept_of
from fhir_pgx.model.finding import Caveat

_ACTIVE = frozenset(("", "active", "recurrence", "relapse"))
_NOT_TRUE = frozenset(("refuted", "entered-in-error"))
_CERTAIN = frozenset(("", "confirmed"))

UNCLEAR_PROBLEM = "the entry names a gene but no phenotype or allele that can be read"


def read_problem(entry: Entry, gathering: Gathering) -> None:
    """Adds the statements of a problem or allergy entry that names a gene."""
    prose = Prose()
    origin = origin_of(entry, None)
    clinical = _status(entry.resource, "clinicalStatus")
    verification = _status(entry.resource, "verificationStatus")
    caveats: tuple[Caveat, ...] = (note(FREE_TEXT),)
    if verification not in _CERTAIN:
        caveats = (*caveats, note(UNCONFIRMED, status=verification[:40]))
    question = Question(asked="genotype", genes=(), origin=origin, caveats=caveats)
    for words, _ in concept_of(entry.resource.get("code")).stated:
        found = read_prose(words, question, gathering.vocabulary)
        prose = found if found.statements or not prose.genes else prose
        if prose.statements:
            break
    if not prose.genes:
        return
    if verification in _NOT_TRUE:
        gathering.missed(entry, f"its verification status is {verification}")
    elif clinical not in _ACTIVE:
        gathering.missed(entry, "it is not active")
    else:
        gathering.statements.extend(prose.statements)
        if prose.unread:
            gathering.missed(entry, f"{UNCLEAR_PROBLEM}: {prose.why_unread}")


def _status(resource: Mapping[str, Any], name: str) -> str:
    """A status code: a CodeableConcept since R4, a plain code before."""
    concept = concept_of(resource.get(name))
    return (concept.codings[0].code if concept.codings else concept.text).lower()
