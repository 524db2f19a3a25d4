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
# A host's name as DNS writes it (an IDN in its xn-- form), or an IPv6 address.
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
# A name whose last part is a number is read as an IPv4 address, also in octal, hexadecimal, or with
# fewer parts: 0x7f.1 and 2130706433 are 127.0.0.1.
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
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
    host = (parts.hostname or "").removesuffix(".")
    if parts.scheme not in _PORTS or "@" in parts.netloc or "%" in parts.netloc:
        return None
    if not _is_host(host) or ("[" in parts.netloc and ":" not in host):
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
    shared (100.64.0.0/10), multicast or reserved one, also when carried in an IPv6 address. No
    server at all stands where a cloud tells its machines their secrets, at a link-local address,
    or behind a tunnel whose address hides another.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(found)
    if inner is None or inner in _METADATA or not _is_of_a_server(inner):
        return False
    if base.scheme == "http":
        return inner.is_loopback
    if base.private:
        return True
    return inner.is_global and not (inner.is_private or inner.is_loopback)


Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds answer their machines with credentials, beyond the link-local 169.254.0.0/16.
_METADATA: frozenset[Address] = frozenset(
    ipaddress.ip_address(each)
    for each in (
        "fd00:ec2::254",  # Amazon
        "fd20:ce::254",  # Google
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "168.63.129.16",  # Azure
    )
)
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")  # Linux takes 0.0.0.0 for itself
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Addresses that hold another one, and are looked through by nobody here: NAT64 of a site's own
# choosing, IPv4-compatible ones, 6to4, Teredo.
_TUNNELS = tuple(
    ipaddress.ip_network(each) for each in ("64:ff9b:1::/48", "::/96", "2002::/16", "2001::/32")
)
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: what stands before the IPv4 address


def _inner(address: Address) -> Address | None:
    """The IPv4 address that an IPv6 one stands for (mapped, NAT64), else itself; None for an
    address of a tunnel, which leads where its IPv4 address says."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.is_loopback:
        return address
    is_tunnel = any(address in each for each in _TUNNELS)
    return None if is_tunnel or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP else address


def _is_of_a_server(address: Address) -> bool:
    """Whether one machine can have the address, for others to call."""
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        return not address.is_site_local and (address.is_loopback or not address.is_reserved)
    return not address.is_reserved and address not in _THIS_NETWORK  # 255.255.255.255 is reserved


def _is_host(host: str) -> bool:
    """Whether a host is a name or an address in its usual spelling."""
    if ":" in host:
        return _is_address(host)
    if _NUMERIC.fullmatch(host):
        return _is_address(host)
    return len(host) <= 253 and bool(_NAME.fullmatch(host))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback_name(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
