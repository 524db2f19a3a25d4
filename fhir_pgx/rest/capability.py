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
class About:
    """What of a deployment the statement tells. `date` is that of the software's build or start,
    RFC 3339; the two addresses are those of an authorization server, empty where there is none."""

    base: str
    version: str
    date: str
    authorize_url: str = ""
    token_url: str = ""


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
    """`.well-known/smart-configuration`; None where no authorization server is configured."""
    if not (about.authorize_url and about.token_url):
        return None
    return {
        "authorization_endpoint": about.authorize_url,
        "token_endpoint": about.token_url,
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": ["authorization_code"],
        "capabilities": ["launch-ehr", "launch-standalone", "client-public"],
    }


def _security(about: About) -> dict[str, Any]:
    """SMART on FHIR; with its addresses where there is an authorization server."""
    security: dict[str, Any] = {}
    if about.authorize_url and about.token_url:
        addresses = {"authorize": about.authorize_url, "token": about.token_url}
        security["extension"] = [
            {
                "url": _OAUTH_URIS,
                "extension": [{"url": n, "valueUri": url} for n, url in addresses.items()],
            }
        ]
        said = "SMART on FHIR, by the authorization server whose addresses stand here"
    else:
        said = "no authorization server is configured: guard this address by other means"
    security["cors"] = True
    coding = {"system": _SMART, "code": "SMART-on-FHIR", "display": "SMART-on-FHIR"}
    security["service"] = [{"coding": [coding], "text": "OAuth2 using SMART-on-FHIR profile"}]
    security["description"] = said
    return security


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
