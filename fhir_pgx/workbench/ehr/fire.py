"""An emulated EHR's request, answered by the same code as the route."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from flask import has_app_context

from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.model.access import ANYBODY, Caller
from fhir_pgx.model.client import ClientProfile
from fhir_pgx.model.hook import HookCall
from fhir_pgx.services.clients import read_clients
from fhir_pgx.services.gather import Sources
from fhir_pgx.storage.tenants import in_tenant
from fhir_pgx.web.answered import answer_hook
from fhir_pgx.web.errors import batch_failure
from fhir_pgx.web.site import Site
from fhir_pgx.workbench.ehr.exchange import Exchange
from fhir_pgx.workbench.ehr.server import EmulatedServer, FhirExchange


@dataclass(frozen=True, slots=True)
class Fired:
    """What was sent and what came back.

    `response` is the answer's JSON, an OperationOutcome where `status` is not 200. `milliseconds`
    is the time that we took; `waited_ms` what the emulated server would have made us wait beside
    that. `asked` are our calls to it, `before` the EHR's own. `call` is the request as we read it,
    None where it could not be read.
    """

    exchange: Exchange
    request: Mapping[str, Any]
    status: int
    response: Mapping[str, Any]
    milliseconds: float
    waited_ms: float = 0.0
    asked: tuple[FhirExchange, ...] = ()
    call: HookCall | None = None

    @property
    def service_id(self) -> str:
        return self.exchange.service_id

    @property
    def headers(self) -> Mapping[str, str]:
        return self.exchange.headers

    @property
    def cards(self) -> list[Any]:
        found: list[Any] = self.response.get("cards", [])
        return found


def fire(site: Site, exchange: Exchange, *, caller: Caller = ANYBODY) -> Fired:
    """Send the request to our own service, in this process.

    The cards are recorded as issued to `caller`, in the caller's tenant, so that feedback on them
    is counted, and in nobody's history: whose id the data name, whoever pasted them chose. Our
    store's patients are never looked into: the emulated server's ids are not ours. Raises nothing:
    an error is the answer that the route would give.
    """
    settings = site.settings
    body = write_json(exchange.document)
    server = EmulatedServer(
        exchange.ehr, exchange.record, exchange.trouble,
        timeout_seconds=settings.fhir_timeout_seconds,
    )  # fmt: skip
    store = in_tenant(site.store, caller.tenant)
    sources = Sources(store, client=server, caller=caller, is_rehearsal=True)
    record = site.audit.begin(exchange.service_id)
    started = perf_counter()
    try:
        service = site.registry.service(exchange.service_id)
        document = read_json(body, max_bytes=settings.max_body_bytes, max_depth=settings.max_depth)
        profile = profile_of(site, exchange)
        answered = answer_hook(
            site, service, document, sources=sources, choose=lambda _: profile, record=record
        )
        status, response = 200, answered.written
    except Exception as error:  # noqa: BLE001 - the route answers every error too
        failure = batch_failure(error)
        status, response = failure.status, _read(failure.body)
    milliseconds = round((perf_counter() - started) * 1000, 1)
    if has_app_context():  # the log line and the figures of the operator's console
        site.audit.finish(record, status)
    return Fired(
        exchange, exchange.document, status, response, milliseconds,
        round(server.waited * 1000, 1), tuple(server.exchanges), record.call,
    )  # fmt: skip


def profile_of(site: Site, exchange: Exchange) -> ClientProfile:
    """The client profile of the EHR at this site; in that trouble one that takes no suggestion."""
    settings = site.settings
    clients = read_clients("generic", (), settings.registered_links)
    profile = clients.profiles[exchange.ehr.name]
    if exchange.trouble.takes_suggestions:
        return profile
    return replace(profile, action_types=(), most_actions=0, shows_label=False)


def _read(body: bytes) -> Any:
    return read_json(body, max_bytes=len(body))
