"""The variants that the sites of a gene called by components show (DPYD, RYR1, MT-RNR1), and the
haplotype of two sites of which one decides (DPYD HapB3). Source: pgx reference, 4.2."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fhir_pgx.genotype.sites import SitesRead
from fhir_pgx.genotype.table import CallTable
from fhir_pgx.model.finding import Caveat

Names = tuple[str, ...]
Strands = tuple[list[str], list[str]]


@dataclass(frozen=True, slots=True)
class Variants:
    """The variants found: those on both copies (or on the only one), and blocks of those whose
    strands are known among themselves. `phased` counts the blocks that a phase set makes.

    `seen` are variants that are on some copy, where no more is known.
    """

    copies: int
    both: Names
    blocks: tuple[Strands, ...]
    phased: int
    seen: Names
    caveats: tuple[Caveat, ...] = ()


@dataclass(slots=True)
class _Gathered:
    both: list[str] = field(default_factory=list)
    sets: dict[str, Strands] = field(default_factory=dict)
    alone: list[Strands] = field(default_factory=list)

    def strands(self, phase: str | None) -> Strands:
        """The two strands that a heterozygous site of this phase set belongs to."""
        if phase is None:
            self.alone.append(([], []))
            return self.alone[-1]
        return self.sets.setdefault(phase, ([], []))


def find_variants(table: CallTable, read: SitesRead) -> Variants:
    """The component variants that the sites show, in the definition's order."""
    found = _Gathered()
    proxy = table.definition.proxy
    apart = {proxy.site, proxy.proxy} if proxy else set()
    for site, (one, other) in read.pairs.items():
        if site in apart or (one, other) == table.rows[site].plain:
            continue
        names = table.components.get((site, one)), table.components.get((site, other))
        _place(found, names, read.phase.get(site))
    caveats = _place_haplotype(table, read, found)
    blocks = [strands for strands in (*found.sets.values(), *found.alone) if any(strands)]
    return Variants(
        read.copies,
        in_order(table, found.both),
        tuple(blocks),
        sum(1 for strands in found.sets.values() if any(strands)),
        in_order(table, _seen(table, read)),
        caveats,
    )


def _place(found: _Gathered, names: tuple[str | None, str | None], phase: str | None) -> None:
    if names[0] == names[1]:
        found.both += [name for name in names[:1] if name]
        return
    for strand, name in zip(found.strands(phase), names, strict=True):
        if name:
            strand.append(name)


def _place_haplotype(table: CallTable, read: SitesRead, found: _Gathered) -> tuple[Caveat, ...]:
    """The haplotype of two sites (DPYD HapB3), of which the first decides.

    With it the second makes the haplotype; without it the second is not counted, and where the
    first was not read the second stands for it. Between sites whose phase to each other is not
    known, they are taken to be together as often as both are seen.
    """
    proxy = table.definition.proxy
    if proxy is None:
        return ()
    site, other = (_carried(table, read, name) for name in (proxy.site, proxy.proxy))
    if site is None and proxy.site in read.seen:
        return ()
    if site is None:
        stands_for = tuple(proxy.allele if has else None for has in other or (False, False))
        _place(found, (stands_for[0], stands_for[1]), read.phase.get(proxy.proxy))
        return _haplotype_caveat(table, "PGX-643") if any(stands_for) else ()
    phase, second = read.phase.get(proxy.site), other or (False, False)
    if len(set(site)) == 2 and len(set(second)) == 2:
        if phase is None or phase != read.phase.get(proxy.proxy):
            second = site  # one of each: counted together
    elif len(set(second)) == 2:
        phase = read.phase.get(proxy.proxy)
    names = [
        (proxy.allele if beside else proxy.alone) if has else None
        for has, beside in zip(site, second, strict=True)
    ]
    _place(found, (names[0], names[1]), phase)
    unmatched = any(beside and not has for has, beside in zip(site, second, strict=True))
    return _haplotype_caveat(table, "PGX-644") if unmatched else ()


def _carried(table: CallTable, read: SitesRead, site: str) -> tuple[bool, bool] | None:
    """Whether each copy has a variant at a site; None where it was not read."""
    pair = read.pairs.get(site)
    return (
        None if pair is None else (pair[0] != table.rows[site].ref, pair[1] != table.rows[site].ref)
    )


def _haplotype_caveat(table: CallTable, code: str) -> tuple[Caveat, ...]:
    proxy = table.definition.proxy
    if proxy is None:
        return ()
    if code == "PGX-643":
        text = (
            f"{table.gene} {proxy.allele}: {proxy.site}, which decides, was not read; its "
            f"companion {proxy.proxy} stands for it."
        )
    else:
        text = (
            f"{table.gene} shows the variant at {proxy.proxy} without that at {proxy.site}, which "
            "decides: it counts as nothing."
        )
    return (Caveat(code, text),)


def _seen(table: CallTable, read: SitesRead) -> Iterator[str]:
    """The variants that some copy has, where no more is known."""
    proxy = table.definition.proxy
    for site, values in read.seen.items():
        variants = [value for value in values if value != table.rows[site].ref]
        if not proxy or site not in (proxy.site, proxy.proxy):
            names = (table.components.get((site, value)) for value in variants)
            yield from (name for name in names if name)
        elif not variants:
            continue
        elif site == proxy.site:
            beside = [*read.seen.get(proxy.proxy, ()), *read.pairs.get(proxy.proxy, ())]
            has_both = any(value != table.rows[proxy.proxy].ref for value in beside)
            yield proxy.allele if has_both else proxy.alone
        elif proxy.site not in read.pairs and proxy.site not in read.seen:
            yield proxy.allele


def hidden_variants(table: CallTable, read: SitesRead) -> dict[str, None]:
    """The variants that a site which was not read may hide."""
    unread = {*read.missing, *read.no_call}
    hidden = dict.fromkeys(name for (site, _), name in table.components.items() if site in unread)
    proxy = table.definition.proxy
    if proxy and proxy.proxy in unread:
        site = _carried(table, read, proxy.site)
        if site is None or any(site):
            hidden[proxy.allele] = None
    return hidden


def in_order(table: CallTable, names: Iterable[str]) -> Names:
    """Variants in the order in which they are written."""
    return tuple(sorted(names, key=table.place.__getitem__))
