"""What one deployment consists of: put together once at start, read by every route."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

import jsonschema_rs

from fhir_pgx.errors import BrokenPlugin
from fhir_pgx.fhir.backend_tokens import Credentials
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.json import write_json
from fhir_pgx.fhir.visit import VisitingClient
from fhir_pgx.knowledge.profiles import schema
from fhir_pgx.model.document import Document, Options
from fhir_pgx.model.genomic_index import GenomicIndex
from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.model.passport import ALL_SEEN, Passport, Seen
from fhir_pgx.model.registered import NOBODY, BackendServer, Registered
from fhir_pgx.model.wallet import CardContent
from fhir_pgx.plugins import Registry, load_services
from fhir_pgx.security.backend_services import ASSERTION_TYPE, sign_assertion
from fhir_pgx.security.demo_authorization import DemoAuthorization
from fhir_pgx.security.own_keys import OwnKeys, read_own_keys
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.service import write_service
from fhir_pgx.settings import Settings
from fhir_pgx.storage.key_files import read_key_files
from fhir_pgx.storage.store import Store
from fhir_pgx.web.audit import Audit
from fhir_pgx.web.rate_limits import RateLimits, limits_of


class Pipeline(Protocol):
    """What the routes ask of the pipeline. The readers of documents return a JSON value, or text
    for the format `text`."""

    def answer(self, call: HookCall) -> HookAnswer: ...

    def interpret_documents(self, documents: Sequence[Document], options: Options) -> Any: ...

    def recommend_documents(self, documents: Sequence[Document], options: Options) -> Any: ...

    def interpret_entries(self, entries: Sequence[Entry], options: Options) -> Any: ...

    def recommend_entries(self, entries: Sequence[Entry], options: Options) -> Any: ...

    def explain_documents(self, documents: Sequence[Document], options: Options) -> Any: ...

    def passport(
        self, entries: Sequence[Entry], seen: Seen = ALL_SEEN, asked: str = ""
    ) -> Passport: ...

    def card_content(self, entries: Sequence[Entry]) -> CardContent: ...

    def genomic_index(self, entries: Sequence[Entry]) -> Mapping[str, GenomicIndex]: ...

    def match_hla(self, recipient: Sequence[Document], donors: Sequence[Document]) -> Any: ...


@dataclass(frozen=True, slots=True)
class Site:
    """One deployment. `discovery` is the answer of `/cds-services`, already written; `registered`
    are those who may call."""

    settings: Settings
    pipeline: Pipeline
    store: Store
    registry: Registry
    sources: Sources
    audit: Audit
    limits: RateLimits
    discovery: bytes
    answer_schema: jsonschema_rs.Validator
    registered: Registered = NOBODY
    own_keys: OwnKeys = field(default_factory=OwnKeys)
    demo: DemoAuthorization | None = None


def open_site(
    settings: Settings, pipeline: Pipeline, store: Store, registered: Registered = NOBODY
) -> Site:
    """Raises BrokenPlugin where a service does not load or cannot be published as it stands, and
    InvalidSetting where our signing keys cannot be used, or are needed and are not there."""
    own_keys = read_own_keys(read_key_files(settings.signing_keys))
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
        sources=Sources(
            store, frozenset(settings.store_servers), _client(settings, registered, own_keys)
        ),
        audit=Audit(store.pseudonym),
        limits=limits_of(settings),
        discovery=write_json(discovery),
        answer_schema=jsonschema_rs.validator_for(schema("response")),
        registered=registered,
        own_keys=own_keys,
    )


def _client(settings: Settings, registered: Registered, own_keys: OwnKeys) -> VisitingClient | None:
    """A client where servers are listed that may be called; None, the default, calls nobody."""
    if registered.backend_servers or any(each.signs for each in registered.launch_issuers):
        own_keys.signing(time.time())  # at start, rather than at the first patient
    if not settings.fhir_servers and not settings.fhir_private_servers:
        return None
    client = VisitingClient(
        settings.fhir_servers,
        settings.fhir_private_servers,
        timeout_seconds=settings.fhir_timeout_seconds,
    )
    client.know_us_at(
        {each.url: _credentials(each, own_keys) for each in registered.backend_servers}
    )
    return client


def _credentials(server: BackendServer, own_keys: OwnKeys) -> Credentials:
    def sign(token_url: str) -> str:
        now = time.time()
        key = own_keys.signing(now).key
        return sign_assertion(
            key, server.client_id, token_url, now=now, new_id=lambda: str(uuid4())
        )

    return Credentials(sign, ASSERTION_TYPE, server.scope, server.token_url)
