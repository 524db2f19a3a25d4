"""`$find-subject-variants` and `$find-subject-specific-variants`: simple variants of a patient."""

from fhir_pgx.operations.answers import flag, group, parameters, resources, text
from fhir_pgx.operations.hits import simple_like, simple_over
from fhir_pgx.operations.operation import Asked, Context, Operation, Parameter, Resource
from fhir_pgx.operations.phases import parents_of, phases_between
from fhir_pgx.operations.places import alleles_of, spans_of
from fhir_pgx.operations.returned import Results
from fhir_pgx.operations.takes import (
    INCLUDE_PHASING,
    INCLUDE_VARIANTS,
    PHASE_PROFILE,
    PRESENCE,
    RANGES,
    SOURCE_CLASS,
    SOURCE_CODE,
    SUBJECT,
    TEST_FILTERS,
    VARIANT_OUT,
    VARIANTS,
)


def find_variants(asked: Asked, at: Context) -> Resource:
    """Whether simple variants overlap each region, and which.

    With phasing, a relationship stands in each group that holds one of its two variants: that the
    other lies in another of the regions asked for does not part them.
    """
    results = Results(asked, at)
    is_phasing = asked.is_set("includePhasing")
    is_listing = is_phasing or asked.is_set("includeVariants")
    found = []
    for item in asked.listed("ranges"):
        spans = spans_of(item, at, patient=asked.subject)
        rows = results.kept(simple_over(spans, asked, at))
        found.append((item, bool(rows), results.written(rows) if is_listing else []))
    returned = {each["id"] for _, _, variants in found for each in variants}
    phases = phases_between(returned, asked, at) if is_phasing else []
    groups = []
    for item, is_there, variants in found:
        here = {each["id"] for each in variants}
        parts = [
            text("rangeItem", item),
            flag("presence", value=is_there),
            *resources("variant", variants),
            *resources(
                "sequencePhaseRelationship", [each for each in phases if parents_of(each) & here]
            ),
        ]
        groups.append(group("variants", parts))
    return parameters(groups)


def find_specific_variants(asked: Asked, at: Context) -> Resource:
    """Whether each variant is there, however it is written here and was written when stored."""
    results = Results(asked, at)
    groups = []
    for item in asked.listed("variants"):
        rows = results.kept(simple_like(alleles_of(item, at, patient=asked.subject), asked, at))
        parts = [
            text("variantItem", item),
            flag("presence", value=bool(rows)),
            *resources("variant", results.written(rows)),
        ]
        groups.append(group("variants", parts))
    return parameters(groups)


FIND_SUBJECT_VARIANTS = Operation(
    name="find-subject-variants",
    title="Find Subject Variants",
    text="Whether simple variants are present that overlap regions.",
    about="subject",
    family="genotype",
    takes=(SUBJECT, RANGES, *TEST_FILTERS, SOURCE_CODE, INCLUDE_VARIANTS, INCLUDE_PHASING),
    gives=(
        Parameter(
            "variants", "", 1, "*", text="One for each region, in the order asked.",
            parts=(
                Parameter("rangeItem", "string", 1, text="The region as it was asked."),
                PRESENCE,
                VARIANT_OUT,
                Parameter(
                    "sequencePhaseRelationship", "Observation", 0, "*",
                    text="How returned variants lie to each other.", profile=PHASE_PROFILE,
                ),
            ),
        ),
    ),
    run=find_variants,
)  # fmt: skip

FIND_SUBJECT_SPECIFIC_VARIANTS = Operation(
    name="find-subject-specific-variants",
    title="Find Subject Specific Variants",
    text="Whether given simple variants are present.",
    about="subject",
    family="genotype",
    takes=(SUBJECT, VARIANTS, *TEST_FILTERS, SOURCE_CLASS),
    gives=(
        Parameter(
            "variants", "", 1, "*", text="One for each variant, in the order asked.",
            parts=(
                Parameter("variantItem", "string", 1, text="The variant as it was asked."),
                PRESENCE,
                VARIANT_OUT,
            ),
        ),
    ),
    run=find_specific_variants,
)  # fmt: skip
