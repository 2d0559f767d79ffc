"""Ports of a broker's folder stay the same while they are free."""

import json
import socket
from contextlib import closing
from pathlib import Path

import pytest

from eventlog.node.folder import PORT_RANGE, choose_ports
from schemas.errors import Failed


def _taken(port: int) -> socket.socket:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen()
    return server


def test_ports_are_free_different_and_kept(tmp_path: Path) -> None:
    chosen = choose_ports(tmp_path, port=None)
    assert len(set(chosen)) == 2
    assert all(port in PORT_RANGE for port in chosen)
    assert choose_ports(tmp_path, port=None) == chosen


def test_a_taken_port_is_replaced_alone(tmp_path: Path) -> None:
    port, controller_port = choose_ports(tmp_path, port=None)
    with closing(_taken(port)):
        other, same = choose_ports(tmp_path, port=None)
    assert (other != port, same) == (True, controller_port)
    with closing(_taken(controller_port)):
        same, other = choose_ports(tmp_path, port=None)
    assert other != controller_port


def test_a_port_that_is_asked_for_is_used_or_refused(tmp_path: Path) -> None:
    port, controller_port = choose_ports(tmp_path, port=None)
    assert choose_ports(tmp_path, port=controller_port)[0] == controller_port
    assert controller_port not in choose_ports(tmp_path, port=None)[1:]
    with closing(_taken(port)), pytest.raises(Failed, match=f"port {port} is in use"):
        choose_ports(tmp_path, port=port)


def test_a_port_file_that_cannot_be_read_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text("[12")
    chosen = choose_ports(tmp_path, port=None)
    assert json.loads((tmp_path / "ports.json").read_text()) == list(chosen)
