"""Where the decision positions lie on both builds, and which allele of theirs a change is.

Made once, from the definitions. A change is compared by what it does to the reference sequence of
the site, so that every spelling of an insertion or deletion (anchored, right-shifted, a
duplication) is known without a genome file. Positions are 0-based, forward strand.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fhir_pgx.model.definition import GeneDefinition, Site
from fhir_pgx.model.variant import OTHER, Wanted

BUILDS = ("GRCh37", "GRCh38")
LONGEST = 64  # bases a site's reference stretch may have; none in the definitions is longer
Change = tuple[int, str, str]  # start, reference bases gone, bases put in their place


@dataclass(frozen=True, slots=True)
class Placed:
    """A site as it lies on one build: `start` there, `ref` the build's own base or allele.

    `stretch` is the reference sequence an insertion or deletion can be shifted along, `changed`
    what each allele of the site makes of it; both empty for a single base.
    """

    gene: str
    site: Site
    build: str
    start: int
    ref: str
    stretch: str = ""
    changed: Mapping[str, str] = field(default_factory=dict)

    @property
    def end(self) -> int:
        return self.start + len(self.stretch or self.ref)

    @property
    def is_substitution(self) -> bool:
        """Whether it is several bases replaced by as many: `TC` by `CT`."""
        return bool(self.stretch) and all(len(alt) == len(self.site.ref) for alt in self.site.alts)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a change, or its absence, shows at a site: the site's spelling, or `OTHER`."""

    placed: Placed
    allele: str


@dataclass(frozen=True, slots=True)
class Named:
    """What a name stands for: a site, and the allele of it where the name gives one."""

    gene: str
    site: Site
    allele: str | None


@dataclass(frozen=True, slots=True)
class _Chromosome:
    bases: Mapping[int, tuple[Placed, ...]]  # single-base sites by start
    base_starts: tuple[int, ...]
    indels: tuple[Placed, ...]  # by start
    indel_starts: tuple[int, ...]


_NOTHING = _Chromosome({}, (), (), ())


class SiteIndex:
    """All sites of all definitions, by place on either build and by name."""

    def __init__(self, definitions: Iterable[GeneDefinition]) -> None:
        placed: dict[tuple[str, str], list[Placed]] = defaultdict(list)
        self._named: dict[str, dict[str, list[Named]]] = defaultdict(lambda: defaultdict(list))
        self.sites: dict[str, dict[str, Site]] = {}
        self.chromosomes: dict[str, str] = {}  # by gene
        self._placed: dict[tuple[str, str, str], Placed] = {}
        for definition in definitions:
            self.chromosomes[definition.gene] = definition.chromosome
            own = self.sites.setdefault(definition.gene, {})
            for site in (*definition.sites, *definition.extra):
                own[site.name] = site
                for each in _placements(definition.gene, site):
                    placed[each.build, definition.chromosome].append(each)
                    self._placed[definition.gene, site.name, each.build] = each
                self._name(definition.gene, site)
        self._at = {place: _chromosome(found) for place, found in placed.items()}

    def _name(self, gene: str, site: Site) -> None:
        only = site.alts[0] if len(site.alts) == 1 else None
        for name, allele in ((site.name, only), *site.names.items()):
            self._named[name.lower()][gene].append(Named(gene, site, allele))

    def named(self, name: str, gene: str = "") -> Named | None:
        """The one site that a name (an rsID, `c.681G>A`, `p.Gln141Lys`, `clinvar:…`) stands for.

        Without a gene the name must belong to one gene alone. None where it is not known or not
        one. The allele of a name that fits several is None.
        """
        by_gene = self._named.get(name.lower(), {})
        if gene:
            found = by_gene.get(gene, [])
        elif len(by_gene) == 1:
            (found,) = by_gene.values()
        else:
            return None
        if len({each.site.name for each in found}) != 1:
            return None
        alleles = {each.allele for each in found}
        return Named(found[0].gene, found[0].site, alleles.pop() if len(alleles) == 1 else None)

    def is_name(self, name: str) -> bool:
        """Whether a name is that of a site of any gene."""
        return name.lower() in self._named

    def on(self, build: str, gene: str, site: str) -> Placed | None:
        """A site by its gene and name, as it lies on a build; None where it is not placed there."""
        return self._placed.get((gene, site, build))

    def at(self, build: str, chromosome: str, start: int) -> tuple[Placed, ...]:
        """The single-base sites at a position."""
        return self._at.get((build, chromosome), _NOTHING).bases.get(start, ())

    def within(self, build: str, chromosome: str, start: int, end: int) -> Iterator[Placed]:
        """The single-base sites in an interval, in order."""
        here = self._at.get((build, chromosome), _NOTHING)
        if end - start == 1:
            yield from here.bases.get(start, ())
            return
        low, high = bisect_left(here.base_starts, start), bisect_left(here.base_starts, end)
        for position in here.base_starts[low:high]:
            yield from here.bases[position]

    def indels_near(self, build: str, chromosome: str, start: int, end: int) -> Iterator[Placed]:
        """The insertion and deletion sites whose stretch touches an interval, ends included."""
        here = self._at.get((build, chromosome), _NOTHING)
        if not here.indels:
            return
        low = bisect_left(here.indel_starts, start - LONGEST)
        for placed in here.indels[low : bisect_right(here.indel_starts, end)]:
            if placed.start <= end and placed.end >= start:
                yield placed

    def seen(self, build: str, chromosome: str, change: Change) -> Iterator[Seen]:
        """What one copy shows where it has this change: every site it touches.

        A change of equal length speaks for each base. A deletion takes the bases it covers
        (`OTHER` at their sites, save in a gene that defines an allele by it), and is itself the
        allele of an insertion or deletion site where it does to the stretch what that allele does.
        """
        start, ref, alt = change
        end = start + len(ref)
        if len(ref) == len(alt):
            for placed in self.within(build, chromosome, start, end):
                base = alt[placed.start - start]
                yield Seen(placed, base if base in _alleles(placed) else OTHER)
            for placed in self.indels_near(build, chromosome, start, end):
                found_there = allele_of(placed, change)
                if found_there:
                    yield Seen(placed, found_there)
            return
        start, ref, alt = trimmed(change)
        found = []
        for placed in self.indels_near(build, chromosome, start, start + len(ref)):
            allele = allele_of(placed, (start, ref, alt))
            if allele:
                found.append(Seen(placed, allele))
            if allele and allele != OTHER:
                # Which bases of a repeat are gone is a matter of spelling: the definition's counts.
                start, ref, alt = trimmed((placed.start, placed.site.ref, allele))
        # An allele that a deletion defines has no cell of its own for the bases it takes away.
        defined = {each.placed.gene for each in found if each.allele != OTHER}
        for placed in self.within(build, chromosome, start, start + len(ref)):
            if placed.gene not in defined:
                yield Seen(placed, OTHER)
        yield from found

    def taken_away(self, build: str, chromosome: str, change: Change) -> Iterator[Placed]:
        """The single-base sites within a deletion that is itself an allele of their gene."""
        start, ref, alt = trimmed(change)
        end = start + len(ref)
        defined = {
            placed.gene
            for placed in self.indels_near(build, chromosome, start, end)
            if allele_of(placed, (start, ref, alt)) in placed.site.alts
        }
        if defined:
            yield from (p for p in self.within(build, chromosome, start, end) if p.gene in defined)

    def wanted(self, accessions: Mapping[str, tuple[str, str]]) -> Wanted:
        """Which lines of a VCF can speak of a site; `accessions` as in the Vocabulary."""
        spans: dict[str, set[tuple[int, int]]] = defaultdict(set)
        for (_, chromosome), here in self._at.items():
            spans[chromosome] |= {(start, start + 1) for start in here.base_starts}
            spans[chromosome] |= {(placed.start, placed.end) for placed in here.indels}
        spellings: dict[str, str] = {}
        for accession, (_, chromosome) in accessions.items():
            for name in _spellings(accession, chromosome):
                spellings[name] = chromosome
        return Wanted(spellings, {name: tuple(sorted(found)) for name, found in spans.items()})


def _spellings(accession: str, chromosome: str) -> tuple[str, ...]:
    names = [accession, chromosome, f"chr{chromosome}", f"Chr{chromosome}", f"CHR{chromosome}"]
    numbers = {"X": "23", "Y": "24"}
    if chromosome in numbers:
        names += [numbers[chromosome], f"chr{numbers[chromosome]}"]
    if chromosome == "MT":
        names += ["M", "chrM", "chrMT"]
    return tuple(names)


def _alleles(placed: Placed) -> tuple[str, ...]:
    return (placed.site.ref, *placed.site.alts)


def _placements(gene: str, site: Site) -> Iterator[Placed]:
    is_indel = any(len(allele) != 1 for allele in (site.ref, *site.alts))
    stretch = (site.context or site.ref) if is_indel else ""
    alleles = (site.ref, *site.alts)
    changed = {each: each + stretch[len(site.ref) :] for each in alleles} if is_indel else {}
    yield Placed(gene, site, "GRCh38", site.start, site.ref, stretch, changed)
    if site.start37 is not None:
        ref = site.ref37 or site.ref
        yield Placed(gene, site, "GRCh37", site.start37, ref, stretch, changed)


def _chromosome(placed: Iterable[Placed]) -> _Chromosome:
    bases: dict[int, list[Placed]] = defaultdict(list)
    indels = []
    for each in placed:
        if each.stretch:
            indels.append(each)
        else:
            bases[each.start].append(each)
    indels.sort(key=lambda each: each.start)
    return _Chromosome(
        {start: tuple(found) for start, found in bases.items()},
        tuple(sorted(bases)),
        tuple(indels),
        tuple(each.start for each in indels),
    )


def trimmed(change: Change) -> Change:
    """The change without the bases that both alleles share: first at the end, then in front."""
    start, ref, alt = change
    # Counted, and cut once: a copy for each base would take seconds for alleles that fill a body.
    behind, most = 0, min(len(ref), len(alt))
    while behind < most and ref[-1 - behind] == alt[-1 - behind]:
        behind += 1
    ref, alt = ref[: len(ref) - behind], alt[: len(alt) - behind]
    shared = 0
    while shared < most - behind and ref[shared] == alt[shared]:
        shared += 1
    return start + shared, ref[shared:], alt[shared:]


def allele_of(placed: Placed, change: Change) -> str:
    """The allele of an insertion or deletion site that a trimmed change makes.

    `OTHER` where it changes the site's stretch in a way that no allele does; empty where it lies
    beside the stretch, or replaces bases within it without changing its length.
    """
    start, ref, alt = change
    offset = start - placed.start
    if len(ref) == len(alt) and not placed.is_substitution:
        return ""
    if offset < 0 or offset + len(ref) > len(placed.stretch):
        covers = offset < len(placed.stretch) and offset + len(ref) > 0
        return OTHER if covers else ""
    if placed.stretch[offset : offset + len(ref)] != ref:
        return OTHER
    made = placed.stretch[:offset] + alt + placed.stretch[offset + len(ref) :]
    for allele, sequence in placed.changed.items():
        if made == sequence:
            return allele
    # What is put in before the first base of the stretch lies beside it.
    return OTHER if offset > 0 or ref else ""
