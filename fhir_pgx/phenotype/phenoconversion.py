"""What other medicines, and smoking, make of a gene's result for one drug (phenoconversion).

One guideline states how to adjust: CPIC's for opioids multiplies the CYP2D6 activity score by 0
with a strong inhibitor and by 0.5 with a moderate one (PMID 33387367). Its rule is applied where
the inhibitor is taken together with the drug. CPIC's rows for tamoxifen tell to avoid inhibitors
without adjusting anything: that is told as the source's own word. Everything else is a caution of
ours that stands beside the genetic result; a phenotype is named in it only for a strong inhibitor.
Weak inhibitors change nothing, save where a row names them. Of several inhibitors the strongest
counts: no source says what several make.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.interactions import AdjustRule, FoundInteraction, Restated
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.modifier import Modifier, Strength
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.phenotype.acting import find_interactions
from fhir_pgx.phenotype.adjusted_score import (
    POOR,
    adjusted,
    as_phenotype,
    has_score,
    holds,
    number_of,
)
from fhir_pgx.phenotype.diplotype import keys_of_phenotype
from fhir_pgx.phenotype.interaction_words import (
    advised_against,
    also,
    beside_clause,
    beside_short,
    by_genotype,
    clause,
    effective_words,
    in_brackets,
    short_words,
)

__all__ = ["caveat_of", "enzymes_of", "find_interactions", "modify"]

ADVISED_AGAINST = "PGX-664"
RULE_APPLIED = "PGX-665"
STRONG_CAUTION = "PGX-666"
OTHER_CAUTION = "PGX-667"
WASHING_OUT = "PGX-668"
PLANNED = "PGX-669"

# What CYP3A5 breaks down CYP3A4 does too (tacrolimus: US label, 12.3; EU summary, 4.5), and tables
# of inhibitors and inducers speak of CYP3A4, or of CYP3A as one.
_BESIDE = {"CYP3A5": ("CYP3A4",)}
_TOGETHER = ("active", "draft")
_GRADES = ("strong", "moderate", "unknown")
_RISING: tuple[Strength, ...] = ("weak", "moderate", "strong")
_NO_RESULT = (Status.NOT_TESTED, Status.NOT_CALLED)
_DOES_NOTHING = frozenset({"No function", "0.0"})
_WHILE = {"washing-out": "while it acts ", "planned": "from then on "}


def enzymes_of(genes: Iterable[str]) -> tuple[str, ...]:
    """The genes of a drug's guidance and the enzymes that work beside them on the same drug."""
    return tuple(dict.fromkeys(each for gene in genes for each in (gene, *_BESIDE.get(gene, ()))))


def modify(
    gene: str,
    result: GeneResult,
    interactions: Iterable[FoundInteraction],
    rules: GeneRules,
    rule: AdjustRule | None,
    said: Restated | None = None,
    *,
    is_beside: bool = False,
) -> Modifier | None:
    """What the interactions make of one gene's result for one drug; None where nothing changes.

    `rule` is the drug's guideline rule, None where the guideline has none; `said` what its advice
    itself says of inhibitors; `is_beside` that the guideline asks for another gene, and this one's
    enzyme works on the same drug (`enzymes_of`). Nothing changes for a
    Poor Metabolizer whom an inhibitor cannot make poorer, nor by an inducer of an enzyme that both
    copies leave without function. `Modifier.interactions` has those that decided first, then the
    others; weak ones are left out.
    """
    able = [each for each in interactions if each.gene == gene and _can_act(each, result, rules)]
    ours = [each for each in able if each.strength != "weak"]
    if said is not None:
        told = _advised_against(result, able, ours, rules, said)
        if told is not None:
            return told
    if not ours:
        return None
    if is_beside:
        return _beside(result, ours, rules)
    counted = [each for each in ours if rule is not None and _is_counted(each, rule)]
    if rule is not None and counted:
        return _by_rule(result, counted, ours, rules, rule)
    return _caution(result, ours, rules, rule)


def caveat_of(modifier: Modifier) -> Caveat:
    """The modifier's sentence with its code."""
    state = modifier.interactions[0].state
    if modifier.advised_against:
        code = ADVISED_AGAINST
    elif modifier.is_rule:
        code = RULE_APPLIED
    elif state == "washing-out":
        code = WASHING_OUT
    elif state == "planned":
        code = PLANNED
    else:
        code = STRONG_CAUTION if modifier.effective is not None else OTHER_CAUTION
    return Caveat(code, modifier.text)


def _can_act(each: FoundInteraction, result: GeneResult, rules: GeneRules) -> bool:
    pairs = [pair for pair in rules.pairs if pair.lookup_key in result.lookup_keys]
    if not pairs:
        return True
    if each.role == "inhibitor":
        return any(pair.phenotype != POOR for pair in pairs)
    return any(not _DOES_NOTHING.issuperset(pair.of) for pair in pairs)


def _is_counted(each: FoundInteraction, rule: AdjustRule) -> bool:
    """The rule speaks of patients who are on an inhibitor, and of strengths that are certain."""
    return (
        each.gene == rule.gene
        and each.role == "inhibitor"
        and each.state in _TOGETHER
        and each.strength in rule.factors
        and each.confidence != "low"
    )


def _by_rule(
    result: GeneResult,
    counted: list[FoundInteraction],
    ours: list[FoundInteraction],
    rules: GeneRules,
    rule: AdjustRule,
) -> Modifier:
    factor = min(Decimal(rule.factors[each.strength]) for each in counted)
    deciding = [each for each in counted if Decimal(rule.factors[each.strength]) == factor]
    effective = adjusted(result, factor, rules, rule.bands)
    before = by_genotype(result, rules)
    if effective is None:
        then = f"multiplies the activity score by {factor}; the score is not known ({before})"
    elif factor:
        after = effective_words(effective, rules)
        then = f"multiplies the activity score by {factor}, which gives {after} instead of {before}"
    elif has_score(result):
        then = f"counts the activity score as 0 ({POOR}) instead of {before}"
    else:
        then = f"counts the activity score as 0 ({POOR}) whatever the genotype ({before})"
    text = f"{clause(deciding)}: {rule.name} then {then}."
    if len(counted) > 1:
        text += " What several inhibitors make it does not say; the strongest counts."
    others = [each for each in ours if each not in deciding]
    sources = [f"{rule.name}, {rule.source}", *(f"strength: {each.source}" for each in deciding)]
    return Modifier(
        gene=rules.gene,
        interactions=(*deciding, *others),
        is_rule=True,
        genetic=result,
        effective=effective,
        text=text + also(others),
        short=short_words(rules.gene, deciding),
        source="; ".join(dict.fromkeys(sources)),
    )


def _caution(
    result: GeneResult,
    ours: list[FoundInteraction],
    rules: GeneRules,
    rule: AdjustRule | None,
    what: str = "this",
) -> Modifier:
    before = in_brackets(result, rules)
    poor = keys_of_phenotype(POOR, rules)
    effective = None
    first = min(map(_weight, ours))
    deciding = [each for each in ours if _weight(each) == first]
    then = _WHILE.get(deciding[0].state, "")
    opposed = _opposed(ours)
    if opposed:
        deciding = opposed
        tail = f"no source states what both make together (by genotype: {before})"
        # The inducer is no proof against the inhibitor: what that may do is told as without it.
        if poor and any(e.role == "inhibitor" and _grade(e) == "strong" for e in opposed):
            effective = as_phenotype(result, POOR, None, poor)
            tail += f"; by the inhibitor alone the patient may in effect be a {POOR}"
    elif deciding[0].role == "inducer":
        tail = (
            f"{then}activity may be higher than the genotype suggests ({before}); by how much no "
            "guideline states"
        )
    elif _grade(deciding[0]) == "strong" and poor:
        effective = as_phenotype(result, POOR, None, poor)
        why = f"{rule.name} speaks of inhibitors in use" if rule else "no rule adjusts for it"
        tail = (
            f"{then}the patient may in effect be a {POOR} (by "
            f"genotype: {before}); {why}, so {what} is a caution of ours"
        )
    else:
        tail = (
            f"{then}activity may be lower than the genotype suggests ({before}); by how much is "
            "not settled"
        )
    others = [each for each in ours if each not in deciding]
    return Modifier(
        gene=rules.gene,
        interactions=(*deciding, *others),
        is_rule=False,
        genetic=result,
        effective=effective,
        text=f"{clause(deciding)}: {tail}." + also(others),
        short=short_words(rules.gene, deciding),
        source="; ".join(dict.fromkeys(each.source for each in deciding)),
    )


def _beside(result: GeneResult, ours: list[FoundInteraction], rules: GeneRules) -> Modifier:
    """A caution on an enzyme that no row of the guideline asks for: its phenotype would decide
    nothing, the drug's levels do."""
    first = min(map(_weight, ours))
    deciding = _opposed(ours) or [each for each in ours if _weight(each) == first]
    is_untested = result.status is Status.NOT_TESTED
    known = "genes not tested" if is_untested else f"by genotype: {in_brackets(result, rules)}"
    tail = "by how much is not settled"
    if len({each.role for each in deciding}) > 1:
        tail = "no source states what both make together"
    others = [each for each in ours if each not in deciding]
    return Modifier(
        gene=rules.gene,
        interactions=(*deciding, *others),
        is_rule=False,
        genetic=result,
        effective=None,
        text=f"{beside_clause(deciding, known)}; {tail}." + also(others),
        short=beside_short(deciding),
        source="; ".join(dict.fromkeys(each.source for each in deciding)),
    )


def _advised_against(
    result: GeneResult,
    able: list[FoundInteraction],
    ours: list[FoundInteraction],
    rules: GeneRules,
    said: Restated,
) -> Modifier | None:
    """What the source's own rows tell to avoid beside the drug, and what we add as a caution; None
    where none of the patient's medicines is such a one."""
    strengths, whom = _avoided(result, said)
    named = [
        each
        for each in able
        if each.gene == said.gene
        and each.role == "inhibitor"
        and each.state in _TOGETHER
        and each.strength in strengths
        and each.confidence != "low"
    ]
    if not named:
        return None
    text = advised_against(said, named, strengths, whom)
    agents = " and ".join(each.agent for each in named)
    short = f"{said.by} advises against {agents} beside it"
    sources = [f"{said.name}, {said.source}", *(f"strength: {each.source}" for each in named)]
    source = "; ".join(dict.fromkeys(sources))
    if not ours:
        return Modifier(
            gene=rules.gene,
            interactions=tuple(named),
            is_rule=False,
            genetic=result,
            effective=None,
            text=text,
            short=short,
            source=source,
            advised_against=True,
        )
    caution = _caution(result, ours, rules, None, "that phenotype")
    others = [each for each in caution.interactions if each not in named]
    return replace(
        caution,
        interactions=(*named, *others),
        text=f"{text} {caution.text}",
        short=short,
        source=source,
        advised_against=True,
    )


def _avoided(result: GeneResult, said: Restated) -> tuple[tuple[Strength, ...], str]:
    """The strengths that every row for this result tells to avoid, and for whom, where not every
    reading of the result has such a row. Without a result: those that all rows name."""
    if result.status in _NO_RESULT and not result.lookup_keys:
        common = set.intersection(*(set(band.strengths) for band in said.avoid))
        return _in_order(common), f" for every {said.gene} result but {POOR} (none is on file)"
    covered: dict[str, set[Strength]] = {}
    for key in result.lookup_keys:
        score = number_of(key)
        band = next((b for b in said.avoid if score is not None and holds(b, score)), None)
        if band is not None:
            covered[key] = set(band.strengths)
    if not covered:
        return (), ""
    is_all = len(covered) == len(result.lookup_keys)
    whom = "" if is_all else f" (at a score of {' or '.join(covered)})"
    return _in_order(set.intersection(*covered.values())), whom


def _in_order(strengths: set[Strength]) -> tuple[Strength, ...]:
    return tuple(each for each in _RISING if each in strengths)


def _opposed(ours: list[FoundInteraction]) -> list[FoundInteraction]:
    """The inhibitors and, after them, the inducers that act at the same time; empty where only one
    kind does."""
    together = [each for each in ours if each.state in _TOGETHER]
    together.sort(key=lambda each: each.role == "inducer")
    return together if len({each.role for each in together}) > 1 else []


def _grade(each: FoundInteraction) -> str:
    """A strength that rests on one weak source is no better than an unknown one."""
    return "unknown" if each.confidence == "low" else each.strength


def _weight(each: FoundInteraction) -> tuple[int, int, int]:
    """Those of one weight decide together: the strongest first, in use before stopped before
    planned, inhibitors before inducers."""
    waiting = ("washing-out", "planned")
    late = waiting.index(each.state) + 1 if each.state in waiting else 0
    return (_GRADES.index(_grade(each)), late, 0 if each.role == "inhibitor" else 1)
