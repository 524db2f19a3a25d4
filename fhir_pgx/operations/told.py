"""Implications of one patient: those that stored results state, and those that we infer.

What a laboratory states is returned as it stated it; what we infer is an Observation of our own,
`preliminary`, that names us as its device. Resources that we derived and that were kept are passed
over: what they say is worked out anew. Results that the caller left out (another test, date,
specimen or source class) are left out before anything is concluded.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fhir_pgx.fhir.bundle import Entry, as_dicts, reference_of
from fhir_pgx.fhir.derived import derivation_of
from fhir_pgx.fhir.reading import of_others
from fhir_pgx.model.finding import SourceClass
from fhir_pgx.model.genomic_index import NOT_GENOMIC, IndexedGenotype, StoredVariant
from fhir_pgx.model.phenotype import GeneResult, Interpretation
from fhir_pgx.operations.chart import RESULTS, Chart, read_chart, source_classes
from fhir_pgx.operations.frame import codes_of, conforming, distinct, taken_out
from fhir_pgx.operations.hits import is_present
from fhir_pgx.operations.operation import Asked, Context, Resource
from fhir_pgx.operations.origins import Origins
from fhir_pgx.operations.returned import TAKEN_BACK
from fhir_pgx.operations.takes import GENOTYPE_PROFILE, HAPLOTYPE_PROFILE, VARIANT_PROFILE
from fhir_pgx.operations.written import write_variant
from fhir_pgx.terminology import GENOTYPE, HAPLOTYPE, VARIANT

Options = tuple[IndexedGenotype, ...]  # what one result may be: all of it is possible, one is so
_PROFILES = {
    VARIANT: ("variant", VARIANT_PROFILE),
    HAPLOTYPE: ("haplotype", HAPLOTYPE_PROFILE),
    GENOTYPE: ("genotype", GENOTYPE_PROFILE),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One implication or consequence.

    `parents` are the Observations that it is derived from; `rests_on` the references of all stored
    results that it rests on, however far up; `alleles` has, for each gene that it follows from, the
    genotypes that the gene's result allows, in standard names.
    """

    resource: Resource
    parents: tuple[Resource, ...] = ()
    rests_on: frozenset[str] = frozenset()
    alleles: tuple[Options, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A patient's results, narrowed to those that were asked for, and what is known from them."""

    chart: Chart
    interpretation: Interpretation

    @property
    def alleles(self) -> dict[str, list[Options]]:
        """The genotypes that each stored result allows, by its reference, a gene each."""
        found: dict[str, list[Options]] = {}
        for gene, result in self.interpretation.genes.items():
            held = genotypes_of(gene, result)
            for reference in result.derived_from if held else ():
                found.setdefault(reference.partition("#")[0], []).extend(held)
        return found


def genotypes_of(gene: str, result: GeneResult) -> tuple[Options, ...]:
    """The genotypes that a gene's result allows, together; of a gene of which single alleles are
    known (HLA), each allele by itself."""
    if result.diplotypes:
        options = [
            IndexedGenotype(gene, "diplotype", each.name, each.haplotypes)
            for each in result.diplotypes
        ]
        return (tuple(options),)
    carried = [name for name, status in result.allele_status.items() if status == "positive"]
    return tuple(
        (IndexedGenotype(gene, "haplotype", name, (name,)),)
        for name in dict.fromkeys((*result.alleles, *carried))
    )


def kept_of(asked: Asked, at: Context) -> Kept:
    """The results of the subject that meet test, date, specimen and source class."""
    whole = read_chart(asked.subject, at.reads)
    seen = at.pipeline.interpret(whole.entries)
    origins = Origins(asked, at.reads)
    if asked.source_class is None and not origins.are_asked:
        return Kept(whole, seen)
    classes = source_classes(whole, _stated_classes(seen))
    results = frozenset(
        each.reference
        for each in whole.entries
        if each.container is None
        and each.type in RESULTS
        and (asked.source_class is None or classes.get(each.reference) is asked.source_class)
        and _is_kept(each, whole, origins)
    )
    chart = whole.only(results)
    return Kept(chart, at.pipeline.interpret(chart.entries))


def _is_kept(entry: Entry, chart: Chart, origins: Origins) -> bool:
    """Whether a result, or what it is derived from, comes from what was asked for: an implication
    is seldom listed in the report itself."""
    return origins.keep(dict(entry.resource)) or (
        bool(entry.resource.get("derivedFrom"))
        and any(origins.keep(dict(each.resource)) for each in chart.parents(entry.resource))
    )


def _stated_classes(seen: Interpretation) -> dict[str, SourceClass]:
    reading = seen.reading
    found = {each.origin.reference: each.source_class for each in reading.statements}
    return found | {each.origin.reference: each.source_class for each in reading.variants}


def is_ours(resource: Mapping[str, object]) -> bool:
    """Whether a stored resource is a conclusion of this software."""
    return bool(derivation_of(resource))


def stated(kept: Kept, at: Context, codes: frozenset[str], profile: str) -> Iterator[Told]:
    """The stored Observations with one of these codes, with their parents; none that is of somebody
    else's genome.

    One with the guide's present code says its profile and both categories; older ones are returned
    as they are, because they claim no more than they are.
    """
    alleles = kept.alleles
    others = of_others(kept.chart.entries)
    for entry in kept.chart.entries:
        found = codes_of(entry.resource) & codes
        if entry.type != "Observation" or not found or is_ours(entry.resource):
            continue
        if entry.resource.get("status") in TAKEN_BACK or entry.reference in others:
            continue
        parents = kept.chart.parents(entry.resource)
        rests_on = kept.chart.lineage(entry.resource)
        made = taken_out(entry, kept.chart.subject)
        if profile.rpartition("/")[2] in found:
            made = conforming(made, profile, kept.chart.subject)
        yield Told(
            made,
            as_parents(parents, kept.chart, at),
            rests_on,
            tuple(pair for each in sorted(rests_on) for pair in alleles.get(each, ())),
        )


def as_parents(entries: Iterable[Entry], chart: Chart, at: Context) -> tuple[Resource, ...]:
    """Stored results as the response holds them: Observations; of a sequence, for which it has no
    place, the variants that it states."""
    found: list[Resource] = []
    for each in entries:
        if each.type == "Observation":
            found.append(_as_parent(each, chart))
        elif each.type == "MolecularSequence":
            index = at.pipeline.genomic_index([each]).get(each.reference, NOT_GENOMIC)
            found += [
                write_variant(
                    StoredVariant(chart.subject, each.type, each.id, variant),
                    dict(each.resource),
                    at.knowledge.vocabulary,
                )
                for variant in index.variants
                if is_present(variant) and variant.start is not None
            ]
    return tuple(found)


def _as_parent(entry: Entry, chart: Chart) -> Resource:
    """With the profile of what its code says it is."""
    found = taken_out(entry, chart.subject)
    for code, (_, profile) in _PROFILES.items():
        if code in codes_of(entry.resource):
            return conforming(found, profile, chart.subject)
    return found


def parent_references(resource: Mapping[str, object]) -> list[str]:
    return [
        found for each in as_dicts(resource.get("derivedFrom")) if (found := reference_of(each))
    ]


def parents_of(told: Iterable[Told], names: tuple[str, ...]) -> list[dict[str, object]]:
    """The parents of what was told, each once, under the parameter of its kind: the last of
    `names` for what is none of them (a phenotype that a laboratory states without a genotype)."""
    by_name: dict[str, list[Resource]] = {name: [] for name in names}
    for each in distinct(parent for one in told for parent in one.parents):
        kind = next((name for code, (name, _) in _PROFILES.items() if code in codes_of(each)), "")
        by_name[kind if kind in by_name else names[-1]].append(each)
    return [{"name": name, "resource": each} for name in names for each in by_name[name]]
