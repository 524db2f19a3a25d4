"""The store as the FHIR server writes to it, for commands that write."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fhir_pgx.cli.house import load_pipeline
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.genomic_index import GenomicIndex
from fhir_pgx.rest.checking import detect_of
from fhir_pgx.rest.server import Server
from fhir_pgx.settings import Settings
from fhir_pgx.storage import Store

if TYPE_CHECKING:
    from fhir_pgx.pipeline import Pipeline


def open_server(settings: Settings, store: Store) -> Server:
    """What the operator of the machine writes is not refused: `fhir-pgx validate` checks it. The
    stages are loaded when the first genomic result is written."""
    base = f"{settings.base_url}/fhir"
    loaded: list[Pipeline] = []

    def index(entries: Sequence[Entry]) -> Mapping[str, GenomicIndex]:
        if not loaded:
            loaded.append(load_pipeline(settings))
        return loaded[0].genomic_index(entries)

    return Server(
        store,
        base,
        index,
        tuple(dict.fromkeys((base, *settings.store_servers))),
        detect=detect_of(settings.validate_writes),
    )
