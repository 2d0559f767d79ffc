"""Finding an alert, or a silence, by the first digits of its id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from schemas.errors import Failed, Misuse

SHORTEST_ID = 4


def find_alert(transitions: Sequence[dict[str, Any]], digits: str) -> dict[str, Any]:
    """Return how the alert whose id (or thread) begins with these digits was told last.

    Raises:
        Misuse: they are too few; Failed: no alert has them, or several have.
    """
    _check(digits)
    found = [each for each in transitions if each["id"].startswith(digits) or each["thread"] == digits]
    alert_id = _only(
        {each["id"] for each in found if each["id"].startswith(digits)} or {e["id"] for e in found[-1:]},
        digits,
        none=f"no alert {digits} was ever told; see `vigil alerts --all`",
        many="alerts",
    )
    return next(each for each in reversed(found) if each["id"] == alert_id)


def find_silence(ids: Iterable[str], digits: str) -> str:
    """Return the one id of a silence that begins with these digits; raises as `find_alert`."""
    _check(digits)
    none = f"there is no silence {digits}; see `vigil silences list --all`"
    return _only({each for each in ids if each.startswith(digits)}, digits, none=none, many="silences")


def _check(digits: str) -> None:
    if len(digits) < SHORTEST_ID:
        raise Misuse(f"{digits!r} is too short; give at least {SHORTEST_ID} digits of the id")


def _only(ids: set[str], digits: str, *, none: str, many: str) -> str:
    if not ids:
        raise Failed(none)
    if len(ids) > 1:
        raise Failed(f"{digits} are the first digits of {len(ids)} {many}: {', '.join(sorted(ids)[:5])}")
    return ids.pop()
