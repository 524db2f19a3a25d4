"""The demonstration's authorization server in a deployment: whether it runs, who knows of it."""

import secrets
import time
from dataclasses import replace
from typing import Final

from fhir_pgx.errors import InvalidSetting
from fhir_pgx.model.registered import KeySource, LaunchIssuer, Registered, TokenIssuer
from fhir_pgx.rest.capability import Authorization
from fhir_pgx.rest.scope_tokens import read_scope_token
from fhir_pgx.security.demo_authorization import DemoAuthorization
from fhir_pgx.security.demo_clients import DemoClient
from fhir_pgx.security.demo_tokens import ALGORITHM
from fhir_pgx.settings import Settings

PREFIX: Final = "/demo-authorization"
OWN_APP: Final = "fhir-pgx-app"  # our own SMART app, which is always registered
_CAPABILITIES: Final = (
    "launch-ehr", "launch-standalone", "authorize-post", "client-public",
    "client-confidential-asymmetric", "context-banner", "context-ehr-patient",
    "context-standalone-patient", "permission-offline",
)  # fmt: skip
_SCOPES: Final = (
    "openid", "fhirUser", "launch", "launch/patient", "offline_access", "patient/*.cruds",
    "user/*.cruds", "system/*.cruds", "patient/*.read", "patient/*.write", "user/*.read",
    "user/*.write", "system/*.read", "system/*.write",
)  # fmt: skip


def open_demo(settings: Settings) -> DemoAuthorization | None:
    """The server, where the setting asks for it.

    Raises InvalidSetting where other machines could reach it, as it asks nobody for a password;
    where there would be several processes, each with codes and keys of its own; and where another
    authorization server is named beside it.
    """
    if settings.demo_authorization != "on":
        return None
    if not settings.is_local:
        raise _refused(
            "the demonstration's authorization server is for this machine alone, and host or "
            "base_url is not loopback",
            "unset it, or listen on 127.0.0.1",
        )
    if settings.workers > 1:
        raise _refused(
            "the demonstration's authorization server keeps its codes in one process, and workers "
            "is more than 1",
            "set workers to 1",
        )
    if settings.smart_token_url or settings.smart_authorize_url:
        raise _refused(
            "smart_token_url or smart_authorize_url names another authorization server",
            "unset them, or demo_authorization",
        )
    base = settings.base_url
    own = DemoClient(OWN_APP, "fhir_pgx results", (f"{base}/app/callback",), f"{base}/app/launch")
    return DemoAuthorization(
        base=f"{base}/fhir",
        issuer=f"{base}{PREFIX}",
        read_token=read_scope_token,
        new_secret=lambda: secrets.token_urlsafe(32),
        now=time.time,
        clients=(own,),
    )


def with_demo(registered: Registered, demo: DemoAuthorization | None) -> Registered:
    """Those registered, and the demonstration's server among them where there is one: as an issuer
    of access tokens, and as an EHR that launches our app."""
    if demo is None:
        return registered
    keys = KeySource(keys=tuple(demo.jwks()["keys"]))
    issuer = TokenIssuer("demonstration", demo.issuer, key_source=keys)
    launcher = LaunchIssuer("demonstration", demo.base, OWN_APP, is_private=True)
    return replace(
        registered,
        token_issuers=(*registered.token_issuers, issuer),
        launch_issuers=(*registered.launch_issuers, launcher),
    )


def demo_authorization(demo: DemoAuthorization) -> Authorization:
    """What the FHIR base says of it."""
    at = demo.issuer
    return Authorization(
        demo.token_url,
        f"{at}/authorize",
        f"{at}/introspect",
        f"{at}/revoke",
        f"{at}/register",
        issuer=at,
        jwks_url=f"{at}/jwks",
        grant_types=("authorization_code", "refresh_token", "client_credentials"),
        capabilities=_CAPABILITIES,
        scopes=_SCOPES,
        signing_algorithms=(ALGORITHM, "RS384"),
    )


def _refused(text: str, mend: str) -> InvalidSetting:
    return InvalidSetting(text, where="demo_authorization", mend=mend)
