"""The users of a cluster that checks names and passwords by SCRAM."""

from __future__ import annotations

from collections.abc import Mapping

from kafka.admin import UserScramCredentialUpsertion

from eventlog.administering import administer
from schemas.errors import Failed


def set_passwords(bootstrap: str, passwords: Mapping[str, str]) -> None:
    """Gives each user this password for SCRAM-SHA-512; a user that does not exist begins to.

    Raises: Failed when the cluster does not answer or refuses.
    """
    changes = [UserScramCredentialUpsertion(name, "SCRAM-SHA-512", given) for name, given in passwords.items()]
    with administer(bootstrap, about="users") as admin:
        refused = {name: reason for name, reason in admin.alter_user_scram_credentials(changes).items() if reason}
    for name, reason in refused.items():
        raise Failed(f"Kafka at {bootstrap} did not take a password for the user {name}: {reason}")
