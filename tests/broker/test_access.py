"""On a broker that lets in only its users: every role may do what its table says, and nothing else."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer

from eventlog.reaching import reach
from eventlog.security.access import ROLES, accesses
from eventlog.security.cluster import Cluster, Protocol, Security, security_of
from eventlog.security.granting import grant
from eventlog.topics import create_topics
from eventlog.writing import Writer
from schemas.errors import Failed, VigilError
from schemas.topics import ALERTS
from tests.attempts import FORBIDDEN, OF_TOPICS, Attempts
from tests.events import event
from tests.processes import ROOT, until
from tests.secure_broker import ADMIN, SecureBroker, password_of, secure_broker

pytestmark = pytest.mark.broker

PREFIX = "matrix."
TOPICS = [
    f"vigil.{name}.v1"
    for name in (
        "events.incidents",
        "events.political",
        "public.timeline",
        "public.aggregates",
        "public.alerts",
        "commands",
        "releases",
        "rules",
        "ticks",
        "deadletters",
        "feeds",
    )
]
# r reads, w writes, c compares the settings, m creates, changes and deletes; in the order of the topics above.
MATRIX = """
              inc  pol  tim  agg  ale  com  rel  rul  tic  dea  fee
subscriber    -    -    r    r    r    -    -    -    -    -    -
feed          rwc  rwc  c    c    c    c    rwc  c    c    rwc  rwc
ledger        rc   rc   rwc  c    c    c    c    c    c    wc   c
roller        c    c    rc   rwc  rwc  c    c    rc   rwc  c    c
projection    -    -    r    r    r    r    -    r    -    -    -
server        w    w    r    -    r    rw   -    -    -    -    -
webhooks      -    -    r    -    r    r    -    -    -    -    -
analyst       rc   rc   rc   rc   rc   rc   rc   rc   rc   rc   rc
operator      rwc  rwc  rc   rc   rc   rwc  rc   rwc  rwc  rc   rc
service       rwcm rwcm rwcm rwcm rwcm rwcm cm   rwcm rwcm wcm  cm
admin         cm   cm   cm   cm   cm   cm   cm   cm   cm   cm   cm
stranger      -    -    -    -    -    -    -    -    -    -    -
"""
LETTERS = {
    "-": set[str](),
    "r": {"read", "describe"},
    "w": {"write", "describe"},
    "c": {"describe", "describe-configs"},
    "m": {"create", "alter", "alter-configs", "delete", "describe", "describe-configs"},
}
# j joins (and so describes), d describes.
GROUPS = """
              vigil-ledger  vigil-roller  vigil-roller-progress
subscriber    -             -             -
feed          -             -             -
ledger        j             -             -
roller        -             j             j
projection    -             -             -
server        -             -             -
webhooks      -             -             -
analyst       d             d             d
operator      d             d             d
service       j             j             j
admin         d             d             d
stranger      -             -             -
"""
TELLERS = {"roller", "service"}
GRANTERS = {"admin"}
WRITERS = {"feed", "ledger", "roller", "server", "operator", "service"}
USERS = [line.split()[0] for line in MATRIX.strip().splitlines()[1:]]


def _cells(text: str, role: str) -> list[str]:
    [line] = [line for line in text.strip().splitlines() if line.startswith(f"{role} ")]
    return line.split()[1:]


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A secure broker with a user for each role, and one that has none; two logs on it."""
    with secure_broker(tmp_path_factory.mktemp("secure"), [*USERS, "subscriber2"]) as broker:
        for prefix in ("", PREFIX):
            create_topics(broker.as_user(ADMIN), prefix=prefix)
            for role in ROLES:
                wanted = accesses(role, user=role, topic_prefix=prefix)
                grant(broker.as_user(ADMIN), f"User:{role}", wanted)
        yield broker


def test_the_matrix_names_every_role() -> None:
    assert [*ROLES, "stranger"] == USERS


def are_there_again(secure: SecureBroker) -> bool:
    """Whether the topics could be made again: the cluster takes a moment to delete them."""
    try:
        create_topics(secure.as_user(ADMIN), prefix=PREFIX)
    except VigilError:
        return False
    return True


@pytest.mark.parametrize("role", USERS)
def test_every_topic_and_operation_is_allowed_as_the_matrix_says(secure: SecureBroker, role: str) -> None:
    names = [PREFIX + topic for topic in TOPICS]
    allowed = {}
    with Attempts(secure.as_user(role)) as attempts:
        for operation, attempt in OF_TOPICS.items():
            codes = attempt(attempts, names)
            assert set(codes) == set(names)
            for name, code in codes.items():
                allowed[name, operation] = code not in FORBIDDEN
    if allowed[names[0], "delete"]:
        until(lambda: are_there_again(secure))
    expected = {
        (name, operation): any(operation in LETTERS[letter] for letter in letters)
        for name, letters in zip(names, _cells(MATRIX, role), strict=True)
        for operation in OF_TOPICS
    }
    assert allowed == expected


@pytest.mark.parametrize("role", USERS)
def test_every_group_is_joined_and_described_as_the_table_says(secure: SecureBroker, role: str) -> None:
    own = [role, f"{role}.desk"]
    others = [f"{role}2", "subscriber2.desk", "anything"]
    groups = [PREFIX + name for name in GROUPS.split()[:3]]
    with Attempts(secure.as_user(role)) as attempts:
        joined, described = attempts.join([*groups, *own, *others]), attempts.describe_groups([*groups, *own, *others])
    cells = dict(zip(groups, _cells(GROUPS, role), strict=True))
    mine = set(own) if role == "subscriber" else set()
    assert {name for name, code in joined.items() if code not in FORBIDDEN} == mine | {
        name for name, cell in cells.items() if cell == "j"
    }
    assert {name for name, code in described.items() if code not in FORBIDDEN} == mine | {
        name for name, cell in cells.items() if cell != "-"
    }


@pytest.mark.parametrize("role", USERS)
def test_transactions_idempotence_and_access_lists_are_for_those_who_need_them(secure: SecureBroker, role: str) -> None:
    with Attempts(secure.as_user(role)) as attempts:
        told = attempts.transact([f"{PREFIX}vigil-roller", "another"])
        idempotent, lists = attempts.idempotent(), attempts.read_access_lists()
    assert (told[f"{PREFIX}vigil-roller"] not in FORBIDDEN) == (role in TELLERS)
    assert told["another"] in FORBIDDEN
    assert (idempotent not in FORBIDDEN) == (role in WRITERS)
    assert (lists not in FORBIDDEN) == (role in GRANTERS)


def _vigil(*arguments: str, env: dict[str, str], given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(
        command, env=os.environ | env, input=given, capture_output=True, text=True, timeout=60, check=False
    )


def _worker(role: str, secure: SecureBroker, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cli", "worker", role, "--dir", str(folder)]
    with (folder / role).open("wb") as log:
        return subprocess.Popen(command, env=os.environ | secure.variables(role), stderr=log)


def test_an_event_of_a_feed_comes_to_a_subscriber_each_process_with_its_own_rights(
    secure: SecureBroker, tmp_path: Path
) -> None:
    applied = _vigil("rules", "apply", str(ROOT / "cli" / "rules.yaml"), env=secure.variables("operator"))
    assert applied.returncode == 0, applied.stderr
    workers = [_worker(role, secure, tmp_path) for role in ("ledger", "roller")]
    try:
        killed = {"peacekeepers": {"low": 3, "best": 3, "high": 3}, "total": {"low": 3, "best": 3, "high": 3}}
        attack = event(1, mission="MINUSMA", place={"country": "MLI", "precision": "country"}, killed=killed)
        published = _vigil("publish", "vigil", "-", env=secure.variables("feed"), given=json.dumps(attack) + "\n")
        assert published.returncode == 0, published.stderr
        assert json.loads(published.stdout.splitlines()[-1])["published"] == 1
        assert _first_alert(secure)["causes"][0]["id"] == "vigil:1"
    finally:
        for worker in workers:
            worker.terminate()
        codes = [worker.wait(20) for worker in workers]
    assert codes == [0, 0], [(tmp_path / role).read_text()[-500:] for role in ("ledger", "roller")]


def _first_alert(secure: SecureBroker) -> dict[str, list[dict[str, str]]]:
    consumer = KafkaConsumer(
        ALERTS,
        bootstrap_servers=str(secure.bootstrap),
        group_id="subscriber.desk",
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username="subscriber",
        sasl_plain_password=password_of("subscriber"),
        ssl_cafile=str(secure.ca_file),
        consumer_timeout_ms=30_000,
    )
    try:
        found: dict[str, list[dict[str, str]]] = json.loads(next(consumer).value)
    finally:
        consumer.close()
    return found


@pytest.mark.parametrize("command", ["topics create", "publish vigil -", "alerts", "worker ledger", "up --no-http"])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"VIGIL_KAFKA_PASSWORD": "guessed"}, r"does not let feed in: .*invalid credentials.*VIGIL_KAFKA_PASSWORD"),
        ({"VIGIL_KAFKA_CA_FILE": "foreign.pem"}, r"is not to be trusted: .*VIGIL_KAFKA_CA_FILE"),
        (
            dict.fromkeys(
                [f"VIGIL_KAFKA_{name}" for name in ("SECURITY_PROTOCOL", "USERNAME", "PASSWORD", "CA_FILE")], ""
            ),
            r"speaks TLS; set VIGIL_KAFKA_SECURITY_PROTOCOL",
        ),
    ],
    ids=["password", "authority", "no TLS"],
)
def test_who_is_not_let_in_is_told_why_in_one_line_at_once(
    secure: SecureBroker, command: str, wrong: dict[str, str], said: str, tmp_path: Path
) -> None:
    if wrong.get("VIGIL_KAFKA_CA_FILE"):
        wrong = {"VIGIL_KAFKA_CA_FILE": str(secure.foreign_ca_file)}
    started = time.monotonic()
    done = _vigil(*command.split(), env=secure.variables("feed") | {"VIGIL_DIR": str(tmp_path)} | wrong)
    assert done.returncode == 1
    assert re.fullmatch(rf"vigil: .*{said}.*\n", done.stderr), done.stderr
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"mechanism": "SCRAM-SHA-256"},
            "not take SCRAM-SHA-256; set VIGIL_KAFKA_SASL_MECHANISM to SCRAM-SHA-512",
        ),
        ({"protocol": "SSL"}, "asks for a user and a password .*set VIGIL_KAFKA_SECURITY_PROTOCOL to SASL_SSL"),
        ({"protocol": "SASL_PLAINTEXT"}, "speaks TLS; set VIGIL_KAFKA_SECURITY_PROTOCOL to SASL_SSL"),
    ],
)
def test_what_a_secure_broker_wants_is_said(secure: SecureBroker, changed: dict[str, Any], said: str) -> None:
    security = security_of(secure.as_user("feed"))
    assert security is not None
    with pytest.raises(Failed, match=said):
        reach(Cluster(secure.bootstrap, dataclasses.replace(security, **changed)))


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ("SASL_SSL", "does not speak the TLS that VIGIL_KAFKA_SECURITY_PROTOCOL=SASL_SSL asks for"),
        ("SASL_PLAINTEXT", "asks for no user and password; set VIGIL_KAFKA_SECURITY_PROTOCOL to PLAINTEXT"),
    ],
)
def test_that_an_open_broker_wants_nothing_is_said(broker: str, protocol: Protocol, said: str) -> None:
    with pytest.raises(Failed, match=said):
        reach(Cluster(broker, Security(protocol=protocol, username="ann", password="hush")))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("alerts", f"{ALERTS} does not exist at .*, or is not for stranger to see; .*`vigil acl`"),
        ("topics check", "does not allow stranger .*`vigil acl`"),
        ("acl --role feed --apply", "does not allow stranger .*`vigil acl`"),
    ],
)
def test_what_an_access_list_forbids_is_one_line_with_the_way_out(
    secure: SecureBroker, command: str, said: str
) -> None:
    done = _vigil(*command.split(), env=secure.variables("stranger"))
    assert done.returncode == 1
    assert re.fullmatch(rf"vigil: .*{said}.*\n", done.stderr), done.stderr


def test_a_writer_without_the_right_is_told_so(secure: SecureBroker) -> None:
    refused = pytest.raises(Failed, match=f"does not allow subscriber to write to {ALERTS}")
    with refused, Writer(secure.as_user("subscriber")) as writer:
        writer.send(ALERTS, key=b"world", value=b"{}")


def test_the_settings_of_a_secure_node_are_for_its_owner_alone(secure: SecureBroker) -> None:
    file = secure.ca_file.parent / "broker" / "server.properties"
    assert "PlainLoginModule" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_applying_an_access_list_twice_changes_nothing(secure: SecureBroker) -> None:
    arguments = ["acl", "--role", "webhooks", "--principal", "User:postman", "--apply"]
    first = _vigil(*arguments, env=secure.variables("admin"))
    again = _vigil(*arguments, env=secure.variables("admin"))
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    needed = len(accesses("webhooks", user="postman"))
    assert [len(json.loads(each.stdout)["added"]) for each in (first, again)] == [needed, 0]
