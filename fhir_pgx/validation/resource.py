"""One resource with all that it holds: each nested resource is checked by itself, at its path."""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_pgx.errors import Issue
from fhir_pgx.fhir.bundle import References
from fhir_pgx.fhir.xml.elements import find_resource
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.validation.bundle import bundle_issues
from fhir_pgx.validation.codes import binding_issues, coding_issues
from fhir_pgx.validation.shape import empty_members, shape_issues
from fhir_pgx.validation.strict import release_of, strict_issues

# R4's own types that R4B no longer has: right to send, but beyond what we check.
_ONLY_R4 = ("MedicinalProduct", "Substance", "EffectEvidenceSynthesis", "RiskEvidenceSynthesis")
_OLDER = frozenset({"MedicationOrder", "DiagnosticOrder", "ProcedureRequest", "ReferralRequest"})


def resource_issues(
    resource: Mapping[str, Any],
    path: str,
    vocabulary: Vocabulary | None = None,
    beside: References | None = None,
) -> Iterator[Issue]:
    """Every finding in a resource and in those within it; Bundles also as a whole.

    `beside` finds every resource of the CDS Hooks message that it stands in; None where in none.
    """
    waiting: list[tuple[str, Any]] = [(path, resource)]
    while waiting:
        here, item = waiting.pop()
        if not isinstance(item, Mapping):
            continue  # its owner's shape has been reported
        shell, nested = _split(item, here)
        waiting.extend(reversed(nested))
        if not _is_known(item):
            yield _unknown(item, here)
            continue
        yield from _own_issues(shell, here, vocabulary)
        if item.get("resourceType") == "Bundle":
            yield from bundle_issues(item, here, beside)


def _own_issues(
    shell: Mapping[str, Any], path: str, vocabulary: Vocabulary | None
) -> Iterator[Issue]:
    """The findings of a resource without its nested ones, one a place."""
    mine = list(empty_members(shell, path))
    release = release_of(shell)
    if release == "R4B" or find_resource(shell.get("resourceType")) is not None:
        mine.extend(shape_issues(shell, path) if release != "R5" else ())
    said = {issue.where for issue in mine}
    if release == "R4B":
        mine.extend(i for i in binding_issues(shell, path) if i.where not in said)
    mine.extend(i for i in strict_issues(shell, path) if i.where not in said)
    yield from mine
    yield from coding_issues(shell, path, vocabulary)


def _is_known(resource: Mapping[str, Any]) -> bool:
    return find_resource(resource.get("resourceType")) is not None


def _unknown(resource: Mapping[str, Any], path: str) -> Issue:
    kind = resource.get("resourceType")
    where = f"{path}.resourceType" if path else "resourceType"
    if not isinstance(kind, str) or not kind:
        return Issue("the resource does not say its type", where, "add resourceType", "required")
    if kind.startswith(_ONLY_R4) or kind in _OLDER:
        return Issue(
            "a resource type of a FHIR release that is not checked here",
            where,
            "send the R4 form to have it checked",
            "not-supported",
            "warning",
        )
    return Issue("not a resource type of FHIR R4", where, "correct resourceType", "value")


def _split(resource: Mapping[str, Any], path: str) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """The resource without those it holds, and those with their paths."""
    shell, nested = dict(resource), list[tuple[str, Any]]()
    contained = shell.get("contained")
    if isinstance(contained, list) and contained:
        nested += [(f"{path}.contained[{i}]", item) for i, item in enumerate(contained)]
        del shell["contained"]
    if shell.get("resourceType") == "Bundle":
        shell["entry"] = _without(shell.get("entry"), f"{path}.entry", nested)
    elif shell.get("resourceType") == "Parameters":
        shell["parameter"] = _without(shell.get("parameter"), f"{path}.parameter", nested)
    return {name: value for name, value in shell.items() if name in resource}, nested


def _without(items: Any, path: str, nested: list[tuple[str, Any]]) -> Any:
    """Entries or parameters without their resources, which are put into `nested`."""
    if not isinstance(items, list):
        return items
    return [_bared(item, f"{path}[{i}]", nested) for i, item in enumerate(items)]


def _bared(item: Any, path: str, nested: list[tuple[str, Any]]) -> Any:
    if not isinstance(item, Mapping):
        return item
    bare = dict(item)
    if isinstance(bare.get("resource"), Mapping):
        nested.append((f"{path}.resource", bare.pop("resource")))
        if not bare:
            bare["id"] = "entry"  # else it would be reported as an empty object
    response = bare.get("response")
    if isinstance(response, Mapping) and isinstance(response.get("outcome"), Mapping):
        nested.append((f"{path}.response.outcome", response["outcome"]))
        bare["response"] = {n: v for n, v in response.items() if n != "outcome"}
    if "part" in bare:
        bare["part"] = _without(bare["part"], f"{path}.part", nested)
    return bare
