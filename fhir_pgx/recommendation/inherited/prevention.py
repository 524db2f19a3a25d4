"""Inherited findings that a list calls actionable, for this patient.

A finding counts where the report calls it pathogenic or likely pathogenic, it is the patient's own
genome, and it is what the row asks for: two copies of a recessive gene, a truncating change of
TTN, a named change. Uncertain, conflicting and benign findings never count.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from fhir_pgx.model.finding import Caveat, Presence, SourceClass
from fhir_pgx.model.inherited import InheritedFinding, RiskGene, RiskMeasure
from fhir_pgx.model.patient import PatientContext
from fhir_pgx.model.prevention import ActionableFinding
from fhir_pgx.recommendation.inherited.advising import low_fraction

_COUNTING = frozenset(("pathogenic", "likely-pathogenic"))
# Of a change that a list names, the list's word is enough where the report gives no class.
_NAMED_COUNTING = _COUNTING | {"", "risk"}
_WEAK = re.compile(r"no assertion|no (?:classification|criteria)|\b0 stars?\b|conflict", re.I)
_MOST_MEASURES = 12
_HEART_OF_LIPIDS = re.compile(r"(?i)hyper\w*cholesterol")

ListedGenes = Mapping[str, tuple[RiskGene, ...]]


def by_gene(rows: Iterable[RiskGene]) -> ListedGenes:
    """The rows of each gene, in the order of the list."""
    found: dict[str, tuple[RiskGene, ...]] = {}
    for row in rows:
        found[row.gene] = (*found.get(row.gene, ()), row)
    return found


def actionable_findings(
    findings: Iterable[InheritedFinding], listed: ListedGenes, patient: PatientContext
) -> tuple[ActionableFinding, ...]:
    """Each gene with a finding that counts, in the order of the findings."""
    of_gene: dict[str, list[InheritedFinding]] = {}
    for finding in findings:
        if finding.gene in listed and _is_own(finding):
            of_gene.setdefault(finding.gene, []).append(finding)
    found = (_of_gene(gene, own, listed[gene], patient) for gene, own in of_gene.items())
    return tuple(each for each in found if each is not None)


def conflicting_findings(
    findings: Iterable[InheritedFinding], listed: ListedGenes
) -> tuple[InheritedFinding, ...]:
    """Findings of listed genes that are called differently: told beside others, never acted on."""
    return tuple(
        finding
        for finding in findings
        if finding.gene in listed and finding.significance == "conflicting" and _is_own(finding)
    )


def _is_own(finding: InheritedFinding) -> bool:
    """There, and not of a tissue whose genome nobody names: that is the tumour test's to say."""
    if finding.presence is not Presence.PRESENT or finding.source_class is SourceClass.SOMATIC:
        return False
    return finding.source_class is SourceClass.GERMLINE or finding.specimen != "tissue"


def _of_gene(
    gene: str,
    own: Sequence[InheritedFinding],
    rows: Sequence[RiskGene],
    patient: PatientContext,
) -> ActionableFinding | None:
    counted: list[RiskGene] = []
    used: dict[InheritedFinding, None] = {}
    doubts: dict[Caveat, None] = {}
    for row in rows:
        judged = [(finding, counts(finding, row)) for finding in own]
        matching = [finding for finding, verdict in judged if verdict is not False]
        carried, caveats = _carried(matching, row)
        if not carried:
            continue
        counted.append(row)
        used.update(dict.fromkeys(carried))
        doubts.update(dict.fromkeys(caveats))
        if row.provided and not all(_is_shown(finding, row) for finding in carried):
            text = f"{gene} counts only where {row.provided}: the finding's names do not show it."
            doubts[Caveat("PGX-839", text)] = None
        elif any(counts(finding, row) is None for finding in carried):
            only = row.only.replace("-", " ")
            text = f"{gene}: only {only} changes count, and what this one does is not named."
            doubts[Caveat("PGX-839", text)] = None
    if not counted:
        return None
    for finding in used:
        doubts.update(dict.fromkeys(_doubts(finding)))
    plan = tuple(dict.fromkeys(measure for row in counted for measure in row.plan))
    now, later = for_patient(plan, patient)
    return ActionableFinding(gene, tuple(counted), tuple(used), tuple(doubts), now, later)


def counts(finding: InheritedFinding, row: RiskGene) -> bool | None:
    """Whether a finding is of the kind that a row asks for; None where its names do not tell."""
    names = {finding.coding, finding.protein.text if finding.protein else ""} - {""}
    if row.changes:
        return finding.significance in _NAMED_COUNTING and not names.isdisjoint(row.changes)
    if finding.significance not in _COUNTING or not names.isdisjoint(row.excludes):
        return False
    return _is_kind(finding, row.only, bool(names))


def _is_kind(finding: InheritedFinding, only: str, is_named: bool) -> bool | None:
    if not only:
        return True
    if only in ("deletion", "duplication"):
        if finding.change == "copy-number" and finding.copies is not None:
            return finding.copies < 2 if only == "deletion" else finding.copies > 2
        return None if finding.change == "any" else finding.change == only
    if finding.change == "variant" and is_named:
        return finding.is_truncating == (only == "truncating")
    if finding.change == "deletion" and only != "truncating":
        return False  # a lost exon is no gain of function
    return None


def _is_shown(finding: InheritedFinding, row: RiskGene) -> bool:
    """Whether the report itself says what a row is provided with: a gain of function of PCSK9 is
    what raises cholesterol, and the report names that condition."""
    if row.only != "gain-of-function":
        return False
    return any(_HEART_OF_LIPIDS.search(name) for name in finding.conditions)


def _carried(
    matching: Sequence[InheritedFinding], row: RiskGene
) -> tuple[tuple[InheritedFinding, ...], tuple[Caveat, ...]]:
    """The findings by which a row is met, and what is not sure of it; nothing where it is not."""
    if not matching:
        return (), ()
    if row.copies != "two":
        return tuple(matching), ()
    both = [each for each in matching if each.zygosity == "homozygous" or each.copies == 0]
    if both:
        return tuple(both), ()
    for one in matching:
        others = [each for each in matching if each is not one]
        trans = [each for each in others if each.origin.reference in one.in_trans]
        if trans:
            return (one, *trans), ()
        apart = [each for each in others if each.origin.reference not in one.in_cis]
        if apart:
            text = (
                f"{row.gene}: two variants are on file; that they lie on different copies of the "
                "gene is not stated."
            )
            return (one, *apart), (Caveat("PGX-836", text),)
    return (), ()


def _doubts(finding: InheritedFinding) -> Iterable[Caveat]:
    if finding.source_class is SourceClass.UNKNOWN:
        text = (
            f"{finding.label}: whether it is inherited is not stated. Confirm it on a germline "
            "sample before anything else."
        )
        yield Caveat("PGX-840", text)
    if _WEAK.search(finding.review):
        text = f"{finding.label}: by its review status the classification is weakly supported."
        yield Caveat("PGX-837", text)
    if (few := low_fraction(finding)) is not None:
        yield few


# What is for this patient


def for_patient(
    plan: Sequence[RiskMeasure], patient: PatientContext
) -> tuple[tuple[RiskMeasure, ...], tuple[RiskMeasure, ...]]:
    """The measures for the patient's sex: those of this age, and those of a later one.

    What a patient has grown out of is left out. Where sex or age is not known all are kept.
    """
    own = [each for each in plan if not each.sex or not patient.sex or each.sex == patient.sex]
    age = patient.age_years
    if age is None:
        return tuple(own[:_MOST_MEASURES]), ()
    own = [each for each in own if each.to_age is None or age <= each.to_age]
    later = tuple(each for each in own if each.from_age is not None and age < each.from_age)
    now = tuple(each for each in own if each not in later)
    return now[:_MOST_MEASURES], later[:_MOST_MEASURES]
