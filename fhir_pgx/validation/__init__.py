"""Strict checking of what is sent and what we send: every finding, its place, how to mend it."""

from fhir_pgx.validation.document import validate_document, validate_resource

__all__ = ["validate_document", "validate_resource"]
