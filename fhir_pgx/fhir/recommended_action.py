"""Task → recommended action of a genomic report (medication and follow-up recommendations)."""

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_list, as_text, reference_of
from fhir_pgx.fhir.gathering import WITHDRAWN, Gathering, origin_of
from fhir_pgx.fhir.values import Concept, concept_of
from fhir_pgx.model.finding import StatedRecommendation

GUIDE = "/genomics-reporting/"
_DROPPED = WITHDRAWN | {"rejected", "failed"}


def read_recommended_action(entry: Entry, gathering: Gathering) -> None:
    """Adds the recommendation of a Task; a Task that is not of a genomic report is passed over."""
    code = concept_of(entry.resource.get("code"))
    if not _is_genomic(entry, code, gathering):
        return
    status = as_text(entry.resource.get("status"))
    if status in _DROPPED:
        gathering.missed(entry, f"its status is {status}")
        return
    value = _words(code) or as_text(entry.resource.get("description"))
    if not value:
        gathering.missed(entry, "the recommendation has neither a code nor words")
        return
    gathering.recommendations.append(StatedRecommendation(value, origin_of(entry, None)))


def _is_genomic(entry: Entry, code: Concept, gathering: Gathering) -> bool:
    if any(coding.code in gathering.vocabulary.answers for coding in code.codings):
        return True
    meta = entry.resource.get("meta")
    profiles = as_list(meta.get("profile")) if isinstance(meta, dict) else []
    if any(GUIDE in as_text(profile) for profile in profiles):
        return True
    reasons = as_dicts(entry.resource.get("reasonReference"))
    found = (gathering.references.find(reference_of(item), entry) for item in reasons)
    return any(reason is not None and reason.type == "Observation" for reason in found)


def _words(code: Concept) -> str:
    """The first coding's display, else its code, else the text."""
    for coding in code.codings:
        if coding.display or coding.code:
            return coding.display or coding.code
    return code.text
