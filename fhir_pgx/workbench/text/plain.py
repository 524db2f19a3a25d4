"""Text that somebody else wrote, as it stands on a page: nothing in it may act or hide.

Autoescaping keeps it from being markup. What is left is what the eye cannot see: direction
overrides that turn a dose around, signs without width that make two names look alike, control
signs. They are written out (`⟨U+202E⟩`), so that whoever looks sees that they are there.
"""

import json
import re
from typing import Any

from markupsafe import Markup

LONGEST = 2_000  # code points of one text on a page; no name or sentence of ours comes near
LONGEST_JSON = 40_000
_KEPT = "\n\t "
_ACTING = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ufeff"
    "\\U000e0000-\\U000e007f]"
)


def visible(text: object, limit: int = LONGEST) -> str:
    """A text with every sign to be seen, line breaks kept; empty for what is no text.

    Beyond `limit` code points it is cut, and says how many more there were.
    """
    if not isinstance(text, str):
        return ""
    kept = text[:limit]
    if not kept.isprintable():
        kept = "".join(_shown(sign) for sign in kept)
    more = len(text) - limit
    return kept if more <= 0 else f"{kept}… ({more} more characters)"


def one_line(text: object, limit: int = LONGEST) -> str:
    """The same on one line."""
    return " ".join(visible(text, limit).split())


def acts_seen(text: str) -> str:
    """A text of any length with the signs that act written out, all others kept: also those without
    width that some scripts are written with."""
    return text if text.isprintable() else _ACTING.sub(lambda found: _shown(found[0]), text)


def _shown(sign: str) -> str:
    return sign if sign in _KEPT or sign.isprintable() else f"⟨U+{ord(sign):04X}⟩"


def as_json(value: Any) -> str:
    """A JSON value for a person to read, every sign to be seen."""
    return visible(json.dumps(value, indent=2, ensure_ascii=False, default=str), LONGEST_JSON)


def web_address(text: object) -> str:
    """An address that may stand in a link: absolute, of http or https; empty for any other.

    `javascript:` and its like never pass, nor what a browser might read otherwise than we do.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        return ""
    is_web = text.lower().startswith(("https://", "http://"))
    is_plain = text.isprintable() and not any(sign in text for sign in " \\\"'<>`")
    return text if is_web and is_plain else ""


def text_of(value: object) -> str:
    """A member that should be a text: itself, a number as text, else empty."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str | int | float) else ""


def link(url: object, label: str) -> Markup:
    """A link to another site, or its label alone where the address is none of the web."""
    address = web_address(url)
    if not address:
        return Markup("{}").format(label)
    return Markup('<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>').format(
        address, label
    )
