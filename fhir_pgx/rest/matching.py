"""What the criteria of a conditional interaction or reference match."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from fhir_pgx.errors import InvalidInteraction
from fhir_pgx.rest.query import parse_query
from fhir_pgx.rest.server import Server
from fhir_pgx.storage.store import Reads, StoredResource


def criteria_name(type_: str, criteria: str) -> str:
    """One name for the same criteria in any spelling: whoever looks by them and then writes holds
    it (`Unit.hold`)."""
    return f"{type_}?{urlencode(sorted(parse_qsl(criteria, keep_blank_values=True)))}"


def find_matches(
    reads: Reads, server: Server, type_: str, criteria: str, *, where: str = ""
) -> list[StoredResource]:
    """The resources that match, two at most: more than one is too many for whoever asks.

    Every parameter must be known: one that is passed over would match what nobody meant. Raises
    Forbidden, InvalidSearch, and InvalidInteraction where nothing is asked.
    """
    pairs = parse_qsl(criteria, keep_blank_values=True)
    server.rights.check("s", type_)
    asked = parse_query(
        type_, pairs, base_url=server.base, own_bases=server.own_bases, is_strict=True
    )
    if not asked.query.criteria:
        raise InvalidInteraction(
            "the criteria ask for nothing: every resource would match",
            where=where or type_,
            mend="search by an identifier with its system",
        )
    query = replace(asked.query, sort=(), count=2, with_total=False)
    return list(reads.search(query).resources)
