"""`fhir-pgx serve` with one route more: `/noop`, the floor that order-sign is measured against.

The route stands in the same Flask app of the same server. It parses the same request with the same
reader and writes the same answer, made beforehand. Run by the other scripts, never in production.
"""

import logging
import os
import sys

import calls
import tumour_calls
from flask import Flask, Response, request

from fhir_pgx.cli import main
from fhir_pgx.fhir.json import read_json
from fhir_pgx.settings import Settings
from fhir_pgx.web import worker
from fhir_pgx.web.body import json_answer, read_json_body

SERVICE = "/cds-services/pgx-order-sign"

_worker_app = worker.worker_app


def app_with_noop(settings: Settings) -> Flask:
    """The worker's app, every part of it on: the audit line goes to the file BENCH_AUDIT names."""
    app = _worker_app(settings)
    log = logging.getLogger("fhir_pgx.audit")  # after the worker's own set-up, which it replaces
    log.handlers = [logging.FileHandler(os.environ.get("BENCH_AUDIT", os.devnull))]
    log.propagate = False
    if os.environ.get("BENCH_NOOP"):
        _add_noop(app, settings)
    return app


def _add_noop(app: Flask, settings: Settings) -> None:
    answers = {}

    @app.post("/noop")
    def noop() -> Response:
        document = read_json_body(request, settings)
        return json_answer(answers[document["hookInstance"]])

    with app.test_client() as client:
        for body in (*calls.bodies(), *tumour_calls.bodies()):
            instance = read_json(body, max_bytes=len(body))["hookInstance"]
            answer = client.post(SERVICE, data=body, content_type="application/json")
            answers[instance] = answer.get_json()


if __name__ == "__main__":
    worker.worker_app = app_with_noop
    sys.exit(main())
