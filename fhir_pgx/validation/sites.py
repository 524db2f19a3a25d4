"""A variant against what we know of its place: the gene's chromosome, and the decision positions.

Numbers of one build under an accession of the other are a common mistake, the guide's own example
among them; at a known position it shows. Warnings: our table is no genome.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fhir_pgx.errors import Issue
from fhir_pgx.fhir import coordinates as at
from fhir_pgx.fhir.bundle import as_dicts
from fhir_pgx.fhir.gene_names import gene_of
from fhir_pgx.fhir.resolution import codes_of
from fhir_pgx.fhir.values import Value, value_of
from fhir_pgx.fhir.variant import EXACT, GENOMIC_HGVS, REF, REF_SEQ, SYSTEM, VARIATION
from fhir_pgx.knowledge import load_knowledge
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.terminology import GENE_STUDIED, VARIANT

_DBSNP_STU1 = "81255-2"


class _Known(NamedTuple):
    """A single base of our tables: its rsID, chromosome, and 0-based place and base by build."""

    name: str
    chromosome: str
    starts: Mapping[str, int]
    bases: Mapping[str, str]


@functools.cache
def _known() -> tuple[Mapping[str, _Known], Mapping[tuple[str, str, int], _Known]]:
    """Every decision position of a single base, by rsID and by (build, chromosome, start)."""
    by_name: dict[str, _Known] = {}
    for definition in load_knowledge().definitions.values():
        for site in definition.sites:
            if len(site.ref) != 1 or site.start37 is None or not site.name.startswith("rs"):
                continue
            starts = {"GRCh38": site.start, "GRCh37": site.start37}
            bases = {"GRCh38": site.ref, "GRCh37": site.ref37 or site.ref}
            by_name[site.name] = _Known(site.name, definition.chromosome, starts, bases)
    by_place = {
        (build, each.chromosome, start): each
        for each in by_name.values()
        for build, start in each.starts.items()
    }
    return by_name, by_place


def site_issues(resource: Mapping[str, Any], path: str, vocabulary: Vocabulary) -> Iterator[Issue]:
    """Where a placed variant Observation contradicts what we know of its gene and position."""
    if resource.get("resourceType") != "Observation":
        return
    if VARIANT not in codes_of(resource.get("code")):
        return
    values: dict[str, Value] = {}
    where: dict[str, str] = {}
    for i, component in enumerate(as_dicts(resource.get("component"))):
        for code in codes_of(component.get("code")):
            if isinstance(code, str) and code not in values:
                values[code], where[code] = value_of(component), f"{path}.component[{i}]"
    change = _genomic_change(values)
    accession = at.accession_of(values[REF_SEQ].concept) if REF_SEQ in values else ""
    accession = accession or (change.accession if change is not None else "")
    if accession not in vocabulary.accessions:
        return
    build, chromosome = vocabulary.accessions[accession]
    yield from _gene_issues(values, where, chromosome, vocabulary)
    start, ref = _base_stated(values, change)
    if start is not None and build in ("GRCh37", "GRCh38"):
        place = where.get(EXACT, where.get(GENOMIC_HGVS, path))
        places = {EXACT: place, REF: where.get(REF, place)}
        yield from _position_issues(_named(values), build, chromosome, start, ref, places)


def _genomic_change(values: Mapping[str, Value]) -> at.Change | None:
    stated = values[GENOMIC_HGVS].concept.stated if GENOMIC_HGVS in values else ()
    changes = (at.parse_genomic_hgvs(words) for words, _ in stated)
    return next((change for change in changes if change is not None), None)


def _base_stated(values: Mapping[str, Value], change: at.Change | None) -> tuple[int | None, str]:
    """The 0-based place and the reference base of a variant of one base; None for any other."""
    if EXACT in values:
        ref = values[REF].concept.label.upper() if REF in values else ""
        ranged, system = values[EXACT], _system(values.get(SYSTEM, Value()))
        place = at.interval(at.position(ranged.low), at.position(ranged.high), system, ref)
        return (place.start if place is not None and len(ref) == 1 else None), ref
    if change is not None and change.ref is not None and len(change.ref) == 1:
        return change.start, change.ref
    return None, ""


def _system(value: Value) -> at.System:
    codes = [coding.code for coding in value.concept.codings]
    return next((at.SYSTEMS[code] for code in codes if code in at.SYSTEMS), "")


def _named(values: Mapping[str, Value]) -> str:
    """The rsID that a variant states, if it is one of our tables."""
    by_name, _ = _known()
    for code in (VARIATION, _DBSNP_STU1):
        for words, _code in values[code].concept.stated if code in values else ():
            if words.strip().lower() in by_name:
                return words.strip().lower()
    return ""


def _gene_issues(
    values: Mapping[str, Value], where: Mapping[str, str], chromosome: str, vocabulary: Vocabulary
) -> Iterator[Issue]:
    if GENE_STUDIED not in values:
        return
    gene, _ = gene_of(values[GENE_STUDIED].concept, vocabulary)
    rules = load_knowledge().genes.get(gene)
    if rules is not None and rules.chromosome != chromosome:
        text = f"{gene} lies on chromosome {rules.chromosome}, the accession is {chromosome}"
        mend = "correct the gene or the accession"
        yield Issue(text, where[GENE_STUDIED], mend, "conflict", "warning")


def _position_issues(
    named: str, build: str, chromosome: str, start: int, ref: str, where: Mapping[str, str]
) -> Iterator[Issue]:
    by_name, by_place = _known()
    other = "GRCh37" if build == "GRCh38" else "GRCh38"
    here = by_place.get((build, chromosome, start))
    there = by_name.get(named) or (None if here else by_place.get((other, chromosome, start)))
    if there is not None and there.starts[build] != start:
        if there.chromosome == chromosome and there.starts[other] == start:
            text = f"the position is that of {there.name} on {other}, the accession is of {build}"
        else:
            text = f"the position is not that of {there.name}"
        mend = f"on {build} it is {there.starts[build] + 1}, counted from 1"
        yield Issue(text, where[EXACT], mend, "conflict", "warning")
    elif here is not None and here.bases[build] != ref:
        base = here.bases[build]
        strand = "; the alleles may be of the reverse strand" if _is_complement(base, ref) else ""
        text = f"the reference base of {here.name} is {base}, not {ref}"
        yield Issue(text, where[REF], f"write the forward strand{strand}", "conflict", "warning")


def _is_complement(base: str, ref: str) -> bool:
    return at.reverse_complement(ref) == base
