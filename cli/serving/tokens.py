"""`vigil token`: who may ask the server, when it listens on more than this machine."""

from __future__ import annotations

import datetime
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from cli.filters import Day
from cli.output import encode_line, write_lines, write_object
from cli.settings import Settings, with_settings
from schemas.errors import Misuse

if TYPE_CHECKING:
    from subscribers.tokens import Role, Token

ROLES = ("read", "push", "operate")


@click.group()
def token() -> None:
    """Make, list and revoke the tokens that the server takes.

    A token is shown once, when it is made; only its hash is kept. A change holds within a second, without a restart.

    \b
    Examples:
      vigil token create feeds --role push
      vigil token list --table
    """


@token.command()
@click.argument("name")
@click.option(
    "--role",
    "roles",
    type=click.Choice(ROLES),
    multiple=True,
    required=True,
    help="What it may do; may be repeated. Who may operate may read.",
)
@click.option("--expires", type=Day(), metavar="DAY", help="The last day on which it is good (UTC) [default: never].")
@with_settings
def create(settings: Settings, *, name: str, roles: tuple[str, ...], expires: str | None) -> None:
    """Make a token and print it: the only time that anybody sees it.

    NAME is whose it is; what its owner decides about alerts is recorded under this name.

    \b
    Example:
      vigil token create "Awa Traoré" --role read --role operate --expires 2027-06-30
    """
    from subscribers.tokens import create_token  # noqa: PLC0415 - only where a token is made

    last = None if expires is None else datetime.date.fromisoformat(expires)
    now = time.time_ns() // 1000
    if last is not None and last < datetime.datetime.fromtimestamp(now / 1_000_000, datetime.UTC).date():
        raise Misuse(f"--expires: {expires} is past; the token would never be good")
    chosen = cast("tuple[Role, ...]", roles)
    secret = create_token(_file(settings), name=name, roles=chosen, expires=last, now=now)
    write_object({"name": name, "roles": sorted(set(roles)), "expires": expires, "token": secret})


@token.command(name="list")
@click.option("--table", is_flag=True, help="A table for people.")
@with_settings
def list_tokens(settings: Settings, *, table: bool) -> None:
    """Print the tokens there are: names, roles, and the last characters of each.

    Example: vigil token list --table
    """
    from subscribers.tokens import read_tokens  # noqa: PLC0415 - only where tokens are read

    now = time.time_ns() // 1000
    listed = [_listed(each, now) for each in read_tokens(_file(settings))]
    if table:
        _print(listed)
    else:
        write_lines(map(encode_line, listed))


@token.command()
@click.argument("name")
@with_settings
def revoke(settings: Settings, *, name: str) -> None:
    """Let a token be good no more.

    Example: vigil token revoke feeds
    """
    from subscribers.tokens import revoke_token  # noqa: PLC0415 - only where tokens are changed

    revoke_token(_file(settings), name)
    write_object({"revoked": name})


def _file(settings: Settings) -> Path:
    from subscribers.tokens import FILE_NAME  # noqa: PLC0415 - only where tokens are read

    return settings.dir / FILE_NAME


def _listed(each: Token, now: int) -> dict[str, Any]:
    return {
        "name": each.name,
        "roles": each.roles,
        "created": each.created,
        "expires": each.expires,
        "expired": not each.good(now),
        "last": each.last,
    }


def _print(listed: list[dict[str, Any]]) -> None:
    from cli.tables import console, minute, new_table  # noqa: PLC0415 - only for a table

    table = new_table("name", "roles", "created", "expires", "token")
    for each in listed:
        expires = "" if each["expires"] is None else f"{each['expires']}{' (expired)' if each['expired'] else ''}"
        table.add_row(each["name"], ", ".join(each["roles"]), minute(each["created"]), expires, f"…{each['last']}")
    console().print(table)
