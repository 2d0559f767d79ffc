"""As of: a thousand random questions, on both axes, against an oracle that has seen nothing but the log's prefix."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

import pytest

from schemas.errors import Failed
from schemas.event import check_event
from tests.oracle.oracle import Oracle, line
from tests.pools import Json
from tests.strategies import draw_case, text
from timeline.as_of import Axis, Taken, end_of_day, known_by, rollup_as_of, states_as_of
from timeline.identity import assertion
from timeline.replay import windows_at_lines
from timeline.states import state_json
from timeline.times import day_number, day_text, microseconds, time_text

QUESTIONS = 1_000
PER_LOG = 10
LAGS_HOURS = (-23, -1, 0, 0, 1, 30, 24 * 9, 24 * 400)


class Log(NamedTuple):
    """What was said and when the log took it, in its order; the same assertion may stand there twice."""

    said: list[Json]
    taken: list[datetime]


def random_log(random: Random) -> Log:
    """A log whose records arrive out of the order in which they were published."""
    said = draw_case(random.choice, most=14).assertions
    said += random.choices(said, k=random.choice((0, 0, 2)))
    arrivals = [datetime.fromisoformat(each["publish_time"]) + _lag(random) for each in said]
    order = sorted(range(len(said)), key=lambda number: arrivals[number])
    return Log([said[number] for number in order], [arrivals[number] for number in order])


def _lag(random: Random) -> timedelta:
    return timedelta(hours=random.choice(LAGS_HOURS), milliseconds=random.randrange(3))


def random_moment(random: Random, log: Log) -> datetime:
    """Exactly when something was published or taken in, a moment beside it, or the end of some day."""
    published = [datetime.fromisoformat(each["publish_time"]) for each in log.said]
    moment = random.choice(published + log.taken) + timedelta(microseconds=random.choice((-1, 0, 0, 1)))
    whole = moment.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(microseconds=1)
    return random.choice((moment, moment, whole))


def random_day(random: Random, log: Log) -> str:
    """A day on which something happened, or one up to two weeks after."""
    starts = [each["event_time"]["start"] for each in log.said if "event_time" in each] or ["2021-04-01T00:00:00Z"]
    day = datetime.fromisoformat(random.choice(starts)) + timedelta(days=random.choice((0, 0, 0, 1, 6, 14)))
    return day.date().isoformat()


def prefix_oracle(log: Log, known: datetime, axis: Axis) -> Oracle:
    """The oracle of what the log had at that time: its beginning, or of the whole what was published by then."""
    if axis == "ingest":
        length = sum(taken <= known for taken in log.taken)
        prefix = log.said[:length]
    else:
        prefix = [each for each in log.said if datetime.fromisoformat(each["publish_time"]) <= known]
    oracle = Oracle(prefix)
    oracle.clock, oracle.today = known, known.date()
    return oracle


def taken_of(log: Log) -> list[Taken]:
    return [
        Taken(assertion(check_event(said)), microseconds(text(taken)))
        for said, taken in zip(log.said, log.taken, strict=True)
    ]


@pytest.mark.parametrize("axis", ["publish", "ingest"])
def test_a_thousand_questions_are_answered_as_the_prefix_of_the_log_answers_them(axis: Axis) -> None:
    answered = empty = changed = 0
    for seed in range(QUESTIONS // PER_LOG):
        random = Random(seed)
        log = random_log(random)
        taken = taken_of(log)
        shuffled = random.sample(taken, len(taken))
        for _ in range(PER_LOG):
            known, day = random_moment(random, log), random_day(random, log)
            moment = microseconds(text(known))
            oracle = prefix_oracle(log, known, axis)
            states = [state_json(state) for state in states_as_of(shuffled, moment, axis).current()]
            assert states == [line(state) for state in oracle.timeline()], (seed, known)
            windows = list(windows_at_lines(rollup_as_of(shuffled, moment, axis), day_number(day)))
            expected = [line(each) for each in oracle.windows(datetime.fromisoformat(day).date())]
            assert windows == expected, (seed, known, day)
            answered += 1
            empty += not states
            changed += states != [line(state) for state in Oracle(log.said).timeline()]
    assert answered == QUESTIONS
    # Most questions are about a log that is neither empty nor complete.
    assert empty < QUESTIONS / 4
    assert changed > QUESTIONS / 4


@pytest.mark.parametrize("axis", ["publish", "ingest"])
def test_what_the_log_takes_later_changes_no_answer(axis: Axis) -> None:
    for seed in range(50):
        log = random_log(Random(f"later {seed}"))
        taken = taken_of(log)
        moment = microseconds(text(random_moment(Random(seed), log)))
        known = list(known_by(taken, moment, axis))
        later = [each for each in taken if each.statement not in known]
        assert list(known_by([*later, *taken], moment, axis)) == known


def _event(number: int, publish_time: str, **more: object) -> Json:
    return {
        "id": f"vigil:{number}",
        "source": "vigil",
        "type": "attack",
        "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-04-02T00:00:00Z", "precision": "day"},
        "publish_time": publish_time,
        **more,
    }


def _taken(said: Json, ingest_time: str | None) -> Taken:
    return Taken(assertion(check_event(said)), None if ingest_time is None else microseconds(ingest_time))


def test_the_clock_stands_at_the_time_that_is_asked_for() -> None:
    taken = [_taken(_event(1, "2021-04-03T12:00:00Z"), "2021-04-03T00:00:00Z")]
    for moment in ("2021-04-03T06:00:00Z", "2021-09-01T00:00:00Z"):
        rollup = rollup_as_of(taken, microseconds(moment), "ingest")
        assert time_text(rollup.clock or 0) == moment
        assert day_text(rollup.clock_day or 0) == moment[:10]


def test_now_everything_is_known_and_the_clock_is_that_of_the_log_or_of_its_ticks() -> None:
    taken = [_taken(_event(1, "2021-04-03T12:00:00Z"), None)]
    assert time_text(rollup_as_of(taken, None, "ingest").clock or 0) == "2021-04-03T12:00:00Z"
    for tick, clock in (("2021-09-01T00:00:00Z",) * 2, ("2020-01-01T00:00:00Z", "2021-04-03T12:00:00Z")):
        rollup = rollup_as_of(taken, None, "publish", clock=microseconds(tick))
        assert time_text(rollup.clock or 0) == clock
    assert len(list(states_as_of(taken, None, "ingest").current())) == 1


def test_an_assertion_is_known_from_the_first_time_that_it_was_taken_in() -> None:
    said = _event(1, "2021-04-02T00:00:00Z")
    taken = [_taken(said, "2022-01-01T00:00:00Z"), _taken(said, "2021-06-01T00:00:00Z")]
    [state] = states_as_of(taken, microseconds("2021-07-01T00:00:00Z"), "ingest").current()
    assert state["revision"] == 1


def test_the_ingest_axis_needs_ingest_times_and_the_publish_axis_does_not() -> None:
    taken = [_taken(_event(1, "2021-04-02T00:00:00Z"), None)]
    moment = end_of_day(day_number("2021-04-02"))
    assert len(list(known_by(taken, moment, "publish"))) == 1
    with pytest.raises(Failed, match="lines carry no ingest time"):
        list(known_by(taken, moment, "ingest"))


def test_a_day_holds_what_is_before_the_next() -> None:
    assert time_text(end_of_day(day_number("2021-04-02"))) == "2021-04-02T23:59:59.999999Z"
    taken = [_taken(_event(1, "2021-04-03T00:00:00Z"), None)]
    assert not list(known_by(taken, end_of_day(day_number("2021-04-02")), "publish"))
