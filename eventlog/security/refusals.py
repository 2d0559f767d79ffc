"""Says in one line what a cluster does not allow this user; both clients' errors have Kafka's own numbers."""

from __future__ import annotations

from typing import Final

from eventlog.security.cluster import security_of
from schemas.errors import Failed

# Of a topic, a group, the cluster, and a transactional id.
_FORBIDDEN: Final = frozenset({29, 30, 31, 53})
_WAY_OUT: Final = "`vigil acl` prints what each role needs, and --apply allows it"


def forbidden(error: Exception, bootstrap: str, *, what: str) -> Failed | None:
    """The error in one line when it says that an access list forbids this; None when it says something else."""
    # kafka-python puts the refusal of a producer's id into an error without a number.
    if getattr(error, "errno", None) not in _FORBIDDEN and "AuthorizationFailed" not in str(error):
        return None
    return Failed(f"Kafka at {bootstrap} does not allow {_who(bootstrap)} {what}: {error}; {_WAY_OUT}")


def absent(topic: str, bootstrap: str) -> Failed:
    """What to say of a topic that a cluster does not name: where access lists hold, it may only be hidden from us."""
    if security_of(bootstrap) is None:
        return Failed(f"the topic {topic} does not exist at {bootstrap}; run `vigil topics create`")
    return Failed(
        f"the topic {topic} does not exist at {bootstrap}, or is not for {_who(bootstrap)} to see; "
        f"run `vigil topics create`; {_WAY_OUT}"
    )


def _who(bootstrap: str) -> str:
    security = security_of(bootstrap)
    return security.username if security and security.username else "this client"
