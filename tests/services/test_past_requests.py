"""Files of past requests: each form that people have, and each fault with its line."""

import gzip
import io
import json

import pytest

from fhir_pgx.errors import PgxError, TooLarge, UnreadableJson, UnreadableText
from fhir_pgx.services.past_requests import read_requests

A, B = {"hook": "order-sign"}, {"hook": "patient-view"}


def read(data, **bounds):
    limits = {"max_bytes": 1_000, "max_depth": 16, **bounds}
    return list(read_requests(io.BytesIO(data), **limits))


def lines(*values):
    return b"\n".join(json.dumps(value).encode() for value in values)


@pytest.mark.parametrize(
    "data",
    [
        lines(A, B),
        lines(A, B) + b"\n",
        lines(A, B).replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + lines(A, B),
        json.dumps([A, B]).encode(),
        b"\n  " + json.dumps([A, B], indent=2).encode(),
        gzip.compress(lines(A, B), mtime=0),
        gzip.compress(json.dumps([A, B]).encode(), mtime=0),
    ],
)
def test_every_form_gives_the_same_requests(data):
    assert [each.document for each in read(data)] == [A, B]


def test_lines_are_counted_as_an_editor_counts_them():
    found = read(b"\n" + lines(A) + b"\n\n{broken\n" + lines(B))
    assert [(each.line, each.fault is None) for each in found] == [(2, True), (4, False), (5, True)]
    assert found[1].document is None


def test_one_request_over_several_lines_is_one():
    assert [(p.line, p.document) for p in read(json.dumps(A, indent=2).encode())] == [(1, A)]


def test_a_broken_first_line_does_not_swallow_the_others():
    found = read(b'{"hook": \n' + lines(A, B))
    assert [(p.line, p.fault is None) for p in found] == [(1, False), (2, True), (3, True)]


def test_a_line_that_is_too_long_is_told_and_passed_over():
    found = read(lines(A) + b"\n" + b"x" * 5_000 + b"\n" + lines(B))
    assert [(p.line, type(p.fault)) for p in found] == [
        (1, type(None)), (2, TooLarge), (3, type(None)),
    ]  # fmt: skip


def test_an_array_that_nests_too_deep_or_is_broken_is_refused():
    with pytest.raises(PgxError):
        read(b"[" + b'{"a":' * 40 + b"1" + b"}" * 40 + b"]")
    with pytest.raises(UnreadableJson):
        read(b"[{]")


def test_broken_gzip_is_refused_as_such():
    with pytest.raises(UnreadableText):
        read(gzip.compress(lines(A, B))[:-12])


@pytest.mark.parametrize("line", [b"\n", b"x\n", b"x" * 5_000 + b"\n"])
def test_lines_that_say_nothing_are_counted_too(line):
    """A gigabyte of empty lines fits into a megabyte."""
    with pytest.raises(TooLarge, match="more than 20 lines"):
        read(gzip.compress(line * 1_000), most_lines=20)


def test_one_line_without_end_is_refused_before_it_was_read_through():
    taken = io.BytesIO(b"x" * 10_000_000)
    with pytest.raises(TooLarge):
        list(read_requests(taken, max_bytes=2_000, max_depth=32, most_of_lines=100_000))
    assert taken.tell() < 400_000


def test_a_small_file_that_unpacks_without_end_is_refused():
    bomb = gzip.compress(lines(*[A] * 10_000))
    with pytest.raises(TooLarge):
        read(bomb, most_of_lines=1_000)
    assert len(read(bomb, most=1_000)) == 10_000  # the command reads them one by one
    with pytest.raises(TooLarge):
        read(gzip.compress(b"[" + b" " * 100_000 + b"]"), most=1_000)


def test_an_empty_file_holds_no_request():
    assert read(b"") == read(b"\n\n") == []
