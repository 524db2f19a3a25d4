"""Elements of an SVG, made as markup: every text escaped, classes in place of styles.

Lengths are user units, one for each pixel of the size that a drawing is made for.
"""

from collections.abc import Iterable

from markupsafe import Markup

from fhir_pgx.workbench.drawings.text_width import width_of
from fhir_pgx.workbench.text.plain import one_line

LONGEST = 160  # code points of a text in a drawing; its table has the whole
_NOTHING, _SPACE = Markup(""), Markup(" ")
_OPEN, _CLOSE, _END = Markup("<"), Markup(">"), Markup("</")
_IS, _QUOTE = Markup('="'), Markup('"')


def tag(name: str, *inside: str, **attributes: str | float | None) -> Markup:
    """An element; `class_` is its class, an underscore in a name a hyphen. Attributes of None are
    left out. Texts inside are escaped, markup is not."""
    parts: list[str] = [_OPEN, name]
    for key, value in attributes.items():
        if value is not None:
            parts += (_SPACE, key.rstrip("_").replace("_", "-"), _IS, _value(value), _QUOTE)
    # Joining escapes whatever is not markup; formatting would too, at ten times the price.
    return _NOTHING.join((*parts, _CLOSE, *inside, _END, name, _CLOSE))


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.1f}".removesuffix(".0")


def group(inside: Iterable[str], **attributes: str | float | None) -> Markup:
    return tag("g", *inside, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def polygon(points: Iterable[tuple[float, float]], class_: str) -> Markup:
    return tag("polygon", points=_points(points), class_=class_)


def polyline(points: Iterable[tuple[float, float]], class_: str) -> Markup:
    return tag("polyline", points=_points(points), class_=class_)


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_value(x)},{_value(y)}" for x, y in points)


def words(
    x: float,
    y: float,
    text: object,
    class_: str = "",
    *,
    anchor: str = "start",
    turned: float = 0,
) -> Markup:
    """A line of text with its baseline at `y`; `turned` in degrees, anticlockwise."""
    around = f"rotate({_value(-turned)} {_value(x)} {_value(y)})" if turned else None
    return tag(
        "text",
        shown(text),
        x=x,
        y=y,
        class_=class_ or None,
        text_anchor=None if anchor == "start" else anchor,
        transform=around,
    )


def shown(text: object) -> str:
    """A text of somebody else on one line, every sign to be seen."""
    return one_line(str(text), LONGEST)


def fitted(text: object, width: float, size: float) -> str:
    """The text, cut with an ellipsis where it is wider than `width`."""
    found = shown(text)
    if width_of(found, size) <= width:
        return found
    while found and width_of(f"{found}…", size) > width:
        found = found[:-1]
    return f"{found.rstrip()}…"


def within(x: float, text: str, size: float, low: float, high: float) -> float:
    """Where a text that is centred on `x` must have its middle to stay between `low` and `high`."""
    half = width_of(text, size) / 2
    if high - low <= 2 * half:
        return (low + high) / 2
    return min(max(x, low + half), high - half)


def hatching(name: str) -> Markup:
    """A pattern of slanting lines, to be filled with as `url(#name)`."""
    return tag(
        "pattern",
        tag("rect", width=4, height=4, class_="hatch-ground"),
        tag("path", d="M-1 1 L1 -1 M0 4 L4 0 M3 5 L5 3", class_="hatch-line"),
        id=name,
        width=4,
        height=4,
        patternUnits="userSpaceOnUse",
    )


def picture(
    width: float,
    height: float,
    inside: Iterable[str],
    *,
    title: str,
    desc: str,
    prefix: str,
    class_: str,
) -> Markup:
    """A whole drawing, named and described for whoever does not see it. `prefix` begins its ids,
    and is used once on a page."""
    return tag(
        "svg",
        tag("title", title, id=f"{prefix}-title"),
        tag("desc", desc, id=f"{prefix}-desc"),
        tag("defs", hatching(f"{prefix}-hatch")),
        *inside,
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{prefix}-title {prefix}-desc",
        class_=f"plot {class_}",
    )


def key_picture(shape: Markup, hatch: str) -> Markup:
    """A mark alone, beside its words in a legend. `hatch` is the id that the mark fills with: the
    picture holds it where the mark asks for it, since one that is not shown lends none."""
    is_asked = f"url(#{hatch})" in shape
    return tag(
        "svg",
        *((tag("defs", hatching(hatch)),) if is_asked else ()),
        shape,
        viewBox="0 0 18 18",
        width=18,
        height=18,
        aria_hidden="true",
        class_="plot key",
    )
