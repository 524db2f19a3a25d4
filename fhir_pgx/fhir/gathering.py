"""What all readers of one request share: references, reports, genes by parentage, and the harvest.

A `Gathering` lives for one call of `reading.read`. Readers add to its lists; nothing else is
mutable between them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_pgx.fhir.bundle import Entry, References, as_dicts, as_text, reference_of
from fhir_pgx.fhir.gene_names import gene_of
from fhir_pgx.fhir.notes import REPORT_STATUS, STATUS, note
from fhir_pgx.fhir.values import Concept, concept_of
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.finding import (
    Caveat,
    NotUnderstood,
    ObservedVariant,
    Origin,
    StatedDiagnosis,
    StatedImplication,
    StatedPhase,
    StatedRecommendation,
    Statement,
)
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.terminology import GENE_STUDIED

GENE_EXTENSION = "observation-geneticsGene"
MAX_PARENTS = 6  # derivedFrom chains of real reports have two or three links
WITHDRAWN = frozenset(("entered-in-error", "cancelled"))
_UNFINISHED = frozenset(("registered", "preliminary"))
_CORRECTED = frozenset(("corrected", "amended"))
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2}(?:[T ][0-9:.+Z-]{2,24})?)?)?")


@dataclass(slots=True)
class HalfDiplotype:
    """One numbered allele (`CYP2D6 gene allele 1`) that waits for the other of its report."""

    group: tuple[Any, ...]
    place: int
    statement: Statement


@dataclass(slots=True)
class Gathering:
    """The shared state of one reading. `report_of` is by `id()` of a resource."""

    vocabulary: Vocabulary
    references: References
    report_of: dict[int, Entry] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    implications: list[StatedImplication] = field(default_factory=list)
    diagnoses: list[StatedDiagnosis] = field(default_factory=list)
    recommendations: list[StatedRecommendation] = field(default_factory=list)
    phases: list[StatedPhase] = field(default_factory=list)
    variants: list[ObservedVariant] = field(default_factory=list)
    not_understood: list[NotUnderstood] = field(default_factory=list)
    halves: list[HalfDiplotype] = field(default_factory=list)
    sequence_count: int = 0
    _genes: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def missed(self, entry: Entry, reason: str, path: str = "") -> None:
        """Lists a resource, or an element of it, as met and not used."""
        self.not_understood.append(NotUnderstood(entry.reference, reason, path or entry.path))

    def explicit_genes(self, entry: Entry) -> tuple[tuple[str, ...], tuple[Caveat, ...]]:
        """The genes of gene-studied components and of the R4 core gene extension."""
        genes: dict[str, None] = {}
        caveats: list[Caveat] = []
        for concept in _gene_concepts(entry.resource):
            gene, notes = gene_of(concept, self.vocabulary)
            if gene:
                genes[gene] = None
                caveats.extend(notes)
        return tuple(genes), tuple(caveats)

    def parents(self, entry: Entry) -> list[Entry]:
        """The resources at hand that `derivedFrom` names."""
        found = []
        for item in as_dicts(entry.resource.get("derivedFrom")):
            parent = self.references.find(reference_of(item), entry)
            if parent is not None:
                found.append(parent)
        return found

    def inherited_genes(self, entry: Entry, depth: int = 0) -> tuple[str, ...]:
        """The genes that the parents name, or their own parents."""
        key = id(entry.resource)
        if key in self._genes:
            return self._genes[key]
        self._genes[key] = ()  # also ends a circle of references
        genes: dict[str, None] = {}
        if depth < MAX_PARENTS:
            for parent in self.parents(entry):
                genes.update(dict.fromkeys(self.genes_stated_by(parent, depth + 1)))
        self._genes[key] = tuple(genes)
        return self._genes[key]

    def genes_stated_by(self, entry: Entry, depth: int) -> tuple[str, ...]:
        explicit, _ = self.explicit_genes(entry)
        if explicit:
            return explicit
        coded: dict[str, None] = {}
        for coding in concept_of(entry.resource.get("code")).codings:
            term = self.vocabulary.loinc.get(coding.code)
            if term is not None and term.gene:
                coded.update(dict.fromkeys(term.gene.split(";")))
        return tuple(coded) or self.inherited_genes(entry, depth)


def _gene_concepts(resource: Mapping[str, Any]) -> list[Concept]:
    found = []
    for component in as_dicts(resource.get("component")):
        if has_code(component.get("code"), GENE_STUDIED):
            found.append(concept_of(component.get("valueCodeableConcept")))
            text = as_text(component.get("valueString"))
            if text:
                found.append(Concept((Coding("", text),), text))
    for extension in as_dicts(resource.get("extension")):
        if as_text(extension.get("url")).endswith(GENE_EXTENSION):
            found.extend(
                concept_of(item.get("valueCodeableConcept"))
                for item in (extension, *as_dicts(extension.get("extension")))
                if "valueCodeableConcept" in item
            )
    return found


def has_code(code: Any, wanted: str) -> bool:
    """True where a CodeableConcept as received holds the code."""
    if not isinstance(code, dict):
        return False
    return any(item.get("code") == wanted for item in as_dicts(code.get("coding")))


def index_reports(entries: Sequence[Entry], references: References) -> dict[int, Entry]:
    """Which report holds each Observation: contained, by `result`, or below a `hasMember`.

    The first report that names an Observation keeps it; every reference is followed once.
    """
    report_of: dict[int, Entry] = {}
    for report in entries:
        if report.type != "DiagnosticReport":
            continue
        waiting = [(item, report) for item in as_dicts(report.resource.get("result"))]
        while waiting:
            item, origin = waiting.pop()
            member = references.find(reference_of(item), origin)
            if member is None or id(member.resource) in report_of:
                continue
            report_of[id(member.resource)] = report
            waiting.extend((below, member) for below in as_dicts(member.resource.get("hasMember")))
    for entry in entries:
        if entry.container is not None and entry.container.type == "DiagnosticReport":
            report_of.setdefault(id(entry.resource), entry.container)
    return report_of


def when_of(resource: Mapping[str, Any]) -> str:
    """The clinically relevant time, else when it was issued; empty where neither is a date."""
    period = resource.get("effectivePeriod")
    within = (period.get("start"), period.get("end")) if isinstance(period, dict) else ()
    stated = (
        resource.get("effectiveDateTime"),
        resource.get("effectiveInstant"),
        *within,
        resource.get("issued"),
    )
    for value in stated:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return value
    return ""


def subject_of(resource: Mapping[str, Any]) -> str:
    """The patient reference as sent, under any of the names that resources give it."""
    for name in ("subject", "patient", "for"):
        found = reference_of(resource.get(name))
        if found:
            return found
    return ""


def origin_of(entry: Entry, report: Entry | None, path: str = "") -> Origin:
    """Where a statement comes from; subject and time are the report's where the resource has none."""
    resource = entry.resource
    holder = report if report is not None else entry.container
    above = holder.resource if holder is not None else {}
    status = as_text(resource.get("status"))
    return Origin(
        reference=entry.reference,
        path=path or entry.path,
        subject=subject_of(resource) or subject_of(above),
        when=when_of(resource) or when_of(above),
        status=status,
        corrected=status in _CORRECTED,
    )


def status_caveats(origin: Origin, report: Entry | None) -> tuple[Caveat, ...]:
    """What the status of a result, or of the report it stands in, makes uncertain."""
    caveats: tuple[Caveat, ...] = ()
    if origin.status in _UNFINISHED:
        caveats = (note(STATUS, status=origin.status),)
    if report is not None:
        above = report.resource.get("status")
        if isinstance(above, str) and above in WITHDRAWN:
            caveats = (*caveats, note(REPORT_STATUS, status=above))
    return caveats
