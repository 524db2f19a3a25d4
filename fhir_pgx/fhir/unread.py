"""Results whose words we cannot read: what becomes of them once everything else is read.

The gene was looked at, so it must not read as never tested: where nothing else speaks of it, the
words stand as its stated phenotype, which the later stages refuse by name. Where a genotype is at
hand it decides, and an implication is only listed. Any other result is listed in either case.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.finding import NotUnderstood, ObservedVariant, Statement


@dataclass(frozen=True, slots=True)
class Unread:
    """An implication without a phenotype that we read, or a gene's result that we cannot read.

    `statement` is what it says as it stands, None where it belongs to no gene or to several;
    `is_known` is True for an answer of the guide that is no phenotype (`Responsive`), `is_listed`
    where the resource is already among what was not understood.
    """

    entry: Entry
    genes: tuple[str, ...]
    reason: str
    statement: Statement | None
    is_known: bool = False
    is_listed: bool = False


def settle(
    unread: Sequence[Unread],
    statements: Sequence[Statement],
    variants: Sequence[ObservedVariant],
) -> tuple[list[Statement], list[NotUnderstood]]:
    """The statements that unread implications come to, and those that are listed instead.

    A known answer beside other results of its gene is understood, and neither.
    """
    spoken = {one.gene for one in statements}
    spoken.update(gene for variant in variants for gene in variant.genes)
    made: list[Statement] = []
    listed: list[NotUnderstood] = []
    for one in unread:
        if one.statement is not None and one.statement.gene not in spoken:
            made.append(one.statement)
        elif not one.is_listed and not (one.is_known and spoken.issuperset(one.genes)):
            listed.append(NotUnderstood(one.entry.reference, one.reason, one.entry.path))
    return made, listed
