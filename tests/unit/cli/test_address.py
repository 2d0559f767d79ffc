"""Where `vigil up` serves, and what it refuses at once instead of starting a server that cannot start."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cli.service.address import Address, require_token
from cli.service.up import Plan, serve
from cli.settings import Settings
from cli.stopping import Stop
from schemas.errors import Failed
from subscribers.tokens import FILE_NAME, create_token

ANYWHERE = Address("0.0.0.0", 8420)


@pytest.mark.parametrize(("address", "required"), [(ANYWHERE, False), (Address("127.0.0.1", 8420), True)])
def test_a_server_that_has_to_ask_for_tokens_is_refused_while_there_are_none(
    tmp_path: Path, address: Address, required: bool
) -> None:
    with pytest.raises(Failed, match=r"vigil token create NAME --role"):
        require_token(tmp_path, address, required=required)
    create_token(tmp_path / FILE_NAME, name="desk", roles=["read"], expires=None, now=time.time_ns() // 1000)
    require_token(tmp_path, address, required=required)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_no_token(tmp_path: Path, host: str) -> None:
    require_token(tmp_path, Address(host, 8420), required=False)


def test_nothing_is_started_where_the_server_would_be_refused(tmp_path: Path) -> None:
    plan = Plan(clock="log", ledgers=1, rollers=1, host=ANYWHERE.host, port=None)
    with Stop() as stop, pytest.raises(Failed, match=r"does not listen on 0\.0\.0\.0 before there is a token"):
        serve(Settings(dir=tmp_path), plan, stop, when_ready=lambda *_: None)
    assert not (tmp_path / "broker").exists()
