"""A whole page: the frame that all share, and errors as pages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from fhir_pgx.errors import Issue, PgxError
from fhir_pgx.web.errors import http_issue, incident, status_of
from fhir_pgx.web.forms import csrf_field
from fhir_pgx.web.operators import is_signed_in
from fhir_pgx.web.site import Site
from fhir_pgx.workbench.assets import asset_path
from fhir_pgx.workbench.templates import fragment

HTML: Final = "text/html; charset=utf-8"
_MENDS: Final = {
    404: "look whether the address is complete",
    413: "send less, use the command (fhir-pgx interpret FILE), or raise max_body_bytes",
}


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one deployment."""

    site: Site

    def at(self, path: str) -> str:
        """The address of a path of ours (`/console`) for a browser, wherever we are mounted."""
        return urlsplit(self.site.settings.base_url).path.rstrip("/") + path

    def asset(self, name: str) -> str:
        """The address of a file of `static/`."""
        return self.at(asset_path(name))

    def csrf(self) -> Markup:
        """The hidden field that every form sent by POST needs."""
        return csrf_field(self.site.settings)

    def answer(self, name: str, *, status: int = 200, **values: Any) -> Response:
        """A page or a fragment as an answer. Templates have `at`, `asset`, `csrf`, `release`,
        `signed_in` and `here` beside the values."""
        return Response(self.written(name, **values), status=status, content_type=HTML)

    def written(self, name: str, **values: Any) -> Markup:
        """A page or a fragment."""
        knowledge = getattr(self.site.pipeline, "knowledge", None)
        return fragment(
            name,
            at=self.at,
            asset=self.asset,
            csrf=self.csrf,
            release=knowledge.release if knowledge is not None else "",
            signed_in=is_signed_in(self.site),
            here=request.path,
            **values,
        )


def errors_as_pages(bp: Blueprint, pages: Pages) -> None:
    """Answer what goes wrong under a blueprint with a page that says what, where and the mend; for
    a part of a page, with that part. Never an empty page, and never a stack trace."""

    @bp.errorhandler(PgxError)
    def refused(error: PgxError) -> ResponseReturnValue:
        status = status_of(error)
        return problem(pages, (incident(error),) if status >= 500 else error.issues, status)

    @bp.errorhandler(HTTPException)
    def not_taken(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if status < 400:  # a redirect is no error
            return error.get_response()
        issue = http_issue(status)
        mend = _MENDS.get(status, "go back, and try again")
        return problem(pages, (replace(issue, mend=mend),), status)

    @bp.errorhandler(Exception)
    def broken(error: Exception) -> ResponseReturnValue:
        return problem(pages, (incident(error),), 500)


def problem(pages: Pages, issues: Sequence[Issue], status: int) -> Response:
    """What is wrong, where, and how to mend it: as a page, or as the part that was asked for."""
    name = "problem.html" if is_part() else "problem_page.html"
    return pages.answer(name, status=status, issues=issues, status_code=status)


def is_part() -> bool:
    """Whether a part of a page is asked for, by htmx."""
    return request.headers.get("HX-Request") == "true"
