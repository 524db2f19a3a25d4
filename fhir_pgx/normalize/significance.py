"""What a report calls a variant: one word for each spelling of its clinical significance.

ACMG's five classes as words, as LOINC answers (LL4034-6), as class numbers and as ClinVar joins
them. What is not one of them stays empty: `drug response` or `not pathogenic` is no class, and no
class is ever worked out here.
"""

import re
from collections.abc import Iterable

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.tumour import Significance

_CODES: dict[str, Significance] = {
    "LA6668-3": "pathogenic",
    "LA26332-9": "likely-pathogenic",
    "LA26333-7": "uncertain",
    "LA26334-5": "likely-benign",
    "LA6675-8": "benign",
}
# In this order: the longer words hold the shorter ones.
_PATTERNS: tuple[tuple[str, Significance], ...] = (
    (r"\b(?:not|non)[\s-]*(?:\w+[\s-]+)?(?:pathogenic|benign|oncogenic)\b", ""),
    # `No pathogenic variant detected`, `possibly pathogenic`: no class, and never the stronger one.
    (r"\b(?:no|none|without|negative)\b|\bnot (?:detected|identified|found|reported)\b", ""),
    (r"\b(?:possibl[ey]|suspected|presumed|potentially|maybe|may be) (?:\w+ )?pathogenic\b", ""),
    (r"\bconflicting\b|\bdiscordant\b", "conflicting"),
    (r"\buncertain\b|\bvus\b|\bunknown significance\b|\bunclear significance\b", "uncertain"),
    (r"\b(?:likely|probabl[ey]) pathogenic\b|\blp\b", "likely-pathogenic"),
    (r"\bpathogenic\b|\bdeleterious mutation\b", "pathogenic"),
    (r"\b(?:likely|probabl[ey]) benign\b|\blb\b", "likely-benign"),
    (r"\bbenign\b", "benign"),
    (r"\b(?:likely|probabl[ey]) oncogenic\b", "likely-oncogenic"),
    (r"\boncogenic\b", "oncogenic"),
    (r"\brisk (?:factor|allele)\b", "risk"),
)
_WORDS = tuple((re.compile(pattern), name) for pattern, name in _PATTERNS)
_CLASSES: dict[str, Significance] = {
    "5": "pathogenic", "4": "likely-pathogenic", "3": "uncertain", "2": "likely-benign",
    "1": "benign", "P": "pathogenic", "LP": "likely-pathogenic", "VUS": "uncertain",
    "LB": "likely-benign", "B": "benign",
}  # fmt: skip
_CLASS = re.compile(r"(?:(?:acmg|iarc)[\s:]*)?(?:class|c|category)?\s*([1-5])", re.IGNORECASE)
LOW_PENETRANCE = re.compile(r"\b(?:low|reduced) penetrance\b", re.IGNORECASE)

COUNTING: frozenset[Significance] = frozenset(("pathogenic", "likely-pathogenic"))


def significance_of(stated: str) -> Significance:
    """The class that a text or code states; empty where it states none of them."""
    text = stated.strip()
    if text in _CODES:
        return _CODES[text]
    if text.upper() in _CLASSES:
        return _CLASSES[text.upper()]
    numbered = _CLASS.fullmatch(text)
    if numbered:
        return _CLASSES[numbered[1]]
    words = " ".join(re.sub(r"[_/|;,]", " ", text.lower()).replace("-", " ").split())
    return next((name for pattern, name in _WORDS if pattern.search(words)), "")


def joined_significance(stated: Iterable[Significance]) -> tuple[Significance, bool]:
    """One class of all that are stated of a variant, and whether they differ.

    Pathogenic beside likely pathogenic is the weaker of the two, and so on the benign side; any
    other difference is conflicting. Empty texts state nothing.
    """
    found = {each for each in stated if each}
    if len(found) < 2:
        return next(iter(found), ""), False
    if found <= COUNTING:
        return "likely-pathogenic", True
    if found <= {"benign", "likely-benign"}:
        return "likely-benign", True
    return "conflicting", True


def differing(label: str, stated: Iterable[Significance]) -> tuple[Caveat, ...]:
    """What is told where the classes stated of a variant differ."""
    named = ", ".join(dict.fromkeys(each.replace("-", " ") for each in stated if each))
    return (Caveat("PGX-830", f"{label} is called {named}, by different statements."),)
