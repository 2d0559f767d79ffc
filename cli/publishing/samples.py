"""The samples that come with Vigil, published in the order in which they became known."""

from __future__ import annotations

import itertools
from pathlib import Path

from cli.stopping import Stop
from eventlog.writing import Writer
from producers.feeds import FEEDS, Files, read_files
from producers.publish import LogOutlet, Summary, publish
from producers.reading.sources import Source, opened
from producers.recognise import kind_of
from producers.rows import Published, Row
from schemas.errors import Failed

_ENDINGS = (".csv", ".jsonl")


def publish_samples(bootstrap: str, folder: Path, *, stop: Stop, topic_prefix: str) -> Summary:
    """Publish every sample file, or as far as it came when the stop was asked for.

    Whoever reads along sees the clock go from the first event to the last.

    Raises:
        Failed: the folder holds no sample, or one that no feed reads.
    """
    rows: list[Row] = []
    for path in sample_files(folder):
        rows += read_files(feed_of(path), Files([str(path)]))
    rows.sort(key=lambda row: row.event.publish_time.timestamp() if isinstance(row, Published) else float("-inf"))
    with Writer(bootstrap) as writer:
        wanted = itertools.takewhile(lambda _: not stop.asked, rows)
        return publish(wanted, LogOutlet(writer, feed="samples", topic_prefix=topic_prefix))


def sample_files(folder: Path) -> list[Path]:
    """Return the files of the folder that hold events, by name."""
    found = sorted(path for path in folder.rglob("*") if path.name.removesuffix(".gz").endswith(_ENDINGS))
    if not found:
        raise Failed(f"{folder} holds no samples")
    return found


def feed_of(path: Path) -> str:
    """Return the feed of a file, told from its first lines."""
    with opened(str(path)) as stream:
        feed = kind_of(Source(stream, str(path)).look())
    if feed is None or feed not in FEEDS:
        raise Failed(f"{path}: looks like no known feed")
    return feed
