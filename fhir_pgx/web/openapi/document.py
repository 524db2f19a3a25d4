"""The document as a whole, for one deployment: its address, its services, who may call it."""

import json
from typing import Any, Final

from fhir_pgx.version import __version__
from fhir_pgx.web.openapi.api import TAG as API
from fhir_pgx.web.openapi.api import api_paths, api_schemas
from fhir_pgx.web.openapi.hooks import TAG as HOOKS
from fhir_pgx.web.openapi.hooks import hook_paths, hook_schemas
from fhir_pgx.web.openapi.parts import Part
from fhir_pgx.web.openapi.service import TAG as SERVICE
from fhir_pgx.web.openapi.service import service_paths
from fhir_pgx.web.site import Site

VERSION: Final = "3.0.3"
_ABOUT: Final = (
    "Cards for EHRs by CDS Hooks, and what the data of one patient tell about drugs. It informs; "
    "the clinician decides. The FHIR part says of itself what it can do at `/fhir/metadata`; pages "
    "for people are not listed here. Every error is an OperationOutcome that says what was found, "
    "where, and how to mend it. All examples are of synthetic people."
)
_SCHEMES: Final[Part] = {
    "cdsJwt": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A JWT that a registered CDS client signs for each call (CDS Hooks, "
        "Trusting CDS Clients).",
    },
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of a registered issuer, with SMART scopes.",
    },
    "operatorToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "The secret of the setting `operator_token`.",
    },
}


def build(site: Site) -> dict[str, Any]:
    """The OpenAPI document of a deployment. Raises BrokenKnowledge where a schema or an example is
    not installed."""
    services = tuple(site.registry.services)
    paths = {
        **hook_paths(services, json.loads(site.discovery)),
        **api_paths(),
        **service_paths(),
    }
    for path, operations in paths.items():
        for operation in operations.values():
            operation.setdefault("security", _security(path, is_open=site.registered.is_open))
    return {
        "openapi": VERSION,
        "info": {
            "title": "fhir_pgx: all that is not FHIR",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "servers": [{"url": site.settings.base_url, "description": "This server"}],
        "tags": [
            {"name": HOOKS, "description": "Cards in the clinician's own system (CDS Hooks 3.0)."},
            {"name": API, "description": "The same knowledge for files: FHIR, VCF or both."},
            {"name": SERVICE, "description": "Health, figures, keys."},
        ],
        "paths": paths,
        "components": {
            "schemas": {**hook_schemas(), **api_schemas()},
            "securitySchemes": _SCHEMES,
        },
    }


def _security(path: str, *, is_open: bool) -> list[Part]:
    """Which credential an address asks for; where nobody is asked who calls, none is needed."""
    names = ("cdsJwt", "accessToken") if path.startswith("/api/") else ("cdsJwt",)
    schemes: list[Part] = [{name: []} for name in names]
    return [{}, *schemes] if is_open else schemes
