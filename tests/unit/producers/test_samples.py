"""The samples can be published, and say what the commentary says."""

from __future__ import annotations

from pathlib import Path

import pytest

from producers.feeds import Files, read_files

from .reading import SAMPLES, Outcome

FILES = [
    *((path.parent.name, path) for path in sorted(SAMPLES.glob("*/*")) if path.is_file()),
    ("vigil", SAMPLES / "mali-2021.jsonl"),
]


def outcome_of(feed: str, path: Path) -> Outcome:
    return Outcome(list(read_files(feed, Files([str(path)]))))


@pytest.mark.parametrize(("feed", "path"), FILES, ids=lambda value: getattr(value, "name", value))
def test_every_sample_is_read_without_a_dead_letter(feed: str, path: Path) -> None:
    outcome = outcome_of(feed, path)
    assert outcome.events
    assert not outcome.dead


def test_no_event_id_stands_in_two_samples() -> None:
    ids = [event.id for feed, path in FILES for event in outcome_of(feed, path).events]
    assert len(ids) == len(set(ids))


def test_samples_are_small_and_attributed() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 1_500_000
    readme = (SAMPLES / "README.md").read_text()
    assert all(str(path.relative_to(SAMPLES)) in readme for _, path in FILES)


def test_the_commentary_on_mali_is_told_as_it_is_written() -> None:
    events = {event.id.removeprefix("vigil:mali-"): event for event in outcome_of("vigil", FILES[-1][1]).events}
    attacks = {
        key: (event.event_time.precision, event.killed.peacekeepers.best, event.injured.peacekeepers.best)
        for key, event in events.items()
        if event.type == "attack"
        and event.event_time
        and event.killed
        and event.killed.peacekeepers
        and event.injured
        and event.injured.peacekeepers
    }
    assert attacks == {
        "2021-10-02-tessalit": ("day", 1, 4),
        "2021-04-aguelhok": ("month", 4, 19),
        "2021-01-attacks": ("month", 4, 7),
    }
    coups = [event.event_time.precision for event in events.values() if event.type == "coup" and event.event_time]
    assert coups == ["year", "month"]
    resolutions = {event.resolution.symbol: event for event in events.values() if event.resolution}
    assert set(resolutions) == {"S/RES/2100 (2013)", "S/RES/2164 (2014)", "S/RES/2584 (2021)", "S/RES/2590 (2021)"}
    tally, displaced = events["tally-minusma-dead"], events["displaced"]
    assert (tally.tally and (tally.tally.value, str(tally.tally.as_of))) == (255, "2021-08-31")
    assert (tally.publish_time.date().isoformat(), tally.publish_time_basis) == ("2021-10-25", "stated")
    assert displaced.displacement
    assert displaced.displacement.persons == 370_000
    for event in events.values():
        if event.type != "tally" and event.event_time:
            assert (event.publish_time, event.publish_time_basis) == (event.event_time.end, "assumed")
