"""The files of a release into the log: read whole, the difference told, then sent."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from cli.ledger_input import accepted
from cli.output import tell
from cli.publishing.release_options import refuse_the_future
from cli.settings import Settings, find_bootstrap
from eventlog.broker import BrokerLog
from eventlog.record import Record
from eventlog.topics import check_topics
from producers.holdings import Holdings
from producers.publish import Lines, LogOutlet, Nowhere, Outlet, Stopped, Summary
from producers.releases import Difference, Noting, contradictions, difference, send_dead_letters, send_release, settle
from producers.rows import DeadLetter
from producers.spool import Release, Spool, Widening
from schemas.errors import BadInput
from timeline.identity import Assertion
from timeline.manifests import coverage_json
from timeline.releases import Manifest

Read = Callable[[Outlet], Summary]
"""Reads the files into an outlet. Raises: Stopped."""
_SHOWN = 20


def publish_to_log(settings: Settings, feed: str, read: Read) -> Summary:
    """Send the files as they are read, then what releases in the log say of them.

    Raises:
        Stopped: too many rows were bad; what was sent before stays.
        Failed, Transient: the log does not take a record.
    """
    with _open_log(settings) as log:
        outlet = Noting(LogOutlet(log, feed=feed, topic_prefix=settings.topic_prefix))
        try:
            summary = read(outlet)
        except Stopped as error:
            error.summary = _settled(settings, log, outlet, error.summary)
            raise
        return _settled(settings, log, outlet, summary)


def settle_log(settings: Settings, feed: str) -> int:
    """Send what releases in the log say of a feed's statements that were sent before; return how many withdrawals.

    Raises: Failed, Transient when the log does not take a record.
    """
    with _open_log(settings) as log:
        outlet = LogOutlet(log, feed=feed, topic_prefix=settings.topic_prefix)
        return settle(_holdings(settings, log, {feed}), outlet)


def publish_release(
    settings: Settings, feed: str, read: Read, *, release: Release, widening: Widening, dry_run: bool, as_jsonl: bool
) -> Summary:
    """Read the files to their end, tell the difference, and send the release; with `dry_run` only show it.

    Raises:
        Stopped: the files could not be read to their end; of them nothing is sent but the bad rows.
        Failed, Transient: the log does not take a record.
    """
    with Spool(feed, release, widening) as spool:
        try:
            summary = read(spool)
        except Stopped as error:
            _send_bad_rows(settings, feed, spool, release=release, dry_run=dry_run, as_jsonl=as_jsonl)
            raise Stopped(f"{error}. Nothing of the release was sent", _unsent(error.summary)) from error
        manifests = spool.manifests()
        for each in manifests:
            tell(_described(each))
        if spool.unknown:
            tell(f"{spool.unknown} bad rows do not tell their event, which may be among what is withdrawn")
        if dry_run:
            _show(spool, as_jsonl=as_jsonl)
            tell("what it would withdraw only the log tells; against a file, `vigil diff` does")
            return summary
        for each in manifests:
            refuse_the_future(each.sequence)
        with _open_log(settings) as log:
            outlet = LogOutlet(log, feed=feed, topic_prefix=settings.topic_prefix, release=_told_as(release))
            return replace(summary, withdrawn=_send(settings, spool, manifests, log=log, outlet=outlet))


def _send(settings: Settings, spool: Spool, manifests: Sequence[Manifest], *, log: BrokerLog, outlet: Outlet) -> int:
    holdings = _holdings(settings, log, {each.feed for each in manifests})
    holdings.read()
    if holdings.unreadable:
        tell(f"{holdings.unreadable} records of the releases topic are no manifests and were passed over")
    for ours, held in contradictions(manifests, holdings):
        tell(
            f"the log holds another release of {held.sequence}, {held.release}, of some of the same places and times: "
            f"what only one of it and {ours.release} contains may be withdrawn. Give all files of a release in one call"
        )
    _tell_difference(difference(spool, manifests, holdings), len({event_id for event_id, _ in spool.stamps}))
    prefix = settings.topic_prefix
    return send_release(spool, manifests, holdings=holdings, log=log, outlet=outlet, topic_prefix=prefix)


@contextmanager
def _open_log(settings: Settings) -> Iterator[BrokerLog]:
    bootstrap = find_bootstrap(settings)
    check_topics(bootstrap, prefix=settings.topic_prefix)
    log = BrokerLog(bootstrap)
    try:
        yield log
    finally:
        log.close()


def _settled(settings: Settings, log: BrokerLog, outlet: Noting, summary: Summary) -> Summary:
    if not outlet.feeds:
        return summary
    withdrawn = settle(_holdings(settings, log, outlet.feeds), outlet)
    if withdrawn:
        tell(f"{withdrawn} events were withdrawn because releases in the log no longer contain them")
    return replace(summary, withdrawn=withdrawn)


def _holdings(settings: Settings, log: BrokerLog, feeds: set[str]) -> Holdings:
    return Holdings(log, feeds=feeds, decode=decode, topic_prefix=settings.topic_prefix)


def decode(record: Record) -> Assertion | None:
    """Return what the ledger takes from this record of an events topic; None where it makes a dead letter of it."""
    try:
        return accepted(record).statement
    except BadInput:
        return None


def _show(kept: Iterator[Assertion | DeadLetter] | Spool, *, as_jsonl: bool) -> None:
    out = sys.stdout.buffer
    if not as_jsonl:
        return
    lines = Lines(lambda line: out.write(line + b"\n"))
    for each in kept:
        if isinstance(each, DeadLetter):
            lines.dead_letter(each)
        else:
            lines.event(each)
    out.flush()


def _told_as(release: Release) -> str | None:
    """Return the release as its dead letters name it; None where only the files know its day."""
    return None if release.day is None else f"{release.name}@{release.day}"


def _send_bad_rows(
    settings: Settings, feed: str, spool: Spool, *, release: Release, dry_run: bool, as_jsonl: bool
) -> None:
    if dry_run:
        out = sys.stdout.buffer
        send_dead_letters(spool, Lines(lambda line: out.write(line + b"\n")) if as_jsonl else Nowhere())
        out.flush()
        return
    with _open_log(settings) as log:
        outlet = LogOutlet(log, feed=feed, topic_prefix=settings.topic_prefix, release=_told_as(release))
        send_dead_letters(spool, outlet)


def _unsent(summary: Summary) -> Summary:
    """Return the summary of rows of which none was sent: the good ones count as skipped."""
    return replace(summary, published=0, merged=0, skipped=summary.published + summary.merged + summary.skipped)


def _described(manifest: Manifest) -> str:
    text = f"release {manifest.release} of {manifest.sequence}, feed {manifest.feed}: {len(manifest.ids)} events"
    if manifest.coverage is None:
        return f"{text}; speaks of no time, so it withdraws nothing"
    said = coverage_json(manifest.coverage)
    countries = said["countries"]
    if countries is None:
        where = "all countries"
    elif len(countries) > _SHOWN:
        where = f"{len(countries)} countries"
    else:
        where = ", ".join(code or "no country" for code in countries)
    return f"{text}; speaks of {where}, from {said['from']} until {said['until']}"


def _tell_difference(found: Difference, events: int) -> None:
    counts = Counter(each.change for each in found.changes)
    same = events - counts["new"] - counts["changed"]
    tell(f"{counts['new']} new, {counts['changed']} changed, {counts['withdrawn']} withdrawn, {same} as they were")
    if found.withdrawals > counts["withdrawn"]:
        tell(f"{found.withdrawals} withdrawals are to be sent, also of events that a newer release in the log lacks")
    for kind in ("changed", "withdrawn"):
        ids = [each.id for each in found.changes if each.change == kind]
        for event_id in ids[:_SHOWN]:
            tell(f"{kind} {event_id}")
        if len(ids) > _SHOWN:
            tell(f"{kind}: {len(ids) - _SHOWN} more")
