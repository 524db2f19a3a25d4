"""`/.well-known/jwks.json`: the public halves of the keys that we sign with."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from fhir_pgx.fhir.json import write_json
from fhir_pgx.web.body import JSON
from fhir_pgx.web.site import Site


def own_keys_blueprint(site: Site) -> Blueprint:
    """The key set, for servers that know us as a client; without keys it is an empty one."""
    bp = Blueprint("own_keys", __name__)
    body = write_json(site.own_keys.published())

    @bp.get("/.well-known/jwks.json")
    def jwks() -> ResponseReturnValue:
        # An hour: a new key is published a day before it signs.
        return body, {"Content-Type": JSON, "Cache-Control": "public, max-age=3600"}

    return bp
