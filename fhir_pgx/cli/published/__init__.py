"""What we publish under `profiles/`, made by `python -m fhir_pgx.cli.published`."""
