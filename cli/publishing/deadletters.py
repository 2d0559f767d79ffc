"""`vigil deadletters`: what was refused and why, one of them whole, and another try after a fix."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from cli.output import encode_line, tell, write_lines, write_object
from cli.settings import Settings, find_bootstrap, with_settings
from schemas.errors import Failed, Misuse

if TYPE_CHECKING:
    from subscribers.deadletters import Letter

SHORTEST_ID = 4
_feed = click.option("--feed", multiple=True, metavar="NAME", help="Only letters of this feed; may be repeated.")
_reason = click.option("--reason", metavar="TEXT", help="Only letters whose reason or field holds this text.")


@click.group()
def deadletters() -> None:
    """List, show and replay what was refused: rows by producers, records by the ledger.

    \b
    Example:
      vigil deadletters list --feed ucdp-ged --table
      vigil deadletters replay --all --feed ucdp-ged
    """


@deadletters.command(name="list")
@_feed
@_reason
@click.option("--table", is_flag=True, help="A table for people.")
@with_settings
def list_letters(settings: Settings, *, feed: tuple[str, ...], reason: str | None, table: bool) -> None:
    """Print one line a letter, oldest first; the same thing refused several times is one letter.

    `times` says how often it was refused; reason and position are those of the last time. `replayed` is when it was
    sent again with success, or null.

    Example: vigil deadletters list --reason deaths
    """
    bootstrap = find_bootstrap(settings)
    lines = asyncio.run(_listed(bootstrap, settings.topic_prefix, feed, reason))
    if table:
        from cli.tables import letters_table  # noqa: PLC0415

        letters_table(map(encode_line, lines))
    else:
        write_lines(map(encode_line, lines))


@deadletters.command()
@click.argument("letter_id", metavar="ID")
@with_settings
def show(settings: Settings, letter_id: str) -> None:
    """Print one letter whole: its headers, and the bytes that were refused as `text`, or `base64` when they are none.

    The first digits of ID do.

    Example: vigil deadletters show 3f0ff5b2
    """
    _check_id(letter_id)
    found, times = asyncio.run(_last_of(find_bootstrap(settings), settings.topic_prefix, letter_id))
    write_object(
        {
            **_line(found),
            "times": times,
            "key": None if found.key is None else _readable(found.key),
            "context": None if found.context is None else _readable(found.context),
            "headers": {name: _readable(value) for name, value in found.own_headers},
            "value": None if found.value is None else _readable(found.value),
        }
    )


@deadletters.command()
@click.argument("letter_ids", metavar="[ID...]", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All letters that --feed and --reason leave.")
@_feed
@_reason
@with_settings
def replay(
    settings: Settings, letter_ids: tuple[str, ...], *, everything: bool, feed: tuple[str, ...], reason: str | None
) -> None:
    """Try letters again after a fix; print one line for each that was tried, and last how many of each outcome.

    A row goes through the adapter of its feed, a record of the ledger to its topic as it was. What still fails stays a
    dead letter, with the reason of now in the line. What was replayed once is not tried again.

    \b
    Examples:
      vigil deadletters replay 3f0ff5b2
      vigil deadletters replay --all --feed ucdp-ged
    """
    if bool(letter_ids) == everything:
        raise Misuse("give the ids of letters, or --all")
    for letter_id in letter_ids:
        _check_id(letter_id)
    counted = asyncio.run(_replay(settings, letter_ids, feed, reason))
    write_object(counted)


async def _listed(bootstrap: str, prefix: str, feeds: tuple[str, ...], reason: str | None) -> list[dict[str, Any]]:
    from subscribers.deadletters import read_letters, read_replays  # noqa: PLC0415 - its clients take time to load

    replays = await read_replays(bootstrap, topic_prefix=prefix)
    lines: dict[str, dict[str, Any]] = {}
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    # Only what is printed is kept of each letter, not its bytes.
    async for letter in read_letters(bootstrap, topic_prefix=prefix):
        times = lines[letter.id]["times"] + 1 if letter.id in lines else 1
        if times == 1 or letter.taken_ms >= last[letter.id]:
            replayed = replays.get(letter.id)
            lines[letter.id] = {**_line(letter), "replayed": None if replayed is None else _time(replayed)}
            last[letter.id] = letter.taken_ms
        lines[letter.id]["times"] = times
        first[letter.id] = min(first.get(letter.id, letter.taken_ms), letter.taken_ms)
    chosen = [line for line in lines.values() if _passes(line, feeds, reason)]
    return sorted(chosen, key=lambda line: (first[line["id"]], line["id"]))


async def _last_of(bootstrap: str, prefix: str, letter_id: str) -> tuple[Letter, int]:
    from subscribers.deadletters import read_letters  # noqa: PLC0415 - its clients take time to load

    found: dict[str, Letter] = {}
    times = 0
    async for letter in read_letters(bootstrap, topic_prefix=prefix):
        if letter.id.startswith(letter_id):
            times += 1
            if letter.id not in found or letter.taken_ms >= found[letter.id].taken_ms:
                found[letter.id] = letter
    if not found:
        raise Failed(f"no dead letter {letter_id}; see `vigil deadletters list`")
    if len(found) > 1:
        raise Failed(f"{letter_id} are the first digits of {len(found)} letters: {', '.join(sorted(found)[:5])}")
    return next(iter(found.values())), times


async def _replay(
    settings: Settings, letter_ids: tuple[str, ...], feeds: tuple[str, ...], reason: str | None
) -> dict[str, int]:
    from cli.publishing.redelivery import Redelivery  # noqa: PLC0415 - its clients take time to load
    from eventlog.topics import check_topics  # noqa: PLC0415
    from eventlog.writing import Writer  # noqa: PLC0415
    from subscribers.deadletters import read_letters, read_replays  # noqa: PLC0415

    bootstrap, prefix = find_bootstrap(settings), settings.topic_prefix
    check_topics(bootstrap, prefix=prefix)
    replayed = set(await read_replays(bootstrap, topic_prefix=prefix))
    counted = {"already": 0, "failed": 0, "published": 0, "skipped": 0}
    missing, already = set(letter_ids), set()

    async def chosen() -> AsyncIterator[Letter]:
        async for letter in read_letters(bootstrap, topic_prefix=prefix):
            asked = [letter_id for letter_id in letter_ids if letter.id.startswith(letter_id)]
            missing.difference_update(asked)
            if (asked or not letter_ids) and _passes(_line(letter), feeds, reason):
                if letter.id in replayed:
                    already.add(letter.id)
                yield letter

    with Writer(bootstrap) as writer:
        redelivery = Redelivery(writer, prefix, now_ms=lambda: time.time_ns() // 1_000_000)
        async for outcome in redelivery.run(chosen(), replayed=replayed):
            counted[outcome.outcome] += 1
            write_object(outcome._asdict())
    if missing:
        raise Failed(f"no dead letter {', '.join(sorted(missing))}; see `vigil deadletters list`")
    counted["already"] = len(already)
    if counted["failed"]:
        tell(f"{counted['failed']} letters still fail and stay dead letters")
    return counted


def _line(letter: Letter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "origin": letter.origin,
        "feed": letter.feed,
        "reason": letter.reason,
        "field": letter.field,
        "position": letter.position,
        "bytes": letter.length,
        "taken": _time(letter.taken_ms),
    }


def _passes(line: dict[str, Any], feeds: tuple[str, ...], reason: str | None) -> bool:
    text = f"{line['field'] or ''}: {line['reason']}".lower()
    return (not feeds or line["feed"] in feeds) and (reason is None or reason.lower() in text)


def _check_id(letter_id: str) -> None:
    if len(letter_id) < SHORTEST_ID:
        raise Misuse(f"{letter_id!r} is too short; give at least {SHORTEST_ID} digits of the id")


def _readable(content: bytes) -> str | dict[str, str]:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
