"""Makes sure that something listens at a bootstrap address, and would let us in, before a client is made.

The clients wait long for an address where nothing listens, log each attempt, and leave threads and sockets behind when
they give up; a plain connection costs nothing and tells the same.
"""

import socket
import time
from typing import Final

from eventlog.security.admission import ask_admission
from schemas.errors import Failed

# Long enough for a broker that is being started again.
REACH_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1


def reach(bootstrap: str) -> None:
    """Returns when one of the addresses (`host:port`, separated by commas) takes a connection.

    Raises: Failed when none does in time, or it lets us not in, or the text is no such list.
    """
    addresses = [_address(part.strip(), bootstrap) for part in bootstrap.split(",")]
    deadline = time.monotonic() + REACH_SECONDS
    while not any(_listens(address, bootstrap) for address in addresses):
        if time.monotonic() >= deadline:
            raise Failed(f"no Kafka answers at {bootstrap}; start it, or name another with --bootstrap-servers")
        time.sleep(_POLL_SECONDS)


def _address(text: str, bootstrap: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise Failed(f"{bootstrap!r} is no list of broker addresses; give host:port, several separated by commas")
    return host.strip("[]"), int(port)


def _listens(address: tuple[str, int], bootstrap: str) -> bool:
    try:
        connection = socket.create_connection(address, timeout=2.0)
    except OSError:
        return False
    with connection:
        ask_admission(connection, bootstrap, host=address[0])
    return True
