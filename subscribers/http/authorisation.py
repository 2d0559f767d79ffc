"""What a request may do: a dependency that every route has.

`Depends(requires("read"))` gives the route its Caller, or refuses the request with 401 or 403.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from subscribers.http.callers import Caller, caller_of
from subscribers.http.problems import Problem
from subscribers.tokens import Role

# Only so that the token stands in the OpenAPI document; `caller_of` reads it.
_SCHEME = HTTPBearer(
    scheme_name="token",
    description="A token made by `vigil token create`; needed on every address but loopback.",
    auto_error=False,
)


def requires(role: Role) -> Callable[..., Awaitable[Caller]]:
    """Return the dependency of a route that needs this role."""

    async def authorised(
        request: Request,
        _token: Annotated[HTTPAuthorizationCredentials | None, Security(_SCHEME)],
    ) -> Caller:
        parts = request.app.state.parts
        caller = caller_of(request.scope, parts.tokens, parts.now())
        if not caller.may(role):
            detail = f"the token {caller.name!r} has not the role {role}; an operator makes one that has"
            raise Problem(403, "Forbidden", detail, kind="forbidden", role=role)
        return caller

    return authorised
