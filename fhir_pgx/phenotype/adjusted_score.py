"""A result read by an activity score that an inhibitor's factor has multiplied."""

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation

from fhir_pgx.model.function_pairs import NO_VALUE
from fhir_pgx.model.interactions import Avoided, Band
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.phenotype.diplotype import keys_of_phenotype, plain_score, score_order

POOR = "Poor Metabolizer"


def adjusted(
    result: GeneResult, factor: Decimal, rules: GeneRules, bands: Sequence[Band]
) -> GeneResult | None:
    """The result by the adjusted score; None where no score is known to multiply.

    A factor of 0 needs no score: whatever the genotype, nothing is left.
    """
    if not factor:
        return as_phenotype(result, POOR, "0.0", keys_of_phenotype(POOR, rules))
    if not has_score(result):
        return None
    read = [_adjusted_score(key, factor, rules, bands) for key in result.lookup_keys]
    scores = {score for score, _ in read}
    keys = tuple(sorted({key for _, several in read for key in several}, key=score_order))
    phenotypes = phenotypes_of(keys, rules)
    return as_phenotype(
        result,
        phenotypes[0] if len(phenotypes) == 1 else None,
        scores.pop() if len(scores) == 1 else None,
        keys,
    )


def as_phenotype(
    result: GeneResult, phenotype: str | None, score: str | None, keys: tuple[str, ...]
) -> GeneResult:
    """The result read as another phenotype. Its diplotypes are left out: what they mean is the
    genetic result's to say."""
    status = Status.CALLED
    if phenotype is None:
        is_conflict = result.status is Status.CONFLICT
        status = Status.CONFLICT if is_conflict else Status.AMBIGUOUS
    return GeneResult(
        gene=result.gene,
        status=status,
        basis=result.basis,
        phenotype=phenotype,
        activity_score=score,
        lookup_keys=keys,
        coverage=result.coverage,
        caveats=result.caveats,
        derived_from=result.derived_from,
        dates=result.dates,
        when=result.when,
    )


def has_score(result: GeneResult) -> bool:
    """Whether the result stands for at least one activity score; `n/a` is none."""
    return any(number_of(key) is not None for key in result.lookup_keys)


def number_of(score: str) -> Decimal | None:
    """A score's number, the lower bound of `≥3.0`; None for `n/a` and for a phenotype."""
    try:
        return Decimal(score.removeprefix("≥"))
    except InvalidOperation:
        return None


def phenotypes_of(keys: Iterable[str], rules: GeneRules) -> list[str]:
    """The distinct phenotypes that lookup keys stand for, in the order of the keys."""
    held = {pair.lookup_key: pair.phenotype for pair in rules.pairs}
    return list(dict.fromkeys(held[key] for key in keys if key in held))


def _adjusted_score(
    key: str, factor: Decimal, rules: GeneRules, bands: Sequence[Band]
) -> tuple[str, tuple[str, ...]]:
    """One score multiplied, and the keys it is looked up by.

    An adjusted score that no diplotype makes has no row: it is read by its phenotype, at the
    nearest score of it below, else the lowest. Of `≥3.0` only the lower bound is known: every
    score from there on is possible. `n/a` stays.
    """
    number = number_of(key)
    if number is None:
        return NO_VALUE, (key,)
    value = number * factor
    held = {pair.lookup_key: pair.phenotype for pair in rules.pairs}
    if key.startswith("≥"):
        numbers = {other: number_of(other) for other in held}
        possible = [other for other, bound in numbers.items() if bound and bound >= value]
        return plain_score(f"≥{value}"), tuple(possible)
    score = plain_score(str(value))
    if score in held:
        return score, (score,)
    phenotype = next(band.phenotype for band in bands if holds(band, value))
    alike = [other for other in keys_of_phenotype(phenotype, rules) if not other.startswith("≥")]
    below = [other for other in alike if Decimal(other) < value]
    return score, ((below or alike[:1])[-1],)


def holds(band: Band | Avoided, value: Decimal) -> bool:
    """Whether a score lies in a band."""
    low = Decimal(band.low)
    if value < low or (value == low and not band.includes_low):
        return False
    if not band.high:
        return True
    high = Decimal(band.high)
    return value < high or (value == high and band.includes_high)
