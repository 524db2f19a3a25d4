"""A number on its scale: an allele fraction as a bar, a biomarker against the limits of labels.

Each stands beside its number in words, and is hidden from readers of words.
"""

from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup

_WIDTH, _HIGH = 120, 14
_TALL = 34


def draw_fraction(fraction: Decimal) -> Markup | None:
    """A bar from 0 to 1, with a mark at each quarter; None for what is no fraction."""
    if not 0 <= fraction <= 1:
        return None
    ticks = Markup("").join(
        Markup('<line class="measure-tick" x1="{0}" x2="{0}" y1="0" y2="{1}"/>').format(
            _WIDTH * quarter // 4, _HIGH
        )
        for quarter in (1, 2, 3)
    )
    return Markup(
        '<svg class="measure" viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-hidden="true" '
        'focusable="false"><rect class="measure-ground" x="0" y="0" width="{w}" height="{h}"/>'
        '<rect class="measure-bar" x="0" y="2" width="{value}" height="{bar}"/>{ticks}</svg>'
    ).format(w=_WIDTH, h=_HIGH, bar=_HIGH - 4, value=_tenth(fraction * _WIDTH), ticks=ticks)


def draw_limits(value: Decimal, limits: Sequence[Decimal], most: Decimal) -> Markup | None:
    """The value as a bar from 0 to `most`, the limits as marks with their numbers; None where
    there is no scale to draw it on."""
    if most <= 0 or not 0 <= value <= most:
        return None
    marks = Markup("").join(
        Markup(
            '<line class="measure-limit" x1="{x}" x2="{x}" y1="0" y2="{h}"/>'
            '<text class="measure-number" x="{at}" y="{y}" text-anchor="{anchor}">{text}</text>'
        ).format(
            x=_tenth(limit / most * _WIDTH),
            at=_tenth(limit / most * _WIDTH),
            h=_HIGH + 4,
            y=_TALL - 4,
            # At an end of the scale the number must not run out of it.
            anchor="start" if limit / most < Decimal("0.1") else "middle",
            text=f"{limit.normalize():f}",
        )
        for limit in sorted(set(limits))
        if 0 <= limit <= most
    )
    return Markup(
        '<svg class="measure" viewBox="0 0 {w} {tall}" width="{w}" height="{tall}" '
        'aria-hidden="true" focusable="false">'
        '<rect class="measure-ground" x="0" y="0" width="{w}" height="{h}"/>'
        '<rect class="measure-bar" x="0" y="2" width="{value}" height="{bar}"/>{marks}</svg>'
    ).format(
        w=_WIDTH,
        h=_HIGH,
        tall=_TALL,
        bar=_HIGH - 4,
        value=_tenth(value / most * _WIDTH),
        marks=marks,
    )


def _tenth(number: Decimal) -> str:
    return f"{number:.1f}"
