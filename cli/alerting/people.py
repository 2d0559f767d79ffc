"""`vigil alerts acknowledge` and `comment`: what people say of an alert, recorded in the log with who and when."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cli.alerting.person import by_option, name_of, tell_unreadable, text_of
from cli.output import tell, write_object
from cli.settings import Settings, find_bootstrap, with_settings
from schemas.command import Acknowledge, Comment
from schemas.errors import Failed
from subscribers.alert_ids import find_alert

if TYPE_CHECKING:
    from timeline.people import People


class _Found(NamedTuple):
    """An alert as it was told last (where it ended in another, that one), and what people have said."""

    bootstrap: str
    alert: dict[str, Any]
    people: People


@click.command()
@click.argument("alert_id", metavar="ID")
@click.option("--comment", metavar="TEXT", help="What you know, or do about it.")
@by_option
@with_settings
def acknowledge(settings: Settings, *, alert_id: str, comment: str | None, by: str | None) -> None:
    """Say that you have seen an alert and take it on. What is told of it after that is quiet, unless it gets worse.

    It holds for the thread: it goes along when the alert moves or ends in another. The first digits of ID do.

    \b
    Example:
      vigil alerts acknowledge 3f0ff5b2 --by "Awa Traoré" --comment "patrol sent"
    """
    name = name_of(by)
    text = None if comment is None else text_of(comment, "--comment")
    found = _find(settings, alert_id)
    thread = found.alert["thread"]
    if found.alert["transition"] == "cancelled":
        raise Failed(
            f"alert {found.alert['id'][:12]} was cancelled at {found.alert['told'][:16]}Z: {found.alert['reason']}; "
            "nothing is left to acknowledge, but `vigil alerts comment` takes a remark"
        )
    if before := found.people.acknowledgements(thread):
        from timeline.people import said_members  # noqa: PLC0415

        first = said_members(before[0])
        raise Failed(
            f"{first['by']} acknowledged alert {found.alert['id'][:12]} at {first['when'][:16]}Z already; "
            "to add something use `vigil alerts comment`"
        )
    command = Acknowledge(command="acknowledge", id=uuid.uuid4().hex, by=name, thread=thread, comment=text)
    _write(settings, command, found)


@click.command()
@click.argument("alert_id", metavar="ID")
@click.argument("text")
@by_option
@with_settings
def comment(settings: Settings, *, alert_id: str, text: str, by: str | None) -> None:
    """Add a remark to an alert. It goes along as an acknowledgement does. The first digits of ID do.

    Example: vigil alerts comment 3f0ff5b2 "confirmed by the mission" --by "Awa Traoré"
    """
    name, remark = name_of(by), text_of(text, "TEXT")
    found = _find(settings, alert_id)
    command = Comment(command="comment", id=uuid.uuid4().hex, by=name, thread=found.alert["thread"], text=remark)
    _write(settings, command, found)


def acknowledged_by(bootstrap: str, transitions: list[dict[str, Any]], *, topic_prefix: str) -> dict[str, str]:
    """Return who acknowledged an alert, by its id, of those that somebody did."""
    from subscribers.commands import read_commands  # noqa: PLC0415 - its clients take time to load
    from timeline.notices import names  # noqa: PLC0415
    from timeline.people import fold_people  # noqa: PLC0415

    commands = asyncio.run(read_commands(bootstrap, on_unreadable=tell_unreadable, topic_prefix=topic_prefix))
    people = fold_people(commands, transitions)
    threads = {transition["id"]: transition["thread"] for transition in transitions}
    found = {alert: names(people.acknowledgements(thread)) for alert, thread in threads.items()}
    return {alert: ", ".join(who) for alert, who in found.items() if who}


async def said_of(
    bootstrap: str, thread: str, transitions: list[dict[str, Any]], *, topic_prefix: str
) -> dict[str, Any]:
    """Return who acknowledged a thread, and as `people` all that was said of it, first to last."""
    from subscribers.commands import read_commands  # noqa: PLC0415 - its clients take time to load
    from timeline.notices import names  # noqa: PLC0415
    from timeline.people import fold_people, said_members  # noqa: PLC0415

    commands = await read_commands(bootstrap, on_unreadable=tell_unreadable, topic_prefix=topic_prefix)
    people = fold_people(commands, transitions)
    thread = people.goes_on_as(thread)
    return {
        "acknowledged": names(people.acknowledgements(thread)),
        "people": [said_members(taken) for taken in people.said(thread)],
    }


def _find(settings: Settings, digits: str) -> _Found:
    from subscribers.alerts import read_transitions  # noqa: PLC0415 - its clients take time to load
    from subscribers.commands import read_commands  # noqa: PLC0415
    from timeline.people import fold_people  # noqa: PLC0415

    bootstrap, prefix = find_bootstrap(settings), settings.topic_prefix
    transitions = asyncio.run(read_transitions(bootstrap, topic_prefix=prefix))
    alert = find_alert(transitions, digits)
    commands = asyncio.run(read_commands(bootstrap, on_unreadable=tell_unreadable, topic_prefix=prefix))
    people = fold_people(commands, transitions)
    thread = people.goes_on_as(alert["thread"])
    # A superseded record of an heir's own thread comes after the heir's: what stands under the thread is the heir.
    own = [each for each in transitions if each["thread"] == thread and each["survivor"] != thread]
    if own and own[-1]["id"] != alert["id"]:
        tell(f"alert {alert['id'][:12]} goes on as {own[-1]['id'][:12]}")
    return _Found(bootstrap, own[-1] if own else alert, people)


def _write(settings: Settings, command: Acknowledge | Comment, found: _Found) -> None:
    from subscribers.commands import write_command  # noqa: PLC0415 - its clients take time to load
    from timeline.people import said_members  # noqa: PLC0415

    taken = asyncio.run(write_command(found.bootstrap, command, topic_prefix=settings.topic_prefix))
    about = {name: found.alert[name] for name in ("scope", "title")}
    write_object(
        {"id": command.id, "alert": found.alert["id"], "thread": command.thread, **about, **said_members(taken)}
    )
