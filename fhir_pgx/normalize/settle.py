"""All that resources say of one decision position → one genotype, or that they disagree.

Final results count where there are any. A result that was read outranks one without an answer.
Nothing is settled by a vote or a date: statements that cannot all be true leave the position
unread, with a caveat that names it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fhir_pgx.model.finding import Caveat, ObservedVariant, Presence
from fhir_pgx.model.variant import UNREAD
from fhir_pgx.normalize.observed_place import Match
from fhir_pgx.normalize.sequence_copies import CopyAlleles
from fhir_pgx.normalize.sites import Placed

PRELIMINARY = frozenset(("preliminary", "registered", "partial"))  # as genotype/evidence.py has it


@dataclass(frozen=True, slots=True)
class Claim:
    """What one variant says of a position. `caveats` are those of finding the position."""

    variant: ObservedVariant
    match: Match
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """The alleles at a position, as in SiteCall; None where nothing that was said shows them.

    `claims` and `copies` are what the answer rests on.
    """

    alleles: tuple[str, ...] | None
    zygosity_known: bool = True
    phase: str = ""
    claims: tuple[Claim, ...] = ()
    copies: CopyAlleles | None = None
    is_contradictory: bool = False
    differs_from_preliminary: bool = False


def settle(claims: Sequence[Claim], copies: CopyAlleles | None, *, is_single: bool) -> Settled:
    """The genotype at a position; `is_single`: its chromosome comes in one copy (mitochondria)."""
    direct = [claim for claim in claims if not claim.match.is_indirect]
    counted = direct or list(claims)
    final = [claim for claim in counted if claim.variant.origin.status not in PRELIMINARY]
    settled = _settled(final or counted, copies, is_single)
    if not final or len(final) == len(counted):
        return settled
    before = _settled(counted, copies, is_single)
    if before.alleles == settled.alleles:
        return settled
    return replace(settled, differs_from_preliminary=True)


@dataclass(frozen=True, slots=True)
class _Said:
    """The claims of a position, sorted by what they say."""

    genotypes: frozenset[tuple[str, ...]]  # of all copies
    on_one_copy: frozenset[str]  # stated heterozygous
    seen: frozenset[str]  # without zygosity
    absent: frozenset[str]
    is_reference: bool
    is_unread: bool


def _settled(claims: Sequence[Claim], copies: CopyAlleles | None, is_single: bool) -> Settled:
    said = _said(claims)
    unread = (UNREAD,) if is_single else (UNREAD, UNREAD)
    genotypes = _by_build(claims, is_single)
    if len(genotypes) > 1 or None in genotypes:
        return Settled(unread, claims=tuple(claims), copies=copies, is_contradictory=True)
    seen = said.seen | frozenset(copies.stated if copies else ())
    answer = Settled(None, claims=tuple(claims), copies=copies)
    if genotypes:
        (alleles,) = genotypes
        answer = replace(answer, alleles=alleles)
    elif copies is not None and copies.is_known and not (said.is_unread and copies.has_silence):
        answer = replace(answer, alleles=copies.alleles, phase=copies.phase)
    elif seen:
        answer = replace(answer, alleles=tuple(sorted(seen)), zygosity_known=False)
    else:
        return replace(answer, alleles=unread if said.is_unread else None)
    shown = frozenset(answer.alleles or ())
    too_many = not answer.zygosity_known and len(shown) > len(unread)
    if not seen <= shown or shown & said.absent or too_many:
        return Settled(unread, claims=tuple(claims), copies=copies, is_contradictory=True)
    return answer


def _said(claims: Iterable[Claim]) -> _Said:
    genotypes: set[tuple[str, ...]] = set()
    on_one_copy, seen, absent = set(), set(), set()
    is_reference = is_unread = False
    for claim in claims:
        variant, match = claim.variant, claim.match
        allele = match.allele or ""
        is_one = variant.zygosity in ("heterozygous", "heteroplasmic")
        if variant.presence not in (Presence.PRESENT, Presence.ABSENT):
            is_unread = True
        elif match.is_reference and not is_one:
            is_reference = True
            if variant.zygosity == "hemizygous":
                genotypes.add((allele,))
        elif variant.presence is Presence.ABSENT:
            absent.add(allele)
        elif is_one:
            on_one_copy.add(allele)
        elif variant.zygosity in ("homozygous", "homoplasmic"):
            genotypes.add((allele, allele))
        elif variant.zygosity == "hemizygous":
            genotypes.add((allele,))
        else:
            seen.add(allele)
    return _Said(
        frozenset(genotypes),
        frozenset(on_one_copy),
        frozenset(seen),
        frozenset(absent),
        is_reference,
        is_unread,
    )


def _by_build(claims: Sequence[Claim], is_single: bool) -> frozenset[tuple[str, ...] | None]:
    """The genotypes that are stated. What reference means is the build's own base, so claims are
    taken together with those of the same one."""
    by_ref: dict[str, list[Claim]] = {}
    for claim in claims:
        by_ref.setdefault(claim.match.placed.ref, []).append(claim)
    found: dict[tuple[str, ...], tuple[str, ...] | None] = {}
    for same in by_ref.values():
        for genotype in _genotypes(_said(same), same[0].match.placed, is_single):
            found.setdefault(tuple(sorted(genotype or ())), genotype)
    return frozenset(found.values())


def _genotypes(said: _Said, placed: Placed, is_single: bool) -> frozenset[tuple[str, ...] | None]:
    """The genotypes that are stated, each once; None among them where alleles are too many."""
    ref = placed.ref
    found: set[tuple[str, ...] | None] = set()
    for alleles in said.genotypes:
        found.add(alleles[:1] if is_single else alleles)
    if said.on_one_copy:
        stated = said.on_one_copy if said.on_one_copy != {ref} else {ref} | said.seen
        others = sorted(stated - {ref})
        if len(others) > 1:
            is_pair = len(others) == 2 and ref not in stated
            found.add(tuple(others) if is_pair else None)
        else:
            found.add((ref, *others) if others else (ref, UNREAD))
    others_absent = {placed.site.ref, *placed.site.alts} - {ref} <= said.absent
    shows_reference = said.is_reference or (others_absent and not found and not said.seen)
    if shows_reference and (ref,) not in found:  # that it is one copy may be stated beside it
        found.add((ref,) if is_single else (ref, ref))
    return frozenset(found)
