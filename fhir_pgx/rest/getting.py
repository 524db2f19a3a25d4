"""What is asked by GET (or by POST to `_search`) in an entry of a batch or transaction."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from fhir_pgx.errors import UnknownType
from fhir_pgx.model.access import Action
from fhir_pgx.rest.answer import Answer, read_answer
from fhir_pgx.rest.everything import everything
from fhir_pgx.rest.reading import Parameters, history, read, read_version
from fhir_pgx.rest.requests import Request
from fhir_pgx.rest.searching import search, search_compartment
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.versions import is_unchanged
from fhir_pgx.storage.store import Reads

Seen = Callable[[Action], Reads]


def get(server: Server, reads: Seen, request: Request) -> Answer:
    """Answer a read, a search, a history or `$everything`. Raises what these raise, and UnknownType
    for an address that is none of them; `reads` is the store as each may see it."""
    parameters = parse_qsl(request.query, keep_blank_values=True)
    if request.path[1:] == ("_search",):
        return Answer(200, search(server, reads("s"), request.type, parameters))
    if request.method in ("GET", "HEAD"):
        found = _get(server, reads, request, parameters)
        if found is not None:
            return found
    raise UnknownType(
        "the address of the entry is none that is answered in a Bundle",
        where=f"{request.place}.request.url",
        mend="send it by itself",
    )


def _get(server: Server, reads: Seen, request: Request, parameters: Parameters) -> Answer | None:
    match request.path:
        case ("_history",):
            return Answer(200, history(server, reads("s"), parameters))
        case (type_,) if not type_.startswith("$"):
            return Answer(200, search(server, reads("s"), type_, parameters))
        case (type_, "_history"):
            return Answer(200, history(server, reads("s"), parameters, type_))
        case ("Patient", id_, "$everything"):
            return Answer(200, everything(server, reads("s"), id_, parameters))
        case (type_, id_, "_history"):
            return Answer(200, history(server, reads("r"), parameters, type_, id_))
        case (type_, id_, "_history", version):
            return read_answer(read_version(server, reads("r"), type_, id_, version))
        case ("Patient", id_, type_) if not type_.startswith("$"):
            return Answer(200, search_compartment(server, reads("s"), id_, type_, parameters))
        case (type_, id_) if not id_.startswith("$"):
            stored = read(server, reads("r"), type_, id_)
            has_it = is_unchanged(
                stored, request.conditions.if_none_match, request.if_modified_since
            )
            answer = read_answer(stored, 304 if has_it else 200)
            return Answer(304, etag=answer.etag) if has_it else answer
    return None
