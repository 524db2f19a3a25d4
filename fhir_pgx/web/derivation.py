"""A store that keeps a report of each patient whose genetic results are written to it."""

from dataclasses import replace
from typing import Final

from fhir_pgx.model.access import Caller
from fhir_pgx.model.audited import Access
from fhir_pgx.rest.derivation import Derived, derive_report
from fhir_pgx.rest.deriver import Deriver
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.watched_store import watched
from fhir_pgx.settings import Settings
from fhir_pgx.storage import Store
from fhir_pgx.web.entries import note_work
from fhir_pgx.web.site import Pipeline

OURSELVES: Final = Caller("operator", client="derivation")


def with_derivation(store: Store, pipeline: Pipeline, settings: Settings) -> Store:
    """The same store; what is written to it is derived from soon after, in this process.

    The reports themselves are written to the store behind it: they start nothing.
    """
    server = derivation_server(store, settings)

    def derive(patient: tuple[str, str]) -> None:
        tenant, id_ = patient
        done = derive_report(replace(server, tenant=tenant), pipeline, id_)
        note_work(store, settings, derived_accesses(done), replace(OURSELVES, tenant=tenant))

    deriver = Deriver(derive, pseudonym=lambda patient: store.pseudonym(patient[1]))
    return watched(store, deriver.tell)


def derived_accesses(done: Derived) -> list[Access]:
    """A derivation for the record of accesses; nothing where it changed nothing."""
    if not (done.written or done.removed):
        return []
    counts = (("written", str(done.written)), ("removed", str(done.removed)))
    return [Access("derive", "kept report", done.patient, details=counts)]


def derivation_server(store: Store, settings: Settings) -> Server:
    """Writes without a genomic index: a report restates what is indexed where it came from."""
    return Server(
        store=store,
        base=f"{settings.base_url}/fhir",
        index=lambda entries: {},
        own_bases=settings.store_servers,
    )
