"""Data beyond the prefetch: our own store, and the client's FHIR server where we may call it.

The prefetch comes first, and what the client answered is not asked again (CDS Hooks, Prefetch: a
service compares what came with its templates and fetches the rest; `unanswered.py`). The store
answers only for FHIR servers whose patient ids are its own: an id means nothing without the server
it belongs to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_pgx.errors import MixedPatients
from fhir_pgx.fhir.bundle import Entry, as_text, entries_of
from fhir_pgx.fhir.derived import is_kept_body
from fhir_pgx.fhir.json import read_json
from fhir_pgx.fhir.visit import Unavailable, Visit, VisitingClient
from fhir_pgx.model.hook import Availability, HookCall, Listed
from fhir_pgx.services.call import with_dispatched
from fhir_pgx.services.patient_check import check_patient
from fhir_pgx.services.prefetch import Answer, Topic, is_genomic, sort_answers, topic_of
from fhir_pgx.services.service import Service
from fhir_pgx.services.templates import is_of_measures, type_of
from fhir_pgx.services.unanswered import unanswered
from fhir_pgx.storage.store import Store

_STORED = "store."  # the path of what our own store holds
_LARGEST_STORED = 50_000_000  # what is stored was within the limit when it came

# Of two answers on one subject the first of these holds: part of the data is not all of it.
_STRONGEST: tuple[Availability, ...] = ("supplied", "unavailable", "empty", "missing")
# Of a list it matters more what did not come.
_OF_A_LIST: tuple[Availability, ...] = ("unavailable", "supplied", "empty", "missing")
Lists = Mapping[Listed, Availability]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where data beyond the prefetch may come from; None where a source is not set up.

    `store_servers` are FHIR base URLs, without a trailing slash, whose patients the store holds.
    """

    store: Store | None = None
    store_servers: frozenset[str] = frozenset()
    client: VisitingClient | None = None


def gather(
    call: HookCall, document: Mapping[str, Any], service: Service, sources: Sources
) -> HookCall:
    """The call with everything else that may be known of its patient.

    Raises StoreFailure where the store does not answer (its silence must not read as "untested"),
    MixedPatients where the store holds another patient's data under this id.
    """
    is_asked = sources.client is not None and sources.client.find_listed(call.fhir_server)
    # By the prefetch alone: what we hold ourselves is no answer of the client's server.
    queries = unanswered(document, service, patient_id=call.patient_id) if is_asked else ()
    if sources.store is not None and call.fhir_server in sources.store_servers:
        call = _from_store(call, sources.store)
    if sources.client is not None and queries:
        with sources.client.visit(call.fhir_server, token=_token(document)) as visit:
            call = _from_server(call, visit, queries)
    return with_dispatched(call)


def _from_store(call: HookCall, store: Store) -> HookCall:
    stored = store.resources_of(call.patient_id)
    if not stored:
        return call  # unknown to the store: nobody has looked
    supplied = {entry.reference for entry in (*call.drafts, *call.evidence)}
    entries = [
        Entry(
            read_json(resource.body, max_bytes=_LARGEST_STORED),
            f"{_STORED}{resource.reference}",
            resource.full_url,
        )
        for resource in stored
        if resource.reference not in supplied and not is_kept_body(resource.body)
    ]
    genomic = tuple(entry for entry in entries if is_genomic(entry))
    others = tuple(entry for entry in entries if not is_genomic(entry))
    return _with_answers(call, [Answer("genomics", genomic), Answer("other", others)])


def _token(document: Mapping[str, Any]) -> str:
    authorization = document.get("fhirAuthorization")
    return as_text(authorization.get("access_token")) if isinstance(authorization, dict) else ""


def _from_server(call: HookCall, visit: Visit, queries: Sequence[str]) -> HookCall:
    answers = [_ask(visit, query) for query in queries]
    try:
        return _with_answers(call, answers)
    except MixedPatients:
        # Not the caller's fault, and nothing of it may be used.
        reason = "the FHIR server sent data of another patient"
        return _with_answers(call, [replace(a, entries=(), failed=reason) for a in answers])


def _ask(visit: Visit, query: str) -> Answer:
    kind, of_measures = type_of(query), is_of_measures(query)
    topic: Topic = "other" if of_measures else topic_of(kind)
    about = Answer(topic, kind=kind, of_measures=of_measures)
    found = visit.fetch(query)
    if isinstance(found, Unavailable):
        return replace(about, failed=found.reason)
    entries = tuple(
        entry
        for page, document in enumerate(found.documents, start=1)
        for entry in entries_of(document, f"fhirServer.{kind}.page[{page}]")
        if entry.type != "OperationOutcome"
    )
    return replace(about, entries=entries, incomplete=not found.complete)


def _with_answers(call: HookCall, answers: Sequence[Answer]) -> HookCall:
    """The call with more evidence, which must be of its patient like everything else."""
    more = sort_answers(answers)
    checked = check_patient(more.entries, call.patient_id)
    part_missing = {call.genomics, more.genomics} == {"supplied", "unavailable"}
    reasons = dict.fromkeys(r for r in (call.unavailable_reason, more.unavailable_reason) if r)
    return replace(
        call,
        evidence=_once(call.evidence, checked.keep(more.entries)),
        genomics=min(call.genomics, more.genomics, key=_STRONGEST.index),
        medications=min(call.medications, more.medications, key=_STRONGEST.index),
        incomplete=call.incomplete or more.incomplete or part_missing,
        unavailable_reason="; ".join(reasons),
        looked_for=call.looked_for | more.looked_for,
        lists=_joined(call.lists, more.lists),
        partial=call.partial | more.partial | _broken(call.lists, more.lists),
        notes=(*call.notes, *checked.left_out),
        flags=tuple(dict.fromkeys((*call.flags, *checked.flags))),
    )


def _once(held: Sequence[Entry], more: Sequence[Entry]) -> tuple[Entry, ...]:
    """All entries, no resource twice, each with what it contains: the prefetch before the server,
    the server before our store, whose copy may be older."""
    first = {root.reference: root for root in map(_root, held) if not _is_stored(root)}
    new = []
    for entry in more:
        root = _root(entry)
        if first.setdefault(root.reference, root) is root:
            new.append(entry)
    kept = [e for e in held if not _is_stored(e) or e.reference not in first]
    return (*kept, *new)


def _root(entry: Entry) -> Entry:
    while entry.container is not None:
        entry = entry.container
    return entry


def _is_stored(entry: Entry) -> bool:
    return entry.path.startswith(_STORED)


def _joined(one: Lists, other: Lists) -> Lists:
    """Both answers on each list as one."""
    return {
        listed: min(one.get(listed, "missing"), other.get(listed, "missing"), key=_OF_A_LIST.index)
        for listed in (*one, *(each for each in other if each not in one))
    }


def _broken(one: Lists, other: Lists) -> frozenset[Listed]:
    """The lists of which one answer had a part and the other failed."""
    return frozenset(
        listed for listed in one if {one[listed], other.get(listed)} == {"supplied", "unavailable"}
    )
