"""Whether the process lives, whether it can serve, and its figures for Prometheus."""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from fhir_pgx.web.body import json_answer
from fhir_pgx.web.site import Site


def health_blueprint(site: Site) -> Blueprint:
    """`/health/live`, `/health/ready`, `/metrics`."""
    bp = Blueprint("health", __name__)

    @bp.get("/health/live")
    def live() -> ResponseReturnValue:
        return json_answer({"status": "live"})

    @bp.get("/health/ready")
    def ready() -> ResponseReturnValue:
        site.store.check()  # raises StoreFailure: 503
        return json_answer({"status": "ready", "services": len(site.registry.services)})

    @bp.get("/metrics")
    def metrics() -> ResponseReturnValue:
        return Response(site.audit.figures(), content_type=CONTENT_TYPE_LATEST)

    return bp
