"""Joins allele definitions, calling rules and other names into `GeneDefinition`, and checks them.

Every reference between the files must meet and every base must be one of its site; otherwise
BrokenKnowledge says what is wrong, by gene. The files are 1-based; what comes back is 0-based.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked, read_checked, read_yaml
from fhir_pgx.knowledge.hgvs_bases import fault_of_codons, fault_of_name
from fhir_pgx.model.definition import (
    Fallback,
    GeneDefinition,
    NamedAllele,
    Proxy,
    Site,
    TiePick,
)
from fhir_pgx.model.knowledge import GeneRules

IUPAC = {
    "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC", "B": "CGT", "D": "AGT",
    "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip


def load_definitions(home: Path, genes: Mapping[str, GeneRules]) -> dict[str, GeneDefinition]:
    """Every gene's definition; raises BrokenKnowledge listing all that does not meet."""
    rules = checked(read_yaml(home / "calling.yaml"), "calling", "calling.yaml")
    named = checked(read_yaml(home / "site_names.yaml"), "site_names", "site_names.yaml")
    calling, names = rules["genes"], named["genes"]
    found: dict[str, GeneDefinition] = {}
    faults = [
        *uncited("calling.yaml", rules["citations"], calling),
        *(
            f
            for gene in names.values()
            for f in uncited("site_names.yaml", named["citations"], gene)
        ),
    ]
    for content in read_checked("alleles", "alleles"):
        gene = content["gene"]
        more = names.get(gene, {})
        known = {each["name"] for each in (*content["sites"], *content.get("extra", ()))}
        faults += [f"{gene}: site_names.yaml names no site {name}" for name in more.keys() - known]
        found[gene] = gene_definition(content, calling.get(gene, {}), more)
        minus = content["strand"] == "minus"
        faults += [f"{gene}: {fault}" for fault in faults_of(found[gene], genes.get(gene), minus)]
    for name, kept in (("calling.yaml", calling), ("site_names.yaml", names)):
        faults += [f"{name}: {gene} has no definition" for gene in kept.keys() - found.keys()]
    if faults:
        raise BrokenKnowledge("; ".join(sorted(faults)), where="alleles")
    return found


def uncited(
    file: str, citations: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """The entries whose source is none of the file's citations."""
    for name, entry in entries.items():
        if entry["source"] not in citations:
            yield f"{file}: {name} cites {entry['source']}, which is not listed"


def gene_definition(
    content: Mapping[str, Any],
    calling: Mapping[str, Any],
    names: Mapping[str, Mapping[str, Any]],
) -> GeneDefinition:
    """One gene; `calling` and `names` are the gene's entries in the files kept by hand."""
    fallback, proxy = calling.get("fallback"), calling.get("proxy")
    return GeneDefinition(
        gene=content["gene"],
        chromosome=content["chromosome"],
        release=content["release"],
        citation=content["citations"]["definition"]["what"],
        reference=content["reference"],
        sites=tuple(site(each, names.get(each["name"], {})) for each in content["sites"]),
        alleles=tuple(
            NamedAllele(name, cells, name in content["whole"])
            for name, cells in content["alleles"].items()
        ),
        method=calling.get("method", "named"),
        unknown_as_reference=calling.get("unknown_as_reference", False),
        on_request=calling.get("on_request", False),
        required=tuple(
            [each["name"] for each in content["sites"]]
            if calling.get("every_site")
            else content.get("required", ())
        ),
        picks=tuple(
            TiePick(tuple(each["among"]), each["pick"]) for each in content.get("picks", ())
        ),
        tier1=tuple(content.get("tier1", ())),
        extra=tuple(site(each, names.get(each["name"], {})) for each in content.get("extra", ())),
        core={**content.get("core", {}), **calling.get("core", {})},
        fallback=Fallback(**fallback) if fallback else None,
        proxy=Proxy(**proxy) if proxy else None,
        preferred=tuple(calling.get("preferred", ())),
    )


def site(content: Mapping[str, Any], more: Mapping[str, Any]) -> Site:
    """A site with 0-based starts; `more` is what the file of names kept by hand adds to it."""
    position37 = more.get("position37", content.get("position37"))
    return Site(
        name=content["name"],
        start=content["position"] - 1,
        ref=content["ref"],
        alts=tuple(content["alts"]),
        start37=None if position37 is None else position37 - 1,
        ref37=more.get("ref37", content.get("ref37", "")),
        inferred37=content.get("inferred37", False),
        context=content.get("context", ""),
        names={**content.get("names", {}), **more.get("names", {})},
    )


def faults_of(definition: GeneDefinition, rules: GeneRules | None, minus: bool) -> Iterator[str]:
    """What in a definition does not meet; `minus` says that the gene is read from that strand."""
    sites = {each.name: each for each in (*definition.sites, *definition.extra)}
    if len(sites) != len(definition.sites) + len(definition.extra):
        yield "two sites have one name"
    if definition.alleles[0].name != definition.reference:
        yield f"the first allele is not the reference {definition.reference}"
    for each in sites.values():
        yield from _site_faults(each, minus)
    for allele in definition.alleles:
        yield from _cell_faults(allele, sites)
    own = {each.name for each in definition.sites}
    for name in definition.required:
        if name not in own:
            yield f"the required site {name} is not defined"
    for name in set(definition.tier1) - {each.name for each in definition.alleles}:
        yield f"the tier 1 allele {name} is not defined"
    yield from _rule_faults(definition, own)
    yield from _allele_faults(definition, rules)


def _site_faults(site: Site, minus: bool) -> Iterator[str]:
    alleles = (site.ref, *site.alts)
    if len(set(alleles)) != len(alleles):
        yield f"{site.name} has an allele twice"
    if site.ref37 and site.ref37 not in site.alts:
        yield f"{site.name}: GRCh37's base {site.ref37} is none of its alleles"
    is_indel = any(len(each) != 1 for each in alleles)
    if is_indel != bool(site.context) or not site.context.startswith(site.ref if is_indel else ""):
        yield f"{site.name}: the context {site.context} does not begin with {site.ref}"
    for name, allele in site.names.items():
        fault = fault_of_name(name, allele, site, minus)
        if fault:
            yield fault
    if fault := fault_of_codons(site):
        yield fault


def _cell_faults(allele: NamedAllele, sites: Mapping[str, Site]) -> Iterator[str]:
    for name, value in allele.cells.items():
        if name not in sites:
            yield f"{allele.name} has a cell at {name}, which is not defined"
            continue
        known = {sites[name].ref, *sites[name].alts}
        if value not in known and not set(IUPAC.get(value, "?")) <= known:
            yield f"{allele.name} has {value} at {name}, which has no such allele"
    if not allele.cells and not allele.is_whole:
        yield f"{allele.name} has no cell"


def _rule_faults(definition: GeneDefinition, sites: set[str]) -> Iterator[str]:
    proxy, fallback = definition.proxy, definition.fallback
    wanted = [proxy.site, proxy.proxy] if proxy else []
    wanted += [fallback.site] if fallback else []
    for name in wanted:
        if name not in sites:
            yield f"calling.yaml names the site {name}, which is not defined"
    for pick in definition.picks:
        if pick.pick not in pick.among:
            yield f"the pick {pick.pick} is none of {', '.join(pick.among)}"


def _allele_faults(definition: GeneDefinition, rules: GeneRules | None) -> Iterator[str]:
    defined = {each.name for each in definition.alleles}
    wanted = {*definition.core, *definition.preferred}
    wanted |= {name for pick in definition.picks for pair in pick.among for name in pair.split("/")}
    if definition.proxy:
        wanted |= {definition.proxy.allele, definition.proxy.alone}
    if definition.fallback:
        wanted |= set(definition.fallback.alleles.values())
    for name in sorted(wanted - defined):
        yield f"{name} is not defined"
    if rules is None:
        yield "genes/ has no file of this gene"
        return
    reported = {definition.core.get(name, name) for name in defined}
    for name in sorted(reported - rules.alleles.keys()):
        yield f"genes/ does not know the allele {name}"
