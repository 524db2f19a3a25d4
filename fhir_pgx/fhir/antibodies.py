"""Anti-HLA antibodies of the recipient: against what, how strong, and whether the test found any.

Read are one Observation an antibody (the specificity as value, the MFI in a component), lists in
one text, results of single beads (the antigen in a code, the MFI as value) and screens. A bead's
figure without the laboratory's verdict is no verdict: no cut-off is applied here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts
from fhir_pgx.fhir.code_names import Name, concept_as_sent, name_of
from fhir_pgx.fhir.gathering import (
    WITHDRAWN,
    Gathering,
    origin_of,
    status_caveats,
    status_of,
)
from fhir_pgx.fhir.values import Concept, Value, concept_of, value_of
from fhir_pgx.model.finding import Caveat, Origin
from fhir_pgx.model.transplant import StatedAntibody

# LOINC: antibodies by their specificity, and screens for any.
IDENTIFIED = frozenset(("107914-4", "98006-0", "77641-9", "77642-7", "77643-5"))
SCREENS = frozenset(("44534-6", "107913-6"))
# `Ab` as LOINC writes it: `HLA-AB typing` speaks of two loci.
_ANTIBODY = r"(?:antibod(?:y|ies)|(?-i:Ab))"
_NEAR_DSA = r"(?:HLA|donor|MFI|antibod\w*)"
_OF_ANTIBODIES = re.compile(
    rf"\banti[\s-]?HLA\b|\bHLA\b.*\b{_ANTIBODY}\b|\b{_ANTIBODY}\b.*\bHLA\b"
    rf"|\bdonor[\s-]specific\b.*\b{_ANTIBODY}\b|\bsingle[\s-]antigen(?:[\s-]bead)?\b"
    rf"|\bDSA\b.*\b{_NEAR_DSA}\b|\b{_NEAR_DSA}\b.*\bDSA\b",
    re.IGNORECASE,
)
_OF_DONOR = re.compile(r"\bdonor[\s-]specific\b|\bDSA\b", re.IGNORECASE)
_ABSENT = re.compile(
    r"\b(?:negative|not detected|none(?: detected| found)?|no (?:\w+[\s-]){0,4}(?:antibod\w+|DSA)"
    r"|undetect\w*|absent)\b",
    re.IGNORECASE,
)
_PRESENT = re.compile(r"\b(?:positive|detected|present|identified|found)\b", re.IGNORECASE)
_NOT_DONE = re.compile(
    r"\b(?:not (?:done|performed|tested)|pending|inconclusive|indeterminate|invalid"
    r"|insufficient|equivocal|unable)\b",
    re.IGNORECASE,
)
# LOINC answers and SNOMED CT: negative, not detected, absent; positive, detected, present.
_ABSENT_CODES = frozenset(
    ("LA6577-6", "LA11883-8", "LA9634-2", "260385009", "260415000", "2667000", "NEG", "ND", "N")
)
_PRESENT_CODES = frozenset(
    ("LA6576-8", "LA11882-0", "LA9633-4", "10828004", "260373001", "52101004", "POS", "DET")
)
_SPECIFICITY = re.compile(
    r"\b(?:HLA-?)?((?:DRB[1345]|DQA1|DQB1|DPA1|DPB1|A|B|Cw?)\*\d{2,4}(?::\d{2,4}){0,3}[NLSQ]?"
    r"|(?:A|B|Cw|Bw|DRw?|DQw?|DPw?)\d{1,4}|C\d{1,2})(?![\w*:])"
)
_MFI_BESIDE = re.compile(r"^\W{0,3}(?:MFI\W{0,3})?(\d[\d,]*(?:\.\d+)?)\s*(?:MFI)?", re.IGNORECASE)
_IS_MFI = re.compile(r"\bMFI\b|mean fluorescence|median fluorescence", re.IGNORECASE)
_IS_BAND = re.compile(r"\bband\b|categor|class", re.IGNORECASE)
NO_VERDICT = Caveat(
    "PGX-780",
    "A fluorescence is stated without the laboratory's verdict: whether it is positive is not "
    "judged here.",
)
OF_DONOR = "an antibody test of somebody else than the recipient: {}"
TOO_LONG = "an HLA antibody result in a text that is too long to be read"
_MAX_TEXT = 20_000  # every bead of two panels with its figure has some thousands of signs
UNREAD = "an HLA antibody result that names no specificity and gives no answer"


def claim(entry: Entry, gathering: Gathering) -> bool:
    """True where the Observation is on HLA antibodies: it was read, or listed with the reason."""
    name = name_of(entry.resource.get("code"))
    if name is not None and not _names_antibodies(name):
        return False
    code = concept_of(entry.resource.get("code"))
    if name is None and not _is_of_antibodies(code):
        return False
    about = gathering.genomes.reason(entry)
    # `donor specific` is of the recipient; a serum of the donor is not.
    if about:
        gathering.missed(entry, OF_DONOR.format(about))
        return True
    status = status_of(entry.resource)
    holder = entry.container
    if holder is not None and status_of(holder.resource) == "entered-in-error":
        status = "entered-in-error"
    if status in WITHDRAWN:
        gathering.missed(entry, f"its status is {status}")
        return True
    if _is_too_long(entry.resource):
        gathering.missed(entry, TOO_LONG)
        return True
    report = gathering.report_of.get(id(entry.resource))
    origin = origin_of(entry, report)
    found = list(_antibodies(entry.resource, code, origin, status_caveats(origin, report)))
    if any(_OF_DONOR.search(words) for words, _ in code.stated):
        found = [replace(each, is_of_donor=True) for each in found]
    gathering.antibodies.extend(found)
    if not found and "hasMember" not in entry.resource:
        gathering.missed(entry, UNREAD)
    return True


def _is_too_long(resource: Mapping[str, Any]) -> bool:
    """Whether any text that is searched for specificities is no list of them."""
    parts = as_dicts(resource.get("component"))
    concepts = [value_of(each).concept for each in (resource, *parts)]
    concepts += [concept_of(each.get("code")) for each in parts]
    return any(len(words) > _MAX_TEXT for each in concepts for words, _ in each.stated)


def _is_of_antibodies(code: Concept) -> bool:
    if any(each.code in IDENTIFIED or each.code in SCREENS for each in code.codings):
        return True
    return any(_OF_ANTIBODIES.search(words) for words, _ in code.stated)


@lru_cache(maxsize=4096)  # the names of tests: the same few come again and again
def _names_antibodies(name: Name) -> bool:
    return _is_of_antibodies(concept_of(concept_as_sent(name)))


def _antibodies(
    resource: Mapping[str, Any], code: Concept, origin: Origin, caveats: tuple[Caveat, ...]
) -> Iterator[StatedAntibody]:
    value, verdict = value_of(resource), _verdict(resource)
    parts = as_dicts(resource.get("component"))
    mfi = next((found for part in parts if (found := _mfi_of(part)) is not None), None)
    named = _specificities(value) or [
        each
        for part in parts
        if _bead(part) is None and not _is_measure(part)
        for each in _specificities(value_of(part))
    ]
    beads = [(name, part) for part in parts if (name := _bead(part)) is not None]
    if named:
        for name, own in named:
            yield _stated(name, own if own is not None else mfi, verdict, origin, caveats)
    asked = _specificities(Value(concept=Concept((), code.label)))
    if not named and len(asked) == 1:
        # The antigen in the code: `Anti-HLA DQ7 antibody`, with an answer or a figure.
        found = mfi if mfi is not None else _number(value)
        yield _beaded(asked[0][0], found, verdict, origin, caveats)
    for name, part in beads:
        yield _beaded(name, _number(value_of(part)), _verdict(part), origin, caveats)
    if not (named or beads or asked) and _is_answered(resource, value, verdict):
        yield StatedAntibody("", origin, None, verdict, caveats)


def _stated(
    name: str,
    mfi: Decimal | None,
    verdict: bool | None,
    origin: Origin,
    caveats: tuple[Caveat, ...],
) -> StatedAntibody:
    """An antibody that the laboratory names: named is found, unless it says otherwise."""
    return StatedAntibody(name, origin, mfi, verdict is not False, caveats)


def _beaded(
    name: str,
    mfi: Decimal | None,
    verdict: bool | None,
    origin: Origin,
    caveats: tuple[Caveat, ...],
) -> StatedAntibody:
    """A bead's result: without a verdict its figure is one that nobody judged."""
    if verdict is None and mfi is not None:
        caveats = (*caveats, NO_VERDICT)
    return StatedAntibody(name, origin, mfi, verdict, caveats)


def _is_answered(resource: Mapping[str, Any], value: Value, verdict: bool | None) -> bool:
    return verdict is not None or not value.is_empty or bool(value.absent)


def _verdict(element: Mapping[str, Any]) -> bool | None:
    """Whether the laboratory says that it was found: by the value, else by its interpretation."""
    value = value_of(element)
    if value.absent:
        return None
    if value.boolean is not None:
        return value.boolean
    said = list(value.concept.stated)
    for item in as_dicts(element.get("interpretation")):
        said += concept_of(item).stated
    if any(_NOT_DONE.search(words) for words, _ in said):
        return None
    if any(code in _ABSENT_CODES or _ABSENT.search(words) for words, code in said):
        return False
    if any(code in _PRESENT_CODES or _PRESENT.search(words) for words, code in said):
        return True
    return None


def _specificities(value: Value) -> list[tuple[str, Decimal | None]]:
    """The antigens and alleles that a value names, each with the MFI that stands beside it."""
    for words, _ in value.concept.stated:
        found = [(each[1], _beside(words[each.end() :])) for each in _SPECIFICITY.finditer(words)]
        if found:
            return list(dict(found).items())
    return []


def _beside(rest: str) -> Decimal | None:
    found = _MFI_BESIDE.match(rest)
    # A bare number is a figure only within brackets or beside the letters.
    if not found or not (re.search(r"MFI", found[0], re.IGNORECASE) or "(" in found[0]):
        return None
    return _decimal(found[1])


def _bead(part: Mapping[str, Any]) -> str | None:
    """The antigen that a component asks for; None where it asks for none."""
    found = _specificities(Value(concept=Concept((), concept_of(part.get("code")).label)))
    return found[0][0] if len(found) == 1 else None


def _is_measure(part: Mapping[str, Any]) -> bool:
    words = concept_of(part.get("code")).label
    return bool(_IS_MFI.search(words) or _IS_BAND.search(words))


def _mfi_of(part: Mapping[str, Any]) -> Decimal | None:
    """The fluorescence of a component that states it for the antibody of the Observation."""
    value = value_of(part)
    words = concept_of(part.get("code")).label
    is_mfi = _IS_MFI.search(words) or _IS_MFI.search(value.unit)
    if not is_mfi or _IS_BAND.search(words) or _bead(part) is not None:
        return None
    return _number(value)


def _number(value: Value) -> Decimal | None:
    return _decimal(value.number) if value.number else None


def _decimal(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(",", "").lstrip("<>≤≥"))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found < 10_000_000 else None
