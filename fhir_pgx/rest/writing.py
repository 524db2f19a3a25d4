"""Drafts into the store: owned, checked, indexed and put, in a transaction of the caller's; and
beside a mislabelled result the issue that says so."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from fhir_pgx.errors import (
    Forbidden,
    InvalidInteraction,
    Issue,
    MixedPatients,
    OfAnotherPatient,
    PgxError,
)
from fhir_pgx.fhir.json import read_json
from fhir_pgx.model.access import Action
from fhir_pgx.model.search import Token
from fhir_pgx.rest.bodies import body_of, says_the_same
from fhir_pgx.rest.draft import Draft
from fhir_pgx.rest.indexing import as_stored, index_again, index_drafts, told_of
from fhir_pgx.rest.mislabelling import delete_issue, note_mislabels
from fhir_pgx.rest.owners import find_owners
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.types import is_id
from fhir_pgx.rest.values import search_values
from fhir_pgx.rest.values_links import Resolve, at_bases
from fhir_pgx.storage.store import NewResource, Reads, StoredResource, Unit

# What a record cannot be read without, although it is nobody's: an order's medicine.
_READ_WITH: Final = ("Medication", "Substance")


@dataclass(frozen=True, slots=True)
class Written:
    """A resource as it is stored now. `before` is the version that there was, 0 where there was
    none or a deleted one; the same as the new where nothing changed."""

    stored: StoredResource
    before: int
    issues: tuple[Issue, ...] = ()

    @property
    def is_new(self) -> bool:
        return self.before == 0


def write_drafts(
    unit: Unit,
    server: Server,
    drafts: Sequence[Draft],
    resolve: Resolve | None = None,
    *,
    is_told: bool = False,
    spoken_of: Collection[str] = (),
) -> list[Written]:
    """Put every draft; what each of them says of stored results is indexed again.

    `resolve` says which references lead to resources of ours; without it those at our own bases.
    `is_told`: somebody reads the warnings of the server's check. `spoken_of`: see `find_owners`.

    Raises OfAnotherPatient where an id is taken by a resource of another patient or by one that the
    caller does not see, InvalidInteraction for a Consent of nobody's, Forbidden for what they may
    not write, and RejectedResource where the server's check refuses one.
    """
    for each in drafts:
        each.body = each.body or body_of(each.resource, each.id)
    warned = [_checked(server, each, is_told=is_told) for each in drafts]
    resolve = resolve or at_bases(server.own_bases)
    # What the caller does not see is, for what is worked out from references, not there.
    seen = server.seen(unit)
    find_owners(drafts, resolve, lambda asked: owners_in(seen, asked), spoken_of)
    for each in drafts:
        _check_bound(each)
    named = [(each.type, each.id) for each in drafts if not each.is_fresh]
    before = {each.reference: each for each in unit.read_many(named)}
    _check_rights(unit, server, drafts, before)
    for each in drafts:
        there = before.get(each.reference)
        if there is not None and there.patient != each.patient:
            raise of_another(each, there)
        if there is not None and says_the_same(there.body, each.resource):
            each.body = there.body  # what is sent back as it was read makes no version
    _tell_records(unit, drafts, before)
    noted = note_mislabels(unit, server.detect, drafts, before)
    indexed = index_drafts(unit, server.index, [*drafts, *noted.written], before, resolve)
    told: dict[str, tuple[Issue, ...]] = {}
    for issue in indexed.issues:
        told[issue.where] = (*told.get(issue.where, ()), issue)
    try:
        kept = unit.put_many([*indexed.written, *_referred_by(unit, drafts, resolve)])
    except MixedPatients as error:  # of one that was deleted
        raise OfAnotherPatient(error.text, where=error.where, mend=error.mend) from error
    for again in indexed.again:
        unit.reindex(again)
    for stale in noted.stale:
        unit.delete(stale.type, stale.id)
    versions = {reference: each.version for reference, each in before.items()}
    written = []
    for draft, now, issues in zip(drafts, kept, warned, strict=False):
        own = told.get(draft.place or draft.type, ())
        written.append(Written(now, versions.get(draft.reference, 0), (*issues, *own)))
        versions[draft.reference] = now.version  # a file may hold a resource twice
    return written


def delete_stored(unit: Unit, server: Server, type_: str, id_: str) -> StoredResource | None:
    """Delete a resource (see `Unit.delete`); results that it told something of are read anew."""
    server.rights.check("d", type_)
    if not is_id(id_):  # there never was one
        return None
    resolve = at_bases(server.own_bases)
    named = [(type_, id_)]
    there = server.seen(unit, "d").read_many(named)
    if not there and not server.rights.view("d").is_everything:
        if server.seen(unit).read_many(named):
            raise _not_granted("delete", type_)
        return None  # for them there is nothing, whether there is or not
    for each in there:
        tokens = partial(_tokens_in, each)
        server.rights.check_written("d", type_, each.patient, tokens)
    told = [each for each in told_of(unit, there, resolve) if each.reference != f"{type_}/{id_}"]
    deleted = unit.delete(type_, id_)
    delete_issue(unit, type_, id_)
    index_again(unit, server.index, told, resolve)
    return deleted


def _tokens_in(stored: StoredResource) -> Sequence[Token]:
    return search_values(read_json(stored.body, max_bytes=len(stored.body))).tokens


def _check_bound(draft: Draft) -> None:
    """Raises InvalidInteraction for a Consent of nobody's: whoever sent it would take the patient
    for protected, and it would withhold nothing of theirs."""
    if draft.type == "Consent" and not draft.patient:
        raise InvalidInteraction(
            "the Consent names no patient of this server, and would bind nobody's results",
            where=f"{draft.place or draft.type}.patient",
            mend="name the patient by a reference, Patient/[id], and not by an identifier alone",
        )


def _check_rights(
    unit: Unit, server: Server, drafts: Sequence[Draft], before: Mapping[str, StoredResource]
) -> None:
    """What is written over must be the caller's to update as it stands, and not only as it is to
    be: else a result outside a granular scope is brought into it."""
    open_to, read = (_among(before, server, unit, action) for action in ("u", "r"))
    for each in drafts:
        is_there, is_open = each.reference in before, each.reference in open_to
        if each.reference in read and not is_open:
            raise _not_granted("update", each.type)
        if not is_open and not each.is_fresh:
            server.rights.check_named(each.type)
        if is_there and not is_open:
            raise OfAnotherPatient(
                f"this id of a {each.type} is taken",
                where=f"{each.place or each.type}.id",
                mend="use another id, or POST it and be given one",
            )
        action: Action = "u" if is_there else "c"
        tokens = partial(_tokens_of, each)
        server.rights.check_written(action, each.type, each.patient, tokens)
        if each.type == "Consent":
            server.rights.check_consent(each.resource, partial(_consents, unit, each.patient))


def _consents(unit: Reads, patient: str) -> list[Mapping[str, Any]]:
    stored = (each for each in unit.record(patient) if each.type == "Consent")
    return [read_json(each.body, max_bytes=len(each.body)) for each in stored]


def _among(
    before: Mapping[str, StoredResource], server: Server, unit: Unit, action: Action
) -> Collection[str]:
    """Those that the caller may do this to, of stored resources by reference."""
    if server.rights.view(action).is_everything:
        return before.keys()
    named = [(each.type, each.id) for each in before.values()]
    return {each.reference for each in server.seen(unit, action).read_many(named)}


def _not_granted(verb: str, type_: str) -> Forbidden:
    return Forbidden(
        f"no scope of the access token allows to {verb} this {type_}",
        where="scope",
        mend="ask the authorization server for a wider scope",
    )


def _tokens_of(draft: Draft) -> Sequence[Token]:
    return search_values(draft.resource).tokens


def _checked(server: Server, draft: Draft, *, is_told: bool) -> tuple[Issue, ...]:
    place = draft.place or draft.type
    issues = server.check(draft.resource, place)
    return (*issues, *server.warn(draft.resource, place)) if is_told else issues


def _tell_records(
    unit: Reads, drafts: Sequence[Draft], before: Mapping[str, StoredResource]
) -> None:
    """Tell a new resource of nobody which stored records refer to it already."""
    for each in drafts:
        if each.type in _READ_WITH and not each.is_fresh and each.reference not in before:
            records = {one.patient: None for one in unit.referring(each.type, each.id)}
            records.pop("", None)
            each.referred_by = tuple(dict.fromkeys((*each.referred_by, *records)))


def _referred_by(unit: Reads, drafts: Sequence[Draft], resolve: Resolve) -> list[NewResource]:
    """Stored resources of nobody that the drafts refer to, as they are, with the drafts' patients:
    put again, they come with these patients' records."""
    written = {each.reference for each in drafts}
    referred: dict[tuple[str, str], dict[str, None]] = {}
    for each in drafts:
        if not each.patient:
            continue
        for reference in each.references:
            target = resolve(reference)
            if target and target[0] in _READ_WITH and "/".join(target) not in written:
                referred.setdefault(target, {})[each.patient] = None
    found = unit.read_many(list(referred)) if referred else []
    return [
        replace(as_stored(one, resolve), referred_by=tuple(referred[one.type, one.id]))
        for one in found
        if not one.patient
    ]


def owners_in(unit: Reads, asked: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """The patients that resources are stored under, by `Type/id`."""
    return {each.reference: each.patient for each in unit.read_many(asked)}


def of_another(draft: Draft, there: StoredResource) -> OfAnotherPatient:
    """Says nothing of whose it is."""
    whose = "of another patient" if there.patient else "of no patient"
    return OfAnotherPatient(
        f"a {draft.type} with this id is stored already, {whose}",
        where=f"{draft.place or draft.type}.id",
        mend="give resources of different patients different ids; to mend a wrong patient, delete "
        "the resource and create it anew",
    )


def placed(error: PgxError, place: str) -> PgxError:
    """The error, saying in which entry of a Bundle it arose."""
    error.where = _within(place, error.where)
    error.issues = tuple(replace(each, where=_within(place, each.where)) for each in error.issues)
    return error


def _within(place: str, where: str) -> str:
    # A header or parameter has no FHIRPath; the message names it.
    return where if where.startswith(place) else place
