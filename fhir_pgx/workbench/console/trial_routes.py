"""The dry run's page: files in, the report out, as a page or as JSON. Nothing is kept."""

from typing import Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from fhir_pgx.errors import Issue, PgxError
from fhir_pgx.fhir.json import write_json
from fhir_pgx.services.dry_run_report import because, rules_in_short, shown_rule
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.knowledge_in_use import PolicyInForce
from fhir_pgx.web.errors import status_of
from fhir_pgx.web.forms import check_csrf
from fhir_pgx.web.noted import note_patients
from fhir_pgx.workbench.console.trial import MOST_SECONDS, Trial, Tried, faults_by_field, run_trial
from fhir_pgx.workbench.page import Pages

_MOST_RULES: Final = 50
_NOT_LENT: Final = Issue(
    "operators see no patient’s data, and the store holds them",
    "store",
    "replay what the requests hold, or use the command fhir-pgx dry-run --database, which asks for "
    "an account on this machine",
)


def add_to(bp: Blueprint, pages: Pages, in_force: PolicyInForce | None) -> None:
    """`/dry-run`."""
    site = pages.site
    most = site.settings.max_body_bytes

    def page(status: int = 200, **values: object) -> Response:
        shown = {"report": None, "faults": {}, **values}
        return pages.answer(
            "console/dry_run.html",
            status=status,
            in_force=in_force,
            most=most,
            seconds=int(MOST_SECONDS),
            lends_store=site.registered.is_open,
            most_rules=_MOST_RULES,
            rules_in_short=rules_in_short,
            shown_rule=shown_rule,
            because=because,
            **shown,
        )

    @bp.get("/dry-run")
    def trial() -> ResponseReturnValue:
        return page()

    @bp.post("/dry-run")
    def try_out() -> ResponseReturnValue:
        try:
            check_csrf(request, site.settings)
            given = _given()
        except RequestEntityTooLarge:
            return page(413, faults={"requests": (_too_large(most),)})
        sources = Sources()
        if given.with_store and not site.registered.is_open:
            # A request made up for one patient would tell an operator that patient's results, by
            # the rules that fire.
            return page(403, faults={"requests": (_NOT_LENT,)})
        if given.with_store:
            sources = Sources(site.store, frozenset(site.settings.store_servers))
        try:
            tried = run_trial(site, given, in_force, sources)
        except PgxError as wrong:
            status = 400 if status_of(wrong) != 503 else 503
            return page(status, faults=faults_by_field(wrong))
        note_patients(tried.patients)
        if request.form.get("answer") == "json":
            return _as_json(tried)
        return page(report=tried.report)


def _given() -> Trial:
    past, policy = request.files.get("requests"), request.files.get("policy")
    return Trial(
        past=past.read() if past else b"",
        policy=policy.read() if policy else b"",
        policy_name=(policy.filename if policy else "") or "the candidate",
        with_store=request.form.get("store") == "yes",
    )


def _as_json(tried: Tried) -> Response:
    answer = Response(write_json(tried.report), content_type="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="dry-run.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _too_large(most: int) -> Issue:
    return Issue(
        f"the files are larger than {most // 1_000_000} MB together",
        mend="compress the file with gzip, or use the command fhir-pgx dry-run, which reads "
        "NDJSON of any size",
    )
