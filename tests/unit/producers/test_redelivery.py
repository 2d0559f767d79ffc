"""Every row of every layout whose rows stand for themselves can be read again alone, as its dead letter keeps it."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

import pytest

from producers.feeds import FEEDS
from producers.recognise import ACLED, COUPS, GDELT, OWN, UCDP
from producers.redelivery import read_again
from schemas.errors import BadInput

from .reading import RECORDED, SAMPLES, content_of, read, table

# Of these a row alone is a file of the feed again.
ROW_BY_ROW = (UCDP, COUPS, GDELT, ACLED, OWN)
FILES = {
    path.name: (path.name.partition(".")[0], content_of(path))
    for path in sorted(RECORDED.iterdir())
    if path.name.partition(".")[0] in ROW_BY_ROW
}
TABLE = FILES["ucdp-ged.global-49.csv"][1]
FILES["without a header row"] = (UCDP, TABLE.partition(b"\n")[2])
FILES["rows with a number before"] = (
    UCDP,
    b"".join(
        b"%d," % number + line for number, line in enumerate(TABLE.splitlines(keepends=True)[1:40]) if line[:1] != b'"'
    ),
)
FILES["API"] = (UCDP, json.dumps({"TotalCount": 60, "NextPageUrl": "", "Result": table(TABLE)}).encode())
FILES["own"] = (OWN, content_of(SAMPLES / "mali-2021.jsonl"))


def refuse(*_: Any) -> NoReturn:
    raise BadInput("refused by an earlier version")


@pytest.mark.parametrize("name", FILES)
def test_a_row_that_was_refused_gives_the_same_event_after_the_fix(name: str) -> None:
    feed, content = FILES[name]
    expected = read(feed, content)
    assert expected.events
    module = sys.modules[FEEDS[feed].__module__]
    with pytest.MonkeyPatch.context() as earlier:
        for check in {"check_event", "parse_event"} & vars(module).keys():
            earlier.setattr(module, check, refuse)
        letters = read(feed, content).dead
    assert len(letters) >= len(expected.events)
    again = [read_again(feed, letter.raw, context=letter.context, file="file") for letter in letters]
    assert [event for events in again for event in events] == expected.events
