"""Texts as they are kept and asked: both sides of a comparison go through the same functions."""

import unicodedata
from typing import Any


def text_of(value: Any) -> str:
    """A text as it stands; empty for anything else."""
    return value if isinstance(value, str) else ""


def folded(text: str) -> str:
    """A text without case, accents and doubled spaces."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(unicodedata.normalize("NFKD", bare.casefold()).split())
