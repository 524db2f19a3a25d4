"""Where the synthetic example patients are: beside a checkout, or inside the installed package."""

from importlib.resources import files
from pathlib import Path

from fhir_pgx.cli.options import WrongUsage


def example_folder() -> Path:
    """The folder of examples. Raises WrongUsage where neither place has it."""
    package = Path(str(files("fhir_pgx")))
    # pyproject.toml puts `examples/` into the wheel as `fhir_pgx/demo`.
    for folder in (package / "demo", package.parent / "examples"):
        if (folder / "patients").is_dir():
            return folder
    raise WrongUsage("the example patients are not installed")


def example_patients() -> list[str]:
    """The files of the example patients."""
    return sorted(str(each) for each in (example_folder() / "patients").glob("*.json"))
