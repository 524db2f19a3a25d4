"""What is stored of one patient's genome, read once for the operations on implications.

Results are narrowed before anything is concluded from them, so that an implication never rests on
a result that the caller left out. What is about the patient and no result (the Patient, problems,
specimens, reports) stays.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts, entries_of, reference_of, type_and_id
from fhir_pgx.fhir.derived import is_kept_derivation
from fhir_pgx.model.finding import SourceClass
from fhir_pgx.model.search import Query
from fhir_pgx.operations.bodies import decoded
from fhir_pgx.operations.operation import Resource
from fhir_pgx.storage.store import BESIDE, Reads, StoredResource

READ = ("Patient", *BESIDE)
RESULTS = frozenset(("MolecularSequence", "Observation"))
_PAGE = 1000
# Elements that lead to what says whose cell a result is of, and of which test it is.
_LEADING = ("specimen", "parent", "partOf", "derivedFrom", "result", "hasMember", "basedOn")
_STEPS = 2  # a result's specimen, and the one that this was taken from
_DEEPEST = 6  # derivedFrom of derivedFrom: implication, genotype, haplotype, variant


@dataclass(frozen=True, slots=True)
class Chart:
    """One patient's resources in their order. `entries` holds what is contained in them too."""

    subject: str
    entries: tuple[Entry, ...]
    by_reference: Mapping[str, Entry]

    def find(self, reference: str) -> Entry | None:
        """The resource of a reference, relative or absolute; of a contained one what holds it."""
        outer = reference.partition("#")[0]
        kind, name = type_and_id(outer)
        return self.by_reference.get(f"{kind}/{name}" if kind else outer)

    def parents(self, resource: Mapping[str, Any]) -> list[Entry]:
        """The resources at hand that an Observation is derived from, without their own parents."""
        named = (reference_of(each) for each in as_dicts(resource.get("derivedFrom")))
        found = (self.find(reference) for reference in named if reference)
        return list({id(each): each for each in found if each is not None}.values())

    def lineage(self, resource: Mapping[str, Any]) -> frozenset[str]:
        """The references of all that an Observation is derived from, however far up."""
        found: dict[str, None] = {}
        level = self.parents(resource)
        for _ in range(_DEEPEST):
            fresh = [each for each in level if each.reference not in found]
            found |= {each.reference: None for each in fresh}
            level = [parent for each in fresh for parent in self.parents(each.resource)]
        return frozenset(found)

    def only(self, results: frozenset[str]) -> "Chart":
        """The chart with these results alone, by reference."""
        kept = [
            each
            for each in self.entries
            if each.container is None and (each.type not in RESULTS or each.reference in results)
        ]
        return chart_of(self.subject, [each.resource for each in kept])


def chart_of(subject: str, resources: Sequence[Mapping[str, Any]]) -> Chart:
    entries = tuple(entries_of([dict(each) for each in resources]))
    outer = {each.reference: each for each in entries if each.container is None}
    return Chart(subject, entries, outer)


def read_chart(subject: str, reads: Reads) -> Chart:
    """Everything of a patient that bears on implications; empty where nothing is stored."""
    patient = reads.read("Patient", subject)
    held = [patient] if patient is not None and not patient.is_deleted else []
    for type_ in BESIDE:
        held += _all_of(type_, subject, reads)
    # What the store derived of the same results would be told twice.
    resources = [each for one in held if not is_kept_derivation(each := decoded(one))]
    return chart_of(subject, [*resources, *_of_nobody(resources, reads)])


def _of_nobody(resources: Sequence[Resource], reads: Reads) -> list[Resource]:
    """What these lead to and no record owns: a specimen that names no subject still says that a
    result is a tumour's or a fetus's."""
    found: dict[tuple[str, str], Resource] = {}
    seen = {(str(each["resourceType"]), str(each["id"])) for each in resources}
    level = list(resources)
    for _ in range(_STEPS):
        named = {type_and_id(link) for each in level for link in _links(each)} - seen
        seen |= named
        stored = reads.read_many(sorted(each for each in named if each[0] in BESIDE))
        level = [decoded(each) for each in stored if not each.patient]
        found |= {(str(each["resourceType"]), str(each["id"])): each for each in level}
    return list(found.values())


def _links(resource: Resource) -> Iterator[str]:
    for name in _LEADING:
        value = resource.get(name)
        for each in value if isinstance(value, list) else [value]:
            yield reference_of(each)
    for extension in as_dicts(resource.get("extension")):
        yield reference_of(extension.get("valueReference"))


def _all_of(type_: str, subject: str, reads: Reads) -> Iterator[StoredResource]:
    after: Sequence[str | int | float | None] = ()
    while True:
        page = reads.search(
            Query(type_, count=_PAGE, after=after, patient=subject, with_total=False)
        )
        yield from page.resources
        if not page.next:
            return
        after = page.next


def source_classes(chart: Chart, stated: Mapping[str, SourceClass]) -> dict[str, SourceClass]:
    """Whose genome each result is of: as read, else as all that it is derived from says.

    A result that is derived from a germline and a somatic one is of neither alone: unknown.
    """
    found: dict[str, SourceClass] = {}
    for each in chart.entries:
        if each.type not in RESULTS or each.container is not None:
            continue
        own = stated.get(each.reference, SourceClass.UNKNOWN)
        if own is SourceClass.UNKNOWN:
            above = {
                stated[reference]
                for reference in chart.lineage(each.resource)
                if stated.get(reference, SourceClass.UNKNOWN) is not SourceClass.UNKNOWN
            }
            own = above.pop() if len(above) == 1 else own
        found[each.reference] = own
    return found
