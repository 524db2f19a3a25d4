"""CDS Hooks over HTTP: discovery, service calls, feedback (CDS Hooks 3.0)."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from fhir_pgx.cards.shape import shape
from fhir_pgx.cards.write import write_answer
from fhir_pgx.model.access import ANYBODY
from fhir_pgx.services.answering import read_call, record_answer
from fhir_pgx.services.clients import HEADER, choose_client, read_clients
from fhir_pgx.services.feedback import read_feedback
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.remember import leave_out_shown
from fhir_pgx.storage.tenants import in_tenant
from fhir_pgx.web.body import JSON, json_answer, read_json_body
from fhir_pgx.web.callers import caller
from fhir_pgx.web.site import Site

log = logging.getLogger("fhir_pgx.web")


class BrokenAnswer(Exception):
    """An answer of ours that breaks the CDS Hooks schema: a bug, never sent."""


def cds_blueprint(site: Site) -> Blueprint:
    """`/cds-services`, each service and its feedback; a trailing slash is tolerated."""
    bp = Blueprint("cds", __name__, url_prefix="/cds-services")
    chosen = site.settings
    clients = read_clients(chosen.client_profile, chosen.client_profiles, chosen.registered_links)

    @bp.get("", strict_slashes=False)
    def discover() -> ResponseReturnValue:
        return Response(site.discovery, content_type=JSON)

    @bp.post("/<service_id>", strict_slashes=False)
    def invoke(service_id: str) -> ResponseReturnValue:
        service = site.registry.service(service_id)
        record = g.call_record = site.audit.begin(service_id)
        document = read_json_body(request, site.settings)
        sources = called_sources(site)
        record.call = call = read_call(document, service, sources)
        answer = service.answer(call)
        client = choose_client(clients, request.headers.get(HEADER, ""), (call.fhir_server,))
        answer = replace(answer, cards=shape(answer.cards, client))
        kept = leave_out_shown(
            call,
            answer.cards,
            in_tenant(site.store, caller().tenant),
            minutes=chosen.remember_shown,
            now=datetime.now(UTC),
            client=caller().client,
        )
        answer = replace(answer, cards=kept.cards, muted=(*answer.muted, *kept.muted))
        written = checked(site, write_answer(answer))
        record_answer(call, answer, sources, remember=chosen.remember_shown > 0)
        record.answer = answer
        return json_answer(written)

    @bp.post("/<service_id>/feedback", strict_slashes=False)
    def feedback(service_id: str) -> ResponseReturnValue:
        site.registry.service(service_id)
        document = read_json_body(request, site.settings)
        items = read_feedback(document, service_id, now=datetime.now(UTC))
        in_tenant(site.store, caller().tenant).record_feedback(items)
        return json_answer({})

    @bp.after_request
    def audit(answer: Response) -> Response:
        record = g.pop("call_record", None)
        if record is not None:
            site.audit.finish(record, answer.status_code)
        return answer

    return bp


def called_sources(site: Site) -> Sources:
    """What the caller of this request may make us look into: their tenant's part of the store, and
    the servers that they are registered with."""
    who = caller()
    if who is ANYBODY:
        return site.sources
    registered = (each for each in site.registered.cds_clients if each.name == who.client)
    servers = next((each.fhir_servers for each in registered), ())
    store = in_tenant(site.store, who.tenant)
    return replace(site.sources, store=store, may_ask=servers, caller=who)


def checked(site: Site, written: dict[str, Any]) -> dict[str, Any]:
    """The answer, if it is one by the CDS Hooks schema. Raises BrokenAnswer."""
    if not site.answer_schema.is_valid(written):
        for fault in site.answer_schema.iter_errors(written):
            # The message would quote the value; the path does not.
            log.error("answer breaks its schema at %s", list(fault.instance_path))
        raise BrokenAnswer
    return written
