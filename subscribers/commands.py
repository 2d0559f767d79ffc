"""The commands topic: what people decided, by whom, and when the log took it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import orjson
from pydantic import ValidationError

from eventlog.reading import LogReader, read_to_end
from eventlog.record import Header, Record
from eventlog.writing import Writer
from schemas.command import AnyCommand, Command, Decision, Replay, command_key
from schemas.errors import Failed
from schemas.topics import COMMANDS
from timeline.people import Taken

_JSON: Header = ("content-type", b"application/json")


OnUnreadable = Callable[[str], None]
"""Is given the place (topic:partition:offset) of a record that is no command."""


def decisions_of(records: Iterable[Record], on_unreadable: OnUnreadable) -> list[Taken]:
    """Return what people decided about alerts in these records, in the order of their times."""
    decisions = []
    for record in sorted(records, key=lambda record: (record.timestamp_ms, record.partition, record.offset)):
        command = decode_command(record)
        if command is None:
            on_unreadable(f"{record.topic}:{record.partition}:{record.offset}")
        elif not isinstance(command, Replay):
            decisions.append(Taken(record.timestamp_ms * 1000, command))
    return decisions


async def read_commands(bootstrap: str, *, on_unreadable: OnUnreadable, topic_prefix: str = "") -> list[Taken]:
    """Return every decision up to the topic's present end, in the order of their times."""
    batches = read_to_end(bootstrap, topic_prefix + COMMANDS)
    return decisions_of([record async for batch in batches for record in batch], on_unreadable)


async def write_command(bootstrap: str, command: Decision, *, topic_prefix: str = "") -> Taken:
    """Append a command and return it as the log took it.

    Raises:
        Failed, Transient: the broker does not answer, or did not take it; then it may still come to stand in the log.
    """
    topic = topic_prefix + COMMANDS
    async with LogReader(bootstrap) as reader:
        await reader.assign([topic], from_end=True)
        with Writer(bootstrap) as writer:
            key, value, headers = command_record(command)
            writer.send(topic, key=key, value=value, headers=headers)
        async for batch in reader.read_to_end():
            for record in batch:
                if record.key == key and record.value == value:
                    return Taken(record.timestamp_ms * 1000, command)
    raise Failed(f"{topic} at {bootstrap} acknowledged a command that it does not hold")


def command_record(command: AnyCommand) -> tuple[bytes, bytes, list[Header]]:
    """Return key, value and headers of a command's record."""
    said = command.model_dump(mode="json", exclude_none=True)
    return command_key(command).encode(), orjson.dumps(said, option=orjson.OPT_SORT_KEYS), [_JSON]


def decode_command(record: Record) -> AnyCommand | None:
    """Return the command of a record, or None of what is none."""
    try:
        return Command.model_validate_json(record.value or b"").root
    except ValidationError:
        return None
