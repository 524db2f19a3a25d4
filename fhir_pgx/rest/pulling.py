"""Records of another FHIR server into our store, under the ids that they have there.

The store then holds that server's patients, and its ids mean what they mean there. The same id may
be somebody else's at another server: what was not pulled from the same address is never written
over.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from fhir_pgx.errors import MixedPatients, OfAnotherServer
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.json import read_json
from fhir_pgx.rest.draft import Draft
from fhir_pgx.rest.loading import drafts_in
from fhir_pgx.rest.owners import everywhere
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.writing import write_drafts
from fhir_pgx.storage.store import Reads, Saved

AT_ONCE = 500  # resources of an export's file in one transaction
_LARGEST_LINE = 50_000_000


def keep_record(server: Server, base_url: str, patient: str, entries: Sequence[Entry]) -> Saved:
    """Write one patient's record, all of it or nothing.

    Raises MixedPatients where the record holds a resource of another patient, OfAnotherServer
    where the store has one of the ids from elsewhere, and what `write_drafts` raises.
    """
    drafts = _drafts(base_url, entries)
    strangers = [each for each in drafts if each.patient not in ("", patient)]
    if strangers:
        raise MixedPatients(
            f"the server sent a {strangers[0].type} of another patient than was asked for",
            where=strangers[0].type,
            mend="tell the server's operator; nothing of this patient was stored",
        )
    return _keep(server, drafts)


def keep_lines(server: Server, base_url: str, lines: Iterable[bytes]) -> Iterator[Saved]:
    """Write the resources of an export's file, some at a time; what came before a fault is kept.

    Raises as `keep_record` does, and UnreadableJson for a line that is no JSON.
    """
    rest = iter(lines)
    while part := list(islice(rest, AT_ONCE)):
        resources = [read_json(line, max_bytes=_LARGEST_LINE) for line in part]
        entries = [Entry(each, "line") for each in resources if isinstance(each, dict)]
        yield _keep(server, _drafts(base_url, entries))


def _drafts(base_url: str, entries: Sequence[Entry]) -> list[Draft]:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": f"{base_url}/{each.type}/{each.id}", "resource": each.resource}
            for each in entries
        ],
    }
    return drafts_in([bundle])


def _keep(server: Server, drafts: Sequence[Draft]) -> Saved:
    with server.store.transaction(tenant=server.tenant) as unit:
        _check_origin(unit, drafts)
        written = write_drafts(unit, server, drafts, everywhere)
    created = sum(each.is_new for each in written)
    unchanged = sum(each.stored.version == each.before for each in written)
    return Saved(created, len(written) - created - unchanged, unchanged)


def _check_origin(unit: Reads, drafts: Sequence[Draft]) -> None:
    urls = {each.reference: each.full_url for each in drafts}
    for stored in unit.read_many([(each.type, each.id) for each in drafts]):
        if stored.full_url != urls[stored.reference]:
            raise OfAnotherServer(
                f"the store holds a {stored.type} of the same id that did not come from there",
                where=stored.type,
                mend="pull each server into a store of its own: an id is one server's alone",
            )
