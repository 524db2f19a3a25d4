"""`/.well-known/jwks.json`: the public halves of the keys that we sign with."""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from fhir_pgx.fhir.json import write_json
from fhir_pgx.web.body import JSON
from fhir_pgx.web.cors import allow_every_origin
from fhir_pgx.web.site import Site
from fhir_pgx.web.wallet import published_keys


def own_keys_blueprint(site: Site) -> Blueprint:
    """The key set, for servers that know us as a client and for whoever verifies a wallet card;
    without keys it is an empty one."""
    bp = Blueprint("own_keys", __name__)
    body = write_json(published_keys(site))

    @bp.get("/.well-known/jwks.json")
    def jwks() -> ResponseReturnValue:
        # An hour: a new key is published a day before it signs. Any page may read it: a verifier
        # of cards may be one (SMART Health Cards, "Determining keys associated with an issuer").
        headers = {"Content-Type": JSON, "Cache-Control": "public, max-age=3600"}
        return allow_every_origin(Response(body, headers=headers))

    return bp
