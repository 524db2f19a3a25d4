"""The data on the workbench as a chart: whatever was pasted, as an EHR would hold it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fhir_pgx.errors import PgxError
from fhir_pgx.fhir.bundle import Entry, entries_of
from fhir_pgx.fhir.json import read_json
from fhir_pgx.model.document import Document, Options
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.settings import Settings
from fhir_pgx.workbench.ehr import Record, record_of, request_resources

# A request that forgot its hook is a request still, and is told so.
_OF_REQUESTS: Final = frozenset(("hookInstance", "context"))


@dataclass(frozen=True, slots=True)
class Chart:
    """`request` is the hook request that the data are, empty where they are none; `documents` the
    data where they are not FHIR JSON already: their own interpretation says more (coverage) than
    that of the report made of them."""

    record: Record
    request: Mapping[str, Any] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()

    @property
    def bundle(self) -> dict[str, Any]:
        """The chart as one Bundle."""
        entry = [{"resource": each} for each in self.record.resources]
        return {"resourceType": "Bundle", "type": "collection", "entry": entry}

    @property
    def entries(self) -> list[Entry]:
        return entries_of(self.bundle)


def read_chart(
    documents: Sequence[Document], pipeline: Pipeline, options: Options, settings: Settings
) -> Chart:
    """The chart that the data make. Raises what reading a document raises, and MixedPatients."""
    request = find_request(documents, settings)
    if request:
        return Chart(record_of(request_resources(request)), request)
    return Chart(record_of(pipeline.as_resources(documents, options)), documents=tuple(documents))


def find_request(documents: Sequence[Document], settings: Settings) -> dict[str, Any]:
    """The hook request that the one document is; empty for anything else, also for what cannot be
    read: its own reader says what is wrong."""
    if len(documents) != 1 or documents[0].data.lstrip()[:1] != b"{":
        return {}
    try:
        found = read_json(
            documents[0].data, max_bytes=settings.max_body_bytes, max_depth=settings.max_depth
        )
    except PgxError:
        return {}
    if not isinstance(found, dict) or "resourceType" in found:
        return {}
    return found if "hook" in found or found.keys() >= _OF_REQUESTS else {}
