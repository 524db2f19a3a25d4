"""The decision positions of one gene with what was read at each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from fhir_pgx.genotype.sites import SitesRead, read_sites
from fhir_pgx.genotype.table import CODES, CallTable, members
from fhir_pgx.model.definition import NamedAllele, Site
from fhir_pgx.model.gene_view import AlleleBases, PositionView, SiteRead, State
from fhir_pgx.model.variant import OTHER, UNREAD, SiteCall

Calls = Mapping[str, tuple[SiteCall, ...]]  # by site


def positions_of(
    table: CallTable,
    calls: Sequence[SiteCall],
    *,
    sex: str,
    could_change: Collection[str],
    is_stated: bool,
) -> tuple[PositionView, ...]:
    """Every position of the definition and every extra one, in genomic order.

    `could_change` are the alleles of the coverage; `is_stated` says that a report gives the result
    and no variants are at hand: nobody then knows what was tested.
    """
    by_site = _by_site(calls)
    readings = [read_sites(table, each, sex=sex) for each in _one_a_site(by_site)]
    unread: State = "not-stated" if is_stated and not calls else "not-tested"
    definition = table.definition
    users = users_of(table)
    found = []
    for site in (*definition.sites, *definition.extra):
        here = by_site.get(site.name, ())
        is_extra = site.name not in table.rows
        state, zygosity = _read_at(site, here, readings, unread, is_extra=is_extra)
        found.append(
            PositionView(
                site=site.name,
                start=site.start,
                end=site.start + len(site.ref),
                ref=site.ref,
                alts=site.alts,
                start37=site.start37,
                names=tuple(site.names),
                used_by=users.get(site.name, ()),
                state=state,
                zygosity=zygosity,
                reads=tuple(
                    SiteRead(each.alleles, each.phase, each.build, each.reference, each.where)
                    for each in here
                ),
                is_extra=is_extra,
            )
        )
    marked = _hiding(table, found, could_change)
    return tuple(sorted(marked, key=lambda each: (each.start, each.end)))


def _by_site(calls: Sequence[SiteCall]) -> dict[str, tuple[SiteCall, ...]]:
    found: dict[str, tuple[SiteCall, ...]] = {}
    for call in calls:
        found[call.site] = (*found.get(call.site, ()), call)
    return found


def _one_a_site(by_site: Calls) -> list[tuple[SiteCall, ...]]:
    """The calls as sources with at most one call a site each."""
    deepest = max((len(each) for each in by_site.values()), default=0)
    return [
        tuple(each[depth] for each in by_site.values() if len(each) > depth)
        for depth in range(deepest)
    ]


def users_of(table: CallTable) -> dict[str, tuple[AlleleBases, ...]]:
    """By site: the alleles whose definition differs from the reference's there."""
    sites = {site.name: site for site in table.definition.sites}
    found: dict[str, tuple[AlleleBases, ...]] = {}
    for allele in table.definition.alleles:
        for name, bases in bases_of(allele, sites).items():
            found[name] = (*found.get(name, ()), AlleleBases(allele.name, bases))
    return found


def bases_of(allele: NamedAllele, sites: Mapping[str, Site]) -> dict[str, tuple[str, ...]]:
    """What an allele's definition has at the sites where it is not the reference's base alone."""
    found = {}
    for name, cell in allele.cells.items():
        site = sites[name]
        held = (site.ref, *site.alts)
        if cell not in held:
            found[name] = tuple(base for base in held if base in CODES[cell])
        elif cell != site.ref:
            found[name] = (cell,)
    return found


def _read_at(
    site: Site,
    calls: tuple[SiteCall, ...],
    readings: list[SitesRead],
    unread: State,
    *,
    is_extra: bool,
) -> tuple[State, str]:
    """The state of a site over every source that read it, and the zygosity where it is known."""
    known = (site.ref, *site.alts)
    if any(value not in (*known, UNREAD) or value == OTHER for c in calls for value in c.alleles):
        return "unknown-base", ""
    if not calls:
        return unread, ""
    pairs = {tuple(sorted(r.pairs[site.name])): r.copies for r in readings if site.name in r.pairs}
    if is_extra:
        pairs = _whole(calls)
    if len(pairs) > 1:
        return "conflict", ""
    if pairs:
        ((pair, copies),) = pairs.items()
        return ("reference" if set(pair) == {site.ref} else "variant"), _zygosity(pair, copies)
    no_call = any(site.name in each.no_call for each in readings)
    seen = any(site.name in each.seen for each in readings)
    return ("variant" if seen and not no_call else "no-call"), ""


def _whole(calls: tuple[SiteCall, ...]) -> dict[tuple[str, ...], int]:
    """Of a site that belongs to no allele, which calling passes over: the calls as they stand."""
    whole = [c.alleles for c in calls if c.zygosity_known and UNREAD not in c.alleles and c.alleles]
    return {tuple(sorted(each)): len(each) for each in whole}


def _zygosity(pair: tuple[str, ...], copies: int) -> str:
    if copies == 1:
        return "one copy"
    return "homozygous" if len(set(pair)) == 1 else "heterozygous"


def _hiding(
    table: CallTable, positions: list[PositionView], could_change: Collection[str]
) -> list[PositionView]:
    """The positions with the alleles that each may hide."""
    hides = hidden_at(table, frozenset(p.site for p in positions if not _is_read(p)), could_change)
    return [replace(each, hides=hides.get(each.site, ())) for each in positions]


def _is_read(position: PositionView) -> bool:
    return position.state in ("reference", "variant", "conflict")


def hidden_at(
    table: CallTable, unread: frozenset[str], could_change: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """By unread site: those of `could_change` that it may hide. A site counts where it tells the
    allele from every allele defined throughout (CYP2C19 *3 by rs4986893, and not by rs3758581,
    which *1 shares); where only several sites together do, each of them."""
    if not could_change:
        return {}
    bits = sum(table.rows[site].bit for site in unread if site in table.rows)
    found: dict[str, tuple[str, ...]] = {}
    for i, name in enumerate(table.shown):
        if name not in could_change or not table.defining[i] & bits:
            continue
        telling = bits
        for each in table.telling[i]:
            telling &= each
        for place in members(telling or table.defining[i] & bits):
            site = table.sites[place]
            if name not in found.get(site, ()):
                found[site] = (*found.get(site, ()), name)
    return found
