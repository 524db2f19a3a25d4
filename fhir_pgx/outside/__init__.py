"""Calls made elsewhere → statements: PharmCAT's table, and what other callers write."""

from fhir_pgx.outside.calls import OutsideCalls
from fhir_pgx.outside.read import read_outside_calls

__all__ = ["OutsideCalls", "read_outside_calls"]
