"""`$find-subject-tx-implications` and `$find-subject-dx-implications`.

What stored results state, and what our knowledge makes of them, each with what it is derived from.
A gene that was not tested implies nothing. Without any criterion the answer has no parameter: it
is a question without an object, and not a list of all there is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fhir_pgx.operations.answers import parameters, resources
from fhir_pgx.operations.computed import Computed
from fhir_pgx.operations.criteria import (
    ConditionAsked,
    TreatmentAsked,
    findings_asked,
    narrowed,
)
from fhir_pgx.operations.frame import distinct
from fhir_pgx.operations.operation import Asked, Context, Operation, Parameter, Resource
from fhir_pgx.operations.takes import (
    GENOTYPE_OUT,
    HAPLOTYPE_OUT,
    HAPLOTYPES,
    RANGES,
    SOURCE_CLASS,
    SUBJECT,
    TEST_FILTERS,
    VARIANT_OUT,
    VARIANTS,
)
from fhir_pgx.operations.told import Kept, Told, kept_of, parents_of, stated
from fhir_pgx.terminology import (
    STU1_IMPLICATIONS,
    TBD_PREDICTED_IMPLICATION,
    TBD_THERAPEUTIC_IMPLICATION,
    TBD_TRANSPORTER_FUNCTION,
)

_BASE = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/"
TX_PROFILE, DX_PROFILE = f"{_BASE}therapeutic-implication", f"{_BASE}diagnostic-implication"
# As the releases of the guide code them, STU1 first; in STU1 the value itself is the phenotype.
TX_CODES = frozenset(
    (*STU1_IMPLICATIONS, TBD_TRANSPORTER_FUNCTION, TBD_PREDICTED_IMPLICATION,
     TBD_THERAPEUTIC_IMPLICATION)
)  # fmt: skip
DX_CODES = frozenset(("53037-8", "inherited-disease-pathogenicity", "diagnostic-implication"))

OPTIONAL_VARIANTS = replace(VARIANTS, minimum=0)
OPTIONAL_RANGES = replace(RANGES, minimum=0)
OPTIONAL_HAPLOTYPES = replace(HAPLOTYPES, minimum=0)
TREATMENTS = Parameter(
    "treatments", "string", 0, "*", "token",
    "The treatments for which implications are sought: a token or system|code.",
)  # fmt: skip
CONDITIONS = Parameter(
    "conditions", "string", 0, "*", "token",
    "The conditions for which implications are sought: a token or system|code.",
)  # fmt: skip
TX_CRITERIA = ("variants", "ranges", "haplotypes", "treatments", "conditions")
DX_CRITERIA = ("variants", "ranges", "haplotypes", "conditions")


def has_criteria(asked: Asked, names: tuple[str, ...]) -> bool:
    return any(asked.listed(name) for name in names)


def find_tx(asked: Asked, at: Context) -> Resource:
    """The therapeutic implications of a subject that meet what was asked."""
    if not has_criteria(asked, TX_CRITERIA):
        return parameters([])
    findings = findings_asked(asked, at)
    treatments = [TreatmentAsked(each, at.pipeline.implied) for each in asked.listed("treatments")]
    conditions = [ConditionAsked(each, at.pipeline.implied) for each in asked.listed("conditions")]
    told = therapeutic(kept_of(asked, at), at, treatments)
    found = list(narrowed(told, findings, treatments, conditions))
    return _answer(found, ("variant", "haplotype", "genotype"))


def find_dx(asked: Asked, at: Context) -> Resource:
    """The diagnostic implications of a subject that meet what was asked."""
    if not has_criteria(asked, DX_CRITERIA):
        return parameters([])
    findings = findings_asked(asked, at)
    conditions = [ConditionAsked(each, at.pipeline.implied) for each in asked.listed("conditions")]
    found = list(narrowed(diagnostic(kept_of(asked, at), at), findings, (), conditions))
    return _answer(found, ("variant",))


def therapeutic(
    kept: Kept, at: Context, treatments: Sequence[TreatmentAsked] = ()
) -> Iterator[Told]:
    """Every therapeutic implication of a patient's kept results, those of laboratories first.

    Where treatments are asked for, what our knowledge says of other drugs is not worked out; what
    is yielded has still to be held against them.
    """
    yield from stated(kept, at, TX_CODES, TX_PROFILE)
    computed = Computed(kept, at)
    drugs = tuple(drug for each in treatments for drug in each.ingredients)
    is_known = bool(treatments) and all(each.ingredients for each in treatments)
    yield from computed.by_genes(drugs if is_known else None)
    yield from computed.therapies(
        lambda made: not treatments or any(each.is_of(made) for each in treatments)
    )


def diagnostic(
    kept: Kept, at: Context, treatments: Sequence[TreatmentAsked] = ()
) -> Iterator[Told]:
    """Every diagnostic implication, outlook and predisposition, those of laboratories first. None
    is of a treatment."""
    yield from stated(kept, at, DX_CODES, DX_PROFILE)
    yield from Computed(kept, at).statements()


def _answer(found: list[Told], parents: tuple[str, ...]) -> Resource:
    implications = distinct(each.resource for each in found)
    return parameters([*resources("implication", implications), *parents_of(found, parents)])


_IMPLICATION = Parameter("implication", "Observation", 0, "*")

FIND_SUBJECT_TX_IMPLICATIONS = Operation(
    name="find-subject-tx-implications",
    title="Find Subject Treatment Implications",
    text="Therapeutic implications of a patient's variants, haplotypes and genotypes.",
    about="subject",
    family="phenotype",
    takes=(
        SUBJECT,
        OPTIONAL_VARIANTS,
        OPTIONAL_RANGES,
        OPTIONAL_HAPLOTYPES,
        TREATMENTS,
        CONDITIONS,
        *TEST_FILTERS,
        SOURCE_CLASS,
    ),
    gives=(
        replace(_IMPLICATION, text="The implications found.", profile=TX_PROFILE),
        VARIANT_OUT,
        HAPLOTYPE_OUT,
        GENOTYPE_OUT,
    ),
    run=find_tx,
)
FIND_SUBJECT_DX_IMPLICATIONS = Operation(
    name="find-subject-dx-implications",
    title="Find Subject Diagnostic Implications",
    text="Diagnostic implications of a patient's variants.",
    about="subject",
    family="phenotype",
    takes=(
        SUBJECT,
        OPTIONAL_VARIANTS,
        OPTIONAL_RANGES,
        CONDITIONS,
        *TEST_FILTERS,
        SOURCE_CLASS,
    ),
    gives=(
        replace(_IMPLICATION, text="The implications found.", profile=DX_PROFILE),
        VARIANT_OUT,
    ),
    run=find_dx,
)
