from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from processors.teller import transactions
from timeline.telling import ScopeChange

CHANGES = st.lists(
    st.builds(
        ScopeChange,
        st.uuids().map(str),
        st.sampled_from([None, (None,), (b"{}",)]),
        st.integers(0, 12).map(lambda count: (("world", b"{}"),) * count),
    )
)


def size(change: ScopeChange) -> int:
    return len(change.alerts) + (change.aggregate is not None)


@given(CHANGES)
def test_transactions_hold_all_changes_in_order_whole_and_no_more_records_than_allowed(
    changes: list[ScopeChange],
) -> None:
    packed = list(transactions(changes, most=10))
    assert [change for part in packed for change in part] == changes
    for part in packed:
        assert part
        assert sum(map(size, part)) <= 10 or len(part) == 1


@given(CHANGES)
def test_a_transaction_takes_as_much_as_it_may(changes: list[ScopeChange]) -> None:
    packed = list(transactions(changes, most=10))
    for part, following in pairwise(packed):
        assert sum(map(size, part)) + size(following[0]) > 10
