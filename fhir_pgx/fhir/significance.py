"""How a report classes a variant: its codes and words in one spelling, and whom they are said of.

It stands in a component, in `interpretation`, or in a diagnostic implication that is derived from
the variant. Two classes that do not agree are `conflicting`: neither is chosen.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from fhir_pgx.fhir.gathering import Gathering
from fhir_pgx.fhir.values import Concept
from fhir_pgx.model.finding import StatedDiagnosis
from fhir_pgx.model.tumour import Significance

# LOINC answers of 53037-8 (LL4034-6, and what they were before).
_CODES: dict[str, Significance] = {
    "LA6668-3": "pathogenic", "LA26332-9": "likely-pathogenic", "LA6669-1": "likely-pathogenic",
    "LA26333-7": "uncertain", "LA6682-4": "uncertain", "LA26334-5": "likely-benign",
    "LA6674-1": "likely-benign", "LA6675-8": "benign",
}  # fmt: skip
# Tried in order: the more doubtful word first, so that no sentence is read as surer than it is.
_PATTERNS: tuple[tuple[str, Significance], ...] = (
    (r"\bconflict\w*", "conflicting"),
    (r"\b(?:uncertain|unknown|unclear|undetermined)\b|\bv\.?u\.?s\.?\b", "uncertain"),
    # `No pathogenic variant detected`, `possibly pathogenic`: no class, and never the stronger one.
    (r"\b(?:no|without|negative for) (?:known |other |clearly )?(?:likely )?pathogenic\b", ""),
    (r"\bpathogenic\b.{0,40}\bnot (?:detected|identified|found|reported|seen)\b", ""),
    (r"\b(?:possibl[ey]|suspected|potentially|may ?be) (?:\w+ )?pathogenic\b(?!.*\buncertain)", ""),
    (r"\b(?:likely|probably|presumed)[\s-]+(?:non-?pathogenic|benign)\b", "likely-benign"),
    (r"\b(?:non-?pathogenic|not pathogenic|benign)\b|\bpolymorphism\b", "benign"),
    (r"\b(?:likely|probably|presumed)[\s-]+pathogenic\b", "likely-pathogenic"),
    (r"\bpathogenic\b", "pathogenic"),
    (r"\b(?:likely|probably|predicted)[\s-]+oncogenic\b", "likely-oncogenic"),
    (r"\bnon-?oncogenic\b|\bnot oncogenic\b|\b(?:likely )?neutral\b", "likely-benign"),
    (r"\boncogenic\b", "oncogenic"),
    (r"\brisk (?:factor|allele)\b|\b(?:established|likely) risk\b", "risk"),
)
_WORDS = tuple((re.compile(pattern, re.IGNORECASE), answer) for pattern, answer in _PATTERNS)
_BOTH_WAYS = re.compile(r"\bbenign\b.*\bpathogenic\b|\bpathogenic\b.*\bbenign\b", re.IGNORECASE)
# `Pathogenic/Likely pathogenic` is ClinVar's name for agreement between neighbours.
_NEIGHBOURS: dict[frozenset[Significance], Significance] = {
    frozenset(("pathogenic", "likely-pathogenic")): "likely-pathogenic",
    frozenset(("benign", "likely-benign")): "likely-benign",
    frozenset(("oncogenic", "likely-oncogenic")): "likely-oncogenic",
    frozenset(("pathogenic", "oncogenic")): "pathogenic",
}
_MAX_TEXT = 200


def significance_of(concept: Concept) -> Significance:
    """The class that codes or words state; empty where they state none.

    A code decides; where the words beside it are another class, it is `conflicting`.
    """
    coded = {_CODES[coding.code] for coding in concept.codings if coding.code in _CODES}
    if len(coded) == 1:
        return coded.pop()
    if coded:
        return joined(coded)
    return joined({significance_in(words) for words, _ in concept.stated})


def significance_in(words: str) -> Significance:
    """The class that a short text states: `Likely pathogenic`, `VUS`, `P/LP`."""
    if not words or len(words) > _MAX_TEXT:
        return ""
    bare = words.strip().upper()
    if bare in _SHORT:
        return _SHORT[bare]
    if numbered := _NUMBERED.fullmatch(bare):
        return _CLASSES[numbered[1]]
    if _BOTH_WAYS.search(words) and not re.search(r"non-?pathogenic", words, re.IGNORECASE):
        return "conflicting"
    return next((answer for pattern, answer in _WORDS if pattern.search(words)), "")


# The five classes by number, as laboratories write them beside or in place of the word.
_NUMBERED = re.compile(r"(?:(?:ACMG|IARC)[\s:]*)?(?:class|category)\s*([1-5])", re.IGNORECASE)
_CLASSES: dict[str, Significance] = {
    "5": "pathogenic", "4": "likely-pathogenic", "3": "uncertain", "2": "likely-benign",
    "1": "benign",
}  # fmt: skip
_SHORT: dict[str, Significance] = {
    "P": "pathogenic", "LP": "likely-pathogenic", "P/LP": "likely-pathogenic",
    "LB": "likely-benign", "B": "benign", "B/LB": "likely-benign",
}  # fmt: skip


def joined(classes: Iterable[Significance]) -> Significance:
    """One class of several: the less sure of two neighbours; else `conflicting`."""
    found = frozenset(each for each in classes if each)
    if len(found) < 2:
        return next(iter(found), "")
    return _NEIGHBOURS.get(found, "conflicting")


def pass_on(gathering: Gathering) -> None:
    """Gives each variant the class that a diagnostic implication derived from it states.

    What the variant states itself stands, unless the implication says otherwise.
    """
    said = _by_finding(gathering.diagnoses)
    if not said:
        return
    for place, variant in enumerate(gathering.variants):
        found = said.get(variant.origin.reference)
        if found is None:
            continue
        own: list[Significance] = [significance_in(variant.significance)]
        together = joined([*own, *found])
        if together != variant.significance:
            gathering.variants[place] = replace(variant, significance=together, content=b"")


def _by_finding(diagnoses: Iterable[StatedDiagnosis]) -> dict[str, list[Significance]]:
    found: dict[str, list[Significance]] = {}
    for diagnosis in diagnoses:
        classes = [significance_in(words) for words in diagnosis.significance]
        if any(classes):
            for reference in diagnosis.variants:
                found.setdefault(reference, []).extend(classes)
    return found
