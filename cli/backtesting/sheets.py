"""A backtest in words and tables, for the terminal and for the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

Members = dict[str, Any]
MOST_SCOPES = 20
_LEAST_YEARS = 0.5
SUMS = ("all rules", "all rules (new)", "all rules (old)")
"""Names of the rows that hold what all rules of a set did together."""
TOLD, SCOPES, WARNINGS, OVERLAP = "Alerts told", "Alerts by scope", "Warnings", "Overlap"
"""Titles of tables."""


class Sheet(NamedTuple):
    """A table with what its columns mean. The first column holds words; the others numbers, unless all hold words."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    words: bool = False


def facts(found: Members) -> Iterator[tuple[str, str]]:
    """Yield what has to be known to judge the numbers, each under a short name."""
    period = found["period"]
    how = "published" if period["axis"] == "publish" else "taken in by the log"
    yield "Period", f"{period['from']} to {period['until']}, {period['years']:.1f} years"
    for rule_set in found["rule_sets"]:
        name = "Rules" if rule_set["set"] == "new" else "Compared with"
        yield name, f"{rule_set['name']}, {len(rule_set['rules'])} rules, version {rule_set['version']}"
    yield "Known", f"each day counts from what had been {how} before its end, and from nothing else"
    yield "Publish times", _assumed(found["publish_times"])
    labels = found["labels"]
    if labels is not None:
        yield (
            "Labels",
            f"{labels['total']} in the period: {labels['meaning']}, as known now and not as known then. An alert warns"
            f" of a label that begins on one of the {labels['horizon_days']} days after people were notified",
        )


def sheets(found: Members) -> Iterator[Sheet]:
    """Yield the tables."""
    yield _told(found)
    yield _scopes(found)
    if found["labels"] is not None:
        yield _outcomes(found)
    if len(found["rule_sets"]) > 1:
        yield _overlap(found)
        yield _pairs(found)


def years_sheet(found: Members) -> Sheet:
    """Return how many alerts of each rule were told in each year."""
    first, last = int(found["period"]["from"][:4]), int(found["period"]["until"][:4])
    years = range(first, last + 1)
    rows = []
    for name, rule in scored(found):
        by_year = dict.fromkeys(years, 0)
        for count in rule["counts"]:
            by_year[count["year"]] += count["alerts"]
        rows.append((name, *[str(number or "") for number in by_year.values()]))
    return Sheet(
        "Alerts told by year", "By the year in which an alert was first told.", ("rule", *map(str, years)), rows
    )


def scored(found: Members) -> Iterator[tuple[str, Members]]:
    """Yield what each rule that told anything did, and all together, by the name it is shown under."""
    several = len(found["rule_sets"]) > 1
    for rule_set in found["rule_sets"]:
        suffix = f" ({rule_set['set']})" if several else ""
        for rule in rule_set["rules"]:
            if rule["alerts"]:
                yield rule["rule"] + suffix, rule
        yield f"all rules{suffix}", rule_set["all"]


def silent(found: Members) -> list[str]:
    """Return the rules that told nothing."""
    return sorted({rule["rule"] for each in found["rule_sets"] for rule in each["rules"] if not rule["alerts"]})


def percent(share: Members) -> str:
    """Return a share with its interval, such as `29 % (22–36)`; nothing of nothing."""
    if share["share"] is None:
        return "–"
    low, high = share["interval"]
    return f"{share['share']:.0%} ({low * 100:.0f}–{high * 100:.0f})".replace("%", " %")


def middle(spread: Members) -> str:
    """Return a median with its interval, such as `12 (7–20)`."""
    if spread["median"] is None:
        return "–"
    interval = spread["interval"]
    return number(spread["median"]) + (f" ({number(interval[0])}–{number(interval[1])})" if interval else "")


def number(value: float | None) -> str:
    """Return a number with at most one decimal."""
    return "–" if value is None else f"{value:.1f}".removesuffix(".0")


def _assumed(times: Members) -> str:
    if not times["assumed"]:
        return f"said by the feeds for all {times['assertions']:,} assertions"
    feeds = ", ".join(f"{feed['feed']} {feed['share']:.0%}" for feed in times["feeds"] if feed["assumed"])
    share = f"{times['assumed']:,} of {times['assertions']:,} assertions ({times['share']:.1%}; {feeds})"
    lag = times["assumed_lag_days"]
    how = f"here {lag} days after" if lag else "here at"
    return (
        f"assumed for {share.replace('%', ' %')}: these feeds do not say when they published, {how} the end of what"
        " they tell of. The true delays and lead times differ"
    )


def _told(found: Members) -> Sheet:
    rows = [
        (
            name,
            str(rule["alerts"]),
            _rate(rule["alerts"], found["period"]["years"]),
            str(rule["paged"]["count"]),
            str(rule["fates"]["cancelled"]),
            str(rule["fates"]["merged"]),
            middle(rule["delay_days"]),
            number(rule["delay_days"]["p90"]),
            number(rule["delay_days"]["largest"]),
            middle(rule["told_after_days"]),
        )
        for name, rule in scored(found)
    ]
    return Sheet(
        TOLD,
        "Delay: days from the end of the alert's first day until the sources had published all that it takes; median"
        " with 95 % interval, 90 % of the alerts, longest. Told after: days from the first day to that of the telling.",
        ("rule", "alerts", "a year", "notified", "cancelled", "merged", "delay", "90 %", "longest", "told after"),
        rows,
    )


def _scopes(found: Members) -> Sheet:
    years = found["period"]["years"]
    columns = [rule_set["set"] for rule_set in found["rule_sets"]]
    by_scope: dict[str, dict[str, int]] = {}
    for rule_set in found["rule_sets"]:
        for count in rule_set["all"]["counts"]:
            own = by_scope.setdefault(count["scope"], dict.fromkeys(columns, 0))
            own[rule_set["set"]] += count["alerts"]
    busiest = sorted(by_scope, key=lambda scope: (-max(by_scope[scope].values()), scope))[:MOST_SCOPES]
    rows = [
        (
            scope,
            *[text for side in columns for text in (str(by_scope[scope][side]), _rate(by_scope[scope][side], years))],
        )
        for scope in busiest
    ]
    names = [f"{what} ({side})" if len(columns) > 1 else what for side in columns for what in ("alerts", "a year")]
    left = len(by_scope) - len(busiest)
    note = f"The {len(busiest)} with the most alerts; {left} more have some." if left else "All scopes with alerts."
    return Sheet(SCOPES, note, ("scope", *names), rows)


def _rate(alerts: int, years: float) -> str:
    """How many in a year: of a few weeks nobody can say."""
    return number(alerts / years) if years >= _LEAST_YEARS else "–"


def _outcomes(found: Members) -> Sheet:
    rows = []
    for name, rule in scored(found):
        result = rule["outcome"]
        if result is None:
            rows.append((name, *["–"] * 8))
            continue
        rows.append(
            (
                name,
                f"{result['precision']['count']} of {result['precision']['of']}",
                percent(result["precision"]),
                "–" if result["chance"] is None else f"{result['chance']:.0%}".replace("%", " %"),
                f"{result['recall']['count']} of {result['recall']['of']}",
                percent(result["recall"]),
                middle(result["lead_days"]),
                number(result["lead_days"]["p90"]),
                str(result["unjudged"]),
            )
        )
    return Sheet(
        WARNINGS,
        "Precision: of the alerts judged, those that a label followed; by chance: had each been told on any other day"
        " of the period. Recall: of the labels in scopes of the rule's kind, those warned of. Lead: days from the first"
        " warning to the label. Intervals of 95 % take alerts as independent, which those of one crisis are not.",
        ("rule", "right", "precision", "by chance", "warned of", "recall", "lead", "lead, 90 %", "not judged"),
        rows,
    )


def _overlap(found: Members) -> Sheet:
    rows = [
        (name, str(rule["alerts"]), str(rule["overlap"]["shared"]), str(rule["overlap"]["only"]))
        for name, rule in scored(found)
    ]
    return Sheet(
        OVERLAP,
        "Shared: alerts that have a scope and a day in common with an alert of the other rules.",
        ("rule", "alerts", "shared", "only here"),
        rows,
    )


def _pairs(found: Members) -> Sheet:
    rows = [
        (name, *pair)
        for name, rule in scored(found)
        if "rule" in rule
        for pair in ((other, str(count)) for other, count in rule["overlap"]["with_rules"].items())
    ]
    return Sheet(
        "Overlap by rule",
        "How many alerts of the first rule share a scope and a day with one of the second.",
        ("rule", "rule of the other set", "alerts"),
        rows,
        words=True,
    )
