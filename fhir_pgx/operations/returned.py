"""Rows of the index with the resources they are of, and as the Observations of an answer."""

from collections.abc import Iterable, Sequence

from fhir_pgx.model.genomic_index import StoredVariant
from fhir_pgx.operations.bodies import Bodies, bodies_of
from fhir_pgx.operations.frame import distinct
from fhir_pgx.operations.operation import Asked, Context, Resource
from fhir_pgx.operations.origins import Origins
from fhir_pgx.operations.written import write_variant

# A result that was taken back is none (FHIR, Observation.status).
TAKEN_BACK = frozenset(("entered-in-error", "cancelled"))

Rows = list[StoredVariant]


class Results:
    """The stored results of one subject that one call meets; each resource is read once."""

    def __init__(self, asked: Asked, at: Context) -> None:
        self._asked, self._at = asked, at
        self._origins = Origins(asked, at.reads)
        self._bodies: dict[tuple[str, str], Resource] = {}

    @property
    def are_narrowed(self) -> bool:
        """Whether tests, specimens or dates are asked for."""
        return self._origins.are_asked

    def kept(self, rows: Iterable[StoredVariant]) -> Rows:
        """The rows whose resource is of the tests asked for. What was taken back has no row."""
        listed = list(rows)
        if not self.are_narrowed:
            return listed
        self.read((row.type, row.id) for row in listed)
        return [row for row in listed if self.stands((row.type, row.id))]

    def written(self, rows: Sequence[StoredVariant]) -> list[Resource]:
        """The variant Observations of rows that were kept, each once."""
        vocabulary = self._at.knowledge.vocabulary
        bodies = self.read((row.type, row.id) for row in rows)
        return distinct(
            write_variant(row, bodies[row.type, row.id], vocabulary)
            for row in rows
            if (row.type, row.id) in bodies
        )

    def read(self, references: Iterable[tuple[str, str]]) -> Bodies:
        """Reads what was not read before; all that was."""
        missing = [each for each in references if each not in self._bodies]
        self._bodies.update(bodies_of(missing, self._asked.subject, self._at))
        return self._bodies

    def stands(self, reference: tuple[str, str]) -> bool:
        """Whether a resource is there, was not taken back, and is of the tests asked for."""
        body = self._bodies.get(reference)
        return (
            body is not None and body.get("status") not in TAKEN_BACK and self._origins.keep(body)
        )
