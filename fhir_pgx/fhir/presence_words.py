"""Codes and words for present, absent, no call, indeterminate; and for zygosity.

The four presences never stand for one another, and *not performed* is none of them.
"""

import re
from collections.abc import Mapping

from fhir_pgx.fhir.values import Concept, Value
from fhir_pgx.model.finding import Presence

_PRESENT, _ABSENT = Presence.PRESENT, Presence.ABSENT
_NO_CALL, _INDETERMINATE = Presence.NO_CALL, Presence.INDETERMINATE

# LOINC answers (LL1971-2, LL541-4 and the detected lists), SNOMED CT, v3 ObservationInterpretation.
_CODES = {
    "LA9633-4": _PRESENT, "LA6576-8": _PRESENT, "LA11882-0": _PRESENT,
    "LA9634-2": _ABSENT, "LA6577-6": _ABSENT, "LA11883-8": _ABSENT,
    "LA18198-4": _NO_CALL, "LA11884-6": _INDETERMINATE,
    "10828004": _PRESENT, "260373001": _PRESENT, "52101004": _PRESENT,
    "260385009": _ABSENT, "260415000": _ABSENT, "2667000": _ABSENT,
    "82334004": _INDETERMINATE, "419984006": _INDETERMINATE,
    "POS": _PRESENT, "DET": _PRESENT, "NEG": _ABSENT, "ND": _ABSENT, "IND": _INDETERMINATE,
    "LA6706-1": _PRESENT, "LA6705-3": _PRESENT, "LA6707-9": _PRESENT,
}  # fmt: skip
_WORDS = (
    {"present": _PRESENT, "positive": _PRESENT, "pos": _PRESENT, "detected": _PRESENT,
     "reactive": _PRESENT, "found": _PRESENT, "identified": _PRESENT, "carrier": _PRESENT,
     "heterozygous": _PRESENT, "homozygous": _PRESENT, "hemizygous": _PRESENT, "yes": _PRESENT}
    | {"absent": _ABSENT, "negative": _ABSENT, "neg": _ABSENT, "not detected": _ABSENT,
       "not present": _ABSENT, "undetected": _ABSENT, "none detected": _ABSENT,
       "not identified": _ABSENT, "not found": _ABSENT, "non reactive": _ABSENT,
       "nonreactive": _ABSENT, "wild type": _ABSENT, "homozygous wild type": _ABSENT,
       "non carrier": _ABSENT, "no": _ABSENT}
    | {"no call": _NO_CALL, "nocall": _NO_CALL, "not called": _NO_CALL, "no result": _NO_CALL,
       "failed": _NO_CALL, "unable to call": _NO_CALL, "unable to determine": _NO_CALL,
       "test failed": _NO_CALL, "assay failed": _NO_CALL, "unable to genotype": _NO_CALL}
    | {"indeterminate": _INDETERMINATE, "inconclusive": _INDETERMINATE,
       "equivocal": _INDETERMINATE, "undetermined": _INDETERMINATE}
)  # fmt: skip
_NOT_PERFORMED = frozenset(
    ("not tested", "not performed", "not done", "not assayed", "not analyzed", "not ordered",
     "test not performed", "not reported", "pending", "cancelled", "not applicable", "n a")
)  # fmt: skip
_NOT_PERFORMED_REASONS = frozenset(
    ("not-performed", "not-asked", "asked-declined", "not-permitted", "masked", "not-applicable")
)

_NOT_THERE = re.compile(
    r"\b(?:not|non|none|un|no)[\s-]?(?:detected|present|reactive|found|identified|carrier)\b"
    r"|\bnot been (?:detected|found|identified)\b"
    # `No HLA-B*57:01 detected`: nothing but the allele's name stands between
    r"|\bno (?:evidence of )?(?P<what>\S{0,30}[*\d]\S{0,30}(?: (?:allele|variant|was|were|is))*)"
    r" (?:detected|present|found|identified)\b"
    r"|\b(?:negative|absent|undetected)\b",
    re.IGNORECASE,
)
_THERE = re.compile(
    r"\b(?:positive|detected|present|heterozygous|homozygous|hemizygous)\b", re.IGNORECASE
)
# Beside a verdict these leave it open which one it is.
_TURNING = re.compile(
    r"\b(?:no|not|none|neither|nor|never|without|cannot|could|may|might|if|unless|either|unable"
    r"|fail\w*|exclu\w*|absence|possibl\w*|probabl\w*|suspect\w*|unclear|uncertain|pending)\b"
    r"|n['’]t\b|\?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z]+")

_ZYGOSITY = {
    "LA6706-1": "heterozygous", "LA6705-3": "homozygous", "LA6707-9": "hemizygous",
    "LA6703-8": "heteroplasmic", "LA6704-6": "homoplasmic",
    "GENO:0000135": "heterozygous", "GENO:0000136": "homozygous", "GENO:0000134": "hemizygous",
    "GENO:0000603": "heteroplasmic", "GENO:0000602": "homoplasmic",
}  # fmt: skip
ZYGOSITY_CODES = {"heterozygous": "LA6706-1", "homozygous": "LA6705-3", "hemizygous": "LA6707-9"}
_ZYGOSITY_WORDS = frozenset(_ZYGOSITY.values())


def plain(text: str) -> str:
    """Words alone, in lower case."""
    return " ".join(_WORD.findall(text.lower()))


def presence_of(value: Value) -> Presence | None:
    """What a value says of its target; None where it says none of the four."""
    if value.boolean is not None:
        return _PRESENT if value.boolean else _ABSENT
    if value.absent:
        return None if value.absent in _NOT_PERFORMED_REASONS else _NO_CALL
    return presence_of_concept(value.concept)


def presence_of_concept(concept: Concept) -> Presence | None:
    for coding in concept.codings:
        found = _CODES.get(coding.code)
        if found is not None:
            return found
    for words, _ in concept.stated:
        found = _WORDS.get(plain(words))
        if found is not None:
            return found
    return None


def presence_in(text: str) -> Presence | None:
    """What a sentence says of the one thing it names: `positive for HLA-B*57:01`.

    None where it says neither, or both, or holds another word of denial or doubt.
    """
    rest, times = _NOT_THERE.subn(_named, text)
    there = _THERE.search(rest) is not None
    if there == bool(times) or _TURNING.search(rest):
        return None
    return _PRESENT if there else _ABSENT


def without_verdict(text: str) -> str:
    """The text without the words that say present or absent."""
    return _THERE.sub(" ", _NOT_THERE.sub(_named, text))


def _named(verdict: re.Match[str]) -> str:
    return f" {verdict['what'] or ''} "


def presence_word(text: str) -> Presence | None:
    """The presence that a text is the bare word for (`Positive`, `No call`)."""
    return _WORDS.get(plain(text)) if len(text) < 40 else None


def is_not_performed(value: Value) -> bool:
    """True where the resource says that the test was not made: no result of any kind."""
    if value.absent:
        return value.absent in _NOT_PERFORMED_REASONS
    for words, _ in value.concept.stated:
        if len(words) < 40 and plain(words) in _NOT_PERFORMED:
            return True
    return False


def zygosity_of(concept: Concept) -> str:
    """`heterozygous`, `homozygous`, … as the model names it; empty where it is not stated."""
    return _first(concept, _ZYGOSITY) or next(
        (word for words, _ in concept.stated if (word := plain(words)) in _ZYGOSITY_WORDS), ""
    )


def _first(concept: Concept, table: Mapping[str, str]) -> str:
    return next((table[coding.code] for coding in concept.codings if coding.code in table), "")
