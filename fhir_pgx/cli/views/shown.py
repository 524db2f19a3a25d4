"""A command's answer: JSON, text, or the view of it, as the person asked."""

import argparse
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, Literal

from fhir_pgx.cli.options import VIEW
from fhir_pgx.cli.output import print_json, print_text, say

Answer = Literal["hook", "interpretation", "recommendations", "trace", "knowledge"]

# Imported where one is asked for: what draws tables takes 0.1 s to load.
_VIEWS: Final[Mapping[Answer, tuple[str, str]]] = {
    "hook": ("cards", "answer_view"),
    "interpretation": ("genes", "interpretation_view"),
    "recommendations": ("recommendations", "recommendations_view"),
    "trace": ("trace", "trace_view"),
    "knowledge": ("held", "knowledge_view"),
}


def show(arguments: argparse.Namespace, answer: Any, kind: Answer) -> None:
    """Print the answer as `add_format` says."""
    if arguments.format == VIEW:
        from fhir_pgx.cli.views.screen import print_view  # noqa: PLC0415 - loads rich

        module, name = _VIEWS[kind]
        view = getattr(import_module(f"fhir_pgx.cli.views.{module}"), name)
        print_view(view(answer))
    elif isinstance(answer, str):
        print_text(answer)
    else:
        print_json(answer)
        tell_of_views(arguments)


def tell_of_views(arguments: argparse.Namespace) -> None:
    """A line for a person at a terminal who got JSON without asking for it by name."""
    if arguments.format is None and sys.stdout.isatty() and sys.stderr.isatty():
        say("fhir-pgx: --view shows this answer as tables")
