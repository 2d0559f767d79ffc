"""What the ledger makes of a record, asked outside of it: by its own function, from records that others have read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eventlog.record import Header, Record
from processors.assertions import Accepted, read_assertion


class LedgerInput(NamedTuple):
    """A record with what the ledger looks at. `timestamp` is in milliseconds since 1970."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]
    timestamp: int


def accepted(record: Record) -> Accepted:
    """Return what the record asserts.

    Raises:
        BadInput: it can never become an event.
    """
    return read_assertion(LedgerInput(record.key, record.value, record.headers, record.timestamp_ms))
