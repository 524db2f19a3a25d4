"""Errors to HTTP: status and OperationOutcome. The only place that knows which is which.

No answer holds a stack trace, HTML or patient data. What is our own fault is answered with an id
alone; the log has the same id with the places in our code, without the values.
"""

import logging
import traceback
from uuid import uuid4

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from fhir_pgx import errors
from fhir_pgx.errors import Issue, IssueType, PgxError, TooManyRequests
from fhir_pgx.fhir.json import write_json
from fhir_pgx.fhir.operation_outcome import to_operation_outcome
from fhir_pgx.rest.answer import Answer
from fhir_pgx.web.body import FHIR_JSON, JSON, json_answer
from fhir_pgx.web.fhir_media import is_fhir, outcome_response

log = logging.getLogger("fhir_pgx.web")

STATUS: dict[type[PgxError], int] = {
    errors.UnreadableJson: 400,
    errors.TooDeep: 400,
    errors.TooLarge: 413,
    errors.UnreadableXml: 400,
    errors.NotFhir: 400,
    errors.MixedPatients: 400,
    errors.UnreadableText: 400,
    errors.UnreadableVcf: 400,
    errors.UnreadableCalls: 400,
    errors.UnknownDrug: 422,
    errors.InvalidHookRequest: 400,
    errors.UnknownService: 404,
    errors.DataUnavailable: 412,  # CDS Hooks, Prefetch: unobtainable data is 412
    errors.InvalidFeedback: 400,
    errors.UnsupportedMedia: 415,
    errors.InvalidParameter: 400,
    errors.UnknownResource: 404,
    errors.DeletedResource: 410,
    errors.UnknownType: 404,
    errors.InvalidInteraction: 400,
    errors.VersionMismatch: 412,
    errors.SeveralMatches: 412,
    errors.OfAnotherPatient: 409,
    errors.InvalidBundle: 400,
    errors.TooManyEntries: 413,
    errors.RejectedResource: 422,
    errors.LiftoverFailed: 422,
    errors.UnreadableVariant: 400,
    errors.UnplacedVariant: 422,
    errors.InvalidSearch: 400,
    errors.TooManyIncluded: 400,
    errors.StoreFailure: 503,
    errors.WriteConflict: 503,
    errors.UnknownPatient: 404,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.TooManyRequests: 429,
    errors.LaunchFailed: 400,
    errors.InvalidCard: 400,
}

_KINDS: dict[int, IssueType] = {
    404: "not-found",
    405: "not-supported",
    413: "too-long",
    415: "not-supported",
    429: "throttled",
}
_MOST_PLACES = 60
_TEXTS = {
    400: ("the request could not be read", "send a complete HTTP request"),
    404: ("there is nothing at this address", "GET /cds-services lists the services"),
    405: ("this address does not take this method", "use a method that Allow names"),
    413: ("the body is larger than the limit", "send less, or raise max_body_bytes"),
    415: ("the body's media type is not read here", "send Content-Type: application/json"),
}
_FHIR_MENDS = {
    404: "GET /fhir/metadata lists the types, interactions and operations",
    413: "send less, or raise max_fhir_bytes",
}


def register_errors(scope: Flask | Blueprint) -> None:
    """Answer every error raised within an app or a blueprint."""
    scope.register_error_handler(PgxError, answer_pgx_error)
    scope.register_error_handler(HTTPException, answer_http_error)
    scope.register_error_handler(Exception, answer_unexpected)


def status_of(error: PgxError) -> int:
    """The HTTP status of an error; 500 for what is no fault of the request."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def answer_pgx_error(error: PgxError) -> Response:
    """The error's own findings, unless it is ours: then an id."""
    status = status_of(error)
    if status >= 500:
        return _hidden(error, status)
    wait = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyRequests) else {}
    return _outcome(error.issues, status, wait)


def answer_http_error(error: HTTPException) -> Response:
    """What Flask itself refuses: unknown path, wrong method, a body over the limit."""
    status = error.code or 500
    if status >= 500:
        return _hidden(error, status)
    if status < 400:  # a redirect is no error
        return Response(status=status, headers=error.get_headers())
    issue = http_issue(status)
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return _outcome((issue,), status, kept)


def http_issue(status: int) -> Issue:
    """What Flask refuses with a status, in our words."""
    text, mend = _TEXTS.get(status, ("the request was refused", ""))
    if is_fhir(request):
        mend = _FHIR_MENDS.get(status, mend)
    return Issue(text, "", mend, _KINDS.get(status, "processing"))


def batch_failure(error: Exception) -> Answer:
    """What an entry of a batch answers whose own request failed."""
    if isinstance(error, PgxError) and status_of(error) < 500:
        return Answer(status_of(error), write_json(to_operation_outcome(error.issues)))
    status = status_of(error) if isinstance(error, PgxError) else 500
    return Answer(status, write_json(to_operation_outcome((incident(error),))))


def answer_unexpected(error: Exception) -> Response:
    """A bug. A failure is never an empty list of cards."""
    return _hidden(error, 500)


def _hidden(error: Exception, status: int) -> Response:
    headers = {"Retry-After": "5"} if status == 503 else {}
    return _outcome((incident(error),), status, headers)


def incident(error: Exception) -> Issue:
    """Log a fault of ours; the issue has its id alone."""
    id_ = str(uuid4())
    # The innermost alone: of a recursion without end there are thousands.
    places = "".join(traceback.format_tb(error.__traceback__, limit=-_MOST_PLACES))
    # The message of an unexpected error may hold what was being read; its places cannot.
    told = str(error) if isinstance(error, PgxError) else ""
    log.error("%s %s %s\n%s", id_, type(error).__name__, told, places)
    return Issue(
        f"the server failed; the incident is {id_}",
        mend="send the request again; if it fails again, tell the operator the incident's id",
        kind="exception",
        severity="fatal",
        code=getattr(error, "code", "") if isinstance(error, PgxError) else "",
    )


def _outcome(
    issues: tuple[Issue, ...], status: int, headers: dict[str, str] | None = None
) -> Response:
    if is_fhir(request):
        return outcome_response(to_operation_outcome(issues), status, headers)
    # CDS Hooks clients ask for application/json and get it; everybody else gets FHIR's own type.
    media = JSON if "/cds-services" in request.path else FHIR_JSON
    return json_answer(to_operation_outcome(issues), status, headers, media=media)
