"""A store that keeps a report of each patient whose genetic results are written to it."""

from fhir_pgx.rest.derivation import derive_report
from fhir_pgx.rest.deriver import Deriver
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.watched_store import watched
from fhir_pgx.settings import Settings
from fhir_pgx.storage import Store
from fhir_pgx.web.site import Pipeline


def with_derivation(store: Store, pipeline: Pipeline, settings: Settings) -> Store:
    """The same store; what is written to it is derived from soon after, in this process.

    The reports themselves are written to the store behind it: they start nothing.
    """
    server = derivation_server(store, settings)
    deriver = Deriver(
        lambda patient: derive_report(server, pipeline, patient), pseudonym=store.pseudonym
    )
    return watched(store, deriver.tell)


def derivation_server(store: Store, settings: Settings) -> Server:
    """Writes without a genomic index: a report restates what is indexed where it came from."""
    return Server(
        store=store,
        base=f"{settings.base_url}/fhir",
        index=lambda entries: {},
        own_bases=settings.store_servers,
    )
