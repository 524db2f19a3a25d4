"""What Observations say, kept between calls by their content: the same chart is opened many times.

An EHR sends the same results when a drug is chosen, when it is signed, when the chart is opened.
What an Observation states follows from its content alone, save for whose it is and when: that is
put back for each. Nothing is kept that leads to another resource but a report or a specimen, whose
own content is then part of the key; nothing of somebody else's genome; and no text that is longer
than a name (`LONGEST`).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import orjson

from fhir_pgx.fhir.bundle import OF_THE_CASE, Entry, as_dicts, reference_of
from fhir_pgx.fhir.gathering import Gathering, origin_of
from fhir_pgx.model.finding import NotUnderstood, Origin, bound_anew

MOST = 8192
LONGEST = 80  # signs of a stated text: a name is shorter, a discussion longer
Reader = Callable[[Entry, Gathering], None]

# What leads to other resources: such an Observation is read each time.
_LEADING = ("derivedFrom", "hasMember", "focus", "contained", "extension", "partOf", "device")
# What a reading may add and be kept; anything else it adds belongs to this call.
_KEEPABLE = ("statements", "variants", "tests", "markers", "not_understood")
_OTHERS = (
    "implications", "diagnoses", "recommendations", "phases", "halves", "unread", "pointed",
    "sequences", "nameless", "refused_genes", "cancers", "stages", "annotations", "pathogens",
    "typings", "antibodies", "risks", "plans",
)  # fmt: skip
_MAX_PARENTS = 6

# Which list, how to make the item again of an origin, and its path within the resource.
Kept = tuple[tuple[int, Callable[[Origin], Any], str], ...]

_UNKNOWN: Kept = ()


class ResultMemory:
    """Bounded; when it is full all is forgotten, and what is in use comes back. Safe under threads:
    at worst an Observation is read twice."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Kept | None] = {}

    def read(self, entry: Entry, gathering: Gathering, reader: Reader) -> None:
        """Adds what the Observation says to the gathering, read or remembered."""
        key = _key(entry, gathering)
        if key is None:
            reader(entry, gathering)
            return
        kept = self._kept.get(key, _UNKNOWN)
        if kept:
            _add(kept, entry, gathering)
            return
        before = _lengths(gathering)
        reader(entry, gathering)
        if kept is _UNKNOWN:
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[key] = _added(before, entry, gathering, key)


def _key(entry: Entry, gathering: Gathering) -> bytes | None:
    """A digest of all that decides what an Observation says; None where more than that does."""
    resource = entry.resource
    if entry.container is not None or gathering.genomes.reason(entry):
        return None
    for name in _LEADING:
        if name in resource:
            return None
    content = entry.print
    if not content:
        return None
    above = gathering.report_of.get(id(resource))
    class_ = gathering.genomes.source_class(entry).value
    if "specimen" not in resource and above is None:
        return content + class_.encode()
    parts: list[Any] = [content.hex(), class_]
    if "specimen" in resource:
        parts.append(_specimens(resource, entry, gathering))
    if above is not None:
        parts.append(_report(above, gathering))
    try:
        text = orjson.dumps(parts, default=str)
    except orjson.JSONEncodeError:
        return None
    return hashlib.blake2b(text, digest_size=16).digest()


def _report(report: Entry, gathering: Gathering) -> str:
    key = id(report.resource)
    if key not in gathering.prints:
        content = [
            {name: part for name, part in report.resource.items() if name not in OF_THE_CASE},
            _specimens(report.resource, report, gathering),
        ]
        text = orjson.dumps(content, default=str)
        gathering.prints[key] = hashlib.blake2b(text, digest_size=16).hexdigest()
    return gathering.prints[key]


def _specimens(resource: Mapping[str, Any], holder: Entry, gathering: Gathering) -> list[Any]:
    """The content of the specimens, and of those that they were made of."""
    found: list[Any] = []
    waiting = [(item, holder) for item in as_dicts(resource.get("specimen"))]
    while waiting and len(found) < _MAX_PARENTS:
        item, origin = waiting.pop(0)
        found.append(item.get("display"))
        target = gathering.references.find(reference_of(item), origin)
        if target is not None:
            content = target.resource
            found.append({n: part for n, part in content.items() if n not in OF_THE_CASE})
            waiting += [(parent, target) for parent in as_dicts(content.get("parent"))]
    return found


def _lengths(gathering: Gathering) -> tuple[list[int], list[int], int]:
    return (
        [len(getattr(gathering, name)) for name in _KEEPABLE],
        [len(getattr(gathering, name)) for name in _OTHERS],
        gathering.sequence_count,
    )


def _added(
    before: tuple[list[int], list[int], int], entry: Entry, gathering: Gathering, key: bytes
) -> Kept | None:
    """What the reading added; None where it is not to be kept."""
    kept, others, sequences = before
    if sequences != gathering.sequence_count or others != _lengths(gathering)[1]:
        return None
    found: list[tuple[int, Callable[[Origin], Any], str]] = []
    for place, (name, count) in enumerate(zip(_KEEPABLE, kept, strict=True)):
        for item in getattr(gathering, name)[count:]:
            at = item.path if isinstance(item, NotUnderstood) else item.origin.path
            if not at.startswith(entry.path) or _is_long(item):
                return None
            found.append((place, _maker(item, key), at[len(entry.path) :]))
    return tuple(found) or None


def _maker(item: Any, key: bytes) -> Callable[[Origin], Any]:
    """Makes the item again for another resource; what it keeps names none."""
    if isinstance(item, NotUnderstood):
        reason = item.reason
        return lambda origin: NotUnderstood(origin.reference, reason, origin.path)
    if any(each.name == "content" for each in fields(item)):
        return bound_anew(item, content=key)
    return bound_anew(item)


def _is_long(item: Any) -> bool:
    """Whether a text in it is longer than a name; its place and caveats are not what was sent."""
    if isinstance(item, str):
        return len(item) > LONGEST
    if isinstance(item, Sequence):
        return any(_is_long(each) for each in item)
    if is_dataclass(item) and not isinstance(item, type):
        named = (getattr(item, each.name) for each in fields(item) if each.name != "caveats")
        return any(_is_long(each) for each in named if not isinstance(each, Origin))
    return False


def _add(kept: Kept, entry: Entry, gathering: Gathering) -> None:
    origin = origin_of(entry, gathering.report_of.get(id(entry.resource)))
    for place, make, within in kept:
        at = replace(origin, path=entry.path + within) if within else origin
        getattr(gathering, _KEEPABLE[place]).append(make(at))
