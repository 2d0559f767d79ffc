"""The projection as a process of its own: keeps the read model at the log's end, or ends."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Coroutine

from sqlalchemy import Engine

from eventlog.log_lines import set_up_logging
from eventlog.reading import LogReader
from subscribers.log_lines import tell
from subscribers.read_model.database import migrate, open_database, shown
from subscribers.read_model.following import Follower
from subscribers.read_model.projection import Projection


def run_projection(*, bootstrap: str, topic_prefix: str, database_url: str) -> int:
    """Bring the schema up to date and project until SIGTERM or Ctrl-C; return the exit code.

    Raises:
        Failed: a topic is missing, or the tables are those of another log.
        Transient: the broker or the database does not answer (any more); to be started again.
    """
    set_up_logging("projection", level="info")
    # Rows of a batch live until it is written; looking for garbage among them finds nothing.
    gc.set_threshold(100_000, 50, 100)
    engine = open_database(database_url)
    try:
        migrate(engine)
        asyncio.run(_until_told(_project(engine, bootstrap, topic_prefix)))
    finally:
        engine.dispose()
    return 0


async def _project(engine: Engine, bootstrap: str, topic_prefix: str) -> None:
    projection = Projection(engine, topic_prefix=topic_prefix)
    async with LogReader(bootstrap) as reader:
        follower = Follower(reader, projection, bootstrap, topic_prefix)
        await follower.stand()
        tell("started", database=shown(engine))
        while True:
            await follower.step()


async def _until_told(work: Coroutine[None, None, None]) -> None:
    """Work until a signal; a transaction that has begun is finished."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    working, told = loop.create_task(work), loop.create_task(stop.wait())
    await asyncio.wait((working, told), return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        told.cancel()
        return await working
    tell("stopping")
    working.cancel()
    await asyncio.wait((working,))
    return None
