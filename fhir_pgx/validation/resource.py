"""One resource with all that it holds: each nested resource is checked by itself, at its path."""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_pgx.errors import Issue
from fhir_pgx.fhir.bundle import Entry, References, as_dicts
from fhir_pgx.fhir.xml.elements import find_resource
from fhir_pgx.knowledge import load_knowledge
from fhir_pgx.knowledge.fhir_schema import r4_resource_types
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.validation.base import base_issues
from fhir_pgx.validation.bundle import bundle_issues
from fhir_pgx.validation.codes import coding_issues
from fhir_pgx.validation.genomics import genomic_issues
from fhir_pgx.validation.mislabel import mislabel_issues, mislabelled
from fhir_pgx.validation.places import objects
from fhir_pgx.validation.profiles import profile_issues
from fhir_pgx.validation.sites import site_issues
from fhir_pgx.validation.strict import release_of, strict_issues
from fhir_pgx.validation.values import value_issues

_OLDER = frozenset({"MedicationOrder", "DiagnosticOrder", "ProcedureRequest", "ReferralRequest"})

# Path and resource, with the ids of the contained resources that it stands among, if it does.
_Nested = tuple[str, Any, frozenset[str] | None]


def resource_issues(
    resource: Mapping[str, Any],
    path: str,
    vocabulary: Vocabulary | None = None,
    beside: References | None = None,
    *,
    deep: bool = True,
) -> Iterator[Issue]:
    """Every finding in a resource and in those within it; Bundles also as a whole.

    `deep` adds the slow, second opinion of fhir.resources. `beside` finds every resource of the
    CDS Hooks message that it stands in; None where in none.
    """
    waiting: list[_Nested] = [(path, resource, None)]
    while waiting:
        here, item, beside_ids = waiting.pop()
        if not isinstance(item, Mapping):
            continue  # its owner's shape has been reported
        shell, nested = _split(item, here)
        waiting.extend(reversed(nested))
        ids = beside_ids if beside_ids is not None else _contained_ids(item)
        if not _is_known(item):
            yield _unknown(item, here)
            continue
        yield from _own_issues(item, shell, here, vocabulary, ids, deep=deep)
        if item.get("resourceType") == "Bundle":
            yield from bundle_issues(item, here, beside)


def _own_issues(
    item: Mapping[str, Any],
    shell: Mapping[str, Any],
    path: str,
    vocabulary: Vocabulary | None,
    ids: frozenset[str],
    *,
    deep: bool,
) -> Iterator[Issue]:
    """The findings of a resource without its nested ones (`shell`), one a place."""
    release = release_of(shell)
    found = objects(shell)
    mine = base_issues(item, path, size=len(found)) if release == "R4B" else []
    mine += value_issues(shell, found, path, ids)
    if deep:
        said = {issue.where for issue in mine}
        mine += (i for i in strict_issues(shell, path) if not _is_said(i.where, said))
    yield from mine
    if release == "R4B":
        yield from profile_issues(shell, path)
    coded = list(coding_issues(found, path, vocabulary))
    yield from coded
    if vocabulary is not None:
        yield from genomic_issues(shell, path, vocabulary)
        yield from site_issues(shell, path, vocabulary)
        yield from _mislabel_issues(shell, path, vocabulary, {issue.where for issue in coded})


def _mislabel_issues(
    resource: Mapping[str, Any], path: str, vocabulary: Vocabulary, said: set[str]
) -> Iterator[Issue]:
    """Contradictions between the parts of an Observation; within one coding they are said."""
    if resource.get("resourceType") != "Observation":
        return
    found = mislabelled([Entry(resource, path)], vocabulary, load_knowledge().genes)
    for issue in mislabel_issues(found):
        if not any(where.startswith(f"{issue.where}.") for where in said):
            yield issue


def _contained_ids(resource: Mapping[str, Any]) -> frozenset[str]:
    if "contained" not in resource:
        return frozenset()
    ids = (each.get("id") for each in as_dicts(resource["contained"]))
    return frozenset(each for each in ids if isinstance(each, str))


def _is_said(where: str, said: set[str]) -> bool:
    """Whether a place, or one that it lies in, has been reported already."""
    return where in said or any(where.startswith((f"{one}.", f"{one}[")) for one in said)


def _is_known(resource: Mapping[str, Any]) -> bool:
    kind = resource.get("resourceType")
    return find_resource(kind) is not None or (
        isinstance(kind, str) and kind in r4_resource_types()
    )


def _unknown(resource: Mapping[str, Any], path: str) -> Issue:
    kind = resource.get("resourceType")
    where = f"{path}.resourceType" if path else "resourceType"
    if not isinstance(kind, str) or not kind:
        return Issue("the resource does not say its type", where, "add resourceType", "required")
    if kind in _OLDER:
        return Issue(
            "a resource type of a FHIR release that is not checked here",
            where,
            "send the R4 form to have it checked",
            "not-supported",
            "warning",
        )
    return Issue("not a resource type of FHIR R4", where, "correct resourceType", "value")


def _split(resource: Mapping[str, Any], path: str) -> tuple[Mapping[str, Any], list[_Nested]]:
    """The resource without those it holds, and those with their paths."""
    kind = resource.get("resourceType")
    if "contained" not in resource and kind not in ("Bundle", "Parameters"):
        return resource, []
    shell, nested = dict(resource), list[_Nested]()
    contained = shell.get("contained")
    if isinstance(contained, list) and contained:
        ids = _contained_ids(resource)
        nested += [(f"{path}.contained[{i}]", item, ids) for i, item in enumerate(contained)]
        del shell["contained"]
    if kind == "Bundle":
        shell["entry"] = _without(shell.get("entry"), f"{path}.entry", nested)
    elif kind == "Parameters":
        shell["parameter"] = _without(shell.get("parameter"), f"{path}.parameter", nested)
    return {name: value for name, value in shell.items() if name in resource}, nested


def _without(items: Any, path: str, nested: list[_Nested]) -> Any:
    """Entries or parameters without their resources, which are put into `nested`."""
    if not isinstance(items, list):
        return items
    return [_bared(item, f"{path}[{i}]", nested) for i, item in enumerate(items)]


def _bared(item: Any, path: str, nested: list[_Nested]) -> Any:
    if not isinstance(item, Mapping):
        return item
    bare = dict(item)
    if isinstance(bare.get("resource"), Mapping):
        nested.append((f"{path}.resource", bare.pop("resource"), None))
        if not bare:
            bare["id"] = "entry"  # else it would be reported as an empty object
    response = bare.get("response")
    if isinstance(response, Mapping) and isinstance(response.get("outcome"), Mapping):
        nested.append((f"{path}.response.outcome", response["outcome"], None))
        bare["response"] = {n: v for n, v in response.items() if n != "outcome"}
    if "part" in bare:
        bare["part"] = _without(bare["part"], f"{path}.part", nested)
    return bare
