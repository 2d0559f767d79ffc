"""`vigil alerts --notifications` and `--suppressed`: what people were told, and what was held back, by what."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from cli.alerting.person import tell_unreadable
from cli.output import encode_line, tell, write_lines, write_object
from cli.settings import Settings, find_bootstrap
from timeline.filters import Filters

if TYPE_CHECKING:
    from timeline.notification import Heard, Notification
    from timeline.people import People


def print_notifications(settings: Settings, filters: Filters, *, table: bool) -> None:
    """Print every notification so far, one line each."""
    from timeline.notices import notification_members  # noqa: PLC0415

    heard, _ = _read(settings)
    chosen = (_only(each, filters) for each in heard.notifications)
    lines = [encode_line(notification_members(each)) for each in chosen if each.entries]
    if table:
        from cli.alerting.people_tables import notifications_table  # noqa: PLC0415

        notifications_table(lines)
    else:
        write_lines(lines)


def follow_notifications(settings: Settings, filters: Filters, *, replay: bool) -> None:
    """Print notifications as people are told: from now on, or with `replay` from the first one."""
    asyncio.run(_follow(find_bootstrap(settings), filters, topic_prefix=settings.topic_prefix, replay=replay))


def print_suppressed(settings: Settings, filters: Filters, *, table: bool) -> None:
    """Print each silence, and each alert that made others redundant, with what it hid."""
    from timeline.notices import suppressed_members  # noqa: PLC0415

    heard, people = _read(settings)
    hidden = [
        decided
        for decided in heard.decisions
        if decided.reason in ("silenced", "inhibited") and filters.alert(decided.transition)
    ]
    found = suppressed_members(heard, people, hidden, only_what_hid=filters != Filters())
    lines = [encode_line(each) for each in found]
    if table:
        from cli.alerting.people_tables import suppressed_table  # noqa: PLC0415

        suppressed_table(lines)
    else:
        write_lines(lines)


async def _follow(bootstrap: str, filters: Filters, *, topic_prefix: str, replay: bool) -> None:
    from subscribers.notifications import follow_notifications as follow  # noqa: PLC0415 - its clients take time to load
    from timeline.notices import notification_members  # noqa: PLC0415

    notifications = follow(
        bootstrap,
        now=_now,
        on_unreadable=tell_unreadable,
        topic_prefix=topic_prefix,
        replay=replay,
        on_start=lambda: tell("following; Ctrl-C ends"),
    )
    async for notification in notifications:
        chosen = _only(notification, filters)
        if chosen.entries:
            write_object(notification_members(chosen))


def _read(settings: Settings) -> tuple[Heard, People]:
    from subscribers.notifications import read_notifications  # noqa: PLC0415 - its clients take time to load

    bootstrap = find_bootstrap(settings)
    prefix = settings.topic_prefix
    return asyncio.run(read_notifications(bootstrap, now=_now(), on_unreadable=tell_unreadable, topic_prefix=prefix))


def _only(notification: Notification, filters: Filters) -> Notification:
    """Return the notification with the entries that pass."""
    return notification._replace(
        entries=tuple(entry for entry in notification.entries if filters.alert(entry.transition))
    )


def _now() -> int:
    return time.time_ns() // 1000
