"""What only the whole Bundle shows: fullUrl, references between entries, whose data they are."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from fhir_pgx.errors import Issue
from fhir_pgx.fhir.bundle import (
    Entry,
    References,
    as_dicts,
    as_text,
    entries_of,
    logical_id,
    reference_of,
    type_and_id,
)
from fhir_pgx.validation.places import objects, spelled

# These are sent to stand by themselves. In all others, and in a CDS Hooks message, a relative
# reference may well mean a resource that the server holds.
_WHOLE = frozenset({"document", "message", "collection"})


def bundle_issues(
    bundle: Mapping[str, Any], path: str, beside: References | None = None
) -> Iterator[Issue]:
    """Findings that concern several entries.

    `beside` finds every resource of the CDS Hooks message that the Bundle is a part of; None where
    it stands alone. Raises TooDeep where Bundles nest too deep.
    """
    entries = list(entries_of(bundle, path))
    whole = beside is None and as_text(bundle.get("type")) in _WHOLE
    yield from _double_urls(bundle, path)
    yield from _lost_references(entries, beside, whole=whole)
    yield from _several_patients(entries, path)


def _double_urls(bundle: Mapping[str, Any], path: str) -> Iterator[Issue]:
    seen: dict[tuple[str, str], int] = {}
    for i, entry in enumerate(as_dicts(bundle.get("entry"))):
        url = as_text(entry.get("fullUrl"))
        if not url:
            continue
        first = seen.setdefault((url, _version(entry.get("resource"))), i)
        if first != i:
            # Invariant bdl-7: fullUrl must be unique in a bundle, or versionId must differ.
            yield Issue(
                f"the same fullUrl as {path}.entry[{first}]",
                f"{path}.entry[{i}].fullUrl",
                "give each entry its own fullUrl, or remove the copy",
                "invariant",
            )


def _version(resource: Any) -> str:
    meta = resource.get("meta") if isinstance(resource, Mapping) else None
    return as_text(meta.get("versionId")) if isinstance(meta, Mapping) else ""


def _lost_references(
    entries: list[Entry], beside: References | None, *, whole: bool
) -> Iterator[Issue]:
    found = References(entries)
    types = frozenset(entry.type for entry in entries if entry.container is None) if whole else ()
    lost: dict[str, list[str]] = {}
    for entry in entries:
        if entry.container is not None:
            continue
        for trail, item in objects(entry.resource):
            text = item.get("reference")
            if not isinstance(text, str) or not _must_be_here(text, types):
                continue
            here = found.find(text, entry) or (beside.find(text, entry) if beside else None)
            if here is None:
                lost.setdefault(text, []).append(f"{spelled(entry.path, trail)}.reference")
    for places in lost.values():
        more = f" (and {len(places) - 1} more like it)" if len(places) > 1 else ""
        yield Issue(
            f"the reference resolves to nothing in this Bundle{more}",
            places[0],
            "add the resource, or correct the reference to an entry's fullUrl or Type/id",
            "not-found",
            "warning",
        )


def _must_be_here(reference: str, types: Collection[str]) -> bool:
    """Whether a reference says itself that its target was sent along.

    A relative one does where the Bundle stands by itself and holds resources of that type.
    """
    if reference.startswith("#"):
        return False  # the resource's own affair: see values.py
    if reference.startswith(("urn:uuid:", "urn:oid:")):
        return True
    return "://" not in reference and type_and_id(reference)[0] in types


def _several_patients(entries: list[Entry], path: str) -> Iterator[Issue]:
    found = References(entries)
    patients: dict[str, str] = {}
    for entry in entries:
        if entry.type == "Patient" and entry.container is None:
            patients.setdefault(entry.id or entry.full_url, entry.path)
            continue
        for element in ("subject", "patient"):
            reference = reference_of(entry.resource.get(element))
            target = found.find(reference, entry)
            if target is not None and target.type == "Patient":
                patients.setdefault(target.id or target.full_url, f"{entry.path}.{element}")
            elif target is None and "Patient/" in reference:
                patients.setdefault(logical_id(reference), f"{entry.path}.{element}")
    if len(patients) > 1:
        _, second, *_ = patients.values()
        yield Issue(
            f"the Bundle speaks of {len(patients)} patients",
            second if second.startswith(path) else path,
            "send one patient's data at a time: results must never be mixed",
            "conflict",
            "warning",
        )
