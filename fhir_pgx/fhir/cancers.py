"""Cancers that Conditions state: their codes and words, as sent.

Every Condition that may be a neoplasm is kept; which kind it is, knowledge decides. What is
refuted, entered in error, a relative's, or only feared or excluded in words is no cancer.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from fhir_pgx.fhir.bundle import Entry, as_dicts
from fhir_pgx.fhir.gathering import Gathering, origin_of
from fhir_pgx.fhir.stages import stage_of
from fhir_pgx.fhir.values import Concept, concept_of
from fhir_pgx.model.tumour import StatedCancer

_ICD10 = re.compile(r"[CD][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
_MORPHOLOGY = re.compile(r"[89][0-9]{3}/[1236]")
_ONCOLOGY_SYSTEMS = re.compile(r"oncotree|icd-?o|ncit|ncicb|Thesaurus|disease-?ontology|doid", re.I)
_SNOMED = re.compile(r"snomed|2\.16\.840\.1\.113883\.6\.96\b", re.IGNORECASE)
_WORDS = re.compile(
    r"\bcancer|carcinom|\btumou?r|\bneoplas|malignan|leuk(?:a?e)mi|lymphom|melanom|sarcom|myelom"
    r"|gliom|glioblastom|mesotheliom|mastocytos|myelodysplas|myeloprolif|blastom|astrocytom"
    r"|polycythemia vera|polycythaemia vera|thrombocyth|myelofibros|histiocytos|thymom"
    r"|mycosis fungoides|s[eé]zary|erdheim|desmoid|neurofibromat|tuberous sclerosis|\bpaget"
    r"|langerhans|castleman|lymphoproliferat|trophoblastic|germ cell|ependymom|oligodendr"
    r"|craniopharyng|pheochromocytom|phaeochromocytom|paragangliom|chordom|schwannom|meningiom"
    r"|insulinom|hepatoma|cholangiocarc|seminom|germinom|waldenstr|macroglobulin|hodgkin|carcinoid|metasta"
    r"|\b(?:NSCLC|SCLC|CRC|AML|CML|CLL|GIST|MDS|DLBCL|HCC|TNBC|RCC|MPN|CMML)\b",
    re.IGNORECASE,
)
_BENIGN = re.compile(
    r"\bbenign\b|\blipoma\b|\bleiomyoma|\bfibroid|\bnevus|\bnaevus|\bseborrh|\bhemangioma"
    r"|\bhaemangioma|\bfibroadenoma", re.IGNORECASE
)  # fmt: skip
# `Family history of breast cancer`, `screening for colon cancer`, `fear of cancer`, `no cancer`.
_NOT_THE_PATIENTS = re.compile(
    r"\bfamily history\b|\bfamilial history\b|\bFH\b|\bscreening\b|\bscreen for\b|\bfear of\b"
    r"|\brisk (?:of|for)\b|\bat risk\b|\brule[d]? out\b|\bno (?:evidence|history|sign)\b"
    r"|\bprevention\b|\bexposure\b|\bsuspected\b|\bsuspicion\b|\bpredisposition\b|\bcarrier\b"
    r"|\bgenetic susceptib|\b(?:mother|father|sister|brother|parent|aunt|uncle)\b"
    r"|\bpseudotumou?r\b|\bantigen\b|\bprophyla", re.IGNORECASE
)  # fmt: skip
_HISTORY = re.compile(r"\b(?:personal )?history of\b|\bhx of\b|\bh/o\b|\bin remission\b", re.I)
_METASTATIC = re.compile(r"\bmetasta(?:tic|ses|sis)\b|\bstage IV\b|\bsecondary malignan", re.I)
_NOT_METASTATIC = re.compile(r"\bnon-?metastatic\b|\bno metasta|\bwithout metasta|\bM0\b", re.I)
_SECONDARY_ICD = re.compile(r"C7[789](?:\.|[0-9A]|$)")
_STATES: Mapping[str, Literal["active", "resolved"]] = {
    "active": "active", "recurrence": "active", "relapse": "active",
    "inactive": "resolved", "remission": "resolved", "resolved": "resolved",
}  # fmt: skip
_OUT = frozenset(("refuted", "entered-in-error"))
_OPEN = frozenset(("unconfirmed", "differential"))
_HISTORY_CODES = re.compile(r"Z85")
_FAMILY_CODES = re.compile(r"Z80|Z12|Z15")
OPEN = "the cancer is not confirmed: it was not used"


def read_cancer(entry: Entry, gathering: Gathering) -> None:
    """Adds the cancer that a Condition states; any other Condition is passed over in silence."""
    resource = entry.resource
    concept = concept_of(resource.get("code"))
    if not _may_be_cancer(concept):
        return
    verification = _status(resource, "verificationStatus")
    if verification in _OUT:
        gathering.missed(entry, f"its verification status is {verification}")
        return
    if verification in _OPEN:
        gathering.missed(entry, OPEN)
        return
    texts = tuple(dict.fromkeys(_texts(resource)))
    words = " ".join((*(words for words, _ in concept.stated), *texts))
    stage = next((found for item in as_dicts(resource.get("stage")) if (found := _stage(item))), "")
    gathering.cancers.append(
        StatedCancer(
            label=(concept.text or concept.label)[:200],
            codings=concept.codings,
            state=_state(resource, concept, words),
            origin=origin_of(entry, None),
            stage=stage,
            is_metastatic=_is_metastatic(concept, words, stage, resource),
            texts=texts,
        )
    )


def _may_be_cancer(concept: Concept) -> bool:
    said = " | ".join(words for words, code in concept.stated if words != code)
    if any(_FAMILY_CODES.match(coding.code) for coding in concept.codings):
        return False
    if said and (_NOT_THE_PATIENTS.search(said) or _BENIGN.search(said)):
        return False
    if any(_is_oncology_code(coding.system, coding.code) for coding in concept.codings):
        return True
    if not said:  # a bare code: knowledge tells what it is
        return any(_SNOMED.search(coding.system) for coding in concept.codings)
    return _WORDS.search(said) is not None


def _is_oncology_code(system: str, code: str) -> bool:
    if _MORPHOLOGY.fullmatch(code) or _HISTORY_CODES.match(code):
        return True
    if _ONCOLOGY_SYSTEMS.search(system) or code.upper().startswith("DOID:"):
        return True
    if "icd-10" not in system.lower() and "6.90" not in system and "6.3" not in system:
        return False
    return _ICD10.fullmatch(code) is not None and (code[0] == "C" or _is_uncertain(code))


def _is_uncertain(code: str) -> bool:
    """ICD-10 D00–D09 in situ and D37–D49 of uncertain behaviour; D10–D36 are benign."""
    number = code[1:3]
    return number.isdigit() and (int(number) <= 9 or 37 <= int(number) <= 49)


def _state(
    resource: Mapping[str, Any], concept: Concept, words: str
) -> Literal["active", "resolved", "unknown"]:
    """As its clinical status says; a history of a cancer lies back whatever the status of the
    entry."""
    if _HISTORY.search(words) or any(_HISTORY_CODES.match(c.code) for c in concept.codings):
        return "resolved"
    return _STATES.get(_status(resource, "clinicalStatus"), "unknown")


def _is_metastatic(
    concept: Concept, words: str, stage: str, resource: Mapping[str, Any]
) -> bool | None:
    """True where code, words or stage say so; None where nothing does."""
    if _NOT_METASTATIC.search(words):
        return False
    is_secondary = any(_SECONDARY_ICD.match(coding.code) for coding in concept.codings)
    profiles = resource.get("meta", {})
    stated = profiles.get("profile") if isinstance(profiles, dict) else None
    if isinstance(stated, list) and any("secondary-cancer" in str(each) for each in stated):
        is_secondary = True
    return True if is_secondary or stage.startswith("IV") or _METASTATIC.search(words) else None


def _stage(item: Mapping[str, Any]) -> str:
    return stage_of(concept_of(item.get("summary")))


def _texts(resource: Mapping[str, Any]) -> Iterator[str]:
    """Body site and histology, as words."""
    for item in as_dicts(resource.get("bodySite")):
        yield from (words for words, code in concept_of(item).stated if words != code)
    for extension in as_dicts(resource.get("extension")):
        url = str(extension.get("url", ""))
        if url.endswith(("histology-morphology-behavior", "HistologyMorphologyBehavior")):
            concept = concept_of(extension.get("valueCodeableConcept"))
            yield from (words for words, _ in concept.stated)


def _status(resource: Mapping[str, Any], name: str) -> str:
    concept = concept_of(resource.get(name))
    return (concept.codings[0].code if concept.codings else concept.text).lower()
