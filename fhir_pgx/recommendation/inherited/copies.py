"""Whether both copies of a gene are affected, or the only one.

One homozygous change, or two that are said to lie on different copies. Two of unknown phase are
only possible, one alone makes a carrier.
"""

from collections.abc import Sequence

from fhir_pgx.model.inherited import Criterion, InheritedFinding
from fhir_pgx.recommendation.inherited.known import Fit, Known, State
from fhir_pgx.recommendation.inherited.qualifying import is_missense, is_own

PHASE = "the two variants lie on different copies (their phase is not stated)"
ZYGOSITY = "the variant is on both copies (its zygosity is not stated)"


def copies_fit(criterion: Criterion, counted: Sequence[InheritedFinding], known: Known) -> Fit:
    """Whether both copies are affected, or the only one."""
    by_gene: dict[str, list[InheritedFinding]] = {}
    for finding in counted:
        by_gene.setdefault(finding.gene, []).append(finding)
    fits = [_of_gene(criterion, each, known) for each in by_gene.values()]
    order: tuple[State, ...] = ("excluded", "met", "possible", "carrier")
    return min(fits, key=lambda fit: order.index(fit.state))


def _of_gene(criterion: Criterion, findings: list[InheritedFinding], known: Known) -> Fit:
    everything = tuple(findings)
    whole = [f for f in findings if f.zygosity == "homozygous" or f.copies == 0]
    if criterion.partner == "pathogenic":
        # Two copies of the partner alone are another disease.
        whole = [f for f in whole if _is_named_by(criterion, f)]
    pair = _pair(findings)
    if "two-not-missense" in criterion.excludes:
        two = whole[:1] or pair[:2]
        if two and not any(is_missense(f) for f in two):
            return Fit("excluded", tuple(two))
    if whole or pair:
        return Fit("met", tuple(whole or pair))
    if criterion.copies == "two-or-hemizygous":
        alone = _only_copy(findings, known.sex)
        if alone is not None:
            return alone
    if len(findings) > 1 and not _in_cis(findings):
        return Fit("possible", everything, (PHASE,))
    single = findings[0]
    if len(findings) == 1 and not single.zygosity:
        return Fit("possible", everything, (ZYGOSITY,))
    if single.zygosity == "hemizygous" and criterion.copies == "two":
        need = "the other copy is lost (the variant is called hemizygous)"
        return Fit("possible", everything, (need,))
    lost = [f for f in known.by_gene.get(single.gene, ()) if f.copies == 1 and is_own(f)]
    if lost and criterion.copies == "two":
        need = "the variant lies on the one copy that is left"
        return Fit("possible", (*everything, *lost), (need,))
    return Fit("carrier", everything)


def _is_named_by(criterion: Criterion, finding: InheritedFinding) -> bool:
    return (
        bool(finding.protein is not None and finding.protein.text in criterion.changes)
        or finding.coding in criterion.changes
    )


def _only_copy(findings: list[InheritedFinding], sex: str) -> Fit | None:
    """Of a gene on the X chromosome: a man has one copy, so that one change is all there is."""
    single = [f for f in findings if f.zygosity == "hemizygous"]
    if single:
        return Fit("met", tuple(single))
    if sex == "male":
        if any(f.zygosity == "" for f in findings):
            return Fit("met", tuple(f for f in findings if f.zygosity == ""))
        need = "the variant is in all cells (called heterozygous in a man)"
        return Fit("possible", tuple(findings), (need,))
    if sex == "" and any(f.zygosity == "" for f in findings):
        need = "the patient has one copy of the gene (sex is not stated)"
        return Fit("possible", tuple(findings), (need,))
    return None


def _pair(findings: Sequence[InheritedFinding]) -> list[InheritedFinding]:
    """Two findings that a phase relationship puts on different copies."""
    for i, one in enumerate(findings):
        for other in findings[i + 1 :]:
            if other.origin.reference in one.in_trans or one.origin.reference in other.in_trans:
                return [one, other]
    return []


def _in_cis(findings: Sequence[InheritedFinding]) -> bool:
    """Whether all are said to lie on one copy."""
    first, *others = findings
    return all(
        other.origin.reference in first.in_cis or first.origin.reference in other.in_cis
        for other in others
    )
