"""Calls to other FHIR servers. This module alone calls another server.

A server is called only if its base URL is on our list, over https, at an address that we resolved
ourselves, without redirects, within a size and a time. What is asked of it stands in `visit.py`
(data that a hook lacks) and `pull.py` (a patient's record, or a bulk export, into our store).

Addresses and tokens are in no message, log line or error of ours: an address names the patient.
"""

import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ReadTimeoutError

from fhir_pgx.errors import PgxError
from fhir_pgx.fhir.addresses import Base, may_connect, parse_base
from fhir_pgx.fhir.bundle import as_dicts, as_text
from fhir_pgx.fhir.json import read_json

_CHUNK = 65_536
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # RFC 6750, 2.1: b64token
_ADDRESS = re.compile(r"[!-\[\]-~]+")  # visible ASCII without a backslash

# The library writes each address it calls to its log, at DEBUG, and at WARNING where headers are
# broken. The host of an embedded fhir_pgx keeps the lines of its own calls.
_CALLING: ContextVar[bool] = ContextVar("fhir_pgx_calling", default=False)
for _name in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(lambda record: not _CALLING.get())


@dataclass(frozen=True, slots=True)
class Limits:
    """Of all answers of one connection together: their bytes, and the seconds they may take."""

    bytes: int
    seconds: float


Resolve = Callable[[str, int], Sequence[str]]


class CallFailed(Exception):
    """Nothing was obtained. `reason` holds neither patient data nor the address asked; `status` is
    the HTTP status where there was one."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


class FhirClient:
    """Holds the list of servers that may be called.

    `servers` stand at public addresses; `private_servers` may stand in our own network. A URL in
    either that cannot be a FHIR base is never called. `timeout_seconds` is what one hook's reading
    may take.
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
        self._resolve = resolve or _resolve
        self.timeout_seconds = timeout_seconds

    def find_listed(self, url: str, among: Sequence[str] | None = None) -> Base | None:
        """The base to call for a `fhirServer` as a client sent it; None where it is not listed.

        `among` are the base URLs that this caller may make us call, of those on the list; None:
        all of them.
        """
        asked = parse_base(url, private=True)
        if asked is None or not (among is None or _is_among(asked, among)):
            return None
        for base in self._listed:
            if base.covers(asked):
                return Base(asked.scheme, asked.host, asked.port, asked.path, base.private)
        return None

    def connect(self, base: Base, limits: Limits) -> "Connection":
        """A connection to a listed base; the time allowed starts now."""
        return Connection(base, limits, self._resolve)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, its body read to the end. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """Calls to one server, at one address, within one deadline. Use it in a `with` statement."""

    def __init__(self, base: Base, limits: Limits, resolve: Resolve) -> None:
        self.base = base
        self._left, self._deadline = limits.bytes, time.monotonic() + limits.seconds
        self._resolve = resolve
        self._session: requests.Session | None = None
        self._watch = _Watch()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watch.end()
        if self._session is not None:
            self._session.close()

    def is_under(self, url: str) -> bool:
        """Whether an address lies under the base: a token for it is sent nowhere else."""
        if not _ADDRESS.fullmatch(url):
            return False
        found = parse_base(url.partition("?")[0], private=self.base.private)
        return found is not None and self.base.covers(found) and "#" not in url

    def call(
        self,
        method: str,
        url: str,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        basic: tuple[str, str] | None = None,
    ) -> Answer:
        """One call. Raises CallFailed where nothing was answered; any status is an answer.

        `basic` are the name and secret of HTTP Basic, for a token address.
        """
        with self._opened(method, url, token, headers, form, basic) as response:
            try:
                body = b"".join(self._chunks(response))
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                raise self._failed(error) from None
            answered = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, answered, body)

    def lines(self, url: str, *, token: str = "", headers: Mapping[str, str]) -> Iterator[bytes]:
        """The lines of a text, as they come: it may be larger than memory. Raises CallFailed."""
        rest = b""
        with self._opened("GET", url, token, headers, None) as response:
            _check_found(response.status_code)
            try:
                for chunk in self._chunks(response):
                    *whole, rest = (rest + chunk).split(b"\n")
                    yield from whole
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                raise self._failed(error) from None
        if rest:
            yield rest

    def get(self, url: str, *, token: str = "") -> Mapping[str, Any]:
        """The resource at an address. Raises CallFailed for any answer that is none."""
        answer = self.call("GET", url, token=token)
        _check_found(answer.status)
        document = read_answer(answer)
        if not as_text(document.get("resourceType")):
            raise CallFailed("the FHIR server's answer is not a FHIR resource")
        if document["resourceType"] == "OperationOutcome":
            raise CallFailed("the FHIR server answered with an OperationOutcome")
        return document

    def remaining(self) -> float:
        """The seconds that are left. Raises CallFailed where there are none."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise CallFailed("the FHIR server did not answer in time")
        return left

    @contextmanager
    def _opened(
        self,
        method: str,
        url: str,
        token: str,
        headers: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        basic: tuple[str, str] | None = None,
    ) -> Iterator[requests.Response]:
        if not self.is_under(url):
            raise CallFailed("the address is not under the base that is called")
        if token and not _TOKEN.fullmatch(token):
            raise CallFailed("the access token has signs that no token has")
        authorized = {"Authorization": f"Bearer {token}"} if token else {}
        calling = _CALLING.set(True)
        try:
            response = (self._session or self._connected()).request(
                method,
                url,
                headers={**(headers or {}), **authorized},
                auth=basic,
                data=form,
                timeout=self.remaining(),
                allow_redirects=False,
                stream=True,
            )
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise self._failed(error) from None
        finally:
            _CALLING.reset(calling)
        with response:
            yield response

    def _failed(self, error: Exception) -> CallFailed:
        """What the caller gets in place of an error of the library, whose text quotes the address
        and may quote the token: it is raised `from None`."""
        if time.monotonic() >= self._deadline:
            return CallFailed("the FHIR server did not answer in time")
        return CallFailed(_reason(error))

    def _looked_up(self) -> Sequence[str]:
        """The addresses of the host; the look-up itself may not outlast the deadline."""
        found: list[Sequence[str]] = []

        def look_up() -> None:
            try:
                found.append(list(self._resolve(self.base.host, self.base.port)))
            except (OSError, ValueError):  # ValueError: a name that IDNA does not encode
                found.append(())

        thread = threading.Thread(target=look_up, daemon=True)
        thread.start()
        thread.join(self.remaining())
        self.remaining()
        if not found or not found[0]:
            raise CallFailed("the FHIR server's name was not resolved")
        return found[0]

    def _connected(self) -> requests.Session:
        """A session bound to one address of the host, looked up once."""
        base, addresses = self.base, self._looked_up()
        # All of them: a name that also leads inside is not to be trusted for the rest.
        if not all(may_connect(address, base) for address in addresses):
            raise CallFailed("the FHIR server stands at a network address that we do not call")
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
        session.mount(f"{base.scheme}://", _PinnedAdapter(base, addresses[0], self._began))
        return session

    def _began(self, opened: socket.socket) -> None:
        self._watch.begin(opened, max(self._deadline - time.monotonic(), 0.0))

    def _chunks(self, response: requests.Response) -> Iterator[bytes]:
        if response.headers.get("Content-Encoding", "identity") not in ("", "identity"):
            raise CallFailed("the FHIR server compressed its answer although it was asked not to")
        while chunk := response.raw.read1(_CHUNK):  # read1: a slow drip meets the deadline
            self._left -= len(chunk)
            if self._left < 0:
                raise CallFailed("the FHIR server's answer is too large")
            self.remaining()
            yield chunk
        self.remaining()  # cut at the deadline, an answer looks as if it had come to its end


def read_answer(answer: Answer) -> Mapping[str, Any]:
    """The object that an answer's body holds, in JSON. Raises CallFailed."""
    try:
        document = read_json(answer.body, max_bytes=len(answer.body))
    except PgxError as error:
        raise CallFailed("the FHIR server's answer is not JSON we read") from error
    if not isinstance(document, dict):
        raise CallFailed("the FHIR server's answer is not a FHIR resource")
    return document


def next_page(document: Mapping[str, Any]) -> str:
    """The address of the page after this one; empty at the end, `?` where it is not readable."""
    for link in as_dicts(document.get("link")):
        if as_text(link.get("relation")) == "next":
            return as_text(link.get("url")) or "?"
    return ""


def _check_found(status: int) -> None:
    if status != 200:
        raise CallFailed(f"the FHIR server answered with status {status}", status)


class _Watch:
    """Cuts a connection at its deadline, whatever it is about.

    The timeout of a socket begins anew with each byte: a server that drips its TLS handshake, its
    headers or the sizes of its chunks would hold us for hours.
    """

    def __init__(self) -> None:
        self._held: list[tuple[socket.socket, threading.Timer]] = []

    def begin(self, opened: socket.socket, seconds: float) -> None:
        """Shut the connection in so many seconds. The duplicate stays its handle although TLS
        takes the socket over."""
        handle = opened.dup()
        timer = threading.Timer(seconds, _shut, (handle,))
        timer.daemon = True
        self._held.append((handle, timer))
        timer.start()

    def end(self) -> None:
        for handle, timer in self._held:
            timer.cancel()
            timer.join()  # else it might shut what has the same number by then
            handle.close()
        self._held.clear()


def _shut(handle: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        handle.shutdown(socket.SHUT_RDWR)


class _PinnedAdapter(HTTPAdapter):
    """Connects to the address that was checked, while TLS and Host still speak of the name.

    Looking the name up again could give another address (DNS rebinding). `began` is told of each
    socket that was connected.
    """

    def __init__(
        self, base: Base, address: str, began: Callable[[socket.socket], None] | None = None
    ) -> None:
        self._base, self._address = base, address
        self._began = began or (lambda opened: None)
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """The pool, checking the certificate for the name although it connects to a number."""
        if self._base.scheme == "https":
            kwargs |= {"server_hostname": self._base.host, "assert_hostname": self._base.host}
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._began)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """Where the pool connects to: the checked address in place of the name."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        host["host"] = self._address
        return host, pool


def _pools(began: Callable[[socket.socket], None]) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections tell of their socket as soon as it is connected."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            opened = super()._new_conn()
            began(opened)
            return opened

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            opened = super()._new_conn()
            began(opened)
            return opened

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _is_among(asked: Base, among: Sequence[str]) -> bool:
    bases = (parse_base(each, private=True) for each in among)
    return any(base is not None and base.covers(asked) for base in bases)


def _resolve(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _reason(error: Exception) -> str:
    if isinstance(error, (requests.Timeout, ReadTimeoutError)):
        return "the FHIR server did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the FHIR server's certificate was not accepted"
    return "the FHIR server could not be reached"
