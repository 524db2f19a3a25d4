"""Markdown that says what we mean on every client.

A card's `detail` is GitHub-flavoured Markdown, and some clients render raw HTML in it. An
unescaped `*2/*2` in bold loses its stars on a real client, which changes the genotype a clinician
reads; so every text that is not ours is escaped: allele names, drug names, whatever was sent.
"""

import re

# One pass: a backslash before what Markdown reads as its own, an entity for what HTML does.
_SIGNS = str.maketrans(
    {
        **{sign: f"\\{sign}" for sign in "\\`*_[]#|~"},
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "@": "&#64;",
    }
)
_WWW = re.compile(r"\b(www)\.", re.IGNORECASE)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
MAX_TEXT = 160


def plain(text: str, limit: int = MAX_TEXT) -> str:
    """One line of signs that can be seen, cut at `limit` code points.

    Control and direction characters go, and those without width, with which one drug's name can be
    made to look like another's.
    """
    if not text.isprintable():  # true of what has neither line breaks nor what cannot be seen
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def untagged(text: str) -> str:
    """A text that is no Markdown, without what would begin an HTML tag: `<b` becomes `‹b`, and
    `<1%` stays.

    The specification has such texts shown as they stand, so they are not escaped; but a client that
    puts one into a page as it is must not run what somebody typed into an order.
    """
    return _TAG.sub("‹", text) if "<" in text else text


def escape(text: str, limit: int = MAX_TEXT) -> str:
    """A text to be read as it stands, in Markdown and where raw HTML is rendered."""
    if text.isalnum() and len(text) <= limit:
        return text  # a gene, an id: nothing in it has a meaning of its own
    line = plain(text, limit).translate(_SIGNS)
    # No client may make a link of what somebody typed into an order.
    if "://" in line:
        line = line.replace("://", "&#58;//")
    return _WWW.sub(r"\1&#46;", line) if "." in line else line


def bold(text: str) -> str:
    return f"**{escape(text)}**"


def items(lines: list[str]) -> str:
    """A list; the lines are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)


def cut(text: str, limit: int) -> str:
    """At most `limit` code points, cut on a word boundary with an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    return head[: head.rfind(" ")].rstrip(" ,;:.") + "…" if " " in head else head + "…"
