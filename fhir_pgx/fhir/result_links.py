"""Results that pass on whose they are: panels to members, sources to what is derived from them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_pgx.fhir.bundle import Entry, References, as_dicts, as_list, reference_of

SEQUENCES = ("MolecularSequence", "Sequence")
RESULTS = ("Observation", *SEQUENCES)
_LINKS = frozenset(("hasMember", "result", "derivedFrom", "focus", "variant"))


class Links:
    """Which results pass on whose they are: downwards to those that a panel, report or container
    holds, from results to those derived from them, and from Observations to their sequence."""

    def __init__(self, entries: Sequence[Entry], references: References) -> None:
        self.held: dict[int, list[int]] = defaultdict(list)
        self.children: dict[int, list[int]] = defaultdict(list)
        self.parents: dict[int, int] = {}  # how many
        self.sequences: dict[int, list[int]] = defaultdict(list)
        # By name: of two versions of one id a reference leads to one, and both are meant.
        versions: dict[str, list[int]] = defaultdict(list)
        for entry in entries:
            versions[entry.reference].append(id(entry.resource))
        for entry in entries:
            if entry.container is None and _LINKS.isdisjoint(entry.resource):
                continue  # leads nowhere: most results of a long list
            key = id(entry.resource)
            if entry.container is not None and entry.type in RESULTS:
                self.held[id(entry.container.resource)].append(key)
            for name in ("hasMember", "result"):
                for member in _found(entry.resource.get(name), entry, references):
                    self.held[key] += versions[member.reference]
            if entry.type in RESULTS:
                self._link(entry, key, references)

    def _link(self, entry: Entry, key: int, references: References) -> None:
        resource = entry.resource
        of = (*as_list(resource.get("derivedFrom")), *as_list(resource.get("focus")))
        parents = [
            parent for parent in _found(list(of), entry, references) if parent.type in RESULTS
        ]
        by_key = {id(parent.resource): parent for parent in parents}
        self.parents[key] = len(by_key)
        for above, parent in by_key.items():
            self.children[above].append(key)
            if parent.type in SEQUENCES:
                self.sequences[key].append(above)
        if entry.type in SEQUENCES:
            pointers = [each.get("variantPointer") for each in as_dicts(resource.get("variant"))]
            for observed in _found(pointers, entry, references):
                self.sequences[id(observed.resource)].append(key)

    def spread(self, seeds: Mapping[int, str], own: frozenset[int] = frozenset()) -> dict[int, str]:
        """The seeds, and what they pass their words on to; those of `own` say it themselves."""
        told, waiting = dict(seeds), list(seeds)
        left = dict(self.parents)  # those of each result that have told nothing yet
        while waiting:
            key = waiting.pop()
            others = [*self.held.get(key, ()), *self.sequences.get(key, ())]
            for child in self.children.get(key, ()):
                left[child] -= 1
                if not left[child]:
                    others.append(child)
            for other in others:
                if other not in told and other not in own:
                    told[other] = told[key]
                    waiting.append(other)
        return told


def _found(items: Any, origin: Entry, references: References) -> Iterator[Entry]:
    for item in as_dicts(items):
        found = references.find(reference_of(item), origin)
        if found is not None:
            yield found
