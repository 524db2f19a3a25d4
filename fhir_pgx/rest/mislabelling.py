"""A DetectedIssue beside each mislabelled result: written, corrected and deleted with it.

Its id follows from the result's, so that a result has one, however often it is sent. What a person
has since said of it stays as long as the result's contradictions are the same ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from fhir_pgx.fhir.bundle import Entry, as_dicts, entries_of
from fhir_pgx.fhir.derived import derivation_of
from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.reports.detected_issue import IDENTIFIER, detected_issues, issue_id
from fhir_pgx.rest.draft import Draft
from fhir_pgx.rest.server import Detect
from fhir_pgx.storage.store import Reads, StoredResource, Unit

_TYPE: Final = "DetectedIssue"
_RESULTS: Final = ("Observation", "DiagnosticReport")  # a report contains results, often
_LARGEST_STORED: Final = 1_000_000_000  # what is stored was within the limit when it came
_DEEPEST: Final = 1_000


@dataclass(slots=True)
class Noted:
    """`written` are the issues to put beside the results, `stale` the stored ones that no longer
    hold."""

    written: list[Draft] = field(default_factory=list)
    stale: list[StoredResource] = field(default_factory=list)


def note_mislabels(
    unit: Reads, detect: Detect, drafts: Sequence[Draft], before: Mapping[str, StoredResource]
) -> Noted:
    """What becomes of the issues of these drafts, which know their patients; `before` are the
    versions that they replace. Conclusions of ours are no results."""
    noted = Noted()
    names = {each.reference for each in drafts}
    results = {each.reference: each for each in drafts if each.type in _RESULTS}
    found = {name: _found(each, detect) for name, each in results.items()}
    known = _issues_of(unit, [each for each in results.values() if not each.is_fresh])
    for name, issue in found.items():
        there, draft = known.get(name), results[name]
        if f"{_TYPE}/{issue_id(name)}" in names:
            continue  # whoever sends the result says it all by himself
        if issue is None:
            if there is not None:
                noted.stale.append(there)
        elif there is not None:
            if _read(there).get("evidence") != issue["evidence"]:
                noted.written.append(_draft(issue, draft.patient))
        elif _may_be_made(unit, draft, before):
            noted.written.append(_draft(issue, draft.patient))
    return noted


def delete_issue(unit: Unit, type_: str, id_: str) -> None:
    """Delete the issue of a result that is being deleted."""
    if type_ in _RESULTS:
        for each in _stored(unit, [f"{type_}/{id_}"]).values():
            unit.delete(each.type, each.id)


def _found(draft: Draft, detect: Detect) -> dict[str, Any] | None:
    """The issue of a result and of what it contains; None where nothing is contradicted."""
    if derivation_of(draft.resource):
        return None
    entries: Sequence[Entry] = entries_of(draft.resource, draft.reference)
    subject = f"Patient/{draft.patient}" if draft.patient else ""
    found = [replace(each, reference=draft.reference, subject=subject) for each in detect(entries)]
    identified = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return next(iter(detected_issues(found, identified=identified)), None)


def _issues_of(unit: Reads, drafts: Iterable[Draft]) -> dict[str, StoredResource]:
    """The stored issue of each, by the result's reference; of the same patient alone."""
    patients = {each.reference: each.patient for each in drafts}
    found = _stored(unit, patients)
    return {name: each for name, each in found.items() if each.patient == patients[name]}


def _stored(unit: Reads, names: Iterable[str]) -> dict[str, StoredResource]:
    by_id = {issue_id(name): name for name in names}
    found = unit.read_many([(_TYPE, id_) for id_ in by_id]) if by_id else []
    return {by_id[each.id]: each for each in found if _is_ours(each)}


def _is_ours(stored: StoredResource) -> bool:
    identifiers = as_dicts(_read(stored).get("identifier"))
    return any(each.get("system") == IDENTIFIER for each in identifiers)


def _may_be_made(unit: Reads, draft: Draft, before: Mapping[str, StoredResource]) -> bool:
    """Whether an issue that is not there is to be written: not over somebody else's, and not one
    that a person deleted, while the result is what it was."""
    if draft.is_fresh:
        return True
    there = unit.read(_TYPE, issue_id(draft.reference))
    if there is None:
        return True
    is_unchanged = draft.reference in before and before[draft.reference].body is draft.body
    return there.is_deleted and there.patient == draft.patient and not is_unchanged


def _draft(issue: Mapping[str, Any], patient: str) -> Draft:
    id_ = issue["identifier"][0]["value"]
    resource = {"resourceType": _TYPE, "id": id_, **issue}
    return Draft(_TYPE, id_, resource, write_json(resource), patient=patient)


def _read(stored: StoredResource) -> Mapping[str, Any]:
    resource: Mapping[str, Any] = read_json(
        stored.body, max_bytes=_LARGEST_STORED, max_depth=_DEEPEST
    )
    return resource
