"""What is worked out once for each gene, so that a call is a few operations on bits.

Every set of alleles is an integer with one bit for each allele of the definition, in its order;
every set of sites one with a bit for each site.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from fhir_pgx.genotype.order import places
from fhir_pgx.model.definition import GeneDefinition, Site
from fhir_pgx.model.function_pairs import function_of, standard_name, unknown_key
from fhir_pgx.model.knowledge import GeneRules

# IUPAC nucleotide codes (NC-IUB 1984).
CODES = {
    "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip

_Label = TypeVar("_Label", str, str | None)
Values = dict[str, frozenset[str]]  # what one allele may have at the sites of its cells


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site: its bit, and for each value that can be read there the alleles that may have it."""

    bit: int
    ref: str
    ref37: str  # GRCh37's own base
    plain: tuple[str, str]  # the reference's base on both copies
    fits: dict[str, int]


@dataclass(frozen=True, slots=True)
class FunctionClass:
    """The alleles that a gene's pair rules cannot tell apart; `of` is None for no function."""

    of: str | None
    alleles: int


@dataclass(frozen=True, slots=True)
class CallTable:
    """A gene's definition and rules, made ready for calling.

    Of each allele, in the definition's order: `shown` is the name reported; `cells` the sites that
    count when it is scored; `defining` those that tell it from the reference, `telling` those that
    tell it from each of the alleles defined at every site (`whole`). `named` has the alleles
    behind each reported name, `standard` those behind each name of the allele functions. Of a
    reported name, `labels` has the function as the pair rules know it, `place` where it stands in a
    written diplotype. `components` says which variant a value at a site is, in a gene called by
    components.
    """

    definition: GeneDefinition
    rules: GeneRules
    rows: dict[str, SiteRow]
    sites: tuple[str, ...]
    every_site: int
    everyone: int
    whole: int
    shown: tuple[str, ...]
    cells: tuple[int, ...]
    defining: tuple[int, ...]
    telling: tuple[tuple[int, ...], ...]
    named: dict[str, int]
    standard: dict[str, int]
    labels: dict[str, str | None]
    classes: tuple[FunctionClass, ...]
    keys: dict[tuple[str, ...], str]
    no_key: str | None
    place: Mapping[str, int]
    components: dict[tuple[str, str], str]

    @property
    def gene(self) -> str:
        return self.definition.gene

    def key(self, *functions: str | None) -> str | None:
        """The guideline key of one or two functions (`labels`); None in a gene without rules."""
        known = [function for function in functions if function is not None]
        if len(known) < len(functions):
            return self.no_key
        return self.keys.get(tuple(sorted(known)), self.no_key)

    def key_of(self, names: Iterable[str]) -> str | None:
        """The guideline key of one or two reported alleles."""
        return self.key(*(self.labels.get(name) for name in names))


def build_table(definition: GeneDefinition, rules: GeneRules) -> CallTable:
    """The table of one gene; made once, at start. The first allele is the reference."""
    values = _values(definition)
    fits = _fits(definition, values)
    whole = [i for i, allele in enumerate(definition.alleles) if allele.is_whole or i == 0]
    rows = {
        site.name: SiteRow(1 << i, site.ref, site.ref37, (site.ref,) * 2, fits[site.name])
        for i, site in enumerate(definition.sites)
    }
    every_site = (1 << len(rows)) - 1
    telling = tuple(tuple(_apart(own, values[i], rows) for i in whole) for own in values)
    shown = tuple(definition.core.get(each.name, each.name) for each in definition.alleles)
    labels = _labels(shown, rules)
    return CallTable(
        definition=definition,
        rules=rules,
        rows=rows,
        sites=tuple(rows),
        every_site=every_site,
        everyone=(1 << len(values)) - 1,
        whole=sum(1 << i for i in whole),
        shown=shown,
        cells=tuple(
            every_site if i in whole else sum(rows[site].bit for site in allele.cells)
            for i, allele in enumerate(definition.alleles)
        ),
        defining=tuple(sites[0] for sites in telling),
        telling=telling,
        named=_grouped(shown),
        standard=_grouped([standard_name(name, rules) for name in shown]),
        labels=labels,
        classes=tuple(
            FunctionClass(of, alleles)
            for of, alleles in _grouped([labels[name] for name in shown]).items()
        ),
        keys={rule.of: rule.lookup_key for rule in rules.pairs},
        no_key=unknown_key(rules),
        place=places(rules, shown),
        components=_components(definition),
    )


def _values(definition: GeneDefinition) -> list[Values]:
    """What each allele's own cells allow; at every other site it has the reference's base, also
    where the reference allele itself may have several (CYP2D6 *1)."""
    sites = {site.name: site for site in definition.sites}
    return [
        {name: _bases(cell, sites[name]) for name, cell in allele.cells.items()}
        for allele in definition.alleles
    ]


def _bases(cell: str, site: Site) -> frozenset[str]:
    if cell == site.ref or cell in site.alts:
        return frozenset((cell,))
    return frozenset(CODES[cell]).intersection((site.ref, *site.alts))


def _fits(definition: GeneDefinition, values: list[Values]) -> dict[str, dict[str, int]]:
    """The alleles that may have each value, by site."""
    everyone = (1 << len(values)) - 1
    found = {
        site.name: {site.ref: everyone} | dict.fromkeys(site.alts, 0) for site in definition.sites
    }
    for i, own in enumerate(values):
        for site, bases in own.items():
            for value, alleles in found[site].items():
                found[site][value] = alleles | 1 << i if value in bases else alleles & ~(1 << i)
    return found


def _apart(one: Values, other: Values, rows: Mapping[str, SiteRow]) -> int:
    """The sites at which two alleles can have no value in common."""
    apart = 0
    for site in one.keys() | other.keys():
        plain = (rows[site].ref,)
        if not set(one.get(site, plain)) & set(other.get(site, plain)):
            apart |= rows[site].bit
    return apart


def _labels(names: Iterable[str], rules: GeneRules) -> dict[str, str | None]:
    """Each allele's function; its own name in a gene whose rules go by names (IFNL3)."""
    by_name = {name for rule in rules.pairs for name in rule.of}.intersection(rules.alleles)
    standard = {name: standard_name(name, rules) for name in names}
    return {
        name: known if known in by_name else function_of(known, rules)
        for name, known in standard.items()
    }


def _grouped(labels: Iterable[_Label]) -> dict[_Label, int]:
    found: dict[_Label, int] = {}
    for i, label in enumerate(labels):
        found[label] = found.get(label, 0) | 1 << i
    return found


def _components(definition: GeneDefinition) -> dict[tuple[str, str], str]:
    """The variant that a value at a site is. The haplotype of a proxy has two cells and is not
    here: see `components`."""
    if definition.method != "components":
        return {}
    return {
        cell: allele.name
        for allele in definition.alleles[1:]
        if len(allele.cells) == 1
        for cell in allele.cells.items()
    }


def members(bits: int) -> Iterator[int]:
    """The places of what a set holds, in the definition's order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
