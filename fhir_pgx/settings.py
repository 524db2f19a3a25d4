"""Every setting: type, default and meaning, held as data. Only this module reads the environment.

A setting is looked up in three places, the first that has it wins: what the command line said,
the environment (`FHIR_PGX_PORT`), one TOML file (`port = 8080`) named by `FHIR_PGX_CONFIG`.
`docs/settings.md` holds the same table for people; a test keeps the two alike.
"""

import logging
import os
import re
import stat
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fhir_pgx.errors import InvalidSetting

log = logging.getLogger("fhir_pgx.settings")

PREFIX = "FHIR_PGX_"
CONFIG = "FHIR_PGX_CONFIG"
REQUIRE = "FHIR_PGX_REQUIRE"  # read by the test suite: which tests may not skip

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
SOURCES = ("CPIC", "DPWG", "FDA")
CLIENTS = ("generic", "epic", "oracle", "cds-hooks-sandbox")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
GRANT_TYPES = ("authorization_code", "client_credentials", "refresh_token")
# Of SMART App Launch 2.2, Capability Sets; without those that the resource server enforces.
CAPABILITIES = (
    "launch-ehr", "launch-standalone", "authorize-post", "client-public",
    "client-confidential-symmetric", "client-confidential-asymmetric", "context-banner",
    "context-style", "context-ehr-patient", "context-ehr-encounter",
    "context-standalone-patient", "context-standalone-encounter", "permission-offline",
    "permission-online", "smart-app-state",
)  # fmt: skip


class _Wrong(Exception):
    """A value that a setting cannot take; becomes InvalidSetting, which names the setting."""


Reader = Callable[[Any], Any]


def _text(found: Any) -> str:
    if not isinstance(found, str) or "\x00" in found:
        raise _Wrong
    return found.strip()


def _whole(low: int, high: int) -> Reader:
    def read(found: Any) -> int:
        if isinstance(found, str) and found.strip().isascii() and found.strip().isdigit():
            found = int(found.strip()) if len(found.strip()) < 19 else high + 1
        if type(found) is not int or not low <= found <= high:
            raise _Wrong
        return found

    return read


def _seconds(found: Any) -> float:
    if isinstance(found, bool) or not isinstance(found, (str, int, float)):
        raise _Wrong
    try:
        value = float(found)
    except ValueError:
        raise _Wrong from None
    if not 0 < value <= 300:  # also refuses NaN
        raise _Wrong
    return value


def _one_of(choices: tuple[str, ...]) -> Reader:
    def read(found: Any) -> str:
        if _text(found).lower() not in choices:
            raise _Wrong
        return _text(found).lower()

    return read


def _url(found: Any) -> str:
    text = _text(found)
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        raise _Wrong from None
    if not usable or parts.username or parts.password or parts.query or parts.fragment:
        raise _Wrong
    return text.rstrip("/")


def _public_server(found: Any) -> str:
    if not _url(found).startswith("https:"):
        raise _Wrong
    return _url(found)


def _private_server(found: Any) -> str:
    url = _url(found)
    if url.startswith("http:") and urlsplit(url).hostname not in LOOPBACK:
        raise _Wrong
    return url


def _optional_url(found: Any) -> str:
    return _url(found) if _text(found) else ""


def _token(found: Any) -> str:
    text = _text(found)
    if text and not (len(text) >= 20 and text.isascii() and text.isprintable() and " " not in text):
        raise _Wrong
    return text


def _database(found: Any) -> str:
    text = _text(found)
    if text.startswith(("postgresql://", "postgres://")):
        return text
    if not text.startswith("sqlite:///") or text in ("sqlite:///", "sqlite:///:memory:"):
        raise _Wrong
    return text


def _origin(found: Any) -> str:
    text = _text(found)
    return text if text == "*" else _url(text)


def _site(found: Any) -> str:
    """An origin: without a path, and without what would end a header's directive."""
    parts = urlsplit(_url(found))
    host = parts.hostname or ""
    if parts.path or not re.fullmatch(r"[a-zA-Z0-9._:-]+", host):
        raise _Wrong
    return _url(found)


def _network(found: Any) -> str:
    try:
        return str(ip_network(_text(found)))
    except ValueError:
        raise _Wrong from None


def _many(one: Reader) -> Reader:
    def read(found: Any) -> tuple[Any, ...]:
        if isinstance(found, str):
            found = [item for item in found.split(",") if item.strip()]
        if not isinstance(found, (list, tuple)):
            raise _Wrong
        return tuple(one(item) for item in found)

    return read


def _sources(found: Any) -> tuple[str, ...]:
    named = _many(_text)(found)
    chosen = tuple(dict.fromkeys(name.upper() for name in named))
    if not chosen or len(chosen) != len(named) or not set(chosen) <= set(SOURCES):
        raise _Wrong
    return chosen


def _client_of_address(found: Any) -> str:
    address, _, client = _text(found).rpartition("=")
    return f"{_url(address)}={_one_of(CLIENTS)(client)}"


def _setting(
    default: Any, meaning: str, expects: str, read: Reader, *, secret: bool = False
) -> Any:
    return field(
        default=default,
        repr=not secret,
        metadata={"meaning": meaning, "expects": expects, "read": read, "secret": secret},
    )


_URLS = "base URLs, http or https, without user or query; a comma between them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. `Settings()` is every default; `load_settings` reads and checks.

    `base_url` and `store_servers` left empty are filled in from what they follow.
    """

    base_url: str = _setting(
        "",
        "The address by which others reach this server, as cards and discovery write it. "
        "Empty: `http://` with `host` and `port`. Where it is a loopback address, a server that "
        "asks nobody who calls answers to loopback names alone.",
        "a URL, http or https, without user or query",
        _optional_url,
    )
    host: str = _setting("127.0.0.1", "The address `serve` listens on.", "a host name", _text)
    port: int = _setting(
        8080, "The port `serve` listens on.", "a whole number, 1 to 65535", _whole(1, 65535)
    )
    workers: int = _setting(
        0,
        "Worker processes of `serve`; 0 stands for one a core.",
        "a whole number, 0 to 256",
        _whole(0, 256),
    )
    threads: int = _setting(
        4,
        "Threads in each worker; more (8 to 32) only where FHIR servers are called back.",
        "a whole number, 1 to 64",
        _whole(1, 64),
    )
    database: str = _setting(
        "sqlite:///fhir_pgx.db",
        "Where resources, issued cards and feedback are stored. Three slashes before a relative "
        "path, four before an absolute one. PostgreSQL needs `fhir-pgx[postgres]`; leave its "
        "password to `PGPASSFILE` or a service file where you can.",
        "sqlite:///FILE (a file: workers share it) or postgresql://USER@HOST/DATABASE",
        _database,
        secret=True,
    )
    access: str = _setting(
        "",
        "A TOML file of who may call: CDS clients, issuers of access tokens, EHRs that launch our "
        "app. See [access.md](access.md). Empty: nobody is asked who calls.",
        "the path of a file",
        _text,
    )
    insecure_open: str = _setting(
        "off",
        "Whether the server may start where nobody is asked who calls and other machines can "
        "reach it: then whoever reaches it reads and changes every record.",
        "one of off, on",
        _one_of(("off", "on")),
    )
    operator_token: str = _setting(
        "",
        "Secret that `/metrics` asks for, as a bearer token. Empty: `/metrics` is closed, save "
        "where nobody is asked who calls.",
        "20 or more printable ASCII signs without a blank",
        _token,
        secret=True,
    )
    demo: str = _setting(
        "off",
        "Whether this is a demonstration, as `serve --demo` says it is. On this machine alone, the "
        "public CDS Hooks Sandbox may then be registered, whose private key everybody knows.",
        "one of off, on",
        _one_of(("off", "on")),
    )
    max_body_bytes: int = _setting(
        5_000_000,
        "The largest request body, after decompression.",
        "a whole number of bytes, 1000 to 1000000000",
        _whole(1_000, 1_000_000_000),
    )
    max_fhir_bytes: int = _setting(
        50_000_000,
        "The largest request body sent to `/fhir`, after decompression.",
        "a whole number of bytes, 1000 to 1000000000",
        _whole(1_000, 1_000_000_000),
    )
    max_bundle_entries: int = _setting(
        10_000,
        "The most entries of one batch or transaction.",
        "a whole number, 1 to 1000000",
        _whole(1, 1_000_000),
    )
    validate_writes: str = _setting(
        "warn",
        "What validation does to a resource that is written to `/fhir`: `reject` refuses it where "
        "it has an error, `warn` stores it and lists the findings where the client asks for an "
        "OperationOutcome, `off` does not check. See [validation.md](validation.md).",
        "one of off, warn, reject",
        _one_of(("off", "warn", "reject")),
    )
    max_depth: int = _setting(
        64,
        "How deep a document may nest.",
        "a whole number, 8 to 512",
        _whole(8, 512),
    )
    max_cards: int = _setting(
        10,
        "The most cards in one answer; a last card says how many were left out.",
        "a whole number, 1 to 100",
        _whole(1, 100),
    )
    cors_origins: tuple[str, ...] = _setting(
        ("*",),
        "Browser origins that may call the hooks and FHIR addresses; `*` is every origin.",
        "origins such as https://ehr.example.org, or *; a comma between them",
        _many(_origin),
    )
    frame_ancestors: tuple[str, ...] = _setting(
        (),
        "Origins whose pages may show our SMART app in a frame, as EHRs do; no other page of ours "
        "is ever shown in one. Empty: none.",
        "origins such as https://ehr.example.org; a comma between them",
        _many(_site),
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        "Addresses of proxies whose `X-Forwarded-For` says from where a request comes. Empty: the "
        "header is passed over.",
        "addresses or networks such as 10.0.0.5 or 10.0.0.0/24; a comma between them",
        _many(_network),
    )
    rate_per_minute: int = _setting(
        0,
        "How many requests one caller may send in a minute, to each worker process; 0: no limit. A "
        "caller is a registered client, or an address where nobody is asked who calls. Not less "
        "than what an EHR sends at its busiest: a refused call shows no warning.",
        "a whole number, 0 to 1000000",
        _whole(0, 1_000_000),
    )
    rate_burst: int = _setting(
        100,
        "How many of them may come at once.",
        "a whole number, 1 to 100000",
        _whole(1, 100_000),
    )
    failures_per_minute: int = _setting(
        60,
        "How many credentials that do not hold one address may show in a minute before it is told "
        "to wait; 0: no limit. One that holds is never turned away for it.",
        "a whole number, 0 to 100000",
        _whole(0, 100_000),
    )
    policy: str = _setting(
        "",
        "A TOML file that says which cards may alert, and how loud: see "
        "[policy.md](policy.md). Empty: all of them.",
        "the path of a file",
        _text,
    )
    remember_shown: int = _setting(
        0,
        "For how many minutes a card shown at `order-select` is not repeated, unchanged, to the "
        "same user at `order-sign`; never a critical one. 0: every card is repeated. Only for "
        "clients that show the cards of `order-select`.",
        "a whole number of minutes, 0 to 1440",
        _whole(0, 1440),
    )
    untested_cards: str = _setting(
        "important",
        "For which drugs a missing gene result gets a card: CPIC level A or A/B and where advice "
        "can matter much, all or none.",
        "one of none, important, all",
        _one_of(("none", "important", "all")),
    )
    sources: tuple[str, ...] = _setting(
        ("CPIC", "DPWG", "FDA"),
        "The sources of advice that are read, the one to follow first. A card leads with the first "
        "that advises something and shows what the others say.",
        "some of CPIC, DPWG, FDA; a comma between them",
        _sources,
    )
    client_profile: str = _setting(
        "generic",
        "What the client can do, and so how cards are shaped, where neither the header "
        "`X-CDS-Client` nor `client_profiles` says it.",
        "one of " + ", ".join(CLIENTS),
        _one_of(CLIENTS),
    )
    client_profiles: tuple[str, ...] = _setting(
        (),
        "Clients by address: the FHIR base URL that a call names as its `fhirServer`, or the start "
        "of it, and the profile.",
        "URL=profile pairs such as https://ehr.example.org=epic; a comma between them",
        _many(_client_of_address),
    )
    registered_links: tuple[str, ...] = _setting(
        (),
        "What the addresses of links begin with that are registered with the client. Only for "
        "clients that open no other links of that type.",
        _URLS,
        _many(_url),
    )
    store_servers: tuple[str, ...] = _setting(
        (),
        "FHIR base URLs whose patient ids are those of our own store: a call that names another "
        "`fhirServer`, or none, is not answered from the store. Empty: `base_url` with `/fhir`.",
        _URLS,
        _many(_url),
    )
    fhir_servers: tuple[str, ...] = _setting(
        (),
        "FHIR base URLs we may call back for data that were not prefetched, at public addresses. "
        "Empty: none is ever called.",
        "https base URLs, without user or query; a comma between them",
        _many(_public_server),
    )
    fhir_private_servers: tuple[str, ...] = _setting(
        (),
        "Further base URLs we may call back although they stand at a private or loopback address.",
        "https base URLs (http for localhost, 127.0.0.1 or [::1]); a comma between them",
        _many(_private_server),
    )
    fhir_timeout_seconds: float = _setting(
        5.0,
        "The time all call-backs of one request may take together.",
        "seconds, more than 0 and at most 300",
        _seconds,
    )
    derive_reports: str = _setting(
        "off",
        "Whether a report is derived of a patient of whom results or what bears on them are "
        "written, and kept up to date in the store beside them. `on` costs a moment's work behind "
        "each write. See [reports-out.md](methods/reports-out.md).",
        "one of off, on",
        _one_of(("off", "on")),
    )
    pages: str = _setting(
        "on",
        "Whether the workbench, the console and the pages of the SMART app are there. Where access "
        "is asked for, operators alone come into the first two, by `operator_token`. See "
        "[pages.md](pages.md).",
        "one of on, off",
        _one_of(("on", "off")),
    )
    smart_authorize_url: str = _setting(
        "",
        "The authorize address of the authorization server that guards `/fhir`, as "
        "CapabilityStatement and smart-configuration name it. Empty: none is configured.",
        "a URL, http or https, without user or query",
        _optional_url,
    )
    smart_token_url: str = _setting(
        "",
        "The token address of that authorization server. Empty: none is configured.",
        "a URL, http or https, without user or query",
        _optional_url,
    )
    smart_introspect_url: str = _setting(
        "",
        "Its introspection address, as we name it to clients. Empty: none is named.",
        "a URL, http or https, without user or query",
        _optional_url,
    )
    smart_revoke_url: str = _setting(
        "",
        "Its revocation address. Empty: none is named.",
        "a URL, http or https, without user or query",
        _optional_url,
    )
    smart_register_url: str = _setting(
        "",
        "Its address for the registration of clients. Empty: none is named.",
        "a URL, http or https, without user or query",
        _optional_url,
    )
    smart_manage_url: str = _setting(
        "",
        "The page on which people see and withdraw what they allowed. Empty: none is named.",
        "a URL, http or https, without user or query",
        _optional_url,
    )
    smart_issuer: str = _setting(
        "",
        "Its issuer, as its ID tokens say it. With `smart_jwks_url`, it is said to offer "
        "OpenID Connect; empty: it is not.",
        "a URL, http or https, without user or query",
        _optional_url,
    )
    smart_jwks_url: str = _setting(
        "",
        "The address of its public keys. Empty: none is named.",
        "a URL, http or https, without user or query",
        _optional_url,
    )
    smart_grant_types: tuple[str, ...] = _setting(
        ("authorization_code",),
        "The grants that its token address takes.",
        "some of " + ", ".join(GRANT_TYPES) + "; a comma between them",
        _many(_one_of(GRANT_TYPES)),
    )
    smart_capabilities: tuple[str, ...] = _setting(
        (),
        "What it can do, of SMART's list; we repeat it and cannot check it. What this server "
        "itself enforces (`permission-v1`, `permission-v2`, `permission-patient`, "
        "`permission-user`) is added where access tokens are asked for.",
        "some of " + ", ".join(CAPABILITIES) + "; a comma between them",
        _many(_one_of(CAPABILITIES)),
    )
    demo_authorization: str = _setting(
        "off",
        "Whether a small authorization server for trying things out is part of this one: it asks "
        "nobody for a password. On this machine alone, in one worker process; `/fhir` then asks "
        "for its tokens. See [smart.md](smart.md#trying-it-out).",
        "one of off, on",
        _one_of(("off", "on")),
    )
    signing_keys: str = _setting(
        "",
        "Our private keys, for what we sign as a client of others; their public halves stand at "
        "`/.well-known/jwks.json`. See [launch.md](launch.md#our-own-keys). Empty: we sign "
        "nothing.",
        "the path of a JWK or JWK Set file, or of a folder of them",
        _text,
    )
    audit_salt: str = _setting(
        "",
        "Secret that turns patient ids into pseudonyms in the record of issued cards. "
        "Empty: a random one, kept in the database.",
        "text",
        _text,
        secret=True,
    )
    audit: str = _setting(
        "on",
        "Whether every access to patients' data is recorded, in a chain that "
        "`fhir-pgx audit verify` checks. `off` only where nobody is asked who calls. See "
        "[audit.md](audit.md).",
        "one of off, on",
        _one_of(("off", "on")),
    )
    ipd_path: str = _setting(
        "",
        "A folder with an unmodified copy of IPD-IMGT/HLA's `hla_nom_p.txt`, `hla_nom_g.txt` and "
        "`rel_dna_ser.txt`, for HLA matching by P group. Empty: by two fields and few known facts.",
        "the path of a folder",
        _text,
    )
    chain_path: str = _setting(
        "",
        "A chain file between GRCh37 and GRCh38 (UCSC's format, either direction, gzip or plain), "
        "used in place of our own alignment. Empty: our own.",
        "the path of a file",
        _text,
    )
    log_level: str = _setting(
        "info",
        "The least severe message that is logged.",
        "one of " + ", ".join(LOG_LEVELS),
        _one_of(LOG_LEVELS),
    )
    log_format: str = _setting(
        "text",
        "How `serve` writes its log: `text` for people, `json` one object a line. See "
        "[audit.md](audit.md#the-log).",
        "one of text, json",
        _one_of(("text", "json")),
    )

    def __post_init__(self) -> None:
        if not self.base_url:
            host = "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host  # noqa: S104
            shown = f"[{host}]" if ":" in host else host
            object.__setattr__(self, "base_url", f"http://{shown}:{self.port}")
        if not self.store_servers:
            object.__setattr__(self, "store_servers", (f"{self.base_url}/fhir",))

    @property
    def is_local(self) -> bool:
        """Whether this machine alone reaches the server: it listens on loopback, and its address is
        no other. What a host app or another WSGI server listens on cannot be seen from here."""
        return _is_loopback(self.host) and self.is_called_local

    @property
    def is_called_local(self) -> bool:
        """Whether `base_url` is an address that means this machine to whoever uses it."""
        return _is_loopback(urlsplit(self.base_url).hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def load_settings(
    environ: Mapping[str, str],
    file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings that `overrides`, then the environment, then the TOML file give.

    `overrides` are by field name; a None in it is passed over. Raises InvalidSetting for a value
    that cannot be used, for a name we do not know, and for a file that cannot be read.
    """
    known = {each.name: each for each in fields(Settings)}
    found: dict[str, Any] = {}
    for name, value in _read_file(file).items():
        if name not in known:
            raise _unknown(f"{name} in {_shown(file)}", name, list(known))
        found[name] = _checked(name, value, f"{name} in {_shown(file)}")
    if file and any(known[name].metadata["secret"] for name in found):
        warn_where_others_read(file)
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable in (CONFIG, REQUIRE):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in known:
            variables = [PREFIX + each.upper() for each in known] + [CONFIG]
            raise _unknown(variable, variable, variables)
        found[name] = _checked(name, text, variable)
    for name, value in (overrides or {}).items():
        if value is not None:
            found[name] = _checked(name, value, f"--{name.replace('_', '-')}")
    return Settings(**found)


def settings_from_environment(overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings of this process: its environment, over the file that FHIR_PGX_CONFIG names.

    Raises InvalidSetting as `load_settings` does.
    """
    file = os.environ.get(CONFIG)
    return load_settings(os.environ, Path(file) if file else None, overrides)


def _read_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise InvalidSetting(
            f"the settings file {_shown(file)} was not read: {reason}",
            where=CONFIG,
            mend="name a readable TOML file, or unset it",
        ) from error
    except ValueError as error:  # TOML syntax, or not UTF-8
        raise InvalidSetting(
            f"the settings file {_shown(file)} is not TOML",
            where=CONFIG,
            mend='write one setting a line, such as: port = 8080 or host = "127.0.0.1"',
        ) from error


def _checked(name: str, found: Any, where: str) -> Any:
    about = Settings.__dataclass_fields__[name].metadata
    try:
        return about["read"](found)
    except _Wrong:
        shown = "the value (not shown: it is secret)" if about["secret"] else f"{found!r:.80}"
        raise InvalidSetting(
            f"{where} is {shown}; expected {about['expects']}",
            where=where,
            mend=f"give {about['expects']}",
        ) from None


def _unknown(where: str, name: str, known: list[str]) -> InvalidSetting:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "docs/settings.md lists every setting"
    return InvalidSetting(f"{where} is not a setting; {hint}", where=where, mend=hint)


def _shown(file: Path | None) -> str:
    return file.name if file else ""


def warn_where_others_read(file: Path) -> None:
    """Say in the log that a file with secrets can be read by more than its owner and group."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return
    if os.name == "posix" and mode & stat.S_IROTH:
        log.warning("%s holds secrets, and every user of this machine can read it", _shown(file))


def read_named(file: str) -> bytes:
    """The bytes of a file that a setting names. Raises OSError."""
    return Path(file).read_bytes()


def files_beside(file: str) -> Callable[[str], bytes]:
    """What reads the files that a file of the operator's names, relative to where it stands."""
    return lambda name: (Path(file).parent / name).read_bytes()


def share_metrics(folder: Path) -> None:
    """Let the processes started from here count together, in files in `folder`.

    Only before prometheus_client is first imported: it looks for this setting of its own then.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def settings_table() -> str:
    """The table of docs/settings.md, in Markdown: variable, default, what it expects and means."""
    lines = ["| variable | default | expects | meaning |", "|---|---|---|---|"]
    for each in fields(Settings):
        default = each.default
        if isinstance(default, tuple):
            default = ", ".join(default)
        cell = "(empty)" if default == "" else f"`{default}`"
        about = each.metadata
        lines.append(
            f"| `{PREFIX}{each.name.upper()}` | {cell} | {about['expects']} | {about['meaning']} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(settings_table())
