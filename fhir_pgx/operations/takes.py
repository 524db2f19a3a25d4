"""The parameters that several operations share, as the guide defines them."""

from fhir_pgx.operations.operation import Parameter

_BASE = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/"
VARIANT_PROFILE = f"{_BASE}variant"
HAPLOTYPE_PROFILE = f"{_BASE}haplotype"
GENOTYPE_PROFILE = f"{_BASE}genotype"
PHASE_PROFILE = f"{_BASE}sequence-phase-relationship"

_RANGE = "RefSeq.version:start-end, 0-based, half open (NC_000007.14:55174721-55174820)"

SUBJECT = Parameter("subject", "string", 1, "1", "reference", "The patient: an id or a reference.")
RANGES = Parameter("ranges", "string", 1, "*", "special", f"The regions to look in: {_RANGE}.")
VARIANTS = Parameter("variants", "string", 1, "*", "string", "The variants sought: HGVS or SPDI.")
GENES = Parameter(
    "genes", "string", 1, "*", "token", "The genes to look for: a token or system|code."
)
HAPLOTYPES = Parameter(
    "haplotypes", "string", 1, "*", "token",
    "The haplotypes or genotypes sought: a token or system|code.",
)  # fmt: skip
TEST_IDENTIFIERS = Parameter(
    "testIdentifiers", "string", 0, "*", "token", "Only results of one of these tests."
)
TEST_DATES = Parameter("testDateRange", "Period", text="Only results of tests in this range.")
SPECIMENS = Parameter(
    "specimenIdentifiers", "string", 0, "*", "token", "Only results of one of these specimens."
)
SOURCE_CLASS = Parameter(
    "genomicSourceClass",
    "string",
    search_type="token",
    text="germline or somatic; any if left out.",
)
SOURCE_CODE = Parameter("genomicSourceClass", "code", text=SOURCE_CLASS.text)
INCLUDE_VARIANTS = Parameter(
    "includeVariants", "boolean", text="Whether the variants themselves are returned; false."
)
INCLUDE_PHASING = Parameter(
    "includePhasing", "boolean",
    text="Whether variants and the phase relationships between them are returned; false.",
)  # fmt: skip
INCLUDE_PATIENTS = Parameter(
    "includePatientList", "boolean", text="Whether the matching patients are listed; false."
)
# What every subject operation can be narrowed by.
TEST_FILTERS = (TEST_IDENTIFIERS, TEST_DATES, SPECIMENS)

NUMERATOR = Parameter("numerator", "Quantity", 1, text="How many patients meet the question.")
DENOMINATOR = Parameter("denominator", "Quantity", text="How many patients were looked at.")
SUBJECTS = Parameter(
    "subject", "string", 0, "*", text="The matching patients, with includePatientList."
)
COUNTS = (NUMERATOR, DENOMINATOR, SUBJECTS)
PRESENCE = Parameter("presence", "boolean", 1, text="Whether at least one is present.")
VARIANT_OUT = Parameter(
    "variant", "Observation", 0, "*", text="The variants found.", profile=VARIANT_PROFILE
)
HAPLOTYPE_OUT = Parameter(
    "haplotype", "Observation", 0, "*", text="The haplotypes found.", profile=HAPLOTYPE_PROFILE
)
GENOTYPE_OUT = Parameter(
    "genotype", "Observation", 0, "*", text="The genotypes found.", profile=GENOTYPE_PROFILE
)
