"""An explained alert as text for people: readable at 100 columns, no colour off a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.tables import SEVERITY_STYLE, minute, when
from schemas.alert import ENDED, NO_END

Members = dict[str, Any]
WIDTH = 100
MOST_EVENTS = 40
"""How many events of a list are shown; JSON has all."""
_MOST_LINKS = 3


def print_alert(alert: Members) -> None:
    """Print what `vigil alerts show` says."""
    out = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if not sys.stdout.isatty() or out.width > WIDTH:
        out.width = WIDTH
    for part in _parts(alert):
        out.print(part)


def _parts(alert: Members) -> Iterator[RenderableType]:
    yield _head(alert)
    for note in alert["notes"]:
        yield _indented(Text(note, style="yellow"))
    yield _section("Rule", _rule(alert["rule_in_words"]))
    if alert["numbers"]:
        yield _section(f"Numbers{_against(alert)}", _numbers(alert))
    if "renewals" in alert:
        yield _section(f"Renewals of the mandate that ends on {alert.get('deadline')}", _events(alert["renewals"]))
    yield _section(_causes_title(alert), _events(alert["causes"]))
    for feed, events in alert.get("background", {}).items():
        yield _section(f"Background: {len(events)} events of {feed} in the past it is compared with", _sums(events))
    without = alert["counterfactual"]
    yield _section("Without which it would not hold", Text(without["statement"]), _events(without["events"]))
    yield _section("How it was told", _history(alert))
    if alert.get("people"):
        yield _section("What people said of it", _said(alert["people"]))


def _head(alert: Members) -> RenderableType:
    status = alert["transition"] if alert["transition"] in ENDED else alert["status"]
    style = SEVERITY_STYLE.get(alert["severity"], "") if status == "open" else ""
    number = f"value {alert['value']}, peak {alert['peak']}"
    if alert["threshold"] is not None:
        number += f", threshold {alert['threshold']}"
    if alert.get("p_value") is not None:
        number += f", expected {alert['expected']}, p {alert['p_value']}"
    lines = [
        f"{alert['first_day']} … {_last_day(alert)}   {status}, {alert['severity']}{', late' if alert['late'] else ''}",
        f"{number}   feed {alert['feed']}",
        *([f"about {alert['subject']}"] if alert.get("subject") else []),
        f"known {minute(alert['known'])}   urgency {alert['urgency']}, certainty {alert['certainty']}",
        f"id {alert['id']}" + (f"   thread {alert['thread']}" if alert["thread"] != alert["id"] else ""),
    ]
    title = Text(f"{alert['title']}: {alert['scope']}", style=f"bold {style}".strip())
    return Group(title, *[_indented(Text(line)) for line in lines])


def _last_day(alert: Members) -> str:
    return "no end known" if alert["last_day"] == NO_END else str(alert["last_day"])


def _section(title: str, *parts: RenderableType) -> RenderableType:
    return Group(Text(), Text(title, style="bold"), *map(_indented, parts))


def _indented(part: RenderableType) -> RenderableType:
    return Padding(part, (0, 0, 0, 2), expand=False)


def _rule(rule: Members) -> RenderableType:
    table = _grid()
    rows = [
        ("why", rule["rationale"]),
        *((name, rule[name]) for name in ("watches", "starts", "ends", "feeds")),
        ("rule", f"{rule['id']}, version {rule['version']}, {_in_force(rule)}"),
    ]
    for name, text in rows:
        if text:
            table.add_row(name, Text(text))
    return table


def _in_force(rule: Members) -> str:
    if rule["version_in_force"] == rule["version"]:
        return "in force"
    return "not in force" if rule["version_in_force"] is None else f"now {rule['version_in_force']}"


def _against(alert: Members) -> str:
    bounds = alert["bounds"]
    said = [f"reaches {bounds['reaches']}"] if "reaches" in bounds else []
    said += [f"ends below {bounds['ends_below']}"] if "ends_below" in bounds else []
    said += [f"p at most {bounds['p_value']}"] if "p_value" in bounds else []
    said += [f"by {bounds['feeds']} feeds"] if bounds.get("feeds", 1) > 1 else []
    return f" ({', '.join(said)}; * the rule holds)" if said else " (* the rule holds)"


def _numbers(alert: Members) -> RenderableType:
    rows = alert["numbers"]
    feeds = sorted({feed for row in rows for feed in row["feeds"] if _count(row["feeds"][feed])})
    if not feeds:
        return Text(f"no feed has any, {_span(rows)}")
    weekly = "week" in rows[0]
    table = _table(*[("week" if weekly else "day", "left"), ("", "left"), *[(feed, "right") for feed in feeds]])
    for _, group in groupby(rows, key=lambda row: (row["feeds"], row["holds"])):
        same = list(group)
        table.add_row(
            _span(same),
            "*" if same[0]["holds"] else "",
            *[_number(same[0]["feeds"].get(feed)) for feed in feeds],
        )
    return table


def _span(rows: Sequence[Members]) -> str:
    name = "week" if "week" in rows[0] else "day"
    first, last = rows[0][name], rows[-1][name]
    days = f"  from {rows[0]['first_day']}" if name == "week" else ""
    return f"{first}{days}" if first == last else f"{first} … {last}{days}"


def _count(number: int | Members) -> int:
    count: int = number["number"] if isinstance(number, dict) else number
    return count


def _number(number: int | Members | None) -> str:
    if number is None or isinstance(number, int):
        return str(number or 0)
    if number["expected"] is None:
        return f"{number['number']} (only {number['weeks']} weeks of past)"
    return f"{number['number']} (expected {number['expected']}, p {number['p_value']}, from {number['threshold']})"


def _causes_title(alert: Members) -> str:
    if not alert["stands"]:
        return f"Causes as they were told last, and what has become of them ({alert['causes_total']})"
    events = alert["causes"]
    return f"Causes ({len(events)})"


def _events(events: Sequence[Members]) -> RenderableType:
    if not events:
        return Text("none", style="dim")
    numbered = any("number" in event for event in events)
    now = any("now" in event for event in events)
    columns = [("when", "left"), *([("number", "right")] if numbered else []), ("what", "left"), ("published", "left")]
    table = _table(*columns, *([("now", "left")] if now else []))
    in_order = sorted(events, key=lambda event: (event.get("event_time", {}).get("start", ""), event["id"]))
    for event in in_order[:MOST_EVENTS]:
        table.add_row(
            when(event, before_precision="\n"),
            *([str(event.get("number", ""))] if numbered else []),
            Group(*_what(event)),
            event.get("publish_time", "")[:10],
            *([event["now"]] if now else []),
        )
    if len(events) <= MOST_EVENTS:
        return table
    return Group(table, Text(f"and {len(events) - MOST_EVENTS} more; --format json has all", style="dim"))


def _what(event: Members) -> Iterator[Text]:
    place = event.get("place", {})
    title = event.get("title") or event.get("type", "")
    names = [place.get(name) for name in ("name", "admin1", "country")] if place else [event.get("mission")]
    # Many titles name the place.
    where = ", ".join(dict.fromkeys(name for name in names if name and name not in title))
    yield Text(f"{title} ({where})" if where else title)
    yield Text(f"{event['id']}  content {event['content']}", style="dim")
    links = event.get("links", ())
    for link in links[:_MOST_LINKS]:
        yield Text(f"{link['title']}: {link['url']}" if link["title"] else link["url"], style="dim")
    if len(links) > _MOST_LINKS:
        yield Text(f"and {len(links) - _MOST_LINKS} more links", style="dim")


def _sums(events: Sequence[Members]) -> RenderableType:
    """Say how the past of a surge is made up, month by month: its events are too many to list."""
    months: dict[str, list[int]] = {}
    for event in events:
        months.setdefault(event["event_time"]["start"][:7], []).append(event.get("number", 0))
    text = ", ".join(f"{month}: {sum(numbers)}" for month, numbers in sorted(months.items()))
    return Group(Text(text or "none"), Text("--format json has every event", style="dim"))


def _history(alert: Members) -> RenderableType:
    table = _table(("told", "left"), ("how", "left"), ("days", "left"), ("value, peak", "right"), ("why", "left"))
    for each in alert["transitions"]:
        table.add_row(
            minute(each["told"]),
            each["transition"] + ("" if each["id"] == alert["id"] else f"\n({each['id'][:8]})"),
            f"{each['first_day']}\n{_last_day(each)}",
            f"{each['value']}, {each['peak']}",
            Group(*_reasons(each)),
        )
    return table


def _said(people: Sequence[Members]) -> RenderableType:
    table = _table(("when", "left"), ("who", "left"), ("what", "left"))
    for each in people:
        what = "acknowledged" if each["said"] == "acknowledge" else ""
        table.add_row(minute(each["when"]), each["by"], ": ".join(part for part in (what, each["text"]) if part))
    return table


def _reasons(transition: Members) -> Iterator[Text]:
    yield Text(transition["reason"])
    correction = transition.get("correction")
    if correction:
        title = correction.get("reason") or correction.get("title")
        became = "withdrawn" if correction["state"] == "withdrawn" else "corrected" if correction["corrects"] else None
        # What is new made it fall by being there.
        said = f"{correction['id']} was {became}," if became else f"by {correction['id']},"
        yield Text(f"{said} published {minute(correction['publish_time'])}{f': {title}' if title else ''}")
    if not transition["notify"]:
        yield Text("nobody was notified", style="dim")


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    return table


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name, justify in columns:
        table.add_column(name, justify=justify, overflow="fold", no_wrap=name in _NARROW)  # type: ignore[arg-type]
    return table


_NARROW: Iterable[str] = ("when", "number", "published", "now", "day", "week", "told", "days")
