"""Entry points of the worker processes."""

from __future__ import annotations

from eventlog.log_lines import set_up_logging
from eventlog.topics import check_topics
from processors.running import run_service
from processors.settings import WorkerSettings


def run_ledger(settings: WorkerSettings) -> int:
    """Run a ledger worker until SIGTERM; return the exit code.

    Raises:
        Failed: no broker answers, or a topic is missing or differs from the topic table.
    """
    from processors.ledger import Ledger  # noqa: PLC0415  # Faust is slow to import and not needed to fail

    set_up_logging("ledger", level=settings.log_level)
    check_topics(settings.bootstrap, prefix=settings.prefix)
    return run_service(lambda: Ledger(settings), settings, group=settings.ledger_group)


def run_roller(settings: WorkerSettings) -> int:
    """Run a roller until SIGTERM, active or standing by; return the exit code.

    Raises:
        Failed: no broker answers, or a topic is missing or differs from the topic table.
    """
    from processors.roller import Roller  # noqa: PLC0415  # as above

    set_up_logging("roller", level=settings.log_level)
    check_topics(settings.bootstrap, prefix=settings.prefix)
    return run_service(lambda: Roller(settings), settings, group=settings.progress_group)
