"""Records are found in any bytes, in bounded memory."""

from __future__ import annotations

import io
import tracemalloc
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.reading.records import KEPT_OF_OVERSIZE, RECORD_LIMIT, Record, line_records, quoted_records


def starts(line: bytes) -> bool:
    return line[:1].isdigit() and line[1:2] == b","


def quoted(content: bytes) -> list[Record]:
    return list(quoted_records(io.BytesIO(content), starts))


def test_lines_are_numbered_as_in_the_file_and_blank_ones_are_left_out() -> None:
    records = list(line_records(io.BytesIO(b"one\r\n\n  \ntwo\nlast")))
    assert [(record.raw, record.line) for record in records] == [(b"one", 1), (b"two", 4), (b"last", 5)]


def test_a_quoted_record_spans_lines() -> None:
    content = b'1,"a\nb ""c""\n\nd",e\r\n2,x\n'
    assert [(record.raw, record.line) for record in quoted(content)] == [(b'1,"a\nb ""c""\n\nd",e', 1), (b"2,x", 5)]


def test_a_quote_that_is_never_closed_swallows_its_own_line_only() -> None:
    content = b'1,"cut\n2,b\n3,"c\nd"\n4,"cut again\n'
    assert [record.raw for record in quoted(content)] == [b'1,"cut', b"2,b", b'3,"c\nd"', b'4,"cut again']


@pytest.mark.parametrize("size", [RECORD_LIMIT - 1, RECORD_LIMIT])
def test_a_record_up_to_the_limit_is_whole(size: int) -> None:
    text = b"x" * size
    for records in (quoted(text + b"\r\n1,b\n"), list(line_records(io.BytesIO(text + b"\n1,b\n")))):
        assert [(record.raw, record.length, record.sha256) for record in records] == [
            (text, size, None),
            (b"1,b", 3, None),
        ]


@pytest.mark.parametrize("text", [b"x" * (RECORD_LIMIT + 1), b"ab\n" * RECORD_LIMIT], ids=["one line", "many lines"])
def test_of_a_record_over_the_limit_the_beginning_the_length_and_the_digest_are_kept(text: bytes) -> None:
    content = b'1,"' + text + b'"\n2,after\n'
    whole = b'1,"' + text + b'"'
    first, second = quoted(content)
    assert first == Record(whole[:KEPT_OF_OVERSIZE], 1, len(whole), sha256(whole).hexdigest())
    assert (second.raw, second.line) == (b"2,after", content.count(b"\n"))


class Endless:
    """One line of many bytes, made as it is read."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readline(self, limit: int = -1, /) -> bytes:
        size = min(limit, self._left)
        self._left -= size
        return b'"' * size


@pytest.mark.parametrize("size", [64 << 20, (64 << 20) + 1])
def test_memory_does_not_grow_with_the_length_of_a_line(size: int) -> None:
    tracemalloc.start()
    try:
        (record,) = quoted_records(Endless(size), starts)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert record.length == size
    assert peak < 8 << 20


@given(
    st.lists(st.sampled_from([b"1,", b"2,x", b'"', b"\n", b"\r\n", b"a", b"\0", b"\xff"]), max_size=60).map(b"".join)
)
def test_no_byte_is_lost_but_line_ends_and_blank_lines(content: bytes) -> None:
    def dense(text: bytes) -> bytes:
        return b"".join(text.split())

    assert dense(b"".join(record.raw for record in quoted(content))) == dense(content)
    assert dense(b"".join(record.raw for record in line_records(io.BytesIO(content)))) == dense(content)
