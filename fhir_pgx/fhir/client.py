"""Reads from other FHIR servers. This module alone calls another server.

A server answers only if its base URL is on our list, over https, at an address that we resolved
ourselves, without redirects, within a size and a time. The access token goes to that server alone
and lives no longer than the visit (CDS Hooks 3.0, FHIR resource access; SMART App Launch).
"""

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

from fhir_pgx.errors import PgxError
from fhir_pgx.fhir.addresses import Base, is_safe_relative, may_connect, parse_base
from fhir_pgx.fhir.bundle import as_dicts, as_text
from fhir_pgx.fhir.json import read_json

MAX_BYTES = 10_000_000  # of one visit, all pages together
MAX_PAGES = 10
_CHUNK = 65_536


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


Resolve = Callable[[str, int], Sequence[str]]


class _Failed(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FhirClient:
    """Holds the list of servers; `visit` asks one of them.

    `servers` stand at public addresses; `private_servers` may stand in our own network. A URL in
    either that cannot be a FHIR base is never called.
    """

    def __init__(
        self,
        servers: Sequence[str] = (),
        private_servers: Sequence[str] = (),
        *,
        timeout_seconds: float = 5.0,
        resolve: Resolve | None = None,
    ) -> None:
        listed = [parse_base(url) for url in servers]
        listed += [parse_base(url, private=True) for url in private_servers]
        self._listed = tuple(base for base in listed if base is not None)
        self._timeout = timeout_seconds
        self._resolve = resolve or _resolve

    def find_listed(self, url: str) -> Base | None:
        """The base to call for a `fhirServer` as a client sent it; None where it is not listed."""
        asked = parse_base(url, private=True)
        for base in self._listed:
            if asked is not None and base.covers(asked):
                return Base(asked.scheme, asked.host, asked.port, asked.path, base.private)
        return None

    def visit(self, url: str, *, token: str = "") -> "Visit":
        """A visit to the FHIR server with this base URL; the time allowed starts now."""
        base = self.find_listed(url)
        return Visit(base, token, time.monotonic() + self._timeout, self._resolve)


class Visit:
    """One or more reads from one server, within one deadline. Use it in a `with` statement."""

    def __init__(self, base: Base | None, token: str, deadline: float, resolve: Resolve) -> None:
        self._base, self._token, self._deadline = base, token, deadline
        self._resolve = resolve
        self._session: requests.Session | None = None
        self._left = MAX_BYTES

    def __enter__(self) -> "Visit":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._token = ""
        if self._session is not None:
            self._session.close()

    def fetch(self, query: str) -> Retrieved | Unavailable:
        """Read `Type/id` or search `Type?…`, both relative to the base; follows further pages.

        Never raises: what stands in the way is the reason of Unavailable. Where a later page
        fails, what came before it is returned as not complete.
        """
        if self._base is None:
            return Unavailable("the FHIR server is not on the list of servers we call")
        if not is_safe_relative(query):
            return Unavailable("the query is not a plain relative FHIR query")
        base = self._base
        documents: list[Mapping[str, Any]] = []
        url = f"{base.url}/{query}"
        try:
            while url and len(documents) < MAX_PAGES:
                document = self._get(base, url)
                documents.append(document)
                url = _next_page(document)
                if url and not _is_under(base, url):
                    break  # the token is for this server: another one never sees it
        except _Failed as failed:
            if not documents:
                return Unavailable(failed.reason)
        return Retrieved(tuple(documents), complete=not url)

    def _get(self, base: Base, url: str) -> Mapping[str, Any]:
        try:
            session = self._session or self._connect(base)
            with session.get(
                url,
                headers={"Authorization": f"Bearer {self._token}"} if self._token else {},
                timeout=self._remaining(),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = self._body(response)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise _Failed(_reason(error)) from error
        try:
            document = read_json(body, max_bytes=MAX_BYTES)
        except PgxError as error:
            raise _Failed("the FHIR server's answer is not JSON we read") from error
        if not isinstance(document, dict) or not as_text(document.get("resourceType")):
            raise _Failed("the FHIR server's answer is not a FHIR resource")
        if document["resourceType"] == "OperationOutcome":
            raise _Failed("the FHIR server answered with an OperationOutcome")
        return document

    def _connect(self, base: Base) -> requests.Session:
        """A session bound to one address of the host, looked up once."""
        try:
            addresses = list(self._resolve(base.host, base.port))
        except OSError as error:
            raise _Failed("the FHIR server's name was not resolved") from error
        if not addresses or not all(may_connect(address, base) for address in addresses):
            raise _Failed("the FHIR server stands at a network address that we do not call")
        self._session = session = requests.Session()
        session.trust_env = False  # no proxies, no .netrc: they would take requests elsewhere
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.clear()
        session.headers.update(
            {
                "Accept": "application/fhir+json",
                "Accept-Encoding": "identity",  # a compressed answer could unpack without end
                "Host": urlsplit(base.url).netloc,
                "User-Agent": "fhir-pgx",
            }
        )
        session.mount(f"{base.scheme}://", _PinnedAdapter(base, addresses[0]))
        return session

    def _body(self, response: requests.Response) -> bytes:
        if response.status_code != 200:
            raise _Failed(f"the FHIR server answered with status {response.status_code}")
        if response.headers.get("Content-Encoding", "identity") not in ("", "identity"):
            raise _Failed("the FHIR server compressed its answer although it was asked not to")
        chunks: list[bytes] = []
        while chunk := response.raw.read1(_CHUNK):  # read1: a slow drip meets the deadline
            chunks.append(chunk)
            self._left -= len(chunk)
            if self._left < 0:
                raise _Failed("the FHIR server's answer is too large")
            self._remaining()
        return b"".join(chunks)

    def _remaining(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise _Failed("the FHIR server did not answer in time")
        return left


class _PinnedAdapter(HTTPAdapter):
    """Connects to the address that was checked, while TLS and Host still speak of the name.

    Looking the name up again could give another address (DNS rebinding).
    """

    def __init__(self, base: Base, address: str) -> None:
        self._base, self._address = base, address
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """The pool, checking the certificate for the name although it connects to a number."""
        if self._base.scheme == "https":
            kwargs |= {"server_hostname": self._base.host, "assert_hostname": self._base.host}
        super().init_poolmanager(*args, **kwargs)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """Where the pool connects to: the checked address in place of the name."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        host["host"] = self._address
        return host, pool


def _resolve(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _next_page(document: Mapping[str, Any]) -> str:
    for link in as_dicts(document.get("link")):
        if as_text(link.get("relation")) == "next":
            return as_text(link.get("url")) or "?"
    return ""


def _is_under(base: Base, url: str) -> bool:
    found = parse_base(url.partition("?")[0], private=base.private)
    return found is not None and base.covers(found) and "#" not in url


def _reason(error: Exception) -> str:
    if isinstance(error, (requests.Timeout, ReadTimeoutError)):
        return "the FHIR server did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the FHIR server's certificate was not accepted"
    return "the FHIR server could not be reached"
