"""What the demo shows: samples going in, aggregates and alerts coming out, for people."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from cli.answers import windows_answer
from cli.publishing.samples import publish_samples
from cli.service.progress import read_progress
from cli.settings import Settings
from cli.stopping import Stop
from cli.tables import aggregates_table, console, number_text
from eventlog.reading import LogReader, end_offsets
from eventlog.record import Record
from schemas.errors import Transient
from schemas.topics import AGGREGATES, ALERTS, TIMELINE
from subscribers.aggregates import Aggregate, at_the_clock, read_aggregates, take_in
from subscribers.alerts import decode_transition, read_transitions, standing
from subscribers.timeline import read_assertions
from timeline.filters import Filters
from timeline.replay import fold

LINES_AT_ONCE = 6
OCTOBER = "2021-10-31"
COUNTRIES = 6
LATEST_ALERTS = 12
_GRAVE = ("extreme", "severe")
_STYLES = {"extreme": "bold red", "severe": "red", "moderate": "yellow"}


def show_samples(bootstrap: str, folder: Path, *, stop: Stop, topic_prefix: str) -> None:
    """Publish the samples and show what they lead to until all of it is told, or the stop is asked for.

    Raises:
        Failed, Transient: a sample cannot be read, or the broker does not answer.
    """
    asyncio.run(_Show(bootstrap, folder, stop, topic_prefix).run())


def show_ways_on(bootstrap: str, url: str | None, settings: Settings) -> None:
    """Say how to go on from here."""
    where = f" --dir {settings.dir}" if settings.dir != Path(".vigil") else ""
    # As it was called: the folder of the virtual environment need not be on the path.
    command = sys.argv[0] if Path(sys.argv[0]).name == "vigil" else "vigil"
    ways = (
        ("alerts --follow", "alerts as they come"),
        ("alerts --country MLI --table", "those that stand"),
        ("aggregates country:MLI --at 2021-10-31 --table", "the windows of any day"),
        ("timeline --country MLI --type coup --table", "the events themselves"),
        ("status", "which role runs, and what is left to read"),
    )
    width = max(len(arguments) for arguments, _ in ways)
    lines = [f"  {command} {arguments:{width}}{where}   {what}" for arguments, what in ways]
    topics = ", ".join(settings.topic_prefix + topic for topic in (ALERTS, AGGREGATES, TIMELINE))
    console().print(
        f"\nThe service goes on at {bootstrap}; its data is in {settings.dir}. In another terminal:\n",
        *lines,
        f"\nHTTP answers at {url}, and streams what comes (docs/http.md):\n",
        f"  curl '{url}/alerts?country=MLI'",
        f"  curl -N {url}/stream/alerts",
        "\nSubscribe with any Kafka client, isolation.level=read_committed (docs/subscribe.md has an example):",
        f"  {topics}",
        "\nCtrl-C stops everything.",
        sep="\n",
        soft_wrap=True,
    )


class _Show:
    def __init__(self, bootstrap: str, folder: Path, stop: Stop, topic_prefix: str) -> None:
        self._bootstrap, self._folder, self._stop, self._prefix = bootstrap, folder, stop, topic_prefix
        self._out: Console = console()
        self._newest: dict[str, Aggregate] = {}
        self._said = ""

    async def run(self) -> None:
        before = await self._timeline_length()
        async with LogReader(self._bootstrap) as reader:
            await reader.assign([self._prefix + ALERTS, self._prefix + AGGREGATES], from_end=True)
            sending = asyncio.create_task(
                asyncio.to_thread(
                    publish_samples, self._bootstrap, self._folder, stop=self._stop, topic_prefix=self._prefix
                )
            )
            while not self._stop.asked:
                batches = await reader.poll(timeout_seconds=0.5)
                self._show(batches)
                if not batches and sending.done() and await self._all_told():
                    break
        if self._stop.asked:
            return
        summary = await sending
        news = await self._timeline_length() - before
        self._out.print(
            f"{summary.read} rows read, {summary.published} events published, {summary.dead_lettered} dead letters; "
            f"{news} assertions were news to the log, all others it knew already"
        )
        await self._show_result()

    def _show(self, batches: list[list[Record]]) -> None:
        records = list(itertools.chain.from_iterable(batches))
        alerts = [decode_transition(each) for each in records if each.topic.endswith(ALERTS) and each.value is not None]
        aggregates = [record for record in records if record.topic.endswith(AGGREGATES)]
        for alert in _gravest_first(alerts)[:LINES_AT_ONCE]:
            self._out.print(_alert_line(alert), style=_STYLES.get(alert["severity"]), soft_wrap=True)
        if len(alerts) > LINES_AT_ONCE:
            self._out.print(f"  … and {len(alerts) - LINES_AT_ONCE} more alerts", style="dim")
        if aggregates:
            take_in(self._newest, aggregates)
        if "world" in self._newest and (line := self._world_line()) != self._said:
            self._said = line
            self._out.print(line, style="dim", soft_wrap=True)

    def _world_line(self) -> str:
        world = self._newest["world"]
        month = world["windows"]["30d"]
        numbers = ", ".join(
            f"{name} {number_text(month[name])}" for name in ("attacks", "killed", "coups") if name in month
        )
        return f"  the clock is at {world['clock'][:10]}; the world in the 30 days before: {numbers or 'nothing'}"

    async def _all_told(self) -> bool:
        try:
            progress = await asyncio.to_thread(read_progress, self._bootstrap, topic_prefix=self._prefix)
        except Transient:
            return False
        return all(role.members and not role.lag for role in progress.values())

    async def _timeline_length(self) -> int:
        return sum((await end_offsets(self._bootstrap, self._prefix + TIMELINE)).values())

    async def _show_result(self) -> None:
        rollup = fold(await read_assertions(self._bootstrap, topic_prefix=self._prefix))
        self._out.print(f"\nMali at the end of October 2021, counted from the timeline for {OCTOBER}\n")
        aggregates_table(windows_answer(rollup, Filters(scope=("country:MLI",)), window=None, at=OCTOBER))
        newest = await read_aggregates(self._bootstrap, topic_prefix=self._prefix)
        self._out.print("\nThe year before the clock: the world, and the countries with the most people killed\n")
        aggregates_table(_encoded(_deadliest(list(at_the_clock(newest)))))
        stand = standing(await read_transitions(self._bootstrap, topic_prefix=self._prefix))
        is_open = sum(alert["status"] == "open" for alert in stand)
        self._out.print(f"\n{len(stand)} alerts stand, {is_open} of them open; the latest of the grave ones\n")
        grave = [alert for alert in stand if alert["severity"] in _GRAVE]
        for alert in sorted(grave, key=lambda alert: (alert["first_day"], alert["id"]))[-LATEST_ALERTS:]:
            self._out.print(_alert_line(alert), soft_wrap=True)


def _gravest_first(alerts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the latest of each rule, the gravest rules first, then all others: however many come at once."""
    in_order = sorted(sorted(alerts, key=_latest, reverse=True), key=_gravity)
    firsts = {alert["rule"]: alert for alert in reversed(in_order)}
    shown = [alert for alert in in_order if alert is firsts[alert["rule"]]]
    return shown + [alert for alert in in_order if alert is not firsts[alert["rule"]]]


def _latest(alert: dict[str, Any]) -> str:
    return str(alert["first_day"])


def _gravity(alert: dict[str, Any]) -> tuple[bool, int]:
    ranks = list(_STYLES)
    rank = ranks.index(alert["severity"]) if alert["severity"] in ranks else len(ranks)
    return alert["transition"] != "raised", rank


def _alert_line(alert: dict[str, Any]) -> str:
    """An alert, or a transition of one, in one short line."""
    value = f" {alert['value']} (threshold {alert['threshold']})" if alert["threshold"] is not None else ""
    late = ", late" if alert["late"] else ""
    how = alert.get("transition", alert["status"])
    return f"{alert['first_day']} {how}: {alert['title']}, {alert['scope']}{value}{late}"


def _deadliest(aggregates: list[Aggregate]) -> list[Aggregate]:
    """The world, then the countries with the most people killed in the year, each with that window alone."""

    def killed(aggregate: Aggregate) -> int:
        number: int = aggregate["windows"]["365d"].get("killed", {}).get("possible", {}).get("best", 0)
        return number

    countries = [each for each in aggregates if each["scope"].startswith("country:") and "@" not in each["scope"]]
    countries.sort(key=killed, reverse=True)
    chosen = [each for each in aggregates if each["scope"] == "world"] + countries[:COUNTRIES]
    return [{**each, "windows": {"365d": each["windows"]["365d"]}} for each in chosen]


def _encoded(members: Iterable[object]) -> list[bytes]:
    return [orjson.dumps(each) for each in members]
