"""Searches answered: a page of matches, what is included with them, and the links to go on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fhir_pgx.errors import Issue, UnknownType
from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.rest.answer import outcome
from fhir_pgx.rest.bodies import bundle_of, shown
from fhir_pgx.rest.chosen import choose, choose_summary
from fhir_pgx.rest.included import included
from fhir_pgx.rest.owners import SHARED
from fhir_pgx.rest.query import AFTER, Asked, Ignored, encode_after, parse_query
from fhir_pgx.rest.reading import Parameters
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.types import get_type, is_id
from fhir_pgx.rest.values_links import at_bases
from fhir_pgx.storage.store import Page, Reads, StoredResource

_LARGEST_STORED = 1 << 31  # what is stored was within the limit when it came
_ANY_DEPTH = 1_000
_NO_COMPARTMENT = SHARED | {"Bundle", "Binary", "Patient"}


def search(
    server: Server, reads: Reads, type_: str, parameters: Parameters, *, is_strict: bool = False
) -> bytes:
    """A searchset. Raises UnknownType, Forbidden, InvalidSearch, TooManyIncluded."""
    server.rights.check("s", get_type(type_))
    asked = _parse(server, type_, parameters, is_strict=is_strict)
    return _answer(server, reads, asked, reads.search(asked.query), f"{server.base}/{type_}")


def search_compartment(
    server: Server,
    reads: Reads,
    patient: str,
    type_: str,
    parameters: Parameters,
    *,
    is_strict: bool = False,
) -> bytes:
    """`Patient/[id]/[type]`: a search among what is kept under this patient.

    Raises as `search`, and UnknownType for a type that is of no patient.
    """
    if get_type(type_) in _NO_COMPARTMENT:
        raise UnknownType(f"{type_} is in no patient's compartment", mend=f"search {type_}")
    server.rights.check("s", type_)
    asked = _parse(server, type_, parameters, is_strict=is_strict)
    if is_id(patient) and asked.query.patient in ("", patient):
        page = reads.search(replace(asked.query, patient=patient))
    else:  # nobody has such an id, or the parameters name somebody else
        page = Page((), 0 if asked.query.with_total else None)
    path = f"{server.base}/Patient/{patient}/{type_}"
    return _answer(server, reads, asked, page, path)


def _parse(server: Server, type_: str, parameters: Parameters, *, is_strict: bool) -> Asked:
    return parse_query(
        type_,
        parameters,
        base_url=server.base,
        own_bases=server.own_bases,
        is_strict=is_strict,
    )


def _answer(server: Server, reads: Reads, asked: Asked, page: Page, path: str) -> bytes:
    brought = included(reads, page.resources, asked, at_bases(server.own_bases))
    links = [("self", _url(path, asked.used))]
    if page.next:
        after = encode_after(page.next, type_=asked.query.type, used=asked.used)
        links.append(("next", _url(path, (*asked.used, (AFTER, after)))))
    entries = [
        *_entries(server.base, page.resources, asked, "match"),
        *_entries(server.base, brought, asked, "include"),
    ]
    if asked.ignored:
        entries.append({"resource": _told(asked.ignored), "search": {"mode": "outcome"}})
    return bundle_of("searchset", entries, links=links, total=page.total)


def _entries(
    base: str, resources: Iterable[StoredResource], asked: Asked, mode: str
) -> Iterator[Mapping[str, Any]]:
    is_whole = not asked.summary and not (asked.elements and mode == "match")
    for stored in resources:
        body = shown(stored)
        if not is_whole:
            document = read_json(body, max_bytes=_LARGEST_STORED, max_depth=_ANY_DEPTH)
            chosen = choose if mode == "match" else choose_summary
            body = write_json(chosen(document, asked))
        yield searched(base, stored, body, mode)


def searched(base: str, stored: StoredResource, body: bytes, mode: str) -> dict[str, Any]:
    """An entry of a searchset."""
    full_url = f"{base}/{stored.reference}"
    return {"fullUrl": full_url, "resource": body, "search": {"mode": mode}}


def _told(ignored: Sequence[Ignored]) -> bytes:
    return outcome(
        *(
            Issue(
                f"the parameter {each.name} {each.reason}: it had no effect",
                each.name,
                "leave it out; Prefer: handling=strict refuses such searches",
                "not-supported",
                "warning",
            )
            for each in ignored
        )
    )


def _url(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    # Commas, colons and bars stand unescaped, as clients write them.
    return f"{path}?{urlencode(parameters, safe=':,|$/')}" if parameters else path
