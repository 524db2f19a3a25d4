"""Counts what became of cards, by the dimensions of a report: plain Python, for every store."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from fhir_pgx.storage.store import Dimension, FeedbackLine

# A reason is reported by its code. What a client put there in its place (a sentence, a name) is
# free text, and free text may hold patient data.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", re.ASCII)
OTHER = "(other)"
FATES = ("accepted", "overridden", "ignored", "waiting")


@dataclass(frozen=True, slots=True)
class Fared:
    """Cards that are alike in everything a report tells apart: `rules` is a JSON array, `outcome`
    empty where nobody answered, `settled` 1 where they were issued before the grace period."""

    topic: str
    rules: str
    drug: str
    source: str
    service: str
    hook: str
    indicator: str
    knowledge: str
    day: str
    outcome: str
    reason: str
    settled: int
    number: int


def count_feedback(fared: Iterable[Fared], by: Sequence[Dimension]) -> tuple[FeedbackLine, ...]:
    """A line for each combination of the dimensions' values, by these."""
    counts: Counter[tuple[tuple[str, ...], str]] = Counter()
    reasons: dict[tuple[str, ...], Counter[str]] = {}
    for each in fared:
        fate = each.outcome or ("ignored" if each.settled else "waiting")
        for key in _keys(each, by):
            counts[key, fate] += each.number
            told = reasons.setdefault(key, Counter())
            if fate == "overridden":
                told[_code(each.reason)] += each.number
    lines = []
    for key in sorted(reasons):
        accepted, overridden, ignored, waiting = (counts[key, fate] for fate in FATES)
        issued = accepted + overridden + ignored + waiting
        why = dict(sorted(reasons[key].items()))
        lines.append(FeedbackLine(key, issued, accepted, overridden, ignored, waiting, why))
    return tuple(lines)


def _keys(each: Fared, by: Sequence[Dimension]) -> Iterator[tuple[str, ...]]:
    return product(*(_values(each, dimension) for dimension in by))


def _values(each: Fared, dimension: Dimension) -> list[str]:
    if dimension == "rule":  # a card that tells of a missing result rests on none
        return list(dict.fromkeys(json.loads(each.rules))) or [""]
    if dimension == "month":
        return [each.day[:7]]
    value: str = getattr(each, dimension)
    return [value]


def _code(reason: str) -> str:
    return reason if not reason or _CODE.fullmatch(reason) else OTHER
