"""Log lines of the subscribers that run as processes; how they look is the same for every process."""

from __future__ import annotations

import logging


def tell(what: str, *, level: int = logging.INFO, **facts: object) -> None:
    """Log a unit of work with its facts (topic, partition, offset, count, seconds, lag); never a secret or payload."""
    _LOGGER.log(level, what, extra={"facts": facts})


_LOGGER = logging.getLogger("vigil.subscribers")
