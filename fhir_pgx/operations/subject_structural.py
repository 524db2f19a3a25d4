"""`$find-subject-structural-intersecting-variants` and `…-subsuming-variants`."""

from collections.abc import Callable, Sequence

from fhir_pgx.model.genomic_index import Span
from fhir_pgx.operations.answers import flag, group, parameters, resources, text
from fhir_pgx.operations.hits import Rows, structural_around, structural_over
from fhir_pgx.operations.operation import Asked, Context, Operation, Parameter, Resource
from fhir_pgx.operations.places import spans_of
from fhir_pgx.operations.returned import Results
from fhir_pgx.operations.takes import (
    INCLUDE_VARIANTS,
    PRESENCE,
    RANGES,
    SOURCE_CLASS,
    SUBJECT,
    TEST_FILTERS,
    VARIANT_OUT,
)

Finder = Callable[[Sequence[Span], Asked, Context], Rows]


def find_intersecting(asked: Asked, at: Context) -> Resource:
    """Whether structural variants may reach into each region, and which."""
    return _find(structural_over, asked, at)


def find_subsuming(asked: Asked, at: Context) -> Resource:
    """Whether structural variants certainly cover all of each region, and which."""
    return _find(structural_around, asked, at)


def _find(find: Finder, asked: Asked, at: Context) -> Resource:
    results = Results(asked, at)
    groups = []
    for item in asked.listed("ranges"):
        spans = spans_of(item, at, patient=asked.subject)
        rows = results.kept(find(spans, asked, at))
        listed = results.written(rows) if asked.is_set("includeVariants") else []
        parts = [
            text("rangeItem", item),
            flag("presence", value=bool(rows)),
            *resources("variant", listed),
        ]
        groups.append(group("variants", parts))
    return parameters(groups)


_TAKES = (SUBJECT, RANGES, *TEST_FILTERS, SOURCE_CLASS, INCLUDE_VARIANTS)
_GIVES = (
    Parameter(
        "variants", "", 1, "*", text="One for each region, in the order asked.",
        parts=(
            Parameter("rangeItem", "string", 1, text="The region as it was asked."),
            PRESENCE,
            VARIANT_OUT,
        ),
    ),
)  # fmt: skip

FIND_SUBJECT_STRUCTURAL_INTERSECTING = Operation(
    name="find-subject-structural-intersecting-variants",
    title="Find Subject Structural Intersecting Variants",
    text="Whether structural variants are present that overlap regions.",
    about="subject",
    family="genotype",
    takes=_TAKES,
    gives=_GIVES,
    run=find_intersecting,
)
FIND_SUBJECT_STRUCTURAL_SUBSUMING = Operation(
    name="find-subject-structural-subsuming-variants",
    title="Find Subject Structural Subsuming Variants",
    text="Whether structural variants are present that cover the whole of regions.",
    about="subject",
    family="genotype",
    takes=_TAKES,
    gives=_GIVES,
    run=find_subsuming,
)
