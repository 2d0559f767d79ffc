"""The application: every router of `subscribers.http.routes`, around the parts that it is given."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import Route

from subscribers.http import routes
from subscribers.http.catalogue import Catalogue
from subscribers.http.documents import MODELS
from subscribers.http.heads import HeadAsGet
from subscribers.http.metrics import Measured, Metrics
from subscribers.http.parameters import refuse_unknown
from subscribers.http.parts import Parts
from subscribers.http.problems import SCHEMA_NAME, ProblemDocument, install_problems

VERSION: Final = "1"
"""Of the interface: it changes when something that stood here is dropped or means something else."""
_ABOUT: Final = (
    "One timeline of incidents and political events, its rolling counts, and the alerts that rules raise on it. "
    "Times are RFC 3339 in UTC, days are UTC days, what is unknown is null or absent. Errors are problems (RFC 9457)."
)


def build_app(parts: Parts) -> FastAPI:
    """Return the application; nothing is opened before it is asked."""
    app = FastAPI(
        title="Vigil",
        version=VERSION,
        summary="Incidents and political events: timeline, aggregates, alerts",
        description=_ABOUT,
        dependencies=[Depends(refuse_unknown)],
        # The framework's pages load scripts of a third party, and show nothing without the internet.
        docs_url=None,
        redoc_url=None,
    )
    app.state.parts = parts
    app.state.metrics = Metrics()
    app.state.catalogue = Catalogue()
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    routers = list(_routers())
    install_problems(app, [route for router in routers for route in router.routes if isinstance(route, Route)])
    for router in routers:
        app.include_router(router)
    app.add_middleware(Measured, metrics=app.state.metrics)
    app.add_middleware(HeadAsGet)
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, which is made once."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        models: tuple[type[BaseModel], ...] = (*MODELS, ProblemDocument)
        _, said = models_json_schema(
            [(model, "serialization") for model in models], ref_template="#/components/schemas/{model}"
        )
        for name, schema in said["$defs"].items():
            schemas[SCHEMA_NAME if name == ProblemDocument.__name__ else name] = schema
        for operation in (each for path in document["paths"].values() for each in path.values()):
            if "security" in operation:
                # On loopback no token is needed.
                operation["security"].append({})
    return FastAPI.openapi(app)


def _routers() -> Iterator[APIRouter]:
    for module in pkgutil.iter_modules(routes.__path__):
        router: APIRouter = importlib.import_module(f"{routes.__name__}.{module.name}").router
        yield router
