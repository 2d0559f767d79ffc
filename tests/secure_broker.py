"""A broker that lets in only its users, over TLS, for tests; and those users."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization

from eventlog.node.embedded import EmbeddedBroker
from eventlog.node.security import NodeSecurity
from eventlog.security.cluster import Cluster, Security

ADMIN = "the-admin"


class SecureBroker:
    """Where a running secure broker is reached, and its certificates."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap, self.ca_file, self.foreign_ca_file = bootstrap, folder / "ca.pem", folder / "foreign.pem"

    def as_user(self, name: str) -> Cluster:
        """The cluster as this user reaches it."""
        security = Security(protocol="SASL_SSL", username=name, password=password_of(name), ca_file=self.ca_file)
        return Cluster(self.bootstrap, security)

    def variables(self, name: str) -> dict[str, str]:
        """The environment of a process of this user."""
        return {
            "VIGIL_BOOTSTRAP_SERVERS": self.bootstrap,
            "VIGIL_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "VIGIL_KAFKA_USERNAME": name,
            "VIGIL_KAFKA_PASSWORD": password_of(name),
            "VIGIL_KAFKA_CA_FILE": str(self.ca_file),
        }


def password_of(name: str) -> str:
    """Every user's password is another."""
    return f"secret of {name}"


@contextlib.contextmanager
def secure_broker(folder: Path, users: Iterable[str]) -> Iterator[SecureBroker]:
    """Run a secure broker with these users and `ADMIN`, to whom no access list applies."""
    folder.mkdir(parents=True, exist_ok=True)
    security = NodeSecurity(
        key_and_chain_file=folder / "node.pem",
        ca_file=folder / "ca.pem",
        users={name: password_of(name) for name in (ADMIN, *users)},
        admins=frozenset({ADMIN}),
    )
    _write_certificates(folder)
    with EmbeddedBroker(folder / "broker", security=security) as embedded:
        yield SecureBroker(embedded.bootstrap, folder)


def _write_certificates(folder: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "foreign.pem")
    issued = authority.issue_cert("127.0.0.1", "localhost")
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    # Kafka reads private keys in this form only.
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "node.pem").write_bytes(pem + b"".join(each.bytes() for each in issued.cert_chain_pems))
