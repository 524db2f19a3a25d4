"""A visit to a caller's FHIR server, for data that a hook needs and the prefetch lacks.

The access token goes to that server alone and lives no longer than the visit (CDS Hooks 3.0, FHIR
resource access; SMART App Launch).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any

from fhir_pgx.fhir.addresses import Base, is_safe_relative, parse_base
from fhir_pgx.fhir.backend_tokens import BackendTokens, Credentials
from fhir_pgx.fhir.client import CallFailed, Connection, FhirClient, Limits, next_page

MAX_BYTES = 10_000_000  # of one visit, all pages together
MAX_PAGES = 10


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a server answered: its documents (a resource, or the Bundle of each page).

    `complete` is False where there are further pages that were not read. No entries in a Bundle
    means that the server found nothing; a failure is never this value.
    """

    documents: tuple[Mapping[str, Any], ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Nothing was obtained. `reason` holds neither patient data nor the address asked."""

    reason: str


class VisitingClient(FhirClient):
    """A client that hooks look for missing data with.

    At a server that knows us as a backend service, a call that brings no token of its own is made
    with ours, if the server is registered for who calls: our rights are not lent to everybody.
    """

    _tokens: Mapping[str, BackendTokens] = MappingProxyType({})

    def know_us_at(self, credentials: Mapping[str, Credentials]) -> None:
        """The servers, by base URL, that know us, and how we ask for a token there."""
        self._tokens = {url: BackendTokens(self, each) for url, each in credentials.items()}

    def tokens_of(self, base: Base) -> BackendTokens | None:
        """Ours at the server of this base; None where it does not know us."""
        for url, tokens in self._tokens.items():
            known = parse_base(url, private=True)
            if known is not None and known.covers(base):
                return tokens
        return None

    def visit(self, url: str, *, token: str = "", among: Sequence[str] | None = None) -> "Visit":
        """A visit to the FHIR server with this base URL; the time allowed starts now.

        `among` are the servers that this caller may make us call (see `find_listed`).
        """
        return Visit(self, url, token=token, among=among)


class Visit:
    """One or more reads from one server, within one deadline. Use it in a `with` statement."""

    def __init__(
        self,
        client: VisitingClient,
        url: str,
        *,
        token: str = "",
        among: Sequence[str] | None = None,
    ) -> None:
        base = client.find_listed(url, among)
        limits = Limits(MAX_BYTES, client.timeout_seconds)
        self._connection: Connection | None = client.connect(base, limits) if base else None
        self._token = token
        is_lent = base is not None and not token and among is not None
        self._ours = client.tokens_of(base) if base and is_lent else None

    def __enter__(self) -> "Visit":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._token = ""
        if self._connection is not None:
            self._connection.__exit__(kind, error, trace)

    def fetch(self, query: str) -> Retrieved | Unavailable:
        """Read `Type/id` or search `Type?…`, both relative to the base; follows further pages.

        Never raises: what stands in the way is the reason of Unavailable. Where a later page
        fails, what came before it is returned as not complete.
        """
        connection = self._connection
        if connection is None:
            return Unavailable("the FHIR server is not on the list of servers we call")
        if not is_safe_relative(query):
            return Unavailable("the query is not a plain relative FHIR query")
        documents: list[Mapping[str, Any]] = []
        url = f"{connection.base.url}/{query}"
        try:
            while url and len(documents) < MAX_PAGES:
                token = self._ours.get(connection) if self._ours else self._token
                document = connection.get(url, token=token)
                documents.append(document)
                url = next_page(document)
                if url and not connection.is_under(url):
                    break  # the token is for this server: another one never sees it
        except CallFailed as failed:
            if not documents:
                return Unavailable(failed.reason)
        return Retrieved(tuple(documents), complete=not url)
