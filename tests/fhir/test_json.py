"""The hardened JSON intake: what it keeps and refuses, and that its short cuts miss nothing."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_pgx.errors import PgxError, TooDeep, TooLarge, UnreadableJson
from fhir_pgx.fhir.json import read_json, write_json, write_pretty_json


def read(data: bytes | str, **limits: int) -> Any:
    text = data.encode() if isinstance(data, str) else data
    return read_json(text, max_bytes=limits.pop("max_bytes", 1_000_000), **limits)


# A text for keys and values with what could confuse the search: quotation marks, escapes, braces.
_text = st.text(st.sampled_from('ab"\\{}[],:\n\té€😀'), max_size=6)
_documents = st.recursive(
    st.none() | st.booleans() | st.integers() | _text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=25,
)


@st.composite
def spelled(draw: st.DrawFn, value: Any) -> str:
    """The value as JSON text, each character of each string escaped or not, by chance."""
    if isinstance(value, str):
        return '"' + "".join(draw(_spelled_character(c)) for c in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(draw(spelled(item)) for item in value) + "]"
    if isinstance(value, dict):
        members = (f"{draw(spelled(k))}:{draw(spelled(v))}" for k, v in value.items())
        return "{" + " , ".join(members) + "}"
    return json.dumps(value)


def _spelled_character(character: str) -> st.SearchStrategy[str]:
    units = character.encode("utf-16-be")
    escape = "".join(f"\\u{units[i]:02x}{units[i + 1]:02X}" for i in range(0, len(units), 2))
    plain = json.dumps(character, ensure_ascii=False)[1:-1]
    return st.sampled_from([plain, plain, escape])


@st.composite
def with_a_key_twice(draw: st.DrawFn) -> str:
    """A document in which one object has one key twice, perhaps spelled in two ways."""
    key, inner = draw(_text), draw(_documents)
    members = [(key, draw(_documents)), (key, inner)]
    members += list(draw(st.dictionaries(_text.filter(lambda k: k != key), _documents)).items())
    order = draw(st.permutations(members))
    text = ",".join(f"{draw(spelled(k))}:{draw(spelled(v))}" for k, v in order)
    text = "{" + text + "}"
    for _ in range(draw(st.integers(0, 3))):
        beside = draw(spelled(draw(_documents)))
        text = draw(st.sampled_from([f"[{beside},{text}]", f'{{"x":{text},"y":{beside}}}']))
    return text


@settings(max_examples=250, deadline=None)
@given(with_a_key_twice())
def test_no_duplicate_key_passes_however_it_is_spelled(text: str) -> None:
    with pytest.raises(UnreadableJson, match="twice"):
        read(text)


@settings(max_examples=250, deadline=None)
@given(_documents.flatmap(lambda value: st.tuples(st.just(value), spelled(value))))
def test_no_clean_document_is_refused(drawn: tuple[Any, str]) -> None:
    value, text = drawn
    assert read(text) == value


def deepest(value: Any) -> int:
    """The slow and obvious measure: containers around the innermost value."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(deepest, value)) if isinstance(value, list) and value else 0


@settings(max_examples=200, deadline=None)
@given(_documents, st.integers(0, 6), st.booleans())
def test_depth_is_exact_for_small_and_large_documents(value: Any, limit: int, large: bool) -> None:
    text = json.dumps(value) + " " * (40_000 if large else 0)
    if deepest(value) <= limit:
        assert read(text, max_depth=limit) == value
    else:
        with pytest.raises(TooDeep):
            read(text, max_depth=limit)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("7.50", Decimal("7.50")),
        ("0.0", Decimal("0.0")),
        ("1e2", Decimal("1e2")),
        ("0.1000000000000000055511151231257827", Decimal("0.1000000000000000055511151231257827")),
        ("42", 42),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ('"\\ud83d\\ude00"', "😀"),
        ("true", True),
        ("null", None),
        ("[]", []),
    ],
)
def test_values_stay_as_sent(sent: str, kept: Any) -> None:
    found = read(f'{{"value":{sent}}}')["value"]
    assert (found, type(found), str(found)) == (kept, type(kept), str(kept))


def test_a_dose_keeps_its_decimals_through_reading_and_writing() -> None:
    sent = b'{"doseQuantity":{"value":7.50,"unit":"mg"},"score":[1.0,0.25,2]}'
    assert write_json(read(sent)) == sent


@pytest.mark.parametrize(
    "sent",
    ["1e400", "-1.50E+999", "2e-400", "0e5", "0.00", "0.0000001", "1e2", "-0.0", "9" * 40],
)
def test_a_number_of_any_size_is_echoed_as_legal_json_with_the_same_digits(sent: str) -> None:
    echoed = write_json({"value": read(sent)}).decode()
    found = json.loads(echoed, parse_float=Decimal, parse_constant=pytest.fail)["value"]
    assert Decimal(found).as_tuple() == Decimal(sent).as_tuple()


def test_a_utf8_byte_order_mark_is_accepted() -> None:
    assert read(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_pretty_json_says_the_same_and_keeps_decimals() -> None:
    pretty = write_pretty_json({"value": Decimal("7.50"), "codes": ["a"]})
    assert pretty.decode().splitlines()[1] == '  "value": 7.50,'
    assert read(pretty) == {"value": Decimal("7.50"), "codes": ["a"]}


@pytest.mark.parametrize(
    ("sent", "says", "where"),
    [
        (b"", "empty", ""),
        (b" \n ", "empty", ""),
        (b'{"a":1', "ends too early", "line 1, column 7"),
        (b'{"a":1,\n "b":x}', "invalid character", "line 2, column 6"),
        (b'{"a":1}\n{"b":2}', "trailing", "line 2, column 2"),
        (b'{"a":1,}', "trailing comma", "line 1, column 8"),
        (b"[NaN]", "invalid character", "line 1, column 2"),
        (b"[-Infinity]", "invalid character", "line 1, column 3"),
        (b"{'a':1}", "object keys must be strings", "line 1, column 2"),
        (b'{"a":"x\ty"}', "invalid character", "line 1, column 8"),
        (b'["\xe9"]', "not UTF-8", "line 1, column 3"),
        (b'["\xed\xa0\x80"]', "not UTF-8", "line 1, column 3"),
        ('{"a":1}'.encode("utf-16"), "UTF-16", ""),
        ('{"a":1}'.encode("utf-16-le"), "UTF-16", ""),
        ('{"a":1}'.encode("utf-32-be"), "UTF-16 or UTF-32", ""),
        (b'["\\udc00 alone in here"]', "surrogate", "line 1, column 9"),
        (b'["\\ud800 alone in here"]', "surrogate", "line 1, column 9"),
        (b'["\\ud800"]', "surrogate", "line 1, column 3"),
        (b"1e99999", "exponent", ""),
        (b"[1" + b"0" * 5000 + b"]", "digits", ""),
        (b"[0." + b"1" * 5000 + b"]", "digits", ""),
        (b'{"entry":[{"id":"a","code":1,"id":"b"}]}', "twice", "entry[0].id"),
    ],
)
def test_what_is_refused_says_what_and_where(sent: bytes, says: str, where: str) -> None:
    with pytest.raises(UnreadableJson, match=says) as refusal:
        read(sent)
    assert refusal.value.where == where
    assert refusal.value.mend


@pytest.mark.parametrize(
    "sent",
    [
        '{"Jane Roe":1,"Jane Roe":2}',
        '{"name":"Jane Roe","name":"Jane Roe"}',
        '{"name":"Jane Roe" oops}',
        '["Jane Roe',
    ],
)
def test_messages_repeat_no_value_and_no_odd_key(sent: str) -> None:
    with pytest.raises(UnreadableJson) as refusal:
        read(sent)
    assert "Jane" not in f"{refusal.value.text} {refusal.value.where} {refusal.value.mend}"


def test_nesting_past_the_limit_is_refused_and_at_the_limit_read() -> None:
    assert read("[" * 64 + "1" + "]" * 64)
    with pytest.raises(TooDeep):
        read("[" * 65 + "1" + "]" * 65)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_endless_nesting_is_refused_without_a_crash(opening: str) -> None:
    with pytest.raises(PgxError):
        read(opening * 200_000)


def test_brackets_inside_text_do_not_count_as_nesting() -> None:
    assert read('["' + "[{" * 500 + '"]', max_depth=1)


def test_a_document_over_the_size_limit_is_refused_and_at_the_limit_read() -> None:
    assert read("[1]", max_bytes=3) == [1]
    with pytest.raises(TooLarge):
        read("[1]", max_bytes=2)
