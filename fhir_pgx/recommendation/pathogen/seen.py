"""The genes of one organism over all its results: what was seen, when, and what failed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fhir_pgx.model.finding import Presence
from fhir_pgx.model.pathogen import Change, GeneSeen, PathogenFinding

UNNAMED = "a change that the result does not name"
_ANSWERED = (Presence.PRESENT, Presence.ABSENT)


@dataclass(slots=True)
class Seen:
    """One gene. `changes` by name: the change and the dates of the results that show it; `when`
    are the dates of results that gave an answer, `failed` of those that gave none (an empty text
    where a result has none)."""

    gene: str
    changes: dict[str, Change] = field(default_factory=dict)
    dates: dict[str, list[str]] = field(default_factory=dict)
    when: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unread: dict[str, None] = field(default_factory=dict)
    references: dict[str, None] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=dict)  # of each change

    @property
    def is_answered(self) -> bool:
        return bool(self.when)


def genes_seen(findings: Iterable[PathogenFinding]) -> dict[str, Seen]:
    """Each gene that a result speaks of. A result without an answer is no answer, and one that
    could not be read in full still is one."""
    genes: dict[str, Seen] = {}
    for finding in findings:
        names_gene = finding.gene or finding.changes or finding.unread
        if not names_gene and (finding.verdicts or finding.genotype):
            continue  # a laboratory's verdict on a drug, or a virus's genotype
        seen = genes.setdefault(finding.gene, Seen(finding.gene))
        day = finding.origin.when[:10]
        seen.references[finding.origin.reference] = None
        if finding.presence not in _ANSWERED:
            seen.failed.append(day)
            continue
        if finding.presence is Presence.ABSENT and finding.changes:
            continue  # these alone were looked for: it says nothing of the rest of the gene
        seen.when.append(day)
        seen.unread.update(dict.fromkeys(finding.unread))
        if finding.presence is Presence.PRESENT and not (finding.changes or finding.unread):
            seen.unread[UNNAMED] = None
        for change in finding.changes:
            seen.changes.setdefault(change.name, change)
            seen.dates.setdefault(change.name, []).append(day)
            seen.sources.setdefault(change.name, []).append(finding.origin.reference)
    return genes


def described(genes: Iterable[Seen]) -> tuple[GeneSeen, ...]:
    return tuple(
        GeneSeen(
            gene=each.gene,
            changes=tuple((name, newest(each.dates[name])) for name in each.changes),
            dates=newest(each.when),
            failed=newest(each.failed),
            unread=tuple(each.unread),
            references=tuple(each.references),
        )
        for each in genes
    )


def newest(dates: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(dict.fromkeys(dates), reverse=True))


def references_of(genes: Iterable[Seen]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for each in genes for name in each.references))
