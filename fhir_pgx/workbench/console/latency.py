"""How long calls take and how they end, read off our own Prometheus figures.

A histogram knows how many calls took no longer than each bound, and nothing between two bounds: a
percentile is told with the bounds that it lies between. Source: Prometheus, histogram_quantile.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.values import MutexValue, ValueClass

_SECONDS: Final = "fhir_pgx_hook_seconds"
_ANSWERS: Final = "fhir_pgx_hook_answers"
_SHARES: Final = (0.5, 0.95, 0.99)
_FEWEST_BEYOND: Final = 1.0 - 1e-9  # calls that took longer: with fewer nothing is estimated

# Whether the figures are of every worker together, or of the process that is asked alone.
IS_OF_ALL_WORKERS: Final = ValueClass is not MutexValue


@dataclass(frozen=True, slots=True)
class Quantile:
    """A time that `share` of the calls kept. It lies between the bounds `low` and `high`, which is
    None above the last bound. `milliseconds` is estimated between them; None where it is above the
    last bound, or of so few calls that it would be invented."""

    share: float
    milliseconds: float | None
    low: float
    high: float | None


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """One service: how many calls, how long they took, how many ended with each status."""

    service: str
    calls: int
    mean_milliseconds: float | None
    quantiles: tuple[Quantile, ...]
    statuses: dict[str, int]

    @property
    def errors(self) -> int:
        return sum(number for status, number in self.statuses.items() if status >= "400")


def read_figures(text: str) -> tuple[ServiceFigures, ...]:
    """The figures of each service in what `/metrics` shows; empty before the first call."""
    buckets: dict[str, dict[float, float]] = {}
    totals: dict[str, tuple[float, float]] = {}
    statuses: dict[str, dict[str, int]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            service = sample.labels.get("service", "")
            if sample.name == f"{_SECONDS}_bucket":
                bound = float(sample.labels["le"])
                buckets.setdefault(service, {})[bound] = sample.value
            elif sample.name in (f"{_SECONDS}_sum", f"{_SECONDS}_count"):
                total, number = totals.get(service, (0.0, 0.0))
                is_sum = sample.name.endswith("_sum")
                totals[service] = (sample.value, number) if is_sum else (total, sample.value)
            elif sample.name == f"{_ANSWERS}_total":
                counted = statuses.setdefault(service, {})
                counted[sample.labels["status"]] = int(sample.value)
    return tuple(
        ServiceFigures(
            service=service,
            calls=int(number),
            mean_milliseconds=total / number * 1000 if number else None,
            quantiles=tuple(quantiles_in(sorted(buckets.get(service, {}).items()))),
            statuses=dict(sorted(statuses.get(service, {}).items())),
        )
        for service, (total, number) in sorted(totals.items())
        if number
    )


def quantiles_in(
    buckets: Sequence[tuple[float, float]], shares: Sequence[float] = _SHARES
) -> list[Quantile]:
    """The quantiles of a cumulative histogram: pairs of a bound in seconds, the last infinite, and
    how many calls kept it. Empty where nothing was counted."""
    if not buckets or not buckets[-1][1]:
        return []
    return [_quantile(buckets, share) for share in shares]


def _quantile(buckets: Sequence[tuple[float, float]], share: float) -> Quantile:
    calls = buckets[-1][1]
    wanted = calls * share
    low, below = 0.0, 0.0
    for bound, number in buckets:
        if number >= wanted:
            if math.isinf(bound):
                break
            part = (wanted - below) / (number - below) if number > below else 1.0
            is_enough = calls * (1 - share) >= _FEWEST_BEYOND
            estimate = (low + (bound - low) * part) * 1000 if is_enough else None
            return Quantile(share, estimate, low * 1000, bound * 1000)
        low, below = bound, number
    return Quantile(share, None, low * 1000, None)
