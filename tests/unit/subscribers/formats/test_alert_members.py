"""A member that alerts get is in every form that alerts are given in."""

from __future__ import annotations

import pytest

from schemas.alert import Alert, AlertTransition
from subscribers.exporting.columns import ALERT_COLUMNS, TRANSITION_COLUMNS
from subscribers.formats.cap_document import PARAMETERS

OF_AN_ALERT = set(Alert.model_fields)
# CAP has elements of its own for these, or gives a parameter for each cause.
SAID_OTHERWISE = {"title", "severity", "urgency", "certainty", "causes"}


@pytest.mark.parametrize(
    ("names", "members"),
    [
        ({column.name for column in ALERT_COLUMNS}, OF_AN_ALERT),
        ({column.name for column in TRANSITION_COLUMNS} - {"as_of"}, set(AlertTransition.model_fields)),
        (set(PARAMETERS), OF_AN_ALERT - SAID_OTHERWISE),
    ],
    ids=["columns of alerts", "columns of transitions", "parameters of CAP"],
)
def test_no_member_is_left_out(names: set[str], members: set[str]) -> None:
    assert names == members
