"""Where `vigil up` serves HTTP: the address asked for, else the one of last time, so that links stay valid."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import click

from schemas.errors import Failed

LOOPBACK = "127.0.0.1"
PORT = 8420

host_option = click.option(
    "--host", default=LOOPBACK, show_default=True, help="Address of HTTP; another than loopback needs tokens."
)

require_tokens_option = click.option(
    "--require-tokens", is_flag=True, help="Answer nothing without a token, on loopback too."
)
allowed_host_option = click.option(
    "--allowed-host", "allowed_hosts", multiple=True, metavar="NAME", help="A further name of this server."
)


class Address(NamedTuple):
    """A host that is listened on, and a port."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Where clients on this machine reach it."""
        host = {"0.0.0.0": LOOPBACK, "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - told apart, not bound
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}"


def choose_address(run_folder: Path, *, host: str, port: int | None) -> Address:
    """Return the address to listen on; without a port that of last time, else the usual one, else any that is free.

    Raises:
        Failed: the port asked for is taken, or the host is none of this machine.
    """
    remembered = run_folder / "http.port"
    if port is not None:
        if not _is_free(host, port):
            raise Failed(f"port {port} of {host} is in use; name another with --port")
        return Address(host, port)
    chosen = next((each for each in (*_read(remembered), PORT, 0) if _is_free(host, each)), None)
    if chosen is None:
        raise Failed(f"{host} is no address of this machine; name another with --host")
    found = Address(host, chosen or _any_free(host))
    remembered.write_text(str(found.port), encoding="utf-8")
    return found


def require_token(folder: Path, address: Address, *, required: bool) -> None:
    """Refuse at once what the server would refuse each time that it is started.

    Raises:
        Failed: it has to ask for tokens, and there are none.
    """
    if address.host == LOOPBACK and not required:
        return
    from subscribers.http.serving import Listening, known_tokens  # noqa: PLC0415 - its libraries take time to load

    known_tokens(folder, Listening(host=address.host, port=address.port, require_tokens=required))


def _read(remembered: Path) -> tuple[int, ...]:
    try:
        return (int(remembered.read_text(encoding="utf-8")),)
    except (FileNotFoundError, ValueError):
        return ()


def _is_free(host: str, port: int) -> bool:
    try:
        _bind(host, port)
    except OSError:
        return False
    return True


def _any_free(host: str) -> int:
    return _bind(host, 0)


def _bind(host: str, port: int) -> int:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with closing(socket.socket(family, kind, protocol)) as probe:
        # As servers do: a port whose last connections still linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        return int(probe.getsockname()[1])
