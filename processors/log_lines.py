"""Log lines of the processors; how they look is the same for every process."""

from __future__ import annotations

import logging


def tell(what: str, *, level: int = logging.INFO, **facts: object) -> None:
    """Log a unit of work with its facts (topic, partition, offset, count, seconds, lag)."""
    _LOGGER.log(level, what, extra={"facts": facts})


def hears_debug() -> bool:
    """Return whether debug lines are written, so that their facts need not be gathered otherwise."""
    return _LOGGER.isEnabledFor(logging.DEBUG)


_LOGGER = logging.getLogger("vigil.processors")
