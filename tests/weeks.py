"""Weekly numbers for surges, cheaply drawn: one event a week, or few events over years."""

from __future__ import annotations

from tests.pools import KIDAL, MALI, Json, Pools
from tests.strategies import Case, Choose, at_day


def draw_years_apart(choose: Choose, pools: Pools) -> Case:
    """Few events of one feed, just inside and outside of the 52 weeks of each other, told sooner or much later."""
    said = []
    for number in range(choose((3, 4, 5, 6))):
        day = 7 * choose((0, 1, 2, 51, 52, 53, 54, 55, 106, 107)) + choose((0, 6))
        told = day + choose((1, 1, 10, 400, 800)) + number / 100
        said.append(_loss(pools, f"ucdp-ged:{choose(range(6))}", day, choose((1, 3, 9))) | _told(pools, told))
    rule: Json = {"id": "surge", "kind": "surge", "title": "Surge", "severity": "minor", "scope": "world"}
    rule |= {"measure": "killed", "reaches": 1, "p_value": choose((0.2, 0.01)), "min_weeks": choose((4, 52))}
    return Case(said, [rule], [])


def draw_weeks(choose: Choose, pools: Pools) -> list[Json]:
    """One event of each feed in some weeks of a quiet past, and in the last weeks more dead, cheaply drawn."""
    feeds = choose((("ucdp-ged",), ("ucdp-ged", "acled"), ("ucdp-ged", "acled")))
    quiet = choose(((0, 1), (0, 0, 1, 2), (0, 0, 0, 1)))
    before = choose((3, 4, 4, 5, 6))  # weeks before those that may be loud
    gap, old = choose((0, 0, 0, 0, 51, 54)), choose((1, 2, 3))  # a year without, after the first weeks
    shift = choose(range(7)) if choose((False, True)) else 0
    said = []
    for week in range(before + choose((1, 2, 3))):
        begins = week < old if gap else week == 0
        number = choose((1, 2) if begins else quiet if week < before else (1, 4, 8, 9))
        day = (week if begins else week + gap) * 7 + shift
        for feed in feeds:
            killed = number + choose((0, 0, 0, 1)) if number else 0
            if killed and choose(range(6)):
                late = choose((1, 1, 500)) if gap and begins else choose((1,) * 8 + (9, 40))
                said.append(_loss(pools, f"{feed}:w{week}", day, killed) | _told(pools, day + late))
    return said


def _loss(pools: Pools, event_id: str, day: int, killed: int) -> Json:
    start, end = at_day(pools, day), at_day(pools, day + 1)
    return {
        "id": event_id,
        "source": event_id.partition(":")[0],
        "type": "attack",
        "event_time": {"start": start, "end": end, "precision": "day"},
        "place": KIDAL if day % 2 else MALI,
        "killed": {"total": {"low": killed - 1, "best": killed, "high": killed + 2}},
        "injured": None,
        "coding": "human",
        "actors": [],
        "mission": None,
    }


def _told(pools: Pools, day: float) -> Json:
    return {"publish_time": at_day(pools, day), "publish_time_basis": "assumed"}
