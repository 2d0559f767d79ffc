"""How one node is told to let in only those it knows: TLS, names with passwords, and an access list.

The node shows itself to its own controller, and to itself where it writes the ends of transactions, by a password that
is drawn anew at each start. The same serves to set the passwords of the users, so that none stands on a command line.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from eventlog.security.cluster import Security

NODE_USER: Final = "vigil-node"
_PLAIN: Final = "org.apache.kafka.common.security.plain.PlainLoginModule"
_SCRAM: Final = "org.apache.kafka.common.security.scram.ScramLoginModule"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSecurity:
    """What makes a node secure.

    `key_and_chain_file`: its private key (PKCS #8, no pass phrase) and its certificate with those above it, PEM, for
    127.0.0.1. `ca_file`: who signed it. `users`: passwords by name, for SCRAM-SHA-512; names without blanks, commas and
    semicolons. `admins`: those of them to whom no access list applies.
    """

    key_and_chain_file: Path
    ca_file: Path
    users: Mapping[str, str] = field(repr=False)
    admins: frozenset[str]
    node_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def of_node(self) -> Security:
        """How the node itself is let in, and who starts it."""
        return Security(
            protocol="SASL_SSL",
            mechanism="PLAIN",
            username=NODE_USER,
            password=self.node_password,
            ca_file=self.ca_file,
        )


def secure_properties(broker: str, controller: str, security: NodeSecurity) -> Mapping[str, str]:
    """The settings, by Kafka's names, in place of those of an open node at these addresses."""
    node = f'{_PLAIN} required username="{NODE_USER}" password="{security.node_password}"'
    node = f'{node} user_{NODE_USER}="{security.node_password}";'
    return {
        "listeners": f"SASL_SSL://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"SASL_SSL://{broker}",
        "listener.security.protocol.map": "SASL_SSL:SASL_SSL,CONTROLLER:SASL_SSL",
        "inter.broker.listener.name": "SASL_SSL",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": node,
        # No user but the node itself has a password for PLAIN.
        "listener.name.sasl_ssl.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": node,
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{_SCRAM} required;",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(security.key_and_chain_file),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(security.ca_file),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": ";".join(f"User:{name}" for name in (NODE_USER, *sorted(security.admins))),
    }
