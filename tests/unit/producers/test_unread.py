"""A damaged row does not make its release withdraw the event, and comes back as part of the release."""

from __future__ import annotations

import pytest

from cli.publishing.releasing import decode
from eventlog.memory import MemoryLog
from producers.holdings import Holdings
from producers.publish import LogOutlet, publish
from producers.recognise import COUPS, GDELT, OWN, UCDP
from producers.releases import send_release
from producers.rows import DeadLetter, Position, Row
from producers.spool import Release, Spool
from producers.unread import event_id
from schemas.topics import DEADLETTERS

from .reading import RECORDED, content_of, csv_line, read, table
from .releasing import release_rows, statements

HEADER = b"id,year,side_a"


def letter(raw: bytes, context: bytes | None = HEADER, sha256: str | None = None) -> DeadLetter:
    return DeadLetter("bad", None, Position("file", 1, 1), raw, len(raw), sha256, context=context)


@pytest.mark.parametrize(
    ("feed", "found", "expected"),
    [
        (UCDP, letter(b"17,2021"), "ucdp-ged:17"),
        (UCDP, letter(b"17.0,\0"), "ucdp-ged:17"),
        (UCDP, letter(b"x,2021"), None),
        (UCDP, letter(b""), None),
        (UCDP, letter(b"17", sha256="0"), None),
        (UCDP, letter(b"17", context=b"year,side_a"), None),
        (UCDP, letter(b'{"type":"Feature","properties":{"id":17}}', None), "ucdp-ged:17"),
        (UCDP, letter(b"[17]", None), None),
        (UCDP, letter(b'{"properties":17}', None), None),
        (UCDP, letter(b'{"id":', None), None),
        (COUPS, letter(b"4001011959", b"coup_id,cowcode"), "cline-coups:04001011959"),
        (COUPS, letter(b"soon", b"coup_id,cowcode"), None),
        ("acled", letter(b"MLI17", b"event_id_cnty"), "acled:MLI17"),
        (OWN, letter(b'{"id":"vigil:x"}', None), "vigil:x"),
        (OWN, letter(b'{"id":"nonsense"}', None), None),
        (GDELT, letter(b"17", None), None),
    ],
)
def test_the_id_of_a_bad_row_is_read_where_it_can_be(feed: str, found: DeadLetter, expected: str | None) -> None:
    assert event_id(feed, found) == expected


def test_a_damaged_row_withdraws_nothing_and_names_its_release() -> None:
    content = content_of(RECORDED / "ucdp-ged.global-49.csv")
    rows = table(content)
    log = MemoryLog()
    release_rows(read("ucdp-ged", content).rows, log, "ucdp-ged", Release("ged-22.1", "2022-06-01"))
    damaged = content.partition(b"\n")[0] + b"\n"
    damaged += b"".join(
        csv_line(["x" if name == "date_prec" and number == 30 else cell for name, cell in row.items()])
        for number, row in enumerate(rows)
    )
    found: list[Row] = list(read("ucdp-ged", damaged).rows)
    assert sum(isinstance(row, DeadLetter) for row in found) == 1
    with Spool("ucdp-ged", Release("ged-23.1", "2023-06-01")) as spool:
        publish(found, spool)
        assert spool.unknown == 0
        holdings = Holdings(log, feeds={"ucdp-ged"}, decode=decode)
        outlet = LogOutlet(log, feed="ucdp-ged", release="ged-23.1@2023-06-01")
        assert send_release(spool, spool.manifests(), holdings=holdings, log=log, outlet=outlet) == 0
    assert not any(each.stamp.withdrawn for each in statements(log))
    (record,) = log.read(DEADLETTERS)
    assert dict(record.headers)["vigil_release"] == b"ged-23.1@2023-06-01"
