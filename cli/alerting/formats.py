"""`vigil alerts --format`: alerts as CAP 1.2 messages, and as Atom feeds of what is current."""

from __future__ import annotations

import asyncio
import functools
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from cli.filters import refuse
from cli.output import encode_line, tell, write_lines, write_object
from cli.settings import Settings, find_bootstrap
from timeline.filters import Filters

if TYPE_CHECKING:
    from subscribers.formats.cap import Message, Profile
    from subscribers.formats.cause_links import Links

SENDER = "vigil@vigil.invalid"
"""Who sends exercises and tests, if nobody else is named: an address that never exists."""
_RESTRICTED = re.compile(r"[\s,<&]")


@dataclass(frozen=True, slots=True)
class Format:
    """What was asked for. Only CAP may go to stdout: without `output`, one document a line."""

    format: Literal["cap", "atom"]
    output: Path | None
    status: Literal["actual", "exercise", "test"]
    sender: str
    restriction: str | None
    web: str | None


_OPTIONS = (
    click.option("--format", type=click.Choice(["cap", "atom"]), help="CAP messages, or Atom feeds of what is open."),
    click.option(
        "--output",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="FOLDER",
        help="With --format: a file for each message, or for each scope.",
    ),
    click.option(
        "--status", type=click.Choice(["actual", "exercise", "test"]), help="Of messages [default: exercise]."
    ),
    click.option("--sender", metavar="NAME", help="Who sends messages, unique in the world; actual ones need it."),
    click.option("--restriction", metavar="TEXT", help="Who may see the messages; without it they are public."),
    click.option("--web", metavar="URL", help="Put before an alert's id, it is the address of the alert's page."),
)


def format_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of formats to a click command, which gets them as `chosen`; None is JSON or a table."""

    @functools.wraps(command)
    def wrapped(**given: Any) -> Any:
        options = {name: given.pop(name) for name in Format.__dataclass_fields__}
        return command(chosen=_choose(**options), **given)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def write_formatted(chosen: Format, settings: Settings, filters: Filters, *, everything: bool, follow: bool) -> None:
    """Write what was asked for to stdout or to files."""
    if chosen.format == "atom":
        if everything or follow:
            raise click.UsageError("--format atom is of what is open now, no --all and no --follow")
        refuse(filters, "feed", "rule", "first", "last", what="the feed of a scope")
    bootstrap = find_bootstrap(settings)
    if follow:
        asyncio.run(_follow(chosen, bootstrap, filters, topic_prefix=settings.topic_prefix, replay=everything))
        return
    messages, links = asyncio.run(_read(chosen, bootstrap, topic_prefix=settings.topic_prefix))
    if chosen.format == "atom" and chosen.output is not None:
        _write_feeds(chosen, chosen.output, [each for each in messages if filters.alert(each.transition)], links)
    elif everything:
        _write_messages(chosen, (each for each in messages if filters.alert(each.transition)), links)
    else:
        _write_messages(chosen, (each for each in _standing(messages) if filters.alert(each.shown)), links)


def write_file(path: Path, content: bytes) -> Path:
    """Write a file so that a reader sees the old content or the new one, and nothing if it is the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_bytes() == content:
        return path
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    return path


def _choose(**given: Any) -> Format | None:
    """Raises: click.UsageError: the options do not fit each other."""
    if given["format"] is None:
        for name, value in given.items():
            if value is not None:
                raise click.UsageError(f"--{name} needs --format")
        return None
    if given["format"] == "atom" and given["output"] is None:
        raise click.UsageError("--format atom needs --output FOLDER")
    given["status"] = given["status"] or "exercise"
    if given["sender"] is None and given["status"] == "actual":
        raise click.UsageError("--status actual needs --sender")
    given["sender"] = SENDER if given["sender"] is None else given["sender"]
    if not given["sender"] or _RESTRICTED.search(given["sender"]):
        raise click.UsageError(f"--sender: expected a name without blanks, commas, < and &, found {given['sender']!r}")
    if given["restriction"] is not None and not given["restriction"].strip():
        raise click.UsageError("--restriction: expected who may see the messages, found nothing")
    if given["web"] is not None and not re.match(r"https?://[^\s<>\"]+$", given["web"]):
        raise click.UsageError(f"--web: expected an address such as https://desk.example/, found {given['web']!r}")
    return Format(**given)


def _profile(chosen: Format) -> Profile:
    from producers.codes.missions import MISSIONS  # noqa: PLC0415 - only where messages are written
    from subscribers.formats.cap import Profile, Status  # noqa: PLC0415

    statuses: dict[str, Status] = {"actual": "Actual", "exercise": "Exercise", "test": "Test"}
    return Profile(
        chosen.sender, statuses[chosen.status], restriction=chosen.restriction, web=chosen.web, hosts=MISSIONS
    )


async def _read(chosen: Format, bootstrap: str, *, topic_prefix: str) -> tuple[list[Message], Links]:
    from subscribers.alerts import read_transitions  # noqa: PLC0415 - its clients take time to load
    from subscribers.formats.cap import cap_messages  # noqa: PLC0415
    from subscribers.formats.cause_links import CauseLinks  # noqa: PLC0415

    transitions = await read_transitions(bootstrap, topic_prefix=topic_prefix)
    # After the alerts: what they rest on stands in the timeline before they are told.
    async with CauseLinks(bootstrap, topic_prefix=topic_prefix) as links:
        return list(cap_messages(transitions, _profile(chosen))), await links.read()


async def _follow(chosen: Format, bootstrap: str, filters: Filters, *, topic_prefix: str, replay: bool) -> None:
    from subscribers.alerts import follow_transitions, read_transitions  # noqa: PLC0415 - its clients take time to load
    from subscribers.formats.cap import Threads  # noqa: PLC0415
    from subscribers.formats.cause_links import CauseLinks  # noqa: PLC0415

    # What a message refers to was told before: everything is read, and what was told until now is not printed.
    earlier = [] if replay else await read_transitions(bootstrap, topic_prefix=topic_prefix)
    before = Counter(encode_line(each) for each in earlier)
    transitions = follow_transitions(
        bootstrap, topic_prefix=topic_prefix, replay=True, on_start=lambda: tell("following; Ctrl-C ends")
    )
    threads = Threads(_profile(chosen))
    async with CauseLinks(bootstrap, topic_prefix=topic_prefix) as links:
        async for transition in transitions:
            message = threads.send(transition)
            line = encode_line(transition)
            if before[line]:
                before[line] -= 1
            elif filters.alert(transition):
                _write_messages(chosen, [message], await links.read())


def _standing(messages: list[Message]) -> list[Message]:
    from subscribers.formats.cap import standing_messages  # noqa: PLC0415

    order = ("first_day", "rule", "scope", "id")
    return sorted(standing_messages(messages), key=lambda each: [each.shown[name] for name in order])


def _write_messages(chosen: Format, messages: Iterable[Message], links: Links) -> None:
    from subscribers.formats.cap_document import cap_document  # noqa: PLC0415

    profile = _profile(chosen)
    if chosen.output is None:
        write_lines(cap_document(each, profile, links) for each in messages)
        return
    for each in messages:
        path = write_file(chosen.output / f"{each.identifier}.xml", cap_document(each, profile, links) + b"\n")
        write_object({"identifier": each.identifier, "file": str(path)})


def _write_feeds(chosen: Format, folder: Path, messages: list[Message], links: Links) -> None:
    from subscribers.formats.atom import atom_feeds, feed_name, message_path  # noqa: PLC0415
    from subscribers.formats.cap_document import cap_document  # noqa: PLC0415

    profile = _profile(chosen)
    for scope, feed in atom_feeds(messages, profile).items():
        path = folder / feed_name(scope)
        # A feed that has readers already goes on, empty; one that never was needs no file to say nothing.
        if feed.messages or path.exists():
            for message in feed.messages:
                write_file(folder / message_path(message), cap_document(message, profile, links) + b"\n")
            # After the messages, so that no link of it leads nowhere.
            write_file(path, feed.document)
            write_object({"scope": scope, "file": str(path), "entries": len(feed.messages)})
