"""What all readers of one request share: references, reports, genes by parentage, and the harvest.

A `Gathering` lives for one call of `reading.read`. Readers add to its lists; nothing else is
mutable between them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_pgx.fhir.allele_pairs import HalfDiplotype
from fhir_pgx.fhir.bundle import Entry, References, as_dicts, as_text, reference_of
from fhir_pgx.fhir.genomes import Genomes
from fhir_pgx.fhir.notes import NO_STATUS, REPORT_STATUS, STATUS, note
from fhir_pgx.fhir.resolution import Lineage
from fhir_pgx.fhir.unread import Unread
from fhir_pgx.model.finding import (
    Caveat,
    NotUnderstood,
    ObservedVariant,
    Origin,
    StatedDiagnosis,
    StatedImplication,
    StatedPhase,
    StatedRecommendation,
    StatedSequence,
    Statement,
)
from fhir_pgx.model.knowledge import Vocabulary

WITHDRAWN = frozenset(("entered-in-error", "cancelled"))
_UNFINISHED = frozenset(("registered", "preliminary"))
_CORRECTED = frozenset(("corrected", "amended"))
# Observation and DiagnosticReport, STU3 to R5; `unknown` is a status that says nothing.
_STATED = WITHDRAWN | _UNFINISHED | _CORRECTED | {"final", "partial", "appended", "modified"}
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2}(?:[T ][0-9:.+Z-]{2,24})?)?)?")

_TIMES = (
    "effectiveDateTime", "effectiveInstant", "effectivePeriod", "issued", "recordedDate",
    "assertedDate",
)  # fmt: skip


@dataclass(slots=True)
class Gathering:
    """The shared state of one reading. `report_of` is by `id()` of a resource."""

    vocabulary: Vocabulary
    references: References
    lineage: Lineage
    report_of: dict[int, Entry] = field(default_factory=dict)
    genomes: Genomes = field(default_factory=Genomes)
    statements: list[Statement] = field(default_factory=list)
    implications: list[StatedImplication] = field(default_factory=list)
    diagnoses: list[StatedDiagnosis] = field(default_factory=list)
    recommendations: list[StatedRecommendation] = field(default_factory=list)
    phases: list[StatedPhase] = field(default_factory=list)
    variants: list[ObservedVariant] = field(default_factory=list)
    not_understood: list[NotUnderstood] = field(default_factory=list)
    halves: list[HalfDiplotype] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    pointed: dict[int, str] = field(default_factory=dict)  # variant's place -> Observation
    sequences: list[StatedSequence] = field(default_factory=list)
    reference_sequences: set[str] = field(default_factory=set)  # what others are written against
    sequence_count: int = 0
    # Observations that say a zygosity and no variant: a sequence's, where one is joined to them
    nameless: list[tuple[Entry, ObservedVariant]] = field(default_factory=list)
    refused_genes: dict[str, None] = field(default_factory=dict)  # of variants that were not used

    def missed(self, entry: Entry, reason: str, path: str = "") -> None:
        """Lists a resource, or an element of it, as met and not used."""
        self.not_understood.append(NotUnderstood(entry.reference, reason, path or entry.path))


def index_reports(entries: Sequence[Entry], references: References) -> dict[int, Entry]:
    """Which report holds each Observation: contained, by `result`, or below a `hasMember`.

    The first report that names an Observation keeps it; every reference is followed once.
    """
    report_of: dict[int, Entry] = {}
    contained: list[tuple[Entry, Entry]] = []
    for report in entries:
        holder = report.container
        if holder is not None and holder.type == "DiagnosticReport":
            contained.append((report, holder))
        if report.type != "DiagnosticReport":
            continue
        waiting = [(item, report) for item in as_dicts(report.resource.get("result"))]
        while waiting:
            item, origin = waiting.pop()
            member = references.find(reference_of(item), origin)
            if member is None or id(member.resource) in report_of:
                continue
            report_of[id(member.resource)] = report
            if "hasMember" in member.resource:
                waiting += [(below, member) for below in as_dicts(member.resource["hasMember"])]
    for entry, holder in contained:
        report_of.setdefault(id(entry.resource), holder)
    return report_of


def when_of(resource: Mapping[str, Any]) -> str:
    """The clinically relevant time, else when it was issued; empty where neither is a date."""
    for name in _TIMES:
        value = resource.get(name)
        if isinstance(value, str) and _DATE.fullmatch(value):
            return value
        if name == "effectivePeriod" and isinstance(value, dict):
            for end in (value.get("start"), value.get("end")):
                if isinstance(end, str) and _DATE.fullmatch(end):
                    return end
    return ""


def status_of(resource: Mapping[str, Any]) -> str:
    """The status code, also where the sender wrote it as `Final` or `entered in error`."""
    status = resource.get("status")
    if type(status) is str and status in _STATED:
        return status
    return as_text(status).lower().replace(" ", "-")


def subject_of(resource: Mapping[str, Any]) -> str:
    """The patient reference as sent, under any of the names that resources give it."""
    for name in ("subject", "patient", "for"):
        if name in resource:
            found = reference_of(resource[name])
            if found:
                return found
    return ""


def origin_of(entry: Entry, report: Entry | None, path: str = "") -> Origin:
    """Where a statement comes from; what it does not say of subject and time its report says."""
    resource = entry.resource
    holder = report if report is not None else entry.container
    above: Mapping[str, Any] = holder.resource if holder is not None else {}
    subject = subject_of(resource) or subject_of(above)
    when = when_of(resource) or when_of(above)
    status = status_of(resource)
    return Origin(entry.reference, path or entry.path, subject, when, status, status in _CORRECTED)


def status_caveats(origin: Origin, report: Entry | None) -> tuple[Caveat, ...]:
    """What the status of a result, or of the report it stands in, makes uncertain."""
    caveats: tuple[Caveat, ...] = ()
    if origin.status in _UNFINISHED:
        caveats = (note(STATUS, status=origin.status),)
    elif origin.status not in _STATED:
        # What was sent is not repeated: it may be anything.
        is_silent = origin.status in ("", "unknown")
        caveats = (note(NO_STATUS, what="not stated" if is_silent else "none that we know"),)
    if report is not None:
        above = status_of(report.resource)
        if above in WITHDRAWN:
            caveats = (*caveats, note(REPORT_STATUS, status=above))
    return caveats
