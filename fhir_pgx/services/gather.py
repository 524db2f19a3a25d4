"""Data beyond the prefetch: our own store, and the client's FHIR server where we may call it.

The prefetch comes first, and what the client answered is not asked again (CDS Hooks, Prefetch: a
service compares what came with its templates and fetches the rest; `unanswered.py`). The store
answers only for FHIR servers whose patient ids are its own: an id means nothing without the server
it belongs to.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from fhir_pgx.errors import MixedPatients
from fhir_pgx.fhir.bundle import Entry, as_text, entries_of
from fhir_pgx.fhir.derived import is_kept_body
from fhir_pgx.fhir.json import read_json
from fhir_pgx.fhir.visit import Retrieved, Unavailable, VisitingClient
from fhir_pgx.model.access import ANYBODY, Caller
from fhir_pgx.model.hook import Availability, HookCall, Listed
from fhir_pgx.services.call import read_hook_call, with_dispatched
from fhir_pgx.services.patient_check import check_patient
from fhir_pgx.services.prefetch import Answer, Topic, is_genomic, sort_answers, topic_of
from fhir_pgx.services.service import Service
from fhir_pgx.services.templates import is_of_measures, type_of
from fhir_pgx.services.unanswered import unanswered
from fhir_pgx.services.withholding import Judged, Supplied, judge, supplied_in
from fhir_pgx.storage.store import Store, StoredResource

_STORED = "store."  # the path of what our own store holds
_LARGEST_STORED = 50_000_000  # what is stored was within the limit when it came

# Of two answers on one subject the first of these holds: part of the data is not all of it.
_STRONGEST: tuple[Availability, ...] = ("supplied", "unavailable", "empty", "missing")
# Of a list it matters more what did not come.
_OF_A_LIST: tuple[Availability, ...] = ("unavailable", "supplied", "empty", "missing")
Lists = Mapping[Listed, Availability]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where data beyond the prefetch may come from; None where a source is not set up.

    `store_servers` are FHIR base URLs, without a trailing slash, whose patients the store holds.
    `may_ask` are the servers that the caller may make us ask, of those that `client` lists; None:
    all of them. `caller` is who calls, from whom Consents and labels may keep a part; `store` is
    not to hide any Consent from us: the judgement needs them. `is_rehearsal`: the call is made up,
    as on the workbench, and the patient it names need not be the one whom the store knows by that
    id: its cards enter nobody's history, and mute none that a clinician is to see.
    """

    store: Store | None = None
    store_servers: frozenset[str] = frozenset()
    client: VisitingClient | None = None
    may_ask: Sequence[str] | None = None
    caller: Caller = ANYBODY
    now: Callable[[], datetime] = _utc_now
    is_rehearsal: bool = False


def gather(
    call: HookCall, document: Mapping[str, Any], service: Service, sources: Sources
) -> HookCall:
    """The call with everything else that may be known of its patient.

    Raises StoreFailure where the store does not answer (its silence must not read as "untested"),
    MixedPatients where the store holds another patient's data under this id.
    """
    stored = _stored(call, sources)
    found, judged = _judged(call, document, service, sources, stored)
    if judged.is_limited:
        # Read again as if what is withheld had never been sent, and never been stored.
        document = judged.without(document)
        call = read_hook_call(document, service)
        stored = [each for each in stored if not judged.hides(each.type, each.id)]
    call = judged.marked(call)
    if stored:
        call = _from_store(call, stored)
    # By the prefetch alone: what we hold ourselves is no answer of the client's server.
    queries = unanswered(document, service, patient_id=call.patient_id) if found else ()
    if queries:
        call = _from_server(call, {query: found[query] for query in queries}, judged)
    return with_dispatched(call)


def _judged(
    call: HookCall,
    document: Mapping[str, Any],
    service: Service,
    sources: Sources,
    stored: Sequence[StoredResource],
) -> tuple[dict[str, Retrieved | Unavailable], Judged]:
    """What the client's FHIR server answered, and what of everything is withheld.

    A prefetch without what is withheld may leave more to be asked for, and what then comes may hold
    another Consent: asked again, until nothing is left to ask.
    """
    is_asked = sources.client is not None and sources.client.find_listed(
        call.fhir_server, sources.may_ask
    )
    found: dict[str, Retrieved | Unavailable] = {}
    held = [
        *supplied_in(list(_prefetch(document).values())),
        *(Supplied(each.type, each.id, each.full_url, body=each.body) for each in stored),
    ]
    asked = document

    @cache
    def before() -> Sequence[Supplied]:
        if sources.store is None or call.fhir_server not in sources.store_servers:
            return ()
        every = sources.store.reads().every_version(call.patient_id)
        return [Supplied(each.type, each.id, each.full_url, body=each.body) for each in every]

    while True:
        queries = unanswered(asked, service, patient_id=call.patient_id) if is_asked else ()
        new = [query for query in queries if query not in found]
        if new and sources.client is not None:
            token = _token(document)
            with sources.client.visit(
                call.fhir_server, token=token, among=sources.may_ask
            ) as visit:
                found |= {query: visit.fetch(query) for query in new}
        answers = [each for each in found.values() if isinstance(each, Retrieved)]
        fetched = supplied_in([document for each in answers for document in each.documents])
        judged = judge(call, [*held, *fetched], sources.caller, sources.now(), before=before)
        if not new or not judged.is_limited:
            return found, judged
        asked = judged.without(document)


def _prefetch(document: Mapping[str, Any]) -> Mapping[str, Any]:
    prefetch = document.get("prefetch")
    return prefetch if isinstance(prefetch, dict) else {}


def _stored(call: HookCall, sources: Sources) -> list[StoredResource]:
    """What our store holds of the patient; empty where it does not know the patient's server."""
    if sources.store is None or call.fhir_server not in sources.store_servers:
        return []
    return sources.store.resources_of(call.patient_id)


def _from_store(call: HookCall, stored: Sequence[StoredResource]) -> HookCall:
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


def _from_server(
    call: HookCall, found: Mapping[str, Retrieved | Unavailable], judged: Judged
) -> HookCall:
    answers = [_answer(query, each, judged) for query, each in found.items()]
    try:
        return _with_answers(call, answers)
    except MixedPatients:
        # Not the caller's fault, and nothing of it may be used.
        reason = "the FHIR server sent data of another patient"
        return _with_answers(call, [replace(a, entries=(), failed=reason) for a in answers])


def _answer(query: str, found: Retrieved | Unavailable, judged: Judged) -> Answer:
    kind, of_measures = type_of(query), is_of_measures(query)
    topic: Topic = "other" if of_measures else topic_of(kind)
    about = Answer(topic, kind=kind, of_measures=of_measures)
    if isinstance(found, Unavailable):
        return replace(about, failed=found.reason)
    entries = tuple(
        entry
        for page, document in enumerate(judged.documents(found.documents), start=1)
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
