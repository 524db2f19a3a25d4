"""The calls at decision positions as plain JSON: variants for an answer, every call for a trace."""

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_pgx.model.definition import Site
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.phenotype import Interpretation
from fhir_pgx.model.variant import OTHER, UNREAD, SiteCall

_WORDS = {UNREAD: "not read", OTHER: "another"}


def write_site_variants(
    interpretation: Interpretation, knowledge: Knowledge
) -> list[dict[str, Any]]:
    """The variants that a VCF shows at decision positions; those of FHIR resources stand elsewhere.

    `position` is 1-based, as in a VCF; `ref` and `alt` are those of the gene's definition.
    """
    stated = {variant.origin.reference for variant in interpretation.reading.variants}
    written = []
    for gene, calls in interpretation.sites.items():
        sites = sites_of(gene, knowledge)
        chromosome = knowledge.definitions[gene].chromosome
        for call in calls:
            site = sites[call.site]
            is_plain = call.alleles == (site.ref, site.ref) and not site.ref37
            if not is_plain and call.reference not in stated:
                written += list(_variants(call, site, chromosome))
    return written


def _variants(call: SiteCall, site: Site, chromosome: str) -> Iterator[dict[str, Any]]:
    start = site.start37 if call.build == "GRCh37" and site.start37 is not None else site.start
    ref = site.ref37 if call.build == "GRCh37" and site.ref37 else site.ref
    for alt in dict.fromkeys(call.alleles):
        if alt in (ref, UNREAD, OTHER):
            continue
        position = start + 1
        yield {
            "gene": call.gene,
            "site": call.site,
            "presence": "present",
            "source_class": "unknown",
            "zygosity": _zygosity(call, alt),
            "build": call.build,
            "chromosome": chromosome,
            "position": position,
            "ref": ref,
            "alt": alt,
            "normalised": f"{call.build}:{chromosome}:{position}:{ref}:{alt}",
            "derived_from": [call.reference],
        }


def _zygosity(call: SiteCall, alt: str) -> str:
    if len(call.alleles) == 1:
        return "hemizygous"
    return "homozygous" if call.alleles.count(alt) == len(call.alleles) else "heterozygous"


def write_site_calls(calls: Iterable[SiteCall], sites: dict[str, Site]) -> list[dict[str, Any]]:
    """Each call: what was read at which position, and where it stands. `ref` is the base of the
    gene's definition, so that reference and variant can be told apart."""
    return [
        {
            "site": call.site,
            "build": call.build,
            "position": _position(call, sites[call.site]),
            "ref": sites[call.site].ref,
            "alleles": [_WORDS.get(allele, allele) for allele in call.alleles],
            "phase": call.phase,
            "zygosity_known": call.zygosity_known,
            "reference": call.reference,
            "where": call.where,
        }
        for call in calls
    ]


def _position(call: SiteCall, site: Site) -> int:
    """1-based, on the build of the source."""
    start = site.start37 if call.build == "GRCh37" and site.start37 is not None else site.start
    return start + 1


def sites_of(gene: str, knowledge: Knowledge) -> dict[str, Site]:
    """The gene's decision positions by name."""
    definition = knowledge.definitions[gene]
    return {site.name: site for site in (*definition.sites, *definition.extra)}
