"""The core against the oracle, on whatever Hypothesis draws."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.strategies import choice, draw_case, draw_delivery, draw_rules
from tests.unit.timeline import properties


@examples(400)
@given(st.data())
def test_any_order_repetition_and_cut_gives_the_states_and_alerts_of_the_oracle(data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_case(choose)
    properties.any_arrival_gives_what_the_oracle_says(case, draw_delivery(choose, case))


@examples(100)
@given(st.data())
def test_any_order_repetition_and_cut_gives_the_windows_of_the_oracle(data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_case(choose)
    properties.any_arrival_gives_the_windows_of_the_oracle(case, draw_delivery(choose, case))


@examples(60)
@given(st.data())
def test_the_aggregates_of_every_day_are_those_of_the_oracle(data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_case(choose)
    properties.aggregates_of_every_day_are_those_of_the_oracle(case, draw_delivery(choose, case), choose)


@examples(100)
@given(st.data())
def test_what_arrives_again_changes_nothing(data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_case(choose)
    properties.a_repeat_changes_nothing(case, draw_delivery(choose, case))


@examples(200)
@given(st.data())
def test_a_ledger_that_dies_retries_or_writes_late_gives_the_same(data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_case(choose)
    properties.crashes_of_the_ledger_change_nothing(case, draw_delivery(choose, case), choose)


@examples(250)
@given(st.data())
def test_rollers_that_stop_at_any_step_lose_no_alert_and_no_thread(data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_case(choose)
    properties.takeovers_of_the_roller_lose_nothing(case, draw_delivery(choose, case), choose)


@examples(100)
@given(st.data())
def test_a_change_of_rules_ends_as_if_they_had_always_been_in_force(data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_case(choose)
    properties.a_change_of_rules_is_told_as_a_difference(case, draw_delivery(choose, case), draw_rules(choose))
