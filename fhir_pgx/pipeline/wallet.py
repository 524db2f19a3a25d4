"""What could stand on a patient's wallet card, the genes that matter most first.

First the genes whose result changes a drug or its dose, by CPIC's level of the gene and then by the
weight of the advice; then those whose result is open; then those with something to watch; then the
rest. A gene without advice on any drug, one without an answer and
one that was not tested are counted and not shown.
"""

from collections.abc import Sequence
from typing import Final

from fhir_pgx.errors import InvalidCard
from fhir_pgx.fhir.bundle import Entry, References
from fhir_pgx.fhir.card_holder import read_holder, read_laboratory
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.phenotype import GeneResult, Interpretation, Status
from fhir_pgx.model.recommendation import ACTIONS
from fhir_pgx.model.wallet import CardContent, CardGene, OpenWhy
from fhir_pgx.pipeline.implied import Implied
from fhir_pgx.recommendation import Rulebook
from fhir_pgx.reports.pgx_implications import phenotypes_of

_NO_RESULT: Final = (Status.NOT_TESTED, Status.NOT_CALLED)
_NO_CHANGE: Final = ("standard", "no-recommendation")
_CHANGES_TREATMENT: Final = ACTIONS.index("adjust-dose")
_MOST_GENOTYPES: Final = 3  # possible ones that are named; the rest is counted
_GRADES: Final = ("A", "A/B", "B", "B/C", "C", "C/D", "D", "Retired")
_OPEN: Final[dict[Status, OpenWhy]] = {
    Status.AMBIGUOUS: "ambiguous",
    Status.CONFLICT: "conflict",
    Status.INDETERMINATE: "indeterminate",
}


class Wallet:
    """Made once with the pipeline, shared by every thread."""

    def __init__(self, knowledge: Knowledge, rulebook: Rulebook, implied: Implied) -> None:
        self._knowledge, self._rulebook, self._implied = knowledge, rulebook, implied
        self._grades = _best_grades(knowledge)

    def content(self, interpretation: Interpretation, entries: Sequence[Entry]) -> CardContent:
        """Raises InvalidCard where the data are not of one patient with a name and a birth date,
        or hold no result that could stand on a card."""
        results = interpretation.genes.values()
        shown = [each for each in results if self._is_for_a_card(each)]
        if not shown:
            raise InvalidCard(
                "the data hold no result of a gene that any drug's advice turns on",
                mend="give the results along with the Patient",
            )
        references = References(entries)
        at_hand = {each.reference: each for each in entries}
        return CardContent(
            holder=read_holder(entries, interpretation.subject),
            genes=tuple(
                self._gene(each, references, at_hand) for each in sorted(shown, key=self._place)
            ),
            others=sum(each.status not in _NO_RESULT for each in results) - len(shown),
            no_answer=sum(each.status is Status.NOT_CALLED for each in results),
            not_tested=sum(each.status is Status.NOT_TESTED for each in results),
            release=self._knowledge.release,
        )

    def _is_for_a_card(self, result: GeneResult) -> bool:
        return result.status not in _NO_RESULT and bool(self._rulebook.for_gene(result.gene))

    def _place(self, result: GeneResult) -> tuple[int, int, int, int, str]:
        """What the genes of a card are sorted by, the least first."""
        actions = self._actions(result)
        weightiest = min((each for each, _ in actions), default=len(ACTIONS))
        if weightiest <= _CHANGES_TREATMENT:
            tier = 0
        elif result.status in _OPEN:
            tier = 1
        else:
            tier = 2 if actions else 3
        drugs = {drug for _, drug in actions}
        return tier, self._grades[result.gene], weightiest, -len(drugs), result.gene

    def _actions(self, result: GeneResult) -> list[tuple[int, str]]:
        """What this gene alone changes, as places in ACTIONS with the drug: beside another gene's
        result nobody could tell whose it is."""
        found = self._implied.drugs({result.gene: result})
        return [
            (ACTIONS.index(each.action), each.drug)
            for advice in found
            for source in advice.sources
            if isinstance(source.answer, tuple)
            for each in source.answer
            if each.action not in _NO_CHANGE
        ]

    def _gene(
        self, result: GeneResult, references: References, at_hand: dict[str, Entry]
    ) -> CardGene:
        rules = self._knowledge.genes[result.gene]
        joined = " against " if result.status is Status.CONFLICT else " or "
        # Of an HLA gene the status of its alleles is the answer, and one line of them.
        between = ", " if result.allele_status else joined
        labs = {read_laboratory(each, references, at_hand) for each in result.derived_from}
        return CardGene(
            gene=result.gene,
            genotype=_genotype(result, joined),
            phenotype=between.join(_phenotypes(result)),
            score=result.activity_score or "" if rules.method == "activity-score" else "",
            open_why=_OPEN.get(result.status, ""),
            is_partial=result.coverage is not None and bool(result.coverage.could_change),
            when=result.when[:10],
            # Of two laboratories neither is the result's.
            laboratory=labs.pop() if len(labs) == 1 else "",
        )


def _best_grades(knowledge: Knowledge) -> dict[str, int]:
    """By gene, how CPIC grades it with the drug that it matters most for: 0 is A."""
    found = dict.fromkeys(knowledge.genes, len(_GRADES))
    for pairs in knowledge.levels.by_drug.values():
        for gene, level in pairs.items():
            found[gene] = min(found.get(gene, len(_GRADES)), _GRADES.index(level.cpic))
    return found


def _genotype(result: GeneResult, joined: str) -> str:
    names = list(dict.fromkeys(each.name for each in result.diplotypes))
    if not names:
        return "/".join(result.alleles)
    shown = joined.join(names[:_MOST_GENOTYPES])
    left = len(names) - _MOST_GENOTYPES
    return f"{shown}{joined}{left} more" if left > 0 else shown


def _phenotypes(result: GeneResult) -> list[str]:
    """Positive alleles first. Silence on an allele that a typing shows would read as its absence:
    so every status that is known stands there."""
    found = phenotypes_of(result)
    return sorted(found, key=lambda each: each.endswith("negative"))
