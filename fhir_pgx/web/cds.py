"""CDS Hooks over HTTP: discovery, service calls, feedback (CDS Hooks 3.0)."""

from dataclasses import replace

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from fhir_pgx.model.access import ANYBODY
from fhir_pgx.services.clients import HEADER, choose_client, read_clients
from fhir_pgx.services.gather import Sources
from fhir_pgx.storage.tenants import in_tenant
from fhir_pgx.web.answered import answer_hook, take_feedback
from fhir_pgx.web.body import JSON, json_answer, read_json_body
from fhir_pgx.web.callers import caller
from fhir_pgx.web.site import Site


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
        named = request.headers.get(HEADER, "")
        answered = answer_hook(
            site,
            service,
            document,
            sources=called_sources(site),
            choose=lambda call: choose_client(clients, named, (call.fhir_server,)),
            record=record,
        )
        return json_answer(answered.written)

    @bp.post("/<service_id>/feedback", strict_slashes=False)
    def feedback(service_id: str) -> ResponseReturnValue:
        site.registry.service(service_id)
        document = read_json_body(request, site.settings)
        take_feedback(site, service_id, document, tenant=caller().tenant)
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
