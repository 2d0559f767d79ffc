"""The long form: `python -m tests.campaign [--seed N] [--rounds N]`; at least 30 kills and 6 stops a round.

The rules change all the while, so that whoever takes over has much to tell. In the end the log has to hold what an
oracle computes from the set of assertions, and `vigil verify` has to say that all is equal.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from cli.archives.verification import verify
from eventlog.node.embedded import EmbeddedBroker
from eventlog.topics import create_topics
from processors.settings import WorkerSettings
from tests.campaign.campaign import LEDGER_PHASES, TAKEOVER_STEPS, Campaign, counted, skipped_ranges
from tests.campaign.material import Json, everything, with_changes
from tests.oracle.oracle import Oracle, line
from tests.outcome import standing, timeline, told_out_of_turn, transitions, windows
from tests.rule_changes import changed_set, default_set

BEYOND_SESSION = 9.0


def strike_ledgers(campaign: Campaign) -> None:
    """15 kills, at random moments and in each phase of a batch, and 3 stops."""
    for number in range(15):
        campaign.strike("ledger", phase=LEDGER_PHASES[number % 3] if number % 2 else None)
        time.sleep(campaign.chance.uniform(0.0, 6.0))
        if number % 5 == 4:
            campaign.strike("ledger", frozen_seconds=BEYOND_SESSION)


def strike_rollers(campaign: Campaign) -> None:
    """Two kills for each step of a takeover, transactions included, each after a change of rules, and 3 stops."""
    for number, step in enumerate(TAKEOVER_STEPS):
        campaign.change_rules()
        campaign.strike_in_takeover(step)
        if number % 3 == 2:
            campaign.strike("roller", frozen_seconds=BEYOND_SESSION)


def run(
    settings: WorkerSettings, events: list[Json], *, seed: int, strikes: list[Callable[[Campaign], None]]
) -> list[str]:
    """Run one campaign; return what is wrong in the end."""
    said = with_changes(events, random.Random(seed))
    campaign = Campaign(settings, said, [default_set(), changed_set()], seed=seed)
    failures: list[BaseException] = []

    def strike(by: Callable[[Campaign], None]) -> None:
        try:
            by(campaign)
        except BaseException as error:
            failures.append(error)

    try:
        threads = [threading.Thread(target=strike, args=(by,)) for by in strikes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        campaign.finish()
    finally:
        campaign.close()
    wrong = [*differences(settings, campaign), *verdict(settings), *told_out_of_turn(transitions(settings))]
    return [*wrong, *skipped_ranges(campaign.runs), *campaign.crashes]


def differences(settings: WorkerSettings, campaign: Campaign) -> list[str]:
    """In what the log differs from what the oracle computes from the set of assertions."""
    oracle = Oracle(campaign.events)
    found = {"states": timeline(settings), "windows": windows(settings), "standing alerts": standing(settings)}
    expected = {
        "states": [line(state) for state in oracle.timeline()],
        "windows": [line(value) for value in oracle.windows()],
        "standing alerts": [line(alert) for alert in oracle.alerts(campaign.rules)],
    }
    told = transitions(settings)
    print(
        json.dumps(
            {
                "events": len(campaign.events),
                **{name: len(lines) for name, lines in found.items()},
                "alert records": len(told),
                "blows": dict(sorted(counted(campaign.blows).items())),
                "runs": len(campaign.runs),
            }
        ),
        flush=True,
    )
    return [
        f"{name}: {len(set(expected[name]) - set(lines))} missing, {len(set(lines) - set(expected[name]))} spurious"
        for name, lines in found.items()
        if lines != expected[name]
    ]


def verdict(settings: WorkerSettings) -> list[str]:
    """What `vigil verify` finds."""
    found = asdict(asyncio.run(verify(settings.bootstrap, topic_prefix=settings.prefix)))
    troubles: list[str] = found.pop("troubles")
    print(json.dumps({"verify": {"equal": not troubles, **found}}), flush=True)
    return [f"verify: {trouble}" for trouble in troubles]


def main() -> int:
    """Run the rounds on an embedded broker of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args()
    wrong: list[str] = []
    events = everything()
    with tempfile.TemporaryDirectory(prefix="vigil-campaign-") as folder, EmbeddedBroker(Path(folder)) as broker:
        for seed in range(chosen.seed, chosen.seed + chosen.rounds):
            prefix = f"campaign-{seed}."
            create_topics(broker.bootstrap, prefix=prefix)
            settings = WorkerSettings(
                bootstrap=broker.bootstrap,
                prefix=prefix,
                batch=25,
                transaction=100,
                session_seconds=6.0,
                log_level="debug",
            )
            started = time.monotonic()
            found = run(settings, events, seed=seed, strikes=[strike_ledgers, strike_rollers])
            wrong += found
            print(json.dumps({"seed": seed, "seconds": round(time.monotonic() - started), "wrong": found}), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
