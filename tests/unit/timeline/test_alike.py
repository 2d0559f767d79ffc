"""How far the core's rounded numbers may be from the oracle's."""

from __future__ import annotations

import pytest

from tests.unit.timeline.alike import alike


def alert(expected: str, p_value: str, title: str = "a") -> bytes:
    return f'{{"expected":{expected},"p_value":{p_value},"title":"{title}"}}'.encode()


@pytest.mark.parametrize(
    ("told", "exact"),
    [
        (alert("0.62", "0.00388"), alert("0.62", "0.00388")),
        (alert("0.63", "0.00389"), alert("0.62", "0.00388")),
        (alert("1.0", "1e-5"), alert("1.0", "1e-05")),
        (alert("1.0", "0.1"), alert("1.0", "0.0999")),
    ],
)
def test_the_last_digit_may_differ(told: bytes, exact: bytes) -> None:
    alike([told], [exact])


@pytest.mark.parametrize(
    "told",
    [
        alert("0.64", "0.00388"),
        alert("0.62", "0.0039"),
        alert("0.625", "0.00388"),
        alert("0.62", "0.003881"),
        alert("0.62", "0.00388", title="b"),
        b"{}",
    ],
)
def test_nothing_else_may(told: bytes) -> None:
    with pytest.raises(AssertionError):
        alike([told], [alert("0.62", "0.00388")])


def test_no_alert_may_be_missing() -> None:
    with pytest.raises(AssertionError):
        alike([], [alert("0.62", "0.00388")])
