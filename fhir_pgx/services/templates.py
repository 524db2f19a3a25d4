"""The prefetch templates we publish: few, narrow, and plain enough for every EHR.

They use only `{{context.patientId}}`, reads, type searches and token equality (CDS Hooks,
Prefetch Template, the restricted query subset): no FHIRPath, no `_include`, no modifiers.
Observations are asked for by code, not `category=laboratory`: minimum necessary, and an EHR that
pages a lifetime of laboratory results would leave the one genotype on a page nobody reads. Sites
whose laboratory uses local codes add a key of their own; data are known by type and code.

LOINC codes: copyright Regenstrief Institute, Inc. and the LOINC Committee, http://loinc.org/license.
"""

import re
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote_plus

# Result-level codes under which a PGx result or a variant is filed; component codes are not
# searchable.
RESULT_CODES = (
    # any gene: genotype, haplotype, variant, phase, metabolizer status, STU1 implications
    "84413-4", "84414-2", "69548-6", "82120-7", "51971-0", "53040-2", "51961-1", "83009-1",
    "51964-5",
    "therapeutic-implication", "predicted-therapeutic-implication", "effect-transporter-function",
    "diagnostic-implication",
    # CYP2C19
    "79714-2", "57132-3", "72879-0", "66489-6", "66737-8", "66738-6", "66739-4", "66740-2",
    "66741-0", "66742-8", "66743-6",
    # CYP2D6
    "79715-9", "40425-1", "72880-8", "47403-1", "73682-7", "73681-9", "72886-5", "21661-4",
    "21662-2", "21664-8",
    # CYP2C9, VKORC1, CYP4F2
    "79716-7", "46724-1", "80686-9", "56164-7", "56165-4", "54451-0", "54450-2", "50722-8",
    "72512-7", "72507-7", "79721-7", "93197-2",
    # CYP2B6, CYP3A4, CYP3A5
    "79720-9", "72882-4", "72877-4", "72511-9", "81145-5", "81139-8", "74007-6", "79717-5",
    "81140-6", "81146-3", "81642-1", "72697-6", "74003-5",
    # TPMT, NUDT15
    "79713-4", "36922-3", "41048-0", "80738-8", "49653-9", "49654-7", "49655-4", "71356-0",
    "93195-6", "93194-9", "93193-1",
    # DPYD
    "79719-1", "45284-7", "93199-8", "57958-1", "94198-9",
    # UGT1A1
    "79718-3", "93845-6", "51951-2", "51952-0", "34509-0", "41044-9", "93844-9", "95143-4",
    "72508-5",
    # SLCO1B1, G6PD, IFNL3, NAT2, RYR1, CACNA1S, CFTR, MT-RNR1
    "79722-5", "93412-5", "21680-4", "94231-8", "60279-7", "90259-3", "58044-9", "21641-6",
    "21654-9", "42938-1", "42939-9", "34678-3",
    # HLA
    "50956-2", "42358-2", "57292-5", "57979-7", "79711-8", "79712-6", "57290-9", "57291-7",
    "13298-5", "13303-3",
)  # fmt: skip

REPORT_CODES = ("51969-4", "81247-9", "51965-2", "51962-9", "82118-1", "94753-1")

# Weight, height, kidney function, a target INR, and the three statuses that a dose or an advice
# turns on. Results under local codes are read all the same, from a key of the site's own.
MEASURE_CODES = (
    "29463-7", "3141-9",  # weight
    "8302-2", "3137-7",  # height
    "98979-8", "98980-6", "62238-1", "69405-9", "33914-3",  # estimated filtration rate
    "2164-2",  # creatinine clearance
    "6301-6", "34714-6",  # INR
    "72166-2", "82810-3", "63895-7",  # smoking, pregnancy, breastfeeding
    "8636-3", "76634-5", "76635-2", "8867-4",  # corrected QT interval, heart rate
)  # fmt: skip

# Tumour markers and gene tests of a tumour, its stage and the status of the disease: every code of
# `knowledge/therapies/tumour/markers.csv` that answers something.
MARKER_CODES = (
    "14228-1", "14230-7", "16112-5", "16113-3", "21636-6", "21637-4", "21638-2", "21640-8",
    "21667-1", "21668-9", "21702-6", "21902-2", "21908-9", "24475-6", "31150-6", "32581-1",
    "38530-2", "39004-7", "40556-3", "40557-1", "43368-0", "43399-5", "47958-4", "48676-1",
    "48972-4", "49490-6", "49683-6", "51867-0", "53620-1", "54447-8", "60588-1", "62862-8",
    "64083-9", "72333-8", "72383-3", "72520-0", "72726-3", "74860-8", "75974-6", "77031-3",
    "77038-8", "78205-2", "78210-2", "78218-5", "78225-0", "78915-6", "78916-4", "79207-7",
    "79208-5", "79210-1", "81420-2", "81695-9", "82535-6", "83052-1", "83054-7", "83055-4",
    "83056-2", "83057-0", "85100-6", "85147-7", "85148-5", "85149-3", "85299-6", "85318-4",
    "85319-2", "85325-9", "85329-1", "85337-4", "85339-0", "85509-8", "90926-7", "90927-5",
    "92843-2", "92906-7", "92907-5", "94076-7", "94077-5", "95784-5", "96893-3", "97509-4",
)  # fmt: skip

# Resistance genotypes under codes of their own; under 69548-6 they come with `pgxObservations`.
PATHOGEN_CODES = (
    "33630-5", "46244-0", "89372-7", "46245-7", "46246-5", "46247-3", "63072-3", "88544-2",
    "53798-5", "80692-7",
)  # fmt: skip

# HLA typings of a locus or panel, and antibodies against HLA.
TRANSPLANT_CODES = (
    "78014-8", "13299-3", "78015-5", "13302-5", "77636-9", "96636-6", "57298-2", "57293-3",
    "96664-8", "96629-1", "107914-4", "98006-0", "77641-9", "77642-7", "77643-5", "44534-6",
    "107913-6",
)  # fmt: skip

# Genetic tests as they are ordered: the codes of `knowledge/panels.yaml`, and of any gene.
TEST_CODES = (
    "51962-9", "82118-1", "78046-0", "84413-4", "72886-5", "54450-2", "93193-1", "81642-1",
    "13303-3", "66489-6", "57132-3", "47403-1", "40425-1", "80686-9", "46724-1", "72511-9",
    "72882-4", "74007-6", "81140-6", "45284-7", "93199-8", "36922-3", "93194-9", "34509-0",
    "93845-6", "93412-5", "50722-8", "93197-2", "21680-4", "90259-3", "58044-9", "21641-6",
    "21654-9", "60279-7", "56883-2", "34678-3", "57290-9", "57291-7", "57979-7", "50956-2",
    "79711-8", "79712-6",
)  # fmt: skip

_PATIENT = "{{context.patientId}}"

TEMPLATES = MappingProxyType(
    {
        "patient": f"Patient/{_PATIENT}",
        "pgxObservations": f"Observation?patient={_PATIENT}&code={','.join(RESULT_CODES)}",
        "diagnosticReports": f"DiagnosticReport?patient={_PATIENT}&code={','.join(REPORT_CODES)}",
        "tumourMarkers": f"Observation?patient={_PATIENT}&code={','.join(MARKER_CODES)}",
        "pathogenResults": f"Observation?patient={_PATIENT}&code={','.join(PATHOGEN_CODES)}",
        "hlaResults": f"Observation?patient={_PATIENT}&code={','.join(TRANSPLANT_CODES)}",
        "activeMedications": f"MedicationRequest?patient={_PATIENT}&status=active",
        "problems": f"Condition?patient={_PATIENT}&category=problem-list-item",
        "allergies": f"AllergyIntolerance?patient={_PATIENT}",
        "testOrders": (
            f"ServiceRequest?patient={_PATIENT}&status=active&code={','.join(TEST_CODES)}"
        ),
        "bodyMeasures": f"Observation?patient={_PATIENT}&code={','.join(MEASURE_CODES)}",
        "carePlans": f"CarePlan?patient={_PATIENT}&status=active",
        "consents": f"Consent?patient={_PATIENT}&status=active",
        "riskAssessments": f"RiskAssessment?patient={_PATIENT}",
    }
)


def type_of(template: str) -> str:
    """The resource type that a template reads or searches."""
    return template.partition("?")[0].partition("/")[0]


def codes_of(query: str) -> frozenset[str]:
    """The codes that a search asks for, without their systems; empty where it names none."""
    stated = _CODE.search(query)
    return _codes(stated[1]) if stated else frozenset()


@lru_cache(maxsize=64)  # the lists of a site's templates, the same in every call
def _codes(stated: str) -> frozenset[str]:
    return frozenset(code.rpartition("|")[2] for code in unquote_plus(stated).split(","))


def is_of_measures(query: str) -> bool:
    """Whether a search of Observations asks for measures and statuses alone: finding none, or
    failing, it says nothing of genomic results."""
    codes = codes_of(query)
    return bool(codes) and codes <= _MEASURES


_MEASURES = frozenset(MEASURE_CODES)
_CODE = re.compile(r"[?&]code=([^&]*)")
