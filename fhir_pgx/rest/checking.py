"""The check of what is written, as the setting `validate_writes` has it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fhir_pgx.errors import Issue, RejectedResource
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.knowledge import load_knowledge
from fhir_pgx.model.mislabel import Mislabel
from fhir_pgx.rest.server import Check, Detect, unchecked, undetected
from fhir_pgx.validation.check import check_resource
from fhir_pgx.validation.mislabel import mislabelled


def check_of(mode: str) -> Check:
    """What a write may fail at: errors (422) where the mode is `reject`, else nothing."""
    return _refuse if mode == "reject" else unchecked


def warn_of(mode: str) -> Check:
    """What a write lists for who asks, where the mode is `warn`, else nothing."""
    return _warn if mode == "warn" else unchecked


def detect_of(mode: str) -> Detect:
    """What finds mislabelled results, where anything is checked at all."""
    return undetected if mode == "off" else _detect


def _detect(entries: Sequence[Entry]) -> list[Mislabel]:
    knowledge = load_knowledge()
    return mislabelled(entries, knowledge.vocabulary, knowledge.genes)


def _refuse(resource: Mapping[str, Any], place: str) -> tuple[Issue, ...]:
    issues = _found(resource, place)
    if errors := tuple(i for i in issues if i.severity in ("error", "fatal")):
        coded = tuple(replace(i, code=i.code or RejectedResource.code) for i in errors)
        raise RejectedResource(
            "the resource is not valid", where=place, mend="mend the places named", issues=coded
        )
    return issues


def _warn(resource: Mapping[str, Any], place: str) -> tuple[Issue, ...]:
    return tuple(_as_warning(each) for each in _found(resource, place))


def _found(resource: Mapping[str, Any], place: str) -> tuple[Issue, ...]:
    found = check_resource(resource, load_knowledge().vocabulary)
    return tuple(_at(each, str(resource["resourceType"]), place) for each in found)


def _at(issue: Issue, type_: str, place: str) -> Issue:
    """The finding at its place in the document sent: `Bundle.entry[3].resource.status`."""
    if not place or place == type_:
        return issue
    return replace(issue, where=f"{place}{issue.where.removeprefix(type_)}")


def _as_warning(issue: Issue) -> Issue:
    # The resource is stored all the same: an error would read as if it were not.
    return replace(issue, severity="warning") if issue.severity != "information" else issue
