"""`vigil watch`: what a provider adds to a feed, published as it adds it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cli.output import encode_line, tell, write_lines
from cli.publishing.publish import FEEDS
from cli.settings import Credentials, Settings, find_bootstrap, with_settings
from cli.stopping import Stop
from schemas.errors import Failed

if TYPE_CHECKING:
    from producers import providers
    from producers.watching.watch import Send, Told, Watch

TRIES_ONCE = 4
"""With --once: so many looks at most, as trouble that passes may need."""


@click.command()
@click.argument("feed", type=click.Choice(FEEDS))
@click.option("--from", "place", required=True, metavar="URL|FOLDER", help="Where the provider puts what is new.")
@click.option(
    "--every", type=click.FloatRange(min=0.1), metavar="SECONDS", help="How often to look [default: by feed]."
)
@click.option("--once", is_flag=True, help="Look once, publish what is new, and end.")
@with_settings
def watch(settings: Settings, feed: str, place: str, *, every: float | None, once: bool) -> int:
    """Look at a provider again and again and publish only what is new, until Ctrl-C.

    URL is GDELT's lastupdate.txt, ACLED's site (an account by VIGIL_ACLED_USER and VIGIL_ACLED_PASSWORD), a dataset of
    UCDP's API (a token by VIGIL_UCDP_TOKEN), or any file that is replaced; FOLDER is one that files are put into. How
    far it was read is kept in the log, so a new start goes on there. Prints a line for each look that found something.
    A file of un-fatalities is a release, as with `vigil publish`.

    \b
    Examples:
      vigil watch gdelt --from http://data.gdeltproject.org/gdeltv2/lastupdate.txt
      vigil watch acled --from "https://acleddata.com?country=Mali" --every 86400
      vigil watch ucdp-ged --from incoming/ --once
    """
    from eventlog.topics import check_topics  # noqa: PLC0415 - its clients take time to load
    from eventlog.writing import Writer  # noqa: PLC0415
    from producers.providers import provider_of  # noqa: PLC0415
    from producers.watching.positions import read_positions  # noqa: PLC0415
    from producers.watching.watch import Watch  # noqa: PLC0415
    from producers.watching.web import Web  # noqa: PLC0415

    with Stop() as stop:
        watched = provider_of(feed, place, Web(wait=stop.wait), _credentials())
        provider, prefix = watched.provider, settings.topic_prefix
        bootstrap = find_bootstrap(settings)
        check_topics(bootstrap, prefix=prefix)
        positions = {
            position.part: position
            for position in asyncio.run(read_positions(bootstrap, topic_prefix=prefix))
            if (position.feed, position.source) == (feed, provider.source)
        }
        with Writer(bootstrap) as writer:
            watching = Watch(feed, provider, writer, prefix, tell, positions, lambda: stop.asked, _send(settings, feed))
            return _look_on(watching, stop, settings, every_seconds=every or watched.every_seconds, once=once)


def _send(settings: Settings, feed: str) -> Send | None:
    """Return how a file is sent that is a release by itself; None where rows are sent as they are read."""
    from cli.publishing.releasing import publish_release  # noqa: PLC0415 - its clients take time to load
    from producers.recognise import FATALITIES  # noqa: PLC0415
    from producers.spool import Release, Widening  # noqa: PLC0415

    if feed != FATALITIES:
        return None
    known_by_the_file, as_it_is = Release(None, None), Widening()
    return lambda read: publish_release(
        settings, feed, read, release=known_by_the_file, widening=as_it_is, dry_run=False, as_jsonl=False
    )


def _withdraw(settings: Settings, watching: Watch, told: Told) -> Told:
    """Send what releases in the log say of what was just published."""
    from cli.publishing.releasing import settle_log  # noqa: PLC0415 - its clients take time to load

    if not told.summary.published or watching.send is not None:
        return told
    withdrawn = settle_log(settings, watching.feed)
    if withdrawn:
        tell(f"{withdrawn} events were withdrawn because releases in the log no longer contain them")
    return told._replace(summary=replace(told.summary, withdrawn=told.summary.withdrawn + withdrawn))


def _look_on(watching: Watch, stop: Stop, settings: Settings, *, every_seconds: float, once: bool) -> int:
    from producers.watching.watch import pause_seconds  # noqa: PLC0415

    failures = 0
    while not stop.asked:
        told = _withdraw(settings, watching, watching.look())
        if told.deliveries:
            write_lines([encode_line(_line(watching, told))])
        if told.failure is None:
            failures = 0
            tell(f"{watching.feed}: {_age(told.newest)}" + ("" if once else f"; next look in {every_seconds:g} s"))
            if once:
                return 0
            stop.wait(every_seconds)
            continue
        failures += 1
        if once and failures >= TRIES_ONCE:
            raise Failed(f"{told.failure}; given up after {failures} looks, what was published stays")
        pause = pause_seconds(failures, getattr(told.failure, "retry_after_seconds", None))
        tell(f"{watching.feed}: {told.failure}; next look in {pause:g} s")
        stop.wait(pause)
    return 0


def _credentials() -> providers.Credentials:
    from producers.providers import Credentials as Known  # noqa: PLC0415

    said = Credentials()
    values = {name: getattr(said, name) for name in Credentials.model_fields}
    return Known(**{name: value and value.get_secret_value() for name, value in values.items()})


def _line(watching: Watch, told: Told) -> dict[str, object]:
    summary = told.summary
    return {
        "feed": watching.feed,
        "from": watching.provider.source,
        "read": summary.read,
        "published": summary.published,
        "withdrawn": summary.withdrawn,
        "dead_lettered": summary.dead_lettered,
        "newest": told.newest,
    }


def _age(newest: str | None) -> str:
    if newest is None:
        return "nothing published yet"
    from cli.tables import duration_text  # noqa: PLC0415

    age = datetime.now(UTC) - datetime.fromisoformat(newest)
    return f"the newest was made known {newest}, {duration_text(age.total_seconds())} ago"
