"""How a command that runs until it is stopped learns that it should stop."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType, TracebackType
from typing import Self

# A closed terminal is as much a wish to stop as Ctrl-C.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Within this context the signals that end a process only say so; the holder stops in its own order.

    A pipe and no `threading.Event`: a handler that sets an event can meet the lock that the waiting thread holds.
    """

    def __init__(self) -> None:
        self.asked = False
        self._readable, self._writable = os.pipe()

    def wait(self, seconds: float) -> bool:
        """Sleep, at most until the stop is asked for; return whether it was."""
        if not self.asked:
            select.select([self._readable], [], [], seconds)
        return self.asked

    def ask(self) -> None:
        """Ask for the stop; from any thread."""
        if not self.asked:
            self.asked = True
            os.write(self._writable, b"!")

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._signalled) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._readable)
        os.close(self._writable)

    def _signalled(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the shape of a handler
        self.ask()


def interrupt_on_terminate() -> None:
    """Let SIGTERM and SIGHUP act like Ctrl-C, so that what is being started is taken down again."""
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)
