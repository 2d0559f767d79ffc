from datetime import UTC, datetime

import pytest

from processors.ticks import tick_time

APPENDED = int(datetime(2021, 4, 3, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000_000


@pytest.mark.parametrize("value", [None, b""])
def test_an_empty_tick_tells_when_it_was_appended(value: bytes | None) -> None:
    assert tick_time(value, APPENDED) == APPENDED * 1000


def test_a_tick_tells_its_time() -> None:
    assert tick_time(b'{"time": "2021-04-02T00:00:00Z"}', APPENDED) == APPENDED * 1000 - DAY


def test_a_tick_of_more_than_a_day_ahead_is_ignored() -> None:
    assert tick_time(b'{"time": "2021-04-04T00:00:00Z"}', APPENDED) == APPENDED * 1000 + DAY
    assert tick_time(b'{"time": "2021-04-04T00:00:00.000001Z"}', APPENDED) is None


@pytest.mark.parametrize("value", [b"{", b"[]", b"{}", b'{"time": 7}', b'{"time": "soon"}', b'{"time": "2021-04-02"}'])
def test_a_tick_that_tells_no_time_is_ignored(value: bytes) -> None:
    assert tick_time(value, APPENDED) is None
