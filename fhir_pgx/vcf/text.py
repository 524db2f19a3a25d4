"""Bytes of a VCF as text, whatever their encoding."""

_SHOWN = 40


def text_of(value: bytes) -> str:
    """The text, in UTF-8 where it is that. VCF 4.3 asks for UTF-8; older files have Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def shown(value: bytes) -> str:
    """A value as a message quotes it: short, and without control characters."""
    text = text_of(value[:_SHOWN]) + ("…" if len(value) > _SHOWN else "")
    return text if text.isprintable() else repr(text)[1:-1]
