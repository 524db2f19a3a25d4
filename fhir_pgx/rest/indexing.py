"""What a written resource is found by: its search values, and its genomic content by place.

A genomic result is read together with what it refers to and what holds it: whose genome it is may
stand in a specimen, report or panel. Where one of these comes after its results, the results are
read anew in the same transaction.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from fhir_pgx.errors import GenomicsNotIndexed, Issue
from fhir_pgx.fhir.bundle import Entry, as_list, entries_of, reference_of
from fhir_pgx.fhir.derived import is_kept_derivation
from fhir_pgx.fhir.json import read_json
from fhir_pgx.fhir.reading import of_others
from fhir_pgx.fhir.said import said_of
from fhir_pgx.model.genomic_index import NOT_GENOMIC, GenomicIndex
from fhir_pgx.rest.draft import Draft
from fhir_pgx.rest.references import references_in
from fhir_pgx.rest.server import GenomicIndexer
from fhir_pgx.rest.values import search_values
from fhir_pgx.rest.values_links import Resolve
from fhir_pgx.storage.store import NewResource, Reads, StoredResource, Unit

log = logging.getLogger("fhir_pgx.rest")

# Of what may state something of a genome; what is contained in one is stated by it.
_RESULTS: Final = ("Observation", "MolecularSequence", "DiagnosticReport")
# What says of others whose genome they are.
_TELLING: Final = ("DiagnosticReport", "Specimen", "MolecularSequence")
_HOLDING: Final = ("result", "has-member")  # the search parameters of what holds a result
_HOPS: Final = 2
_DEEPEST: Final = 1_000
_LARGEST_STORED: Final = 1_000_000_000  # what is stored was within the limit when it came


@dataclass(slots=True)
class _Content:
    """What results say, by reference: their genomic index, and whether they are of another genome
    than the patient's; not there where it could not be read."""

    genomic: dict[str, GenomicIndex] = field(default_factory=dict)
    of_another: dict[str, bool] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)


@dataclass(slots=True)
class Indexed:
    """`written` are the drafts, ready to be put; `again` stored results that they tell of."""

    written: list[NewResource]
    again: list[NewResource] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


def index_drafts(
    unit: Reads,
    index: GenomicIndexer,
    drafts: Sequence[Draft],
    before: Mapping[str, StoredResource],
    resolve: Resolve,
) -> Indexed:
    """The drafts with all that they are found by; `before` are the versions that they replace.

    A fault of ours in reading genomic content loses no resource: it gets no genomic index, and an
    issue (PGX-320) says so.
    """
    told = {each.reference: each for each in told_of(unit, before.values(), resolve)}
    told |= {each.reference: each for each in _told_by(unit, drafts, resolve)}
    written = {each.reference for each in drafts}
    again = [each for reference, each in told.items() if reference not in written]
    found = _genomic(unit, index, [*drafts, *again], resolve)
    new = [_new(each, found, resolve) for each in drafts]
    return Indexed(new, [_new(each, found, resolve) for each in again], found.issues)


def _new(draft: Draft, content: _Content, resolve: Resolve) -> NewResource:
    return NewResource(
        draft.type,
        draft.id,
        draft.body,
        draft.patient,
        draft.full_url,
        draft.referred_by,
        search_values(draft.resource, resolve),
        content.genomic.get(draft.reference, NOT_GENOMIC),
        _said(draft, content),
    )


def _said(draft: Draft, content: _Content) -> str:
    if draft.type == "Observation":
        whose = content.of_another.get(draft.reference)
        return "" if whose is None else said_of(draft.resource, is_of_another=whose)
    return said_of(draft.resource) if draft.type == "Condition" else ""


def as_stored(stored: StoredResource, resolve: Resolve) -> NewResource:
    """A stored resource that is no genomic result, as it is."""
    return _new(_of_stored(stored, _read(stored)), _Content(), resolve)


def told_of(unit: Reads, resources: Iterable[StoredResource], resolve: Resolve) -> list[Draft]:
    """Stored genomic results that stored resources tell something of, which is about to change."""
    return _told_by(unit, [_of_stored(each, _read(each)) for each in resources], resolve, "all")


def index_again(
    unit: Unit, index: GenomicIndexer, results: Sequence[Draft], resolve: Resolve
) -> None:
    """Read stored results anew: what told something of them is gone."""
    found = _genomic(unit, index, results, resolve)
    for each in results:
        unit.reindex(_new(each, found, resolve))


def _told_by(
    unit: Reads, drafts: Sequence[Draft], resolve: Resolve, which: Literal["", "all"] = ""
) -> list[Draft]:
    """Stored results that one of the drafts names as its own, or that refer to one that tells whose
    genome they are of (`all`: to any)."""
    named: dict[tuple[str, str], None] = {}
    found: dict[str, StoredResource] = {}
    for each in drafts:
        for name in ("result", "hasMember"):
            for item in as_list(each.resource.get(name)):
                if target := resolve(reference_of(item)):
                    named[target] = None
        is_telling = each.type in _TELLING or "hasMember" in each.resource
        if not each.is_fresh and (is_telling or (which and each.type in _RESULTS)):
            for stored in unit.referring(each.type, each.id):
                found[stored.reference] = stored
    for stored in unit.read_many(list(named)):
        found[stored.reference] = stored
    return [
        _of_stored(stored, resource)
        for stored in found.values()
        if stored.type in _RESULTS
        if not is_kept_derivation(resource := _read(stored))
    ]


def _of_stored(stored: StoredResource, resource: Mapping[str, Any]) -> Draft:
    return Draft(
        stored.type, stored.id, resource, stored.body, stored.full_url, patient=stored.patient
    )


def _read(stored: StoredResource) -> Mapping[str, Any]:
    resource: Mapping[str, Any] = read_json(
        stored.body, max_bytes=_LARGEST_STORED, max_depth=_DEEPEST
    )
    return resource


def _genomic(
    unit: Reads, index: GenomicIndexer, drafts: Sequence[Draft], resolve: Resolve
) -> _Content:
    """The genomic content of each result, patient by patient: no record explains another."""
    by_patient: dict[str, list[Draft]] = {}
    for each in drafts:
        by_patient.setdefault(each.patient, []).append(each)
    shared = by_patient.get("", [])
    content = _Content()
    for patient, own in by_patient.items():
        results = [each for each in own if each.type in _RESULTS]
        if not results:
            continue
        around = own if not patient else [*own, *shared]
        context = _context(unit, around, results, patient, resolve)
        asked = [*(entry for each in around for entry in _entries(each)), *context]
        try:
            content.genomic.update(index(asked))
            others = of_others(asked)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not lose the resource
            _note(error)
            content.issues += _one_by_one(index, results, asked, content.genomic)
        else:
            content.of_another |= {each.reference: each.reference in others for each in results}
    return content


def _one_by_one(
    index: GenomicIndexer,
    results: Sequence[Draft],
    asked: Sequence[Entry],
    found: dict[str, GenomicIndex],
) -> list[Issue]:
    """Each result by itself, beside what is no result: one fault costs the others nothing."""
    around = [entry for entry in asked if entry.type not in _RESULTS]
    issues = []
    for each in results:
        try:
            found.update(index([*_entries(each), *around]))
        except Exception as error:  # noqa: BLE001 - as above
            _note(error)
            issues.append(
                Issue(
                    f"the {each.type} is stored, but its genomic content could not be indexed",
                    each.place or each.type,
                    "tell the operator; operations and population queries do not see it",
                    GenomicsNotIndexed.kind,
                    "warning",
                    GenomicsNotIndexed.code,
                )
            )
    return issues


def _note(error: Exception) -> None:
    # The message may hold what was being read; its type and places cannot.
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
    log.error("genomic content could not be indexed: %s at %s", type(error).__name__, where)


def _entries(draft: Draft) -> list[Entry]:
    """A draft and what it contains; nothing of a Bundle, which is a document of its own."""
    return [] if draft.type == "Bundle" else entries_of(draft.resource, draft.reference)


def _context(
    unit: Reads,
    around: Sequence[Draft],
    results: Sequence[Draft],
    patient: str,
    resolve: Resolve,
) -> list[Entry]:
    """Stored resources that hold these results, and what all of them refer to, two steps far."""
    seen = {each.reference for each in around}
    context: list[Entry] = []

    def add(found: Iterable[StoredResource]) -> list[str]:
        fresh: list[str] = []
        for stored in found:
            if stored.reference in seen or stored.patient not in ("", patient):
                continue
            seen.add(stored.reference)
            resource = _read(stored)
            if is_kept_derivation(resource):
                continue  # it restates what is here
            context.extend(entries_of(resource, stored.reference))
            fresh += references_in(resource)
        return fresh

    reached = [reference for each in around for reference in each.references]
    ids: dict[str, list[str]] = {}
    for each in results:
        if not each.is_fresh:
            ids.setdefault(each.type, []).append(each.id)
    for type_, some in ids.items():
        reached += add(unit.referring_any(type_, some, _HOLDING))
    for _ in range(_HOPS):
        wanted = {resolve(reference): None for reference in dict.fromkeys(reached)}
        keys = [key for key in wanted if key and "/".join(key) not in seen]
        if not keys:
            break
        reached = add(unit.read_many(keys))
    return context


def stored_again(
    unit: Unit, index: GenomicIndexer, resources: Sequence[StoredResource], resolve: Resolve
) -> None:
    """Read what stored resources are found by anew: after an upgrade, or of a fault mended. A
    report that we derived ourselves is found by its search values alone."""
    drafts = [_of_stored(each, _read(each)) for each in resources]
    names = {each.reference for each in drafts}
    # What was indexed before the panel or report that holds it did not know of that.
    told = [each for each in _told_by(unit, drafts, resolve) if each.reference not in names]
    sources = [each for each in drafts if not is_kept_derivation(each.resource)]
    found = _genomic(unit, index, [*sources, *told], resolve)
    for each in (*drafts, *told):
        unit.reindex(_new(each, found, resolve))
