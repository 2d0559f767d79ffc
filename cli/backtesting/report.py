"""The report of a backtest: one HTML file with everything in it, which opens anywhere and asks for nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from cli.backtesting.charts import Chart, charts
from cli.backtesting.sheets import SUMS, Members, Sheet, facts, sheets, silent
from cli.output import replaced

# Said in the page itself: a browser then refuses whatever would come from elsewhere.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_CSS = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .2rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .2rem; }
p.note { color: #555; margin: 0 0 .6rem; max-width: 50rem; font-size: .9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0; }
dt { font-weight: 600; }
dd { margin: 0; }
dl.facts { background: #f5f7fa; padding: .8rem 1rem; border-left: 4px solid #1f5a92; }
div.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid #e4e4e4; vertical-align: bottom; }
table.numbers td, th { white-space: nowrap; }
th:first-child, td:first-child, table.words th, table.words td { text-align: left; }
table.words td { vertical-align: top; }
table.words td:nth-child(2) { white-space: nowrap; }
tr.all td { font-weight: 600; }
svg { width: 100%; height: auto; display: block; }
figure { margin: 0; }
@media print { body { margin: 0; max-width: none; } h2, h3, figure { break-inside: avoid; } }
"""


def write_report(found: Members, path: Path) -> None:
    """Write the report of these numbers; the file is replaced once it is whole."""
    with replaced(path) as out:
        out.write(report(found).encode())


def report(found: Members) -> str:
    """Return the report of these numbers as HTML."""
    period = found["period"]
    names = " against ".join(rule_set["name"] for rule_set in found["rule_sets"])
    title = escape(f"Backtest of {names}, {period['from']} to {period['until']}")
    pictures = list(charts(found))
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            f"<title>{title}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n<h1>{title}</h1>\n",
            *_facts(found),
            *(_section(sheet, pictures) for sheet in sheets(found)),
            *_labels(found),
            *_rules(found),
            "</body>\n</html>\n",
        ]
    )


def _facts(found: Members) -> Iterator[str]:
    yield '<dl class="facts">\n'
    for name, text in facts(found):
        yield f"<dt>{escape(name)}</dt><dd>{escape(text)}.</dd>\n"
    if quiet := silent(found):
        yield f"<dt>No alert</dt><dd>of {escape(', '.join(quiet))}.</dd>\n"
    yield "</dl>\n"


def _section(sheet: Sheet, pictures: Sequence[Chart] = ()) -> str:
    beside = "".join(_chart(chart) for chart in pictures if chart.beside == sheet.title)
    return f"<section>\n<h2>{escape(sheet.title)}</h2>\n{_table(sheet)}{beside}</section>\n"


def _table(sheet: Sheet) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in sheet.columns)
    body = "".join(_row(row) for row in sheet.rows)
    kind = "words" if sheet.words else "numbers"
    return (
        f'<p class="note">{escape(sheet.note)}</p>\n<div class="wide"><table class="{kind}">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n"
    )


def _row(row: tuple[str, ...]) -> str:
    kind = ' class="all"' if row[0] in SUMS else ""
    return f"<tr{kind}>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n"


def _chart(chart: Chart) -> str:
    picture = chart.svg.replace("<svg", f'<svg role="img" aria-label="{escape(chart.title)}"', 1)
    return f'<h3>{escape(chart.title)}</h3>\n<p class="note">{escape(chart.note)}</p>\n<figure>{picture}</figure>\n'


def _labels(found: Members) -> Iterator[str]:
    labels = found["labels"]
    if labels is None:
        return
    several = len(found["rule_sets"]) > 1
    rows = [
        (label["name"], label["day"], label["place"], _warned(label["warned_days_before"], several=several))
        for label in labels["each"]
    ]
    note = "By which rules it was warned of, and how many days before."
    yield _section(Sheet("What happened", note, ("label", "day", "place", "warned by"), rows, words=True))


def _warned(by_side: Members, *, several: bool) -> str:
    texts = [
        f"{rule}{f' ({side})' if several else ''} {days}"
        for side, rules in by_side.items()
        for rule, days in rules.items()
    ]
    return ", ".join(texts) or "–"


def _rules(found: Members) -> Iterator[str]:
    for rule_set in found["rule_sets"]:
        rows = [
            (rule["rule"], rule["kind"], rule["each"], rule["severity"], rule["version"], rule["title"])
            for rule in rule_set["rules"]
        ]
        columns = ("rule", "kind", "each", "severity", "version", "title")
        yield _section(
            Sheet(f"Rules: {rule_set['name']}", f"Version {rule_set['version']}.", columns, rows, words=True)
        )
