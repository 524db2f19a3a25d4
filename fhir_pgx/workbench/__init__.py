"""The pages people look at: workbench, SMART app, console."""

from fhir_pgx.workbench.pages import pages

__all__ = ["pages"]
