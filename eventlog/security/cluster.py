"""A Kafka cluster: where it is reached, as text, and how a client proves there who it is.

The text is what every signature and every message knows as `bootstrap`; a plain one is a cluster without security.
Credentials travel with it unseen: they stand in no message, no representation and no state file.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from schemas.errors import Failed

if TYPE_CHECKING:
    import ssl

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"]

_ENCRYPTED: Final = frozenset({"SSL", "SASL_SSL"})
_AUTHENTICATED: Final = frozenset({"SASL_PLAINTEXT", "SASL_SSL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """How clients connect. Without a `ca_file` the system's certificates are trusted; files are PEM.

    The key may stand in the file of the certificate; then `key_file` is None.
    """

    protocol: Protocol
    mechanism: Mechanism = "SCRAM-SHA-512"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    check_host_name: bool = True

    @property
    def encrypted(self) -> bool:
        """Whether connections are TLS."""
        return self.protocol in _ENCRYPTED

    @property
    def authenticated(self) -> bool:
        """Whether a name and a password are given (SASL)."""
        return self.protocol in _AUTHENTICATED

    def tls_context(self) -> ssl.SSLContext | None:
        """What verifies the brokers, and shows our own certificate; None without TLS. Made once, and shared.

        Raises: Failed when a file cannot be read or is no such PEM file.
        """
        return _tls_context(self) if self.encrypted else None


class Cluster(str):
    """Bootstrap servers, `host:port` separated by commas, with what it takes to be let in."""

    security: Security | None

    def __new__(cls, servers: str, security: Security | None = None) -> Self:
        """`security` None: no credentials and no encryption, whatever `servers` carried."""
        cluster = super().__new__(cls, servers)
        cluster.security = security
        return cluster


def security_of(bootstrap: str) -> Security | None:
    """What clients of this cluster need to be let in; None for a plain text."""
    return bootstrap.security if isinstance(bootstrap, Cluster) else None


def client_options(bootstrap: str) -> dict[str, Any]:
    """The keyword arguments that say to a client, of kafka-python or of aiokafka alike, where and how to connect.

    Raises: as `Security.tls_context`.
    """
    security = security_of(bootstrap)
    if security is None:
        return {"bootstrap_servers": str(bootstrap)}
    options: dict[str, Any] = {"bootstrap_servers": str(bootstrap), "security_protocol": security.protocol}
    if security.encrypted:
        options["ssl_context"] = security.tls_context()
    if security.authenticated:
        options["sasl_mechanism"] = security.mechanism
        options["sasl_plain_username"] = security.username
        options["sasl_plain_password"] = security.password
    return options


@functools.cache
def _tls_context(security: Security) -> ssl.SSLContext:
    import ssl  # noqa: PLC0415 - most clusters of a machine's own have no TLS

    try:
        context = ssl.create_default_context(cafile=security.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Failed(f"no certificates of authorities (PEM) can be read from {security.ca_file}: {error}") from error
    context.check_hostname = security.check_host_name
    if security.certificate_file is not None:
        try:
            context.load_cert_chain(security.certificate_file, security.key_file, password=_no_pass_phrase)
        except (OSError, ssl.SSLError) as error:
            files = " and ".join(str(file) for file in (security.certificate_file, security.key_file) if file)
            raise Failed(f"no certificate with its key (PEM) can be read from {files}: {error}") from error
    return context


def _no_pass_phrase() -> str:
    # Without this, OpenSSL would ask for one on the terminal.
    return ""
