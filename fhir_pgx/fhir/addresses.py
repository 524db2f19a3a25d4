"""Which FHIR servers we may call, and at which network addresses (defence against SSRF).

A caller of a CDS service names a `fhirServer`; without this page of rules it could make us send
requests, with a token, anywhere inside the hospital's network.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}
# What may follow a base URL: no control character, backslash, user, fragment, or encoded dot.
_PLAIN = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:/?@%|\[\]^]*")
_DOTS = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Base:
    """A FHIR base URL in parts; `path` ends without a slash. `private`: may be in our network."""

    scheme: str
    host: str
    port: int
    path: str
    private: bool = False

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    def covers(self, other: "Base") -> bool:
        """Whether `other` has the same origin and lies at or under this path."""
        under = other.path == self.path or other.path.startswith(f"{self.path}/")
        return self.origin == other.origin and under


def parse_base(url: str, *, private: bool = False) -> Base | None:
    """The parts of a base URL; None for what may not be one: a user, a query, dots, odd signs.

    Plain http is for loopback alone, and only where `private` says that the server is ours.
    """
    if not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc or "%" in parts.netloc:
        return None
    if parts.query or parts.fragment or _DOTS.search(parts.path) or port == 0:
        return None
    base = Base(parts.scheme, host, port or _PORTS[parts.scheme], parts.path.rstrip("/"), private)
    if base.scheme == "http" and not (private and _is_loopback_name(host)):
        return None
    return base


def is_safe_relative(path: str) -> bool:
    """Whether a path with query stays under the base it is put after."""
    before = path.partition("?")[0]
    return bool(
        path
        and _PLAIN.fullmatch(path)
        and not path.startswith(("/", "?"))
        and "//" not in before
        and ":" not in before
        and not _DOTS.search(before)
    )


def may_connect(address: str, base: Base) -> bool:
    """Whether an address that the host resolved to may be connected to.

    A server that is not marked private must stand at a public address: no private, loopback,
    link-local (cloud metadata), multicast or reserved one, also when mapped into IPv6.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(found)
    if base.scheme == "http":
        return inner.is_loopback
    if base.private:
        return not (inner.is_multicast or inner.is_unspecified)
    return inner.is_global and not (
        inner.is_multicast or inner.is_reserved or inner.is_private or inner.is_link_local
    )


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _inner(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one carries (mapped, 6to4, Teredo, NAT64), else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour or address


def _is_loopback_name(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
