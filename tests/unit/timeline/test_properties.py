"""The core against the oracle, on whatever Hypothesis draws."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.strategies import cases, deliveries, rules
from tests.unit.timeline import properties


@examples(150)
@given(st.data())
def test_any_order_repetition_and_cut_gives_the_states_windows_and_alerts_of_the_oracle(data: st.DataObject) -> None:
    case = data.draw(cases())
    properties.any_arrival_gives_what_the_oracle_says(case, data.draw(deliveries(case)))


@examples(50)
@given(st.data())
def test_what_arrives_again_changes_nothing(data: st.DataObject) -> None:
    case = data.draw(cases())
    properties.a_repeat_changes_nothing(case, data.draw(deliveries(case)))


@examples(100)
@given(st.data())
def test_a_ledger_that_dies_retries_or_writes_late_gives_the_same(data: st.DataObject) -> None:
    case = data.draw(cases())
    properties.crashes_of_the_ledger_change_nothing(case, data.draw(deliveries(case)), data)


@examples(150)
@given(st.data())
def test_rollers_that_stop_at_any_step_lose_no_alert_and_no_thread(data: st.DataObject) -> None:
    case = data.draw(cases())
    properties.takeovers_of_the_roller_lose_nothing(case, data.draw(deliveries(case)), data)


@examples(80)
@given(st.data())
def test_a_change_of_rules_ends_as_if_they_had_always_been_in_force(data: st.DataObject) -> None:
    case = data.draw(cases())
    properties.a_change_of_rules_is_told_as_a_difference(case, data.draw(deliveries(case)), data.draw(rules()))
