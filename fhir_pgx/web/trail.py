"""Every request leaves its trail: an id on its answer and its log lines, and entries in the record
of accesses.

Entries are written a moment after the answer, together with others. Before the answer leaves they
are written where the glass was broken and where something was written: access in an emergency that
cannot be recorded is refused (503), and what was written and cannot be recorded now waits in memory
to be recorded as soon as the store can.
"""

import logging
import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Final

import msgspec
from flask import Blueprint, Response, g, request

from fhir_pgx.errors import InvalidSetting, StoreFailure
from fhir_pgx.model.access import ANYBODY, Caller
from fhir_pgx.model.audited import WRITES, Access, Circumstances, outcome_of
from fhir_pgx.model.registered import Registered
from fhir_pgx.settings import Settings
from fhir_pgx.storage.audit_queue import AuditEntry
from fhir_pgx.web.accesses import accesses_of, is_form, is_free, kind_of, user_of
from fhir_pgx.web.addresses import client_address
from fhir_pgx.web.entries import SOFTWARE, audit_entry
from fhir_pgx.web.errors import answer_pgx_error
from fhir_pgx.web.noted import REQUEST_ID, Noted, noted
from fhir_pgx.web.site import Site

HEADER: Final = "X-Request-Id"
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = logging.getLogger("fhir_pgx.trail")
requests_log = logging.getLogger("fhir_pgx.request")
_encode = msgspec.json.Encoder().encode


def check_audit(settings: Settings, registered: Registered) -> None:
    """Raises InvalidSetting where accesses of registered callers would not be recorded."""
    if settings.audit == "off" and (settings.access or not registered.is_open):
        raise InvalidSetting(
            "audit is off, and callers are registered: who sees patients' data must be recorded",
            where="audit",
            mend="leave audit on, or access empty",
        )


def name_requests(root: Blueprint) -> None:
    """Give each request its id; to be registered before anything else looks at requests."""

    @root.before_request
    def begin() -> None:
        stated = request.headers.get(HEADER, "")
        seen = noted()
        seen.request_id = stated if _ID.fullmatch(stated) else str(uuid.uuid4())
        REQUEST_ID.set(seen.request_id)

    @root.teardown_request
    def end(_: BaseException | None) -> None:
        REQUEST_ID.set("")


def record_accesses(root: Blueprint, site: Site) -> None:
    """Record what each request did; to be registered behind the door, and before what makes
    headers of answers."""
    trail = Trail(site)

    @root.before_request
    def keep_form() -> None:
        # A posted question is read once; the record needs it again.
        if request.method == "POST" and is_form(request) and not is_free(request.endpoint or ""):
            request.get_data(cache=True)

    @root.after_request
    def finish(answer: Response) -> Response:
        seen = noted()
        if request.method != "OPTIONS":
            answer = trail.finish(answer, seen)
        answer.headers[HEADER] = seen.request_id
        _log_request(answer, seen)
        return answer


def _log_request(answer: Response, seen: Noted) -> None:
    """By the route: an address may hold an id. A hook call has a line of its own."""
    level = logging.DEBUG if is_free(request.endpoint or "") else logging.INFO
    if seen.call is not None or not requests_log.isEnabledFor(level):
        return
    line = {
        "request": seen.request_id,
        "method": request.method if request.method in _METHODS else "another",
        "route": request.url_rule.rule if request.url_rule else "",
        "status": answer.status_code,
        "milliseconds": round((perf_counter() - seen.started) * 1000, 3),
    }
    requests_log.log(level, _encode(line).decode())


class Trail:
    """What becomes of the accesses of requests in one deployment."""

    def __init__(self, site: Site) -> None:
        self._site, self._store = site, site.store
        self._is_on = site.settings.audit == "on"
        if self._is_on:
            self._store.audit.queue.failed = site.audit.count_failed
            self._store.audit.queue.lost = site.audit.count_lost

    def finish(self, answer: Response, seen: Noted) -> Response:
        """The answer, once its accesses are recorded or wait to be; another one where access in an
        emergency cannot be recorded."""
        if not self._is_on:
            return answer
        known: Caller = getattr(g, "caller", ANYBODY)
        caller = seen.caller or known
        accesses = self._accesses(answer, seen, caller)
        if not accesses:
            return answer
        entries = self._entries(accesses, seen, caller)
        is_written = answer.status_code < 400 and any(each.kind in WRITES for each in accesses)
        if not (is_written or caller.breaks_glass):
            self._store.audit.keep(entries)
            return answer
        try:
            self._store.audit.append(entries)
        except StoreFailure as failure:
            self._site.audit.count_failed(len(entries))
            log.error("%d accesses could not be recorded at once: %s", len(entries), failure)
            if not is_written:
                return answer_pgx_error(failure)
            self._store.audit.keep(entries)
        return answer

    def _accesses(self, answer: Response, seen: Noted, caller: Caller) -> list[Access]:
        def owners(references: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
            try:
                return self._store.audit.owners(references, tenant=caller.tenant)
            except StoreFailure as failure:
                log.error("an access is recorded without its patient: %s", failure)
                return {}

        try:
            return accesses_of(
                request, answer, seen, owners=owners, pseudonym=self._store.pseudonym
            )
        except Exception as error:  # noqa: BLE001 - a fault of ours must not leave it unrecorded
            # The message may hold what was being read.
            log.error("an access is recorded in outline alone: %s", type(error).__name__)
            rule, status = request.url_rule.rule if request.url_rule else "", answer.status_code
            kind = kind_of(request.endpoint or "")
            return [Access(kind, rule, status=status, outcome=outcome_of(status))]

    def _entries(self, accesses: Sequence[Access], seen: Noted, caller: Caller) -> list[AuditEntry]:
        settings = self._site.settings
        at = Circumstances(
            caller=caller,
            recorded=datetime.now(UTC),
            software=SOFTWARE,
            site=settings.base_url,
            request_id=seen.request_id,
            user=user_of(request, seen),
            address=client_address(request, settings.trusted_proxies),
        )
        return [audit_entry(each, at) for each in accesses]
