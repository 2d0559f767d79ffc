"""`vigil acl`: what each role must be allowed on a Kafka cluster that lets in only those it knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from cli.output import encode_line, write_lines, write_object
from cli.settings import Settings, find_bootstrap, with_settings
from cli.tables import console, new_table
from eventlog.security.access import ROLES, Access, accesses
from schemas.errors import Failed, Misuse

_USER = "User:"


@click.command(
    epilog="Roles: " + ", ".join(ROLES) + ". The default principal of a role is User:vigil-ROLE.",
)
@click.option("--role", type=click.Choice(list(ROLES)), help="Only this role [default: all].")
@click.option("--principal", metavar="User:NAME", help="Who has the role [default: User:vigil-ROLE].")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "commands"]),
    default="json",
    show_default=True,
    help="JSON lines, a table for people, or commands of Kafka's own kafka-acls.sh.",
)
@click.option("--apply", is_flag=True, help="Add to the cluster what is missing, and say what was added.")
@with_settings
def acl(settings: Settings, *, role: str | None, principal: str | None, form: str, apply: bool) -> None:
    """Print, or put in force, the access list of each role: the least that its commands and workers need.

    \b
    Examples:
      vigil acl --role subscriber --principal User:centre-ouagadougou --format table
      vigil acl --role ledger --principal User:vigil-ledger --apply
    """
    if principal is not None and role is None:
        raise Misuse("--principal says who has a role; name it with --role")
    if principal is not None and not (principal.startswith(_USER) and principal[len(_USER) :].strip()):
        raise Misuse(f"--principal: expected User:NAME, found {principal!r}")
    lists = {
        each: (who, accesses(each, user=who.removeprefix(_USER), topic_prefix=settings.topic_prefix))
        for each in ([role] if role else ROLES)
        for who in [principal or f"{_USER}vigil-{each}"]
    }
    if apply:
        for each, (who, wanted) in lists.items():
            _apply(settings, each, who, wanted)
        return
    rows = [(each, who, access) for each, (who, wanted) in lists.items() for access in wanted]
    if form == "table":
        _table(rows)
    elif form == "commands":
        write_lines(_commands(settings, rows))
    else:
        write_lines(encode_line({"role": each, "principal": who, **_members(access)}) for each, who, access in rows)


def _table(rows: Sequence[tuple[str, str, Access]]) -> None:
    """One row for all operations of a role on one resource."""
    operations: dict[tuple[str, str, str, str], list[str]] = {}
    for role, principal, access in rows:
        name = access.name + ("*" if access.prefixed else "")
        operations.setdefault((role, principal, access.resource, name), []).append(access.operation)
    table = new_table("role", "principal", "resource", "name", "allowed")
    for cells, allowed in operations.items():
        table.add_row(*cells, ", ".join(allowed))
    console().print(table)


def _apply(settings: Settings, role: str, principal: str, wanted: Sequence[Access]) -> None:
    from eventlog.security.granting import grant  # noqa: PLC0415 - its client takes time to load

    added = grant(find_bootstrap(settings), principal, wanted)
    write_object(
        {"role": role, "principal": principal, "added": [_members(each) for each in added], "needed": len(wanted)}
    )


def _members(access: Access) -> dict[str, str]:
    pattern = "prefixed" if access.prefixed else "literal"
    return {
        "resource": access.resource,
        "name": access.name,
        "pattern": pattern,
        "operation": access.operation,
        "permission": "allow",
    }


def _commands(settings: Settings, rows: Sequence[tuple[str, str, Access]]) -> Iterator[bytes]:
    try:
        bootstrap = find_bootstrap(settings)
    except Failed:
        # None is named and none runs: whoever runs the commands knows it.
        bootstrap = "HOST:PORT"
    for _, principal, access in rows:
        operation = access.operation.title().replace("-", "")
        which = "--cluster" if access.resource == "cluster" else f"--{access.resource} '{access.name}'"
        pattern = " --resource-pattern-type prefixed" if access.prefixed else ""
        yield (
            f"kafka-acls.sh --bootstrap-server {bootstrap} --command-config admin.properties --add "
            f"--allow-principal '{principal}' --operation {operation} {which}{pattern}"
        ).encode()
