"""`vigil topics`: the topics of the topic table on a cluster."""

from __future__ import annotations

import click

from cli.output import write_object
from cli.settings import Settings, find_bootstrap, with_settings
from schemas.errors import Failed
from schemas.topics import TOPICS


@click.group()
def topics() -> None:
    """Create and check the topics, and print the contract of what they hold.

    `vigil up` creates and checks them by itself.

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


@topics.command()
@with_settings
def contract(settings: Settings) -> None:
    """Print what stands on each topic, who reads it and who writes it: an AsyncAPI 3.0 document, as JSON.

    With the topic prefix and the address of your settings; no broker is needed.

    Example: vigil topics contract > vigil.asyncapi.json
    """
    from schemas.async_api import BOOTSTRAP, async_api  # noqa: PLC0415 - it loads every model

    try:
        bootstrap, *_ = find_bootstrap(settings).split(",")
    except Failed:
        # None is named and none runs: where one would listen by default is as good as anything.
        bootstrap = BOOTSTRAP
    write_object(async_api(prefix=settings.topic_prefix, bootstrap=bootstrap))
