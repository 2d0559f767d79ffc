"""Tables as CSV (RFC 4180, UTF-8): a row of names, a row of HXL tags, then the rows.

A column without a hashtag of HXL 1.1 has an empty one. Text that a spreadsheet would take for a formula gets an
apostrophe in front, as OWASP advises: a feed must not run anything on the machine of who opens the table.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

from subscribers.exporting.columns import Column, Members
from subscribers.exporting.files import flat_columns

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def table_csv(columns: Sequence[Column], documents: Iterable[Members]) -> bytes:
    """Return the documents as a table, a row each."""
    flat = flat_columns(columns)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.name for column in flat])
    writer.writerow([column.tag or "" for column in flat])
    writer.writerows([_cell(column.read(document)) for column in flat] for document in documents)
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
