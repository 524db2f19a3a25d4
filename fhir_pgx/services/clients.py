"""Which client calls, and so in which shape it gets its cards.

The first that names a profile decides: the header `X-CDS-Client`, the address of the caller (the
`fhirServer` of the call, or the issuer of its token), the deployment's own choice.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from fhir_pgx.model.client import PROFILES, ClientProfile

HEADER = "X-CDS-Client"

log = logging.getLogger("fhir_pgx.clients")


@dataclass(frozen=True, slots=True)
class Clients:
    """The profiles of one deployment by name, the one to take where nothing else is known, and
    the names by address, the longest address first."""

    profiles: dict[str, ClientProfile]
    otherwise: ClientProfile
    by_address: tuple[tuple[str, str], ...] = ()


def read_clients(otherwise: str, pairs: Iterable[str], registered_links: Sequence[str]) -> Clients:
    """The clients as the settings write them; `pairs` are `ADDRESS=profile`.

    Raises KeyError for a profile there is not: the settings have checked the names.
    """
    profiles = {
        name: replace(profile, registered_links=tuple(registered_links))
        for name, profile in PROFILES.items()
    }
    split = [pair.rpartition("=") for pair in pairs]
    named = [(_address(address), profiles[name].name) for address, _, name in split]
    longest_first = sorted(named, key=lambda each: len(each[0]), reverse=True)
    return Clients(profiles, profiles[otherwise], tuple(longest_first))


def choose_client(clients: Clients, named: str, addresses: Iterable[str]) -> ClientProfile:
    """The profile of a call; `named` is what its header says, `addresses` who it says it is.

    A name that is none is no reason to withhold a card: it is logged, without the name, and the
    next in line decides.
    """
    if named:
        if found := clients.profiles.get(named.strip().lower()):
            return found
        log.warning("%s names no client profile and is passed over", HEADER)
    for address in addresses:
        shown = _address(address)
        for known, name in clients.by_address:
            if shown == known or shown.startswith(f"{known}/"):
                return clients.profiles[name]
    return clients.otherwise


def _address(url: str) -> str:
    """An address to compare: scheme and host in small letters, without a port that goes without
    saying; empty for what is no address."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return ""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"{parts.hostname or ''}{f':{port}' if port and port != usual else ''}"
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}" if host else ""
