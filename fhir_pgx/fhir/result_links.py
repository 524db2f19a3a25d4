"""Results that pass on whose they are: panels to members, sources to what is derived from them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_pgx.fhir.bundle import Entry, References, as_dicts, as_list, reference_of

SEQUENCES = ("MolecularSequence", "Sequence")
RESULTS = ("Observation", *SEQUENCES)


class Links:
    """Which results pass on whose they are: downwards to those that a panel, report or container
    holds, from results to those derived from them, and from Observations to their sequence."""

    def __init__(self, entries: Sequence[Entry], references: References) -> None:
        self.held: dict[int, list[int]] = defaultdict(list)
        self.children: dict[int, list[int]] = defaultdict(list)
        self.parents: dict[int, set[int]] = {}
        self.sequences: dict[int, list[int]] = defaultdict(list)
        for entry in entries:
            key = id(entry.resource)
            if entry.container is not None and entry.type in RESULTS:
                self.held[id(entry.container.resource)].append(key)
            for name in ("hasMember", "result"):
                for member in _found(entry.resource.get(name), entry, references):
                    self.held[key].append(id(member.resource))
            if entry.type in RESULTS:
                self._link(entry, key, references)

    def _link(self, entry: Entry, key: int, references: References) -> None:
        resource = entry.resource
        of = (*as_list(resource.get("derivedFrom")), *as_list(resource.get("focus")))
        parents = [
            parent for parent in _found(list(of), entry, references) if parent.type in RESULTS
        ]
        self.parents[key] = {id(parent.resource) for parent in parents}
        for parent in parents:
            self.children[id(parent.resource)].append(key)
            if parent.type in SEQUENCES:
                self.sequences[key].append(id(parent.resource))
        if entry.type in SEQUENCES:
            pointers = [each.get("variantPointer") for each in as_dicts(resource.get("variant"))]
            for observed in _found(pointers, entry, references):
                self.sequences[id(observed.resource)].append(key)

    def spread(self, seeds: Mapping[int, str], own: frozenset[int] = frozenset()) -> dict[int, str]:
        """The seeds, and what they pass their words on to; those of `own` say it themselves."""
        told = dict(seeds)
        waiting = list(seeds)
        while waiting:
            key = waiting.pop()
            derived = (
                child for child in self.children.get(key, ()) if self.parents[child] <= told.keys()
            )
            for other in (*self.held.get(key, ()), *derived, *self.sequences.get(key, ())):
                if other not in told and other not in own:
                    told[other] = told[key]
                    waiting.append(other)
        return told


def _found(items: Any, origin: Entry, references: References) -> Iterator[Entry]:
    for item in as_dicts(items):
        found = references.find(reference_of(item), origin)
        if found is not None:
            yield found
