"""From which address a request comes, through proxies that were named as trusted and no others."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from flask import Request

Address = IPv4Address | IPv6Address

UNKNOWN: Final = "unknown"
_MOST_HOPS: Final = 50
_ONE_HOME: Final = 64  # bits of an IPv6 address that one customer is given, at least


def client_address(asked: Request, trusted: tuple[str, ...]) -> str:
    """The address that a request comes from; `unknown` where the server does not say.

    `trusted` are addresses or networks of proxies. Their `X-Forwarded-For` is read from its right
    end, where each proxy writes whom it heard, as far as the first that is not trusted: what stands
    left of it anybody may have written. From any other peer the header is passed over.
    """
    peer = _read(asked.remote_addr or "")
    if peer is None:
        return UNKNOWN
    if not trusted:
        return str(peer)
    networks = _networks(trusted)
    heard = ",".join(asked.headers.getlist("X-Forwarded-For")).split(",")
    for written in reversed(heard[-_MOST_HOPS:]):
        if not any(peer in network for network in networks):
            break
        before = _read(written)
        if before is None:
            break
        peer = before
    return str(peer)


def counted_as(address: str) -> str:
    """What an address is counted under: an IPv6 address with its neighbours, which its owner can
    change through at will."""
    found = _read(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, _ONE_HOME), strict=False))
    return address


@lru_cache(maxsize=8)
def _networks(trusted: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(each) for each in trusted)


def _read(text: str) -> Address | None:
    """An address, without port or brackets, as proxies write them; an IPv4 address mapped into IPv6
    is the IPv4 address. None for anything else."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
