"""A backtest for people at a terminal."""

from __future__ import annotations

from cli.backtesting.sheets import Members, Sheet, facts, sheets, silent, years_sheet
from cli.tables import console, new_table


def print_backtest(found: Members) -> None:
    """Print facts and tables."""
    out = console()
    for name, text in facts(found):
        out.print(f"[bold]{name}[/bold]  {text}", soft_wrap=True)
    if quiet := silent(found):
        out.print(f"[bold]No alert[/bold]  of {', '.join(quiet)}", soft_wrap=True)
    for sheet in (*sheets(found), years_sheet(found)):
        _print(sheet)


def _print(sheet: Sheet) -> None:
    out = console()
    out.print(f"\n[bold]{sheet.title}[/bold]\n{sheet.note}", soft_wrap=True)
    table = new_table(*sheet.columns)
    for column in table.columns[1:]:
        column.justify = "left" if sheet.words else "right"
    for row in sheet.rows:
        table.add_row(*row)
    out.print(table)
