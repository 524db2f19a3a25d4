"""The marks of a gene's positions: a shape for each state, so that grey or print tells them apart.

A circle is the reference, a diamond a variant (half of it where one copy has it), a cross no call,
a hatched square not tested, three dots not stated, a triangle a base that no allele has, two
arrowheads a disagreement.
"""

from markupsafe import Markup

from fhir_pgx.workbench.drawings.svg import group, line, polygon, tag, words

SIZE = 12  # of a mark's box
STATES = (
    "reference", "variant", "no-call", "not-tested", "not-stated", "unknown-base", "conflict",
)  # fmt: skip
SUPPORTS = ("read", "open", "contradicted", "no-call", "not-tested", "not-stated")


def mark(
    state: str, x: float, y: float, *, hatch: str, zygosity: str = "", title: str = ""
) -> Markup:
    """The mark of a state, its middle at `x`, `y`; `hatch` is the id of the drawing's hatching."""
    shape = _SHAPES.get(state, _unknown)(x, y, zygosity, hatch)
    name = state if state in _SHAPES else "unknown"
    inside = (tag("title", title), *shape) if title else shape
    more = f" {zygosity.replace(' ', '-')}" if state == "variant" and zygosity else ""
    return group(inside, class_=f"mark mark-{name}{more}")


def _reference(x: float, y: float, _zygosity: str, _hatch: str) -> tuple[Markup, ...]:
    return (tag("circle", cx=x, cy=y, r=4.5, class_="open"),)


def _variant(x: float, y: float, zygosity: str, _hatch: str) -> tuple[Markup, ...]:
    whole = ((x, y - 6), (x + 6, y), (x, y + 6), (x - 6, y))
    if zygosity == "heterozygous":
        return polygon(whole, "open"), polygon((whole[0], whole[2], whole[3]), "solid")
    if not zygosity:  # on how many copies is not known
        return polygon(whole, "open"), tag("circle", cx=x, cy=y, r=2, class_="solid")
    return (polygon(whole, "solid"),)


def _no_call(x: float, y: float, _zygosity: str, _hatch: str) -> tuple[Markup, ...]:
    return (
        line(x - 4.5, y - 4.5, x + 4.5, y + 4.5, "stroke"),
        line(x - 4.5, y + 4.5, x + 4.5, y - 4.5, "stroke"),
    )


def _not_tested(x: float, y: float, _zygosity: str, hatch: str) -> tuple[Markup, ...]:
    return (
        tag("rect", x=x - 5, y=y - 5, width=10, height=10, fill=f"url(#{hatch})", class_="hatched"),
    )


def _not_stated(x: float, y: float, _zygosity: str, _hatch: str) -> tuple[Markup, ...]:
    return tuple(tag("circle", cx=x + at, cy=y, r=1.3, class_="solid") for at in (-4, 0, 4))


def _unknown_base(x: float, y: float, _zygosity: str, _hatch: str) -> tuple[Markup, ...]:
    corners = ((x, y - 6.5), (x + 6.5, y + 5), (x - 6.5, y + 5))
    return polygon(corners, "open"), words(x, y + 4, "?", "sign", anchor="middle")


def _conflict(x: float, y: float, _zygosity: str, _hatch: str) -> tuple[Markup, ...]:
    left = ((x - 1, y - 5), (x - 1, y + 5), (x - 6.5, y))
    right = ((x + 1, y - 5), (x + 1, y + 5), (x + 6.5, y))
    return polygon(left, "solid"), polygon(right, "open")


def _unknown(x: float, y: float, _zygosity: str, _hatch: str) -> tuple[Markup, ...]:
    return (words(x, y + 4, "?", "sign", anchor="middle"),)


_SHAPES = {
    "reference": _reference,
    "variant": _variant,
    "no-call": _no_call,
    "not-tested": _not_tested,
    "not-stated": _not_stated,
    "unknown-base": _unknown_base,
    "conflict": _conflict,
}


def base_mark(
    support: str, letter: str, x: float, y: float, *, hatch: str, title: str = ""
) -> Markup:
    """What a haplotype's definition has at a position, boxed by whether the data bear it out:
    filled where it was read, thin where the definition leaves it open, struck out where it was
    read and is not there, crossed for a no call, hatched where it was not tested, dotted where
    nobody says."""
    known = support if support in SUPPORTS else "not-stated"
    fill = f"url(#{hatch})" if known == "not-tested" else None
    inside = [tag("rect", x=x - 6, y=y - 7, width=12, height=14, rx=2, fill=fill, class_="box")]
    if title:
        inside.insert(0, tag("title", title))
    inside.append(words(x, y + 4, letter, "letter", anchor="middle"))
    if known == "no-call":
        inside.append(line(x - 6, y - 7, x + 6, y + 7, "stroke"))
        inside.append(line(x - 6, y + 7, x + 6, y - 7, "stroke"))
    if known == "contradicted":
        inside.append(line(x - 8, y, x + 8, y, "stroke strike"))
    return group(inside, class_=f"base base-{known}")


def ring(x: float, y: float) -> Markup:
    """Around a mark: what stands here could change the answer."""
    return tag("rect", x=x - 8, y=y - 8, width=16, height=16, rx=4, class_="ring")
