"""The charts of a backtest's report, as SVG that stands in a page without anything from elsewhere."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.backtesting.sheets import MOST_SCOPES, OVERLAP, SCOPES, SUMS, TOLD, WARNINGS, Members, scored, years_sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_INCHES = 9.6
_SIDES = {"new": "#1f5a92", "old": "#8f8f8f"}
_STYLE: dict[Any, Any] = {  # the keys are literals by their type, of which there are hundreds
    "svg.fonttype": "none",
    "svg.hashsalt": "vigil",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
}


class Chart(NamedTuple):
    """A picture, what it shows in a title, how it is read, and the title of the table it belongs to."""

    title: str
    note: str
    beside: str
    svg: str


def charts(found: Members) -> Iterator[Chart]:
    """Yield the charts that this backtest has numbers for."""
    from matplotlib import rc_context  # noqa: PLC0415 - takes time to load, and only a report needs it

    with rc_context(_STYLE):
        for number, (draw, beside, title, note) in enumerate(_chosen(found)):
            yield Chart(title, note, beside, _svg(draw(found), number))


def _chosen(found: Members) -> Iterator[tuple[Callable[[Members], Figure], str, str, str]]:
    if any(rule_set["all"]["alerts"] for rule_set in found["rule_sets"]):
        yield _years, TOLD, "Alerts told by year", "Number of alerts first told in the year; the darker, the more."
        yield (
            _delay,
            TOLD,
            "Delay",
            "Days from the end of an alert's first day until the sources had published all that it takes: median with"
            " 95 % interval (dot and line), 90 % of the alerts (ring), the longest (tick).",
        )
        yield _by_scope, SCOPES, "The busiest scopes", f"At most the {MOST_SCOPES} scopes with the most alerts."
    if found["labels"] is not None and found["labels"]["each"]:
        yield (
            _outcomes,
            WARNINGS,
            f"How well they warn of {found['labels']['name']}",
            "Precision and recall with their 95 % intervals; the precision that alerts would have by chance (tick); the"
            " days from the first warning to the label: median with its 95 % interval, 90 % of those warned of (ring).",
        )
        yield (
            _labels,
            WARNINGS,
            "What happened, and whether any rule warned of it",
            "One mark a label, by its first day.",
        )
    if len(found["rule_sets"]) > 1:
        yield (
            _overlap,
            OVERLAP,
            "Shared and not",
            "Alerts that have a scope and a day in common with one of the other rules, and those that have not.",
        )


def _years(found: Members) -> Figure:
    sheet = years_sheet(found)
    rows = [[int(text or 0) for text in row[1:]] for row in sheet.rows]
    figure, axes = _figure(len(rows))
    # The sums would drown the colours of what they are sums of, so they stay white.
    coloured = [[0] * len(row) if names[0] in SUMS else row for row, names in zip(rows, sheet.rows, strict=True)]
    most = max((value for row in coloured for value in row), default=0) or 1
    axes.pcolormesh(
        [[value or float("nan") for value in row] for row in coloured], cmap="Blues", vmin=0, vmax=most * 1.3
    )
    size = 8 if len(sheet.columns) <= 25 else 6
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            if value:
                colour = "white" if coloured[y][x] > most * 0.75 else "black"
                axes.text(x + 0.5, y + 0.5, str(value), ha="center", va="center", fontsize=size, color=colour)
    axes.set_xticks([x + 0.5 for x in range(len(sheet.columns) - 1)], sheet.columns[1:], fontsize=size)
    _name_rows(axes, [row[0] for row in sheet.rows], at=0.5)
    axes.set_xlabel("year")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def _by_scope(found: Members) -> Figure:
    totals: dict[str, dict[str, int]] = {}
    for rule_set in found["rule_sets"]:
        for count in rule_set["all"]["counts"]:
            own = totals.setdefault(count["scope"], {})
            own[rule_set["set"]] = own.get(rule_set["set"], 0) + count["alerts"]
    scopes = sorted(totals, key=lambda scope: (-max(totals[scope].values()), scope))[:MOST_SCOPES]
    figure, axes = _figure(len(scopes))
    sides = [rule_set["set"] for rule_set in found["rule_sets"]]
    height = 0.8 / len(sides)
    for number, side in enumerate(sides):
        values = [totals[scope].get(side, 0) for scope in scopes]
        places = [y - 0.4 + height * (number + 0.5) for y in range(len(scopes))]
        axes.barh(places, values, height=height * 0.9, color=_SIDES[side], label=side)
    _name_rows(axes, scopes)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("alerts in the period")
    axes.grid(visible=True, axis="x")
    _legend(axes, sides)
    return figure


def _delay(found: Members) -> Figure:
    rules = [(name, rule) for name, rule in scored(found) if rule["alerts"]]
    figure, axes = _figure(len(rules))
    for y, (name, rule) in enumerate(rules):
        spread = rule["delay_days"]
        _spread(axes, spread, y, _colour(name))
        axes.plot([spread["largest"]], [y], "|", color=_colour(name), markersize=9)
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(left=-0.05)
    ticks = [0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000]
    top = max((rule["delay_days"]["largest"] for _, rule in rules), default=0)
    shown = [tick for tick in ticks if tick <= max(3, top * 3)]
    axes.set_xticks(shown, [f"{tick:,}" for tick in shown])
    axes.set_xticks([], minor=True)
    axes.set_xlim(right=max(3, top * 1.5))
    axes.set_xlabel("days")
    axes.grid(visible=True, axis="x")
    _name_rows(axes, [name for name, _ in rules])
    return figure


def _overlap(found: Members) -> Figure:
    rules = list(scored(found))
    figure, axes = _figure(len(rules))
    places = range(len(rules))
    shared = [rule["overlap"]["shared"] for _, rule in rules]
    axes.barh(places, shared, color=[_colour(name) for name, _ in rules], height=0.7)
    only = [rule["overlap"]["only"] for _, rule in rules]
    bars = axes.barh(
        places, only, left=shared, color="white", edgecolor=[_colour(name) for name, _ in rules], height=0.7
    )
    for bar in bars:
        bar.set_hatch("////")
    for y, (left, right) in enumerate(zip(shared, only, strict=True)):
        axes.text(left + right, y, f"  {left} shared, {right} only here", va="center", fontsize=8)
    axes.margins(x=0.3)
    axes.set_xlabel("alerts: filled = shared with the other rules, hatched = only here")
    axes.grid(visible=True, axis="x")
    _name_rows(axes, [name for name, _ in rules])
    return figure


def _outcomes(found: Members) -> Figure:
    rules = [(name, rule) for name, rule in scored(found) if rule["outcome"] is not None]
    figure, panels = _figure(len(rules), columns=3)
    for axes, what in zip(panels[:2], ("precision", "recall"), strict=True):
        for y, (name, rule) in enumerate(rules):
            share, colour = rule["outcome"][what], _colour(name)
            if share["share"] is not None:
                axes.plot(share["interval"], [y, y], color=colour, linewidth=1.5)
                axes.plot([share["share"]], [y], "o", color=colour, markersize=5)
            chance = rule["outcome"]["chance"]
            if what == "precision" and chance is not None:
                axes.plot([chance], [y], "|", color="black", markersize=10, markeredgewidth=1.5)
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
        axes.set_xlabel(f"{what}, %")
    for y, (name, rule) in enumerate(rules):
        _spread(panels[2], rule["outcome"]["lead_days"], y, _colour(name))
    panels[2].set_xlim(0, found["labels"]["horizon_days"] * 1.03)
    panels[2].set_xlabel("lead, days")
    for axes in panels:
        axes.grid(visible=True, axis="x")
        _name_rows(axes, [name for name, _ in rules])
    for axes in panels[1:]:
        axes.tick_params(labelleft=False)
    return figure


def _labels(found: Members) -> Figure:
    labels = found["labels"]["each"]
    counts: dict[str, int] = {}
    for label in labels:
        counts[label["place"]] = counts.get(label["place"], 0) + 1
    places = sorted(counts, key=lambda place: (-counts[place], place))[:MOST_SCOPES]
    figure, axes = _figure(len(places))
    for warned, face in ((True, _SIDES["new"]), (False, "white")):
        found_labels = [
            label for label in labels if label["place"] in places and bool(label["warned_days_before"]["new"]) is warned
        ]
        axes.plot(
            [date.fromisoformat(label["day"]) for label in found_labels],
            [places.index(label["place"]) for label in found_labels],
            "o",
            markersize=5,
            markerfacecolor=face,
            markeredgecolor=_SIDES["new"],
            clip_on=False,
            label=f"{'warned of' if warned else 'not warned of'} ({len(found_labels)})",
        )
    axes.set_xlim(date.fromisoformat(found["period"]["from"]), date.fromisoformat(found["period"]["until"]))
    _name_rows(axes, places)
    axes.set_xlabel("first day")
    axes.grid(visible=True, axis="x")
    _place_legend(axes)
    return figure


def _spread(axes: Axes, spread: Members, y: float, colour: str) -> None:
    if spread["median"] is None:
        return
    if spread["interval"] is not None:
        axes.plot(spread["interval"], [y, y], color=colour, linewidth=1.5)
    axes.plot([spread["median"]], [y], "o", color=colour, markersize=5)
    axes.plot([spread["p90"]], [y], "o", markerfacecolor="none", markeredgecolor=colour, markersize=7)


def _colour(name: str) -> str:
    return _SIDES["old" if name.endswith("(old)") else "new"]


def _figure(rows: int, columns: int = 1) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(_WIDTH_INCHES, 0.9 + 0.28 * max(rows, 2)), layout="constrained")
    return figure, figure.subplots(1, columns)


def _name_rows(axes: Axes, names: list[str], at: float = 0) -> None:
    axes.set_yticks([y + at for y in range(len(names))], names)
    axes.set_ylim(len(names) - 0.5 + at, -0.5 + at)
    axes.tick_params(axis="y", length=0)


def _legend(axes: Axes, sides: list[str]) -> None:
    if len(sides) > 1:
        _place_legend(axes)


def _place_legend(axes: Axes) -> None:
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=8)


def _svg(figure: Figure, number: int) -> str:
    """Return the picture without the names of standards, and with ids that no other picture of the page has."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'\s(?:xmlns(?::\w+)?|version|width|height)="[^"]*"', "", text, count=5)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    return re.sub(r'(\sid="|href="#|url\(#)', rf"\g<1>chart{number}-", text)
