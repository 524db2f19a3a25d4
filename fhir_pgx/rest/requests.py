"""The entries of a batch or transaction as requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from fhir_pgx.errors import InvalidBundle, TooManyEntries
from fhir_pgx.fhir.bundle import as_text
from fhir_pgx.rest.interactions import Conditions
from fhir_pgx.rest.types import get_type

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE")
_WRITES: Final = ("POST", "PUT")


@dataclass(frozen=True, slots=True)
class Request:
    """One entry: its `path` relative to the base, in segments, and its `query` as it stands."""

    index: int
    method: str
    path: tuple[str, ...]
    query: str
    full_url: str
    resource: Any
    conditions: Conditions
    if_modified_since: str = ""

    @property
    def place(self) -> str:
        return f"Bundle.entry[{self.index}]"

    @property
    def type(self) -> str:
        return self.path[0] if self.path else ""

    @property
    def id(self) -> str:
        return self.path[1] if len(self.path) > 1 else ""


def entries_in(bundle: Mapping[str, Any], most: int) -> list[Any]:
    """The entries of a Bundle. Raises TooManyEntries, and InvalidBundle where they are no list."""
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise InvalidBundle("the entries are no list", where="Bundle.entry", mend="send an array")
    if len(entries) > most:
        raise TooManyEntries(
            f"the Bundle has {len(entries)} entries, more than the {most} accepted",
            where="Bundle.entry",
            mend="send several Bundles, or raise max_bundle_entries",
        )
    return entries


def read_request(item: Any, index: int, base: str) -> Request:
    """An entry as a request. Raises InvalidBundle, UnknownType."""
    place = f"Bundle.entry[{index}]"
    asked = item.get("request") if isinstance(item, Mapping) else None
    if not isinstance(asked, Mapping):
        raise InvalidBundle(
            "the entry has no request", where=place, mend="add request.method and request.url"
        )
    method, url = as_text(asked.get("method")), as_text(asked.get("url"))
    if method not in _METHODS:
        raise InvalidBundle(
            "the entry's method is not one that this server carries out",
            where=f"{place}.request.method",
            mend="use " + ", ".join(_METHODS),
        )
    if not url and method != "GET":
        raise InvalidBundle("the request has no url", where=f"{place}.request", mend="add url")
    path, query = split_url(url, base)
    resource = item.get("resource")
    if method in _WRITES and not (path and path[-1].startswith(("_", "$"))):
        if not isinstance(resource, Mapping):
            raise InvalidBundle("the entry holds no resource", where=place, mend="add resource")
        get_type(path[0] if path else "")
    request = Request(
        index,
        method,
        path,
        query,
        as_text(item.get("fullUrl")),
        resource,
        Conditions(
            as_text(asked.get("ifMatch")),
            as_text(asked.get("ifNoneMatch")),
            as_text(asked.get("ifNoneExist")).lstrip("?"),
        ),
        as_text(asked.get("ifModifiedSince")),
    )
    _check_shape(request)
    return request


def split_url(url: str, base: str) -> tuple[tuple[str, ...], str]:
    """A request's url, relative or under our base, as segments of its path and its query."""
    path, _, query = url.removeprefix(base).partition("?")
    return tuple(unquote(part) for part in path.split("/") if part), query


def _check_shape(request: Request) -> None:
    """Raises InvalidBundle where method and address do not go together."""
    steps = len(request.path)
    fits = {
        "POST": steps == 1 or (steps > 0 and request.path[-1].startswith(("_", "$"))),
        "PUT": steps == 2 or (steps == 1 and bool(request.query)),
        "DELETE": steps == 2 or (steps == 1 and bool(request.query)),
    }
    if not fits.get(request.method, True):
        raise InvalidBundle(
            f"{request.method} does not go with this url",
            where=f"{request.place}.request.url",
            mend="POST Type; PUT or DELETE Type/id or Type?search",
        )
