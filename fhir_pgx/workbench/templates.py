"""Templates to markup. Everything that a template is given is escaped; a name it does not know is
an error at once, never an empty place on a page.

What the eye cannot see and yet acts (control signs, direction overrides, which turn a dose or a
name around) is written out, `⟨U+202E⟩`. What must stay as it was sent, to be copied or sent again,
says so with `|e`.
"""

from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fhir_pgx.fhir.json import write_pretty_json
from fhir_pgx.workbench.text.plain import acts_seen


def _seen(value: Any) -> Any:
    """A text with every sign that acts to be seen; markup, and what is no text, as it is."""
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return acts_seen(value) if is_text else value


_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("fhir_pgx.workbench", "templates"),
    autoescape=True,
    finalize=_seen,
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
