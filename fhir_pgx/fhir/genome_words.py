"""Codes and words for whose genome it is: the patient's own, a tumour's, a fetus's or a donor's.

They stand in the genomic source class (LOINC 48002-0), in specimens and in what an Observation is
focused on. `Tumor-adjacent normal tissue` and `non-neoplastic` speak of no tumour.
"""

import re
from collections.abc import Iterable

from fhir_pgx.fhir.values import Concept
from fhir_pgx.model.finding import SourceClass

_TUMOUR = (
    r"tumou?r\w*|neoplas\w*|cancer\w*|malignan\w*|metasta\w*|\w*carcinoma\w*|\w*sarcoma\w*"
    r"|\w*blastoma\w*|melanoma\w*|lymphoma\w*|myeloma\w*|glioma\w*|leuk(?:a?emi)\w*|ctdna|ffpe"
    r"|formalin[\s-]fixed"
)
_NOT_OF_IT = re.compile(
    rf"\b(?:non|not|no|without|free of|adjacent to|next to|outside)[\s-]*(?:an?\s|the\s)?"
    rf"(?:{_TUMOUR}|f(?:o?e)tal|somatic)\b|\b(?:{_TUMOUR})[\s-](?:free|adjacent|negative)\b",
    re.IGNORECASE,
)
_OF_TUMOUR = re.compile(rf"\b(?:{_TUMOUR})", re.IGNORECASE)
_SOMATIC = re.compile(rf"\b(?:somatic\w*|{_TUMOUR})", re.IGNORECASE)
_GERMLINE = re.compile(r"\bgerm[\s-]?line\b", re.IGNORECASE)
_PLAIN_GERMLINE = re.compile(r"germ[\s-]?line(?: (?:variant|origin|specimen))?", re.IGNORECASE)
_OF_FETUS = re.compile(
    r"\b(?:fo?etal|fo?etus(?:es)?|pre-?natal|embryo(?:s|nic)?|blastocysts?|amnio\w*"
    r"|chorion(?:ic)?|cvs|trophoblast\w*|placenta\w*|products? of conception|umbilical cord"
    r"|cord blood|blood\W{1,3}cord)\b",
    re.IGNORECASE,
)
_OF_DONOR = re.compile(r"\bdonors?\b", re.IGNORECASE)
# What is about a donor and not of one: the recipient's antibodies, a search.
_FOR_DONOR = re.compile(
    r"\b(?:anti-?)?donor[\s-]*(?:specific|reactive|directed|search\w*|registr\w*|request\w*|match\w*"
    r"|compatib\w*)\b|\b(?:no|non|without|vs\.?|versus|against)(?:[\s-]+an?)?[\s-]+donors?\b",
    re.IGNORECASE,
)
_RECIPIENT = re.compile(r"\b(?:recipients?|patient(?:'s)?)\b", re.IGNORECASE)
# SNOMED CT: donor for a procedure, live, cadaver; HL7 v3 ParticipationType: donor.
_DONOR_CODES = frozenset(("105455006", "105456007", "105457003", "DON"))
_SAYS_NOTHING = re.compile(
    r"(?:\W|\b(?:dna|rna|deoxyribonucleic|ribonucleic|nucleic|acid|genomic|extract(?:ed|ion)?"
    r"|tissue|specimen|sample|other|unknown)\b)*",
    re.IGNORECASE,
)

# LOINC answers of 48002-0 (LL378-1); LA6685-7 was `Prenatal` before LA10429-1.
_FETAL_CLASSES = frozenset(("LA10429-1", "LA18196-8", "LA6685-7"))
_SOMATIC_CLASSES = frozenset(("LA6684-0", "LA18195-0"))
_GERMLINE_CLASS = "LA6683-2"
# Specimens: SNOMED CT and HL7 v2 table 0487 (codes whose own words say nothing to us).
_FETAL_SPECIMENS = frozenset(
    ("119373006", "122556008", "737357006", "258565009", "309502007", "110968003",
     "AMN", "BLDCO", "FBLOOD")
)  # fmt: skip
_TUMOUR_SPECIMENS = frozenset(("258435002", "441652008"))


def source_class_of(concept: Concept) -> SourceClass:
    """The genomic source class; UNKNOWN for likely germline, de novo and whatever says neither.

    Likely somatic is somatic: the patient's own genome is not what was likely seen.
    """
    found = [_source_class(words, code) for words, code in concept.stated]
    for answer in (SourceClass.SOMATIC, SourceClass.GERMLINE):
        if answer in found:
            return answer
    return SourceClass.UNKNOWN


def _source_class(words: str, code: str) -> SourceClass:
    said = _NOT_OF_IT.sub(" ", words)
    is_somatic = _SOMATIC.search(said) and not _GERMLINE.search(said)
    if code in _SOMATIC_CLASSES or is_somatic:
        return SourceClass.SOMATIC
    is_germline = code == _GERMLINE_CLASS or _PLAIN_GERMLINE.fullmatch(words.strip())
    return SourceClass.GERMLINE if is_germline else SourceClass.UNKNOWN


def is_fetal_class(concept: Concept) -> bool:
    """True for the source classes `Fetal` and `Likely fetal` (once `Prenatal`)."""
    return any(
        code in _FETAL_CLASSES or _OF_FETUS.search(_NOT_OF_IT.sub(" ", words))
        for words, code in concept.stated
    )


def of_another(said: Iterable[tuple[str, str]]) -> str:
    """`a fetus` or `a donor` where words and codes of a specimen say so; else empty."""
    for words, code in said:
        if code in _FETAL_SPECIMENS or _OF_FETUS.search(_NOT_OF_IT.sub(" ", words)):
            return "a fetus"
        if _OF_DONOR.search(words):
            return "a donor"
    return ""


def says_donor(said: Iterable[tuple[str, str]]) -> bool:
    """True where words or codes say that somebody is a donor; `donor-specific` and a search for a
    donor do not."""
    return any(
        code in _DONOR_CODES or _OF_DONOR.search(_FOR_DONOR.sub(" ", words)) for words, code in said
    )


def says_recipient(said: Iterable[tuple[str, str]]) -> bool:
    """True where words name the recipient, or the patient."""
    return any(_RECIPIENT.search(words) for words, _ in said)


def is_of_tumour(said: Iterable[tuple[str, str]]) -> bool:
    """True where words or codes of a specimen or body structure say that it is a tumour's."""
    return any(
        code in _TUMOUR_SPECIMENS or _OF_TUMOUR.search(_NOT_OF_IT.sub(" ", words))
        for words, code in said
    )


def says_whose(words: str) -> bool:
    """False for words such as `DNA specimen`, which fit the specimen of anybody."""
    return _SAYS_NOTHING.fullmatch(words) is None
