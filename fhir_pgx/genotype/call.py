"""The variants of one gene → its diplotypes, with what was not seen.

What the sites read allow is worked out once; from it come the diplotypes, the alternatives that
unphased data leave open, and what a position that was not read may hide. Source: pgx reference,
4.1, 4.2 and 4.5.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from fhir_pgx.genotype.components import call_components, function_rank
from fhir_pgx.genotype.components_found import find_variants
from fhir_pgx.genotype.coverage import (
    Keys,
    changing_alleles,
    changing_components,
    component_keys,
    hidden_alleles,
    hidden_components,
    keys_allowed,
    names_of,
)
from fhir_pgx.genotype.match import (
    Allowed,
    Match,
    Names,
    allowed_by,
    best_of,
    find_matches,
    written_order,
)
from fhir_pgx.genotype.present import certain_alleles
from fhir_pgx.genotype.sites import SitesRead, listed, read_sites, with_reference
from fhir_pgx.genotype.table import CallTable
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.genotype import CalledGene, Diplotype
from fhir_pgx.model.variant import SiteCall


def call_gene(
    table: CallTable,
    calls: Sequence[SiteCall],
    *,
    sex: str = "",
    all_matches: bool = False,
    missing_as_reference: bool = False,
    build: str = "",
) -> CalledGene:
    """What the calls of one gene and one source say of it; at most one call a site.

    `sex` is the patient's administrative gender or empty. `all_matches` puts every diplotype that
    the data allow into `diplotypes`, best first. `missing_as_reference` takes a site without a call
    as the reference's base of the source's build: coverage and what is hidden stay those of the
    data. `build` is the source's where it has no call of this gene to say it.
    """
    builds = list(dict.fromkeys(call.build for call in calls)) or [build]
    read = read_sites(table, calls, sex=sex)
    counted = with_reference(table, read, ",".join(builds)) if missing_as_reference else read
    if table.definition.method == "components":
        called = _by_components(table, read, counted)
    else:
        called = _by_names(table, read, counted, all_matches=all_matches)
    caveats = [*counted.caveats, *called.caveats, *_tier1_caveat(table, read, called.could_change)]
    return replace(
        called,
        tested=len(table.rows) - len(read.missing) - len(read.no_call),
        missing=read.missing,
        no_call=read.no_call,
        caveats=tuple(dict.fromkeys(caveats)),
        references=_references(calls),
        when=max((call.when for call in calls), default=""),
        build=", ".join(builds),
    )


def _by_names(
    table: CallTable, read: SitesRead, counted: SitesRead, *, all_matches: bool
) -> CalledGene:
    """The gene by pairs of named alleles; `counted` are the sites that matching goes by, `read`
    those of the data."""
    possible = allowed_by(table, read)
    allowed = possible if counted is read else allowed_by(table, counted)
    matches, caveats = _matches(table, counted, allowed)
    best, rest = best_of(table, matches)
    called, others = [match.names for match in best], [match.names for match in rest]
    is_open = not called or (len(_keys(table, called)) > 1 and bool(read.missing or read.no_call))
    present = () if called else certain_alleles(table, read, possible)
    if is_open and (decided := _fallback(table, counted)):
        called, others = [decided], [*(names for names in called if names != decided), *others]
        caveats.append(_fallback_caveat(table, [n for n in present if n not in decided]))
    if all_matches:
        called, others = list(dict.fromkeys((*called, *(each.names for each in matches)))), []
    keys = _keys(table, called)
    hidden = hidden_alleles(
        table, read, possible, {n for names in (*called, *others) for n in names}
    )
    return CalledGene(
        table.gene,
        diplotypes=tuple(Diplotype(names) for names in called),
        alternatives=tuple(Diplotype(names) for names in others),
        looked_up=tuple(called),
        present=present,
        hidden=names_of(table, hidden),
        could_change=tuple(
            _weightiest_first(
                table, names_of(table, changing_alleles(table, possible, hidden, keys))
            )
        ),
        possible_keys=tuple(sorted(keys_allowed(table, possible) | keys)),
        caveats=tuple(caveats),
    )


def _matches(
    table: CallTable, counted: SitesRead, allowed: Allowed
) -> tuple[list[Match], list[Caveat]]:
    """Every match, best first; where there is none, the reason unless the sites have said it."""
    unread = {*counted.missing, *counted.no_call}
    required = [site for site in table.definition.required if site in unread]
    if required or not (counted.pairs or counted.stops):
        which = f"these were not read: {listed(required)}" if required else "no position was read"
        return [], [Caveat("PGX-642", f"No {table.gene} genotype follows: {which}.")]
    if counted.stops:
        return [], []
    matches = find_matches(table, counted, allowed)
    if matches:
        return matches, []
    variants = [
        site
        for site, row in table.rows.items()
        if any(value != row.ref for value in counted.pairs.get(site, ()))
    ]
    text = (
        f"The combination of {table.gene} variants found fits no pair of named alleles (at "
        f"{listed(variants)})."
    )
    return [], [Caveat("PGX-641", text)]


def _fallback(table: CallTable, counted: SitesRead) -> Names | None:
    """The alleles of the one site that decides where no diplotype fits (SLCO1B1); None where it
    was not read on both copies, or a required site is what is missing."""
    rule = table.definition.fallback
    pair = counted.pairs.get(rule.site) if rule else None
    if rule is None or pair is None or any(value not in rule.alleles for value in pair):
        return None
    if any(site not in counted.pairs for site in table.definition.required):
        return None
    return written_order(table, [rule.alleles[value] for value in pair[: counted.copies]])


def _fallback_caveat(table: CallTable, carried: Sequence[str]) -> Caveat:
    rule = table.definition.fallback
    site = rule.site if rule else ""
    return Caveat(
        "PGX-639",
        f"No one pair of {table.gene} alleles follows from what was read; {site} alone decided."
        + (f" {listed(carried)} is carried for certain beside it." if carried else ""),
    )


def _by_components(table: CallTable, read: SitesRead, counted: SitesRead) -> CalledGene:
    """The gene by the variants found."""
    variants = find_variants(table, counted)
    found = {*variants.both, *variants.seen, *(n for b in variants.blocks for s in b for n in s)}
    hidden = hidden_components(table, read, found)
    call = call_components(table, variants)
    possible = component_keys(table, hidden, call.pairs, variants.seen)
    if counted.stops or not counted.pairs:
        caveats = list(variants.caveats)
        if not counted.stops:
            text = f"No {table.gene} genotype follows: no position was read."
            caveats.append(Caveat("PGX-642", text))
        return CalledGene(
            table.gene,
            present=written_order(table, found),
            hidden=hidden,
            possible_keys=tuple(sorted(possible)),
            caveats=tuple(caveats),
        )
    keys = _keys(table, call.looked_up)
    return CalledGene(
        table.gene,
        diplotypes=call.diplotypes,
        looked_up=call.looked_up,
        hidden=hidden,
        could_change=tuple(
            _weightiest_first(table, changing_components(table, hidden, call.looked_up, keys))
        ),
        possible_keys=tuple(sorted(possible | keys)),
        caveats=call.caveats,
    )


def _keys(table: CallTable, looked_up: Iterable[Names]) -> Keys:
    keys = (table.key_of(names) for names in looked_up)
    return frozenset(key for key in keys if key is not None)


def _references(calls: Sequence[SiteCall]) -> tuple[str, ...]:
    """The resources and files that the calls rest on, in their order."""
    found = dict.fromkeys(call.reference for call in calls)
    for call in calls:
        if call.others:
            found |= dict.fromkeys(call.others)
    return tuple(reference for reference in found if reference)


def _weightiest_first(table: CallTable, names: Names) -> list[str]:
    """Alleles as a reader should meet them: those that guidelines name or tests look for, then the
    least function."""
    definition = table.definition
    first = {definition.core.get(n, n) for n in (*definition.preferred, *definition.tier1)}

    def weight(name: str) -> tuple[bool, Decimal, int]:
        return name not in first, function_rank(table.labels[name]), table.place[name]

    return sorted(names, key=weight)


def _any_hidden_caveat(table: CallTable, read: SitesRead, could_change: Names) -> list[Caveat]:
    rule = table.definition.fallback
    if not could_change or (rule is not None and rule.site in read.pairs):
        return []
    text = (
        f"{table.gene} was not read in full: {listed(could_change)} "
        "would not show and, carried, would change the advice."
    )
    return [Caveat("PGX-652", text)]


def _tier1_caveat(table: CallTable, read: SitesRead, could_change: Names) -> list[Caveat]:
    """What to say of alleles that every test is expected to find, where this one cannot show them
    and they would matter; of all alleles where nobody says which a test must find, unless the one
    site that decides alone was read."""
    if not table.definition.tier1:
        return _any_hidden_caveat(table, read, could_change)
    reported = (table.definition.core.get(name, name) for name in table.definition.tier1)
    hidden = [name for name in dict.fromkeys(reported) if name in could_change]
    if not hidden:
        return []
    text = (
        f"{table.gene} was not tested for {listed(hidden)}, which every test is expected to find; "
        "carried, it would change the advice."
    )
    return [Caveat("PGX-640", text)]
