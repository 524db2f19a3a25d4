"""Accesses as entries of the record, and those that no request made: commands, derived reports."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from fhir_pgx.errors import StoreFailure
from fhir_pgx.fhir.json import write_json
from fhir_pgx.model.access import Caller
from fhir_pgx.model.audited import Access, Circumstances
from fhir_pgx.security.audit_event import told, write_audit_event
from fhir_pgx.settings import Settings
from fhir_pgx.storage.audit_queue import AuditEntry
from fhir_pgx.storage.store import Store
from fhir_pgx.version import __version__

SOFTWARE: Final = f"fhir_pgx {__version__}"


def audit_entry(access: Access, at: Circumstances) -> AuditEntry:
    """An access as it is kept."""
    return AuditEntry(
        recorded=round(at.recorded.timestamp() * 1_000_000),
        patient=access.patient,
        agent=at.agent,
        what=told(access),
        body=write_json(write_audit_event(access, at)),
        tenant=at.caller.tenant,
    )


def note_work(store: Store, settings: Settings, accesses: Sequence[Access], caller: Caller) -> None:
    """Record what was done without a request; it is written when this returns.

    Raises StoreFailure; what was done already then waits to be recorded, as long as the process
    lives.
    """
    if settings.audit != "on" or not accesses:
        return
    at = Circumstances(caller, datetime.now(UTC), SOFTWARE, settings.base_url)
    entries = [audit_entry(each, at) for each in accesses]
    try:
        store.audit.append(entries)
    except StoreFailure:
        store.audit.keep(entries)
        raise
