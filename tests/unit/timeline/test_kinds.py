"""The core against the oracle, for each kind of rule by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kinds import KIND_POOLS, KINDS, draw_case_of, draw_delivery_of, draw_rules_of_any_kind
from tests.profiles import examples
from tests.strategies import Case, choice, draw_delivery
from tests.unit.timeline import properties
from tests.unit.timeline.retraction import what_was_withdrawn_never_happened
from tests.weeks import draw_years_apart

of_each_kind = pytest.mark.parametrize("kind", KINDS)


@of_each_kind
@examples(100)
@given(data=st.data())
def test_any_order_repetition_and_cut_gives_the_alerts_of_the_oracle(kind: str, data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_case_of(kind, choose)
    properties.any_arrival_gives_what_the_oracle_says(case, draw_delivery_of(choose, case))


@of_each_kind
@examples(30)
@given(data=st.data())
def test_what_arrives_again_changes_nothing(kind: str, data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_case_of(kind, choose)
    properties.a_repeat_changes_nothing(case, draw_delivery_of(choose, case))


@of_each_kind
@examples(40)
@given(data=st.data())
def test_rollers_that_stop_at_any_step_lose_no_alert_and_no_thread(kind: str, data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_case_of(kind, choose)
    properties.takeovers_of_the_roller_lose_nothing(case, draw_delivery_of(choose, case), choose)


@of_each_kind
@examples(40)
@given(data=st.data())
def test_a_change_to_rules_of_any_kind_ends_as_if_they_had_always_been_in_force(kind: str, data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_case_of(kind, choose)
    others = draw_rules_of_any_kind(choose)
    properties.a_change_of_rules_is_told_as_a_difference(case, draw_delivery_of(choose, case), others)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "silence"])
@examples(60)
@given(data=st.data())
def test_an_event_and_its_withdrawal_never_happened(kind: str, data: st.DataObject) -> None:
    choose = choice(data)
    what_was_withdrawn_never_happened(_without_silence(draw_case_of(kind, choose)), choose)


def _without_silence(case: Case) -> Case:
    """A withdrawal is a publication, so that it ends a silence."""
    return case._replace(rules=[rule for rule in case.rules if rule["kind"] != "silence"])


@examples(300)
@given(data=st.data())
def test_when_a_surge_was_known_depends_on_all_that_is_older(data: st.DataObject) -> None:
    choose = choice(data)
    case = draw_years_apart(choose, KIND_POOLS["surge"][0])
    one_by_one = draw_delivery(choose, case)._replace(sizes=[1])
    properties.any_arrival_gives_what_the_oracle_says(case, one_by_one)
