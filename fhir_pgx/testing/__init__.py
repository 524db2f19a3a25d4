"""For teams that test a client of theirs against us: a pytest plugin, and checks of messages.

The plugin (`fhir_pgx.testing.plugin`) comes with the package and costs next to nothing until a test
asks for one of its fixtures: docs/how-to/test-your-client.md.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fhir_pgx.testing.checks import (
        Findings,
        check_discovery,
        check_feedback,
        check_hook_request,
    )
    from fhir_pgx.testing.received import Received, Recorder
    from fhir_pgx.testing.server import Addresses, Example, Refused

_PLACES = {
    "Findings": "checks",
    "check_discovery": "checks",
    "check_feedback": "checks",
    "check_hook_request": "checks",
    "Received": "received",
    "Recorder": "received",
    "Addresses": "server",
    "Example": "server",
    "Refused": "server",
}

__all__ = [
    "Addresses", "Example", "Findings", "Received", "Recorder", "Refused", "check_discovery",
    "check_feedback", "check_hook_request",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # pytest imports this package in every run: nothing loads before it is asked for.
    if name in _PLACES:
        return getattr(import_module(f"fhir_pgx.testing.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
