"""`$find-subject-haplotypes` and `$find-subject-specific-haplotypes`."""

from fhir_pgx.fhir.gene_names import gene_of
from fhir_pgx.fhir.values import Concept
from fhir_pgx.model.drug import Coding
from fhir_pgx.operations.answers import Part, flag, group, parameters, resources, text
from fhir_pgx.operations.genotypes import (
    Rows,
    is_literal,
    is_of_gene,
    kept,
    meant,
    references,
    rows_of,
    written,
)
from fhir_pgx.operations.haplotype_names import read_sought
from fhir_pgx.operations.operation import Asked, Context, Operation, Parameter, Resource
from fhir_pgx.operations.returned import Results
from fhir_pgx.operations.takes import (
    GENES,
    GENOTYPE_OUT,
    HAPLOTYPE_OUT,
    HAPLOTYPES,
    PRESENCE,
    SOURCE_CLASS,
    SUBJECT,
    TEST_FILTERS,
)
from fhir_pgx.operations.tokens import Token, is_hgnc, read_token


def find_haplotypes(asked: Asked, at: Context) -> Resource:
    """The haplotypes and genotypes of each gene. A gene without any has a group with its name
    alone: it may have been tested or not."""
    results = Results(asked, at)
    groups = []
    for item in asked.listed("genes"):
        rows = _of_gene(read_token(item), asked, at, results)
        groups.append(group("haplotypes", [text("geneItem", item), *_listed(rows, results, at)]))
    return parameters(groups)


def find_specific_haplotypes(asked: Asked, at: Context) -> Resource:
    """Whether each haplotype or genotype is there, and where it is stated."""
    results = Results(asked, at)
    groups = []
    for item in asked.listed("haplotypes"):
        sought = read_sought(item, at.pipeline)
        rows = kept(rows_of(sought.genes, asked, at), results)
        bodies = results.read(references(rows))
        found = meant(sought, rows, at)
        found += [
            row
            for row in rows
            if row not in found and is_literal(sought.token, bodies.get((row.type, row.id), {}))
        ]
        parts = [
            text("haplotypeItem", item),
            flag("presence", value=bool(found)),
            *_listed(found, results, at),
        ]
        groups.append(group("haplotypes", parts))
    return parameters(groups)


def _of_gene(token: Token, asked: Asked, at: Context, results: Results) -> Rows:
    """The rows of a gene: by its HGNC id or symbol, else by what the results call it."""
    gene = ""
    if token.system is None or is_hgnc(token.system):
        coding = Coding(token.system or "", token.code, "")
        vocabulary = at.knowledge.vocabulary
        gene = (
            vocabulary.genes.get(token.code.upper(), "")
            or gene_of(Concept((coding,), ""), vocabulary)[0]
        )
    if gene:
        return kept(rows_of((gene,), asked, at), results)
    rows = kept(rows_of((), asked, at), results)
    bodies = results.read(references(rows))
    return [row for row in rows if is_of_gene(token, bodies.get((row.type, row.id), {}))]


def _listed(rows: Rows, results: Results, at: Context) -> list[Part]:
    return [
        *resources("haplotype", written("haplotype", rows, results, at)),
        *resources("genotype", written("diplotype", rows, results, at)),
    ]


FIND_SUBJECT_HAPLOTYPES = Operation(
    name="find-subject-haplotypes",
    title="Find Subject Haplotypes",
    text="The haplotypes and genotypes of genes.",
    about="subject",
    family="genotype",
    takes=(SUBJECT, GENES, *TEST_FILTERS, SOURCE_CLASS),
    gives=(
        Parameter(
            "haplotypes", "", 1, "*", text="One for each gene, in the order asked.",
            parts=(
                Parameter("geneItem", "string", 1, text="The gene as it was asked."),
                HAPLOTYPE_OUT,
                GENOTYPE_OUT,
            ),
        ),
    ),
    run=find_haplotypes,
)  # fmt: skip

FIND_SUBJECT_SPECIFIC_HAPLOTYPES = Operation(
    name="find-subject-specific-haplotypes",
    title="Find Subject Specific Haplotypes",
    text="Whether given haplotypes or genotypes are present.",
    about="subject",
    family="genotype",
    takes=(SUBJECT, HAPLOTYPES, *TEST_FILTERS, SOURCE_CLASS),
    gives=(
        Parameter(
            "haplotypes", "", 1, "*", text="One for each haplotype, in the order asked.",
            parts=(
                Parameter("haplotypeItem", "string", 1, text="The haplotype as it was asked."),
                PRESENCE,
                HAPLOTYPE_OUT,
                GENOTYPE_OUT,
            ),
        ),
    ),
    run=find_specific_haplotypes,
)  # fmt: skip
