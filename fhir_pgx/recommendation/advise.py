"""One drug by every source: who leads, who agrees, who differs, and who is silent.

The sources are asked in the site's order. The first that advises something by a gene leads on that
gene; a source that only finds nothing to say does not stand before one that speaks. Sources are
compared by what they would have the prescriber do, not by their words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fhir_pgx.model.modifier import Modifier
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import (
    ACTIONS,
    Agreement,
    Answer,
    DrugAdvice,
    Possible,
    Recommendation,
    SourceAdvice,
    Stance,
    given,
)
from fhir_pgx.recommendation.germline import recommend
from fhir_pgx.recommendation.population import ANYBODY, Situation
from fhir_pgx.recommendation.rulebook import (
    NO_RESULT,
    NOT_CALLED,
    DrugEntry,
    DrugGroup,
    Rulebook,
)

# What an action has the prescriber do. Two sources agree where the foremost thing that one would
# have done is the foremost of the other: "avoid, or else a lower dose" is not "a lower dose".
_FAMILIES = {
    "contraindicated": {"another drug"},
    "avoid": {"another drug"},
    "alternative": {"another drug"},
    "reduce-dose": {"less"},
    "increase-dose": {"more"},
    "adjust-dose": {"less", "more"},  # which way is not stated: it contradicts neither
    "test": {"test"},
    "monitor": {"watch"},
    "continue-if-tolerated": {"watch"},
    "standard": {"as usual"},
}
_WATCHES = ("monitor", "continue-if-tolerated")
Modifiers = Mapping[str, Mapping[str, Modifier]]  # by guideline id, then by gene
NO_MODIFIERS: Modifiers = {}


@dataclass(frozen=True, slots=True)
class Computed:
    """An answer that comes from an equation instead of a row."""

    source: str
    genes: tuple[str, ...]
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Asked:
    source: str
    genes: tuple[str, ...]
    answer: Answer
    important: bool
    modifiers: tuple[Modifier, ...] = ()
    possible: tuple[Possible, ...] = ()
    is_computed: bool = False


def advise(
    group: DrugGroup,
    results: Mapping[str, GeneResult],
    rulebook: Rulebook,
    *,
    situation: Situation = ANYBODY,
    modifiers: Modifiers = NO_MODIFIERS,
    computed: Sequence[Computed] = (),
    judge_alternatives: bool = True,
) -> DrugAdvice:
    """What every source says of one drug for these results; `computed` are answers of sources that
    state an equation where others have rows."""
    asked = [
        _ask(entry, results, rulebook, situation, modifiers, judge_alternatives)
        for entry in group.entries
    ]
    asked += [
        _Asked(each.source, each.genes, each.answer, important=True, is_computed=True)
        for each in computed
    ]
    asked.sort(key=lambda each: rulebook.precedence.index(each.source))
    leaders = _leaders(asked)
    sources = tuple(
        SourceAdvice(
            each.source,
            each.genes,
            each.answer,
            each.important,
            _stance(each, leaders),
            each.modifiers,
            each.possible,
            each.is_computed,
        )
        for each in asked
    )
    sources = _without_echoes(sources)
    return DrugAdvice(
        group.drug.name,
        group.drug.rxcui,
        sources,
        _agreement(sources),
        any(each.important for each in asked),
    )


def _ask(
    entry: DrugEntry,
    results: Mapping[str, GeneResult],
    rulebook: Rulebook,
    situation: Situation,
    modifiers: Modifiers,
    judge_alternatives: bool,
) -> _Asked:
    def look_up(found: Mapping[str, GeneResult]) -> Answer:
        return recommend(
            entry, found, rulebook, situation=situation, judge_alternatives=judge_alternatives
        )

    mine = modifiers.get(entry.guideline.id, {})
    counted = dict(results)
    for gene, modifier in mine.items():
        if modifier.is_rule and modifier.effective is not None:
            counted[gene] = modifier.effective
    answer = look_up(counted)
    possible = []
    for gene, modifier in mine.items():
        if modifier.effective is None:
            continue
        if modifier.is_rule:
            alone = look_up({**counted, gene: results[gene]}) if gene in results else answer
            # An inhibitor that makes a dangerous genotype look normal is not taken at its word.
            possible += [
                Possible(modifier, each, by_genes=True)
                for each in _unlike(alone, answer)
                if each.serious and not any(r.serious for r in given(answer))
            ]
        else:
            other = look_up({**counted, gene: modifier.effective})
            possible += [Possible(modifier, each) for each in _unlike(other, answer)]
    found = tuple(mine.values())
    if isinstance(answer, tuple) and mine:
        told = tuple(each.caveat for each in found if each.caveat is not None)
        answer = tuple(
            replace(each, modifiers=found, caveats=(*each.caveats, *told)) for each in answer
        )
    rules = entry.rules
    return _Asked(rules.source, rules.genes, answer, entry.important, found, tuple(possible))


def _unlike(other: Answer, answer: Answer) -> Iterable[Recommendation]:
    """The recommendations of `other` whose advice is not given already."""
    told = {(r.population, r.advice) for r in given(answer)}
    return [r for r in given(other) if (r.population, r.advice) not in told]


def _answered_genes(each: _Asked) -> frozenset[str]:
    """The genes whose results decided the answer."""
    return frozenset(
        gene
        for r in given(each.answer)
        for gene, phenotype in r.genes.items()
        if phenotype not in (NO_RESULT, NOT_CALLED)
    )


def _leaders(asked: Sequence[_Asked]) -> tuple[_Asked, ...]:
    """For each set of genes the first source that advises something, else the first that answers.

    What one source says of HLA-B and another of ABCG2 are two findings, and neither answers for
    the other. Of the same genes one leads and the others are held against it.
    """
    leaders: list[_Asked] = []
    covered: frozenset[str] = frozenset()
    for wanted in ({"no-recommendation", "risk-stated"}, {"no-recommendation"}, set[str]()):
        for each in asked:
            genes = _answered_genes(each)
            speaks = any(r.action not in wanted for r in given(each.answer))
            if speaks and not genes & covered and each not in leaders:
                leaders.append(each)
                covered |= genes
    return tuple(leaders)


def _families(actions: Iterable[str]) -> set[str]:
    return {family for action in actions for family in _FAMILIES.get(action, ())}


def _stance(each: _Asked, leaders: Sequence[_Asked]) -> Stance:
    """How a source stands to those that lead on its genes."""
    if any(each is leader for leader in leaders):
        return "leads"
    theirs = given(each.answer)
    if not any(r.action != "no-recommendation" for r in theirs):
        return "silent"
    weightiest = min(theirs, key=lambda r: ACTIONS.index(r.action))
    if weightiest.action == "risk-stated":
        return "states-risk"
    genes = _answered_genes(each)
    leading = [r for one in leaders if genes & _answered_genes(one) for r in given(one.answer)]
    ours = _families(r.action for r in leading)
    if _families({weightiest.action}) & ours:
        return "agrees"
    # "Another drug, or else half the dose" and "at most half the dose" have something in common;
    # and to watch the patient contradicts nothing that is done besides.
    also = {action for r in leading for action in (r.action, *r.also)}
    shared = _families({weightiest.action, *weightiest.also}) & _families(also)
    only_watches = weightiest.action in _WATCHES and ours != _families({"standard"})
    return "agrees-in-part" if shared or only_watches else "differs"


def _without_echoes(sources: Sequence[SourceAdvice]) -> tuple[SourceAdvice, ...]:
    """The sources without the silence of one that speaks elsewhere of the same genes: FDA's table
    may have a row where its labels have none."""
    spoken = {(each.source, each.genes) for each in sources if each.stance != "silent"}
    kept: dict[object, SourceAdvice] = {}
    for place, each in enumerate(sources):
        who = (each.source, each.genes)
        if each.stance != "silent":
            kept[place] = each
        elif who not in spoken:
            kept.setdefault(who, each)
    return tuple(kept.values())


def _agreement(sources: Sequence[SourceAdvice]) -> Agreement:
    leading = {each.source for each in sources if each.stance == "leads"}
    # A source that agrees with itself, in a label and a table, is still one source.
    stances = {each.stance for each in sources if each.source not in leading}
    if "differs" in stances:
        return "differ"
    if "agrees-in-part" in stances:
        return "agree-in-part"
    return "agree" if "agrees" in stances else "alone"
