"""The application as a worker process runs it."""

import gc
import logging
import sys

from flask import Flask

from fhir_pgx.settings import Settings
from fhir_pgx.validation import USUAL, compile_schemas
from fhir_pgx.web.app import create_app


def log_to_stderr(level: str) -> None:
    """Our own server's logs: audit lines as the JSON they are, all else with level and name.

    An app that mounts us keeps its own set-up, so this is the worker's and nobody else's.
    """
    plain = logging.StreamHandler(sys.stderr)
    plain.setFormatter(logging.Formatter("%(message)s"))
    named = logging.StreamHandler(sys.stderr)
    named.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    for name, handler in (("fhir_pgx.audit", plain), ("fhir_pgx", named)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level.upper())
        logger.propagate = False


def worker_app(settings: Settings) -> Flask:
    """A new app, with garbage collection set for a process that keeps its knowledge for ever.

    What is loaded by now is never looked through again, and large Bundles are not stopped over
    again while they are read: twice as fast at 5 000 variants (benchmarks).
    """
    log_to_stderr(settings.log_level)
    app = create_app(settings)
    compile_schemas(USUAL)  # else the first write of each type waits for it
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    return app
