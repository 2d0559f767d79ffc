"""An administrator's connection to a cluster, and its errors in one line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from eventlog.reaching import reach
from eventlog.security.cluster import client_options
from eventlog.security.refusals import forbidden
from schemas.errors import Failed

CONNECT_SECONDS: Final = 15.0


@contextlib.contextmanager
def administer(bootstrap: str, *, about: str) -> Iterator[Any]:
    """An admin client of kafka-python; `about` says in messages what is asked of it.

    Raises: Failed when the cluster does not answer, and for every refusal inside the block.
    """
    reach(bootstrap)
    try:
        admin = KafkaAdminClient(**client_options(bootstrap), bootstrap_timeout_ms=int(CONNECT_SECONDS * 1000))
    except KafkaError as error:
        raise Failed(f"what listens at {bootstrap} does not answer as Kafka does: {error!r}") from error
    try:
        yield admin
    except KafkaError as error:
        if (refusal := forbidden(error, bootstrap, what=f"a request about {about}")) is not None:
            raise refusal from error
        raise Failed(f"Kafka at {bootstrap} refused a request about {about}: {error}") from error
    finally:
        admin.close()
