"""`$find-population-specific-haplotypes`: how many patients have a haplotype or genotype."""

from dataclasses import replace

from fhir_pgx.fhir.gene_names import named_genes
from fhir_pgx.model.search import Criterion, Query, TokenAsked
from fhir_pgx.operations.cohort import count
from fhir_pgx.operations.genotypes import meant, rows_of
from fhir_pgx.operations.haplotype_names import Sought, read_sought
from fhir_pgx.operations.operation import Asked, Context, Operation, Parameter, Resource
from fhir_pgx.operations.takes import COUNTS, HAPLOTYPES, INCLUDE_PATIENTS, SOURCE_CLASS
from fhir_pgx.operations.tokens import Token

_PAGE = 1_000


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
    rows = rows_of(genes, asked, at)
    coded = _coded(sought.token, at)
    wanted = " ".join(sought.token.code.split()).casefold()
    found = meant(sought, rows, at) + [
        row
        for row in rows
        if (row.type, row.id) in coded
        or (sought.token.system is None and row.genotype.name.casefold() == wanted)
    ]
    return {row.patient for row in found if row.patient}


def _coded(token: Token, at: Context) -> set[tuple[str, str]]:
    """The Observations whose coded value a token means (`http://www.pharmvar.org|PV00101`)."""
    asked = Criterion("value-concept", (TokenAsked(token.system, token.code),))
    query = Query("Observation", (asked,), count=_PAGE, with_total=False)
    found: set[tuple[str, str]] = set()
    while True:
        page = at.reads.search(query)
        found.update((each.type, each.id) for each in page.resources)
        if not page.next:
            return found
        query = replace(query, after=page.next)


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
