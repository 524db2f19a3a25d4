"""A service call and a feedback message, answered: what the route and the workbench share.

Between the document and the JSON that leaves the house there is this one way, so that what the
workbench shows is what a client gets.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from fhir_pgx.cards.app_link import with_app_link
from fhir_pgx.cards.shape import shape
from fhir_pgx.cards.write import write_answer
from fhir_pgx.model.client import ClientProfile
from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.services.answering import read_call, record_answer
from fhir_pgx.services.feedback import read_feedback
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.remember import leave_out_shown
from fhir_pgx.services.service import Service
from fhir_pgx.storage.tenants import in_tenant
from fhir_pgx.web.audit import CallRecord
from fhir_pgx.web.site import Site

log = logging.getLogger("fhir_pgx.web")

ChooseClient = Callable[[HookCall], ClientProfile]


class BrokenAnswer(Exception):
    """An answer of ours that breaks the CDS Hooks schema: a bug, never sent."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One call: as it was read, what was answered in the shape of its client, and that as JSON."""

    call: HookCall
    answer: HookAnswer
    written: dict[str, Any]


def answer_hook(
    site: Site,
    service: Service,
    document: Any,
    *,
    sources: Sources,
    choose: ChooseClient,
    record: CallRecord,
) -> Answered:
    """Answer the document of a service call, note the cards as issued, and keep in `record` what is
    known so far, also where an error rises.

    `sources` says who calls and where data beyond the prefetch may come from; `choose` in which
    shape the cards leave. Raises as `read_call` and the service do, and BrokenAnswer.
    """
    minutes = 0 if sources.is_rehearsal else site.settings.remember_shown
    who = sources.caller
    record.call = call = read_call(document, service, sources)
    answer = service.answer(call)
    if _may_launch(site, call):
        app = f"{site.settings.base_url}/app/launch"
        answer = replace(answer, cards=with_app_link(answer.cards, app))
    answer = replace(answer, cards=shape(answer.cards, choose(call)))
    kept = leave_out_shown(
        call,
        answer.cards,
        in_tenant(site.store, who.tenant),
        minutes=minutes,
        now=datetime.now(UTC),
        client=who.client,
    )
    answer = replace(answer, cards=kept.cards, muted=(*answer.muted, *kept.muted))
    written = _checked(site, write_answer(answer))
    record_answer(call, answer, sources, remember=minutes > 0)
    record.answer = answer
    return Answered(call, answer, written)


def take_feedback(site: Site, service_id: str, document: Any, *, tenant: str) -> None:
    """Record a feedback message, whole or not at all. Raises UnknownService, InvalidFeedback."""
    site.registry.service(service_id)
    items = read_feedback(document, service_id, now=datetime.now(UTC))
    in_tenant(site.store, tenant).record_feedback(items)


def _may_launch(site: Site, call: HookCall) -> bool:
    """Whether the call's FHIR server is registered to launch our app."""
    launching = {each.issuer.removesuffix("/") for each in site.registered.launch_issuers}
    return site.settings.pages == "on" and call.fhir_server.removesuffix("/") in launching


def _checked(site: Site, written: dict[str, Any]) -> dict[str, Any]:
    """The answer, if it is one by the CDS Hooks schema. Raises BrokenAnswer."""
    if not site.answer_schema.is_valid(written):
        for fault in site.answer_schema.iter_errors(written):
            # The message would quote the value; the path does not.
            log.error("answer breaks its schema at %s", list(fault.instance_path))
        raise BrokenAnswer
    return written
