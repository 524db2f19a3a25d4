"""A transaction: all of its entries or none (FHIR R4, transaction).

In one transaction of the store: deletions, creations, updates, then reads. References to entries
of the Bundle, and conditional ones, are resolved before anything is written.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_pgx.errors import InvalidBundle, Issue, PgxError, SeveralMatches
from fhir_pgx.fhir.bundle import reference_of
from fhir_pgx.model.access import Action
from fhir_pgx.rest.answer import Answer, Return, delete_answer, match_answer, write_answer
from fhir_pgx.rest.bodies import bundle_of
from fhir_pgx.rest.draft import Draft
from fhir_pgx.rest.getting import get
from fhir_pgx.rest.interactions import (
    Sent,
    find_one,
    plan_create,
    plan_update,
    plan_update_matching,
)
from fhir_pgx.rest.matching import criteria_name
from fhir_pgx.rest.owners import subjects_of
from fhir_pgx.rest.references import Targets, criteria_of, is_conditional, rewritten
from fhir_pgx.rest.requests import Request, entries_in, read_request
from fhir_pgx.rest.responses import response_entry
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.types import is_id
from fhir_pgx.rest.versions import check_if_match
from fhir_pgx.rest.writing import delete_stored, placed, write_drafts
from fhir_pgx.storage.store import Reads, StoredResource, Unit


def run_transaction(server: Server, bundle: Mapping[str, Any], wanted: Return = "") -> bytes:
    """Carry out every entry and return the transaction-response.

    Raises the error of the first entry that fails, which it names; then nothing was stored.
    """
    calls = [
        _read(item, i, server) for i, item in enumerate(entries_in(bundle, server.max_entries))
    ]

    def work(unit: Unit) -> dict[int, Answer]:
        run = _Run(server, wanted or "minimal")
        run.all_of(calls, unit)
        return run.answers

    answers = server.write(work)
    entries = [response_entry(answers[each.index]) for each in calls]
    return bundle_of("transaction-response", entries)


def _read(item: Any, index: int, server: Server) -> Request:
    try:
        request = read_request(item, index, server.base)
    except PgxError as error:
        raise placed(error, f"Bundle.entry[{index}]") from None
    if request.method in ("POST", "PUT", "DELETE") and request.path[-1].startswith(("_", "$")):
        raise InvalidBundle(
            "an operation or a search by POST does not stand in a transaction",
            where=f"{request.place}.request.url",
            mend="send it by itself, or in a batch",
        )
    return request


@dataclass(slots=True)
class _Run:
    """The state of one transaction."""

    server: Server
    wanted: Return
    answers: dict[int, Answer] = field(default_factory=dict)
    drafts: dict[int, Draft] = field(default_factory=dict)
    moved: list[tuple[str, str, str]] = field(default_factory=list)
    changed: dict[tuple[str, str], int] = field(default_factory=dict)

    def all_of(self, calls: Sequence[Request], unit: Unit) -> None:
        _refuse_double_urls(calls)
        criteria: dict[str, int] = {}
        for method, step in (("DELETE", self._delete), ("POST", self._create), ("PUT", self._put)):
            for request in calls:
                if request.method != method:
                    continue
                if asked := _criteria_of(request):
                    # Neither would find what the other makes: there would be two.
                    first = criteria.setdefault(asked, request.index)
                    if first != request.index:
                        raise _double(request, first, "the same criteria")
                try:
                    step(request, unit)
                except PgxError as error:
                    raise placed(error, request.place) from None
        self._write(unit)

        def reads(action: Action) -> Reads:
            return self.server.seen(unit, action)

        for request in calls:
            if request.method in ("GET", "HEAD"):
                try:
                    self.answers[request.index] = get(self.server, reads, request)
                except PgxError as error:
                    raise placed(error, request.place) from None

    def _delete(self, request: Request, unit: Unit) -> None:
        id_ = request.id
        if not id_:
            reads = self.server.seen(unit, "s")
            found = find_one(reads, self.server, request.type, request.query)
            id_ = found.id if found is not None else ""
        deleted = None
        if id_:
            self._change(request, request.type, id_)
            if request.conditions.if_match:
                reads = self.server.seen(unit)
                there = reads.read(request.type, id_) if is_id(id_) else None
                check_if_match(request.conditions.if_match, there)
            deleted = delete_stored(unit, self.server, request.type, id_)
        self.answers[request.index] = delete_answer(deleted, self.wanted)

    def _create(self, request: Request, unit: Unit) -> None:
        sent = _sent(request)
        planned = plan_create(
            unit, self.server, request.type, sent, request.conditions.if_none_exist
        )
        if isinstance(planned, StoredResource):
            self.answers[request.index] = match_answer(planned, self.wanted)
        else:
            self.drafts[request.index] = planned
        self._move(request, planned.reference)

    def _put(self, request: Request, unit: Unit) -> None:
        sent = _sent(request)
        if request.id:
            seen = self.server.seen(unit)
            draft = plan_update(seen, request.type, request.id, sent, request.conditions)
        else:
            draft = plan_update_matching(
                unit, self.server, request.type, request.query, sent, request.conditions
            )
        self._change(request, draft.type, draft.id)
        self.drafts[request.index] = draft
        self._move(request, draft.reference)

    def _change(self, request: Request, type_: str, id_: str) -> None:
        first = self.changed.setdefault((type_, id_), request.index)
        if first != request.index:
            raise _double(request, first, "the same resource")

    def _move(self, request: Request, new: str) -> None:
        id_ = request.resource.get("id")
        sent = f"{request.type}/{id_}" if isinstance(id_, str) else ""
        self.moved.append((request.full_url, sent, new))
        if request.index in self.drafts:
            self.drafts[request.index].full_url = request.full_url

    def _write(self, unit: Unit) -> None:
        """Write the drafts; those with conditional references when what these name is there."""
        targets = Targets(self.moved)
        waiting: dict[int, set[str]] = {}
        ready: list[int] = []
        for index, draft in self.drafts.items():
            asked = _resolve(draft, targets)
            if asked:
                waiting[index] = asked
            else:
                ready.append(index)
        known: dict[str, str] = {}
        targets.conditional = known
        spoken_of = self._spoken_of()
        while ready or waiting:
            self._put_all(ready, unit, spoken_of)
            ready = [i for i, asked in waiting.items() if self._find_all(i, asked, known, unit)]
            if waiting and not ready:
                raise _no_match(self.drafts[next(iter(waiting))])
            for index in ready:
                _resolve(self.drafts[index], targets)
                del waiting[index]

    def _spoken_of(self) -> set[str]:
        """Every Patient of the Bundle, whichever entries are written together; and what may turn
        out to be another."""
        patients = {new.partition("/")[2] for _, _, new in self.moved if new.startswith("Patient/")}
        subjects = (each for draft in self.drafts.values() for each in subjects_of(draft.resource))
        return patients | {each for each in map(reference_of, subjects) if is_conditional(each)}

    def _put_all(self, indexes: Sequence[int], unit: Unit, spoken_of: Collection[str]) -> None:
        drafts = [self.drafts[index] for index in indexes]
        is_told = self.wanted == "OperationOutcome"
        written = write_drafts(unit, self.server, drafts, is_told=is_told, spoken_of=spoken_of)
        for index, each in zip(indexes, written, strict=True):
            self.answers[index] = write_answer(each, self.wanted)
            del self.drafts[index]

    def _find_all(self, index: int, asked: set[str], known: dict[str, str], unit: Unit) -> bool:
        """Whether every conditional reference of a draft is known by now."""
        for reference in asked - known.keys():
            type_, criteria = criteria_of(reference)
            try:
                found = find_one(self.server.seen(unit, "s"), self.server, type_, criteria)
            except PgxError as error:
                raise placed(error, self.drafts[index].place) from None
            if found is not None:
                known[reference] = found.reference
        return asked <= known.keys()


def _criteria_of(request: Request) -> str:
    """What a conditional create or update is bound to, as `criteria_name`; empty for any other."""
    if request.method == "POST" and request.conditions.if_none_exist:
        return criteria_name(request.type, request.conditions.if_none_exist)
    if request.method == "PUT" and not request.id:
        return criteria_name(request.type, request.query)
    return ""


def _sent(request: Request) -> Sent:
    return Sent(request.resource, place=f"{request.place}.resource")


def _resolve(draft: Draft, targets: Targets) -> set[str]:
    """Give a draft the references that are known; returns its conditional ones that are not."""
    resolve = targets.from_(draft.full_url, draft.type)
    asked: set[str] = set()

    def noting(reference: str) -> str | None:
        found = resolve(reference)
        if found is None and "?" in reference and is_conditional(reference):
            asked.add(reference)
        return found

    if draft.type != "Bundle":  # a document of its own
        draft.resource = rewritten(draft.resource, noting)
    return asked


def _refuse_double_urls(calls: Sequence[Request]) -> None:
    first: dict[str, int] = {}
    for request in calls:
        if request.full_url and first.setdefault(request.full_url, request.index) != request.index:
            raise _double(request, first[request.full_url], "the same fullUrl")


def _double(request: Request, first: int, what: str) -> InvalidBundle:
    return InvalidBundle(
        f"entries {first} and {request.index} have {what}",
        where=request.place,
        mend="send each resource once",
    )


def _no_match(draft: Draft) -> SeveralMatches:
    text = "a conditional reference matches no resource"
    mend = "create the resource first, or in the same transaction"
    issue = Issue(text, draft.place, mend, "not-found", "error", SeveralMatches.code)
    return SeveralMatches(text, where=draft.place, mend=mend, issues=(issue,))
