"""Locks on files, between processes.

They are the kernel's (flock) and vanish with their holders: nothing that `kill -9` leaves behind blocks a later start.
"""

import fcntl
import os
import time
from pathlib import Path

POLL_SECONDS = 0.02


def lock(path: Path, *, wait_seconds: float = 0.0) -> int | None:
    """The descriptor of a lock held on this file from now on, or None when another holds it until the wait is over."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
            time.sleep(POLL_SECONDS)
        else:
            return descriptor


def is_locked(path: Path) -> bool:
    """Whether another holds a lock on this file."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two that ask at once do not see each other.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
