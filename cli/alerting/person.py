"""Who gives a command that is recorded with a name, what people say with it, and what stands there that is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from cli.output import tell
from cli.settings import Person
from schemas.command import Person as Name
from schemas.command import Text
from schemas.errors import Misuse


def by_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--by` to a click command, which gets it as `by`."""
    return click.option("--by", metavar="NAME", help="Who you are [default: the variable VIGIL_USER].")(command)


def name_of(by: str | None) -> str:
    """Return the name that `--by` gives, else the settings. Raises: Misuse when neither says one."""
    name = (by if by is not None else Person().user or "").strip()
    if not name:
        raise Misuse("say who you are, since this is recorded with a name: --by NAME, or the variable VIGIL_USER")
    try:
        return TypeAdapter(Name).validate_python(name)
    except ValidationError as error:
        raise Misuse(
            f"--by (VIGIL_USER): expected a name in one line of at most 100 letters, found {name!r}"
        ) from error


def text_of(text: str, what: str) -> str:
    """Return what a person wrote. Raises: Misuse when it is nothing, or too long."""
    try:
        return TypeAdapter(Text).validate_python(text.strip())
    except ValidationError as error:
        raise Misuse(f"{what}: expected 1 to 4000 letters, found {len(text.strip())}") from error


def tell_unreadable(place: str) -> None:
    """Tell of a record of the commands topic that is no command."""
    tell(f"what stands at {place} is no command, and counts for nothing")
