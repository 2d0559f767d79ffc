"""Properties that no broken core passes: each mutant is noticed within a few hundred examples."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.kind_mutants import KIND_MUTANTS
from tests.kinds import draw_case_of, draw_delivery_of
from tests.mutants import LEDGER, MUTANTS, ROLLER, Mutant
from tests.strategies import choice, draw_case, draw_delivery
from tests.unit.timeline import properties

ALL = MUTANTS + KIND_MUTANTS


@pytest.mark.parametrize("mutant", ALL, ids=[mutant.name for mutant in ALL])
def test_a_mutant_is_noticed(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    @settings(max_examples=400, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
              report_multiple_bugs=False, suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        choose = choice(data)
        case = draw_case(choose) if mutant.kind is None else draw_case_of(mutant.kind, choose)
        delivery = draw_delivery(choose, case) if mutant.kind is None else draw_delivery_of(choose, case)
        holding = getattr(properties, mutant.property)
        holding(case, delivery, *([choose] if mutant.property in (LEDGER, ROLLER) else []))

    mutant.apply(monkeypatch)
    with pytest.raises(AssertionError):
        holds()
