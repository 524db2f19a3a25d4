"""How strong a source's level is, and the tier that we derive from it.

A derived tier is ours and is called so: AMP/ASCO/CAP (PMID 27993330) and ESCAT (PMID 30137196)
grade by judgement of a board, not by a table of levels.
"""

from fhir_pgx.model.therapy import ContextFit, Provenance

LEVELS = (
    "FDA-label-limitation", "FDA-CDx", "FDA-label", "guideline", "A", "B", "C", "D", "E",
)  # fmt: skip
_B, _C = LEVELS.index("B"), LEVELS.index("C")
LEVEL_WORDS = {
    "C": "Case reports only.",
    "D": "Preclinical evidence only.",
    "E": "Inferred from indirect evidence only.",
}


def strength(about: Provenance) -> int:
    """0 is the strongest; an unknown level the weakest."""
    return LEVELS.index(about.level) if about.level in LEVELS else len(LEVELS)


def is_strong(about: Provenance) -> bool:
    """A label, a companion diagnostic, a guideline, CIViC A or B."""
    return strength(about) <= _B


def is_label(about: Provenance) -> bool:
    return about.level.startswith("FDA")


def is_case(about: Provenance) -> bool:
    return strength(about) == _C


def tier_of(about: Provenance, fit: ContextFit, *, is_several: bool = False) -> str:
    """The AMP/ASCO/CAP tier and, where it follows, ESCAT's; empty where the fit is not known."""
    if fit == "unknown":
        return ""
    if fit == "other":
        return "AMP II-C, ESCAT III" if is_label(about) else "AMP II-D"
    if is_label(about):
        return "AMP I-A, ESCAT I"
    if about.level in ("guideline", "A"):
        return "AMP I-A"
    if about.level == "B":
        return "AMP I-B" if is_several else "AMP II-C"
    return "AMP II-D"
