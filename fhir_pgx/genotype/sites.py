"""The calls of one gene, sorted: what each decision position says, and what it does not say.

A position is read where both copies are known. One that is absent from the data is missing; one
that was looked at without a whole answer is a no call. Neither is ever the reference.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from fhir_pgx.genotype.table import CallTable, SiteRow
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.variant import UNREAD, SiteCall

SHOWN = 8  # names in one sentence
GRCH37 = "GRCh37"

_SAID = {
    "PGX-615": "One {gene} allele is stated; it was read as the only copy, because the patient is "
    "recorded as male.",
    "PGX-630": "{gene} has a base at {sites} that no allele of our tables has; it was counted as "
    "the reference.",
    "PGX-631": "{gene} has a base at {sites} that no allele of our tables has; no full genotype "
    "follows.",
    "PGX-632": "{gene} has a variant at {sites} on one copy, and the other was not read; no full "
    "genotype follows.",
    "PGX-633": "{gene} has a variant at {sites}; whether on one copy or on both is not stated, so "
    "no full genotype follows.",
    "PGX-634": "{gene} was read as one copy at {sites}, and elsewhere as two that differ; no "
    "genotype follows.",
    "PGX-635": "{gene} lies on the X chromosome and shows {shows} at {sites}, but the patient is "
    "recorded as {sex}.",
    "PGX-636": "{gene} shows two alleles at {sites} (heteroplasmy: in a part of the mitochondria); "
    "the variant was counted as present.",
    "PGX-637": "{gene} has more than two alleles at {sites}; the first two were used.",
}


@dataclass(frozen=True, slots=True)
class SitesRead:
    """What the calls of one gene say.

    `pairs` are the sites read: the value on the first and the second copy, the same value twice
    where there is one copy. `phase` has the phase set of heterozygous ones. `seen` are values that
    at least one copy has, where no more is known. `stops` says that no diplotype may follow.
    """

    copies: int
    pairs: dict[str, tuple[str, str]]
    phase: dict[str, str]
    seen: dict[str, tuple[str, ...]]
    missing: tuple[str, ...]
    no_call: tuple[str, ...]
    stops: bool
    caveats: tuple[Caveat, ...]


@dataclass(slots=True)
class _Sorting:
    """What one pass over the calls gathers; becomes a SitesRead."""

    table: CallTable
    sex: str
    pairs: dict[str, tuple[str, str]] = field(default_factory=dict)
    single: dict[str, str] = field(default_factory=dict)  # the value of an only copy
    phase: dict[str, str] = field(default_factory=dict)
    seen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    no_call: dict[str, None] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)  # has a base that no allele has
    half: list[str] = field(default_factory=list)
    unstated: list[str] = field(default_factory=list)  # how many copies is not stated
    only: list[str] = field(default_factory=list)
    many: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)  # heteroplasmic
    told: dict[Caveat, None] = field(default_factory=dict)


def read_sites(table: CallTable, calls: Iterable[SiteCall], *, sex: str = "") -> SitesRead:
    """The calls of one gene and source, sorted by what they say. Extra sites are passed over."""
    found = _Sorting(table, sex)
    called = set()
    for call in calls:
        row = table.rows.get(call.site)
        if row is None:
            continue
        called.add(call.site)
        for caveat in call.caveats:
            found.told[caveat] = None
        if call.alleles == row.plain and call.zygosity_known:
            found.pairs[call.site] = row.plain
        else:
            _sort_call(call, row, found)
    copies, fits = _settle_copies(found)
    missing = tuple(name for name in table.rows if name not in called)
    stops = bool(
        found.half
        or found.unstated
        or not fits
        or (found.unknown and not table.definition.unknown_as_reference)
    )
    return SitesRead(
        copies,
        found.pairs,
        found.phase,
        found.seen,
        missing,
        _in_order(table, found.no_call),
        stops,
        (*found.told, *_caveats(found, copies, fits)),
    )


def with_reference(table: CallTable, read: SitesRead, build: str) -> SitesRead:
    """The sites with every missing one taken as the reference's base of the source's build.

    A site whose proxy shows a variant stays missing (DPYD HapB3): the data speak against it.
    """
    proxy = table.definition.proxy
    withheld = {proxy.site} if proxy and _shows_variant(table, read, proxy.proxy) else set()
    taken = [name for name in read.missing if name not in withheld]
    if not taken:
        return read
    pairs = dict(read.pairs)
    for name in taken:
        row = table.rows[name]
        base = row.ref37 if build == GRCH37 and row.ref37 else row.ref
        pairs[name] = (base, base)
    caveat = Caveat(
        "PGX-638",
        f"{_count(taken, 'position')} of {table.gene} not in the data "
        f"{'was' if len(taken) == 1 else 'were'} taken as reference, as asked.",
    )
    return replace(
        read,
        pairs=pairs,
        missing=tuple(name for name in read.missing if name in withheld),
        caveats=(*read.caveats, caveat),
    )


def _shows_variant(table: CallTable, read: SitesRead, site: str) -> bool:
    values = (*read.pairs.get(site, ()), *read.seen.get(site, ()))
    return any(value != table.rows[site].ref for value in values)


def _sort_call(call: SiteCall, row: SiteRow, found: _Sorting) -> None:
    """One call that is more than the reference on both copies."""
    values = call.alleles
    if call.zygosity_known and len(values) > 2:
        found.many.append(call.site)
        values = values[:2]
    if any(value not in row.fits and value != UNREAD for value in values):
        found.unknown.append(call.site)
        # A base that no allele has is the reference's in some genes (pgx reference, 4.1).
        instead = row.ref if found.table.definition.unknown_as_reference else UNREAD
        values = tuple(
            value if value in row.fits or value == UNREAD else instead for value in values
        )
        if instead == UNREAD:
            _sort_unknown(call.site, values, found)
            return
    copies = found.table.rules.copies
    if copies == (1,):
        _sort_haploid(call.site, values, row, found)
    elif not call.zygosity_known:
        _sort_unstated(call.site, values, row, found)
    elif UNREAD in values or not values or (len(values) == 1 and 1 not in copies):
        _sort_half(call.site, values, row, found)
    elif len(values) == 1:
        found.single[call.site] = values[0]
    else:
        first, second = values
        found.pairs[call.site] = (first, second)
        if first != second and call.phase:
            found.phase[call.site] = call.phase


def _sort_unknown(site: str, values: Sequence[str], found: _Sorting) -> None:
    found.no_call[site] = None
    known = tuple(value for value in values if value != UNREAD)
    if known:
        found.seen[site] = known


def _sort_haploid(site: str, values: Sequence[str], row: SiteRow, found: _Sorting) -> None:
    """A gene that everybody has once, in many copies alike: two values are two kinds of copy."""
    known = list(dict.fromkeys(value for value in values if value != UNREAD))
    variants = [value for value in known if value != row.ref]
    if not known or (not variants and UNREAD in values):
        found.no_call[site] = None
        return
    if len(known) > 1:
        found.mixed.append(site)
    carried = variants or known
    found.pairs[site] = (carried[0], carried[-1])


def _sort_unstated(site: str, values: Sequence[str], row: SiteRow, found: _Sorting) -> None:
    """Alleles that were seen, nobody says how often."""
    known = tuple(dict.fromkeys(value for value in values if value != UNREAD))
    if len(known) == 1 and found.sex == "male" and 1 in found.table.rules.copies:
        found.only.append(site)
        found.single[site] = known[0]
    elif all(value == row.ref for value in known):
        # The reference on one copy says nothing of the other.
        found.no_call[site] = None
    else:
        found.unstated.append(site)
        found.seen[site] = known


def _sort_half(site: str, values: Sequence[str], row: SiteRow, found: _Sorting) -> None:
    """One copy of two: a reference is no answer, a variant is there whatever the other is."""
    found.no_call[site] = None
    variants = tuple(value for value in values if value not in (UNREAD, row.ref))
    if variants:
        found.half.append(site)
        found.seen[site] = variants


def _settle_copies(found: _Sorting) -> tuple[int, bool]:
    """How many copies there are, and whether the sites agree on it (X, MT).

    Callers often write a man's homozygous pair where there is one copy; two different alleles
    beside a single one fit nobody.
    """
    if found.table.rules.copies == (1,):
        return 1, True
    if not found.single:
        return 2, True
    if any(first != second for first, second in found.pairs.values()):
        found.seen.update((site, (value,)) for site, value in found.single.items())
        return 2, False
    found.pairs.update((site, (value, value)) for site, value in found.single.items())
    return 1, True


def _caveats(found: _Sorting, copies: int, fits: bool) -> list[Caveat]:
    unknown = "PGX-630" if found.table.definition.unknown_as_reference else "PGX-631"
    odd, shows = _against_sex(found, copies)
    said = [
        (unknown, found.unknown),
        ("PGX-632", found.half),
        ("PGX-633", found.unstated),
        ("PGX-634", [] if fits else list(found.single)),
        ("PGX-615", found.only),
        ("PGX-635", odd),
        ("PGX-636", found.mixed),
        ("PGX-637", found.many),
    ]
    return [
        Caveat(
            code,
            _SAID[code].format(
                gene=found.table.gene,
                sites=listed(_in_order(found.table, sites)),
                sex=found.sex,
                shows=shows,
            ),
        )
        for code, sites in said
        if sites
    ]


def _against_sex(found: _Sorting, copies: int) -> tuple[list[str], str]:
    """Where a gene on the X chromosome does not fit the sex on record, and how. The call stands:
    it may be XXY, a caller's habit, or the record."""
    if found.table.rules.copies != (1, 2):
        return [], ""
    if found.sex == "male":
        pairs = found.pairs.items()
        return [site for site, (first, second) in pairs if first != second], "two alleles"
    return (list(found.single) if found.sex == "female" and copies == 1 else []), "one copy"


def _in_order(table: CallTable, sites: Iterable[str]) -> tuple[str, ...]:
    """Sites in the definition's order, whatever order the data had."""
    return tuple(sorted(sites, key=lambda site: table.rows[site].bit))


def listed(names: Sequence[str]) -> str:
    """Names for a sentence; the first few where they are many."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
