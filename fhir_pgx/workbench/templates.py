"""Templates to markup. Everything that a template is given is escaped; a name it does not know is
an error at once, never an empty place on a page."""

from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fhir_pgx.fhir.json import write_pretty_json

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("fhir_pgx.workbench", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def fragment(name: str, **values: Any) -> Markup:
    """A part of a page."""
    return Markup(_ENVIRONMENT.get_template(name).render(**values))  # noqa: S704 - escaped by it


def _pretty(value: Any) -> str:
    """JSON as people read it; the template escapes it."""
    return write_pretty_json(value).decode()


def _count(number: int, one: str, many: str = "") -> str:
    """`1 gene`, `2 genes`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


_ENVIRONMENT.filters["pretty"] = _pretty
_ENVIRONMENT.filters["count"] = _count
