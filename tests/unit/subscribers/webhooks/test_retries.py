"""Pauses double within bounds, wishes are heard within bounds, and only what was taken is passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.webhooks.retries import (
    LONGEST_WISH_SECONDS,
    Outcome,
    Progress,
    after,
    of_revision,
    pause_seconds,
    wait_seconds,
    wish_seconds,
)

SECOND = 1_000_000
NOW = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()) * SECOND
CHANCES = st.floats(0, 1, exclude_max=True)
OUTCOMES = st.builds(
    Outcome,
    status=st.one_of(st.none(), st.sampled_from([200, 204, 299, 300, 302, 400, 404, 409, 429, 500, 503])),
    wish_seconds=st.one_of(st.none(), st.floats(0, 1e9)),
)


def test_pauses_double_from_one_to_two_seconds_up_to_five_minutes() -> None:
    assert [pause_seconds(attempts, 0.0) for attempts in range(1, 10)] == [1, 2, 4, 8, 16, 32, 64, 128, 150]
    assert [pause_seconds(attempts, 1.0) for attempts in range(1, 10)] == [2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert pause_seconds(10_000, 1.0) == 300


@given(st.lists(st.tuples(OUTCOMES, CHANCES), max_size=30))
def test_only_what_was_taken_is_passed_and_every_failure_has_a_next_try(tries: list[tuple[Outcome, float]]) -> None:
    progress, now, in_a_row, first = Progress(), NOW, 0, None
    for number, (outcome, chance) in enumerate(tries):
        before, now = progress, now + SECOND
        progress = after(before, outcome, position=number + 1, now=now, chance=chance)
        assert (progress.last_status, progress.last_try, progress.gone) == (outcome.status, now, False)
        if outcome.taken:
            in_a_row, first = 0, None
            assert (progress.position, progress.delivered) == (number + 1, before.delivered + 1)
            assert progress.next_try is None
        else:
            in_a_row, first = in_a_row + 1, first or now
            assert (progress.position, progress.delivered) == (before.position, before.delivered)
            pause = wait_seconds(progress, now)
            assert progress.next_try is not None and progress.next_try <= now + LONGEST_WISH_SECONDS * SECOND
            assert pause_seconds(in_a_row, chance) - 1e-5 <= pause <= LONGEST_WISH_SECONDS
            assert pause >= min(outcome.wish_seconds or 0, LONGEST_WISH_SECONDS) - 1e-5
        assert (progress.attempts, progress.failing_since) == (in_a_row, first)


def test_gone_is_a_wish_until_the_endpoint_is_enabled_again() -> None:
    gone = after(Progress(position=4, delivered=4, revision=2), Outcome(status=410), position=5, now=NOW, chance=0.5)
    assert (gone.gone, gone.position, gone.next_try, gone.failing_since) == (True, 4, None, NOW)
    assert of_revision(gone, 2) == gone
    again = of_revision(gone, 3)
    assert (again.gone, again.attempts, again.failing_since, again.position) == (False, 0, None, 4)


def test_a_clock_that_was_set_back_keeps_nobody_waiting_longer_than_a_wish_may_be() -> None:
    assert wait_seconds(Progress(next_try=NOW + 10**15), NOW) == LONGEST_WISH_SECONDS
    assert wait_seconds(Progress(next_try=NOW - SECOND), NOW) == 0
    assert wait_seconds(Progress(), NOW) == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None), ("120", 120), (" 7 ", 7), ("0", 0), ("-3", None), ("soon", None), ("", None), ("1.5", None),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60), ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Tue, 24 Nov 2026 14:01:00 +0200", 60), ("Tue, 24 Nov 2026 14:01:00 +99999999999999999999", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert wish_seconds(header, NOW) == seconds


@given(st.integers(0, 10**6))
def test_a_date_says_the_same_as_seconds(seconds: int) -> None:
    date = format_datetime(datetime.fromtimestamp(NOW / SECOND, UTC) + timedelta(seconds=seconds), usegmt=True)
    assert wish_seconds(date, NOW) == wish_seconds(str(seconds), NOW) == seconds


@given(
    st.one_of(st.text(), st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [+-]?\d+", fullmatch=True))
)
def test_whatever_an_endpoint_writes_there_is_no_error_of_ours(header: str) -> None:
    wish = wish_seconds(header, NOW)
    assert wish is None or wish >= 0
