"""What a result was measured in: tumour tissue, plasma, blood or marrow.

The Observation's own specimen says it, else its report's, else the method or the words of the code
(`cell-free DNA`). A negative plasma is another thing than a negative tissue, so nothing is assumed:
where several say different things, or nothing does, it is not known.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, reference_of
from fhir_pgx.fhir.gathering import Gathering
from fhir_pgx.fhir.values import concept_of
from fhir_pgx.model.tumour import Specimen

# HL7 v2 table 0487 and v3 SpecimenType; SNOMED CT.
_CODES: dict[str, Specimen] = {
    "TUMOR": "tissue", "TISS": "tissue", "TISPL": "tissue", "TUMORTISS": "tissue",
    "PLAS": "plasma", "PLASMA": "plasma", "CTDNA": "plasma", "CFDNA": "plasma",
    "BLD": "blood", "BLDV": "blood", "BLDC": "blood", "WB": "blood", "BUFF": "blood",
    "BMAR": "marrow", "BM": "marrow", "MAR": "marrow", "MARROW": "marrow",
    "119376003": "tissue", "258435002": "tissue", "441652008": "tissue", "309085007": "tissue",
    "128160006": "tissue", "399492000": "tissue", "258415003": "tissue",
    "119361006": "plasma", "708049000": "plasma",
    "119297000": "blood", "122555007": "blood", "258580003": "blood",
    "119359002": "marrow",
}  # fmt: skip
_PLASMA = re.compile(
    r"\b(?:plasma|ctdna|cfdna|liquid biops\w*"
    r"|(?:cell[\s-]?free|circulating(?:[\s-](?:tumou?r|cell[\s-]?free))?)[\s-](?:dna|nucleic))\b"
    r"|\bcirculating tumou?r dna\b",
    re.IGNORECASE,
)
# A plasma cell is no plasma; tissue that holds blood words (`blood vessel`) is left unknown.
_NOT_PLASMA = re.compile(r"\bplasma(?:blast|cytoma| cells?\b(?![\s-]free))\w*", re.IGNORECASE)
_MARROW = re.compile(r"\b(?:bone )?marrow\b", re.IGNORECASE)
_TISSUE = re.compile(
    r"\b(?:tissue|ffpe|paraffin|formalin|biops(?:y|ies)|resection|tumou?r|excision|core needle"
    r"|slides?|block)\b",
    re.IGNORECASE,
)
_BLOOD = re.compile(r"\b(?:whole blood|peripheral blood|blood|buffy coat|leu[ck]ocytes?)\b", re.I)
# `Blood or Tissue` in the name of a LOINC code says neither.
_EITHER = re.compile(r"blood or tissue", re.IGNORECASE)
_MAX_PARENTS = 6


def specimen_of(entry: Entry, gathering: Gathering) -> Specimen:
    """What the result was measured in; empty where it is not said, or said in two ways."""
    resource = entry.resource
    found = _of_specimens(resource, entry, gathering)
    own_words = " ".join(_words(resource.get("method"), resource.get("code")))
    if not found or found == "blood":  # cell-free DNA is drawn as blood
        found = "plasma" if _is_plasma(own_words) else found
    if found:
        return found
    report = gathering.report_of.get(id(resource))
    if report is None:
        return ""
    found = _of_specimens(report.resource, report, gathering)
    if not found or found == "blood":
        words = " ".join(_words(report.resource.get("code")))
        found = "plasma" if _is_plasma(words) else found
    return found


def _of_specimens(resource: Mapping[str, Any], entry: Entry, gathering: Gathering) -> Specimen:
    """One answer where all specimens give it; of tissue and plasma together none."""
    if "specimen" not in resource:
        return ""
    kinds = {_kind(item, entry, gathering) for item in as_dicts(resource.get("specimen"))}
    return kinds.pop() if len(kinds) == 1 else ""


def _kind(item: Mapping[str, Any], entry: Entry, gathering: Gathering) -> Specimen:
    waiting, seen = [(item, entry)], 0
    while waiting and seen < _MAX_PARENTS:
        seen += 1
        one, holder = waiting.pop(0)
        target = gathering.references.find(reference_of(one), holder)
        words = [as_text(one.get("display"))]
        codes: list[str] = []
        if target is not None and target.type == "Specimen":
            stated = concept_of(target.resource.get("type"))
            codes = [coding.code for coding in stated.codings]
            words += _words(target.resource.get("type"))
            waiting += [(parent, target) for parent in as_dicts(target.resource.get("parent"))]
        found = kind_of(codes, words)
        if found:
            return found
    return ""


def kind_of(codes: Iterable[str], words: Iterable[str]) -> Specimen:
    """By the words where they are of plasma, else by a code we know, else by the words."""
    said = " ".join(words)
    if _is_plasma(said):
        return "plasma"
    for code in codes:
        if code.upper() in _CODES:
            return _CODES[code.upper()]
    return kind_in(said)


def kind_in(words: str) -> Specimen:
    """What words name: plasma before marrow before tissue before blood."""
    said = _EITHER.sub(" ", words)
    if _is_plasma(said):
        return "plasma"
    if _MARROW.search(said):
        return "marrow"
    if _TISSUE.search(said):
        return "tissue"
    return "blood" if _BLOOD.search(said) else ""


def _is_plasma(words: str) -> bool:
    return _PLASMA.search(_NOT_PLASMA.sub(" ", words)) is not None


def _words(*elements: Any) -> list[str]:
    found = []
    for element in elements:
        concept = concept_of(element)
        found += [coding.display for coding in concept.codings if coding.display]
        if concept.text:
            found.append(concept.text)
    return found
