"""`$find-population-specific-variants` and the two about structural variants: how many patients."""

from collections.abc import Callable, Iterable, Sequence

from fhir_pgx.model.genomic_index import Span
from fhir_pgx.operations.cohort import count
from fhir_pgx.operations.hits import alike_around, alike_over, simple_alike
from fhir_pgx.operations.operation import Asked, Context, Operation, Parameter, Resource
from fhir_pgx.operations.places import alleles_of, spans_of
from fhir_pgx.operations.takes import COUNTS, INCLUDE_PATIENTS, RANGES, SOURCE_CLASS, VARIANTS
from fhir_pgx.storage.store import VariantAlike

EVERYBODY = ""


def count_specific(asked: Asked, at: Context) -> Resource:
    """How many patients have each variant, or all of several."""

    def having(item: str) -> set[str]:
        return _patients(simple_alike(alleles_of(item, at, patient=EVERYBODY), asked, at))

    return count(asked, at, given="variants", name="variants", item="variantItem", having=having)


def count_intersecting(asked: Asked, at: Context) -> Resource:
    """How many patients have a structural variant that may reach into each region."""
    return _count_in_ranges(alike_over, asked, at)


def count_subsuming(asked: Asked, at: Context) -> Resource:
    """How many patients have a structural variant that certainly covers each region."""
    return _count_in_ranges(alike_around, asked, at)


def _count_in_ranges(
    find: Callable[[Sequence[Span], Asked, Context], list[VariantAlike]], asked: Asked, at: Context
) -> Resource:
    def having(item: str) -> set[str]:
        return _patients(find(spans_of(item, at, patient=EVERYBODY), asked, at))

    return count(asked, at, given="ranges", name="variants", item="rangeItem", having=having)


def _patients(found: Iterable[VariantAlike]) -> set[str]:
    return set[str]().union(*(each.patients for each in found))


def _gives(item: str) -> tuple[Parameter, ...]:
    echo = Parameter(item, "string", 1, text="What was asked; joined with AND where all are.")
    text = "One for each item of a list; one for all where the parameter is repeated."
    return (Parameter("variants", "", 1, "*", text=text, parts=(echo, *COUNTS)),)


FIND_POPULATION_SPECIFIC_VARIANTS = Operation(
    name="find-population-specific-variants",
    title="Find Population Specific Variants",
    text="How many patients have given simple variants.",
    about="population",
    family="genotype",
    takes=(VARIANTS, SOURCE_CLASS, INCLUDE_PATIENTS),
    gives=_gives("variantItem"),
    run=count_specific,
)
FIND_POPULATION_STRUCTURAL_INTERSECTING = Operation(
    name="find-population-structural-intersecting-variants",
    title="Find Population Structural Intersecting Variants",
    text="How many patients have structural variants that overlap regions.",
    about="population",
    family="genotype",
    takes=(RANGES, SOURCE_CLASS, INCLUDE_PATIENTS),
    gives=_gives("rangeItem"),
    run=count_intersecting,
)
FIND_POPULATION_STRUCTURAL_SUBSUMING = Operation(
    name="find-population-structural-subsuming-variants",
    title="Find Population Structural Subsuming Variants",
    text="How many patients have structural variants that cover the whole of regions.",
    about="population",
    family="genotype",
    takes=(RANGES, SOURCE_CLASS, INCLUDE_PATIENTS),
    gives=_gives("rangeItem"),
    run=count_subsuming,
)
