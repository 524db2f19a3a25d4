"""The answer of `whose`: which resources speak of another genome than the patient's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.finding import SourceClass


@dataclass(frozen=True, slots=True)
class Genomes:
    """Whose each resource is, by `id()` of the resource. `another` has the reason to list it;
    `donors` are those of them that are of a donor, with the reference where one is stated."""

    another: Mapping[int, str] = field(default_factory=dict)
    somatic: frozenset[int] = frozenset()
    germline: frozenset[int] = frozenset()
    donors: Mapping[int, str] = field(default_factory=dict)

    def reason(self, entry: Entry) -> str:
        """Why the resource is not the patient's; empty where it is."""
        return self.another.get(id(entry.resource), "")

    def source_class(self, entry: Entry) -> SourceClass:
        key = id(entry.resource)
        if key in self.somatic:
            return SourceClass.SOMATIC
        return SourceClass.GERMLINE if key in self.germline else SourceClass.UNKNOWN
