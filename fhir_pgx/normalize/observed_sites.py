"""Variants as resources state them → SiteCalls, at most one for each decision position.

Zygosity is what is stated: heterozygous is the build's own base and the allele, homoplasmic and
hemizygous one copy, none stated leaves it unknown. A confirmed reference counts as two copies (one
for mitochondrial DNA), since results do not say how many X chromosomes a person has; the genotype
room knows. One allele stated absent shows the reference only where the position has no other.
Tumour variants never become calls. How sequences are read stands in `sequence_copies`, what lies
under a structural variant in `structural`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fhir_pgx.model.finding import (
    Caveat,
    NotUnderstood,
    ObservedVariant,
    Presence,
    SourceClass,
    StatedPhase,
    StatedSequence,
)
from fhir_pgx.model.variant import OTHER, UNREAD, SiteCall
from fhir_pgx.normalize.disproved_pairs import without_disproved
from fhir_pgx.normalize.observed_match import find_sites
from fhir_pgx.normalize.observed_place import Found, is_placed
from fhir_pgx.normalize.phase import phase_sets
from fhir_pgx.normalize.sequence_copies import (
    Copy,
    CopyAlleles,
    alleles_by_copy,
    copies_of,
)
from fhir_pgx.normalize.settle import PRELIMINARY, Claim, Settled, settle
from fhir_pgx.normalize.sites import SiteIndex
from fhir_pgx.normalize.structural import (
    Structural,
    caveat_of,
    find_structural,
    is_structural,
    is_usual_copy_number,
    open_under,
)

Key = tuple[str, str]  # gene, site
_MET_IN_READING = frozenset(("PGX-508", "PGX-511"))  # not placed, no reference allele: mended here


@dataclass(frozen=True, slots=True)
class ObservedSites:
    """What observed variants say of the decision positions.

    `gene_caveats` concern what was not used or not settled; those of a call stand in it.
    `resolved` has, by the place of a variant in what was given, the position it was matched to
    (several are joined by a comma). `tumour_genes` have variants of a tumour, which were left out;
    `refused_genes` variants that were not used: they were looked at, and are not untested.
    """

    by_gene: Mapping[str, tuple[SiteCall, ...]]
    gene_caveats: Mapping[str, tuple[Caveat, ...]] = field(default_factory=dict)
    not_understood: tuple[NotUnderstood, ...] = ()
    resolved: Mapping[int, str] = field(default_factory=dict)
    tumour_genes: tuple[str, ...] = ()
    refused_genes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Harvest:
    index: SiteIndex
    copies: dict[str, Copy]
    claims: dict[Key, list[Claim]] = field(default_factory=dict)
    caveats: dict[str, dict[Caveat, None]] = field(default_factory=dict)
    not_understood: list[NotUnderstood] = field(default_factory=list)
    resolved: dict[int, str] = field(default_factory=dict)
    tumour_genes: dict[str, None] = field(default_factory=dict)
    refused_genes: dict[str, None] = field(default_factory=dict)
    structural: list[Structural] = field(default_factory=list)
    misplaced: dict[str, NotUnderstood] = field(default_factory=dict)  # by sequence
    sex: str = ""

    def note(self, gene: str, code: str, text: str) -> None:
        self.caveats.setdefault(gene, {})[Caveat(code, text)] = None

    def is_single(self, gene: str) -> bool:
        return self.index.chromosomes[gene] == "MT"


def read_observed_sites(
    variants: Sequence[ObservedVariant],
    phases: Sequence[StatedPhase],
    sequences: Sequence[StatedSequence],
    index: SiteIndex,
    *,
    sex: str = "",
) -> ObservedSites:
    """The calls of one person. Raises nothing: what cannot be used is listed.

    `sex` (`male`, `female` or empty) says how many copies of the X are usual: without it, one is.
    """
    harvest = _Harvest(index, copies_of(sequences), sex=sex)
    for place, variant in enumerate(variants):
        if not _is_elsewhere(variant, index):
            _read(place, variant, harvest)
    by_copy, disproved = without_disproved(alleles_by_copy(harvest.copies, index), harvest.claims)
    for gene, text in disproved:
        harvest.note(gene, "PGX-522", text)
    _list_misplaced(harvest)
    calls: dict[Key, SiteCall] = {}
    for key in dict.fromkeys((*harvest.claims, *by_copy)):
        call = _call(key, by_copy.get(key), harvest)
        if call is not None:
            calls[key] = call
    _put_in_phase(phases, calls, harvest)
    for structural in harvest.structural:
        open_under(structural, calls, index)
    return ObservedSites(
        dict(_by_gene(calls, index)),
        {gene: tuple(found) for gene, found in harvest.caveats.items()},
        tuple(harvest.not_understood),
        harvest.resolved,
        tuple(harvest.tumour_genes),
        tuple(harvest.refused_genes),
    )


def _is_elsewhere(variant: ObservedVariant, index: SiteIndex) -> bool:
    """Whether a variant is of other genes by all that it states: most of a tumour's are."""
    if not variant.genes or variant.from_sequence or variant.ids or variant.genomic_hgvs:
        return False
    if variant.start is not None or variant.inner or variant.outer or variant.accession:
        return False
    return not any(gene in index.sites for gene in variant.genes)


def _by_gene(
    calls: Mapping[Key, SiteCall], index: SiteIndex
) -> Iterator[tuple[str, tuple[SiteCall, ...]]]:
    """In the order of the definitions, whatever order the resources came in."""
    genes = {gene for gene, _ in calls}
    for gene, sites in index.sites.items():
        if gene in genes:
            yield gene, tuple(calls[gene, name] for name in sites if (gene, name) in calls)


def _read(place: int, variant: ObservedVariant, harvest: _Harvest) -> None:
    index = harvest.index
    if variant.source_class is not SourceClass.SOMATIC:
        if not is_usual_copy_number(variant, index, harvest.sex):
            _read_structural(variant, harvest)
            if variant.alt is None:  # else the allele stands, and the number is told beside it
                return
        elif is_structural(variant, index) and not _is_ours(variant, index):
            _read_structural(variant, harvest)
            return
    found = find_sites(variant, harvest.index)
    copy = _copy(variant, found, harvest)
    keys = {(match.placed.gene, match.placed.site.name): match for match in found.matches}
    if keys:
        harvest.resolved[place] = ", ".join(dict.fromkeys(site for _, site in keys))
    if variant.source_class is SourceClass.SOMATIC:
        genes = (*variant.genes, *(gene for gene, _ in keys))
        harvest.tumour_genes |= {gene: None for gene in genes if gene in harvest.index.sites}
    elif not (found.matches or found.reason or (copy is not None and copy.is_of_protein)):
        _list_unless_elsewhere(variant, harvest)
    elif found.reason or (copy is not None and copy.is_of_protein):
        _refuse(variant, found, harvest)
    elif copy is not None and _is_plain(variant):
        for key, match in keys.items():
            copy.state(key, match, _told(variant, found))
    else:
        for key, match in keys.items():
            harvest.claims.setdefault(key, []).append(Claim(variant, match, _told(variant, found)))
            if copy is not None and match.allele is not None:
                copy.claimed[key] = match.allele
    if copy is not None:
        copy.answered |= keys.keys()


def _is_ours(variant: ObservedVariant, index: SiteIndex) -> bool:
    """Whether a long change is itself an allele of a position."""
    return any(
        match.placed.stretch and match.allele not in (None, OTHER)
        for match in find_sites(variant, index).matches
    )


def _read_structural(variant: ObservedVariant, harvest: _Harvest) -> None:
    if variant.from_sequence:
        _copy(variant, Found(), harvest)
    found = find_structural(variant, harvest.index)
    if found is None:
        return
    if variant.alt is None or is_structural(variant, harvest.index, harvest.sex):
        harvest.structural.append(found)
    for gene in found.genes:
        caveat = caveat_of(found, gene)
        harvest.note(gene, caveat.code, caveat.text)
    if not (found.genes or variant.genes or variant.build):
        origin = variant.origin
        reason = "a structural variant of which neither the gene nor the place is known"
        harvest.not_understood.append(NotUnderstood(origin.reference, reason, origin.path))


def _copy(variant: ObservedVariant, found: Found, harvest: _Harvest) -> Copy | None:
    """The sequence that a variant stands in. A variant that is not understood, or lies on another
    build than the sequence says, leaves open what else the sequence does not show."""
    if not variant.from_sequence or variant.source_class is SourceClass.SOMATIC:
        return None
    copy = harvest.copies.setdefault(variant.origin.reference, Copy(variant.origin))
    copy.has_variants = True
    is_moved = any(caveat.code == "PGX-524" for caveat in found.caveats)
    is_misplaced = not found.matches and not found.reason and _may_lie_elsewhere(variant)
    copy.is_readable = copy.is_readable and not (found.reason or is_moved or is_misplaced)
    return copy


def _may_lie_elsewhere(variant: ObservedVariant) -> bool:
    return any(caveat.code == "PGX-506" for caveat in variant.caveats)


def _list_unless_elsewhere(variant: ObservedVariant, harvest: _Harvest) -> None:
    """A variant at no position of ours is no finding, save where it may lie at one after all."""
    reason = ""
    if _may_lie_elsewhere(variant):
        reason = (
            "its range does not fit the length of its reference allele, and no position that we "
            "know lies where it starts"
        )
    elif variant.from_sequence and not is_placed(variant):
        reason = "the sequence is not placed on a chromosome of GRCh37 or GRCh38"
    if reason and not variant.from_sequence:
        _refuse(variant, Found(reason=reason), harvest)
    elif reason:
        origin = variant.origin
        listed = NotUnderstood(origin.reference, reason, origin.path)
        harvest.misplaced.setdefault(origin.reference, listed)


def _list_misplaced(harvest: _Harvest) -> None:
    """Sequences whose variants lie nowhere, or perhaps elsewhere than they say."""
    for reference, listed in harvest.misplaced.items():
        harvest.not_understood.append(listed)
        copy = harvest.copies.get(reference)
        keys = (*copy.stated, *copy.silent) if copy is not None else ()
        for gene in dict.fromkeys(gene for gene, _ in keys):
            text = f"A variant was not used ({reference}): {listed.reason}."
            harvest.note(gene, "PGX-528", text)
            harvest.refused_genes[gene] = None


def _is_plain(variant: ObservedVariant) -> bool:
    """True where a sequence's variant has nothing that an Observation would say of it."""
    return variant.presence is Presence.PRESENT and not variant.zygosity


def _told(variant: ObservedVariant, found: Found) -> tuple[Caveat, ...]:
    kept = (caveat for caveat in variant.caveats if caveat.code not in _MET_IN_READING)
    return tuple(dict.fromkeys((*kept, *found.caveats)))


def _refuse(variant: ObservedVariant, found: Found, harvest: _Harvest) -> None:
    reason = found.reason or "it is of a protein's sequence, not of DNA"
    origin = variant.origin
    harvest.not_understood.append(NotUnderstood(origin.reference, reason, origin.path))
    stated = {gene: None for gene in variant.genes if gene in harvest.index.sites}
    touched = {placed.gene: None for placed in found.touched}
    harvest.refused_genes |= stated | touched
    for gene in touched or stated:
        text = f"A variant was not used ({origin.reference}): {reason}."
        harvest.note(gene, "PGX-528", text)


def _call(key: Key, copies: CopyAlleles | None, harvest: _Harvest) -> SiteCall | None:
    gene, site = key
    claims = harvest.claims.get(key, [])
    settled = settle(claims, copies, is_single=harvest.is_single(gene))
    if settled.is_contradictory:
        sources = ", ".join(dict.fromkeys(_sources(settled)))
        text = f"Results contradict each other at {site}; it was not used ({sources})."
        harvest.note(gene, "PGX-522", text)
    if settled.differs_from_preliminary:
        text = f"A preliminary result at {site} differs; the final one was used."
        harvest.note(gene, "PGX-527", text)
    if settled.alleles is None:
        reason = f"one allele of {site} is absent; others were not tested"
        for claim in settled.claims:
            _refuse(claim.variant, Found((), (), reason, (claim.match.placed,)), harvest)
        return None
    return _site_call(key, settled)


def _sources(settled: Settled) -> Iterator[str]:
    for claim in settled.claims:
        yield claim.variant.origin.reference
    if settled.copies is not None:
        for copy in settled.copies.copies:
            yield copy.reference


def _site_call(key: Key, settled: Settled) -> SiteCall:
    gene, site = key
    references = tuple(dict.fromkeys(_sources(settled)))
    builds = [claim.match.placed.build for claim in settled.claims]
    origins = [claim.variant.origin for claim in settled.claims]
    if settled.copies is not None:
        builds.append(settled.copies.placed.build)
        origins += [copy.origin for copy in settled.copies.copies]
    caveats = dict.fromkeys(caveat for claim in settled.claims for caveat in claim.caveats)
    if settled.copies is not None:
        by_copies = settled.copies.caveats
        caveats |= dict.fromkeys(
            caveat for caveat in by_copies if caveat.code != "PGX-529" or settled.phase
        )
    return SiteCall(
        gene,
        site,
        settled.alleles or (),
        settled.phase,
        settled.zygosity_known,
        builds[0],
        references[0],
        origins[0].path,
        max(origin.when for origin in origins),
        tuple(caveats),
        references[1:],
        _unknown_changes(settled, builds[0]) if OTHER in (settled.alleles or ()) else (),
    )


def _unknown_changes(settled: Settled, build: str) -> tuple[tuple[int, str, str], ...]:
    """The changes that show none of the position's bases, as the resources place them."""
    found: dict[tuple[int, str, str], None] = {}
    for claim in settled.claims:
        variant = claim.variant
        if claim.match.allele != OTHER or variant.build not in (build, "both"):
            continue
        if variant.start is not None and variant.ref is not None and variant.alt is not None:
            found[variant.start, variant.ref.upper(), variant.alt.upper()] = None
    return tuple(found)


def _put_in_phase(
    phases: Sequence[StatedPhase], calls: dict[Key, SiteCall], harvest: _Harvest
) -> None:
    carried: dict[str, list[tuple[Key, str]]] = {}
    unfinished = set()
    for key, claims in harvest.claims.items():
        call = calls.get(key)
        if call is None or call.phase or not _is_heterozygous(call):
            continue
        for claim in claims:
            allele = claim.match.allele or ""
            is_stated = claim.variant.zygosity in ("heterozygous", "heteroplasmic")
            if is_stated and not claim.variant.from_sequence and allele in call.alleles:
                reference = claim.variant.origin.reference
                carried.setdefault(reference, []).append((key, allele))
                if claim.variant.origin.status in PRELIMINARY:
                    unfinished.add(reference)
    used = []
    for phase in phases:
        of = [each for each in phase.variants if each in carried]
        if phase.origin.status not in PRELIMINARY or unfinished.issuperset(of):
            used.append(phase)
            continue
        for gene in dict.fromkeys(gene for each in of for (gene, _), _ in carried[each]):
            text = (
                f"A preliminary phase ({phase.origin.reference}) was not used with final results."
            )
            harvest.note(gene, "PGX-527", text)
    found = phase_sets(used, carried, calls)
    for key, (name, is_turned) in found.sets.items():
        alleles = calls[key].alleles[::-1] if is_turned else calls[key].alleles
        calls[key] = replace(calls[key], phase=name, alleles=alleles)
    for keys, relation in found.refused:
        sites = ", ".join(site for _, site in keys)
        for gene in dict.fromkeys(gene for gene, _ in keys):
            text = (
                f"What is stated of the phase of {sites} contradicts itself ({relation}); it was "
                "not used."
            )
            harvest.note(gene, "PGX-523", text)


def _is_heterozygous(call: SiteCall) -> bool:
    return call.zygosity_known and len(set(call.alleles) - {UNREAD}) == 2
