"""VCF records → SiteCalls: what each sample carries at the decision positions.

A record speaks for a single-base site only where it is about single bases there; a record of an
insertion or deletion speaks for a site of that kind. A block of reference bases says nothing of
insertions and deletions within it. Several records of one site (a split multi-allelic line) are
joined where they can be true together; else the first one counts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from fhir_pgx.model.finding import Caveat, NotUnderstood
from fhir_pgx.model.variant import OTHER, UNREAD, SiteCall, VcfContent, VcfRecord
from fhir_pgx.normalize.build import builds_of
from fhir_pgx.normalize.sites import Placed, SiteIndex, allele_of, trimmed

_BASES = re.compile(r"[ACGTN]+")
NO_VARIANT = frozenset((".", "<NON_REF>", "<*>", "<X>", ""))
PASSED = frozenset(("PASS", ".", ""))
Key = tuple[str, str]  # gene, site


@dataclass(frozen=True, slots=True)
class SampleSites:
    """One sample's calls, in the order of the file; `by_gene` holds the same."""

    sample: str
    by_gene: Mapping[str, tuple[SiteCall, ...]]


@dataclass(frozen=True, slots=True)
class VcfSites:
    """What a VCF says of the decision positions; `builds` names the builds that were read.

    `caveats` concern the whole file, `gene_caveats` what kept a gene's sites from being read.
    """

    samples: tuple[SampleSites, ...]
    builds: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    gene_caveats: Mapping[str, tuple[Caveat, ...]] = field(default_factory=dict)
    not_understood: tuple[NotUnderstood, ...] = ()


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A site that a record speaks of, and the site's allele for each allele number of the GT.

    `is_indirect`: a deletion over the site, which takes the base of a copy whatever another record
    says of it. `is_block`: of a block of reference bases, which gives way to a record of the site.
    """

    placed: Placed
    alleles: tuple[str, ...]
    is_indirect: bool = False
    is_block: bool = False
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class _Genotype:
    """A GT as allele numbers, None for a copy without one; `phase` as in SiteCall."""

    numbers: tuple[int | None, ...]
    phase: str


@dataclass(slots=True)
class _Harvest:
    content: VcfContent
    calls: list[dict[Key, SiteCall]]  # by sample
    indirect: set[tuple[int, Key]] = field(default_factory=set)
    blocks: set[tuple[int, Key]] = field(default_factory=set)
    unusable: dict[Key, VcfRecord] = field(default_factory=dict)  # looked at, and not to be used
    alts: dict[Key, set[str]] = field(default_factory=dict)  # what records of a site looked for
    gene_caveats: dict[str, dict[Caveat, None]] = field(default_factory=dict)
    taken: set[Key] = field(default_factory=set)  # sites within a deletion that is an allele
    failed: dict[str, dict[str, str]] = field(default_factory=dict)  # gene, site: FILTER
    not_understood: list[NotUnderstood] = field(default_factory=list)

    def note(self, gene: str, code: str, text: str) -> None:
        self.gene_caveats.setdefault(gene, {})[Caveat(code, text)] = None

    def missed(self, record: VcfRecord, reason: str) -> None:
        self.not_understood.append(NotUnderstood(self.content.name, reason, where(record)))


def where(record: VcfRecord) -> str:
    return f"line {record.line}" if record.line else f"{record.contig}:{record.start + 1}"


def read_vcf_sites(
    content: VcfContent,
    index: SiteIndex,
    accessions: Mapping[str, tuple[str, str]],
    lengths: Mapping[str, int],
) -> VcfSites:
    """The calls of every sample. Raises nothing: what cannot be used is listed.
    `accessions` (build and chromosome) and `lengths` are the Vocabulary's, by RefSeq accession.
    """
    builds = builds_of(content, index, accessions, lengths)
    harvest = _Harvest(content, [{} for _ in content.samples])
    for contig, reason in builds.why_not.items():
        harvest.not_understood.append(NotUnderstood(content.name, reason, contig))
    for record in content.records:
        build = builds.of.get(record.contig)
        if build:
            _read_record(record, build, index, harvest)
    _leave_unread(harvest)
    for gene, sites in harvest.failed.items():
        harvest.note(gene, "PGX-533", _filter_text(sites))
    samples = tuple(
        SampleSites(sample, _by_gene(calls))
        for sample, calls in zip(content.samples, harvest.calls, strict=True)
    )
    used = {
        builds.of[each.contig]
        for each in content.records
        if each.contig in builds.of and each.chromosome != "MT"
    }
    return VcfSites(
        samples,
        tuple(sorted(used)),
        builds.caveats,
        {gene: tuple(found) for gene, found in harvest.gene_caveats.items()},
        (*content.not_understood, *harvest.not_understood),
    )


def _leave_unread(harvest: _Harvest) -> None:
    """A position whose only lines could not be used was looked at all the same: it is no answer,
    and never a position that nobody tested."""
    for (gene, site), record in harvest.unusable.items():
        for calls in harvest.calls:
            if (gene, site) not in calls:
                calls[gene, site] = SiteCall(
                    gene,
                    site,
                    (UNREAD, UNREAD),
                    reference=harvest.content.name,
                    where=where(record),
                )


def _by_gene(calls: Mapping[Key, SiteCall]) -> dict[str, tuple[SiteCall, ...]]:
    found: dict[str, list[SiteCall]] = {}
    for (gene, _), call in calls.items():
        found.setdefault(gene, []).append(call)
    return {gene: tuple(each) for gene, each in found.items()}


def _read_record(record: VcfRecord, build: str, index: SiteIndex, harvest: _Harvest) -> None:
    if not _BASES.fullmatch(record.ref):
        harvest.missed(record, "the reference allele is not bases")
        return
    spoken = list(_spoken(record, build, index, harvest))
    if not spoken:
        return
    read = [
        _genotype(genotype, phase_set, record.chromosome)
        for genotype, phase_set in zip(record.genotypes, record.phase_sets, strict=True)
    ]
    for each in spoken:
        key = (each.placed.gene, each.placed.site.name)
        looked_for = harvest.alts.setdefault(key, set())
        is_split = bool(looked_for) and looked_for.isdisjoint(record.alts)
        made: dict[_Genotype, SiteCall] = {}  # most of many samples have the same
        for i, genotype in enumerate(read):
            if each.is_indirect and not any(genotype.numbers):
                continue  # nobody's deletion, or one that was not looked at
            call = made.get(genotype)
            if call is None:
                call = _call(each, genotype, build, harvest.content.name, record)
                made[genotype] = call
            _add(call, each, i, is_split, harvest)
        if not each.is_indirect:
            looked_for.update(record.alts)
        if record.filters not in PASSED:
            harvest.failed.setdefault(key[0], {})[key[1]] = record.filters[:60]


def _spoken(
    record: VcfRecord, build: str, index: SiteIndex, harvest: _Harvest
) -> Iterator[_Spoken]:
    if any(_is_structural(alt) for alt in record.alts):
        yield from _of_structural(record, build, index)
    elif record.end is not None and all(alt in NO_VARIANT for alt in record.alts):
        yield from _of_block(record, build, index, harvest)
    else:
        yield from _of_bases(record, build, index, harvest)
        yield from _of_indels(record, build, index, harvest)


def _is_structural(alt: str) -> bool:
    """A symbolic allele or a breakend, single ones (`A.`, `.A`) too."""
    return alt not in NO_VARIANT and not alt.isalpha() and alt != "*"


def _of_structural(record: VcfRecord, build: str, index: SiteIndex) -> Iterator[_Spoken]:
    """The sites under a structural variant: a copy that carries it is not read there."""
    end = max(record.end or 0, record.start + len(record.ref))
    kinds = ", ".join(alt for alt in record.alts if _is_structural(alt))[:60]
    under = [
        *index.within(build, record.chromosome, record.start + 1, end),
        *index.indels_near(build, record.chromosome, record.start + 1, end),
    ]
    for placed in under:
        text = (
            f"A structural variant ({kinds}, {where(record)}) lies over {placed.gene}; structural "
            "variants are not called here, and results under one may be wrong."
        )
        alleles = (placed.ref, *(UNREAD,) * len(record.alts))
        yield _Spoken(placed, alleles, is_indirect=True, caveats=(Caveat("PGX-535", text),))


def _of_block(
    record: VcfRecord, build: str, index: SiteIndex, harvest: _Harvest
) -> Iterator[_Spoken]:
    """The single-base sites in a block of reference bases."""
    end = max(record.end or 0, record.start + 1)
    for placed in index.within(build, record.chromosome, record.start, end):
        if placed.start == record.start and placed.ref != record.ref[0]:
            _mismatch(record, build, placed, harvest)
        else:
            alleles = (placed.ref, *(OTHER,) * len(record.alts))
            yield _Spoken(placed, alleles, is_block=True)
    for placed in index.indels_near(build, record.chromosome, record.start + 1, end - 1):
        text = (
            f"{placed.site.name} lies in a block of reference bases, which does not show that an "
            "insertion or deletion is absent: it counts as not tested."
        )
        harvest.note(placed.gene, "PGX-534", text)


def _of_bases(
    record: VcfRecord, build: str, index: SiteIndex, harvest: _Harvest
) -> Iterator[_Spoken]:
    """The single-base sites that a record of bases covers."""
    start, ref = record.start, record.ref
    variants = [alt for alt in record.alts if alt not in NO_VARIANT and alt != "*"]
    is_direct = not variants or any(len(alt) == len(ref) for alt in variants)
    for alt in variants if len(ref) > 1 else ():
        if len(alt) < len(ref):
            taken = index.taken_away(build, record.chromosome, (start, ref, alt))
            harvest.taken.update((each.gene, each.site.name) for each in taken)
    for placed in index.within(build, record.chromosome, start, start + len(ref)):
        if ref[placed.start - start] != placed.ref:
            _mismatch(record, build, placed, harvest)
            continue
        is_taken = (placed.gene, placed.site.name) in harvest.taken
        alleles = [_base(placed, start, ref, alt, is_taken=is_taken) for alt in record.alts]
        yield _Spoken(placed, (placed.ref, *alleles), not is_direct)


def _base(placed: Placed, start: int, ref: str, alt: str, *, is_taken: bool) -> str:
    """The base of a site where a copy has `alt`; `OTHER` where it has none that we know.

    A base that an allele's own deletion takes away counts as the reference's, as the allele's
    definition has it.
    """
    if alt == "*" and is_taken:
        return placed.ref
    if alt in NO_VARIANT or alt == "*":
        return OTHER
    if len(alt) == len(ref):
        base = alt[placed.start - start]
        return base if base == placed.site.ref or base in placed.site.alts else OTHER
    at, gone, _ = trimmed((start, ref, alt))
    is_gone = at <= placed.start < at + len(gone)
    return OTHER if is_gone and not is_taken else placed.ref


def _of_indels(
    record: VcfRecord, build: str, index: SiteIndex, harvest: _Harvest
) -> Iterator[_Spoken]:
    """The insertion and deletion sites that a record is about."""
    start, ref = record.start, record.ref
    for placed in index.indels_near(build, record.chromosome, start, start + len(ref)):
        if not _is_about(record, placed):
            continue
        if not _agrees(record, placed):
            _mismatch(record, build, placed, harvest)
            continue
        alleles = [_indel(placed, start, ref, alt) for alt in record.alts]
        yield _Spoken(placed, (placed.ref, *alleles))


def _is_about(record: VcfRecord, placed: Placed) -> bool:
    if record.start == placed.start and (
        (len(record.ref) > 1 and record.ref == placed.ref) or record.name == placed.site.name
    ):
        return True
    return any(
        bool(_BASES.fullmatch(alt))
        and len(alt) != len(record.ref)
        and allele_of(placed, trimmed((record.start, record.ref, alt))) != ""
        for alt in record.alts
    )


def _agrees(record: VcfRecord, placed: Placed) -> bool:
    """Whether the record's reference bases are those of the site's stretch, where both lie."""
    low = max(record.start, placed.start)
    high = min(record.start + len(record.ref), placed.end)
    ours = placed.stretch[low - placed.start : high - placed.start]
    return record.ref[low - record.start : high - record.start] == ours


def _indel(placed: Placed, start: int, ref: str, alt: str) -> str:
    if alt in NO_VARIANT or alt == "*":
        return OTHER
    return allele_of(placed, trimmed((start, ref, alt))) or placed.ref


def _filter_text(sites: Mapping[str, str]) -> str:
    names = ", ".join(list(sites)[:5]) + (", …" if len(sites) > 5 else "")
    filters = ", ".join(dict.fromkeys(sites.values()))[:100]
    count = "1 position" if len(sites) == 1 else f"{len(sites)} positions"
    return (
        f"{count} ({names}) did not pass a filter of the laboratory ({filters}); the genotypes "
        "were used all the same."
    )


def _mismatch(record: VcfRecord, build: str, placed: Placed, harvest: _Harvest) -> None:
    site = placed.site.name
    reason = f"REF is {record.ref[:20]}, but {build} has {placed.ref} at {site}"
    harvest.missed(record, reason)
    harvest.unusable[placed.gene, site] = record
    text = f"{site} was not used: its reference base in the VCF is not that of {build}."
    harvest.note(placed.gene, "PGX-532", text)


@lru_cache(maxsize=1024)
def _genotype(text: str, phase_set: str, chromosome: str) -> _Genotype:
    """A GT that the reader has checked. Phase without a set holds over the whole contig."""
    plain = text.lstrip("/|")  # VCF 4.4 may state the phase of the first allele too
    parts = plain.replace("|", "/").split("/")
    numbers = tuple(None if part == "." else int(part) for part in parts)
    if "|" not in plain:
        return _Genotype(numbers, "")
    named = phase_set if phase_set not in ("", ".") else "whole"
    return _Genotype(numbers, f"{chromosome}:{named}")


def _call(
    spoken: _Spoken, genotype: _Genotype, build: str, reference: str, record: VcfRecord
) -> SiteCall:
    alleles = tuple(
        UNREAD if number is None else spoken.alleles[number] for number in genotype.numbers
    )
    unknown = _unknown_changes(genotype, alleles, record) if OTHER in alleles else ()
    return SiteCall(
        spoken.placed.gene,
        spoken.placed.site.name,
        alleles,
        genotype.phase if len(alleles) > 1 else "",
        build=build,
        reference=reference,
        where=where(record),
        caveats=spoken.caveats,
        unknown=unknown,
    )


def _unknown_changes(
    genotype: _Genotype, alleles: tuple[str, ...], record: VcfRecord
) -> tuple[tuple[int, str, str], ...]:
    """What the record has for copies that show none of a site's bases, where it says bases."""
    found = {
        record.alts[number - 1]
        for number, allele in zip(genotype.numbers, alleles, strict=True)
        if allele == OTHER and number
    }
    if not all(_BASES.fullmatch(alt) for alt in found):
        return ()
    return tuple((record.start, record.ref, alt) for alt in sorted(found))


def _add(call: SiteCall, spoken: _Spoken, sample: int, is_split: bool, harvest: _Harvest) -> None:
    key = (call.gene, call.site)
    calls = harvest.calls[sample]
    prior = calls.get(key)
    if spoken.is_indirect:
        if prior is None and any(allele != spoken.placed.ref for allele in call.alleles):
            calls[key] = call
            harvest.indirect.add((sample, key))
        elif prior is not None:
            calls[key] = _under(prior, call, spoken.placed.ref)
        return
    if prior is None:
        calls[key] = call
        if spoken.is_block:
            harvest.blocks.add((sample, key))
        return
    if (sample, key) in harvest.indirect:
        calls[key] = _under(call, prior, spoken.placed.ref)
        harvest.indirect.discard((sample, key))
        return
    if (sample, key) in harvest.blocks or spoken.is_block:
        if not spoken.is_block:
            calls[key] = call
            harvest.blocks.discard((sample, key))
        return
    joined = _joined(prior, call, spoken.placed.ref) if is_split else None
    if joined is not None:
        calls[key] = joined
    elif sorted(prior.alleles) != sorted(call.alleles):
        text = f"{call.site} stands twice in the VCF with different genotypes; the first was used."
        if all(caveat.text != text for caveat in prior.caveats):
            calls[key] = replace(prior, caveats=(*prior.caveats, Caveat("PGX-536", text)))


def _under(call: SiteCall, deletion: SiteCall, ref: str) -> SiteCall:
    """A site's own record under a deletion that the sample carries: as many copies as carry it are
    not what the record says, which was made without it."""
    taken = [allele for allele in deletion.alleles if allele not in (ref,)]
    if any(allele in (UNREAD, OTHER) for allele in call.alleles):
        taken = []  # the record knows of it (`*`)
    kept = call.alleles[: max(0, len(call.alleles) - len(taken))]
    caveats = tuple(dict.fromkeys((*call.caveats, *deletion.caveats)))
    alleles = (*kept, *taken)[: len(call.alleles)]
    unknown = tuple(dict.fromkeys((*call.unknown, *deletion.unknown)))
    return replace(
        call,
        alleles=alleles,
        phase="" if taken else call.phase,
        caveats=caveats,
        unknown=unknown if OTHER in alleles else (),
    )


def _joined(prior: SiteCall, call: SiteCall, ref: str) -> SiteCall | None:
    """Two lines of one site that each look for other alleles; None where both cannot be true."""
    if len(prior.alleles) != len(call.alleles):
        return None
    caveats = tuple(dict.fromkeys((*prior.caveats, *call.caveats)))
    unknown = tuple(dict.fromkeys((*prior.unknown, *call.unknown)))
    plain = (ref, UNREAD)
    if prior.phase and prior.phase == call.phase:
        strands = list(zip(prior.alleles, call.alleles, strict=True))
        if any(one not in plain and other not in plain for one, other in strands):
            return None
        alleles = tuple(other if one in plain else one for one, other in strands)
        return replace(prior, alleles=alleles, caveats=caveats, unknown=unknown)
    carried = [each for each in (*prior.alleles, *call.alleles) if each not in plain]
    copies = len(prior.alleles)
    if len(carried) > copies:
        return None
    rest = UNREAD if UNREAD in prior.alleles and UNREAD in call.alleles else ref
    alleles = (*(rest,) * (copies - len(carried)), *carried)
    return replace(prior, alleles=alleles, phase="", caveats=caveats, unknown=unknown)
