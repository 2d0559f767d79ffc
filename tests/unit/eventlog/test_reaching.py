"""Whatever of the log needs a broker says in one line that none answers."""

import asyncio
import gc
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from eventlog import reaching
from eventlog.reaching import reach
from eventlog.reading import LogReader
from eventlog.topics import check_topics, create_topics
from eventlog.writing import Writer
from schemas.errors import Failed


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nothing listens on and nothing else takes."""
    with closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


async def _open_reader(bootstrap: str) -> None:
    async with LogReader(bootstrap):
        pass


@pytest.mark.parametrize(
    "use", [reach, Writer, create_topics, check_topics, lambda bootstrap: asyncio.run(_open_reader(bootstrap))]
)
def test_no_broker_is_one_clear_line(
    closed_port: int, use: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "REACH_SECONDS", 0.0)
    with pytest.raises(Failed, match=rf"no Kafka answers at 127\.0\.0\.1:{closed_port}; start it") as failed:
        use(f"127.0.0.1:{closed_port}")
    assert "\n" not in str(failed.value)


def test_one_of_several_addresses_is_enough(closed_port: int) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        reach(f"127.0.0.1:{closed_port}, 127.0.0.1:{server.getsockname()[1]}")


def test_a_broker_that_is_being_started_is_waited_for() -> None:
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        opener = threading.Timer(0.3, server.listen)
        opener.start()
        reach(f"127.0.0.1:{server.getsockname()[1]}")
        opener.join()


@pytest.mark.parametrize("text", ["", "localhost", "localhost:", ":9092", "localhost:kafka", "a:1,,b:2"])
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(Failed, match="is no list of broker addresses"):
        reach(text)


def test_a_reader_that_is_stopped_while_it_connects_is_closed_without_a_word(closed_port: int) -> None:
    complaints: list[str] = []

    async def stopped() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
        opening = asyncio.create_task(_open_reader(f"127.0.0.1:{closed_port}"))
        await asyncio.sleep(0.05)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        del opening
        gc.collect()

    asyncio.run(stopped())
    assert complaints == []
