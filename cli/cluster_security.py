"""How this user is let in to a Kafka cluster: `VIGIL_KAFKA_*`, from the environment only.

There are no options for it: options stand in lists of processes and in histories of shells. What belongs to no
protocol that was asked for is refused and never passed over: a forgotten protocol would send a password to nobody, and
everything else in the clear.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Final, get_args

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from eventlog.security.cluster import Mechanism, Protocol, Security
from schemas.errors import Misuse

PREFIX: Final = "VIGIL_KAFKA_"
_EXPECTED: Final = {
    "security_protocol": " or ".join(get_args(Protocol)),
    "sasl_mechanism": " or ".join(get_args(Mechanism)),
    "check_host_name": "true or false",
}
_OF_TLS: Final = ("ca_file", "certificate_file", "key_file", "check_host_name")
_OF_SASL: Final = ("sasl_mechanism", "username", "password", "password_file")


class ClusterSettings(BaseSettings):
    """The variables, each with `PREFIX` before its name."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    security_protocol: Protocol = "PLAINTEXT"
    sasl_mechanism: Mechanism = "SCRAM-SHA-512"
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    check_host_name: bool = True


def read_security() -> Security | None:
    """Return how clients of a named cluster are let in; None when nothing is asked for.

    Raises:
        Misuse: the variables contradict each other, or the password cannot be read.
    """
    try:
        given = ClusterSettings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise Misuse(f"{_variable(name)}: expected {_EXPECTED[name]}, found {first['input']!r}") from error
    if not given.model_fields_set:
        return None
    security = Security(
        protocol=given.security_protocol,
        mechanism=given.sasl_mechanism,
        username=given.username,
        ca_file=given.ca_file,
        certificate_file=given.certificate_file,
        key_file=given.key_file,
        check_host_name=given.check_host_name,
    )
    _check(given, security)
    return dataclasses.replace(security, password=_password(given)) if security.authenticated else security


def _check(given: ClusterSettings, security: Security) -> None:
    if not security.encrypted:
        _refuse(given, _OF_TLS, "SASL_SSL, or SSL")
    elif given.key_file and not given.certificate_file:
        raise Misuse(f"{_variable('key_file')} needs {_variable('certificate_file')}: whose key is it?")
    if not security.authenticated:
        _refuse(given, _OF_SASL, "SASL_SSL")
    elif not given.username:
        raise Misuse(f"{_variable('security_protocol')}={given.security_protocol} needs {_variable('username')}")
    elif {",", "="} & set(given.username):
        # SCRAM writes them in another way, which not every client knows.
        raise Misuse(f"{_variable('username')}: neither a comma nor an equals sign may stand in {given.username!r}")


def _refuse(given: ClusterSettings, names: Iterable[str], protocols: str) -> None:
    for name in names:
        if name in given.model_fields_set:
            raise Misuse(
                f"{_variable(name)} means nothing with {_variable('security_protocol')}={given.security_protocol}; "
                f"set that to {protocols}"
            )


def _password(given: ClusterSettings) -> str:
    if (given.password is None) == (given.password_file is None):
        names = f"{_variable('password')} or {_variable('password_file')}"
        raise Misuse(f"{_variable('security_protocol')}={given.security_protocol} needs {names}, one of them")
    if given.password is not None:
        return given.password.get_secret_value()
    try:
        text = Path(given.password_file or "").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"{_variable('password_file')}: {given.password_file} cannot be read: {error}") from error
    if not (line := text.rstrip("\r\n")):
        raise Misuse(f"{_variable('password_file')}: {given.password_file} is empty")
    return line


def _variable(name: str) -> str:
    return PREFIX + name.upper()
