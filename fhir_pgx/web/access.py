"""Who is registered with a deployment, read once at start; and whether it may start at all."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_pgx.errors import InvalidAccess
from fhir_pgx.fhir.client import CallFailed, FhirClient
from fhir_pgx.model.registered import NOBODY, Registered, TokenIssuer
from fhir_pgx.rest.scope_tokens import read_scope_token
from fhir_pgx.security.assertions import AssertionVerifier
from fhir_pgx.security.key_sets import KeySets, KeysUnavailable
from fhir_pgx.security.registered import read_registered
from fhir_pgx.security.scopes import read_scopes
from fhir_pgx.security.tokens import NotAnswered, TokenVerifier
from fhir_pgx.settings import Settings, files_beside, read_named
from fhir_pgx.web.outgoing import fetch_json, post_form
from fhir_pgx.web.site import Site


def load_registered(settings: Settings) -> Registered:
    """Everybody whom the file of the setting `access` registers; nobody where it names none.

    Raises InvalidAccess where it cannot be read, and where the server would be open to other
    machines without having been told that it may.
    """
    registered = _read(settings) if settings.access else NOBODY
    if registered.is_open and not settings.is_local and settings.insecure_open != "on":
        raise InvalidAccess(
            "nobody would be asked who calls, and other machines reach this server (host or "
            "base_url is not loopback): name a file of who may call in the setting access, or say "
            "--insecure-open, and everybody who reaches it reads and changes every record",
            where="access",
            mend="docs/access.md shows such a file",
        )
    _check_servers(registered, settings)
    return registered


def _check_servers(registered: Registered, settings: Settings) -> None:
    """Raises InvalidAccess for a FHIR server of a client that the settings do not let us call: its
    data would be missing from every card, without a word."""
    calling = FhirClient(settings.fhir_servers, settings.fhir_private_servers)
    for number, client in enumerate(registered.cds_clients, 1):
        for url in client.fhir_servers:
            if calling.find_listed(url) is None:
                raise InvalidAccess(
                    f"cds_clients[{number}].fhir_servers names a server that is in neither of the "
                    "settings fhir_servers and fhir_private_servers",
                    where="access",
                    mend="add it to the setting, or leave it out here",
                )


def _read(settings: Settings) -> Registered:
    try:
        content = read_named(settings.access)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be read"
        raise InvalidAccess(
            f"the access file was not read: {reason}",
            where="access",
            mend="name a readable TOML file",
        ) from error
    is_demo = settings.demo == "on" and settings.is_local
    return read_registered(content, files_beside(settings.access), is_demo=is_demo)


@dataclass(frozen=True, slots=True)
class Verifiers:
    """What checks credentials; None where nobody of that kind is registered."""

    assertions: AssertionVerifier | None
    tokens: TokenVerifier | None


def verifiers_of(site: Site) -> Verifiers:
    """The verifiers of this process. Both share the key sets, which are fetched by the client that
    guards every outgoing call; used assertions are noted in the store."""
    registered = site.registered
    keys = KeySets(_fetch, time.monotonic)
    assertions = AssertionVerifier(
        registered.cds_clients, keys=keys, use_once=site.store.use_once, now=time.time
    )
    tokens = TokenVerifier(
        registered.token_issuers,
        audience=f"{site.settings.base_url}/fhir",
        keys=keys,
        introspect=_introspect,
        read_scopes=lambda claim: read_scopes(claim, read_scope_token),
        now=time.time,
        own_bases=site.settings.store_servers,
    )
    return Verifiers(
        assertions if registered.cds_clients else None, tokens if registered.token_issuers else None
    )


def _introspect(issuer: TokenIssuer, token: str) -> Mapping[str, Any]:
    """What an issuer says of a token (RFC 7662), asked as the client that we are to it."""
    try:
        return post_form(
            issuer.introspection_url,
            {"token": token, "token_type_hint": "access_token"},
            private=issuer.is_private,
            client=(issuer.client_id, issuer.client_secret),
        )
    except CallFailed as failed:
        raise NotAnswered(failed.reason) from failed


def _fetch(url: str, *, private: bool) -> tuple[Any, float | None]:
    try:
        return fetch_json(url, private=private)
    except CallFailed as failed:
        raise KeysUnavailable(failed.reason) from failed
