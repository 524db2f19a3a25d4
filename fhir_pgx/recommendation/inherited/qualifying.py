"""Which findings a criterion counts, and which it only sees.

Pathogenic and likely pathogenic findings count; a change that the row itself names counts where no
significance is stated, and never against a significance that says otherwise. Uncertain and
conflicting ones are seen and count for nothing, save where the label accepts them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.model.inherited import Criterion, InheritedFinding

PATHOGENIC = frozenset({"pathogenic", "likely-pathogenic"})
UNCERTAIN = frozenset({"uncertain", "conflicting"})
_HARMLESS = frozenset({"benign", "likely-benign"})
_UNKNOWN = frozenset({"", "risk"})  # no class that speaks for or against a change named by a row


@dataclass(frozen=True, slots=True)
class Sorted:
    """The findings of a criterion's genes by what they are to it: `named` are of its changes,
    `partners` others that count as the second of two, `function_open` count if they gain or lose
    function as asked, `rest` were found and are something else."""

    counted: tuple[InheritedFinding, ...] = ()
    named: tuple[InheritedFinding, ...] = ()
    partners: tuple[InheritedFinding, ...] = ()
    function_open: tuple[InheritedFinding, ...] = ()
    excluded: tuple[InheritedFinding, ...] = ()
    uncertain: tuple[InheritedFinding, ...] = ()
    rest: tuple[InheritedFinding, ...] = ()
    disputed: tuple[InheritedFinding, ...] = ()  # would count, were it there: results differ


def is_own(finding: InheritedFinding) -> bool:
    """Of the patient's own genome, as far as the report says: what was found in a tumour's tissue
    and is not called germline may be the tumour's alone."""
    if finding.source_class is SourceClass.UNKNOWN:
        return finding.specimen not in ("tissue", "plasma")
    return finding.source_class is SourceClass.GERMLINE


def sort_findings(
    criterion: Criterion,
    findings: Iterable[InheritedFinding],
    function_names: tuple[str, ...],
    conditions: frozenset[str],
) -> Sorted:
    """Each present finding of the criterion's genes in its place. `conditions` are the names, in
    lower case, of what the patient has."""
    places: dict[str, list[InheritedFinding]] = {name: [] for name in Sorted.__slots__}
    for finding in findings:
        may_be_there = finding.presence is Presence.PRESENT or finding.is_disputed
        if not (may_be_there and is_own(finding) and finding.gene in criterion.genes):
            continue
        found = _places(criterion, finding, function_names, conditions)
        if finding.is_disputed:
            found = ("disputed",) if "counted" in found else ()
        for place in found:
            places[place].append(finding)
    return Sorted(**{name: tuple(found) for name, found in places.items()})


def _places(
    criterion: Criterion,
    finding: InheritedFinding,
    function_names: tuple[str, ...],
    conditions: frozenset[str],
) -> tuple[str, ...]:
    if is_excluded(criterion, finding):
        return ("excluded",)
    if finding.significance in _HARMLESS or not names_of(finding).isdisjoint(criterion.ignores):
        return ("rest",)
    named = is_named(criterion, finding)
    if finding.significance in UNCERTAIN:
        accepted = criterion.accepts_uncertain and finding.significance == "uncertain"
        return ("counted",) if accepted else ("uncertain",)
    if not (finding.significance in PATHOGENIC or (named and finding.significance in _UNKNOWN)):
        return ("rest",)
    narrowed = criterion.changes or criterion.exon_deletions
    if narrowed and not named and not criterion.or_pathogenic:
        if criterion.only in ("gain-of-function", "loss-of-function"):
            return _by_function(criterion, finding, function_names, conditions)
        return ("partners",) if criterion.partner == "pathogenic" else ("rest",)
    if not named and criterion.only:
        return _by_kind(criterion, finding, function_names, conditions)
    return ("counted", "named") if named else ("counted",)


def _by_kind(
    criterion: Criterion,
    finding: InheritedFinding,
    function_names: tuple[str, ...],
    conditions: frozenset[str],
) -> tuple[str, ...]:
    if criterion.only in ("gain-of-function", "loss-of-function"):
        return _by_function(criterion, finding, function_names, conditions)
    fits = {
        "truncating": finding.is_truncating or finding.change == "deletion",
        "not-truncating": not finding.is_truncating and finding.change != "deletion",
        "missense": is_missense(finding),
        "deletion": finding.change == "deletion",
        "repeat": finding.change == "repeat",
    }
    return ("counted",) if fits[criterion.only] else ("rest",)


def _by_function(
    criterion: Criterion,
    finding: InheritedFinding,
    function_names: tuple[str, ...],
    conditions: frozenset[str],
) -> tuple[str, ...]:
    """A variant's function is told by what it does to the protein, by the condition that the report
    names for it, or by the patient's own; where none of them tells, it is open."""
    truncates = finding.is_truncating or finding.change == "deletion"
    if truncates:
        return ("counted",) if criterion.only == "loss-of-function" else ("rest",)
    reported = " ".join(finding.conditions).lower()
    if any(name in reported for name in function_names):
        return ("counted",)
    if not reported and any(name in have for name in function_names for have in conditions):
        return ("counted",)
    # A report that names another condition for the variant has told what it does.
    return ("rest",) if reported else ("function_open",)


def is_missense(finding: InheritedFinding) -> bool:
    return finding.protein is not None and finding.protein.kind == "substitution"


def is_named(criterion: Criterion, finding: InheritedFinding) -> bool:
    """Whether the finding is one of the changes, or of the exon deletions, that the row names."""
    if criterion.exon_deletions and finding.change == "deletion":
        return exons_of(finding) in criterion.exon_deletions
    names = names_of(finding)
    if names or finding.change != "variant":
        return not names.isdisjoint(criterion.changes)
    said = finding.label.lower()
    return any(words in said for words in criterion.words)


def names_of(finding: InheritedFinding) -> set[str]:
    protein = finding.protein.text if finding.protein is not None else ""
    return {name for name in (protein, finding.coding, finding.genomic) if name}


def exons_of(finding: InheritedFinding) -> tuple[int, int] | None:
    """The first and last exon, both included; None where they are not stated."""
    numbers = [int(exon) for exon in finding.exons if exon.isdigit()]
    return (min(numbers), max(numbers)) if numbers else None


def is_excluded(criterion: Criterion, finding: InheritedFinding) -> bool:
    """Whether one finding alone rules the row out; a pair is looked at where copies are counted."""
    for rule in criterion.excludes:
        if rule.startswith("exons "):
            first, _, last = rule.removeprefix("exons ").partition("-")
            exons = exons_of(finding)
            is_lost = finding.change == "deletion" and exons is not None
            if is_lost and exons and exons[0] <= int(last) and int(first) <= exons[1]:
                return True
        elif rule == "truncating":
            if finding.is_truncating or finding.change == "deletion":
                return True
        elif rule.endswith(" homozygous"):
            if rule.removesuffix(" homozygous") in names_of(finding):
                return finding.zygosity == "homozygous"
        elif rule in names_of(finding):
            return True
    return False
