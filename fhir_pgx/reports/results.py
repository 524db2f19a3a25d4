"""Which resources of a report are results: what was found, not what is made of it."""

from collections.abc import Mapping
from typing import Any, Final

from fhir_pgx.terminology import LOINC

# Genotype, haplotype, variant (also one that is absent: it was looked for), genotype display.
_FOUND: Final = frozenset(("84413-4", "84414-2", "69548-6", "82120-7"))


# What of a result leads to a part of the report that is none.
_BEYOND: Final = ("device",)


def alone(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A result without what leads to parts of the report that are no results."""
    kept = {name: value for name, value in resource.items() if name not in _BEYOND}
    sources = [each for each in resource.get("derivedFrom", ()) if "reference" in each]
    if "derivedFrom" in kept and not sources:
        del kept["derivedFrom"]  # it names the file, by words alone
    return kept


def is_result(resource: Mapping[str, Any]) -> bool:
    """Whether a resource of a genomic report of ours is a genotype, a haplotype or a variant, there
    or not there: without those that are not there nobody could say what was tested."""
    code = resource.get("code")
    codings = code.get("coding", ()) if isinstance(code, dict) else ()
    is_found = any(each.get("system") == LOINC and each.get("code") in _FOUND for each in codings)
    return is_found and resource.get("resourceType") == "Observation"
