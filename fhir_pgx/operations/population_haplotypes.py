"""`$find-population-specific-haplotypes`: how many patients have a haplotype or genotype."""

from collections.abc import Iterable

from fhir_pgx.fhir.gene_names import named_genes
from fhir_pgx.model.genomic_index import IndexedGenotype
from fhir_pgx.model.search import TokenAsked
from fhir_pgx.operations.cohort import count
from fhir_pgx.operations.genotypes import meant, rows_of
from fhir_pgx.operations.haplotype_names import Sought, read_sought
from fhir_pgx.operations.operation import Asked, Context, Operation, Parameter, Resource
from fhir_pgx.operations.takes import COUNTS, HAPLOTYPES, INCLUDE_PATIENTS, SOURCE_CLASS


def count_haplotypes(asked: Asked, at: Context) -> Resource:
    """How many patients have each haplotype, or all of several."""

    def having(item: str) -> set[str]:
        return _patients(read_sought(item, at.pipeline), asked, at)

    return count(
        asked, at, given="haplotypes", name="haplotypes", item="haplotypeItem", having=having
    )


def _patients(sought: Sought, asked: Asked, at: Context) -> set[str]:
    """By standard names, and by the values that a token means as they stand."""
    genes = sought.genes or named_genes(sought.token.code, at.knowledge.vocabulary)
    held = at.reads.genotypes_alike(genes, source_class=asked.source_class)
    token = sought.token
    wanted = " ".join(token.code.split()).casefold()
    value = TokenAsked(token.system, token.code)
    coded = at.reads.genotypes_alike(genes, source_class=asked.source_class, value=value)
    found = {patient for _, patients in coded for patient in patients}
    for genotype, patients in held:
        if token.system is None and genotype.name.casefold() == wanted:
            found.update(patients)
    if sought.is_finer:
        return found | {row.patient for row in meant(sought, rows_of(genes, asked, at), at)} - {""}
    return found | _named(sought, held)


def _named(sought: Sought, held: Iterable[tuple[IndexedGenotype, tuple[str, ...]]]) -> set[str]:
    """The patients who have a genotype of a name that is sought; of several HLA loci all of
    them."""
    loci: dict[str, set[str]] = {}
    for genotype, patients in held:
        if sought.is_of([genotype]):
            loci.setdefault(genotype.gene, set()).update(patients)
    if len(loci) < max(1, len(sought.typing)):
        return set()
    return set.intersection(*loci.values()) if sought.typing else set().union(*loci.values())


FIND_POPULATION_SPECIFIC_HAPLOTYPES = Operation(
    name="find-population-specific-haplotypes",
    title="Find Population Specific Haplotypes",
    text="How many patients have given haplotypes or genotypes.",
    about="population",
    family="genotype",
    takes=(HAPLOTYPES, SOURCE_CLASS, INCLUDE_PATIENTS),
    gives=(
        Parameter(
            "haplotypes", "", 1, "*",
            text="One for each item of a list; one for all where the parameter is repeated.",
            parts=(
                Parameter(
                    "haplotypeItem", "string", 1,
                    text="What was asked; joined with AND where all are.",
                ),
                *COUNTS,
            ),
        ),
    ),
    run=count_haplotypes,
)  # fmt: skip
