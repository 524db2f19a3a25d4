"""Stored haplotypes and genotypes: which a question is about, and as the Observations returned."""

from collections import defaultdict
from collections.abc import Iterable

from fhir_pgx.fhir.bundle import Entry, as_dicts
from fhir_pgx.fhir.gl_strings import Loci, split_typing
from fhir_pgx.fhir.values import concept_of, value_of
from fhir_pgx.model.genomic_index import IndexedGenotype, StoredGenotype
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.operations.bodies import decoded
from fhir_pgx.operations.frame import (
    coded,
    codes_of,
    conforming,
    distinct,
    gene_component,
    made_from,
    observations_in,
    taken_out,
)
from fhir_pgx.operations.haplotype_names import Sought, has_chromosomes
from fhir_pgx.operations.hits import is_of_class
from fhir_pgx.operations.operation import Asked, Context, Resource
from fhir_pgx.operations.returned import Results
from fhir_pgx.operations.takes import GENOTYPE_PROFILE, HAPLOTYPE_PROFILE
from fhir_pgx.operations.tokens import Token
from fhir_pgx.terminology import GENE_STUDIED, GENOTYPE, HAPLOTYPE, LOINC

Reference = tuple[str, str]
Rows = list[StoredGenotype]
_KINDS = {
    "diplotype": (GENOTYPE, GENOTYPE_PROFILE, "Genotype display name"),
    "haplotype": (HAPLOTYPE, HAPLOTYPE_PROFILE, "Haplotype Name"),
}


def rows_of(genes: Iterable[str], asked: Asked, at: Context) -> Rows:
    """The stored haplotypes and genotypes of these genes (of all, where none is named), of the
    class asked for."""
    found = at.reads.genotypes_of(tuple(genes), patient=asked.subject)
    return [row for row in found if is_of_class(row.genotype.source_class, asked)]


def meant(sought: Sought, rows: Iterable[StoredGenotype], at: Context) -> Rows:
    """The rows whose names are what is sought; of several HLA loci those of the patients who have
    all of them. Presence is not a possibility: of several genotypes that a result allows each must
    be meant."""
    coarse = sought.coarser()
    found = [row for row in rows if coarse.is_of([row.genotype])]
    if sought.is_finer:
        found = _finer(sought, found, at)
    loci: dict[str, set[str]] = defaultdict(set)
    for row in found:
        loci[row.patient].add(row.genotype.gene)
    wanted = len(sought.typing)
    return [row for row in found if len(loci[row.patient]) >= wanted]


def _finer(sought: Sought, rows: Rows, at: Context) -> Rows:
    """The rows whose resources name the alleles as finely as asked: the index keeps two fields."""
    stored = at.reads.read_many(list(dict.fromkeys(references(rows))))
    said = {(each.type, each.id): _typings(decoded(each)) for each in stored}
    return [
        row
        for row in rows
        if any(
            has_chromosomes(chromosomes, asked)
            for locus, asked in sought.typing
            for typing in said.get((row.type, row.id), ())
            if (chromosomes := typing.get(locus)) and row.genotype.gene == f"HLA-{locus}"
        )
    ]


def _typings(body: Resource) -> list[Loci]:
    return [
        split_typing(words)
        for entry in observations_in(body)
        for words, _ in value_of(entry.resource).concept.stated
    ]


def is_literal(token: Token, body: Resource) -> bool:
    """Whether a token is what a result's value says, as it stands."""
    return any(
        token.is_of(value_of(entry.resource).concept)
        for entry in observations_in(body)
        if codes_of(entry.resource) & {GENOTYPE, HAPLOTYPE}
    )


def is_of_gene(token: Token, body: Resource) -> bool:
    """Whether a token is what a result names as the gene studied, as it stands."""
    return any(
        token.is_of(concept_of(part.get("valueCodeableConcept")))
        for entry in observations_in(body)
        for part in as_dicts(entry.resource.get("component"))
        if GENE_STUDIED in codes_of(part)
    )


def written(kind: str, rows: Rows, results: Results, at: Context) -> list[Resource]:
    """The Observations of the rows of a kind (`diplotype`, `haplotype`), each once."""
    bodies = results.read(references(rows))
    return distinct(
        _write(row, bodies[row.type, row.id], at.knowledge)
        for row in rows
        if row.genotype.kind == kind and (row.type, row.id) in bodies
    )


def _write(row: StoredGenotype, body: Resource, knowledge: Knowledge) -> Resource:
    code, profile, display = _KINDS[row.genotype.kind]
    entry = _stated(row.genotype, body, code)
    if entry is None:
        found = made_from(body, (row.genotype.gene, row.genotype.name), coded(LOINC, code, display))
        found["valueCodeableConcept"] = {"text": f"{row.genotype.gene} {row.genotype.name}"}
    else:
        found = taken_out(entry, row.patient)
        _make_concept(found)
    parts = list(as_dicts(found.get("component")))
    if not any(GENE_STUDIED in codes_of(each) for each in parts):
        rules = knowledge.genes.get(row.genotype.gene)
        parts.append(gene_component(row.genotype.gene, rules.hgnc if rules else ""))
    found["component"] = parts
    return conforming(found, profile, row.patient)


def _stated(genotype: IndexedGenotype, body: Resource, code: str) -> Entry | None:
    """The one Observation of a resource that states a genotype in the guide's shape."""
    found = [each for each in observations_in(body) if code in codes_of(each.resource)]
    return found[0] if len(found) == 1 else None


def _make_concept(found: dict[str, object]) -> None:
    """The profile allows a concept alone: a text becomes the concept's."""
    if "valueCodeableConcept" in found:
        return
    label = value_of(found).concept.label
    for name in [key for key in found if key.startswith("value")]:
        del found[name]
    found["valueCodeableConcept"] = {"text": label}


def references(rows: Iterable[StoredGenotype]) -> list[Reference]:
    return [(row.type, row.id) for row in rows]


def kept(rows: Iterable[StoredGenotype], results: Results) -> Rows:
    """The rows whose resource is of the tests asked for."""
    listed = list(rows)
    if not results.are_narrowed:
        return listed
    results.read(references(listed))
    return [row for row in listed if results.stands((row.type, row.id))]
