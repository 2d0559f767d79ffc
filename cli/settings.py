"""Settings of the command line: options first, then `VIGIL_*` environment variables, then defaults.

Only the command line reads them; everything below gets values. How a Kafka cluster lets this user in is read by
`cli.cluster_security`, and travels with the bootstrap servers from here on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import click
from pydantic import Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from cli.cluster_security import PREFIX, read_security
from cli.options import settings_options
from cli.service.state import ServiceState, read_state
from eventlog.node.folder import running
from eventlog.security.cluster import Cluster
from schemas.errors import Failed, Misuse

Servers = Annotated[str, Field(pattern=r"^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$")]
DatabaseUrl = Annotated[str, Field(pattern=r"^(sqlite|postgresql\+psycopg)://")]
Prefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,100}$")]
_EXPECTED = {
    "bootstrap_servers": "HOST:PORT,...",
    "dir": "a folder",
    "database_url": "sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
    "topic_prefix": "at most 100 letters, digits, dots, dashes or underscores",
}


class Settings(BaseSettings):
    """Which cluster to use, where embedded parts keep their data, and what stands before every topic and group name.

    Without `bootstrap_servers` it is the embedded broker of `dir`; without `database_url` the read model is a file
    in it.
    """

    model_config = SettingsConfigDict(env_prefix="VIGIL_", env_ignore_empty=True, frozen=True, extra="ignore")

    bootstrap_servers: Servers | None = None
    dir: Path = Path(".vigil")
    topic_prefix: Prefix = ""
    database_url: DatabaseUrl | None = None

    @property
    def broker_folder(self) -> Path:
        """Data of the embedded broker."""
        return self.dir / "broker"

    @property
    def run_folder(self) -> Path:
        """Locks and state of what runs."""
        return self.dir / "run"

    @property
    def logs_folder(self) -> Path:
        """One log file per process."""
        return self.dir / "logs"

    @property
    def webhooks_folder(self) -> Path:
        """Endpoints that alerts are sent to, and how far each has got."""
        return self.dir / "webhooks"


class Credentials(BaseSettings):
    """What providers want to know of their user. From the environment only: options stand in lists of processes."""

    model_config = SettingsConfigDict(env_prefix="VIGIL_", env_ignore_empty=True, frozen=True, extra="ignore")

    acled_user: SecretStr | None = None
    acled_password: SecretStr | None = None
    ucdp_token: SecretStr | None = None


class Person(BaseSettings):
    """Who gives the commands that are recorded with a name: `user`, where no option says it."""

    model_config = SettingsConfigDict(env_prefix="VIGIL_", env_ignore_empty=True, frozen=True, extra="ignore")

    user: str | None = None


def read_settings(**options: str | None) -> Settings:
    """Return the settings; options that were not given (None) leave them to the environment.

    Raises:
        Misuse: a value is wrong; the text names the option and the variable.
    """
    try:
        settings = Settings(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise Misuse(
            f"--{name.replace('_', '-')} (VIGIL_{name.upper()}): expected {_EXPECTED[name]}, found {_shown(first)}"
        ) from error
    if settings.dir.exists() and not settings.dir.is_dir():
        raise Misuse(f"--dir (VIGIL_DIR): {settings.dir} is not a folder")
    security = read_security()
    if settings.bootstrap_servers and security:
        return settings.model_copy(update={"bootstrap_servers": Cluster(settings.bootstrap_servers, security)})
    return settings


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a click callback: adds the options of the settings and passes `settings`.

    Options stand before or after the sub-command; the ones after it win.
    """

    @settings_options
    @click.pass_context
    @functools.wraps(command)
    def wrapped(ctx: click.Context, /, **given: Any) -> Any:
        before: dict[str, str | None] = ctx.find_object(dict) or {}
        options: dict[str, str | None] = {name: given.pop(name) or before.get(name) for name in _EXPECTED}
        # A group's options hold for its sub-commands too.
        ctx.obj = options
        return command(settings=read_settings(**options), **given)

    return wrapped


def database_url(settings: Settings) -> str:
    """Return where the read model is: the database of the settings, else a file in the data folder."""
    return settings.database_url or f"sqlite:///{settings.dir.absolute() / 'read-model.db'}"


def shown_database(settings: Settings) -> str | None:
    """Return the database that the settings name, as people may see it: without its password; None if they do not."""
    if settings.database_url is None:
        return None
    from subscribers.read_model.database import parse_url, shown_url  # noqa: PLC0415 - its libraries take time to load

    return shown_url(parse_url(settings.database_url))


def find_bootstrap(settings: Settings) -> str:
    """Return the bootstrap servers: those of the settings, else those of the broker or the service that runs in `dir`.

    It is a `Cluster` where the environment says how to be let in; pass it on as it is.

    Raises:
        Failed: neither is there.
        Misuse: it is the embedded broker, and the environment says how to be let in elsewhere.
    """
    if settings.bootstrap_servers:
        return settings.bootstrap_servers
    if embedded := running(settings.broker_folder):
        refuse_security(settings)
        return embedded.bootstrap
    if (service := read_state(settings.run_folder)) and service.bootstrap:
        return bootstrap_of(service)
    raise Failed(
        f"no broker runs in {settings.dir}; start the service with `vigil up`, "
        "or name a cluster with --bootstrap-servers"
    )


def bootstrap_of(service: ServiceState) -> str:
    """Return the bootstrap servers of a running service, as `find_bootstrap` does; its state holds no credentials."""
    embedded = any(process.role == "broker" for process in service.processes)
    return service.bootstrap if embedded else Cluster(service.bootstrap, read_security())


def refuse_security(settings: Settings) -> None:
    """Raise Misuse when the environment says how to be let in to a cluster and only the embedded broker is meant."""
    if read_security() and not settings.bootstrap_servers:
        raise Misuse(
            f"{PREFIX}* say how to be let in to a cluster; name it with --bootstrap-servers, "
            "since the embedded broker listens to this machine alone and asks nobody who he is"
        )


def _shown(error: ErrorDetails) -> str:
    """What was given; of a URL not all, since it may hold a password."""
    given = str(error["input"])
    return repr(given.partition(":")[0] + ":…" if error["loc"] == ("database_url",) else given)
