"""Files into the store: every resource of their documents, whole or not at all."""

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

from fhir_pgx.fhir.bundle import Entry, entries_of, type_and_id
from fhir_pgx.fhir.json import write_json
from fhir_pgx.rest.draft import Draft
from fhir_pgx.rest.owners import everywhere, find_owners
from fhir_pgx.rest.references import Targets, rewritten
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.writing import write_drafts
from fhir_pgx.storage.store import Saved


def drafts_in(documents: Sequence[Any]) -> list[Draft]:
    """Every resource of the documents (contained ones inside theirs), each with its patient.

    One without an id gets one that stays the same when the same file is loaded again. Its bytes
    keep their references as they came; what it is found by has them resolved. Raises TooDeep for
    Bundles in Bundles without end.
    """
    entries = [entry for each in documents for entry in entries_of(each) if entry.container is None]
    ids = [_id_of(entry) for entry in entries]
    targets = Targets(
        (entry.full_url, "", f"{entry.type}/{id_}")
        for entry, id_ in zip(entries, ids, strict=True)
        if entry.full_url
    )
    drafts = []
    for entry, id_ in zip(entries, ids, strict=True):
        resource = {**entry.resource, "id": id_}
        resolve = targets.from_(entry.full_url, entry.type)
        drafts.append(
            Draft(
                entry.type,
                id_,
                rewritten(resource, resolve),
                write_json(resource),
                entry.full_url,
                entry.path,
            )
        )
    find_owners(drafts, everywhere)
    return drafts


def load_documents(server: Server, drafts: Sequence[Draft]) -> Saved:
    """Write drafts in one transaction. Raises as `write_drafts` does; then nothing is stored."""
    written = server.write(lambda unit: write_drafts(unit, server, drafts, everywhere))
    created = sum(each.is_new for each in written)
    unchanged = sum(each.stored.version == each.before for each in written)
    return Saved(created, len(written) - created - unchanged, unchanged)


def _id_of(entry: Entry) -> str:
    """The resource's own id, else that of its fullUrl, else one made of its content."""
    if entry.id:
        return entry.id
    if entry.full_url.startswith("urn:uuid:"):
        return entry.full_url.removeprefix("urn:uuid:")
    kind, identity = type_and_id(entry.full_url)
    if kind == entry.type:
        return identity
    digest = hashlib.sha256(write_json(entry.resource)).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))
