"""Commands: what people decided, as `vigil.commands.v1` keeps it. When they did is when the log took the record.

Rules kept here:
- Each command has an id, or names what it is about so that saying it twice is saying it once (a replay).
- The record's key is the thread that a command is about; of a silence and its end the silence's id; of a replay the
  dead letter's id. So what is said of one thing lies in one partition, in order.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, RootModel, model_validator

from schemas.event import Moment, Strict
from schemas.rule import RuleId

CommandId = Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]
Person = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*\S)?$")]
"""A name as people write it, in one line."""
Text = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"\S")]
ScopeName = Annotated[
    str, Field(max_length=300, pattern=r"^(world(@\S+)?|(region|country|admin1|actor|mission):[^@\x00-\x1f\x7f]+)$")
]
"""A scope as alerts name it; that of a silent feed is `world@<feed>`."""


class _ByAPerson(Strict):
    """What a person said: by whom, under an id of its own."""

    id: CommandId
    by: Person


class Acknowledge(_ByAPerson):
    """Somebody has seen an alert and takes it on; it holds for the thread, and goes along when that ends in another."""

    command: Literal["acknowledge"]
    thread: Annotated[str, Field(min_length=1)]
    comment: Text | None = None


class Comment(_ByAPerson):
    """A remark on a thread."""

    command: Literal["comment"]
    thread: Annotated[str, Field(min_length=1)]
    text: Text


class Silence(_ByAPerson):
    """Alerts of this scope, this rule, or both, are not notified until then, and are told as ever."""

    command: Literal["silence"]
    scope: ScopeName | None = None
    rule: RuleId | None = None
    until: Moment
    comment: Text

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if self.scope is None and self.rule is None:
            raise ValueError(
                "expected scope, rule or both: a silence over everything would hide what nobody thought of"
            )
        return self


class EndSilence(_ByAPerson):
    """A silence ends before its time."""

    command: Literal["end_silence"]
    silence: CommandId


class Replay(Strict):
    """A dead letter was sent again, and has become these events (none: it was left out by choice)."""

    command: Literal["replay"]
    dead_letter: Annotated[str, Field(min_length=1)]
    events: tuple[str, ...]


Decision = Acknowledge | Comment | Silence | EndSilence
"""What a person decided about alerts."""
AnyCommand = Decision | Replay


class Command(RootModel[Annotated[AnyCommand, Field(discriminator="command")]]):
    """The value of a record of the commands topic."""


def command_key(command: AnyCommand) -> str:
    """Return the key of the command's record."""
    match command:
        case Acknowledge() | Comment():
            return command.thread
        case Silence():
            return command.id
        case EndSilence():
            return command.silence
        case Replay():
            return command.dead_letter
