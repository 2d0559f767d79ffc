"""The options of the settings, alone so that `vigil --help` need not load what validates them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_OPTIONS = (
    click.option("--bootstrap-servers", metavar="HOST:PORT,...", help="A Kafka cluster, not the embedded broker."),
    click.option("--dir", metavar="FOLDER", help="Data folder of the embedded parts [default: .vigil]."),
    click.option(
        "--database-url", metavar="URL", help="Database of the read model [default: read-model.db in the data folder]."
    ),
    click.option("--topic-prefix", metavar="TEXT", help="Stands before all topic and group names [default: none]."),
)


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of all settings to a click command or group; each is None when it was not given."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
