"""`vigil webhook`: the addresses that alerts are posted to, each signed with a secret of its own."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import click

from cli.filters import filter_options
from cli.output import encode_line, tell, write_lines, write_object
from cli.settings import Settings, with_settings
from schemas.errors import Failed
from timeline.filters import Filters

if TYPE_CHECKING:
    from subscribers.webhooks.endpoints import Endpoint, Endpoints

_NAME = click.argument("name")


@click.group()
def webhook() -> None:
    """Post alerts to addresses: signed, one by one and in order, repeated until they are taken.

    What people are told is sent, as `vigil alerts --notifications` prints it. `vigil up` runs the worker that sends;
    changes count within seconds.

    \b
    Examples:
      vigil webhook add https://desk.example.org/hooks/vigil --name desk --country MLI
      vigil webhook test desk
      vigil webhook list --table
    """


@webhook.command()
@click.argument("url")
@click.option("--name", metavar="NAME", help="What it is called here [default: the host of the address].")
@filter_options("scope", "country", "actor", "feed", "rule")
@click.option("--late", is_flag=True, help="What was over when it was first told, too.")
@click.option("--silenced", is_flag=True, help="What a silence hides, too, when it is told.")
@click.option("--all-transitions", is_flag=True, help="Every transition, whatever held it back.")
@click.option("--from-start", is_flag=True, help="Begin with the first alert ever, not with what is told from now on.")
@with_settings
def add(settings: Settings, *, url: str, name: str | None, from_start: bool, **given: Any) -> None:
    """Add an endpoint, and print it with its secret, which is never printed again.

    \b
    Examples:
      vigil webhook add https://desk.example.org/hooks/vigil --name desk
      vigil webhook add http://127.0.0.1:9000/ --rule deadly-week --silenced --from-start
    """
    from subscribers.webhooks.endpoints import MOST_ENDPOINTS, new_endpoint  # noqa: PLC0415 - as below

    filters = Filters(**{each: given.pop(each) for each in ("scope", "country", "actor", "feed", "rule")})
    since = 0 if from_start else _now()
    with _endpoints(settings).changing() as endpoints:
        if len(endpoints) >= MOST_ENDPOINTS:
            raise Failed(f"there are {MOST_ENDPOINTS} endpoints already; remove one first")
        added = new_endpoint(url, name=name, taken=endpoints, filters=filters, since=since, **given)
        endpoints[added.name] = added
    write_object({**_members(added), "secret": added.secret})
    tell("this is the only time that the secret is printed; `vigil webhook test` sends a first message")


@webhook.command(name="list")
@click.option("--table", is_flag=True, help="A table for people.")
@with_settings
def list_endpoints(settings: Settings, *, table: bool) -> None:
    """Print the endpoints, how far each is, and what trouble it has.

    Example: vigil webhook list --table
    """
    from subscribers.webhooks.standing import standing_of  # noqa: PLC0415 - as below
    from subscribers.webhooks.worker import is_worked_on  # noqa: PLC0415

    endpoints = _endpoints(settings)
    found = endpoints.read()
    lines = [
        encode_line({**_members(endpoint), **standing})
        for endpoint, standing in zip(found, standing_of(found, endpoints.folder), strict=True)
    ]
    if table:
        from cli.tables import endpoints_table  # noqa: PLC0415 - rich takes time to load

        endpoints_table(lines)
    else:
        write_lines(lines)
    if found and not is_worked_on(endpoints.folder):
        tell("no worker sends webhooks from this folder now; `vigil up` runs one")


@webhook.command()
@_NAME
@with_settings
def remove(settings: Settings, *, name: str) -> None:
    """Remove an endpoint and its secret; what it was not sent yet is not sent any more.

    Example: vigil webhook remove desk
    """
    with _endpoints(settings).changing() as endpoints:
        write_object(_members(_found(endpoints, name)))
        del endpoints[name]


@webhook.command()
@_NAME
@with_settings
def test(settings: Settings, *, name: str) -> int:
    """Send one signed message now, and print what came back; it needs neither a broker nor the worker.

    The exit code is 1 unless the endpoint took it.

    Example: vigil webhook test desk
    """
    from subscribers.webhooks.trial import try_out  # noqa: PLC0415 - the client takes time to load

    endpoint = _found({each.name: each for each in _endpoints(settings).read()}, name)
    outcome, seconds = asyncio.run(try_out(endpoint, now=_now()))
    found = {"status": outcome.status, "error": outcome.error, "answer": outcome.answer, "seconds": round(seconds, 3)}
    write_object({"name": endpoint.name, "url": endpoint.url, "taken": outcome.taken, **found})
    return 0 if outcome.taken else 1


@webhook.command()
@_NAME
@click.option("--from-now", is_flag=True, help="Leave out what was told before now.")
@with_settings
def enable(settings: Settings, *, name: str, from_now: bool) -> None:
    """Send to an endpoint again, at once and from where it was; also to one that was gone, or that waits for a retry.

    With --from-now what it was not sent yet is left out: the way past a message that it never takes.

    Example: vigil webhook enable desk
    """
    members: dict[str, Any] = {"enabled": True} | ({"since": _now()} if from_now else {})
    _change(settings, name, **members)


@webhook.command()
@_NAME
@with_settings
def disable(settings: Settings, *, name: str) -> None:
    """Send nothing to an endpoint until it is enabled again; it keeps its place.

    Example: vigil webhook disable desk
    """
    _change(settings, name, enabled=False)


def _change(settings: Settings, name: str, **members: Any) -> None:
    with _endpoints(settings).changing() as endpoints:
        before = _found(endpoints, name)
        endpoints[name] = before.model_copy(update={**members, "revision": before.revision + 1})
        write_object(_members(endpoints[name]))


def _endpoints(settings: Settings) -> Endpoints:
    from subscribers.webhooks.endpoints import Endpoints  # noqa: PLC0415 - what validates takes time to load

    return Endpoints(settings.dir / "webhooks")


def _found(endpoints: dict[str, Endpoint], name: str) -> Endpoint:
    from subscribers.webhooks.endpoints import find_endpoint  # noqa: PLC0415 - as above

    return find_endpoint(endpoints, name)


def _members(endpoint: Endpoint) -> dict[str, Any]:
    """The endpoint without its secret; only filters that are given."""
    from timeline.times import time_text  # noqa: PLC0415

    filters = {name: value for name, value in endpoint.model_dump(mode="json")["filters"].items() if value}
    return {
        "name": endpoint.name,
        "url": endpoint.url,
        "filters": filters,
        "late": endpoint.late,
        "silenced": endpoint.silenced,
        "all_transitions": endpoint.all_transitions,
        "since": time_text(endpoint.since) if endpoint.since else None,
        "enabled": endpoint.enabled,
    }


def _now() -> int:
    return time.time_ns() // 1000
