"""Whether the findings of a patient meet what a row asks for: met, possible, or why not.

A recessive condition needs both copies: one homozygous change, or two changes that are said to lie
on different copies. Two of unknown phase are only possible, one alone makes a carrier. What is not
known is never taken for no.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from fhir_pgx.model.finding import Presence
from fhir_pgx.model.inherited import Criterion, InheritedFinding, InheritedRow
from fhir_pgx.recommendation.inherited.copies import copies_fit
from fhir_pgx.recommendation.inherited.known import Fit, Known
from fhir_pgx.recommendation.inherited.qualifying import (
    Sorted,
    exons_of,
    is_own,
    sort_findings,
)

DISPUTED = "the result that found it is right (another says absent)"
_NO_ANSWER = (Presence.NO_CALL, Presence.INDETERMINATE)


def fit_of(row: InheritedRow, known: Known) -> Fit:
    """How the findings stand to one row. Age, pregnancy and the condition are looked at later."""
    criterion = row.criterion
    if criterion.implied:
        return Fit("met")
    if _is_answered(criterion, known):
        return Fit("untested")
    beside = _phenotype(criterion, known)
    if criterion.phenotypes and all(name.partition(": ")[0] in criterion.genes
                                    for name in criterion.phenotypes):  # fmt: skip
        # The row is of the pharmacogene alone: without a result it says nothing.
        return beside if beside.state != "possible" else Fit("untested")
    findings = tuple(f for gene in criterion.genes for f in known.by_gene.get(gene, ()))
    found = sort_findings(criterion, findings, row.function_names, known.conditions)
    fit = _of_sorted(criterion, found, findings, known)
    if fit.state in ("met", "possible") and criterion.unmatched:
        fit = Fit("possible", fit.findings, (*fit.needs, criterion.unmatched))
    if fit.state in ("met", "possible") and beside.state != "met":
        return Fit(beside.state, fit.findings, (*fit.needs, *beside.needs))
    return fit


def _of_sorted(
    criterion: Criterion,
    found: Sorted,
    findings: Sequence[InheritedFinding],
    known: Known,
) -> Fit:
    by_copies = _by_copy_number(criterion, known)
    if by_copies is not None and by_copies.state == "met":
        return by_copies
    if found.excluded:
        return Fit("excluded", found.excluded)
    if found.disputed:
        fit = _of_sorted(criterion, _taken_for_there(found), findings, known)
        if fit.state in ("met", "possible") and not set(found.disputed).isdisjoint(fit.findings):
            return Fit("possible", fit.findings, (*fit.needs, DISPUTED))
    counted = _counted(criterion, found)
    if criterion.copies in ("one", "any"):
        if counted:
            return Fit("met", counted)
    elif counted or found.named:
        return copies_fit(criterion, counted, known)
    if found.function_open:
        need = f"the variant is a {criterion.only.replace('-', ' ')} (the report does not say)"
        return Fit("possible", found.function_open, (need,))
    if by_copies is not None:
        return by_copies
    if found.uncertain:
        return Fit("uncertain", found.uncertain)
    if found.rest or found.partners:
        return Fit("other", (*found.rest, *found.partners))
    if any(f.presence is Presence.ABSENT for f in findings):
        return Fit("absent", tuple(f for f in findings if f.presence is Presence.ABSENT))
    unread = tuple(f for f in findings if f.presence in _NO_ANSWER)
    return Fit("unanswered", unread) if unread else Fit("untested")


def _taken_for_there(found: Sorted) -> Sorted:
    """As if what one result found and another did not were there."""
    return replace(found, counted=(*found.counted, *found.disputed), disputed=())


def _counted(criterion: Criterion, found: Sorted) -> tuple[InheritedFinding, ...]:
    """With a partner of any kind, the partner counts only beside a named change."""
    if criterion.partner == "pathogenic" and found.named:
        return (*found.counted, *found.partners)
    return found.counted


def _by_copy_number(criterion: Criterion, known: Known) -> Fit | None:
    """Of a gene that is lost whole: its copies. None where they are not stated."""
    if criterion.copy_number is None:
        return None
    gene, least, most = criterion.copy_number
    counts = [
        f
        for f in known.by_gene.get(gene, ())
        if _copies_of(f) is not None and f.presence is Presence.PRESENT and is_own(f)
    ]
    if not counts:
        return None
    lost = tuple(f for f in counts if least <= (_copies_of(f) or 0) <= most)
    if lost:
        return Fit("met", lost)
    return Fit("carrier" if any(f.copies == 1 for f in counts) else "other", tuple(counts))


def _copies_of(finding: InheritedFinding) -> Decimal | None:
    """The copies that are left: as counted, or none where both are said to be deleted."""
    if finding.change == "deletion" and finding.zygosity == "homozygous":
        return Decimal(0)
    return finding.copies


def _is_answered(criterion: Criterion, known: Known) -> bool:
    """Whether a pharmacogene has said the same already: it is not said twice."""
    genes = {name.partition(": ")[0] for name in criterion.unless}
    results = ((gene, known.results.get(gene)) for gene in genes)
    return any(
        found and f"{gene}: {found.phenotype}" in criterion.unless for gene, found in results
    )


def _phenotype(criterion: Criterion, known: Known) -> Fit:
    """The pharmacogene that a row asks for beside its findings."""
    if not criterion.phenotypes:
        return Fit("met")
    genes = {name.partition(": ")[0] for name in criterion.phenotypes}
    results = {gene: known.results.get(gene) for gene in genes}
    told = {f"{gene}: {r.phenotype}" for gene, r in results.items() if r and r.phenotype}
    if told & set(criterion.phenotypes):
        return Fit("met")
    if told and len(told) == len(genes):
        return Fit("other")
    named = " and ".join(sorted(genes))
    return Fit("possible", (), (f"the {named} phenotype fits (no result on file)",))


def skip_is_impossible(criterion: Criterion, findings: Sequence[InheritedFinding]) -> bool:
    """Whether every deletion on file lies apart from the exon that a drug skips: skipping an exon
    mends the frame of a deletion that ends just before it or begins just after, and of no other."""
    spans = [span for f in findings if f.change == "deletion" and (span := exons_of(f))]
    near = (criterion.skips - 1, criterion.skips + 1)
    return bool(spans) and all(last != near[0] and first != near[1] for first, last in spans)
