"""`vigil topics`: the topics of the topic table on a cluster."""

from __future__ import annotations

import click

from cli.output import write_object
from cli.settings import Settings, find_bootstrap, with_settings
from schemas.topics import TOPICS


@click.group()
def topics() -> None:
    """Create and check the topics.

    `vigil up` does both by itself.

    Example: vigil topics create --bootstrap-servers kafka:9092
    """


@topics.command()
@with_settings
def create(settings: Settings) -> None:
    """Create the topics that are missing, and check all.

    Prints the names created: {"created": [...]}.

    Example: vigil topics create
    """
    from eventlog.topics import create_topics  # noqa: PLC0415 - its clients take time to load

    write_object({"created": create_topics(find_bootstrap(settings), prefix=settings.topic_prefix)})


@topics.command()
@with_settings
def check(settings: Settings) -> None:
    """Compare every topic with the topic table; exit 1 with the first difference.

    Example: vigil topics check
    """
    from eventlog.topics import check_topics  # noqa: PLC0415 - its clients take time to load

    check_topics(find_bootstrap(settings), prefix=settings.topic_prefix)
    write_object({"checked": [settings.topic_prefix + topic.name for topic in TOPICS]})
