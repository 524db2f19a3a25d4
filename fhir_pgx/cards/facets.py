"""What a policy and the record of issued cards know an answer's card by."""

from fhir_pgx.model.card import Facets
from fhir_pgx.model.recommendation import DrugAdvice, Recommendation

_NOTHING_TO_DO = ("standard", "no-recommendation")


def facets_of(advice: DrugAdvice) -> Facets:
    """The facets of the card of one drug: of its advice, or, where no source answers, of the card
    that tells why.

    Genes are those of every source that says something, strengths those of every advice to do
    something, so that none is left out for what another says. `serious` is the leading source's
    word.
    """
    unanswered = advice.unanswered
    if unanswered is not None:
        return Facets(
            advice.drug,
            advice.rxcui,
            unanswered.genes,
            advice.sources[0].source,
            action=unanswered.reason,
        )
    leading = advice.recommendations
    first = leading[0]
    told = (*leading, *of_others(advice))
    levels = dict.fromkeys((r.source, r.strength) for r in told if r.action not in _NOTHING_TO_DO)
    levels.pop((first.source, first.strength), None)
    return Facets(
        advice.drug,
        advice.rxcui,
        tuple(dict.fromkeys(gene for r in told for gene in r.genes)),
        first.source,
        first.strength,
        first.action,
        serious=any(r.serious for r in leading),
        others=tuple(levels),
    )


def of_others(advice: DrugAdvice) -> list[Recommendation]:
    """What the sources say that do not lead."""
    return [
        r
        for each in advice.sources
        if each.stance not in ("leads", "silent") and isinstance(each.answer, tuple)
        for r in each.answer
    ]
