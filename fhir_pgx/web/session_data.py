"""What a session of our SMART app may see of its patient: from our own store where the session's
FHIR server is ours, else from that server with the session's token.

Both ways end the same: resources of this one patient, and for each kind of data whether it was
there, was not, or could not be read. What could not be read is never told as what is not there.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from fhir_pgx.errors import DataUnavailable, Forbidden, LaunchFailed, Unauthenticated
from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, entries_of, reference_of, type_and_id
from fhir_pgx.fhir.derived import is_kept_body
from fhir_pgx.fhir.json import read_json
from fhir_pgx.fhir.visit import Retrieved, Unavailable, VisitingClient
from fhir_pgx.model.access import ANYBODY, Caller
from fhir_pgx.model.hook import HookCall
from fhir_pgx.model.passport import Seen
from fhir_pgx.model.registered import LaunchIssuer
from fhir_pgx.rest.scope_tokens import read_scope_token
from fhir_pgx.security.launch import Session
from fhir_pgx.security.scopes import may, read_scopes, view_for
from fhir_pgx.services.patient_check import check_patient
from fhir_pgx.services.prefetch import Answer, Topic, sort_answers, topic_of
from fhir_pgx.services.templates import TEMPLATES, is_of_measures, type_of
from fhir_pgx.services.withholding import Judged, judge, supplied_in
from fhir_pgx.storage.store import Reads, StoredResource
from fhir_pgx.web.access import Verifiers
from fhir_pgx.web.callers import rights_of
from fhir_pgx.web.site import Site

SECONDS: Final = 12.0  # for the whole of a page: a person waits for it, and no order does
_AT_ONCE: Final = 4  # connections to one EHR
_MOST_MEDICATIONS: Final = 30
_LARGEST: Final = 50_000_000  # what is stored was within the limit when it came
_PATIENT: Final = "{{context.patientId}}"
# What patients say they take stands here, and many EHRs have it nowhere: asked for, and not missed.
STATED: Final = f"MedicationStatement?patient={_PATIENT}&status=active"
# Of a store, by resource type: what a passport is made of, in the order in which it is told.
_TYPES: Final = (
    "Patient", "Observation", "DiagnosticReport", "MolecularSequence", "MedicationRequest",
    "MedicationStatement", "MedicationDispense", "MedicationAdministration", "Medication",
    "Condition", "AllergyIntolerance", "ServiceRequest", "CarePlan", "Procedure", "Specimen",
    "RiskAssessment", "Consent", "FamilyMemberHistory",
)  # fmt: skip
# Of these a silence says something: what may not be read is told.
_TOLD: Final = (
    "Patient", "Observation", "DiagnosticReport", "MedicationRequest", "Condition",
    "AllergyIntolerance", "ServiceRequest",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, and why: a FHIR type, or what of one was asked for, in `topic`."""

    topic: str
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class SessionData:
    """Everything at hand. `patient` is the Patient resource, empty where it could not be read;
    `unread` what could not; `caller` who looks, as their token says; `is_ours` whether it came of
    our own store."""

    entries: tuple[Entry, ...]
    seen: Seen
    patient: Mapping[str, Any]
    unread: tuple[Unread, ...]
    caller: Caller
    is_ours: bool


def is_ours(site: Site, session: Session) -> bool:
    """Whether the ids of the session's FHIR server are those of our own store."""
    return session.fhir in {each.removesuffix("/") for each in site.settings.store_servers}


def read_data(site: Site, verifiers: Verifiers, session: Session) -> SessionData:
    """The data of the session's patient.

    Raises LaunchFailed where the session has no patient or its token holds no longer,
    DataUnavailable where nothing at all could be read, MixedPatients where what came speaks of
    another patient, and StoreFailure.
    """
    if not session.patient:
        raise LaunchFailed(
            "the launch named no patient",
            where="patient",
            mend="open a patient in the EHR and launch the application again",
        )
    return (_from_store if is_ours(site, session) else _from_ehr)(site, verifiers, session)


# Our own store, as whoever bears the token may see it


def _from_store(site: Site, verifiers: Verifiers, session: Session) -> SessionData:
    who = _bearer(site, verifiers, session)
    rights = rights_of(site.store, who)
    view = rights.view("s")
    reads = site.store.reads(tenant=who.tenant, view=view)
    found = [each for each in reads.record(session.patient) if not is_kept_body(each.body)]
    if not found:
        raise DataUnavailable(
            "nothing of this patient may be read, or is here",
            mend="ask for the scope patient/*.rs, or look whether the right patient is open",
        )
    entries = [_entry(each) for each in found if each.type in _TYPES]
    entries += [_entry(each) for each in _medications(reads, entries)]
    narrowed = _narrowed(who)
    answers, unread = [], []
    for type_ in _TOLD:
        mine = tuple(each for each in entries if each.type == type_)
        reason = ""
        if not may(who, "s", type_):
            reason = "the scope of this launch does not allow it"
        elif type_ in narrowed:
            reason = "the scope of this launch allows a part of them"
        if reason:
            unread.append(Unread(_TOPICS.get(type_, ""), type_, reason))
        answers.append(Answer(topic_of(type_), mine, failed=reason, kind=type_))
    return _data(session, who, entries, answers, unread, is_limited=view.is_owned, ours=True)


def _bearer(site: Site, verifiers: Verifiers, session: Session) -> Caller:
    """Who bears the session's token, by the same check as at the door of the FHIR server. Raises
    LaunchFailed.

    Where tokens of no issuer open that door, the EHR that launched us said what may be seen: its
    scopes hold, for the one patient of the launch.
    """
    if site.registered.is_open:
        return replace(ANYBODY, tenant=session.tenant)
    if verifiers.tokens is None:
        return replace(_of_launch(session), grants=read_scopes(session.scope, read_scope_token))
    try:
        who = verifiers.tokens.check(session.access_token)
    except (Unauthenticated, Forbidden):
        raise LaunchFailed(
            "the session's token holds no longer", mend="launch the application again"
        ) from None
    if who.patient and who.patient != session.patient:
        raise LaunchFailed(
            "the session's token is for another patient", mend="launch the application again"
        )
    return who


def _of_launch(session: Session) -> Caller:
    return Caller(
        "application",
        issuer=session.fhir,
        client=session.client_id,
        user=session.user,
        tenant=session.tenant,
        patient=session.patient,
    )


def _narrowed(who: Caller) -> frozenset[str]:
    """Types of which a scope shows those alone that meet its parameters: what is not seen may be
    any of the rest."""
    types = view_for(who, "s", _TYPES).types or {}
    return frozenset(
        type_ for type_, windows in types.items() if windows and all(w.where for w in windows)
    )


def _entry(stored: StoredResource) -> Entry:
    body = read_json(stored.body, max_bytes=_LARGEST)
    return Entry(body, f"store.{stored.reference}", stored.full_url)


def _medications(reads: Reads, entries: Iterable[Entry]) -> list[StoredResource]:
    """The Medications that orders refer to: they are nobody's, and in no patient's record."""
    held = {each.reference for each in entries}
    wanted = [each for each in _referred(entries) if "/".join(each) not in held]
    return reads.read_many(wanted)


def _referred(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for entry in entries:
        name = type_and_id(reference_of(entry.resource.get("medicationReference")) or "")
        if name[0] == "Medication":
            found[name] = None
    return list(found)


# Another FHIR server, with the session's token


def _from_ehr(site: Site, verifiers: Verifiers, session: Session) -> SessionData:
    issuer = next(
        each
        for each in site.registered.launch_issuers
        if each.issuer.removesuffix("/") == session.fhir
    )
    queries = {
        name: template.replace(_PATIENT, quote(session.patient, safe=""))
        for name, template in (*TEMPLATES.items(), ("statedMedications", STATED))
    }
    found = _fetched(issuer, session, list(queries.values()))
    failures = [each for each in found.values() if isinstance(each, Unavailable)]
    if any("status 401" in each.reason for each in failures):
        raise LaunchFailed(
            "the EHR does not take the session's token any more",
            mend="launch the application again from the EHR",
        )
    if len(failures) == len(found):
        raise DataUnavailable(
            f"nothing could be read from the EHR: {failures[0].reason}",
            mend="try again; if it fails again, tell the EHR's support",
        )
    who = _of_launch(session)
    judged = _judged(session, who, found)
    answers: list[Answer] = []
    unread: list[Unread] = []
    for name, query in queries.items():
        answer = _answer(query, found[query], judged)
        if answer.failed or answer.incomplete:
            why = answer.failed or "there were more pages than are read"
            unread.append(Unread(name, answer.kind, why))
        # What patients say they take is no list that an EHR must have.
        answers.append(replace(answer, failed="") if name == "statedMedications" else answer)
    entries = [entry for answer in answers for entry in answer.entries]
    more = _fetched(issuer, session, ["/".join(each) for each in _unresolved(entries)])
    entries += [e for q, each in more.items() for e in _answer(q, each, judged).entries]
    return _data(session, who, entries, answers, unread, is_limited=judged.is_limited, ours=False)


def _fetched(
    issuer: LaunchIssuer, session: Session, queries: Sequence[str]
) -> dict[str, Retrieved | Unavailable]:
    """What each query brings, over a few connections at once, within one time for all."""
    if not queries:
        return {}
    servers = ((), (issuer.issuer,)) if issuer.is_private else ((issuer.issuer,), ())
    client = VisitingClient(*servers, timeout_seconds=SECONDS)

    def visit(part: Sequence[str]) -> list[Retrieved | Unavailable]:
        with client.visit(session.fhir, token=session.access_token) as opened:
            return [opened.fetch(query) for query in part]

    parts = [queries[start::_AT_ONCE] for start in range(min(_AT_ONCE, len(queries)))]
    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        brought = list(pool.map(visit, parts))
    return {
        query: each
        for part, answers in zip(parts, brought, strict=True)
        for query, each in zip(part, answers, strict=True)
    }


def _judged(session: Session, who: Caller, found: Mapping[str, Retrieved | Unavailable]) -> Judged:
    """What Consents and labels among the data keep from whoever looks."""
    call = HookCall("passport", "patient-view", "", session.patient, user_id=session.user)
    documents = [
        d for each in found.values() if isinstance(each, Retrieved) for d in each.documents
    ]
    return judge(call, list(supplied_in(documents)), who, datetime.now(UTC))


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


def _unresolved(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    held = {each.reference for each in entries}
    wanted = [each for each in _referred(entries) if "/".join(each) not in held]
    return wanted[:_MOST_MEDICATIONS]


# Both


_TOPICS: Final = {
    "Patient": "patient",
    "Observation": "pgxObservations",
    "DiagnosticReport": "diagnosticReports",
    "MedicationRequest": "activeMedications",
    "Condition": "problems",
    "AllergyIntolerance": "allergies",
    "ServiceRequest": "testOrders",
}


def _data(
    session: Session,
    who: Caller,
    entries: Sequence[Entry],
    answers: Sequence[Answer],
    unread: Sequence[Unread],
    *,
    is_limited: bool,
    ours: bool,
) -> SessionData:
    """Raises MixedPatients where any resource is about another patient."""
    checked = check_patient(entries, session.patient)
    kept = _once(checked.keep(tuple(entries)))
    sorted_ = sort_answers(answers)
    seen = Seen(
        lists=sorted_.lists,
        partial=sorted_.partial,
        looked_for=sorted_.looked_for,
        is_limited=is_limited,
        notes=checked.left_out,
    )
    patient = next(
        (e.resource for e in kept if e.type == "Patient" and e.id == session.patient), {}
    )
    return SessionData(kept, seen, patient, tuple(unread), who, ours)


def _once(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Each resource once: two searches may bring the same one, with all that it contains."""
    first: dict[str, Entry] = {}
    kept = []
    for entry in entries:
        root = entry
        while root.container is not None:
            root = root.container
        if first.setdefault(root.reference, root) is root:
            kept.append(entry)
    return tuple(kept)


def name_of(patient: Mapping[str, Any]) -> str:
    """The name that a person is called by: the official or usual one; empty where none is there."""
    names = as_dicts(patient.get("name"))
    order = {"official": 0, "usual": 1, "": 2}
    known = [each for each in names if as_text(each.get("use")) != "old"]
    for named in sorted(known, key=lambda each: order.get(as_text(each.get("use")), 3)):
        given = named.get("given")
        parts = [as_text(each) for each in given] if isinstance(given, list) else []
        text = as_text(named.get("text")) or " ".join([*parts, as_text(named.get("family"))])
        if text.strip():
            return text.strip()
    return ""
