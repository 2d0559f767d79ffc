"""How a cluster lets this user in: read from the environment, refused in one line where it contradicts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.cluster_security import read_security
from cli.service.state import ProcessState, ServiceState
from cli.settings import Settings, bootstrap_of, find_bootstrap, read_settings, refuse_security
from eventlog.security.cluster import Cluster, Security, client_options, security_of
from schemas.errors import Failed, Misuse

WHOLE = {"SECURITY_PROTOCOL": "SASL_SSL", "USERNAME": "ann", "PASSWORD": "hush"}


def _set(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"VIGIL_KAFKA_{name}", value)


def test_without_variables_there_is_no_security() -> None:
    assert read_security() is None
    assert type(read_settings(bootstrap_servers="kafka:9092").bootstrap_servers) is str


def test_the_bootstrap_servers_carry_what_the_environment_says_and_show_none_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, WHOLE)
    found = find_bootstrap(read_settings(bootstrap_servers="kafka:9092"))
    assert found == f"{found}" == "kafka:9092"
    security = security_of(found)
    assert security == Security(protocol="SASL_SSL", username="ann", password="hush")
    assert "hush" not in repr(found) + repr(security)
    options = client_options(found)
    assert options.pop("ssl_context") is not None
    assert options == {
        "bootstrap_servers": "kafka:9092",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "ann",
        "sasl_plain_password": "hush",
    }


def test_a_password_file_is_read_without_the_end_of_its_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(" hush \n")
    _set(monkeypatch, {**WHOLE, "PASSWORD": "", "PASSWORD_FILE": str(tmp_path / "password")})
    security = read_security()
    assert security is not None
    assert security.password == " hush "


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"SECURITY_PROTOCOL": "TLS"}, "SECURITY_PROTOCOL: expected PLAINTEXT or SSL"),
        ({**WHOLE, "SASL_MECHANISM": "MD5"}, "SASL_MECHANISM: expected SCRAM-SHA-256"),
        ({**WHOLE, "CHECK_HOST_NAME": "perhaps"}, "CHECK_HOST_NAME: expected true or false"),
        (
            {"USERNAME": "ann", "PASSWORD": "hush"},
            "USERNAME means nothing with VIGIL_KAFKA_SECURITY_PROTOCOL=PLAINTEXT",
        ),
        ({"CA_FILE": "ca.pem"}, "CA_FILE means nothing"),
        ({**WHOLE, "SECURITY_PROTOCOL": "SASL_PLAINTEXT", "CA_FILE": "ca.pem"}, "CA_FILE means nothing"),
        ({**WHOLE, "SECURITY_PROTOCOL": "SSL"}, "USERNAME means nothing with VIGIL_KAFKA_SECURITY_PROTOCOL=SSL"),
        ({**WHOLE, "USERNAME": ""}, "needs VIGIL_KAFKA_USERNAME"),
        ({**WHOLE, "USERNAME": "a,b"}, "USERNAME: neither a comma nor an equals sign"),
        ({**WHOLE, "PASSWORD": ""}, "needs VIGIL_KAFKA_PASSWORD or VIGIL_KAFKA_PASSWORD_FILE, one of them"),
        ({**WHOLE, "PASSWORD_FILE": "file"}, "needs VIGIL_KAFKA_PASSWORD or VIGIL_KAFKA_PASSWORD_FILE, one of them"),
        ({**WHOLE, "PASSWORD": "", "PASSWORD_FILE": "/nowhere"}, "/nowhere cannot be read"),
        ({**WHOLE, "KEY_FILE": "key.pem"}, "KEY_FILE needs VIGIL_KAFKA_CERTIFICATE_FILE"),
    ],
)
def test_what_contradicts_itself_is_refused_without_showing_the_password(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    _set(monkeypatch, variables)
    with pytest.raises(Misuse, match=f"VIGIL_KAFKA_.*{said}|{said}") as refused:
        read_settings(bootstrap_servers="kafka:9092")
    assert "\n" not in str(refused.value)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("name", ["ca_file", "certificate_file"])
def test_a_file_that_is_no_certificate_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("no certificate")
    security = Security(protocol="SSL", **{name: tmp_path / "file"})  # type: ignore[arg-type]
    with pytest.raises(Failed, match=f"can be read from {tmp_path / 'file'}"):
        client_options(Cluster("kafka:9092", security))


def test_the_embedded_broker_is_reached_without_security_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    embedded = ServiceState(1, "127.0.0.1:9092", "log", (ProcessState("broker", 1, 2, "running"),))
    elsewhere = ServiceState(1, "kafka:9092", "log", (ProcessState("ledger", 1, 2, "running"),))
    refuse_security(Settings(dir=tmp_path))
    _set(monkeypatch, WHOLE)
    assert security_of(bootstrap_of(embedded)) is None
    assert security_of(bootstrap_of(elsewhere)) is not None
    with pytest.raises(Misuse, match="name it with --bootstrap-servers"):
        refuse_security(Settings(dir=tmp_path))
