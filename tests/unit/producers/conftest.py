"""A provider to fetch from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .provider_server import ProviderServer


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    """A provider's server, which answers until the test is over."""
    with ProviderServer().running() as running:
        yield running
