"""Place and name of one variant together: the decision positions it speaks of, or why none.

The place decides where it fits as written. A name helps where there is no place, and gives the
allele where the place has none; where both stand for different positions that is said. A place that
fits on the other strand or the other build alone is not believed against a name.
"""

from dataclasses import replace

from fhir_pgx.model.finding import Caveat, ObservedVariant, Presence
from fhir_pgx.normalize.observed_name import find_by_name
from fhir_pgx.normalize.observed_place import Found, Match, find_by_place, is_placed
from fhir_pgx.normalize.sites import SiteIndex

_SAYS_WHICH = (Presence.PRESENT, Presence.ABSENT)  # of what: the other two need no allele


def find_sites(variant: ObservedVariant, index: SiteIndex) -> Found:
    """The positions, each with its allele where the variant is stated present or absent."""
    if variant.copy_number and variant.alt is None:
        return Found()
    by_place = find_by_place(variant, index)
    by_name = find_by_name(variant, index)
    if by_place.matches and not by_place.is_as_written and _names_another(by_place, by_name):
        found = _elsewhere(variant, by_name)
    elif by_place.matches:
        found = _both(by_place, by_name)
    elif by_place.reason:
        found = by_place
    elif is_placed(variant) and by_name.touched:
        found = _elsewhere(variant, by_name)
    else:
        found = by_name
    return found if found.reason else _with_alleles(_told_of_gene(found, variant, index), variant)


def _names_another(by_place: Found, by_name: Found) -> bool:
    here = {match.placed.site.name for match in by_place.matches}
    return any(each.site.name not in here for each in by_name.touched)


def _told_of_gene(found: Found, variant: ObservedVariant, index: SiteIndex) -> Found:
    """With a caveat where the position lies in another gene than the resource states."""
    stated = [gene for gene in variant.genes if gene in index.sites]
    lies_in = dict.fromkeys(match.placed.gene for match in found.matches)
    if not stated or not lies_in or not lies_in.keys().isdisjoint(stated):
        return found
    text = (
        f"The resource names {', '.join(stated[:3])}, but the variant lies in "
        f"{', '.join(lies_in)}, which was used."
    )
    return replace(found, caveats=(*found.caveats, Caveat("PGX-502", text)))


def _both(by_place: Found, by_name: Found) -> Found:
    named = {match.placed.site.name: match for match in by_name.matches if match.allele}
    here = {match.placed.site.name for match in by_place.matches}
    caveats = by_place.caveats
    named_elsewhere = [each.site.name for each in by_name.touched if each.site.name not in here]
    if named_elsewhere:
        text = (
            f"The variant at {min(here)} is also named as {named_elsewhere[0]}, which lies "
            "elsewhere; its position was used."
        )
        caveats = (*caveats, Caveat("PGX-526", text))
    matches = tuple(
        named.get(match.placed.site.name, match) if match.allele is None else match
        for match in by_place.matches
    )
    return replace(by_place, matches=matches, caveats=caveats)


def _elsewhere(variant: ObservedVariant, by_name: Found) -> Found:
    """The name is one of ours, the place is not. Neither is believed against the other."""
    site = by_name.touched[0].site.name
    place = f"{variant.build} {variant.chromosome}:{(variant.start or 0) + 1}"
    return Found(
        (), (), f"it is named as {site}, but its position ({place}) is not", by_name.touched
    )


def _with_alleles(found: Found, variant: ObservedVariant) -> Found:
    """Fills in the one allele that a position without a stated one can mean.

    On a build whose own base is another the word variant is read by that build; where the build
    is not stated, only a heterozygote has both.
    """
    if variant.presence not in _SAYS_WHICH:
        return found
    matches, caveats = [], list(found.caveats)
    for match in found.matches:
        if match.allele is not None:
            matches.append(match)
            continue
        name = match.placed.site.name
        only = _only_other(match, variant)
        if only is None:
            reason = f"it does not say which allele of {name} was found or not found"
            return replace(found, matches=(), reason=reason)
        matches.append(replace(match, allele=only))
        if variant.presence is Presence.PRESENT:
            text = f"The allele at {name} is not stated; {only} is the only one known there."
            caveats.append(Caveat("PGX-525", text))
    return replace(found, matches=tuple(matches), caveats=tuple(caveats))


def _only_other(match: Match, variant: ObservedVariant) -> str | None:
    site = match.placed.site
    if site.ref37 and not variant.build and variant.zygosity != "heterozygous":
        return None
    others = {site.ref, *site.alts} - {match.placed.ref}
    return others.pop() if len(others) == 1 else None
