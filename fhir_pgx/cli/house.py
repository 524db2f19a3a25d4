"""The parts that commands work with, loaded only when a command needs them."""

from typing import TYPE_CHECKING

from fhir_pgx.settings import Settings

if TYPE_CHECKING:
    from fhir_pgx.pipeline import Pipeline


def load_pipeline(settings: Settings) -> "Pipeline":
    """The stages with all knowledge. Raises BrokenKnowledge where it does not match its hash."""
    from fhir_pgx.pipeline import Pipeline  # noqa: PLC0415 - takes half a second

    return Pipeline.load(settings)
