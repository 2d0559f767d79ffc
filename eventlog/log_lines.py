"""How every process logs: one JSON object a line to stderr, one line per unit of work, no payloads.

`at` is the process's clock and says nothing about the log; everything that is decided depends on the log alone.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime

import orjson

_LIBRARIES = ("faust", "mode", "aiokafka", "kafka", "asyncio", "aiohttp")


class _JsonLines(logging.Formatter):
    """A line of our own is {"at", "level", "role", "pid", "what", ...facts}; `what` of a library is its text."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._head = {"role": role, "pid": os.getpid()}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            **self._head,
            "what": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if not record.name.startswith("vigil"):
            line["logger"] = record.name
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def set_up_logging(role: str, *, level: str) -> None:
    """Send every log line of this process to stderr; libraries are heard from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines(role))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("vigil").setLevel(level.upper())
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
