"""Which assertions are news, and which times cannot be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.errors import BadInput
from schemas.event import check_event
from tests.unit.schemas.test_event import AGUELHOK, changed
from timeline.identity import assertion
from timeline.ordering import Known, check_times

TAKEN_IN = datetime(2021, 5, 1, 12, tzinfo=UTC)


def test_news_is_known_only_once_it_is_added() -> None:
    known, statement = Known(), assertion(check_event(AGUELHOK))
    assert known.decide(statement)
    assert known.decide(statement)
    known.add(statement)
    assert not known.decide(statement)
    assert len(known) == 1


def test_a_reaffirmation_is_news() -> None:
    known = Known()
    known.add(assertion(check_event(AGUELHOK)))
    assert known.decide(assertion(check_event(changed("sequence", "2022-06-01"))))


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("publish_time", "2021-05-02T12:00:00Z", None),
        ("publish_time", "2021-05-02T12:00:00.000001Z", "publish_time"),
        ("sequence", "2021-05-02", None),
        ("sequence", "2021-05-03", "sequence"),
        ("sequence", "2021-05-03T00:00:00Z", "sequence"),
        ("sequence", "2999-01-01 r2", "sequence"),
        ("sequence", "29990101", None),
        ("sequence", "r2", None),
    ],
)
def test_nothing_comes_from_the_future_of_the_log(path: str, value: str, field: str | None) -> None:
    event = check_event(changed(path, value))
    if field is None:
        check_times(event, TAKEN_IN)
        return
    with pytest.raises(BadInput) as refused:
        check_times(event, TAKEN_IN)
    assert refused.value.field == field
