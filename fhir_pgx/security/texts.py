"""The texts of a resource, as somebody would read them: escapes undone, attachments unpacked.

So that what is looked for in them (`mentions.py`) is found in whatever way its letters are written.
"""

import base64
import binascii
import html
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

_ESCAPES = ((rb"\n", b" "), (rb"\t", b" "), (rb"\r", b" "), (rb"\b", b" "),
            (rb"\f", b" "), (rb"\"", b" "), (rb"\/", b"/"))  # fmt: skip
_CODE_POINT = re.compile(rb"\\u([0-9a-fA-F]{4})")
_TAG = re.compile(rb"<[^<>]{0,2000}>")
_PERCENT = re.compile(rb"%[0-9a-fA-F]{2}")
# Letters of other scripts that look like Latin ones.
_ALIKE = str.maketrans("АВЕКМНОРСТХУІаеорсхуіΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTXYIaeopcxyiABEZHIKMNOPTYX")
_ENCODED = re.compile(rb'"(?:data|content|valueBase64Binary)"\s*:\s*"')
_SILENT_IMAGES = frozenset(("Patient", "Practitioner", "Person", "RelatedPerson"))
_DEEPEST = 60
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-") | {
    0x204E: "*", 0x2217: "*", 0x2731: "*", 0x22C6: "*", 0x2605: "*"
}  # fmt: skip


def texts_of(body: bytes) -> Iterator[bytes | None]:
    """The texts to hear: the resource itself, and each attachment; None for one that cannot be
    read."""
    yield _plain(body)
    if b"base64," in body:
        yield None  # a picture within the narrative
    if _ENCODED.search(body):
        try:
            resource = json.loads(body)
        except ValueError:
            yield None
            return
        is_person = isinstance(resource, dict) and resource.get("resourceType") in _SILENT_IMAGES
        yield from _attached(resource, 0, is_person=is_person)


def _attached(value: Any, depth: int, *, is_person: bool) -> Iterator[bytes | None]:
    if depth > _DEEPEST:
        yield None
    elif isinstance(value, list):
        for item in value:
            yield from _attached(item, depth + 1, is_person=is_person)
    elif isinstance(value, dict):
        for data in _encoded(value):
            yield from _decoded(data, str(value.get("contentType", "")), depth, is_person=is_person)
        for item in value.values():
            if isinstance(item, dict | list):
                yield from _attached(item, depth + 1, is_person=is_person)


def _encoded(value: Mapping[str, Any]) -> Iterator[str]:
    """What an object holds in base64: an attachment, a Binary of any release, an extension."""
    is_numbers = "origin" in value  # a SampledData
    is_binary = value.get("resourceType") == "Binary"
    for name, is_meant in (
        ("data", not is_numbers), ("content", is_binary), ("valueBase64Binary", True)
    ):  # fmt: skip
        data = value.get(name)
        if is_meant and isinstance(data, str):
            yield data


def _decoded(
    data: str, content_type: str, depth: int, *, is_person: bool
) -> Iterator[bytes | None]:
    if is_person and content_type.lower().startswith("image/"):
        return  # a photograph of somebody's face
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        yield None
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield None
        return
    if any(ord(sign) < 9 for sign in text[:4000]):
        yield None  # a picture, an archive, UTF-16
        return
    written = text.encode()
    if depth < _DEEPEST and text.lstrip()[:1] in ("{", "["):
        yield from texts_of(written)
    else:
        yield _plain(written, is_json=False)


def _plain(body: bytes, *, is_json: bool = True) -> bytes:
    """The text with every way undone in which a letter can be written: escapes of JSON, entities
    and tags of XHTML, percent signs of an address, signs that look like others or like nothing."""
    text = body
    if is_json and b"\\" in text:
        text = text.replace(rb"\\", b"\x00")  # first, or its second half begins another
        if b"\\u" in text:
            text = _CODE_POINT.sub(_sign, text)
        for escape, sign in _ESCAPES:
            text = text.replace(escape, sign)
        text = text.replace(b"\x00", b" ")
    if b"&" in text:
        text = html.unescape(text.decode("utf-8", "replace")).encode("utf-8", "replace")
    if not text.isascii():
        text = _latin(text.decode("utf-8", "replace"))
    also = []
    if b"<" in text:
        also.append(_TAG.sub(b"", text))  # `CYP2<sub>C19</sub>`
    if _PERCENT.search(text):
        also.append(unquote_to_bytes(text))
    return b" ".join((text, *also)) if also else text


def _sign(found: re.Match[bytes]) -> bytes:
    return chr(int(found[1], 16)).encode("utf-8", "replace")


def _latin(text: str) -> bytes:
    """The text in ASCII: compatible forms made plain, letters of other scripts that look alike
    taken for what they look like, signs without width left out."""
    composed = unicodedata.normalize("NFKD", text.translate(_ALIKE))
    kept = "".join(
        sign for sign in composed if unicodedata.category(sign) not in ("Cf", "Mn", "Me")
    )
    return kept.translate(_DASHES).encode("ascii", "replace")
