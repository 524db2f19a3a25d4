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
from fhir_pgx.model.pathogen import StatedPathogen
from fhir_pgx.model.precision import (
    NOTHING_READ,
    PrecisionReading,
    StatedPlan,
    StatedRisk,
)
from fhir_pgx.model.transplant import StatedAntibody, StatedTyping
from fhir_pgx.model.tumour import Alteration, Marker, StatedCancer

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
    # What is said beyond the genes of drug response; see `model.precision.PrecisionReading`.
    tests: list[Alteration] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    cancers: list[StatedCancer] = field(default_factory=list)
    stages: list[Any] = field(default_factory=list)  # `stages.Said`, joined to the cancers
    annotations: list[Any] = field(default_factory=list)  # `annotations.Annotation`, to variants
    pathogens: list[StatedPathogen] = field(default_factory=list)
    typings: list[StatedTyping] = field(default_factory=list)
    antibodies: list[StatedAntibody] = field(default_factory=list)
    risks: list[StatedRisk] = field(default_factory=list)
    plans: list[StatedPlan] = field(default_factory=list)

    prints: dict[int, str] = field(default_factory=dict)  # of reports, see `kept`

    def missed(self, entry: Entry, reason: str, path: str = "") -> None:
        """Lists a resource, or an element of it, as met and not used."""
        self.not_understood.append(NotUnderstood(entry.reference, reason, path or entry.path))

    def is_withdrawn(self, entry: Entry) -> bool:
        """True where a result, or the report it is contained in, was taken back: it is listed."""
        status = status_of(entry.resource)
        if status in WITHDRAWN:
            self.missed(entry, f"its status is {status}")
            return True
        holder = entry.container
        if holder is not None and status_of(holder.resource) == "entered-in-error":
            self.missed(entry, "it is contained in a report whose status is entered-in-error")
            return True
        return False

    def is_refused(self, entry: Entry) -> bool:
        """True for what is somebody else's or was taken back: it is listed."""
        about_another = self.genomes.reason(entry)
        if about_another:
            self.missed(entry, about_another)
            return True
        return self.is_withdrawn(entry)

    def precision(self) -> PrecisionReading:
        """What was gathered beyond the genes of drug response."""
        lists = (
            self.tests, self.markers, self.cancers, self.pathogens, self.typings, self.antibodies,
            self.risks, self.plans,
        )  # fmt: skip
        if not any(lists):  # nearly always
            return NOTHING_READ
        return PrecisionReading(
            tests=tuple(self.tests),
            markers=tuple(self.markers),
            cancers=tuple(self.cancers),
            pathogens=tuple(self.pathogens),
            typings=tuple(self.typings),
            antibodies=tuple(self.antibodies),
            risks=tuple(self.risks),
            plans=tuple(self.plans),
        )


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
