"""Alerts: episodes of a rule told to people, as the alerts topic gives them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from schemas.event import Moment, Strict
from schemas.rule import Certainty, Severity, Urgency

NO_END = "9999-12-31"
"""The `last_day` of an alert of which no end is known."""
ENDED = ("cancelled", "superseded")
"""The transitions after which an alert does not stand."""


class Cause(Strict):
    """An event that the alert rests on; `content` is the first 12 digits of its content hash."""

    id: str
    content: str
    title: str | None = None
    source: str


class Alert(Strict):
    """An episode that stands.

    `known` is the first time by which all that makes it was published; it is `late` if its days were over by then.
    `severity`, `urgency` and `certainty` are CAP's words. `subject` is the event, actor or method that the alert is
    about, `expected` and `p_value` are of a surge's first week, `deadline` is the end of the mandate and `renewal` the
    resolution that renewed it; each is absent where a kind of rule has none. A `last_day` of 9999-12-31 says that no
    end is known.
    """

    id: str
    rule: str
    rule_version: str
    title: str
    scope: str
    status: Literal["open", "resolved"]
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    first_day: date
    last_day: date
    value: int
    peak: int
    threshold: int | None = None
    feed: str
    known: Moment
    late: bool
    causes: tuple[Cause, ...]
    causes_total: int
    subject: str | None = None
    expected: float | None = None
    p_value: float | None = None
    deadline: date | None = None
    renewal: str | None = None


class Correction(Strict):
    """The assertion that made an alert fall; `content` is the first 12 digits of its content hash."""

    id: str
    content: str
    publish_time: Moment
    state: Literal["asserted", "withdrawn"]


class AlertTransition(Alert):
    """A record of the alerts topic: the whole alert, and how it was told.

    `thread` is the id under which people first saw it, `replaces` the ids that it takes over. A superseded alert names
    its `heir` and the `survivor`, the thread that goes on. `notify` is false while nothing of the thread was ever told
    open: history that is loaded pages no one. `correction` is what made a cancelled or superseded alert fall, where
    that is known.
    """

    transition: Literal["raised", "updated", "resolved", "cancelled", "superseded"]
    thread: str
    replaces: tuple[str, ...] = ()
    reason: str
    heir: str | None = None
    survivor: str | None = None
    notify: bool
    correction: Correction | None = None
