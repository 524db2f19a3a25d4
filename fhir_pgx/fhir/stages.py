"""Stage and disease status of a cancer, from Observations (mCODE: TNM stage groups, 97509-4).

They are joined to the Condition that they are focused on; without a focus, to the patient's one
cancer. Of several the newest counts.
"""

import re
from dataclasses import replace
from typing import Literal, NamedTuple

from fhir_pgx.fhir.bundle import Entry, as_dicts, reference_of
from fhir_pgx.fhir.gathering import Gathering, when_of
from fhir_pgx.fhir.values import Concept, value_of
from fhir_pgx.model.tumour import StatedCancer

Status = Literal["progression", "stable", "response", "remission", ""]

# SNOMED CT, mCODE ConditionStatusTrendVS.
_STATUS_CODES: dict[str, Status] = {
    "268910001": "response", "359746009": "stable", "271299001": "progression",
    "709137006": "", "260415000": "remission",
}  # fmt: skip
_STATUS_WORDS: tuple[tuple[re.Pattern[str], Status], ...] = (
    (re.compile(r"\b(?:no|not|without)\b.{0,20}\bprogress", re.IGNORECASE), "stable"),
    (re.compile(r"\bprogress|\bworse|\brelapse|\brecurren", re.IGNORECASE), "progression"),
    (re.compile(r"\bremission|\bno evidence of disease|\bNED\b|\bcomplete response\b|not detected",
                re.IGNORECASE), "remission"),
    (re.compile(r"\bpartial response|\bimprov|\brespon(?:se|ding)", re.IGNORECASE), "response"),
    (re.compile(r"\bstable\b", re.IGNORECASE), "stable"),
)  # fmt: skip
_STAGE = re.compile(
    r"\b(?:stage\s*)?(?P<stage>IV[ABC]?|III[ABCD]?|II[ABC]?|I[ABC]?[123]?|0|[1-4][ABC]?)\b", re.I
)
_ARABIC = {"1": "I", "2": "II", "3": "III", "4": "IV"}
_STAGE_WORDS = re.compile(r"\bstage\s*(IV|III|II|I|0|[1-4])\s?([A-D]?[1-3]?)\b", re.IGNORECASE)


class Said(NamedTuple):
    """A stage or a status, of which Condition it is said (empty: not stated) and when."""

    about: tuple[str, ...]
    when: str
    stage: str = ""
    status: Status = ""


def read_stage(entry: Entry, gathering: Gathering) -> None:
    stage = stage_of(value_of(entry.resource).concept)
    if stage:
        gathering.stages.append(Said(_about(entry, gathering), when_of(entry.resource), stage))


def read_status(entry: Entry, gathering: Gathering) -> None:
    status = status_of_concept(value_of(entry.resource).concept)
    if status:
        said = Said(_about(entry, gathering), when_of(entry.resource), status=status)
        gathering.stages.append(said)


def _about(entry: Entry, gathering: Gathering) -> tuple[str, ...]:
    found = []
    for item in (*as_dicts(entry.resource.get("focus")),):
        target = gathering.references.find(reference_of(item), entry)
        found.append(target.reference if target is not None else reference_of(item))
    return tuple(found)


def stage_of(concept: Concept) -> str:
    """A stage group as people write it, `IV`, `IIIA`; the words as stated where it is none."""
    for words, _ in concept.stated:
        found = stage_in(words)
        if found:
            return found
    return ""


def stage_in(words: str) -> str:
    found = _STAGE_WORDS.search(words) or _STAGE.fullmatch(words.strip())
    if found is None:
        return ""
    if found.re is _STAGE:
        stated = found["stage"].upper()
        return _ARABIC.get(stated[0], stated[0]) + stated[1:] if stated[0].isdigit() else stated
    head = found[1].upper()
    return _ARABIC.get(head, head) + found[2].upper()


def status_of_concept(concept: Concept) -> Status:
    for coding in concept.codings:
        if coding.code in _STATUS_CODES:
            return _STATUS_CODES[coding.code]
    for words, _ in concept.stated:
        for pattern, status in _STATUS_WORDS:
            if pattern.search(words):
                return status
    return ""


def with_stages(gathering: Gathering) -> None:
    """Joins stages and statuses to the cancers, oldest first: the newest word stands."""
    cancers = gathering.cancers
    present = [each.origin.reference for each in cancers if each.state != "resolved"]
    for said in sorted(gathering.stages, key=lambda each: each.when):
        for place, cancer in enumerate(cancers):
            reference = cancer.origin.reference
            if reference in said.about or (not said.about and present == [reference]):
                cancers[place] = _joined(cancer, said)


def _joined(cancer: StatedCancer, said: Said) -> StatedCancer:
    if said.status:
        return replace(cancer, status=said.status, status_when=said.when)
    is_metastatic = True if said.stage.startswith("IV") else cancer.is_metastatic
    return replace(cancer, stage=said.stage, is_metastatic=is_metastatic)
