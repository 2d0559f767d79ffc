"""Tables of what people decided and were told, of the lines that programs get."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from cli.tables import SEVERITY_STYLE, console, days_text, minute, new_table

Members = dict[str, Any]


def silences_table(lines: Iterable[bytes]) -> None:
    """Print silences."""
    table = new_table("scope", "rule", "from", "until", "state", "hid", "by", "why", "id")
    for line in lines:
        each: Members = orjson.loads(line)
        table.add_row(
            each["scope"] or "all",
            each["rule"] or "all",
            minute(each["when"]),
            minute(each["until"]),
            _ended(each) if each["ended"] else each["state"],
            str(each["hid"]),
            each["by"],
            each["comment"],
            each["id"][:12],
        )
    console().print(table)


def suppressed_table(lines: Iterable[bytes]) -> None:
    """Print what was hidden, under what hid it."""
    table = new_table("hidden by", "told", "how", "what", "scope", "severity", "days", "value", "since then", "id")
    for line in lines:
        each: Members = orjson.loads(line)
        first, *more = _hider(each)
        rows = [_hidden_row(hidden) for hidden in each["hid"]] or [("", "", "nothing", "", "", "", "", "", "")]
        table.add_row(first, *rows[0])
        for number, row in enumerate(rows[1:]):
            table.add_row(more[number] if number < len(more) else "", *row)
        for text in more[len(rows) - 1 :]:
            table.add_row(text)
    console().print(table)


def notifications_table(lines: Iterable[bytes]) -> None:
    """Print notifications."""
    table = new_table("told", "severity", "what", "acknowledged", "ids")
    for line in lines:
        each: Members = orjson.loads(line)
        names = dict.fromkeys(name for alert in each["alerts"] for name in alert["acknowledged"])
        table.add_row(
            minute(each["told"]),
            each["severity"] + (" (quiet)" if each["quiet"] else ""),
            each["text"],
            ", ".join(names),
            ", ".join(dict.fromkeys(alert["id"][:12] for alert in each["alerts"][:3])),
            style=None if each["quiet"] else SEVERITY_STYLE.get(each["severity"]),
        )
    console().print(table)


def _ended(silence: Members) -> str:
    return f"ended {minute(silence['ended']['when'])} by {silence['ended']['by']}"


def _hider(each: Members) -> list[str]:
    """What hid it, in short lines."""
    if each["by"] == "silence":
        silence = each["silence"]
        about = " ".join(text for text in (silence["scope"], silence["rule"]) if text)
        until = silence["ended"]["when"] if silence["ended"] else silence["until"]
        return [
            f"silence {silence['id'][:12]}",
            f"  {about}",
            f"  until {minute(until)}",
            f"  {silence['by']}: {silence['comment']}",
        ]
    alert = each["alert"]
    return [f"alert {alert['id'][:12]}", f"  {alert['title']}", f"  {days_text(alert)}"]


def _since(hidden: Members) -> str:
    """What became of a transition that was hidden."""
    if hidden["released"]:
        return f"told {minute(hidden['released'])}"
    return "" if hidden["held"] is None else f"{hidden['held']['reason']} by {hidden['held']['by'][:12]}"


def _hidden_row(hidden: Members) -> tuple[str, ...]:
    return (
        minute(hidden["told"]),
        hidden["transition"],
        hidden["title"],
        hidden["scope"],
        hidden["severity"],
        days_text(hidden),
        str(hidden["value"]),
        _since(hidden),
        hidden["id"][:12],
    )
