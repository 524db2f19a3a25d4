"""What comes along with the matches of a search: `_include` and `_revinclude`.

Nothing is left out in silence: where more belongs to a page than the limit, the search is refused,
and a smaller page can be asked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from fhir_pgx.errors import TooManyIncluded
from fhir_pgx.fhir.json import read_json
from fhir_pgx.model.search import Criterion, Link, LinkAsked, Query
from fhir_pgx.rest.parameters import Parameter, parameters_of
from fhir_pgx.rest.query import Asked, Include
from fhir_pgx.rest.query_controls import EVERY
from fhir_pgx.rest.values import search_values
from fhir_pgx.rest.values_links import Resolve, relative
from fhir_pgx.storage.store import Reads, StoredResource

MOST_INCLUDED = 5_000
MOST_ROUNDS = 5  # of `:iterate`
_AT_ONCE = 100  # links or references of one question to the store
_PAGE = 500

_T = TypeVar("_T")


def included(
    reads: Reads, found: Sequence[StoredResource], asked: Asked, resolve: Resolve = relative
) -> list[StoredResource]:
    """What the includes of a search bring beside the resources found, each once, none of these.

    `resolve` says which references lead to resources of ours, as when they were indexed. Includes
    with `:iterate` are followed for MOST_ROUNDS rounds. Raises TooManyIncluded.
    """
    known = {each.reference for each in found}
    brought: list[StoredResource] = []
    sources = list(found)
    includes, revincludes = asked.includes, asked.revincludes
    for _ in range(MOST_ROUNDS):
        if not sources or not (includes or revincludes):
            break
        new = []
        for each in (
            *_led_to(reads, sources, includes, resolve, known),
            *_leading_to(reads, sources, revincludes),
        ):
            if each.reference not in known:
                known.add(each.reference)
                new.append(each)
        brought += new
        _check(len(brought))
        sources = new
        includes = tuple(each for each in includes if each.is_iterate)
        revincludes = tuple(each for each in revincludes if each.is_iterate)
    return brought


def _led_to(
    reads: Reads,
    sources: Sequence[StoredResource],
    includes: Sequence[Include],
    resolve: Resolve,
    known: set[str],
) -> Iterator[StoredResource]:
    """What references of the sources lead to; what is not there, or not ours, is passed over."""
    wanted: dict[tuple[str, str], None] = {}
    for source in sources:
        mine = [each for each in includes if each.source in (EVERY, source.type)]
        if mine:
            for link in _links_of(source, resolve):
                if f"{link.type}/{link.id}" not in known and _is_asked(link, mine):
                    wanted[link.type, link.id] = None
    _check(len(wanted))
    for batch in _in_batches(list(wanted)):
        yield from reads.read_many(batch)


def _links_of(source: StoredResource, resolve: Resolve) -> Iterable[Link]:
    resource = read_json(source.body, max_bytes=len(source.body))
    return (each for each in search_values(resource, resolve).links if each.type)


def _is_asked(link: Link, includes: Iterable[Include]) -> bool:
    return any(
        each.param in (EVERY, link.param) and each.target in ("", link.type) for each in includes
    )


def _leading_to(
    reads: Reads, targets: Sequence[StoredResource], includes: Sequence[Include]
) -> Iterator[StoredResource]:
    """What refers to the targets by one of these parameters."""
    for each in includes:
        for parameter in parameters_of(each.source).values():
            if parameter.kind != "reference" or each.param not in (EVERY, parameter.name):
                continue
            links = [
                LinkAsked(target.type, target.id)
                for target in targets
                if each.target in ("", target.type) and parameter.may_lead_to(target.type)
            ]
            for batch in _in_batches(links):
                yield from _referring(reads, each.source, parameter, batch)


def _referring(
    reads: Reads, source: str, parameter: Parameter, links: Sequence[LinkAsked]
) -> Iterator[StoredResource]:
    criterion = Criterion(parameter.name, tuple(links), kinds=(Link,))
    after: Sequence[str | int | float | None] = ()
    met = 0
    while True:
        page = reads.search(Query(source, (criterion,), count=_PAGE, after=after, with_total=False))
        met += len(page.resources)
        _check(met)
        yield from page.resources
        if not page.next:
            return
        after = page.next


def _check(count: int) -> None:
    if count > MOST_INCLUDED:
        raise TooManyIncluded(
            f"more than {MOST_INCLUDED} resources belong to this page by _include and _revinclude",
            where="_include",
            mend="ask with a smaller _count, or search the included type by itself",
        )


def _in_batches(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
