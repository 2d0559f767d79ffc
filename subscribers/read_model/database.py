"""The database of the read model: SQLite in a file, or PostgreSQL; its schema, and what the two do differently."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from schemas.errors import Failed, Misuse, Transient

BUSY_SECONDS: Final = 15.0
"""How long a writer waits for another one, and a connection for a database that does not answer."""
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x766967696C  # of PostgreSQL's advisory locks, the one of our migrations
# NORMAL in WAL: a power cut may take back the last transactions, positions and rows alike, and never tears one.
_FOR_WRITERS: Final = ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -65536", "temp_store = MEMORY")
_FOR_READERS: Final = ("query_only = ON", "cache_size = -16384")
_FILE: Final = "file"  # of what is kept of a connection: which file it has open
_EXPECTED: Final = "expected sqlite:///FILE or postgresql://USER@HOST/NAME"


def open_database(url: str, *, read_only: bool = False) -> Engine:
    """Return the engine of a database, which connects when it is first used, and makes no file if it only reads.

    Whatever is done within one transaction of a reader sees the database as of one moment.

    Raises:
        Misuse: the URL is none of SQLite or PostgreSQL.
    """
    parsed = parse_url(url)
    if parsed.drivername == "sqlite":
        return _sqlite(parsed, read_only=read_only)
    return _postgresql(parsed, read_only=read_only)


def parse_url(url: str) -> URL:
    """Return the parts of a database's URL, the driver named.

    Raises:
        Misuse: it is none of SQLite or PostgreSQL; the text does not repeat it, since it may hold a password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise Misuse(f"--database-url (VIGIL_DATABASE_URL): {_EXPECTED}, found something else") from None
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername != "sqlite":
        raise Misuse(f"--database-url (VIGIL_DATABASE_URL): {_EXPECTED}, found {parsed.drivername}://")
    if parsed.database in (None, "", ":memory:"):
        raise Misuse("--database-url (VIGIL_DATABASE_URL): a database in memory would be seen by nobody; name a file")
    return parsed


def shown(engine: Engine) -> str:
    """Return the URL as people may see it, without its passwords."""
    return shown_url(engine.url)


def shown_url(url: URL) -> str:
    """Return a URL as people may see it: what is said of passwords among its parameters is hidden too."""
    secret = {name: "***" for name in url.query if "password" in name.lower()}
    return url.update_query_dict(secret).render_as_string(hide_password=True)


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision; several processes may try at the same time.

    Raises:
        Transient: the database does not answer.
        Failed: its schema is newer than this program.
    """
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            _known_revision(connection, engine)
            command.upgrade(_config(connection), "head")
    except DBAPIError as error:
        raise unreachable(engine, error) from error


def require_schema(engine: Engine) -> None:
    """Check that the schema is the one that this program was written for.

    Raises:
        Failed: it is another, or there is none yet.
        Transient: the database does not answer.
    """
    found, wanted = schema_revision(engine), newest_revision()
    if found is None:
        raise Failed(f"{shown(engine)} holds no read model yet; `vigil up` or `vigil worker projection` makes one")
    if found != wanted:
        raise Failed(f"{shown(engine)} has schema {found} where {wanted} is needed; restart `vigil worker projection`")


def schema_revision(engine: Engine) -> str | None:
    """Return the revision of the schema, None where there is none yet.

    Raises:
        Transient: the database does not answer.
    """
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file is not None and not Path(file).exists():
        return None
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        raise unreachable(engine, error) from error


def newest_revision() -> str | None:
    """Return the revision that this program was written for."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def unreachable(engine: Engine, error: DBAPIError) -> Transient:
    """Return the error that says in one line that the database does not do what it is asked."""
    said = str(error.orig).strip().splitlines() or [type(error).__name__]
    return Transient(f"the database {shown(engine)} failed: {said[0]}")


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _known_revision(connection: Connection, engine: Engine) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}
    if found is not None and found not in known:
        raise Failed(f"{shown(engine)} has schema {found}, which is newer than this program; use the newer program")


def _postgresql(url: URL, *, read_only: bool) -> Engine:
    options = "-c default_transaction_read_only=on" if read_only else ""
    connect = {"connect_timeout": int(BUSY_SECONDS), "application_name": "vigil", "options": options}
    # A reader's statements of one transaction see one moment, as they do in SQLite.
    isolation: Any = "REPEATABLE READ" if read_only else "READ COMMITTED"
    return create_engine(url, connect_args=connect, pool_pre_ping=True, isolation_level=isolation, hide_parameters=True)


def _sqlite(url: URL, *, read_only: bool) -> Engine:
    file = Path(str(url.database)).absolute()
    if not read_only:
        file.parent.mkdir(parents=True, exist_ok=True)
    address = f"file:{quote(str(file))}?mode={'rw' if read_only else 'rwc'}"
    pragmas = _FOR_READERS if read_only else _FOR_WRITERS

    def connect() -> sqlite3.Connection:
        # The driver begins no transactions of its own accord (isolation_level): `begin` below does.
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine(url, creator=connect, hide_parameters=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer that takes its lock late would fail where another one has written since it began to read.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    @event.listens_for(engine, "connect")
    def connected(_: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        record.info[_FILE] = _identity(file)

    @event.listens_for(engine, "checkout")
    def taken(_: sqlite3.Connection, record: ConnectionPoolEntry, __: object) -> None:
        # A file that was removed is written and read on by those who have it open, unseen by all others.
        if record.info[_FILE] != _identity(file):
            raise DisconnectionError("the file was removed or replaced")

    return engine


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
