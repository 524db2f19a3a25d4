"""Invariants that compare two values of one resource, which a schema cannot.

Periods and ranges that run backwards (per-1, rng-2), a value beside a component of the same code
(obs-7), a reference to no contained resource (ref-1), primitives out of step with their extensions.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from fhir_pgx.errors import Issue
from fhir_pgx.fhir.bundle import as_dicts
from fhir_pgx.validation.invariants import INVARIANTS
from fhir_pgx.validation.places import Trail, spelled

_NUMBERS = (int, float, Decimal)


def value_issues(
    resource: Mapping[str, Any],
    found: Iterable[tuple[Trail, Mapping[str, Any]]],
    path: str,
    contained: Collection[str],
) -> Iterator[Issue]:
    """Every such fault in a resource without its nested ones.

    `found` are its objects; `contained` are the ids that `#id` may mean here.
    """
    known = {*contained, ""}  # `#` alone is the container
    for trail, item in found:
        if "start" in item and _is_backwards(item):
            yield _broken("per-1", path, trail)
        if "high" in item and _falls(item.get("low"), item["high"]):
            yield _broken("rng-2", path, trail)
        reference = item.get("reference")
        if reference.__class__ is str and reference[:1] == "#" and reference[1:] not in known:
            yield _broken("ref-1", path, ("reference", trail))
        for name in item:
            if name[:1] == "_" and item[name].__class__ is list:
                yield from _out_of_step(item, name, path, trail)
    if resource.get("resourceType") == "Observation":
        yield from _valued_twice(resource, path)


def _broken(key: str, path: str, trail: Trail) -> Issue:
    text, mend = INVARIANTS[key]
    return Issue(f"{text} ({key})", spelled(path, trail), mend, "invariant")


def _is_backwards(period: Mapping[str, Any]) -> bool:
    """Whether a Period ends before it starts. Times are compared to the precision both have; with
    different zones they are left alone."""
    start, end = period["start"], period.get("end")
    if start.__class__ is not str or end.__class__ is not str:
        return False
    if start[19:] != end[19:] and len(start) > 10 and len(end) > 10:
        return start[:8] > end[:8]  # no zone moves a time by a month
    shared = min(len(start), len(end))
    return bool(start[:shared] > end[:shared])


def _falls(low: Any, high: Any) -> bool:
    if not isinstance(low, Mapping) or not isinstance(high, Mapping):
        return False
    if low.get("code") != high.get("code") or low.get("unit") != high.get("unit"):
        return False
    least, most = low.get("value"), high.get("value")
    if not isinstance(least, _NUMBERS) or not isinstance(most, _NUMBERS):
        return False
    return bool(Decimal(str(least)) > Decimal(str(most)))


def _out_of_step(item: Mapping[str, Any], name: str, path: str, trail: Trail) -> Iterator[Issue]:
    """FHIR R4, JSON: the arrays of values and of their extensions are of one length."""
    values, extras = item.get(name[1:]), item[name]
    here = spelled(path, (name, trail))
    if isinstance(values, list) and len(values) != len(extras):
        text = f"{len(extras)} extensions beside {len(values)} values"
        yield Issue(text, here, "put null where a value has no extension", "structure")
    pairs = zip(values, extras, strict=False) if isinstance(values, list) else ()
    for i, (value, extra) in enumerate(pairs):
        if value is None and extra is None:
            text = "a null beside a null says nothing"
            yield Issue(text, f"{here}[{i}]", "take both out", "structure")


def _valued_twice(resource: Mapping[str, Any], path: str) -> Iterator[Issue]:
    components = as_dicts(resource.get("component"))
    if not components or not any(name.startswith("value") for name in resource):
        return
    own = _codes(resource.get("code"))
    for i, component in enumerate(components):
        if own & _codes(component.get("code")):
            text, mend = INVARIANTS["obs-7"]
            yield Issue(f"{text} (obs-7)", f"{path}.component[{i}]", mend, "invariant")


def _codes(concept: Any) -> set[tuple[str, str]]:
    codings = as_dicts(concept.get("coding")) if isinstance(concept, Mapping) else []
    found = {(coding.get("system"), coding.get("code")) for coding in codings}
    return {(s, c) for s, c in found if isinstance(s, str) and isinstance(c, str)}
