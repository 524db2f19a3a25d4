"""JSON in and out: hardened against what senders and attackers do, and exact about numbers.

Decimals stay as written (`7.50` is Decimal("7.50")). What most parsers let pass is refused here:
a key that stands twice, a lone surrogate, nesting without end. Messages say where, by line and
column or by path; they never quote a value.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec

from fhir_pgx.errors import TooDeep, TooLarge, UnreadableJson

MAX_DEPTH = 64

_BOM = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_MEND = "send JSON as RFC 8259 defines it"
_MEND_ENCODING = "send the document in UTF-8"
# One line a value, indented by its depth: reading the depth off it costs less than a walk. The
# text grows with the depth, so a large document is walked.
_INDENTED_UP_TO = 32_768
_NUMBER_DIGITS = 400  # more is an attack on arithmetic; FHIR asks for 18
_BYTE = re.compile(r" \(byte (\d+)\)")
_LONE_SURROGATE = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
_SAFE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


class _NumberOutOfRange(ValueError):
    """A number with more digits, or a larger exponent, than arithmetic should meet."""


def _decimal(text: str) -> Decimal:
    if len(text) > _NUMBER_DIGITS:
        raise _NumberOutOfRange
    exponent = text.lower().partition("e")[2]
    if len(exponent) > 4:
        raise _NumberOutOfRange
    return Decimal(text)


_decoder = msgspec.json.Decoder(float_hook=_decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def read_json(data: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH) -> Any:
    """Decode a JSON document; numbers with a fraction or exponent become Decimal.

    `max_depth` is the number of arrays and objects that may surround a value. Raises TooLarge,
    TooDeep, or UnreadableJson for an empty body, bytes that are not UTF-8 (a UTF-8 byte order mark
    is accepted), broken syntax, NaN and Infinity, lone surrogates, and a key that stands twice in
    one object. Source: RFC 8259; I-JSON (RFC 7493) for duplicate keys and surrogates.
    """
    if len(data) > max_bytes:
        raise TooLarge(
            f"the document has {len(data)} bytes, more than the {max_bytes} accepted",
            mend="send less at a time",
        )
    if data.startswith(_BOM):
        data = data[len(_BOM) :]
    try:
        value = _decoder.decode(data)
    except RecursionError:
        raise _too_deep(max_depth) from None
    except (ValueError, ArithmeticError) as error:
        raise _refusal(data, error) from None
    if not _is_within(value, data, max_depth):
        raise _too_deep(max_depth)
    _refuse_duplicate_keys(value, data)
    return value


def write_json(value: Any) -> bytes:
    """The value as compact JSON in UTF-8, decimals as numbers in the form they were read in."""
    return _encoder.encode(value)


def write_pretty_json(value: Any) -> bytes:
    """The value as JSON for people: two spaces a level, a line a member."""
    return msgspec.json.format(_encoder.encode(value), indent=2)


def _too_deep(max_depth: int) -> TooDeep:
    return TooDeep(f"the JSON nests more than {max_depth} deep", mend="send a flatter document")


def _is_within(value: Any, data: bytes, max_depth: int) -> bool:
    """Whether no value lies in more than `max_depth` arrays and objects."""
    if len(data) <= _INDENTED_UP_TO:
        # A line break in a string is always escaped: one followed by spaces is structure.
        return b"\n" + b" " * (max_depth + 1) not in msgspec.json.format(data, indent=1)
    level: list[Any] = [[value]]
    for _ in range(max_depth + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if outer.__class__ is dict else outer)
            if inner and (inner.__class__ is dict or inner.__class__ is list)
        ]
        if not level:
            return True
    return False


def _refuse_duplicate_keys(value: Any, data: bytes) -> None:
    """Raise UnreadableJson, with the key's path, where a key stands twice in one object.

    Decoding drops the earlier of two equal keys, and with it at least two quotation marks; writing
    the value again shows their absence. Only the escape \\u0022, written back as a quotation mark
    of its own, could hide it: such a document is searched key by key.
    """
    escaped = b"\\" in data and b"\\u0022" in data  # the first test is the quicker by far
    if not escaped and data.count(b'"') == _encoder.encode(value).count(b'"'):
        return
    path = _find_mark(json.loads(data, object_pairs_hook=_marking, parse_float=str))
    if path is not None:
        raise UnreadableJson(
            f"the key {path} stands twice in one object",
            where=path,
            mend="keep one of the two: readers disagree on which counts",
        )


class _Twice:
    """Stands in the place of an object that has a key twice."""

    def __init__(self, key: str) -> None:
        self.key = key


def _marking(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    keys = sorted(key for key, _ in pairs)
    return _Twice(next(key for key, following in pairwise(keys) if key == following))


def _find_mark(document: Any) -> str | None:
    """The path of the first key that stands twice; None where there is none."""
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, _Twice):
            return _joined(path, value.key)
        if isinstance(value, Mapping):
            waiting.extend((_joined(path, key), inner) for key, inner in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{path}[{i}]", inner) for i, inner in enumerate(value))
    return None


def _joined(path: str, key: str) -> str:
    # A key of another shape may be anything, patient data included: it is not repeated.
    shown = key if _SAFE_KEY.fullmatch(key) else "(unnamed)"
    return f"{path}.{shown}" if path else shown


def _refusal(data: bytes, error: Exception) -> UnreadableJson:
    """Our words for a parser's refusal, with line and column."""
    if not data.strip():
        return UnreadableJson("the document is empty", mend="send a JSON document")
    if data.startswith(_UTF16_MARKS) or b"\0" in data[:4]:
        return UnreadableJson("the document is in UTF-16 or UTF-32", mend=_MEND_ENCODING)
    try:
        data.decode()
    except UnicodeDecodeError as wrong:
        return _placed("the bytes are not UTF-8", data, wrong.start, _MEND_ENCODING)
    if isinstance(error, (_NumberOutOfRange, ArithmeticError, msgspec.ValidationError)):
        return UnreadableJson(
            "a number has too many digits or too large an exponent", mend="send a smaller number"
        )
    text = str(error)
    if "truncated" in text:
        lone = _LONE_SURROGATE.search(data)  # the parser misses its other half, at the end
        if lone:
            return _placed("half of a surrogate pair stands alone", data, lone.start(), _MEND)
        return _placed("the JSON ends too early", data, len(data), "send the whole document")
    found = _BYTE.search(text)
    words = _BYTE.sub("", text).removeprefix("JSON is malformed: ")
    return _placed(f"the JSON is broken: {words}", data, int(found[1]) if found else 0, _MEND)


def _placed(text: str, data: bytes, at: int, mend: str) -> UnreadableJson:
    line = data.count(b"\n", 0, at) + 1
    column = at - (data.rfind(b"\n", 0, at) + 1) + 1
    where = f"line {line}, column {column}"
    return UnreadableJson(f"{text} ({where})", where=where, mend=mend)
