"""The command `fhir-pgx`: files in, JSON out, exit code 0, 1 or 2."""

from fhir_pgx.cli.command import main

__all__ = ["main"]
