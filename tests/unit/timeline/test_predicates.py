"""Predicates: what a path through an event's document finds."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.event import check_event
from timeline.identity import assertion
from timeline.predicates import Predicates


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({"repairs": "country"}, True),
        ({"repairs": ["name", "encoding"]}, True),
        ({"repairs": "name"}, False),
        ({"actors.id": "jnim"}, True),
        ({"actors.id": "aqim"}, False),
        ({"coup.outcome": "realised"}, False),
        ({"killed.total.best": 3}, True),
        ({"resolution.chapter_vii": True}, False),
    ],
)
def test_a_condition_holds_when_any_value_at_its_path_does(where: dict[str, Any], holds: bool) -> None:
    said = assertion(
        check_event(
            {
                "id": "vigil:1",
                "source": "vigil",
                "type": "attack",
                "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-04-02T00:00:00Z", "precision": "day"},
                "publish_time": "2021-04-02T00:00:00Z",
                "actors": [{"id": "jnim", "name": "JNIM", "role": "perpetrator"}],
                "killed": {"total": {"best": 3}},
                "repairs": ["country", "encoding"],
            }
        )
    )
    predicates = Predicates([where])
    assert predicates.satisfied(said.document) == ({predicates.number(where)} if holds else set())
