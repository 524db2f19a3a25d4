"""What a command prints: JSON on standard output, messages on standard error."""

import sys
from typing import Any

from fhir_pgx.errors import PgxError
from fhir_pgx.fhir.json import write_json, write_pretty_json
from fhir_pgx.fhir.operation_outcome import to_operation_outcome


def print_json(document: Any) -> None:
    """Print a document for people and programs alike."""
    print_text(write_pretty_json(document).decode())


def print_line(document: Any) -> None:
    """Print a document as one line of NDJSON."""
    print_text(write_json(document).decode())


def print_text(text: str) -> None:
    """Print text, ended by one line end."""
    # Encoded here: a terminal set to another encoding must not stop the output of `≥`.
    sys.stdout.flush()
    sys.stdout.buffer.write(text.rstrip("\n").encode() + b"\n")


def say(message: str) -> None:
    """Tell the person at the terminal."""
    print(message, file=sys.stderr)


def print_outcome(error: PgxError) -> None:
    """Print an error as OperationOutcome, and its text for the person."""
    print_json(to_operation_outcome(error.issues))
    place = f" ({error.where})" if error.where and error.where not in error.text else ""
    say(f"fhir-pgx: {error.text}{place}")
