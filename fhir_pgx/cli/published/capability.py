"""The CapabilityStatement of every server that runs this software (kind `requirements`).

What one server really offers, with its address and its security, is at its `/fhir/metadata`.
"""

from collections.abc import Iterator
from typing import Any

from fhir_pgx.cli.published.frame import DATE, FHIR, OPERATION, Definition, definition
from fhir_pgx.operations.all import OPERATIONS
from fhir_pgx.operations.reports import REPORT_OPERATIONS
from fhir_pgx.rest.parameters import (
    capability_includes,
    capability_parameters,
    capability_revincludes,
)
from fhir_pgx.rest.types import TYPES

_INTERACTIONS = ("read", "vread", "update", "delete", "history-instance", "create", "search-type")
DEFINITIONS = (
    "StructureDefinition", "OperationDefinition", "CodeSystem", "ValueSet", "SearchParameter",
    "CapabilityStatement",
)  # fmt: skip
_VALIDATE = "http://hl7.org/fhir/OperationDefinition/Resource-validate"


def capability_statements() -> Iterator[Definition]:
    """The one statement."""
    named = [*(each.name for each in OPERATIONS), *(each.name for each in REPORT_OPERATIONS)]
    operations = [{"name": name, "definition": f"{OPERATION}{name}"} for name in named]
    yield definition(
        "CapabilityStatement",
        "server",
        url="urn:fhir-pgx:capability:server",
        title="fhir_pgx server",
        text="A store of genomic results with search, the HL7 Genomics Operations, and "
        "interpretation by pharmacogenomic guidelines.",
        date=DATE,
        kind="requirements",
        fhirVersion=FHIR,
        format=["application/fhir+json", "application/fhir+xml"],
        implementationGuide=["http://hl7.org/fhir/uv/genomics-reporting/ImplementationGuide/"
                             "hl7.fhir.uv.genomics-reporting"],
        rest=[
            {
                "mode": "server",
                "resource": [*(_kept(each) for each in TYPES),
                             *(_published(each) for each in DEFINITIONS)],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
                "operation": [*operations, {"name": "validate", "definition": _VALIDATE}],
            }
        ],
    )  # fmt: skip


def _kept(type_: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": type_,
        "interaction": [{"code": code} for code in _INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "searchInclude": capability_includes(type_),
        "searchRevInclude": capability_revincludes(type_),
        "searchParam": capability_parameters(type_),
    }
    return {member: value for member, value in found.items() if value != []}


def _published(type_: str) -> dict[str, Any]:
    return {"type": type_, "interaction": [{"code": "read"}, {"code": "search-type"}]}
