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
_WWW = re.compile(r"\bwww\.", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
MAX_TEXT = 160


def plain(text: str, limit: int = MAX_TEXT) -> str:
    """One line without control or direction characters, cut at `limit` code points."""
    # Every sign that is removed is not printable, and the test is quicker than the search.
    line = " ".join((text if text.isprintable() else _CONTROL.sub(" ", text)).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def escape(text: str, limit: int = MAX_TEXT) -> str:
    """A text to be read as it stands, in Markdown and where raw HTML is rendered."""
    if text.isalnum() and len(text) <= limit:
        return text  # a gene, an id: nothing in it has a meaning of its own
    line = plain(text, limit).translate(_SIGNS)
    # No client may make a link of what somebody typed into an order.
    if "://" in line:
        line = line.replace("://", "&#58;//")
    return _WWW.sub("www&#46;", line) if "." in line else line


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
