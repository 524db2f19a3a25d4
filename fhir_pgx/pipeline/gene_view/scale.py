"""The scale of a gene, and the patient on it: by the genes, and by what other medicines do."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from fhir_pgx.model.function_pairs import INDETERMINATE, NO_VALUE
from fhir_pgx.model.gene_view import ScaleMarker, ScaleView, ScoreBand
from fhir_pgx.model.interactions import AdjustRule
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.modifier import Modifier
from fhir_pgx.model.phenotype import GeneResult, Status

Effects = Sequence[tuple[str, Modifier]]  # a drug, and what is made of the gene for it

# From the least function to the most: CPIC's terms (PMID 27441996).
_LEAST_FIRST = (
    "Poor Metabolizer", "Likely Poor Metabolizer", "Intermediate Metabolizer",
    "Likely Intermediate Metabolizer", "Possible Intermediate Metabolizer", "Normal Metabolizer",
    "Rapid Metabolizer", "Ultrarapid Metabolizer", "Poor Function", "Decreased Function",
    "Possible Decreased Function", "Normal Function", "Increased Function",
)  # fmt: skip
_WORDS = {
    Status.AMBIGUOUS: "Several results are possible",
    Status.INDETERMINATE: "Indeterminate: called, and its function is not known",
    Status.NOT_CALLED: "Tested, without a usable answer",
    Status.NOT_TESTED: "Not tested",
    Status.CONFLICT: "Results contradict each other",
}
TABLE = "the scores that diplotypes of the gene's table make"


def scale_of(
    result: GeneResult, rules: GeneRules, rule: AdjustRule | None, effects: Effects
) -> ScaleView:
    """`rule` is a guideline's rule that states where the bands of this gene end; None where there
    is none: the scores of the gene's table are then all that is known."""
    markers = (*_by_genes(result, rules), *_by_medicines(effects))
    scored = rules.method == "activity-score"
    bands = _bands(rules, rule) if scored else ()
    rungs = () if scored else _rungs(rules)
    word = _WORDS.get(result.status, "")
    if not word and not any(each.kind == "genotype" for each in markers):
        word = "No phenotype is assigned" if not (bands or rungs) else _WORDS[Status.INDETERMINATE]
    return ScaleView(
        kind="activity-score" if scored else "phenotype" if rungs else "none",
        bands=bands,
        rungs=rungs,
        is_ordered=bool(rungs) and all(each in _LEAST_FIRST for each in rungs),
        markers=markers,
        word=word,
        bands_source="" if not scored else rule.source if rule else TABLE,
        effects_without_phenotype=tuple(
            dict.fromkeys(each.text for _, each in effects if each.effective is None)
        ),
    )


def score_number(score: str) -> Decimal | None:
    """A score's number, the lower bound of `≥3.0`; None for `n/a` and for a phenotype."""
    try:
        return Decimal(score.removeprefix("≥"))
    except InvalidOperation:
        return None


def _scores(rules: GeneRules) -> dict[str, list[str]]:
    """The scores of each phenotype, lowest first; an open end after the number it begins with."""
    found: dict[str, dict[str, None]] = {}
    for pair in rules.pairs:
        if pair.activity_score and score_number(pair.activity_score) is not None:
            found.setdefault(pair.phenotype, {})[pair.activity_score] = None
    return {
        phenotype: sorted(each, key=lambda s: (score_number(s) or Decimal(0), s.startswith("≥")))
        for phenotype, each in found.items()
    }


def _bands(rules: GeneRules, rule: AdjustRule | None) -> tuple[ScoreBand, ...]:
    scores = _scores(rules)
    if rule is not None:
        return tuple(
            ScoreBand(
                each.phenotype,
                each.low,
                each.includes_low,
                each.high,
                each.includes_high,
                tuple(scores.get(each.phenotype, ())),
            )
            for each in rule.bands
        )
    found = []
    for phenotype, held in scores.items():
        is_open = any(each.startswith("≥") for each in held)
        high = "" if is_open else held[-1]
        found.append(ScoreBand(phenotype, held[0], True, high, not is_open, tuple(held)))
    return tuple(sorted(found, key=lambda band: Decimal(band.low.removeprefix("≥"))))


def _rungs(rules: GeneRules) -> tuple[str, ...]:
    held = [p for p in dict.fromkeys(pair.phenotype for pair in rules.pairs) if p != INDETERMINATE]
    if all(each in _LEAST_FIRST for each in held):
        held.sort(key=_LEAST_FIRST.index)
    return tuple(held)


def _by_genes(result: GeneResult, rules: GeneRules) -> list[ScaleMarker]:
    """A marker for each key that the result stands for; one alone is certain."""
    pairs = {pair.lookup_key: pair for pair in rules.pairs}
    found: dict[tuple[str, str], None] = {}
    for key in result.lookup_keys:
        pair = pairs.get(key)
        if pair is None or INDETERMINATE in (key, pair.phenotype) or key == NO_VALUE:
            continue
        score = pair.activity_score or ""
        found[pair.phenotype, score if score_number(score) is not None else ""] = None
    is_certain = len(found) == 1 and result.status is Status.CALLED
    return [ScaleMarker("genotype", is_certain, *each) for each in found]


def _by_medicines(effects: Effects) -> list[ScaleMarker]:
    """What other medicines make of the gene: one marker for each outcome, with its drugs."""
    found: dict[tuple[bool, str, str, str], tuple[Modifier, dict[str, None]]] = {}
    for drug, modifier in effects:
        effective = modifier.effective
        if effective is None:
            continue
        at = (
            modifier.is_rule,
            effective.phenotype or "",
            effective.activity_score or "",
            modifier.text,
        )
        found.setdefault(at, (modifier, {}))[1][drug] = None
    return [
        ScaleMarker(
            "effect",
            is_rule,
            phenotype,
            score,
            text,
            tuple(dict.fromkeys(each.agent for each in modifier.interactions)),
            tuple(drugs),
            modifier.source,
        )
        for (is_rule, phenotype, score, text), (modifier, drugs) in sorted(
            found.items(), key=lambda each: not each[0][0]
        )
    ]
