"""Properties that no broken core passes: each mutant is noticed within a few hundred examples."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.mutants import LEDGER, MUTANTS, ROLLER, Mutant
from tests.strategies import choice, draw_case, draw_delivery
from tests.unit.timeline import properties


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_mutant_is_noticed(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    @settings(max_examples=400, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
              report_multiple_bugs=False, suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        choose = choice(data)
        case = draw_case(choose)
        holding = getattr(properties, mutant.property)
        holding(case, draw_delivery(choose, case), *([choose] if mutant.property in (LEDGER, ROLLER) else []))

    mutant.apply(monkeypatch)
    with pytest.raises(AssertionError):
        holds()
