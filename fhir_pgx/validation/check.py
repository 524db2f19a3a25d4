"""The one check of a resource that is written or asked about: base R4, profiles, codes, labels."""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fhir_pgx.errors import Issue
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.validation.resource import resource_issues

MAX_ISSUES = 1000

# What hospitals and laboratories send; compiled at a worker's start.
USUAL: Final = (
    "Bundle", "Observation", "Patient", "DiagnosticReport", "MolecularSequence", "Specimen",
    "ServiceRequest", "MedicationRequest", "MedicationStatement", "Condition", "Parameters",
)  # fmt: skip


def check_resource(
    resource: Mapping[str, Any], vocabulary: Vocabulary | None = None, *, deep: bool = False
) -> list[Issue]:
    """Every finding in a FHIR resource and in all it holds, each with its FHIRPath and its mending.

    The way of a write (`validate_writes` is not `off`): call it once for the resource as it came,
    a Bundle whole, with `knowledge.vocabulary`. A valid variant costs some 0.1 ms; a hostile
    Bundle no more than three times what a valid one of its size does, since at most MAX_ISSUES
    findings are sought. `reject` refuses where any issue has the severity `error`; `warn` stores
    and gives the list back when asked (`Prefer: return=OperationOutcome`). `deep` adds the second
    opinion of fhir.resources, at thirty times the cost: for `$validate` and the command.

    Empty where all is well. Raises TooDeep where Bundles nest too deep.
    """
    kind = resource.get("resourceType")
    path = kind if isinstance(kind, str) and kind.isalnum() else ""
    return listed(resource_issues(resource, path, vocabulary, deep=deep))


def listed(issues: Iterable[Issue]) -> list[Issue]:
    """The issues, up to MAX_ISSUES and one that says that there are more."""
    found = list(itertools.islice(issues, MAX_ISSUES + 1))
    if len(found) > MAX_ISSUES:
        found[MAX_ISSUES] = Issue(
            f"more than {MAX_ISSUES} findings: the rest is not listed",
            mend="correct these first",
            kind="incomplete",
            severity="warning",
        )
    return found
