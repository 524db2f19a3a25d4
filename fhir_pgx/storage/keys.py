"""Short keys of resources, and texts cut to what an index can hold."""

from hashlib import blake2b, sha256

MAX_TEXT = 200  # bytes of one text in an index; an entry of PostgreSQL's holds some 2,700
HEAD = 60  # characters of a word that are indexed


def key_of(type_: str, id_: str, attempt: int = 0) -> int:
    """63 bits that stand for a type and id. `attempt` counts up where a key is taken by another."""
    name = f"{type_}/{id_}#{attempt}" if attempt else f"{type_}/{id_}"
    digest = blake2b(name.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def plain(text: str) -> str:
    """A text that every database takes: without NUL and lone surrogates."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def fit(text: str) -> str:
    """A text as an index holds it: a long one by its beginning and its hash, equal for equals."""
    if len(text) <= MAX_TEXT and text.isascii() and "\x00" not in text:
        return text
    whole = plain(text)
    raw = whole.encode()
    if len(raw) <= MAX_TEXT:
        return whole
    start = raw[: MAX_TEXT - 70].decode("utf-8", "ignore")
    return f"{start}…{sha256(raw).hexdigest()}"
