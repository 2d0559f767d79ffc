"""Locks are exclusive and waited for."""

import os
import threading
from pathlib import Path

from eventlog.locks import lock


def test_a_lock_has_one_holder_and_is_waited_for(tmp_path: Path) -> None:
    first = lock(tmp_path / "lock")
    assert first is not None
    assert lock(tmp_path / "lock") is None
    threading.Timer(0.2, os.close, [first]).start()
    second = lock(tmp_path / "lock", wait_seconds=10)
    assert second is not None
    os.close(second)
