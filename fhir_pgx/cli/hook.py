"""`fhir-pgx hook`: the cards for a CDS Hooks request, without a server."""

import argparse
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from fhir_pgx.cards.shape import shape
from fhir_pgx.cards.write import write_answer
from fhir_pgx.cli.house import load_pipeline
from fhir_pgx.cli.inputs import read_files
from fhir_pgx.cli.options import Commands, add_command, add_database, add_format
from fhir_pgx.cli.recording import record
from fhir_pgx.cli.views.shown import show
from fhir_pgx.errors import InvalidHookRequest, UnknownService
from fhir_pgx.fhir.bundle import as_text
from fhir_pgx.fhir.json import read_json
from fhir_pgx.model.audited import Access
from fhir_pgx.model.hook import HookCall
from fhir_pgx.plugins import Registry, load_services
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.clients import choose_client, read_clients
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.service import Service
from fhir_pgx.settings import CLIENTS, Settings, settings_from_environment
from fhir_pgx.storage import SqlStore

Explain = Callable[[HookCall], Any]


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "hook",
        run,
        does="answer a CDS Hooks request as the server would, offline",
        example="fhir-pgx hook request.json --service pgx-order-sign",
    )
    parser.add_argument("request", metavar="REQUEST.json", help="the request; - is standard input")
    parser.add_argument(
        "--service", metavar="ID", help="the service's id; by default the one of the request's hook"
    )
    parser.add_argument(
        "--client",
        choices=CLIENTS,
        default="",
        metavar="NAME",
        help=f"shape the cards for this client: {', '.join(CLIENTS)}; by default as the settings "
        "say",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="add the whole trace behind the cards, of orders without a card too",
    )
    add_format(parser)
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """Answer the request. No card is recorded, and no FHIR server is called; that a store was
    looked into is recorded."""
    settings = settings_from_environment({"database": arguments.database})
    (request,) = read_files([arguments.request])
    document = read_json(
        request.data, max_bytes=settings.max_body_bytes, max_depth=settings.max_depth
    )
    pipeline = load_pipeline(settings)
    service = find_service(load_services(pipeline.answer), document, arguments.service)
    explain = pipeline.explain_call if arguments.explain else None
    answer = _answer(document, service, settings, arguments.client, explain)
    show(arguments, answer, "hook")
    return 0


def find_service(registry: Registry, document: Any, service_id: str | None) -> Service:
    """The service of this id, else the first that stands on the request's hook.

    Raises UnknownService, or InvalidHookRequest where the request names no hook.
    """
    if service_id:
        return registry.service(service_id)
    hook = document.get("hook") if isinstance(document, dict) else None
    if not isinstance(hook, str):
        raise InvalidHookRequest(
            "hook is missing", where="hook", mend="name the hook, or give --service"
        )
    for service in registry.services:
        if service.hook == hook:
            return service
    raise UnknownService("no CDS service stands on this hook", where="hook", mend="give --service")


def _answer(
    document: Any, service: Service, settings: Settings, client: str, explain: Explain | None
) -> dict[str, Any]:
    servers = frozenset(settings.store_servers)
    file = Path(settings.database.removeprefix("sqlite:///"))
    if not file.exists():  # to look into a store that is not there would make one
        return _written(document, service, Sources(), settings, client, explain)
    with closing(SqlStore(settings.database, settings.audit_salt)) as store:
        found = _written(document, service, Sources(store, servers), settings, client, explain)
        patient = as_text(document["context"]["patientId"])  # it was read: it is there
        record(store, settings, [Access("hook-call", service.id, patient)])
        return found


def _written(
    document: Any,
    service: Service,
    sources: Sources,
    settings: Settings,
    client: str,
    explain: Explain | None,
) -> dict[str, Any]:
    call = read_call(document, service, sources)
    answer = service.answer(call)
    clients = read_clients(
        settings.client_profile, settings.client_profiles, settings.registered_links
    )
    profile = choose_client(clients, client, (call.fhir_server,))
    written = write_answer(replace(answer, cards=shape(answer.cards, profile)))
    return written if explain is None else {**written, "trace": explain(call)}
