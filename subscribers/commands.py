"""The commands topic: what people decided, by whom, and when the log took it."""

from __future__ import annotations

from dataclasses import dataclass, field

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


@dataclass(slots=True)
class Decisions:
    """What people decided about alerts, in the order of the log; `unreadable` are the places of what is no command."""

    taken: list[Taken] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def add(self, records: list[Record]) -> list[Taken]:
        """Take in records and return the decisions among them, in the order of their times."""
        decisions = []
        for record in sorted(records, key=lambda record: (record.timestamp_ms, record.partition, record.offset)):
            command = decode_command(record)
            if command is None:
                self.unreadable.append(f"{record.topic}:{record.partition}:{record.offset}")
            elif not isinstance(command, Replay):
                decisions.append(Taken(record.timestamp_ms * 1000, command))
        self.taken += decisions
        return decisions


async def read_commands(bootstrap: str, *, topic_prefix: str = "") -> Decisions:
    """Return every decision up to the topic's present end."""
    found = Decisions()
    found.add([record async for batch in read_to_end(bootstrap, topic_prefix + COMMANDS) for record in batch])
    return found


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
            for taken in Decisions().add(batch):
                if taken.command.id == command.id:
                    return taken
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
