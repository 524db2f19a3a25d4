"""Create, update and delete: what each asks of what was sent, and of what is stored.

A `plan_` function looks and decides, in the transaction that the caller holds, and returns the
draft to write; a batch or transaction plans its entries with the same functions.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_pgx.errors import InvalidInteraction, SeveralMatches
from fhir_pgx.rest.answer import Answer, Return, delete_answer, match_answer, write_answer
from fhir_pgx.rest.bodies import body_of
from fhir_pgx.rest.draft import Draft
from fhir_pgx.rest.matching import criteria_name, find_matches
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.types import check_id, get_type, is_id, type_of
from fhir_pgx.rest.versions import check_if_match, check_if_none_match
from fhir_pgx.rest.writing import Written, delete_stored, write_drafts
from fhir_pgx.storage.store import Reads, StoredResource, Unit


@dataclass(frozen=True, slots=True)
class Sent:
    """A resource as a client sent it: `body` its JSON as received, empty where it was XML or
    stood in a Bundle; `place` is where it stood (`Bundle.entry[3].resource`)."""

    resource: Any
    body: bytes = b""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a write is bound to, as its headers say; empty texts bind to nothing."""

    if_match: str = ""
    if_none_match: str = ""
    if_none_exist: str = ""


FREE = Conditions()


def create(
    server: Server, type_: str, sent: Sent, conditions: Conditions = FREE, wanted: Return = ""
) -> Answer:
    """Store a new resource under an id of ours (POST); with `if_none_exist` only where nothing
    matches. Raises what `plan_create` and `write_drafts` do."""

    def work(unit: Unit) -> Answer:
        planned = plan_create(unit, server, type_, sent, conditions.if_none_exist)
        if isinstance(planned, StoredResource):
            return match_answer(planned, wanted)
        return write_answer(_write(unit, server, planned, wanted), wanted)

    return server.write(work)


def update(
    server: Server,
    type_: str,
    id_: str,
    sent: Sent,
    conditions: Conditions = FREE,
    wanted: Return = "",
) -> Answer:
    """Store a resource under the id of its address (PUT), which need not exist yet."""

    def work(unit: Unit) -> Answer:
        draft = plan_update(server.seen(unit), type_, id_, sent, conditions)
        return write_answer(_write(unit, server, draft, wanted), wanted)

    return server.write(work)


def update_matching(
    server: Server,
    type_: str,
    criteria: str,
    sent: Sent,
    conditions: Conditions = FREE,
    wanted: Return = "",
) -> Answer:
    """Update the one resource that matches, or create one (PUT with a search)."""

    def work(unit: Unit) -> Answer:
        draft = plan_update_matching(unit, server, type_, criteria, sent, conditions)
        return write_answer(_write(unit, server, draft, wanted), wanted)

    return server.write(work)


def delete(
    server: Server, type_: str, id_: str, conditions: Conditions = FREE, wanted: Return = ""
) -> Answer:
    """Delete a resource; what is not there is deleted already."""
    get_type(type_)

    def work(unit: Unit) -> Answer:
        if conditions.if_match:
            there = server.seen(unit).read(type_, id_) if is_id(id_) else None
            check_if_match(conditions.if_match, there)
        return delete_answer(delete_stored(unit, server, type_, id_), wanted)

    return server.write(work)


def delete_matching(
    server: Server, type_: str, criteria: str, conditions: Conditions = FREE, wanted: Return = ""
) -> Answer:
    """Delete the one resource that matches. Raises SeveralMatches for more than one."""

    def work(unit: Unit) -> Answer:
        found = find_one(server.seen(unit, "s"), server, type_, criteria)
        if found is None:
            return delete_answer(None, wanted)
        check_if_match(conditions.if_match, found)
        return delete_answer(delete_stored(unit, server, type_, found.id), wanted)

    return server.write(work)


def _write(unit: Unit, server: Server, draft: Draft, wanted: Return) -> Written:
    is_told = wanted == "OperationOutcome"
    (written,) = write_drafts(unit, server, [draft], is_told=is_told)
    return written


# What is looked at and decided


def plan_create(
    unit: Unit, server: Server, type_: str, sent: Sent, if_none_exist: str = ""
) -> Draft | StoredResource:
    """The draft of a new resource, or the one that `if_none_exist` matches.

    Raises InvalidInteraction where the body is no resource of this type, SeveralMatches where the
    criteria match more than one.
    """
    _check_type(type_, sent)
    server.rights.check("c", type_)
    if if_none_exist:
        # Two who ask at once must not both find nothing.
        unit.hold(criteria_name(type_, if_none_exist))
        reads = server.seen(unit, "s")
        found = find_one(reads, server, type_, if_none_exist, where="If-None-Exist")
        if found is not None:
            return found
    return _draft(type_, str(uuid.uuid4()), sent, is_fresh=True)


def plan_update(
    reads: Reads, type_: str, id_: str, sent: Sent, conditions: Conditions = FREE
) -> Draft:
    """Raises InvalidInteraction where the body has another type or id than the address, and
    VersionMismatch."""
    _check_type(type_, sent)
    stated = sent.resource.get("id")
    if stated != id_:
        said = "no id" if stated is None else "another id than the address"
        raise InvalidInteraction(
            f"the resource has {said}",
            where=f"{sent.place or type_}.id",
            mend="send the id of the address in the resource",
        )
    check_id(id_, f"{sent.place or type_}.id")
    if conditions.if_match or conditions.if_none_match:
        current = reads.read(type_, id_)
        check_if_match(conditions.if_match, current)
        check_if_none_match(conditions.if_none_match, current)
    return _draft(type_, id_, sent)


def plan_update_matching(
    unit: Unit,
    server: Server,
    type_: str,
    criteria: str,
    sent: Sent,
    conditions: Conditions = FREE,
) -> Draft:
    """FHIR R4, Conditional update: none matches: create, under the body's id where it has one;
    one: update it, and an id in the body must be its."""
    _check_type(type_, sent)
    stated = sent.resource.get("id")
    unit.hold(criteria_name(type_, criteria))
    found = find_one(server.seen(unit, "s"), server, type_, criteria)
    if found is None:
        check_if_match(conditions.if_match, None)
        if not isinstance(stated, str):
            return _draft(type_, str(uuid.uuid4()), sent, is_fresh=True)
        check_id(stated, f"{sent.place or type_}.id")
        return _draft(type_, stated, sent)
    if stated not in (None, found.id):
        raise InvalidInteraction(
            "the resource has another id than the one that matches the criteria",
            where=f"{sent.place or type_}.id",
            mend="leave the id out, or update it by its address",
        )
    check_if_match(conditions.if_match, found)
    return _draft(type_, found.id, sent)


def find_one(
    reads: Reads, server: Server, type_: str, criteria: str, *, where: str = ""
) -> StoredResource | None:
    """The one resource that matches; None for none. Raises SeveralMatches."""
    found = find_matches(reads, server, get_type(type_), criteria, where=where)
    if len(found) > 1:
        raise SeveralMatches(
            f"the criteria match more than one {type_}",
            where=where or type_,
            mend="search by an identifier with its system",
        )
    return found[0] if found else None


def _check_type(type_: str, sent: Sent) -> None:
    get_type(type_)
    place = f"{sent.place}.resourceType" if sent.place else ""
    if type_of(sent.resource, place) != type_:
        raise InvalidInteraction(
            f"the resource is no {type_}, as its address says",
            where=place or "resourceType",
            mend="send it to the address of its type",
        )
    if not isinstance(sent.resource.get("meta", {}), dict):
        raise InvalidInteraction(
            "meta is no object",  # the server's own members could not be shown in it
            where=f"{sent.place or type_}.meta",
            mend="send an object, or leave it out",
        )


def _draft(type_: str, id_: str, sent: Sent, *, is_fresh: bool = False) -> Draft:
    resource: Mapping[str, Any] = {**sent.resource, "id": id_}
    # What stands in a Bundle may still get other references: its bytes are made when it is put.
    body = b"" if sent.place else body_of(sent.resource, id_, sent.body)
    return Draft(type_, id_, resource, body, place=sent.place, is_fresh=is_fresh)
