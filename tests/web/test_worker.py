"""What our own server writes to its log."""

import json
import logging

import pytest

from fhir_pgx.web.logs import log_to_stderr


@pytest.fixture
def loggers_as_before():
    names = ("fhir_pgx", "fhir_pgx.audit")
    before = {
        name: (
            logging.getLogger(name).handlers,
            logging.getLogger(name).level,
            logging.getLogger(name).propagate,
        )
        for name in names
    }
    yield
    for name, (handlers, level, propagate) in before.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.mark.usefixtures("loggers_as_before")
def test_an_audit_line_is_written_as_the_json_it_is_and_once(capsys):
    log_to_stderr("info")
    logging.getLogger("fhir_pgx.audit").info('{"service":"pgx-order-sign","status":200}')
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line) == {"service": "pgx-order-sign", "status": 200}


@pytest.mark.usefixtures("loggers_as_before")
def test_the_level_is_the_one_of_the_settings(capsys):
    log_to_stderr("error")
    logging.getLogger("fhir_pgx.audit").info("{}")
    logging.getLogger("fhir_pgx.pipeline").error("interpreting CYP2C19 failed")
    assert capsys.readouterr().err == "ERROR fhir_pgx.pipeline: interpreting CYP2C19 failed\n"
