"""`vigil silences`: what people are not to be told of for a time. A silence hides notifications, never alerts."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from pydantic import TypeAdapter, ValidationError

from cli.alerting.person import by_option, name_of, tell_unreadable, text_of
from cli.filters import Time
from cli.output import encode_line, write_lines, write_object
from cli.settings import Settings, find_bootstrap, with_settings
from schemas.command import EndSilence, ScopeName, Silence
from schemas.countries import COUNTRIES
from schemas.errors import Failed, Misuse
from subscribers.alert_ids import find_silence

if TYPE_CHECKING:
    from timeline.notification import Decided
    from timeline.people import Silencing

_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Until(Time):
    """A time, or a length from now such as `4h`; microseconds since 1970, and never past."""

    name = "time or length"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the time, or refuse what is none, or past."""
        from timeline.times import time_text  # noqa: PLC0415 - only where a time is given

        now = _now()
        length = re.fullmatch(r"(\d{1,5})([mhdw])", value)
        later = None if length is None else now // 1_000_000 + int(length[1]) * _SECONDS[length[2]]
        until = self._time(value, param, ctx) if later is None else later * 1_000_000
        if until <= now:
            self.fail(f"{value} is past, now is {time_text(now)[:16]}Z; give a later time, or a length such as 4h")
        return until

    def _time(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no time such as 2026-11-25T06:00:00Z, and no length such as 45m, 4h, 7d or 2w")


@click.group()
def silences() -> None:
    """Keep people from being told of a scope, a rule, or both, for a time.

    A silence hides notifications, never alerts: `vigil alerts` shows them all, `vigil alerts --suppressed` what each
    silence hid. What is still open when a silence ends is told then.

    \b
    Examples:
      vigil silences add --scope country:MLI --rule deadly-week --until 4h --comment "known, on it" --by Awa
      vigil silences list --table
    """


@silences.command()
@click.option("--scope", metavar="SCOPE", help="Only alerts of this scope, such as country:MLI.")
@click.option("--rule", metavar="ID", help="Only alerts of this rule.")
@click.option("--until", type=Until(), required=True, metavar="TIME|LENGTH", help="2026-11-25T06:00:00Z, or 4h, 7d.")
@click.option("--comment", metavar="WHY", required=True, help="Why; whoever wonders at the quiet reads it.")
@by_option
@with_settings
def add(settings: Settings, *, scope: str | None, rule: str | None, until: int, comment: str, by: str | None) -> None:
    """Begin a silence and print it. `open_now`: how many alerts of it are open, known already or not.

    \b
    Examples:
      vigil silences add --scope country:MLI --rule deadly-week --until 4h --comment "known, on it" --by Awa
      vigil silences add --rule attacks-month --until 2026-12-01T00:00:00Z --comment "loading a release" --by Awa
    """
    if scope is None and rule is None:
        raise Misuse("give --scope, --rule, or both: a silence over everything would hide what nobody thought of")
    name, why = name_of(by), text_of(comment, "--comment")
    _check_scope(scope)
    bootstrap = find_bootstrap(settings)
    _check_rule(bootstrap, settings, rule)
    command = Silence(
        command="silence",
        id=uuid.uuid4().hex,
        by=name,
        scope=scope,
        rule=rule,
        until=datetime.fromtimestamp(until / 1_000_000, UTC),
        comment=why,
    )
    begun = _written(bootstrap, settings, command)
    write_object({**begun.members(), "open_now": _open_now(bootstrap, settings, begun)})


@silences.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Those that are over too.")
@click.option("--table", is_flag=True, help="A table for people.")
@with_settings
def list_silences(settings: Settings, *, everything: bool, table: bool) -> None:
    """Print the silences in force, first to last.

    `hid` is how many transitions each kept quiet; `vigil alerts --suppressed` lists them.

    Example: vigil silences list --table
    """
    from subscribers.notifications import read_notifications  # noqa: PLC0415 - its clients take time to load

    now = _now()
    heard, people = asyncio.run(
        read_notifications(
            find_bootstrap(settings), now=now, on_unreadable=tell_unreadable, topic_prefix=settings.topic_prefix
        )
    )
    chosen = [each for each in people.silences() if everything or each.over > now]
    lines = [encode_line(_listed(each, heard.decisions, now)) for each in chosen]
    if table:
        from cli.alerting.people_tables import silences_table  # noqa: PLC0415

        silences_table(lines)
    else:
        write_lines(lines)


@silences.command()
@click.argument("silence_id", metavar="ID")
@by_option
@with_settings
def end(settings: Settings, *, silence_id: str, by: str | None) -> None:
    """End a silence before its time.

    What it hid and is still open is told then. The first digits of ID do.

    Example: vigil silences end 3f0ff5b2 --by Awa
    """
    from subscribers.commands import read_commands  # noqa: PLC0415 - its clients take time to load
    from timeline.people import fold_people  # noqa: PLC0415
    from timeline.times import time_text  # noqa: PLC0415

    name, bootstrap = name_of(by), find_bootstrap(settings)
    commands = read_commands(bootstrap, on_unreadable=tell_unreadable, topic_prefix=settings.topic_prefix)
    people = fold_people(asyncio.run(commands), ())
    known = {each.silence.id: each for each in people.silences()}
    found = known[find_silence(known, silence_id)]
    if found.over <= _now():
        raise Failed(
            f"silence {found.silence.id[:12]} was over at {time_text(found.over)[:16]}Z; nothing is left to end"
        )
    command = EndSilence(command="end_silence", id=uuid.uuid4().hex, by=name, silence=found.silence.id)
    write_object(_written(bootstrap, settings, command, found).members())


def _check_scope(scope: str | None) -> None:
    try:
        TypeAdapter(ScopeName | None).validate_python(scope)
    except ValidationError as error:
        raise Misuse(
            f"--scope: {scope!r} is no scope such as country:MLI, admin1:ML-8, mission:MINUSMA, actor:jnim or world"
        ) from error
    kind, _, name = (scope or "").partition(":")
    if kind == "country" and name not in COUNTRIES:
        raise Misuse(f"--scope: {name!r} is no ISO 3166-1 alpha-3 code of a country")


def _check_rule(bootstrap: str, settings: Settings, rule: str | None) -> None:
    from cli.ruling.log import rules_in_force  # noqa: PLC0415 - its clients take time to load

    if rule is None:
        return
    rules = rules_in_force(bootstrap, topic_prefix=settings.topic_prefix)
    if rules is None or rule not in rules.by_id:
        raise Failed(f"no rule {rule!r} is in force; see `vigil rules list --table`")


def _written(
    bootstrap: str, settings: Settings, command: Silence | EndSilence, before: Silencing | None = None
) -> Silencing:
    """Write a command and return its silence as it is after that."""
    from subscribers.commands import write_command  # noqa: PLC0415 - its clients take time to load
    from timeline.people import Taken, fold_people  # noqa: PLC0415

    taken = asyncio.run(write_command(bootstrap, command, topic_prefix=settings.topic_prefix))
    begun = [] if before is None else [Taken(before.when, before.silence)]
    return fold_people([*begun, taken], ()).silences()[0]


def _open_now(bootstrap: str, settings: Settings, silence: Silencing) -> int:
    from subscribers.alerts import read_transitions, standing  # noqa: PLC0415 - its clients take time to load

    alerts = standing(asyncio.run(read_transitions(bootstrap, topic_prefix=settings.topic_prefix)))
    return sum(alert["status"] == "open" and silence.covers(alert) for alert in alerts)


def _listed(silence: Silencing, decisions: Sequence[Decided], now: int) -> dict[str, Any]:
    hid = sum(decided.by == silence.silence.id for decided in decisions)
    return {**silence.members(), "state": "in force" if silence.over > now else "over", "hid": hid}


def _now() -> int:
    return time.time_ns() // 1000
