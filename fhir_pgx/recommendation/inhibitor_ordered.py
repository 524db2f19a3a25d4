"""What an ordered inhibitor does to the advice on a medicine in use: whether anybody need hear it.

Only what a source itself says counts, by a rule that adjusts or by advice that tells to avoid the
pair. A caution of ours is told where the affected drug is ordered, and not again here.
"""

from fhir_pgx.model.interactions import Interactions
from fhir_pgx.model.modifier import Interaction, Modifier
from fhir_pgx.model.recommendation import ACTIONS, DrugAdvice, SourceAdvice, given
from fhir_pgx.recommendation.rulebook import DrugGroup

_TO_DO = (
    "contraindicated", "avoid", "alternative", "reduce-dose", "increase-dose", "adjust-dose",
    "test",
)  # fmt: skip


def genes_acted_on(group: DrugGroup, table: Interactions) -> frozenset[str]:
    """The genes of a drug for which a guideline of it speaks of inhibitors itself."""
    return frozenset(
        gene
        for entry in group.entries
        for gene in entry.rules.genes
        if table.rule_of(entry.guideline.id, gene, entry.rules.rxcui)
        or table.restated_by(entry.guideline.id, gene, entry.rules.rxcui)
    )


def worsened_by(
    reference: str, before: DrugAdvice, after: DrugAdvice
) -> tuple[Interaction, Modifier] | None:
    """The agent of the order `reference` by which the advice gets worse, and how; None where it
    does not.

    Worse is: the source tells to avoid the pair, or its rule brings advice that weighs more than
    what was advised without the order.
    """
    for source in after.leading or after.sources:
        for modifier in source.modifiers:
            agent = next((i for i in modifier.interactions if _is_of(i, reference)), None)
            if agent is None:
                continue
            if modifier.advised_against or (
                modifier.is_rule and modifier.effective is not None and _weighs_more(source, before)
            ):
                return agent, modifier
    return None


def _is_of(each: Interaction, reference: str) -> bool:
    grades = ("strong", "moderate")
    is_new = each.state == "draft" and each.reference == reference
    return is_new and each.role == "inhibitor" and each.strength in grades


def _weighs_more(source: SourceAdvice, before: DrugAdvice) -> bool:
    now = min((_weight(r.serious, r.action) for r in given(source.answer)), default=None)
    then = min((_weight(r.serious, r.action) for r in before.recommendations), default=None)
    if now is None or ACTIONS[now[1]] not in _TO_DO:
        return False
    return then is None or now < then


def _weight(serious: bool, action: str) -> tuple[bool, int]:
    return not serious, ACTIONS.index(action)
