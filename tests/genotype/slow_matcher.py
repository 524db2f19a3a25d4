"""A second caller, slow and obvious, that the real one is compared with.

Written from the specification alone (methods: named-allele matching, components, HapB3), never from
the other's code: alleles become full sequences, all strands that the genotypes allow are written
out, and each strand is laid beside each allele.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fhir_pgx.model.definition import GeneDefinition, NamedAllele, Site
from fhir_pgx.model.genotype import Diplotype
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.variant import OTHER, UNREAD, SiteCall
from fhir_pgx.phenotype.diplotype import function_of, phenotype_of

IUPAC = {
    "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
NO_KEYS = {None, "Indeterminate", "n/a"}  # no guideline advises anything for these

Pair = tuple[str, ...]  # the haplotypes of one diplotype, sorted; one of a gene carried once
Strand = dict[str, str]  # site name → what this copy has there


@dataclass(frozen=True)
class SlowGene:
    """A gene with every allele written out in full: allele → site → the values it may have.

    `told_from` has, for an allele, the sites where it has no value in common with each other allele
    that is defined at every site (`whole`: the reference, and *1 of CYP2C19).
    """

    definition: GeneDefinition
    rules: GeneRules
    sequences: Mapping[str, Mapping[str, frozenset[str]]]
    whole: frozenset[str]
    told_from: Mapping[str, Mapping[str, frozenset[str]]]

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(site.name for site in self.definition.sites)


@dataclass(frozen=True)
class SlowCall:
    """What the slow caller finds. Pairs are of reported names (sub-alleles by their core).

    `possible` has every pair that the read sites do not exclude, callable or not, as defined.
    """

    top: frozenset[Pair]
    others: frozenset[Pair]
    possible: frozenset[Pair]
    missing: frozenset[str]
    no_call: frozenset[str]


@dataclass(frozen=True)
class Read:
    """The calls sorted: `genotypes` are the sites that count, `why_not` what stops a diplotype;
    of the `unstated` sites only the values are known that are there, not how often."""

    genotypes: Mapping[str, tuple[str, ...]]
    phases: Mapping[str, str]
    missing: frozenset[str]
    no_call: frozenset[str]
    why_not: frozenset[str]
    unstated: frozenset[str]


def slow_gene(definition: GeneDefinition, rules: GeneRules) -> SlowGene:
    sequences = {
        allele.name: {site.name: values_at(site, allele) for site in definition.sites}
        for allele in definition.alleles
    }
    whole = {allele.name for allele in definition.alleles if allele.is_whole}
    whole.add(definition.reference)
    told_from = {
        name: {
            other: differing_sites(sequence, sequences[other]) for other in whole if other != name
        }
        for name, sequence in sequences.items()
    }
    return SlowGene(definition, rules, sequences, frozenset(whole), told_from)


def differing_sites(
    one: Mapping[str, frozenset[str]], two: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """Where two sequences have no value in common."""
    return frozenset(name for name, values in one.items() if values.isdisjoint(two[name]))


def values_at(site: Site, allele: NamedAllele) -> frozenset[str]:
    """What an allele may have at a site; a site without a cell has the reference's base."""
    cell = allele.cells.get(site.name, site.ref)
    if cell in (site.ref, *site.alts):
        return frozenset([cell])
    return frozenset(IUPAC[cell])


# Which sites count


def read(gene: SlowGene, calls: Iterable[SiteCall]) -> Read:
    """Sort the calls of one gene: read, unread, half read, or read with an unknown base."""
    sites = {site.name: site for site in gene.definition.sites}
    given = {call.site: call for call in calls if call.site in sites}
    genotypes, phases, no_call, why_not, unstated = {}, {}, set(), set(), set()
    for name, call in given.items():
        alleles, phase = call.alleles[:2], call.phase
        if OTHER in alleles and gene.definition.unknown_as_reference:
            alleles = tuple(sites[name].ref if base == OTHER else base for base in alleles)
        if gene.rules.copies == (1,):
            alleles = of_the_only_copy(alleles, sites[name].ref)
        if not call.zygosity_known and gene.rules.copies != (1,) and OTHER not in alleles:
            if set(alleles) <= {UNREAD, sites[name].ref}:
                no_call.add(name)  # the reference on one copy says nothing of the other
            else:
                why_not.add("a variant on one copy or both")
                unstated.add(name)
                genotypes[name], phases[name] = seen_on_some_copy(alleles), ""
            continue
        if OTHER in alleles:
            why_not.add("a base that no allele has")
        elif UNREAD in alleles and any(base not in (UNREAD, sites[name].ref) for base in alleles):
            why_not.add("half a call with a variant")
        elif UNREAD in alleles:
            alleles = (UNREAD,) * len(alleles)  # half a call with the reference says nothing
        if {UNREAD, OTHER} & set(alleles):
            no_call.add(name)
            # What the one copy has is kept, on whichever strand; of the other nothing is known.
            alleles, phase = tuple(UNREAD if base == OTHER else base for base in alleles), ""
        if set(alleles) != {UNREAD}:
            genotypes[name], phases[name] = alleles, phase
    unread = (set(sites) - set(given)) | no_call
    if set(gene.definition.required) & unread:
        why_not.add("a required site")
    genotypes, mixed = same_number_of_copies(genotypes)
    if mixed and gene.rules.copies != (1,):
        why_not.add("copies")  # one at some sites, two at others
    return Read(
        genotypes,
        phases,
        frozenset(set(sites) - set(given)),
        frozenset(no_call),
        frozenset(why_not),
        frozenset(unstated),
    )


def seen_on_some_copy(alleles: tuple[str, ...]) -> tuple[str, ...]:
    """Two copies of which only the values are known that are there, in some order."""
    values = sorted(set(alleles) - {UNREAD})
    return (*values, UNREAD)[:2]


def of_the_only_copy(alleles: tuple[str, ...], reference: str) -> tuple[str, ...]:
    """Two values of a gene that everybody has once are two kinds of copy: variants count."""
    variants = dict.fromkeys(base for base in alleles if base not in (UNREAD, reference))
    return tuple(variants) or tuple(sorted(alleles))[:1]


def same_number_of_copies(
    genotypes: dict[str, tuple[str, ...]],
) -> tuple[dict[str, tuple[str, ...]], bool]:
    """One copy everywhere or two everywhere; and whether that could not be had.

    Where some sites have one copy and the two-copy ones are all homozygous, the gene is there once.
    """
    counts = {len(alleles) for alleles in genotypes.values()}
    same = {name: alleles for name, alleles in genotypes.items() if len(set(alleles)) == 1}
    if len(counts) > 1 and len(same) == len(genotypes):
        return {name: alleles[:1] for name, alleles in genotypes.items()}, False
    return genotypes, len(counts) > 1


# Strands


def strand_pairs(found: Read) -> Iterator[tuple[Strand, ...]]:
    """Every way to lay the differing bases on the two strands: the sites of a phase set turn
    together, an unphased site by itself; the first of them lies still, for a pair has no order.
    One strand alone for a gene carried once."""
    genotypes = {name: pair for name, pair in found.genotypes.items() if is_mixed(pair)}
    if any(len(alleles) == 1 for alleles in found.genotypes.values()):
        yield ({},)
        return
    blocks: dict[str, list[str]] = {}
    for name in genotypes:
        phase = found.phases[name]
        blocks.setdefault(f"set {phase}" if phase else f"site {name}", []).append(name)
    for turns in itertools.product((False, True), repeat=max(0, len(blocks) - 1)):
        turned = {
            name
            for turn, block in zip((False, *turns), blocks.values(), strict=False)
            if turn
            for name in block
        }
        first = {name: pair[name in turned] for name, pair in genotypes.items()}
        second = {name: pair[name not in turned] for name, pair in genotypes.items()}
        yield first, second


def is_mixed(alleles: tuple[str, ...]) -> bool:
    return len(set(alleles)) > 1


def fits(gene: SlowGene, allele: str, strand: Strand) -> bool:
    """Whether a strand can be this allele: at each site it has a value that the allele may have."""
    sequence = gene.sequences[allele]
    return all(base == UNREAD or base in sequence[name] for name, base in strand.items())


def alleles_on_a_strand(gene: SlowGene, found: Read) -> list[str]:
    """The alleles worth trying: one with neither of the two bases at a site is on no strand."""
    return [
        allele
        for allele, sequence in gene.sequences.items()
        if not any(
            sequence[name].isdisjoint(alleles) and UNREAD not in alleles
            for name, alleles in found.genotypes.items()
        )
    ]


def fitting_pairs(gene: SlowGene, found: Read) -> set[Pair]:
    """Every pair of alleles (as defined) that some laying of the strands allows."""
    candidates = alleles_on_a_strand(gene, found)
    pairs: set[Pair] = set()
    if "copies" in found.why_not:
        return pairs
    for strands in strand_pairs(found):
        fitting = [[each for each in candidates if fits(gene, each, one)] for one in strands]
        pairs |= {tuple(sorted(pair)) for pair in itertools.product(*fitting)}
    return pairs


# Named alleles


def is_callable(gene: SlowGene, allele: str, read_sites: set[str]) -> bool:
    """An allele left with no defining position cannot be called: it must still be told from each
    allele that is defined at every site. Those always can be."""
    return allele in gene.whole or all(
        sites & read_sites for sites in gene.told_from[allele].values()
    )


def score(gene: SlowGene, allele: NamedAllele, read_sites: set[str]) -> int:
    """The number of the allele's own cells that were read."""
    if allele.name in gene.whole:
        return len(read_sites)
    return len(set(allele.cells) & read_sites)


def slow_call(gene: SlowGene, calls: Sequence[SiteCall]) -> SlowCall:
    """The diplotypes of a gene of named alleles: `top` of best score, `others` also possible."""
    found = read(gene, calls)
    alleles = {allele.name: allele for allele in gene.definition.alleles}
    fitting = fitting_pairs(gene, found)
    possible = frozenset(fitting)
    if not found.genotypes or found.why_not:
        return SlowCall(
            fallback_pairs(gene, found), frozenset(), possible, found.missing, found.no_call
        )
    read_sites = set(found.genotypes)
    callable_alleles = {name for name in alleles if is_callable(gene, name, read_sites)}
    merits: dict[Pair, tuple[int, int]] = {}  # cells read, less the defining sites not read
    for pair in fitting:
        if set(pair) <= callable_alleles:
            points = sum(score(gene, alleles[name], read_sites) for name in pair)
            unread = sum(unread_cells(gene, name, read_sites) for name in pair)
            name = reported(gene, pair)
            merits[name] = max((points, -unread), merits.get(name, (-1, 0)))
    best = max(merits.values(), default=(0, 0))
    equal = {pair for pair, merit in merits.items() if merit[0] == best[0]}
    foremost = {pair for pair in equal if merits[pair] == best}
    picks = {pair: tie_pick(gene, pair, set(merits)) for pair in foremost}
    top = {pick or pair for pair, pick in picks.items()} if any(picks.values()) else equal
    others = set(merits) - top
    keys = {key_of(gene, pair) for pair in top} - {None}
    if not top or (len(keys) > 1 and (found.missing or found.no_call)):
        decided = set(fallback_pairs(gene, found))
        if decided:
            top, others = decided, (top | others) - decided
    return SlowCall(frozenset(top), frozenset(others), possible, found.missing, found.no_call)


def reported(gene: SlowGene, pair: Iterable[str]) -> Pair:
    return tuple(sorted(gene.definition.core.get(name, name) for name in pair))


def tie_pick(gene: SlowGene, pair: Pair, possible: set[Pair]) -> Pair | None:
    """What the source reports, of the set that a pair is of, where it is another (NAT2)."""
    for rule in gene.definition.picks:
        pick = pair_named(rule.pick)
        if pair != pick and pick in possible and pair in map(pair_named, rule.among):
            return pick
    return None


def unread_cells(gene: SlowGene, allele: str, read_sites: set[str]) -> int:
    """How many sites that tell an allele from the reference were not read."""
    if allele in gene.whole:
        return 0
    return len(gene.told_from[allele].get(gene.definition.reference, frozenset()) - read_sites)


def pair_named(name: str) -> Pair:
    return tuple(sorted(name.split("/")))


def fallback_pairs(gene: SlowGene, found: Read) -> frozenset[Pair]:
    """The one site that decides where no diplotype fits (SLCO1B1)."""
    rule = gene.definition.fallback
    alleles = found.genotypes.get(rule.site, ()) if rule else ()
    if not rule or not alleles or rule.site in found.unstated:
        return frozenset()
    if any(base not in rule.alleles for base in alleles):
        return frozenset()
    return frozenset([tuple(sorted(rule.alleles[base] for base in alleles))])


# What a site that was not read may hide


def key_of(gene: SlowGene, pair: Iterable[str]) -> str | None:
    return phenotype_of(Diplotype(tuple(pair)), gene.rules).lookup_key


def slow_present(gene: SlowGene, found: SlowCall) -> set[str]:
    """The alleles that every possible pair has, as reported."""
    return set.intersection(*(set(reported(gene, pair)) for pair in found.possible))


def slow_hidden(gene: SlowGene, found: SlowCall) -> set[str]:
    """The alleles, as defined, that may be there without showing: possible, in none of the
    diplotypes found, and different from the reference at a site that was not read. A name that
    another definition gave (NUDT15 *3 by *2) does not show this one."""
    unread = found.missing | found.no_call
    read_sites = set(gene.sites) - unread
    shown = {name for pair in found.top | found.others for name in pair}
    return {
        allele
        for allele in {name for pair in found.possible for name in pair}
        if gene.told_from[allele].get(gene.definition.reference, frozenset()) & unread
        and not (set(reported(gene, [allele])) & shown and is_callable(gene, allele, read_sites))
    }


def slow_could_change(gene: SlowGene, found: SlowCall) -> set[str]:
    """Of the hidden alleles, those that would give another key by themselves: on both copies, or
    beside an allele that is not hidden. A key that no guideline can speak of is not another."""
    hidden = slow_hidden(gene, found)
    keys = {key_of(gene, pair) for pair in found.top} | NO_KEYS
    return {
        name
        for pair in found.possible
        for name in hidden & set(pair)
        if len(set(pair)) == 1 or set(pair) - hidden
        if key_of(gene, reported(gene, pair)) not in keys
    }


# Components: every variant found is listed, the lowest functions decide


@dataclass(frozen=True)
class SlowComponents:
    """`ways` are the layings of the variants on the copies that are reported (each copy sorted,
    sorted; empty for a copy with none); None where they are listed flat instead. `variants` has all
    that were found, one on both copies twice. `functions` are those that decide, lowest first: one
    entry for each way, a single one where the list is flat."""

    ways: frozenset[tuple[Pair, ...]] | None
    variants: Pair
    functions: frozenset[tuple[str | None, ...]]
    called: bool


Carried = tuple[str | None, ...]  # the variant that each copy has at a site; None for none


def slow_components(gene: SlowGene, calls: Sequence[SiteCall]) -> SlowComponents:
    found = read(gene, calls)
    copies = max((len(alleles) for alleles in found.genotypes.values()), default=0)
    if gene.rules.copies == (1,):
        copies = 1
    carried = variants_carried(gene, found)
    flat = tuple(sorted(name for names, _ in carried for name in names if name))
    ways = layings(carried, copies)
    reference = function_of(gene.definition.reference, gene.rules)
    deciding = {
        way: in_order(
            in_order([reference, *(function_of(name, gene.rules) for name in strand)])[0]
            for strand in way
        )
        for way in ways
    }
    blocks, loose = phase_of(carried)
    called = bool(found.genotypes) and not found.why_not
    if blocks + loose <= 1 or not loose:
        return SlowComponents(frozenset(ways), flat, frozenset(deciding.values()), called)
    worst = min(deciding.values(), key=lambda functions: [rank(each) for each in functions])
    if not blocks:  # nothing is phased: simply the two lowest of all
        every = [function_of(name, gene.rules) for name in flat]
        assert worst == in_order([*every, reference, reference])[:copies]
    return SlowComponents(None, flat, frozenset([worst]), called)


def variants_carried(gene: SlowGene, found: Read) -> list[tuple[Carried, str]]:
    """What each copy has at each site that was read, with the phase set; the two sites of a proxy
    are one."""
    proxy = gene.definition.proxy
    both = (proxy.site, proxy.proxy) if proxy else ()
    carried = [
        (tuple(variant_at(gene, name, base) for base in alleles), found.phases[name])
        for name, alleles in found.genotypes.items()
        if name not in both
    ]
    return [*carried, *haplotype_carried(gene, found)] if proxy else carried


def variant_at(gene: SlowGene, name: str, base: str) -> str | None:
    if base in gene.sequences[gene.definition.reference][name]:
        return None
    for allele in gene.definition.alleles:
        if set(allele.cells) == {name} and allele.cells[name] == base:
            return allele.name
    return None


def haplotype_carried(gene: SlowGene, found: Read) -> list[tuple[Carried, str]]:
    """HapB3: the intronic site decides. With the exonic variant beside it, it is the haplotype,
    else the intronic variant alone; the exonic one counts only where the intronic was not read. Of
    two heterozygous sites whose phase to each other is unknown, the variants count as together."""
    proxy = gene.definition.proxy
    assert proxy is not None
    bases = {site.name: site.ref for site in gene.definition.sites}
    has = {
        name: [base != bases[name] for base in found.genotypes[name]]
        for name in (proxy.site, proxy.proxy)
        if name in found.genotypes
    }
    intronic, exonic = has.get(proxy.site), has.get(proxy.proxy)
    if intronic is None and exonic is None:
        return []
    if intronic is None:
        assert exonic is not None
        names = tuple(proxy.allele if one else None for one in exonic)
        return [(names, found.phases[proxy.proxy])]
    if exonic is None:
        names = tuple(proxy.alone if one else None for one in intronic)
        return [(names, found.phases[proxy.site])]
    phases = [found.phases[proxy.site], found.phases[proxy.proxy]]
    phase = phases[0] if len(set(intronic)) > 1 else phases[1]
    if len(set(intronic)) > 1 and len(set(exonic)) > 1 and (phases[0] != phases[1] or not phase):
        exonic = intronic
    names = tuple(
        (proxy.allele if beside else proxy.alone) if one else None
        for one, beside in zip(intronic, exonic, strict=True)
    )
    return [(names, phase)]


def phase_of(carried: Iterable[tuple[Carried, str]]) -> tuple[int, int]:
    """How many phase sets there are among what differs between the copies, and how many sites
    outside of any."""
    differing = [phase for names, phase in carried if len(set(names)) > 1]
    return len({phase for phase in differing if phase}), differing.count("")


def layings(carried: Sequence[tuple[Carried, str]], copies: int) -> set[tuple[Pair, ...]]:
    """Every way to lay the variants on the copies, phase sets whole."""
    if copies == 1:
        return {(tuple(sorted(name for names, _ in carried for name in names if name)),)}
    sets = [phase or f"site {number}" for number, (_, phase) in enumerate(carried)]
    blocks = sorted(
        {each for each, (names, _) in zip(sets, carried, strict=True) if len(set(names)) > 1}
    )
    ways = set()
    for turns in itertools.product((False, True), repeat=len(blocks)):
        turned = {block for turn, block in zip(turns, blocks, strict=True) if turn}
        strands: tuple[list[str], list[str]] = ([], [])
        for each, (names, _) in zip(sets, carried, strict=True):
            for copy, name in enumerate(names):
                if name:
                    strands[copy ^ (each in turned)].append(name)
        ways.add(tuple(sorted(tuple(sorted(strand)) for strand in strands)))
    return ways


def slow_components_could_change(gene: SlowGene, calls: Sequence[SiteCall]) -> set[str]:
    """The variants not found that an unread site would show, were it read, with another key."""
    before = slow_components(gene, calls)
    found = read(gene, calls)
    copies = max(len(alleles) for alleles in found.genotypes.values())
    changing: set[str] = set()
    for site in gene.definition.sites:
        if site.name in found.genotypes:
            continue
        for alleles in [(base, other) for base in site.alts for other in (base, site.ref)]:
            read_too = [call for call in calls if call.site != site.name]
            read_too.append(SiteCall(gene.definition.gene, site.name, alleles[:copies]))
            after = slow_components(gene, read_too)
            if component_keys(gene, after) - component_keys(gene, before):
                changing |= set(after.variants) - set(before.variants)
    return changing


def component_keys(gene: SlowGene, found: SlowComponents) -> set[str]:
    by_pair = {rule.of: rule.lookup_key for rule in gene.rules.pairs}
    return {by_pair[tuple(sorted(map(str, functions)))] for functions in found.functions}


def in_order(functions: Iterable[str | None]) -> tuple[str | None, ...]:
    return tuple(sorted(functions, key=rank))


def rank(function: str | None) -> float:
    """Lower is less function. Activity values are numbers; of the risk genes the words say it."""
    if function is None:
        return 9
    if function.startswith(("Malignant", "Increased")):  # RYR1, MT-RNR1
        return 0
    if function.startswith("Uncertain"):
        return 1
    return 2 if function.startswith("Normal") else float(function)
