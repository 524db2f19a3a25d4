"""The reference sequence an insertion or deletion can be shifted along, from its two names.

The source gives every insertion or deletion twice: as in a VCF (left-aligned, with the base
before) and as HGVS (shifted to the far right). Between the two ends the reference repeats what is
inserted or deleted, so the stretch follows without a genome file; that both names change it alike
is checked, and what does not is refused. Positions are 1-based, as in the source.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_pgx.errors import BrokenKnowledge

_SPAN = re.compile(r"[gm]\.(\d+)(?:_(\d+))?(delins|del|dup|ins)([ACGT]*)")
_REPEAT = re.compile(r"[gm]\.(\d+)([ACGT]+)\[(\d+)\]")
_COUNTED = re.compile(r"([ACGT]+)(?:\((\d+)\))?")


@dataclass(frozen=True, slots=True)
class Change:
    """One HGVS name: the reference interval (1-based, both ends included; empty for an insertion,
    where `last` is `first - 1`) and what stands there instead. `gone` is the deleted sequence
    where the name states it; `right` the last base the change can be shifted to."""

    first: int
    last: int
    new: str
    gone: str
    right: int


def is_indel(variant: Mapping[str, Any]) -> bool:
    """Whether an allele of the variant is not one single base."""
    return any(len(allele) != 1 for allele in (variant["ref"], *variant["alts"]))


def context_of(variant: Mapping[str, Any]) -> str:
    """The reference from the variant's VCF position to the far right end; empty for a single base.

    Raises BrokenKnowledge, naming the position, where the two names do not mean the same.
    """
    if not is_indel(variant):
        return ""
    ref, alts, position = variant["ref"], variant["alts"], variant["position"]
    unit = _unit(ref, alts)
    right = max(change.right for change in _changes(variant, ref))
    length = right - position + 1
    context: str = (ref[0] + unit * (length // len(unit) + 1))[:length] if unit else ref
    if len(context) < len(ref) or not context.startswith(ref):
        raise _refused(variant, f"its stretch {context} does not begin with {ref}")
    by_vcf = {alt + context[len(ref) :] for alt in alts}
    by_hgvs = {_applied(variant, context, change) for change in _changes(variant, context)}
    if by_vcf != by_hgvs - {context}:
        raise _refused(variant, f"VCF makes {sorted(by_vcf)}, HGVS makes {sorted(by_hgvs)}")
    return context


def _refused(variant: Mapping[str, Any], what: str) -> BrokenKnowledge:
    return BrokenKnowledge(f"{variant['position']} {variant['chromosomeHgvsName']}: {what}")


def _unit(ref: str, alts: Iterable[str]) -> str:
    """What is inserted or deleted once: the shortest of the changes; empty for a replacement."""
    units = [max(ref, alt, key=len)[min(len(ref), len(alt)) :] for alt in alts]
    return min(units, key=len)


def _changes(variant: Mapping[str, Any], context: str) -> Iterator[Change]:
    for name in variant["chromosomeHgvsName"].split(";"):
        change = _repeat(name.strip(), variant) or _span(name.strip(), variant, context)
        if change is None:
            raise _refused(variant, f"{name.strip()} is no form of HGVS that is known here")
        yield change


def _repeat(name: str, variant: Mapping[str, Any]) -> Change | None:
    found = _REPEAT.fullmatch(name)
    if not found:
        return None
    first, unit, count = int(found[1]), found[2], int(found[3])
    last = first + len(unit) * _reference_count(variant) - 1
    return Change(first, last, unit * count, "", last)


def _reference_count(variant: Mapping[str, Any]) -> int:
    """How often the reference has the unit: `TA(7)` → 7; a unit without a number is there once."""
    for name, allele in variant["cpicToVcfAlleleMap"].items():
        counted = _COUNTED.fullmatch(name)
        if allele == variant["ref"] and counted:
            return int(counted[2] or 1)
    raise _refused(variant, "the count of the reference is not known")


def _span(name: str, variant: Mapping[str, Any], context: str) -> Change | None:
    found = _SPAN.fullmatch(name)
    if not found:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    kind, stated = found[3], found[4]
    if kind == "ins":
        return Change(first + 1, first, stated, "", first)
    if kind == "dup":
        start = first - variant["position"]
        return Change(last + 1, last, context[start : start + last - first + 1], "", last)
    new, gone = (stated, "") if kind == "delins" else ("", stated)
    return Change(first, last, new, gone, last)


def _applied(variant: Mapping[str, Any], context: str, change: Change) -> str:
    """The stretch with the change made."""
    first, last = change.first - variant["position"], change.last - variant["position"] + 1
    if change.gone and context[first:last] != change.gone:
        raise _refused(variant, f"{context[first:last]} stands where {change.gone} is deleted")
    return context[:first] + change.new + context[last:]


def contexts_of(variants: Sequence[Mapping[str, Any]]) -> list[str]:
    """The context of each variant of a gene, in their order.

    An HGVS name that is not shifted to the far right (G6PD Amsterdam) is made up for where other
    variants show the following bases. Raises BrokenKnowledge where two variants, or a variant and
    a context, give the reference two bases.
    """
    contexts = [context_of(variant) for variant in variants]
    known: dict[int, str] = {}
    for variant, context in zip(variants, contexts, strict=True):
        for place, base in enumerate(context or variant["ref"], start=variant["position"]):
            if known.setdefault(place, base) != base:
                raise BrokenKnowledge(f"{place}: the reference is {known[place]} and {base}")
    return [
        _extended(variant, context, known)
        for variant, context in zip(variants, contexts, strict=True)
    ]


def _extended(variant: Mapping[str, Any], context: str, known: Mapping[int, str]) -> str:
    unit = _unit(variant["ref"], variant["alts"]) if context else ""
    while unit:
        following = unit[(len(context) - 1) % len(unit)]
        if known.get(variant["position"] + len(context)) != following:
            break
        context += following
    return context
