"""What one deployment consists of: put together once at start, read by every route."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jsonschema_rs

from fhir_pgx.errors import BrokenPlugin
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.json import write_json
from fhir_pgx.fhir.visit import VisitingClient
from fhir_pgx.knowledge.profiles import schema
from fhir_pgx.model.document import Document, Options
from fhir_pgx.model.genomic_index import GenomicIndex
from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.plugins import Registry, load_services
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.service import write_service
from fhir_pgx.settings import Settings
from fhir_pgx.storage.store import Store
from fhir_pgx.web.audit import Audit


class Pipeline(Protocol):
    """What the routes ask of the pipeline. The readers of documents return a JSON value, or text
    for the format `text`."""

    def answer(self, call: HookCall) -> HookAnswer: ...

    def interpret_documents(self, documents: Sequence[Document], options: Options) -> Any: ...

    def recommend_documents(self, documents: Sequence[Document], options: Options) -> Any: ...

    def interpret_entries(self, entries: Sequence[Entry], options: Options) -> Any: ...

    def recommend_entries(self, entries: Sequence[Entry], options: Options) -> Any: ...

    def explain_documents(self, documents: Sequence[Document], options: Options) -> Any: ...

    def genomic_index(self, entries: Sequence[Entry]) -> Mapping[str, GenomicIndex]: ...

    def match_hla(self, recipient: Sequence[Document], donors: Sequence[Document]) -> Any: ...


@dataclass(frozen=True, slots=True)
class Site:
    """One deployment. `discovery` is the answer of `/cds-services`, already written."""

    settings: Settings
    pipeline: Pipeline
    store: Store
    registry: Registry
    sources: Sources
    audit: Audit
    discovery: bytes
    answer_schema: jsonschema_rs.Validator


def open_site(settings: Settings, pipeline: Pipeline, store: Store) -> Site:
    """Raises BrokenPlugin where a service does not load or cannot be published as it stands."""
    registry = load_services(pipeline.answer)
    discovery = {"services": [write_service(service) for service in registry.services]}
    for fault in jsonschema_rs.validator_for(schema("discovery")).iter_errors(discovery):
        raise BrokenPlugin(
            f"a service breaks the discovery schema: {fault.message}",
            where="/".join(str(step) for step in fault.instance_path),
            mend="mend or uninstall the package that offers it",
        )
    return Site(
        settings=settings,
        pipeline=pipeline,
        store=store,
        registry=registry,
        sources=Sources(store, frozenset(settings.store_servers), _client(settings)),
        audit=Audit(store.pseudonym),
        discovery=write_json(discovery),
        answer_schema=jsonschema_rs.validator_for(schema("response")),
    )


def _client(settings: Settings) -> VisitingClient | None:
    """A client where servers are listed that may be called; None, the default, calls nobody."""
    if not settings.fhir_servers and not settings.fhir_private_servers:
        return None
    return VisitingClient(
        settings.fhir_servers,
        settings.fhir_private_servers,
        timeout_seconds=settings.fhir_timeout_seconds,
    )
