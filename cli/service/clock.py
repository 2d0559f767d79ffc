"""What moves the clock of a service: the option of `vigil up` and of `vigil worker roller`."""

from __future__ import annotations

from typing import Literal, get_args

import click

Clock = Literal["live", "log"]

clock_option = click.option(
    "--clock",
    type=click.Choice(get_args(Clock)),
    default="live",
    show_default=True,
    help="live: an hourly tick moves the clock on; log: only what is published does.",
)
