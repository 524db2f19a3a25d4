"""The CapabilityStatement, made of what is really there: types, parameters, routes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fhir_pgx.rest.parameters import (
    capability_includes,
    capability_parameters,
    capability_revincludes,
)
from fhir_pgx.rest.types import TYPES

_SMART: Final = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
# What the guard of our own addresses does with scopes (security/scopes.py).
_ENFORCED: Final = ("permission-patient", "permission-user", "permission-v1", "permission-v2")
_METHODS: Final = {
    "client-public": ("none",),
    "client-confidential-symmetric": ("client_secret_basic",),
    "client-confidential-asymmetric": ("private_key_jwt",),
}
_FORMATS: Final = ("application/fhir+json", "application/fhir+xml", "json", "xml")
_INTERACTIONS: Final = (
    "read", "vread", "update", "delete", "history-instance", "history-type", "create",
    "search-type",
)  # fmt: skip
_OF_SYSTEM: Final = ("transaction", "batch", "history-system")


@dataclass(frozen=True, slots=True)
class Offered:
    """An operation with an address: `type` is the resource type in it, empty at the base."""

    name: str
    definition: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Authorization:
    """The authorization server that guards the FHIR base: its addresses, each empty where there is
    none, and what it can do in SMART's words. `scopes` are those it is known to grant,
    `signing_algorithms` those in which it is known to take the assertions of clients."""

    token_url: str
    authorize_url: str = ""
    introspect_url: str = ""
    revoke_url: str = ""
    register_url: str = ""
    manage_url: str = ""
    issuer: str = ""
    jwks_url: str = ""
    grant_types: tuple[str, ...] = ("authorization_code",)
    capabilities: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    signing_algorithms: tuple[str, ...] = ()

    @property
    def has_openid(self) -> bool:
        return bool(self.issuer and self.jwks_url)


@dataclass(frozen=True, slots=True)
class About:
    """What of a deployment the statement tells. `date` is that of the software's build or start,
    RFC 3339. `is_guarded` where access tokens are asked for."""

    base: str
    version: str
    date: str
    authorization: Authorization | None = None
    is_guarded: bool = False


def capability_statement(
    about: About, operations: Iterable[Offered], published: Iterable[str] = ()
) -> dict[str, Any]:
    """The statement of FHIR R4 for `/fhir/metadata`. `published` are types that can be read and
    searched, and not written."""
    offered = sorted(operations, key=lambda each: (each.type, each.name))
    rest: dict[str, Any] = {
        "mode": "server",
        "security": _security(about),
        "resource": [
            *(_resource(type_, offered) for type_ in TYPES),
            *map(_read_only, published),
        ],
        "interaction": [{"code": code} for code in _OF_SYSTEM],
    }
    rest["resource"].sort(key=lambda each: each["type"])
    if of_base := [_operation(each) for each in offered if not each.type]:
        rest["operation"] = of_base
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{about.base}/metadata",
        "version": about.version,
        "name": "FhirPgx",
        "title": "fhir_pgx: genomic results and advice on medicines",
        "status": "active",
        "date": about.date,
        "publisher": "fhir_pgx",
        "description": "A FHIR R4 server for genomic results, with the HL7 Genomics Operations.",
        "kind": "instance",
        "software": {"name": "fhir_pgx", "version": about.version},
        "implementation": {"description": "fhir_pgx", "url": about.base},
        "fhirVersion": "4.0.1",
        "format": list(_FORMATS),
        "rest": [rest],
    }


def smart_configuration(about: About) -> dict[str, Any] | None:
    """`.well-known/smart-configuration`; None where no authorization server is configured.

    What the authorization server does is as its operator says; what this server enforces stands
    there only where it does. Source: SMART App Launch 2.2, Conformance.
    """
    server = about.authorization
    if server is None:
        return None
    found = {
        # SMART: the issuer stands only beside OpenID Connect.
        "issuer": server.issuer if server.has_openid else "",
        "jwks_uri": server.jwks_url if server.has_openid else "",
        "authorization_endpoint": server.authorize_url,
        "token_endpoint": server.token_url,
        "token_endpoint_auth_methods_supported": _client_methods(server.capabilities),
        "token_endpoint_auth_signing_alg_values_supported": list(server.signing_algorithms),
        "introspection_endpoint": server.introspect_url,
        "revocation_endpoint": server.revoke_url,
        "registration_endpoint": server.register_url,
        "management_endpoint": server.manage_url,
        "scopes_supported": list(server.scopes),
        "response_types_supported": ["code"] if server.authorize_url else [],
        "grant_types_supported": list(server.grant_types),
        "code_challenge_methods_supported": ["S256"],
        "capabilities": [
            *server.capabilities,
            *(("sso-openid-connect",) if server.has_openid else ()),
            *(_ENFORCED if about.is_guarded else ()),
        ],
    }
    return {name: value for name, value in found.items() if value or name == "capabilities"}


def _client_methods(capabilities: Iterable[str]) -> list[str]:
    return [method for each in capabilities for method in _METHODS.get(each, ())]


def _security(about: About) -> dict[str, Any]:
    """SMART on FHIR; with its addresses where there is an authorization server."""
    security: dict[str, Any] = {}
    if (server := about.authorization) is not None:
        addresses = {
            "authorize": server.authorize_url,
            "token": server.token_url,
            "introspect": server.introspect_url,
            "revoke": server.revoke_url,
            "register": server.register_url,
            "manage": server.manage_url,
        }
        security["extension"] = [
            {
                "url": _OAUTH_URIS,
                "extension": [{"url": n, "valueUri": url} for n, url in addresses.items() if url],
            }
        ]
    security["cors"] = True
    coding = {"system": _SMART, "code": "SMART-on-FHIR", "display": "SMART-on-FHIR"}
    security["service"] = [{"coding": [coding], "text": "OAuth2 using SMART-on-FHIR profile"}]
    security["description"] = _said(about)
    return security


def _said(about: About) -> str:
    if about.authorization is None and not about.is_guarded:
        return "no authorization server is configured: guard this address by other means"
    if about.authorization is None:
        return "access tokens of the registered authorization servers are asked for"
    said = "SMART on FHIR, by the authorization server whose addresses stand here"
    return said if about.is_guarded else f"{said}; this server itself asks for no token"


def _resource(type_: str, offered: Iterable[Offered]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": type_,
        "interaction": [{"code": code} for code in _INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical"],
    }
    lists: Mapping[str, list[Any]] = {
        "searchInclude": capability_includes(type_),
        "searchRevInclude": capability_revincludes(type_),
        "searchParam": capability_parameters(type_),
        "operation": [_operation(each) for each in offered if each.type == type_],
    }
    return {**found, **{name: values for name, values in lists.items() if values}}


def _read_only(type_: str) -> dict[str, Any]:
    return {"type": type_, "interaction": [{"code": "read"}, {"code": "search-type"}]}


def _operation(offered: Offered) -> dict[str, str]:
    return {"name": offered.name, "definition": offered.definition}
