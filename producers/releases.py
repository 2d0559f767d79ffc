"""Publishing a release: what it asserts, its manifest, and the withdrawals that follow, in this order.

1. The assertions, then an acknowledgement of all. 2. The manifest, then its acknowledgement. 3. Only then the log is
read, and every withdrawal that its statements and manifests imply and that it does not hold yet is sent.

Why in this order:
- A manifest in the log means that all that the release contains is in the log before it. A publisher that dies earlier
  leaves assertions, which stand beside the old ones; nothing is withdrawn in the name of half a release. Where an
  event got another id, the new one is there before the old one goes.
- A publisher that dies later leaves withdrawals to be sent. Which ones follows from the log alone, so the same command
  again sends them, and so does the next publication of that feed, whatever it publishes. Assertions and manifests that
  are sent twice are the same statements.
- Two publishers at once: each reads after all that it wrote was acknowledged. If one of them read too early to see the
  other's assertion or manifest, the other began to read after this one's were there, and sees both. So once both have
  ended well, every withdrawal that both together imply is in the log; it may be there twice.

A file that is no release withdraws nothing of its own accord; what releases that are in the log say of its statements
is sent the same way. Other writers of the events topics are not asked: what releases say of theirs is sent with the
feed's next publication.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from eventlog.record import Header
from producers.holdings import Holdings
from producers.publish import Log, Outlet
from producers.rows import DeadLetter
from producers.spool import Spool
from schemas.topics import RELEASES
from timeline.differences import Change, changes
from timeline.identity import Assertion
from timeline.manifests import encode_pieces
from timeline.releases import Manifest, implied

_HEADERS: Final[list[Header]] = [("content-type", b"application/json")]


class Noting:
    """An outlet that passes everything on and notes the feeds of the statements."""

    def __init__(self, outlet: Outlet) -> None:
        self.feeds: set[str] = set()
        self._outlet = outlet

    def event(self, statement: Assertion) -> None:
        """Pass a statement on."""
        self.feeds.add(statement.document["source"])
        self._outlet.event(statement)

    def dead_letter(self, letter: DeadLetter) -> None:
        """Pass a bad row on."""
        self._outlet.dead_letter(letter)

    def flush(self) -> None:
        """Return when all that was passed on is safe."""
        self._outlet.flush()


class Difference(NamedTuple):
    """What a release changes in what the log holds, by id, and how many withdrawals it makes to be sent.

    That can be more than there are withdrawn events: what a newer release lacks never stands.
    """

    changes: list[Change]
    withdrawals: int


def difference(spool: Spool, manifests: Sequence[Manifest], holdings: Holdings) -> Difference:
    """Return what would change if the release were sent now."""
    due = implied([*holdings.mentions, *spool.mentions], [*holdings.manifests, *manifests])
    found = changes(holdings.current, [*spool.stamps, *due])
    return Difference(list(found), len(due.keys() - holdings.withdrawals))


def send_release(
    spool: Iterable[Assertion | DeadLetter],
    manifests: Sequence[Manifest],
    *,
    holdings: Holdings,
    log: Log,
    outlet: Outlet,
    topic_prefix: str = "",
) -> int:
    """Send a release and all that follows from it; returns the number of withdrawals.

    `holdings` were read before, and are read on here. Raises: Failed, Transient when the log does not take a record.
    """
    for kept in spool:
        if isinstance(kept, DeadLetter):
            outlet.dead_letter(kept)
        else:
            outlet.event(kept)
    outlet.flush()
    for manifest in manifests:
        if manifest not in holdings.manifests:
            for piece in encode_pieces(manifest):
                log.send(topic_prefix + RELEASES, key=manifest.feed.encode(), value=piece, headers=_HEADERS)
    log.flush()
    return settle(holdings, outlet)


def settle(holdings: Holdings, outlet: Outlet) -> int:
    """Read on, send the withdrawals that the log implies and does not hold, and return their number."""
    holdings.read_manifests()
    if not holdings.manifests:
        return 0
    holdings.read()
    withdrawals = implied(holdings.mentions, holdings.manifests)
    missing = sorted(withdrawals.keys() - holdings.withdrawals)
    for key in missing:
        outlet.event(withdrawals[key])
    outlet.flush()
    return len(missing)


def contradictions(manifests: Iterable[Manifest], holdings: Holdings) -> list[tuple[Manifest, Manifest]]:
    """Return the pairs of a manifest and one in the log that are of one day and differ about what both speak of."""
    return [(each, held) for each in manifests for held in holdings.manifests if each.contradicts(held)]


def send_dead_letters(spool: Iterable[Assertion | DeadLetter], outlet: Outlet) -> None:
    """Send the bad rows alone, of a release that could not be read to its end."""
    for kept in spool:
        if isinstance(kept, DeadLetter):
            outlet.dead_letter(kept)
    outlet.flush()
