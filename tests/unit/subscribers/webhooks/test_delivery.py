"""A delivery with a clock, sleep and endpoint of the test's own: in order, each until it is taken, at least once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.webhooks.delivery import Delivery, World
from subscribers.webhooks.endpoints import Endpoint
from subscribers.webhooks.outbox import Outbox
from subscribers.webhooks.retries import Outcome, Progress, pause_seconds
from tests.unit.subscribers.webhooks.parts import endpoint, message
from tests.unit.timeline.people_parts import second
from timeline.filters import Filters

GOOD = Outcome(status=200)


class Scene:
    """An endpoint that answers as written, then well, and time that passes only in sleeps; it ends when all is sent."""

    def __init__(self, outbox: Outbox, answers: Iterable[Outcome] = (), *, most: int = 10_000) -> None:
        self.outbox, self._answers, self._left = outbox, iter(answers), most
        self.time = second(1000)
        self.slept: list[float] = []
        self.sent: list[str] = []
        self.taken: list[str] = []

    def run(self, to: Endpoint) -> Progress:
        asyncio.run(self._run(to))
        return self.outbox.progress(to.id)

    async def _run(self, to: Endpoint) -> None:
        world = World(post=self._post, now=lambda: self.time, sleep=self._sleep, chance=lambda: 0.5)
        delivery = Delivery(to, self.outbox, world)
        task = asyncio.create_task(delivery.run())
        self.idle = 0
        while not task.done() and self.idle < 20:
            self.idle += 1
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _post(self, to: Endpoint, name: str, body: bytes) -> Outcome:
        self.idle = 0
        if not self._left:
            await asyncio.Event().wait()  # the process ends before an answer comes
        self._left -= 1
        outcome = next(self._answers, GOOD)
        self.sent.append(name)
        if outcome.taken:
            self.taken.append(name)
        return outcome

    async def _sleep(self, seconds: float) -> None:
        self.idle = 0
        if seconds:
            self.slept.append(seconds)
        self.time += int(seconds * 1_000_000)
        await asyncio.sleep(0)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with contextlib.closing(Outbox.open(tmp_path)) as opened:
        yield opened


def ids(numbers: Iterable[int], **members: Any) -> list[str]:
    return [message(number, **members).id for number in numbers]


def test_each_message_is_tried_until_it_is_taken_and_none_overtakes_it(outbox: Outbox) -> None:
    outbox.append(message(number) for number in range(4))
    answers = [GOOD, Outcome(status=500), Outcome(error="refused"), Outcome(status=302), GOOD, Outcome(status=400)]
    scene, to = Scene(outbox, answers), endpoint()
    progress = scene.run(to)
    assert scene.sent == ids([0, 1, 1, 1, 1, 2, 2, 3])
    assert scene.taken == ids(range(4))
    assert scene.slept == pytest.approx([pause_seconds(1, 0.5), pause_seconds(2, 0.5), pause_seconds(3, 0.5), 1.5])
    assert (progress.position, progress.delivered, progress.attempts, progress.failing_since) == (4, 4, 0, None)


def test_a_wish_for_a_longer_pause_is_heard_up_to_an_hour(outbox: Outbox) -> None:
    outbox.append([message(0)])
    answers = [Outcome(status=429, wish_seconds=100), Outcome(status=503, wish_seconds=10**6)]
    scene = Scene(outbox, answers)
    scene.run(endpoint())
    assert scene.slept == pytest.approx([100, 3600])


def test_nothing_is_sent_to_what_is_gone_until_it_is_enabled_again(outbox: Outbox) -> None:
    outbox.append(message(number) for number in range(3))
    to = endpoint()
    scene = Scene(outbox, [GOOD, Outcome(status=410)])
    assert scene.run(to).gone
    assert Scene(outbox).run(to).gone
    again = Scene(outbox)
    progress = again.run(to.model_copy(update={"revision": 1}))
    assert (scene.sent, again.sent) == (ids([0, 1]), ids([1, 2]))
    assert (progress.gone, progress.delivered) == (False, 3)


def test_only_what_is_asked_for_is_sent_and_what_was_told_before(outbox: Outbox) -> None:
    outbox.append(message(number, decision=how, at=number) for number, how in enumerate(DECISIONS))
    outbox.append([message(9, scope="country:TCD", at=9)])

    def sent(**members: Any) -> list[int]:
        found, numbers = Scene(outbox), {message(n, decision=how, at=n).id: n for n, how in enumerate(DECISIONS)}
        found.run(endpoint(**members))
        numbers[message(9, scope="country:TCD", at=9).id] = 9
        return [numbers[name] for name in found.taken]

    assert sent() == [0, 5, 9]
    assert sent(late=True) == [0, 1, 2, 5, 9]
    assert sent(silenced=True) == [0, 3, 5, 9]
    assert sent(all_transitions=True) == [0, 1, 2, 3, 4, 5, 9]
    assert sent(since=second(5)) == [5, 9]
    assert sent(filters=Filters(country=("TCD",))) == [9]
    assert sent(filters=Filters(rule=("another",)), all_transitions=True) == []


DECISIONS = ("notified", "late", "history", "silenced", "inhibited", "notified")


def test_what_is_not_sent_is_passed_so_that_it_is_looked_at_once(outbox: Outbox) -> None:
    outbox.append(message(number, decision="late") for number in range(1200))
    assert Scene(outbox).run(endpoint()).position == 1200


def test_it_wakes_when_there_is_more(outbox: Outbox) -> None:
    scene, to = Scene(outbox), endpoint()

    async def more() -> None:
        delivery = Delivery(to, outbox, World(scene._post, lambda: scene.time, scene._sleep, lambda: 0.0))
        task = asyncio.create_task(delivery.run())
        for number in range(3):
            outbox.append([message(number)])
            delivery.wake()
            async with asyncio.timeout(5):
                while len(scene.taken) <= number:
                    await asyncio.sleep(0)
        task.cancel()

    asyncio.run(more())
    assert scene.taken == ids(range(3))


@given(
    st.integers(0, 12),
    st.lists(st.sampled_from([GOOD, GOOD, Outcome(status=500), Outcome(error="cut")]), max_size=20),
    st.lists(st.integers(0, 5), max_size=8),
)
def test_restarted_anywhere_there_is_no_gap_and_repeats_are_of_the_last_one(
    tmp_path_factory: pytest.TempPathFactory, number: int, answers: list[Outcome], lives: list[int]
) -> None:
    """Each life ends with a message on its way, which the endpoint takes, and of which we never hear."""
    with contextlib.closing(Outbox.open(tmp_path_factory.mktemp("outbox"))) as outbox:
        outbox.append(message(each) for each in range(number))
        to, said = endpoint(), iter(answers)
        received: list[str] = []
        for most in lives:
            scene = Scene(outbox, said, most=most)
            before = scene.run(to)
            received += scene.taken
            heads = outbox.heads(before.position, limit=1)
            if heads:
                received.append(outbox.message(heads[0].position)[0])
        last = Scene(outbox, said)
        progress = last.run(to)
        received += last.taken
    expected = ids(range(number))
    assert list(dict.fromkeys(received)) == expected
    places = [expected.index(name) for name in received]
    assert places == sorted(places)
    assert progress.position == number
