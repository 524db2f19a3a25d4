"""The record of accesses, searched and verified. A search is an access like any other: it is
recorded, under the patient whose accesses were looked at."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from fhir_pgx.errors import InvalidParameter, PgxError
from fhir_pgx.model.audited import KINDS
from fhir_pgx.services.audit_search import OUTCOMES, AuditAsked, as_question, search_audit
from fhir_pgx.web.callers import caller
from fhir_pgx.web.forms import check_csrf
from fhir_pgx.web.noted import note_asked, note_caller, note_details, note_patients
from fhir_pgx.workbench.console.audit_state import last_verified, verify
from fhir_pgx.workbench.console.mounted import mounted_at
from fhir_pgx.workbench.console.periods import midnight, read_day
from fhir_pgx.workbench.console.tenants import read_tenant, tenants_of
from fhir_pgx.workbench.page import Pages

_LONGEST: Final = 300  # characters of a name that an entry holds
_LISTED: Final = "choose one listed"
_REACH: Final = {"all": None, "30": 30, "7": 7, "1": 1}  # days that a verification goes back


def add_to(bp: Blueprint, pages: Pages) -> None:
    """`/audit` and `/audit/verify`."""
    site = pages.site

    def page(status: int = 200, **values: object) -> ResponseReturnValue:
        shown = {"found": None, "asked": {}, "verified_now": None, "issues": (), **values}
        return pages.answer(
            "console/audit.html",
            status=status,
            verified=last_verified(site.store.audit, mounted_at()),
            heads=site.store.audit.heads(),
            kinds=KINDS,
            outcomes=OUTCOMES,
            tenants=tenants_of(site),
            is_audit_on=site.settings.audit == "on",
            **shown,
        )

    @bp.get("/audit")
    def audit() -> ResponseReturnValue:
        return page()

    @bp.post("/audit")
    def search() -> ResponseReturnValue:
        check_csrf(request, site.settings)
        form = {name: text.strip() for name, text in request.form.items()}
        try:
            asked = _asked(form)
            read_tenant(site, asked.tenant)
        except PgxError as wrong:
            return page(400, asked=form, issues=wrong.issues)
        note_caller(replace(caller(), tenant=asked.tenant))
        note_asked(as_question(asked))
        note_patients([asked.patient])
        site.store.audit.queue.flush()
        return page(asked=form, found=search_audit(site.store.audit, asked))

    @bp.post("/audit/verify")
    def verifying() -> ResponseReturnValue:
        check_csrf(request, site.settings)
        reach = request.form.get("reach", "all")
        if reach not in _REACH:
            raise InvalidParameter(
                "there is no such reach", where="reach", mend="choose one listed"
            )
        days = _REACH[reach]
        since = midnight((datetime.now(UTC) - timedelta(days=days)).date()) if days else None
        site.store.audit.queue.flush()
        found = verify(site.store.audit, since)
        note_details(found.details(since))
        return page(verified_now=found)


def _asked(form: Mapping[str, str]) -> AuditAsked:
    """What a form asks for. Raises InvalidParameter."""
    for name in ("patient", "user", "client"):
        if len(form.get(name, "")) > _LONGEST:
            raise InvalidParameter(f"this is longer than {_LONGEST} characters", where=name)
    kind, outcome, before = form.get("kind", ""), form.get("outcome", ""), form.get("before", "")
    if kind and kind not in KINDS:
        raise InvalidParameter("there is no such kind", where="kind", mend=_LISTED)
    if outcome and outcome not in OUTCOMES:
        raise InvalidParameter(
            "there is no such outcome", where="outcome", mend="choose one listed"
        )
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise InvalidParameter("this is no number of an entry", where="before")
    last = read_day(form.get("until", ""), "until")
    since = read_day(form.get("since", ""), "since")
    if since and last and since > last:
        raise InvalidParameter("the first day is after the last", where="since", mend="swap them")
    return AuditAsked(
        tenant=form.get("tenant", ""),
        patient=form.get("patient", "").removeprefix("Patient/"),
        user=form.get("user", ""),
        client=form.get("client", ""),
        kind=kind,
        outcome=outcome,
        since=since,
        until=last + timedelta(days=1) if last else None,
        before=int(before) if before else None,
    )
