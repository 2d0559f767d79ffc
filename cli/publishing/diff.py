"""`vigil diff`: what a newer file of a feed changes, published as a release after an older one; without a broker."""

from __future__ import annotations

import click

from cli.output import encode_line, tell, write_lines
from cli.publishing.publish import FEEDS
from cli.publishing.release_options import COVERS_HELP, COVERS_METAVAR, read_covers


@click.command()
@click.argument("feed", type=click.Choice(FEEDS))
@click.argument("old")
@click.argument("new")
@click.option("--covers", multiple=True, metavar=COVERS_METAVAR, help=COVERS_HELP)
def diff(*, feed: str, old: str, new: str, covers: tuple[str, ...]) -> None:
    """Print what the file NEW of a feed changes after the file OLD, one line an event, by id.

    Each line is {"change": "new", "changed" or "withdrawn", "id": ..., "fields": [what differs]}. What OLD has and NEW
    lacks is withdrawn where NEW, as a release, speaks of it: in the countries of its events, between its first and last
    day. How many events it does not speak of is told on stderr.

    \b
    Example:
      vigil diff ucdp-ged GEDEvent_v23_1.csv GEDEvent_v24_1.csv
    """
    from producers.comparison import Collected, Comparison  # noqa: PLC0415 - --help needs none of it
    from producers.feeds import Files, check_files, read_files  # noqa: PLC0415
    from producers.publish import publish  # noqa: PLC0415

    widening = read_covers(covers)
    check_files(feed, (old, new))
    files = []
    for name in (old, new):
        collected = Collected()
        publish(read_files(feed, Files([name])), collected)
        if collected.dead_letters:
            tell(f"{name}: {collected.dead_letters} bad rows are left out; `vigil publish --dry-run` shows them")
        files.append(collected)
    comparison = Comparison(files[0], files[1], widening)
    write_lines(encode_line(each.members()) for each in comparison.differences())
    if comparison.left:
        tell(f"{comparison.left} events are only in {old}, and {new} does not speak of them: they would stay")
