"""The console's addresses. No patient's id ever stands in one: whoever searches the record of
accesses sends a form."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from fhir_pgx.fhir.json import write_json
from fhir_pgx.services.feedback_report import GRACE_HOURS, csv_report, json_line
from fhir_pgx.services.knowledge_in_use import change_of, knowledge_in_use, policy_in_force
from fhir_pgx.web.callers import caller
from fhir_pgx.web.noted import note_caller
from fhir_pgx.workbench.console import audit_routes, trial_routes
from fhir_pgx.workbench.console.audit_state import last_verified
from fhir_pgx.workbench.console.bars import WIDTH, row_bar
from fhir_pgx.workbench.console.card_table import BY, COLUMNS, card_table, read_asked
from fhir_pgx.workbench.console.latency import IS_OF_ALL_WORKERS, read_figures
from fhir_pgx.workbench.console.mounted import mounted_at
from fhir_pgx.workbench.console.overview import AT_A_GLANCE, card_days, newest_entry, traffic_of
from fhir_pgx.workbench.console.periods import DAYS, Period, read_period
from fhir_pgx.workbench.console.settings_shown import changed_settings
from fhir_pgx.workbench.console.sorting import Sorted, in_order, read_sorted
from fhir_pgx.workbench.console.tenants import read_tenant, tenants_of
from fhir_pgx.workbench.console.trial import pipeline_of
from fhir_pgx.workbench.page import Pages, errors_as_pages

_DAYS_OF_CLIENTS: Final = 7
_CLIENT_HEADS: Final = {
    "client": "Client",
    "service": "Service",
    "last": "Last call",
    "today": "Today (UTC)",
    "calls": "In the period",
    "refused": "Refused",
    "failed": "Failed",
    "users": "People named",
}
_NAMES: Final = ("client", "service", "name")
_LAST_FIRST: Final = Sorted("last", falls=True)
_AS_RELEASED: Final = Sorted("", falls=False)
_NDJSON: Final = "application/x-ndjson"


def console_blueprint(pages: Pages) -> Blueprint:
    """`/console` and what stands under it, save for the sign-in."""
    bp = Blueprint("console", __name__, url_prefix="/console")
    errors_as_pages(bp, pages)
    site = pages.site
    started = datetime.now(UTC)
    policy = policy_in_force(site.settings.policy, started)

    @bp.get("")
    def overview() -> ResponseReturnValue:
        now, tenant = datetime.now(UTC), _tenant(pages)
        held, audit = pipeline_of(site).knowledge, site.store.audit
        return pages.answer(
            "console/overview.html",
            tenant=tenant,
            tenants=tenants_of(site),
            days=card_days(site.store, now, tenant=tenant),
            figures=read_figures(site.audit.figures().decode()),
            is_of_all_workers=IS_OF_ALL_WORKERS,
            started=started,
            traffic=traffic_of(audit, Period(1, now), tenant=tenant, most=AT_A_GLANCE),
            newest=newest_entry(audit, tenant=tenant),
            verified=last_verified(audit, mounted_at()),
            is_audit_on=site.settings.audit == "on",
            knowledge=knowledge_in_use(held.release, held.sha256, now.date()),
            grace=GRACE_HOURS,
        )

    @bp.get("/cards")
    def cards() -> ResponseReturnValue:
        asked = replace(read_asked(request.args, datetime.now(UTC)), tenant=_tenant(pages))
        table = card_table(site.store, asked)
        most = max((line.issued for line in table.lines), default=0)
        bars = [row_bar(line, most, has_answers=table.has_answers) for line in table.lines]
        return pages.answer(
            "console/cards.html",
            table=table,
            asked=asked,
            rows=list(zip(table.lines, bars, strict=True)),
            width=WIDTH,
            columns=COLUMNS,
            choices=BY,
            periods=DAYS,
            query=_query(request.args),
            tenant=asked.tenant,
            tenants=tenants_of(site),
            grace=GRACE_HOURS,
        )

    @bp.get("/cards.csv")
    def cards_csv() -> ResponseReturnValue:
        asked = replace(read_asked(request.args, datetime.now(UTC)), tenant=_tenant(pages))
        table = card_table(site.store, asked)
        told = csv_report(replace(table.report, lines=table.lines), [asked.by])
        return _download(told.encode(), "text/csv; charset=utf-8", f"cards-by-{asked.by}.csv")

    @bp.get("/cards.ndjson")
    def cards_ndjson() -> ResponseReturnValue:
        asked = replace(read_asked(request.args, datetime.now(UTC)), tenant=_tenant(pages))
        lines = [json_line(line, [asked.by]) for line in card_table(site.store, asked).lines]
        return _download(ndjson(lines), _NDJSON, f"cards-by-{asked.by}.ndjson")

    @bp.get("/clients")
    def clients() -> ResponseReturnValue:
        tenant = _tenant(pages)
        usual = _DAYS_OF_CLIENTS
        period = read_period(request.args.get("days", ""), datetime.now(UTC), usual=usual)
        traffic = traffic_of(site.store.audit, period, tenant=tenant)
        sorted_ = read_sorted(request.args, list(_CLIENT_HEADS), _LAST_FIRST, rising=_NAMES)
        heard = {each.client for each in traffic.clients}
        return pages.answer(
            "console/clients.html",
            traffic=replace(traffic, clients=tuple(in_order(traffic.clients, sorted_))),
            sorted=sorted_,
            heads=_CLIENT_HEADS,
            query=_query(request.args),
            period=period,
            periods=DAYS,
            silent=[name for name in _registered(pages) if name not in heard],
            is_open=site.registered.is_open,
            is_audit_on=site.settings.audit == "on",
            newest=newest_entry(site.store.audit, tenant=tenant),
            tenant=tenant,
            tenants=tenants_of(site),
        )

    @bp.get("/knowledge")
    def knowledge() -> ResponseReturnValue:
        held = pipeline_of(site).knowledge
        found = knowledge_in_use(held.release, held.sha256, datetime.now(UTC).date())
        sorted_ = read_sorted(request.args, ("name", "age_days"), _AS_RELEASED, rising=_NAMES)
        return pages.answer(
            "console/knowledge.html",
            knowledge=found,
            sources=in_order(found.sources, sorted_),
            sorted=sorted_,
            policy=policy,
            change=change_of(policy, site.settings.policy) if policy else "",
            settings=changed_settings(site.settings),
            started=started,
        )

    audit_routes.add_to(bp, pages)
    trial_routes.add_to(bp, pages, policy)
    return bp


def ndjson(lines: list[dict[str, Any]]) -> bytes:
    """Each value on a line of its own."""
    return b"".join(write_json(line) + b"\n" for line in lines)


def _tenant(pages: Pages) -> str:
    """The tenant that the page is about; the record of accesses is told, too."""
    tenant = read_tenant(pages.site, request.args.get("tenant", ""))
    if tenant:
        note_caller(replace(caller(), tenant=tenant))
    return tenant


def _registered(pages: Pages) -> list[str]:
    return sorted(each.name for each in pages.site.registered.cds_clients)


def _query(args: Any) -> dict[str, str]:
    """The parameters of the address, for links that change one of them."""
    known = ("days", "by", "contains", "tenant", "sort", "order")
    return {name: args[name] for name in known if args.get(name)}


def _download(data: bytes, media: str, name: str) -> Response:
    answer = Response(data, content_type=media)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
