"""The report that a store keeps of a patient's genome: derived from the sources, written beside.

Derived resources carry our tag (`kept`), so that no reader of ours takes them for evidence, and ids
that follow from what they say: deriving again from the same sources writes nothing. They are found
by search like any resource, and are in no genomic index: an operation would count them beside the
results that they restate.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from fhir_pgx.errors import StoreFailure
from fhir_pgx.fhir.bundle import Entry, entries_of
from fhir_pgx.fhir.derived import is_kept_derivation
from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.model.document import Options
from fhir_pgx.rest.draft import Draft
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.writing import write_drafts
from fhir_pgx.storage.store import StoredResource
from fhir_pgx.terminology import DERIVATION, KEPT_DERIVATION

_NAMESPACE: Final = uuid.UUID("6a3f6f0e-3b0c-5d5e-8f39-5a0a4f9f7d11")  # ours, for kept ids
_LARGEST_STORED: Final = 1_000_000_000  # what is stored was within the limit when it came
_DEEPEST: Final = 1_000
_TRIES: Final = 5  # a patient whose sources change faster than that is derived at the next write
# A Device would be every patient's and outlive each report; it is named in words instead.
_NOT_STORED: Final = ("OperationOutcome", "Device")

Resource = dict[str, Any]


class Reporting(Protocol):
    """What is asked of the pipeline."""

    def interpret_entries(self, entries: Sequence[Entry], options: Options) -> Any: ...


@dataclass(frozen=True, slots=True)
class Derived:
    """What a derivation did to the store: nothing where the report was up to date."""

    patient: str
    written: int = 0
    removed: int = 0


def derive_report(server: Server, pipeline: Reporting, patient: str) -> Derived:
    """Bring the kept report of one patient up to date; where nothing is known, there is none.

    The sources are looked at again after the report is written: where they have changed meanwhile
    it is derived again. Raises StoreFailure, also where they never come to rest.
    """
    written = removed = 0
    before = _sources(server, patient)
    for _ in range(_TRIES):
        made = _report(pipeline, before.sources, patient)
        done = _replace(server, made, before.kept, patient)
        written, removed = written + done.written, removed + done.removed
        after = _sources(server, patient)
        if after.state == before.state:
            return Derived(patient, written, removed)
        before = after
    raise StoreFailure("the sources of a report kept changing while it was derived")


@dataclass(frozen=True, slots=True)
class _Held:
    """What the store holds of a patient; `state` tells one set of sources from another."""

    sources: tuple[tuple[StoredResource, Resource], ...]
    kept: Mapping[str, StoredResource]

    @property
    def state(self) -> frozenset[tuple[str, int]]:
        return frozenset((stored.reference, stored.version) for stored, _ in self.sources)


def _sources(server: Server, patient: str) -> _Held:
    sources, kept = [], {}
    for stored in server.store.resources_of(patient, tenant=server.tenant):
        resource = read_json(stored.body, max_bytes=_LARGEST_STORED, max_depth=_DEEPEST)
        if not is_kept_derivation(resource):
            sources.append((stored, resource))
        else:
            kept[stored.reference] = stored
    return _Held(tuple(sources), kept)


def _report(
    pipeline: Reporting, sources: Sequence[tuple[StoredResource, Resource]], patient: str
) -> list[Resource]:
    """The resources of the report as they are to be stored; none without a result."""
    listed = [
        {"resource": resource} | ({"fullUrl": stored.full_url} if stored.full_url else {})
        for stored, resource in sources
    ]
    entries = entries_of({"resourceType": "Bundle", "entry": listed})
    bundle = pipeline.interpret_entries(entries, Options(format="fhir"))
    found = [each["resource"] for each in bundle.get("entry", [])]
    if not any(each["resourceType"] == "Observation" for each in found):
        return []
    ids = {f"urn:uuid:{each['id']}": _kept_id(each, patient) for each in found}
    own = {f"urn:uuid:{each['id']}": each["resourceType"] for each in found}
    places = {
        url: f"{own[url]}/{id_}" if own[url] not in _NOT_STORED else "" for url, id_ in ids.items()
    }
    return [
        _as_kept(each, ids[f"urn:uuid:{each['id']}"], places, patient)
        for each in found
        if each["resourceType"] not in _NOT_STORED
    ]


def _kept_id(resource: Resource, patient: str) -> str:
    """Another id than the report has where it is asked for: that one may be sent and stored as it
    stands, and must not be taken for ours."""
    return str(uuid.uuid5(_NAMESPACE, f"{patient} {resource['id']}"))


def _as_kept(resource: Resource, id_: str, places: Mapping[str, str], patient: str) -> Resource:
    written: Resource = _moved(resource, places)
    written["id"] = id_
    tag = [{"system": DERIVATION, "code": KEPT_DERIVATION}]
    written["meta"] = {**written.get("meta", {}), "tag": tag}
    for name in ("subject", "for"):
        if name in written:
            written[name] = {"reference": f"Patient/{patient}"}
    return written


def _moved(value: Any, places: Mapping[str, str]) -> Any:
    """The value with every reference of the report led to where it is stored; without those that
    lead to nothing there."""
    if isinstance(value, list):
        return [_moved(each, places) for each in value]
    if not isinstance(value, dict):
        return value
    moved = {key: _moved(each, places) for key, each in value.items() if key != "reference"}
    reference = value.get("reference")
    if isinstance(reference, str):
        target = places.get(reference, reference)
        return {"reference": target} | moved if target else moved
    return moved if reference is None else {**moved, "reference": _moved(reference, places)}


def _replace(
    server: Server, made: Sequence[Resource], kept: Mapping[str, StoredResource], patient: str
) -> Derived:
    """Write what is new or changed, and delete what no longer follows, in one transaction."""
    drafts = [Draft(each["resourceType"], each["id"], each, write_json(each)) for each in made]
    names = {each.reference for each in drafts}
    stale = [each for name, each in kept.items() if name not in names]
    is_same = not stale and all(
        each.type == "Provenance"  # which has the time of its writing
        or (each.reference in kept and kept[each.reference].body == each.body)
        for each in drafts
    )
    if is_same and bool(kept) == bool(drafts):
        return Derived(patient)
    with server.store.transaction(tenant=server.tenant) as unit:
        write_drafts(unit, server, drafts)
        for each in stale:
            unit.delete(each.type, each.id)
    return Derived(patient, len(drafts), len(stale))
