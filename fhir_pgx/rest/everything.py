"""`Patient/[id]/$everything`: a patient's record, type by type, a page at a time."""

from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from fhir_pgx.rest.bodies import bundle_of, shown
from fhir_pgx.rest.included import included
from fhir_pgx.rest.query import Include, parse_query
from fhir_pgx.rest.query_controls import EVERY
from fhir_pgx.rest.reading import (
    AFTER,
    MOST,
    Parameters,
    read,
    read_count,
    read_cursor,
    write_cursor,
)
from fhir_pgx.rest.searching import searched
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.types import TYPES
from fhir_pgx.rest.values_links import at_bases
from fhir_pgx.storage.store import Reads, StoredResource

_ORDER: Final = ("Patient", *(each for each in TYPES if each != "Patient"))


def everything(server: Server, reads: Reads, patient: str, parameters: Parameters) -> bytes:
    """A searchset of what is kept under this patient, with what it refers to that is nobody's.

    `_type` names the types wanted, `_since` what changed at or after an instant, `_count` how many
    of the patient's own resources a page has (1,000 at most, and without it). Raises
    UnknownResource or DeletedResource where the Patient is not there, InvalidInteraction and
    InvalidSearch for a parameter that cannot be used.
    """
    read(server, server.reads("r"), "Patient", patient)
    asked = dict(parameters)
    count = max(1, read_count(asked.get("_count", ""), usual=MOST))
    wanted = [each.strip() for each in asked.get("_type", "").split(",") if each.strip()]
    types = [each for each in _ORDER if not wanted or each in wanted]
    start, after = _place(asked.get(AFTER, ""))
    found: list[StoredResource] = []
    following = ""
    for type_ in types[types.index(start) if start in types else 0 :]:
        room = count - len(found)
        query = parse_query(type_, _criteria(asked, room or 1)).query
        begin = (after,) if type_ == start and after else ()
        page = reads.search(replace(query, patient=patient, after=begin))
        if not room:
            if page.resources:
                following = write_cursor([type_, ""])
                break
            continue
        found += page.resources
        if page.next:
            following = write_cursor([type_, found[-1].id])
            break
    used = [(n, v) for n, v in parameters if n in ("_count", "_type", "_since")]
    path = f"{server.base}/Patient/{patient}/$everything"
    links = [("self", _url(path, used))]
    if following:
        links.append(("next", _url(path, [*used, (AFTER, following)])))
    entries = [searched(server.base, each, shown(each), "match") for each in found]
    if not wanted:
        entries += [
            searched(server.base, each, shown(each), "include")
            for each in _referred(server, reads, found)
        ]
    return bundle_of("searchset", entries, links=links)


def _criteria(asked: dict[str, str], count: int) -> list[tuple[str, str]]:
    since = asked.get("_since", "").replace(" ", "+")
    changed = [("_lastUpdated", f"ge{since}")] if since else []
    # In the order of their ids, as every search without another.
    return [("_count", str(count)), ("_total", "none"), *changed]


def _referred(server: Server, reads: Reads, found: list[StoredResource]) -> list[StoredResource]:
    """What the resources refer to that is of no patient: never anybody else's."""
    every = replace(parse_query("Patient", ()), includes=(Include(EVERY, EVERY),))
    brought = included(reads, found, every, at_bases(server.own_bases))
    return [each for each in brought if not each.patient]


def _place(cursor: str) -> tuple[str, str]:
    """The type and id behind which a page begins; two empty texts for the first."""
    type_, id_ = read_cursor(cursor, (str, str)) or ("", "")
    return str(type_), str(id_)


def _url(path: str, parameters: list[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(parameters, safe=':,')}" if parameters else path
