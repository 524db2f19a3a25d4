"""What we publish, read-only: `/fhir/StructureDefinition/{id}` and its like, by id and search."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from fhir_pgx.errors import UnknownResource
from fhir_pgx.fhir.json import write_json
from fhir_pgx.knowledge.profiles import definitions
from fhir_pgx.web.fhir_media import fhir_response
from fhir_pgx.web.site import Site

PUBLISHED: Final = (
    "StructureDefinition", "OperationDefinition", "CodeSystem", "ValueSet", "SearchParameter",
    "CapabilityStatement",
)  # fmt: skip
# Search parameter and the member that it is compared with, whole. Others are passed over, and the
# `self` link says so.
_COMPARED: Final = {"_id": "id", "url": "url", "name": "name", "code": "code", "version": "version"}


def definitions_blueprint(site: Site) -> Blueprint:
    """Read and search of each published type."""
    bp = Blueprint("definitions", __name__, url_prefix="/fhir")

    def add(kind: str) -> None:
        def read(id_: str) -> ResponseReturnValue:
            found = next((each for each in _of(kind) if each["id"] == id_), None)
            if found is None:
                text = f"no {kind} of this id is published here"
                raise UnknownResource(text, mend=f"GET /fhir/{kind} lists them")
            headers = {"ETag": f'W/"{found["version"]}"'}
            return fhir_response(write_json(found), headers=headers)

        def search() -> ResponseReturnValue:
            asked = {**request.form.to_dict(), **request.args.to_dict()}
            return fhir_response(write_json(_found(kind, asked, f"{site.settings.base_url}/fhir")))

        bp.add_url_rule(f"/{kind}/<id_>", f"{kind}-read", read, strict_slashes=False)
        bp.add_url_rule(f"/{kind}", f"{kind}-search", search, strict_slashes=False)
        bp.add_url_rule(
            f"/{kind}/_search", f"{kind}-asked", search, methods=("GET", "POST"),
            strict_slashes=False,
        )  # fmt: skip

    for kind in PUBLISHED:
        add(kind)
    return bp


def _of(kind: str) -> list[dict[str, Any]]:
    return [each for each in definitions() if each["resourceType"] == kind]


def _found(kind: str, asked: Mapping[str, str], base: str) -> dict[str, Any]:
    """A searchset of every definition that has what was asked."""
    used = {name: value for name, value in asked.items() if name in _COMPARED}
    found = [
        each
        for each in _of(kind)
        if all(each.get(_COMPARED[name]) in value.split(",") for name, value in used.items())
    ]
    shown = urlencode(used)
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": [{"relation": "self", "url": f"{base}/{kind}{'?' if shown else ''}{shown}"}],
    }
    entries = [
        {"fullUrl": f"{base}/{kind}/{each['id']}", "resource": each, "search": {"mode": "match"}}
        for each in found
    ]
    return bundle | ({"entry": entries} if entries else {})
