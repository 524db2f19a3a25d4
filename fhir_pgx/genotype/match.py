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
    """A pair of reported alleles, how many of their own cells were read, and how many sites that
    define them were not."""

    names: Names
    score: int
    unread: int = 0


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
    if sites == table.every_site:
        return table.everyone
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
    unread = table.every_site & ~sites
    found: dict[Names, Match] = {}
    for pair in _pairs(allowed, can_call):
        names = written_order(table, [table.shown[allele] for allele in pair])
        score = sum((table.cells[allele] & sites).bit_count() for allele in pair)
        gaps = sum(
            (table.defining[allele] & unread).bit_count()
            for allele in pair
            if not table.whole >> allele & 1
        )
        match = Match(names, score, gaps)
        if names not in found or _rank(match) < _rank(found[names]):
            found[names] = match
    return sorted(
        found.values(), key=lambda each: (_rank(each), [table.place[name] for name in each.names])
    )


def _rank(match: Match) -> tuple[int, int]:
    return (-match.score, match.unread)


def _pairs(allowed: Allowed, among: int) -> Iterator[tuple[int, ...]]:
    """Every unordered pair of these alleles that is allowed; each alone where there is one copy."""
    for allele in members(among):
        if allowed.copies == 1:
            yield (allele,)
            continue
        later = among >> allele << allele  # the pair's other half comes when its turn does
        for partner in members(allowed.partners(allele) & later):
            yield allele, partner


def best_of(table: CallTable, matches: list[Match]) -> tuple[list[Match], list[Match]]:
    """The matches of the best score with all their ties, and the others.

    The ties that need the fewest unread sites come first: CYP2C9 *18 has the variant of *3 and two
    more, which a test of *3 alone does not show. Where unphased data cannot tell a set of
    diplotypes apart and the source names the one to report (NAT2), that one counts for the others
    of its set.
    """
    if not matches:
        return [], []
    top = [match for match in matches if match.score == matches[0].score]
    foremost = [match for match in top if match.unread == top[0].unread]
    picked = _picked(table, foremost, matches)
    called = top if picked == foremost else picked
    return called, [match for match in matches if match not in called]


def _picked(table: CallTable, foremost: list[Match], matches: list[Match]) -> list[Match]:
    """The foremost matches, each replaced by the source's own choice of the set that it is of."""
    if not table.definition.picks:
        return foremost
    possible = {frozenset(match.names): match for match in matches}
    found: dict[Names, Match] = {}
    for match in foremost:
        chosen = match
        for rule in table.definition.picks:
            among = {frozenset(name.split("/")) for name in rule.among}
            picked = possible.get(frozenset(rule.pick.split("/")))
            if frozenset(match.names) in among and picked is not None:
                chosen = picked
        found[chosen.names] = chosen
    return list(found.values())


def written_order(table: CallTable, names: Iterable[str]) -> Names:
    """The names of a diplotype in the order in which it is written."""
    return tuple(sorted(names, key=table.place.__getitem__))
