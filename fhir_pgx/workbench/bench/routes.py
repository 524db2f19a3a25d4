"""The workbench's addresses."""

from datetime import UTC, datetime
from typing import Final, cast

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from fhir_pgx.errors import InvalidParameter, PgxError
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.web.answered import take_feedback
from fhir_pgx.web.callers import caller
from fhir_pgx.web.forms import check_csrf
from fhir_pgx.web.noted import note_patients
from fhir_pgx.workbench.bench.saved import NAME, saved_example
from fhir_pgx.workbench.bench.shown import Bench, Shown
from fhir_pgx.workbench.bench.state import State, read_state, without
from fhir_pgx.workbench.bench.written import answer_values, form_values
from fhir_pgx.workbench.drawn_cards.feedback import Sent, feedback_of
from fhir_pgx.workbench.page import Pages, errors_as_pages, is_part

FIRST: Final = "order-sign-clopidogrel"  # what the page opens with


def bench_blueprint(pages: Pages) -> Blueprint:
    """`/` and what stands under `/workbench`."""
    bp = Blueprint("bench", __name__)
    errors_as_pages(bp, pages)
    site = pages.site
    bench = Bench(site, cast(Pipeline, site.pipeline))

    @bp.get("/")
    def page() -> ResponseReturnValue:
        state = read_state(request.args)
        # An address never holds data: whoever writes it so wrote a patient's into every log.
        return _page(State(example=FIRST) if not request.args else _without_data(state))

    @bp.post("/")
    def form() -> ResponseReturnValue:
        return _page(_sent())

    @bp.post("/workbench/answer")
    def answer() -> ResponseReturnValue:
        shown = _show(_sent())
        values = form_values(bench, shown)
        return pages.answer("bench/redrawn.html", **values, answer=_answer(shown))

    @bp.post("/workbench/open")
    def open_example() -> ResponseReturnValue:
        check_csrf(request, site.settings)
        return _page(State(example=request.form.get("example", "")))

    @bp.post("/workbench/save")
    def save() -> ResponseReturnValue:
        shown = _show(_sent())
        if shown.fired is None:
            raise InvalidParameter(
                "there is no request to save yet", mend="give data that can be read, and a drug"
            )
        answer = Response(saved_example(shown.fired), content_type="application/zip")
        answer.headers["Content-Disposition"] = f'attachment; filename="{NAME}.zip"'
        return answer

    @bp.post("/workbench/feedback")
    def feedback() -> ResponseReturnValue:
        check_csrf(request, site.settings)
        sent, failure = None, ""
        service = request.form.get("service", "")
        try:
            message = feedback_of(request.form.to_dict(flat=False), now=datetime.now(UTC))
            sent = Sent(message)
            take_feedback(site, service, message, tenant=caller().tenant)
        except PgxError as error:
            failure = error.text
        name = "bench/feedback.html" if is_part() else "bench/feedback_page.html"
        return pages.answer(name, sent=sent, failure=failure, service=service)

    def _sent() -> State:
        check_csrf(request, site.settings)
        return without(bench.in_the_box(read_state(request.form, request.files)), request.form)

    def _show(state: State) -> Shown:
        shown = bench.show(bench.with_example(state), caller())
        if shown.chart is not None:
            note_patients([shown.chart.record.patient_id])
        return shown

    def _answer(shown: Shown) -> Markup:
        return pages.written("bench/answer.html", **answer_values(bench, shown, pages))

    def _page(state: State) -> Response:
        shown = _show(state)
        return pages.answer("bench/page.html", **form_values(bench, shown), answer=_answer(shown))

    return bp


def _without_data(state: State) -> State:
    return State(
        example=state.example or FIRST,
        hook=state.hook,
        ehr=state.ehr,
        trouble=state.trouble,
        drugs=state.drugs,
        gene=state.gene,
        cyp2d6_from_snvs=state.cyp2d6_from_snvs,
        missing_as_reference=state.missing_as_reference,
    )
