"""Reads the operator's file of who may call into `Registered` (docs/access.md shows one).

TOML, with three lists of tables: `cds_clients`, `token_issuers`, `launch_issuers`. Whatever is
wrong with it stops the start, every fault with its place and how to mend it: a client that is
half registered would be found out by the cards that nobody saw. No secret stands in the file
itself, only the names of the files that hold them; no error quotes what is in those.
"""

import tomllib
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from fhir_pgx.errors import InvalidAccess, Issue
from fhir_pgx.model.registered import (
    BackendServer,
    CdsClient,
    LaunchIssuer,
    Registered,
    TokenIssuer,
)
from fhir_pgx.security.access_table import SEE, Faults, ReadFile, Table, check_names

# The private key of the public CDS Hooks Sandbox lies open in its source: whoever names it as
# issuer may be anybody.
SANDBOX: Final = "https://sandbox.cds-hooks.org"
_SANDBOX_KEY: Final = "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f"
_SCOPE: Final = LaunchIssuer("", "", "").scope


def read_registered(content: bytes, read_file: ReadFile, *, is_demo: bool = False) -> Registered:
    """Everybody whom the file registers. `is_demo` lets the public CDS Hooks Sandbox in.

    Raises InvalidAccess with every fault of the file.
    """
    faults = Faults()
    document = _document(content, faults)
    check_names(document, _LISTS, "", faults)
    registered = Registered(
        cds_clients=_each(document, "cds_clients", _cds_client, read_file, faults),
        token_issuers=_each(document, "token_issuers", _token_issuer, read_file, faults),
        launch_issuers=_each(document, "launch_issuers", _launch_issuer, read_file, faults),
        backend_servers=_each(document, "backend_servers", _backend_server, read_file, faults),
    )
    if not faults.found:
        _check_together(registered, faults)
    _check_sandbox(registered, faults, is_demo=is_demo)
    if not faults.found and registered == Registered():
        faults.add("access", "it registers nobody", "add a [[cds_clients]] or [[token_issuers]]")
    if faults.found:
        _refuse(faults)
    return registered


def _refuse(faults: Faults) -> None:
    issues = tuple(
        Issue(f"{place}: {text}", place, mend, "value", "error", InvalidAccess.code)
        for place, text, mend in faults.found
    )
    told = "; ".join(f"{issue.text}; {issue.mend}" for issue in issues)
    raise InvalidAccess(f"the access file: {told}", where="access", mend=SEE, issues=issues)


def _document(content: bytes, faults: Faults) -> Mapping[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        # Without what the parser says: it may quote the line.
        faults.add("access", "it is not TOML", "write [[cds_clients]] and one key = value a line")
        return {}


def _each(
    document: Mapping[str, Any],
    list_: str,
    read: Callable[[Table], Any],
    read_file: ReadFile,
    faults: Faults,
) -> tuple[Any, ...]:
    listed = document.get(list_, [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        faults.add(list_, "it is not a list of tables", f"write [[{list_}]]")
        return ()
    found = []
    for number, values in enumerate(listed, 1):
        table = Table(values, f"{list_}[{number}]", read_file, faults)
        check_names(values, _KEYS[list_], f"{table.place}.", faults)
        found.append(read(table))
    return tuple(found)


def _cds_client(table: Table) -> CdsClient:
    jku = table.url("jku")
    tenant, tenants = table.text("tenant"), table.names("tenants")
    if tenant and tenants:
        table.faults.add(f"{table.place}.tenant", "tenants stands beside it", "keep one of the two")
    return CdsClient(
        name=table.text("name", required=True),
        issuer=table.text("issuer", required=True),
        key_source=table.keys("keys_url", "keys_file", jku),
        jku=jku,
        tenant=tenant,
        tenants=tenants,
        max_lifetime_seconds=table.seconds("max_lifetime_seconds", 900),
        may_break_glass=table.flag("may_break_glass"),
        fhir_servers=tuple(url.rstrip("/") for url in table.texts("fhir_servers")),
    )


def _token_issuer(table: Table) -> TokenIssuer:
    asked = table.url("introspection_url")
    if asked and (table.values.get("keys_url") or table.values.get("keys_file")):
        text = "keys stand beside it"
        table.faults.add(f"{table.place}.introspection_url", text, "keep one of the two")
    secret = table.secret("client_secret_file")
    client_id = table.text("client_id", required=bool(asked))
    if asked and not table.values.get("client_secret_file"):
        table.faults.add(f"{table.place}.client_secret_file", "it is missing", "add it")
    return TokenIssuer(
        name=table.text("name", required=True),
        issuer=table.text("issuer", required=True),
        key_source=None if asked else table.keys("keys_url", "keys_file"),
        introspection_url=asked,
        client_id=client_id,
        client_secret=secret,
        is_private=table.flag("is_private"),
        audience=table.text("audience"),
        tenant=table.text("tenant"),
        glass_breakers=frozenset(table.texts("glass_breakers")),
    )


def _launch_issuer(table: Table) -> LaunchIssuer:
    secret, signs = table.secret("client_secret_file"), table.flag("signs")
    if secret and signs:
        text = "client_secret_file stands beside it"
        table.faults.add(f"{table.place}.signs", text, "keep one of the two")
    return LaunchIssuer(
        name=table.text("name", required=True),
        issuer=table.url("issuer", required=True),
        client_id=table.text("client_id", required=True),
        client_secret=secret,
        signs=signs,
        scope=table.text("scope") or _SCOPE,
        tenant=table.text("tenant"),
        is_private=table.flag("is_private"),
        assumes_pkce=table.flag("assumes_pkce"),
    )


def _backend_server(table: Table) -> BackendServer:
    return BackendServer(
        url=table.url("url", required=True).rstrip("/"),
        client_id=table.text("client_id", required=True),
        scope=table.text("scope") or "system/*.rs",
        token_url=table.url("token_url"),
    )


_KEYS: Final = {
    "cds_clients": (
        "name", "issuer", "jku", "keys_url", "keys_file", "is_private", "tenant", "tenants",
        "max_lifetime_seconds", "may_break_glass", "fhir_servers",
    ),
    "token_issuers": (
        "name", "issuer", "keys_url", "keys_file", "is_private", "introspection_url", "client_id",
        "client_secret_file", "audience", "tenant", "glass_breakers",
    ),
    "launch_issuers": (
        "name", "issuer", "client_id", "client_secret_file", "signs", "scope", "tenant",
        "is_private", "assumes_pkce",
    ),
    "backend_servers": ("url", "client_id", "scope", "token_url"),
}  # fmt: skip
_LISTS: Final = tuple(_KEYS)


def _check_together(registered: Registered, faults: Faults) -> None:
    """What each entry alone cannot show: the same name, issuer or pair twice."""
    clients = registered.cds_clients
    issuers, launching = registered.token_issuers, registered.launch_issuers
    _check_once("cds_clients", "name", [each.name for each in clients], faults)
    _check_once("cds_clients", "issuer and jku", [(e.issuer, e.jku) for e in clients], faults)
    _check_once("token_issuers", "name", [each.name for each in issuers], faults)
    _check_once("token_issuers", "issuer", [each.issuer for each in issuers], faults)
    _check_once("launch_issuers", "name", [each.name for each in launching], faults)
    _check_once("launch_issuers", "issuer", [each.issuer for each in launching], faults)


def _check_once(list_: str, what: str, values: list[Any], faults: Faults) -> None:
    for number, value in enumerate(values):
        if value in values[:number]:
            text = f"another entry has the same {what}"
            faults.add(f"{list_}[{number + 1}]", text, "register each once")


def _check_sandbox(registered: Registered, faults: Faults, *, is_demo: bool) -> None:
    if is_demo:
        return
    for number, each in enumerate(registered.cds_clients, 1):
        named = (each.issuer, each.jku, each.key_source.url)
        kids = {jwk.get("kid") for jwk in each.key_source.keys}
        if any(_is_sandbox(url) for url in named) or _SANDBOX_KEY in kids:
            faults.add(
                f"cds_clients[{number}]",
                "the private key of the public CDS Hooks Sandbox is known to everybody",
                "register it only on a server of this machine alone, started with --demo",
            )


def _is_sandbox(url: str) -> bool:
    try:
        return urlsplit(url).hostname == urlsplit(SANDBOX).hostname
    except ValueError:
        return False
