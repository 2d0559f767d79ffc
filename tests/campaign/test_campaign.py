"""The short form of the kill campaign; `python -m tests.campaign` is the long one."""

import pytest

from processors.settings import WorkerSettings
from tests.campaign.__main__ import BEYOND_SESSION, run
from tests.campaign.campaign import Campaign
from tests.campaign.material import everything

pytestmark = [pytest.mark.broker, pytest.mark.slow]


def strike_ledgers(campaign: Campaign) -> None:
    campaign.strike("ledger", phase="decided")
    campaign.strike("ledger")
    campaign.strike("ledger", frozen_seconds=BEYOND_SESSION)


def strike_rollers(campaign: Campaign) -> None:
    campaign.change_rules()
    campaign.strike_in_takeover("written")
    campaign.strike("roller", frozen_seconds=BEYOND_SESSION)


def test_kills_and_stops_at_any_moment_lose_and_double_nothing(broker: str, topic_prefix: str) -> None:
    settings = WorkerSettings(bootstrap=broker, prefix=topic_prefix, batch=25, session_seconds=6.0, log_level="debug")
    assert run(settings, everything()[::3], seed=7, strikes=[strike_ledgers, strike_rollers]) == []
