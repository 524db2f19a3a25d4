"""Which pairs of named alleles the sites read allow, exactly and without trying permutations.

Every site that is homozygous holds for both copies. The heterozygous sites of one phase set turn
together, an unphased one by itself: such a block has two ways to lie, and in each the alleles that
fit one strand are a set of bits. The partners of an allele are those that fit the other strand of
every block. Source: pgx reference, 4.1.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fhir_pgx.genotype.sites import SitesRead
from fhir_pgx.genotype.table import CallTable, members

Names = tuple[str, ...]  # reported alleles in written order: two, or the only one


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the sites read allow, as sets of alleles.

    `alleles` fit one of the copies; `blocks` has for each block those that fit its first and its
    second strand; `on_one` has the sets of which at least one copy must be.
    """

    copies: int
    alleles: int
    blocks: tuple[tuple[int, int], ...]
    on_one: tuple[int, ...]

    def partners(self, allele: int) -> int:
        """The alleles that the other copy may be where one copy is this."""
        partners, bit = self.alleles, 1 << allele
        for first, second in self.blocks:
            partners &= (second if bit & first else 0) | (first if bit & second else 0)
        for either in self.on_one:
            if not bit & either:
                partners &= either
        return partners


@dataclass(frozen=True, slots=True)
class Match:
    """A pair of reported alleles, and how many of their own cells were read."""

    names: Names
    score: int


def allowed_by(table: CallTable, read: SitesRead) -> Allowed:
    """The alleles that the read sites allow, whether or not they can be called."""
    both, blocks, sets = table.everyone, [], dict[str, tuple[int, int]]()
    for site, (one, other) in read.pairs.items():
        fits = table.rows[site].fits
        if one == other:
            both &= fits[one]
            continue
        phase = read.phase.get(site)
        if phase is None:
            blocks.append((fits[one], fits[other]))
        else:
            first, second = sets.get(phase, (table.everyone, table.everyone))
            sets[phase] = (first & fits[one], second & fits[other])
    blocks += sets.values()
    alleles = both
    for first, second in blocks:
        alleles &= first | second
    on_one = tuple(
        table.rows[site].fits[value] for site, values in read.seen.items() for value in values
    )
    if read.copies == 1:
        for either in on_one:
            alleles &= either
    return Allowed(read.copies, alleles, tuple(blocks), on_one)


def sites_of(table: CallTable, read: SitesRead) -> int:
    """The sites that were read, as bits."""
    if len(read.pairs) == len(table.rows):
        return table.every_site
    return sum(table.rows[site].bit for site in read.pairs)


def callable_alleles(table: CallTable, sites: int) -> int:
    """The alleles that the sites read can show.

    One needs a read site that tells it from the reference, and from every other allele that is
    defined everywhere: CYP2C19 *2 shares rs3758581 with *1, which alone would not show it.
    """
    return table.whole | sum(
        1 << allele
        for allele, telling in enumerate(table.telling)
        if all(sites & each for each in telling)
    )


def find_matches(table: CallTable, read: SitesRead, allowed: Allowed) -> list[Match]:
    """Every pair of callable alleles that the read sites allow, best first.

    Sub-alleles count as the allele they are reported as, with the better score.
    """
    sites = sites_of(table, read)
    can_call = allowed.alleles & callable_alleles(table, sites)
    scores: dict[Names, int] = {}
    for pair in _pairs(allowed, can_call):
        names = written_order(table, [table.shown[allele] for allele in pair])
        score = sum((table.cells[allele] & sites).bit_count() for allele in pair)
        scores[names] = max(score, scores.get(names, 0))
    matches = [Match(names, score) for names, score in scores.items()]
    return sorted(
        matches, key=lambda match: (-match.score, [table.place[name] for name in match.names])
    )


def _pairs(allowed: Allowed, among: int) -> Iterator[tuple[int, ...]]:
    """Every unordered pair of these alleles that is allowed; each alone where there is one copy."""
    for allele in members(among):
        if allowed.copies == 1:
            yield (allele,)
            continue
        later = among >> allele << allele  # the pair's other half comes when its turn does
        for partner in members(allowed.partners(allele) & later):
            yield allele, partner


def pick_of(table: CallTable, matches: list[Match]) -> Names | None:
    """The one of all matches that the source reports, where they are exactly a set that it names
    (NAT2). None where they are not."""
    if len(matches) < 2 or not table.definition.picks:
        return None
    possible = {tuple(sorted(match.names)): match.names for match in matches}
    for rule in table.definition.picks:
        if possible.keys() == {tuple(sorted(name.split("/"))) for name in rule.among}:
            return possible[tuple(sorted(rule.pick.split("/")))]
    return None


def written_order(table: CallTable, names: Iterable[str]) -> Names:
    """The names of a diplotype in the order in which it is written."""
    return tuple(sorted(names, key=table.place.__getitem__))
