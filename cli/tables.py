"""Tables for people, of the lines that programs get. No colour off a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from schemas.alert import NO_END
from schemas.rule import Rule

Members = dict[str, Any]
# As wide as what they hold, also on a narrow terminal: a folded row reads worse than one that the terminal wraps.
_WIDE = 400
# "3–5": 3 certain, 5 possible; "+?": of some events the number is not known.
_MEASURES = (
    "events",
    "attacks",
    "killed",
    "civilians_killed",
    "peacekeepers_killed",
    "injured",
    "coups",
    "coup_attempts",
    "resolutions",
)
SEVERITY_STYLE = {"extreme": "bold red", "severe": "red", "moderate": "yellow"}


def console() -> Console:
    """Return where tables go: standard output."""
    return Console(file=sys.stdout, highlight=False, width=_WIDE)


def events_table(lines: Iterable[bytes]) -> None:
    """Print states of events."""
    table = new_table("when", "type", "where", "what", "killed", "injured", "published", "id")
    for line in lines:
        state: Members = orjson.loads(line)
        table.add_row(
            when(state),
            state["type"] + (" (withdrawn)" if state["state"] == "withdrawn" else ""),
            _where(state),
            state.get("title", ""),
            _people(state, "killed"),
            _people(state, "injured"),
            state["publish_time"][:10],
            state["id"],
        )
    console().print(table)


def aggregates_table(lines: Iterable[bytes]) -> None:
    """Print windows, one row a scope and window that holds anything; measures that are 0 everywhere have no column."""
    rows = [row for line in lines for row in _windows(orjson.loads(line))]
    names = [name for name in _MEASURES if any(name in measures for *_, measures in rows)]
    table = new_table("day", "scope", "window", *[name.replace("_", " ") for name in names])
    for day, scope, window, measures in rows:
        table.add_row(day, scope, window, *[number_text(measures.get(name)) for name in names])
    console().print(table)


def alerts_table(lines: Iterable[bytes], acknowledged: Mapping[str, str] | None = None) -> None:
    """Print alerts, or their transitions; `acknowledged` says by alert id who did."""
    columns = ["days", "what", "scope", "status", "value", "peak", "feed", "causes", "known", "id"]
    table = new_table(*columns, *(["acknowledged"] if acknowledged else []))
    for line in lines:
        alert: Members = orjson.loads(line)
        table.add_row(
            days_text(alert),
            alert["title"],
            alert["scope"],
            _status(alert),
            str(alert["value"]),
            str(alert["peak"]),
            alert["feed"],
            str(alert["causes_total"]),
            alert["known"][:10],
            alert["id"][:12],
            *([acknowledged.get(alert["id"], "")] if acknowledged else []),
            style=SEVERITY_STYLE.get(alert["severity"]) if alert["status"] == "open" else None,
        )
    console().print(table)


def days_text(alert: Members) -> str:
    """Return the days of an alert; without the last one while no end is known."""
    return f"{alert['first_day']} …" + ("" if alert["last_day"] == NO_END else f" {alert['last_day']}")


def rules_table(rules: Iterable[tuple[Rule, str]]) -> None:
    """Print rules, each with its condition in words."""
    table = new_table("id", "kind", "scope", "severity", "title", "condition", "version")
    for rule, condition in rules:
        table.add_row(rule.id, rule.kind, rule.scope, rule.severity, rule.title, condition, rule.version)
    console().print(table)


def letters_table(lines: Iterable[bytes]) -> None:
    """Print dead letters."""
    table = new_table("taken", "feed", "reason", "field", "position", "bytes", "times", "replayed", "id")
    for line in lines:
        letter: Members = orjson.loads(line)
        table.add_row(
            minute(letter["taken"]),
            letter["feed"] or "",
            letter["reason"],
            letter["field"] or "",
            _position(letter["position"]),
            str(letter["bytes"]),
            str(letter["times"]),
            minute(letter["replayed"] or ""),
            letter["id"],
        )
    console().print(table)


def feeds_table(lines: Iterable[bytes]) -> None:
    """Print how old watched feeds are."""
    table = new_table("feed", "from", "newest", "age", "checked", "trouble")
    for line in lines:
        feed: Members = orjson.loads(line)
        age = feed["age_seconds"]
        table.add_row(
            feed["feed"],
            feed["from"],
            (feed["newest"] or "")[:16].replace("T", " "),
            "" if age is None else duration_text(age),
            f"{duration_text(feed['checked_seconds'])} ago",
            feed["trouble"] or "",
        )
    console().print(table)


def endpoints_table(lines: Iterable[bytes]) -> None:
    """Print the endpoints of webhooks."""
    table = new_table("name", "state", "behind", "delivered", "last", "failing since", "next try", "url")
    for line in lines:
        endpoint: Members = orjson.loads(line)
        table.add_row(
            endpoint["name"],
            endpoint["state"],
            str(endpoint["behind"]),
            str(endpoint["delivered"]),
            str(endpoint["last_status"] or endpoint["last_error"] or ""),
            *((endpoint[name] or "")[:19].replace("T", " ") for name in ("failing_since", "next_try")),
            endpoint["url"],
        )
    console().print(table)


def minute(time: str) -> str:
    """Return a time as people read it, to the minute."""
    return time[:16].replace("T", " ")


def when(event: Members, *, before_precision: str = " ") -> str:
    """Return when it happened, as exactly as that is known; an unusual precision is named behind it."""
    interval = event.get("event_time")
    if interval is None:
        return ""
    precision: str = interval["precision"]
    lengths = {"instant": 16, "day": 10, "month": 7, "year": 4}
    text = minute(interval["start"])[: lengths.get(precision, 10)]
    return text if precision in lengths else f"{text}{before_precision}({precision})"


def _status(alert: Members) -> str:
    """What was told of it or how it stands, and how grave it is while it is open: a colour is nothing in a pipe."""
    said: str = alert["transition"] if "transition" in alert else alert["status"]
    return said + (f", {alert['severity']}" if alert["status"] == "open" else "") + (" (late)" if alert["late"] else "")


def duration_text(seconds: float) -> str:
    """Return a length of time in its largest unit that makes two or more."""
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0.0):.0f} s"


def number_text(measure: Members | None) -> str:
    """Return a measure as `3`, or `3–5` where more are possible, and `+?` where some numbers are unknown."""
    if measure is None:
        return ""
    certain, possible = measure["certain"], measure["possible"]
    if isinstance(certain, dict):
        certain, possible = certain["best"], possible["best"]
    text = str(certain) if certain == possible else f"{certain}–{possible}"
    return text + ("+?" if measure.get("unknown") else "")


def new_table(*columns: str) -> Table:
    """Return an empty table with these columns, as all of ours look."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _windows(line: Members) -> Iterator[tuple[str, str, str, Members]]:
    if "measures" in line:
        yield line["at"], line["scope"], line["window"], line["measures"]
        return
    day = line.get("at") or line["clock"][:10]
    for window in sorted(line["windows"], key=lambda name: int(name[:-1])):
        if line["windows"][window]:
            yield day, line["scope"], window, line["windows"][window]


def _where(state: Members) -> str:
    place = state.get("place", {})
    parts = [place.get("name"), place.get("admin1"), place.get("country")]
    return ", ".join(part for part in parts if part) or state.get("mission", "")


def _position(position: str | Members) -> str:
    return position if isinstance(position, str) else f"{position['file']}:{position['line']}"


def _people(state: Members, what: str) -> str:
    total = state.get(what, {}).get("total", {})
    return str(total["best"]) if "best" in total else ""
