"""What the sites that were not read may hide, and whether it matters.

An allele is hidden where the read sites allow it, it differs from the reference at a site that was
not read, and it is in none of the diplotypes found: by its name alone it is not, where another
definition gave the name (NUDT15 *3 beside *2). It could change the advice where, with a
partner that is not hidden itself (or on both copies), it stands for a guideline key that none of
the called diplotypes has. `Indeterminate` and `n/a` are no such keys: no guideline advises another
thing for them, and a gap that hides nothing but alleles of unknown function would make every card
a warning.
"""

from collections.abc import Collection, Iterable
from itertools import product

from fhir_pgx.genotype.components import function_rank
from fhir_pgx.genotype.components_found import hidden_variants
from fhir_pgx.genotype.match import Allowed, Names, callable_alleles, sites_of
from fhir_pgx.genotype.sites import SitesRead
from fhir_pgx.genotype.table import CallTable, members
from fhir_pgx.model.function_pairs import INDETERMINATE, NO_VALUE

Keys = frozenset[str]


def unread_sites(table: CallTable, read: SitesRead) -> int:
    """The sites without an answer, as bits."""
    return sum(table.rows[site].bit for site in (*read.missing, *read.no_call))


def hidden_alleles(
    table: CallTable, read: SitesRead, allowed: Allowed, shown: Collection[str]
) -> int:
    """The alleles that an unread site may hide; `shown` are those of the diplotypes found."""
    unread = unread_sites(table, read)
    if not unread:
        return 0
    hidden = 0
    can_call = callable_alleles(table, sites_of(table, read))
    for allele in members(allowed.alleles):
        is_shown = table.shown[allele] in shown and can_call >> allele & 1
        if table.defining[allele] & unread and not is_shown:
            # A pair must be left for it: each block may lie otherwise for its partner.
            hidden |= (1 << allele) if allowed.copies == 1 or allowed.partners(allele) else 0
    return hidden


def changing_alleles(table: CallTable, allowed: Allowed, hidden: int, called: Keys) -> int:
    """Those of the hidden alleles that would stand for a key which none of the called has."""
    if not called or not hidden:
        return 0
    visible, changing = allowed.alleles & ~hidden, 0
    known: dict[tuple[str | None, int], bool] = {}
    for allele in members(hidden):
        of = table.labels[table.shown[allele]]
        reach = 0 if allowed.copies == 1 else allowed.partners(allele)
        homozygous = reach >> allele & 1
        at = (of, (reach & visible) << 1 | homozygous)
        if at not in known:
            keys = _keys_with(table, of, reach & visible) | (
                {table.key(of, of)} if homozygous else set()
            )
            if allowed.copies == 1:
                keys = {table.key(of)}
            known[at] = any(is_determinate(key) and key not in called for key in keys)
        changing |= known[at] << allele
    return changing


def _keys_with(table: CallTable, of: str | None, partners: int) -> set[str | None]:
    return {table.key(of, each.of) for each in table.classes if each.alleles & partners}


def is_determinate(key: str | None) -> bool:
    """Whether a guideline can advise anything for a key."""
    return key is not None and key not in (INDETERMINATE, NO_VALUE)


def keys_allowed(table: CallTable, allowed: Allowed) -> Keys:
    """Every guideline key that the read sites allow."""
    found: set[str | None] = set()
    for each in table.classes:
        ours = allowed.alleles & each.alleles
        if allowed.copies == 1 and ours:
            found.add(table.key(each.of))
        elif ours:
            reach = 0
            for allele in members(ours):
                reach |= allowed.partners(allele)
            found |= _keys_with(table, each.of, reach)
    return frozenset(key for key in found if key is not None)


def names_of(table: CallTable, alleles: int) -> Names:
    """The reported names of a set of alleles, in written order."""
    names = dict.fromkeys(table.shown[allele] for allele in members(alleles))
    return tuple(sorted(names, key=table.place.__getitem__))


# Genes called by components


def hidden_components(table: CallTable, read: SitesRead, found: Collection[str]) -> Names:
    """The variants that an unread site may hide; `found` are those that were seen."""
    hidden = [name for name in hidden_variants(table, read) if name not in found]
    return tuple(sorted(hidden, key=table.place.__getitem__))


def changing_components(
    table: CallTable, hidden: Names, pairs: Collection[Names], called: Keys
) -> Names:
    """Those of the hidden variants that, on one copy or on both, would give another key."""
    if not called:
        return ()
    known: dict[str | None, bool] = {}
    added = _added(table, hidden)
    for name in added:
        of = table.labels[name]
        if of not in known:
            keys = {key for pair in pairs for key in _keys_carrying(table, pair, (of,))}
            known[of] = any(is_determinate(key) and key not in called for key in keys)
    return tuple(name for name in added if known[table.labels[name]])


def component_keys(table: CallTable, hidden: Names, pairs: Iterable[Names], seen: Names) -> Keys:
    """Every guideline key that the variants found, and those that may be hidden, allow; `seen` are
    variants that are on one copy or the other, or on both."""
    unseen = {table.labels[name] for name in _added(table, hidden)}
    ways = set(pairs)
    for name in seen:
        ways = {way for pair in ways for way in _ways_with(table, pair, name)}
    found = {key for pair in ways for key in _keys_carrying(table, pair, unseen)}
    return frozenset(key for key in found if key is not None)


def _ways_with(table: CallTable, pair: Names, name: str) -> set[Names]:
    """The deciding alleles of both copies with one more variant on either, or on both."""
    lower = tuple(min(own, name, key=lambda n: function_rank(table.labels[n])) for own in pair)
    return {lower, (*lower[:1], *pair[1:]), (*pair[:1], *lower[1:])}


def _added(table: CallTable, hidden: Names) -> Names:
    """The hidden variants that would come on top of those found.

    Where the intronic site of HapB3 was read, the exonic one gives the variant found there another
    name, of the same function.
    """
    proxy = table.definition.proxy
    if proxy is None or proxy.alone in hidden:
        return hidden
    return tuple(name for name in hidden if name != proxy.allele)


def _keys_carrying(table: CallTable, pair: Names, unseen: Iterable[str | None]) -> set[str | None]:
    """The keys of a pair of deciding alleles where either copy may carry one of `unseen` too."""
    copies = []
    for name in pair:
        own = table.labels[name]
        copies.append({own, *(min(own, other, key=function_rank) for other in unseen)})
    return {table.key(*functions) for functions in product(*copies)}
