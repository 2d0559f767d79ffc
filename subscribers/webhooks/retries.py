"""What becomes of an endpoint with each try: how far it is, since when it fails, and when it is tried again. Pure.

Rules kept here:
- A message is passed only once it was taken (2xx). Whatever else comes back, it is tried again, for ever: what is never
  taken stops its endpoint, and shows, and loses nothing.
- The pause doubles from 1 to 2 s up to 5 minutes; half of it is chance, so that what failed together does not come back
  together. An endpoint may ask for a longer one, up to an hour.
- Gone (410) is a wish: nothing is sent until somebody enables the endpoint again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

FIRST_PAUSE_SECONDS: Final = 2.0
LONGEST_PAUSE_SECONDS: Final = 300.0
LONGEST_WISH_SECONDS: Final = 3600.0
GONE: Final = 410
_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back of a try: a status with the beginning of the answer, or why there is none.

    `wish_seconds` is how long the endpoint wants to be left alone (Retry-After).
    """

    status: int | None = None
    answer: str = ""
    error: str | None = None
    wish_seconds: float | None = None

    @property
    def taken(self) -> bool:
        """Whether the endpoint has the message."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an endpoint is: `position` is the last message that it has, or that it is not sent.

    `attempts` failed in a row, the first of them at `failing_since`. Times are microseconds since 1970. All that is
    trouble belongs to one `revision` of the endpoint.
    """

    position: int = 0
    delivered: int = 0
    attempts: int = 0
    failing_since: int | None = None
    next_try: int | None = None
    last_try: int | None = None
    last_status: int | None = None
    last_error: str | None = None
    gone: bool = False
    revision: int = 0


def of_revision(progress: Progress, revision: int) -> Progress:
    """Return the progress without what belongs to an older revision of the endpoint."""
    if progress.revision == revision:
        return progress
    return replace(progress, attempts=0, failing_since=None, next_try=None, gone=False, revision=revision)


def after(progress: Progress, outcome: Outcome, *, position: int, now: int, chance: float) -> Progress:
    """Return the progress after a try with the message at this position; `chance` is from 0 to 1."""
    tried = replace(progress, last_try=now, last_status=outcome.status, last_error=outcome.error)
    if outcome.taken:
        good = replace(tried, position=position, delivered=progress.delivered + 1)
        return replace(good, attempts=0, failing_since=None, next_try=None)
    failed = replace(tried, attempts=progress.attempts + 1, failing_since=progress.failing_since or now)
    if outcome.status == GONE:
        return replace(failed, gone=True, next_try=None)
    pause = max(pause_seconds(failed.attempts, chance), min(outcome.wish_seconds or 0.0, LONGEST_WISH_SECONDS))
    return replace(failed, next_try=now + int(pause * _SECOND))


def pause_seconds(attempts: int, chance: float) -> float:
    """Return how long to wait after so many tries in a row that failed."""
    longest = min(FIRST_PAUSE_SECONDS * 2.0 ** min(attempts - 1, 30), LONGEST_PAUSE_SECONDS)
    return longest * (0.5 + chance / 2)


def wait_seconds(progress: Progress, now: int) -> float:
    """Return how long it is until the next try; never longer than a pause, wherever a clock was set to meanwhile."""
    if progress.next_try is None:
        return 0.0
    return min(max((progress.next_try - now) / _SECOND, 0.0), LONGEST_WISH_SECONDS)


def wish_seconds(header: str | None, now: int) -> float | None:
    """Return what Retry-After asks for, as seconds or as a date (RFC 9110, 10.2.3); None of what is neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header[:12])
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    aware = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return max((aware - datetime.fromtimestamp(now / _SECOND, UTC)).total_seconds(), 0.0)
