"""Who is registered with us: clients of our hooks, issuers of access tokens, EHRs that launch us.

Read from the operator's file (`security/registered.py`, setting `access`, docs/access.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where the public keys of an issuer come from: `keys`, a JWK Set read from a file at start, or
    `url`, the only address it is ever fetched from. One of the two is empty. `is_private`: the
    address may stand in our own network."""

    url: str = ""
    keys: tuple[Mapping[str, Any], ...] = ()
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class CdsClient:
    """A CDS Hooks client. `name` stands in records; `jku` is what the header of its assertions may
    say, empty where it must not say any. `tenants` are the values of its `tenant` claim and the
    part of our store that each stands for; without any, all is of `tenant`. `fhir_servers` are the
    only base URLs that its calls may make us ask, each also on the list of the settings."""

    name: str
    issuer: str
    key_source: KeySource
    jku: str = ""
    tenant: str = ""
    tenants: Mapping[str, str] = field(default_factory=dict)
    max_lifetime_seconds: int = 900
    may_break_glass: bool = False
    fhir_servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """An authorization server whose access tokens `/fhir` takes.

    By `key_source` where its tokens are JWTs; else by `introspection_url`, which we call as
    `client_id` with `client_secret`. `audience` is what a token's `aud` must hold; empty: our FHIR
    base. `glass_breakers` are the client ids that may name an emergency as their purpose.
    `is_private`: the introspection address may stand in our own network.
    """

    name: str
    issuer: str
    key_source: KeySource | None = None
    introspection_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    is_private: bool = False
    audience: str = ""
    tenant: str = ""
    glass_breakers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LaunchIssuer:
    """A FHIR server that may launch our SMART app, as its client `client_id`: public where there is
    neither `client_secret` nor `signs` (private_key_jwt with our own keys). `is_private`: it may
    stand in our own network. `assumes_pkce`: it checks PKCE although it does not say so, as the
    operator knows; without it such a server is refused."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    signs: bool = False
    scope: str = "launch openid fhirUser patient/*.rs"
    tenant: str = ""
    is_private: bool = False
    assumes_pkce: bool = False


@dataclass(frozen=True, slots=True)
class BackendServer:
    """A FHIR server that knows us as the backend service `client_id`: hooks that bring no token of
    their own ask it with ours, signed for with our own keys. `url` is its base, which must also be
    on the list of servers we call; an empty `token_url` is looked up there."""

    url: str
    client_id: str
    scope: str = "system/*.rs"
    token_url: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """Everybody. `is_open` where nobody is registered to call: then nobody is asked."""

    cds_clients: tuple[CdsClient, ...] = ()
    token_issuers: tuple[TokenIssuer, ...] = ()
    launch_issuers: tuple[LaunchIssuer, ...] = ()
    backend_servers: tuple[BackendServer, ...] = ()

    @property
    def is_open(self) -> bool:
        return not self.cds_clients and not self.token_issuers


NOBODY = Registered()
