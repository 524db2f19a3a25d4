"""The FHIR server of a deployment, made of its settings, store and pipeline."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.genomic_index import GenomicIndex
from fhir_pgx.rest.checking import check_of, detect_of, warn_of
from fhir_pgx.rest.server import Server
from fhir_pgx.web.callers import caller, rights_of
from fhir_pgx.web.site import Site


def server_of(site: Site) -> Server:
    """What the interactions need. Servers whose ids are those of our store are our own bases."""
    base = f"{site.settings.base_url}/fhir"

    def index(entries: Sequence[Entry]) -> Mapping[str, GenomicIndex]:
        return site.pipeline.genomic_index(entries)

    return Server(
        store=site.store,
        base=base,
        index=index,
        own_bases=tuple(dict.fromkeys((base, *site.settings.store_servers))),
        check=check_of(site.settings.validate_writes),
        warn=warn_of(site.settings.validate_writes),
        detect=detect_of(site.settings.validate_writes),
        max_entries=site.settings.max_bundle_entries,
    )


def called_server(server: Server) -> Server:
    """The server as the caller of this request may use it."""
    who = caller()
    rights = rights_of(server.store, who)
    if rights is server.rights and who.tenant == server.tenant:
        return server
    return replace(server, rights=rights, tenant=who.tenant)
