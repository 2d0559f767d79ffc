"""The scopes that events name, how many events each has, and what events call their actors."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from sqlalchemy import Connection, func, select

from subscribers.read_model.tables import EVENT_SCOPES, EVENTS

_S = EVENT_SCOPES.c


def scope_counts(connection: Connection) -> dict[str, int]:
    """Return how many events belong to each scope, withdrawn ones that still name it included."""
    asked = select(_S.scope, func.count()).group_by(_S.scope)
    return {row[0]: row[1] for row in connection.execute(asked)}


def actor_names(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield (scope, name) of each actor that one of its events, the first by id, gives a name."""
    # ';' is the character after ':'.
    first = select(_S.scope, func.min(_S.id).label("id")).where(_S.scope >= "actor:", _S.scope < "actor;")
    one = first.group_by(_S.scope).subquery()
    asked = select(one.c.scope, EVENTS.c.document).join(EVENTS, EVENTS.c.id == one.c.id)
    for scope, document in connection.execute(asked):
        for actor in orjson.loads(document).get("actors", ()):
            if f"actor:{actor['id']}".replace("@", "_") == scope and actor.get("name"):
                yield scope, actor["name"]
                break
