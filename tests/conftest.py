"""Fixtures that tests of several packages share: a real broker for the session, and the topics on it."""

import itertools
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eventlog.node.embedded import EmbeddedBroker
from eventlog.topics import create_topics
from tests.postgres import Cluster, run_postgres

_numbers = itertools.count(1)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs the tests in the background lets them ignore Ctrl-C, and all that they start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """The bootstrap address of an embedded broker that all tests of the session share, without topics at first."""
    with tempfile.TemporaryDirectory(prefix="vigil-broker-") as folder, EmbeddedBroker(Path(folder)) as embedded:
        yield embedded.bootstrap


@pytest.fixture(scope="session")
def topics(broker: str) -> str:
    """The shared broker's address, with the standard topics on it: what other tests of the session wrote is in them."""
    create_topics(broker)
    return broker


@pytest.fixture
def fresh_broker(tmp_path: Path) -> Iterator[str]:
    """The address of a broker of the test's own, with the standard topics on it, empty."""
    with EmbeddedBroker(tmp_path / "broker") as embedded:
        create_topics(embedded.bootstrap)
        yield embedded.bootstrap


@pytest.fixture
def topic_prefix(broker: str) -> str:
    """A prefix under which the standard topics exist on the shared broker, empty: a log of the test's own, quickly."""
    prefix = f"test-{next(_numbers)}."
    create_topics(broker, prefix=prefix)
    return prefix


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL cluster that all tests of the session share; each makes a database of its own in it."""
    with run_postgres() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'read-model.db'}"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.database()


@pytest.fixture
def fresh_name() -> Callable[[str], str]:
    """Names that no other test of the session uses, for topics, groups and transactional ids."""
    return lambda stem: f"{stem}-{next(_numbers)}"
