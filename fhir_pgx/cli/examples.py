"""The synthetic example patients, for the commands that load them."""

from pathlib import Path

from fhir_pgx.cli.options import WrongUsage
from fhir_pgx.knowledge.examples import find_examples


def example_folder() -> Path:
    """The folder of examples. Raises WrongUsage where it is not installed."""
    found = find_examples()
    if found is None:
        raise WrongUsage("the example patients are not installed")
    return found


def example_patients() -> list[str]:
    """The files of the example patients."""
    return sorted(str(each) for each in (example_folder() / "patients").glob("*.json"))
