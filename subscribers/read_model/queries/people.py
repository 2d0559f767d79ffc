"""What people said of alerts, and the silences that they made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, and_, or_, select

from schemas.command import Command, Replay
from subscribers.read_model.keys import key_text
from subscribers.read_model.tables import COMMANDS
from timeline.people import Taken

_C = COMMANDS.c


def said_of(connection: Connection, threads: Iterable[str]) -> list[Taken]:
    """Return what was said of these threads, and every silence and end of one, in the order of their times."""
    keys = sorted({key_text(thread) for thread in threads})
    # What is about no thread lies together in the index of threads.
    silencing = and_(_C.thread.is_(None), _C.command.in_(("silence", "end_silence")))
    asked = select(_C.time, _C.document).where(or_(_C.thread.in_(keys), silencing))
    found = []
    for time, document in connection.execute(asked.order_by(_C.time, _C.log_partition, _C.log_offset)):
        command = Command.model_validate_json(document).root
        if not isinstance(command, Replay):
            found.append(Taken(time, command))
    return found


class Said(NamedTuple):
    """A command as the log took it, and where it stands."""

    taken: Taken
    partition: int
    offset: int


def said_as(connection: Connection, about: str, command_id: str) -> Said | None:
    """Return the first command with this id about a thread, or a silence; None where there is none yet."""
    key = key_text(about)
    asked = select(_C.time, _C.document, _C.log_partition, _C.log_offset).where(
        or_(_C.thread == key, _C.silence == key)
    )
    for time, document, partition, offset in connection.execute(asked.order_by(_C.log_partition, _C.log_offset)):
        command = Command.model_validate_json(document).root
        if not isinstance(command, Replay) and command.id == command_id:
            return Said(Taken(time, command), partition, offset)
    return None
