"""Strict checking of what is sent and what we send: every finding, its place, how to mend it."""

from fhir_pgx.validation.base import compile_schemas
from fhir_pgx.validation.check import USUAL, check_resource
from fhir_pgx.validation.document import validate_document, validate_resource

__all__ = ["USUAL", "check_resource", "compile_schemas", "validate_document", "validate_resource"]
