"""Phase sets from sequence phase relationships: which heterozygous alleles lie on one strand.

`Cis` puts the alleles of two observations on one strand, `Trans` on both; several relations are
joined as far as they reach. Relations that cannot all be true are dropped together. Unknown and
indeterminate ones say nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fhir_pgx.model.finding import StatedPhase
from fhir_pgx.model.variant import SiteCall

Key = tuple[str, str]  # gene, site
Carried = Mapping[str, Sequence[tuple[Key, str]]]  # observation: the alleles it says one strand has
_Link = tuple[Key, bool, str]  # to a site; True where its order is turned against this one's; why


@dataclass(frozen=True, slots=True)
class PhaseSets:
    """The set of each site that is in one, and whether its two alleles change places there.

    `refused` are the sites of relations that contradict each other, with one of the relations.
    """

    sets: Mapping[Key, tuple[str, bool]]
    refused: tuple[tuple[tuple[Key, ...], str], ...] = ()


def phase_sets(
    phases: Sequence[StatedPhase], carried: Carried, calls: Mapping[Key, SiteCall]
) -> PhaseSets:
    """The phase sets of heterozygous calls. `carried` are the alleles of observations of those."""
    links = _links(phases, carried, calls)
    sets: dict[Key, tuple[str, bool]] = {}
    refused = []
    done: set[Key] = set()
    for key in links:
        if key in done:
            continue
        turned, is_consistent = _reach(key, links)
        done |= turned.keys()
        if not is_consistent:
            refused.append((tuple(turned), links[key][0][2]))
        elif len(turned) > 1:
            sets |= {each: (links[key][0][2], turn) for each, turn in turned.items()}
    return PhaseSets(sets, tuple(refused))


def _links(
    phases: Sequence[StatedPhase], carried: Carried, calls: Mapping[Key, SiteCall]
) -> dict[Key, list[_Link]]:
    links: dict[Key, list[_Link]] = defaultdict(list)

    def link(first: tuple[Key, str], second: tuple[Key, str], is_trans: bool, why: str) -> None:
        (one, allele), (other, its_allele) = first, second
        strand = calls[one].alleles.index(allele)
        its_strand = calls[other].alleles.index(its_allele)
        is_turned = (strand != its_strand) != is_trans
        links[one].append((other, is_turned, why))
        links[other].append((one, is_turned, why))

    for reference, alleles in carried.items():  # one change of several bases is on one strand
        for each in alleles[1:]:
            link(alleles[0], each, False, reference)
    for phase in phases:
        relation = phase.value.strip().lower()
        of = [carried[each][0] for each in dict.fromkeys(phase.variants) if carried.get(each)]
        if relation not in ("cis", "trans") or len(of) < 2:
            continue
        for one, other in pairwise(of):
            link(one, other, relation == "trans", phase.origin.reference)
        if relation == "trans" and len(of) > 2:  # two strands cannot keep three apart
            link(of[0], of[2], True, phase.origin.reference)
    return links


def _reach(start: Key, links: Mapping[Key, Sequence[_Link]]) -> tuple[dict[Key, bool], bool]:
    """Every site that links lead to, with its turn against the first; False where they clash."""
    turned = {start: False}
    waiting = [start]
    is_consistent = True
    while waiting:
        key = waiting.pop()
        for other, is_turned, _ in links[key]:
            turn = turned[key] != is_turned
            if other not in turned:
                turned[other] = turn
                waiting.append(other)
            elif turned[other] != turn:
                is_consistent = False
    return turned, is_consistent
