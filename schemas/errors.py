"""Everything that Vigil raises on purpose: bad input, transient trouble, and what a person has to mend.

Anything else that is raised is a bug and ends the process.
"""

from __future__ import annotations


class VigilError(Exception):
    """Root of all errors that are raised on purpose; its text is one line."""


class BadInput(VigilError):
    """Input that can never become an event; it goes to the dead letters and reading goes on.

    `reason` says what was expected and found; `field` is the dotted path of the member, if it is one member's fault.
    """

    def __init__(self, reason: str, field: str | None = None) -> None:
        self.reason = reason
        self.field = field
        super().__init__(f"{field}: {reason}" if field else reason)


class Transient(VigilError):
    """Trouble that passes: the caller retries with backoff, or the process ends and is started again."""


class Failed(VigilError):
    """A command cannot do what it was asked; the text says what went wrong and what to do (exit 1)."""


class Misuse(VigilError):
    """A command was called wrongly (exit 2)."""
