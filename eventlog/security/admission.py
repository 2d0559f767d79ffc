"""Asks what listens at an address whether it would let us in, as every client begins, and says in one line why not.

The clients themselves ask again and again until their time is up, and then say that they could not connect, whether a
password is wrong, a certificate not to be trusted, or TLS spoken by one side alone. What is not certainly a refusal is
left to them.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from typing import Any, Final

from eventlog.security.cluster import Security, client_options, security_of
from schemas.errors import Failed

ANSWER_SECONDS: Final = 1.0
_HANDSHAKE, _AUTHENTICATE = 17, 36
_WRONG_MECHANISM, _NO_SASL_HERE, _NOT_AUTHENTICATED = 33, 34, 58
_TLS_ALERT: Final = b"\x15\x03"
_MOST_BYTES: Final = 100_000
_SETTING: Final = "VIGIL_KAFKA_SECURITY_PROTOCOL"


def ask_admission(connection: socket.socket, bootstrap: str, *, host: str) -> None:
    """Goes through the beginning of a client's talk on a fresh connection to one of the brokers at this host.

    Raises: Failed when no client of ours will be let in; it says why, and which setting to look at.
    """
    connection.settimeout(ANSWER_SECONDS)
    security = security_of(bootstrap) or Security(protocol="PLAINTEXT")
    try:
        with _encrypted(connection, security, bootstrap, host=host) as stream:
            _ask(stream, security, bootstrap)
    except (OSError, struct.error, _NoAnswer):
        # It may only just be starting; the client has more time.
        return


class _NoAnswer(Exception):
    """The other side closed the connection, or what it says is not Kafka's."""


@contextlib.contextmanager
def _encrypted(connection: socket.socket, security: Security, bootstrap: str, *, host: str) -> Iterator[socket.socket]:
    context = security.tls_context()
    if context is None:
        yield connection
        return
    import ssl  # noqa: PLC0415 - most clusters of a machine's own have no TLS

    try:
        with context.wrap_socket(connection, server_hostname=host) as stream:
            yield stream
    except ssl.SSLCertVerificationError as error:
        trusted = security.ca_file or "the system's authorities"
        raise Failed(
            f"the certificate of Kafka at {bootstrap} is not to be trusted: {error.verify_message}; it is compared "
            f"with {trusted} (VIGIL_KAFKA_CA_FILE)"
        ) from error
    except ssl.SSLError as error:
        if "CERTIFICATE" in str(error.reason):
            raise Failed(
                f"Kafka at {bootstrap} does not take our certificate ({error.reason}); see VIGIL_KAFKA_CERTIFICATE_FILE"
            ) from error
        raise Failed(
            f"what listens at {bootstrap} does not speak the TLS that {_SETTING}={security.protocol} asks for: "
            f"{error.reason}"
        ) from error


def _ask(stream: socket.socket, security: Security, bootstrap: str) -> None:
    mechanism, address = security.mechanism if security.authenticated else "", stream.getpeername()
    try:
        answer = _exchange(stream, _HANDSHAKE, 1, _text(mechanism))
    except (_NoAnswer, ConnectionError):
        if not security.encrypted and _speaks_tls(address):
            raise Failed(
                f"Kafka at {bootstrap} speaks TLS; set {_SETTING} to SASL_SSL, or to SSL if it asks for no password"
            ) from None
        raise
    code, offered = _handshake_answer(answer)
    if security.authenticated:
        if code == _NO_SASL_HERE:
            raise Failed(
                f"Kafka at {bootstrap} asks for no user and password; "
                f"set {_SETTING} to {'SSL' if security.encrypted else 'PLAINTEXT'}"
            )
        if code == _WRONG_MECHANISM:
            raise Failed(
                f"Kafka at {bootstrap} does not take {mechanism}; "
                f"set VIGIL_KAFKA_SASL_MECHANISM to {' or '.join(offered)}"
            )
        _sign_in(stream, security, bootstrap)
    elif code == _WRONG_MECHANISM:
        raise Failed(
            f"Kafka at {bootstrap} asks for a user and a password ({' or '.join(offered)}); set {_SETTING} to "
            f"{'SASL_SSL' if security.encrypted else 'SASL_PLAINTEXT'}"
        )


def _sign_in(stream: socket.socket, security: Security, bootstrap: str) -> None:
    from kafka.net.sasl import get_sasl_mechanism  # noqa: PLC0415 - only where passwords are asked for

    talk = get_sasl_mechanism(security.mechanism)(**client_options(bootstrap))
    while not talk.is_done():
        said: bytes = talk.auth_bytes()
        answer = _exchange(stream, _AUTHENTICATE, 0, struct.pack(">i", len(said)) + said)
        code, length = struct.unpack_from(">hh", answer)
        if code == _NOT_AUTHENTICATED:
            why = answer[4 : 4 + max(length, 0)].decode(errors="replace") or "no reason given"
            raise Failed(
                f"Kafka at {bootstrap} does not let {security.username} in: {why}; "
                "see VIGIL_KAFKA_USERNAME and VIGIL_KAFKA_PASSWORD"
            )
        if code != 0:
            raise _NoAnswer
        try:
            talk.receive(answer[8 + max(length, 0) :])
        except (ValueError, KeyError) as error:
            raise Failed(f"what listens at {bootstrap} does not know the password of {security.username}") from error


def _exchange(stream: socket.socket, api: int, version: int, body: bytes) -> bytes:
    """The body of the answer to a request of Kafka's protocol with a header of version 1."""
    message = struct.pack(">hhi", api, version, 1) + _text("vigil") + body
    stream.sendall(struct.pack(">i", len(message)) + message)
    head = _receive(stream, 8)
    length, correlation = struct.unpack(">ii", head)
    if head.startswith(_TLS_ALERT) or correlation != 1 or not 4 < length < _MOST_BYTES:
        raise _NoAnswer
    return _receive(stream, length - 4)


def _receive(stream: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        if not (part := stream.recv(count - len(received))):
            raise _NoAnswer
        received += part
    return received


def _handshake_answer(answer: bytes) -> tuple[int, list[str]]:
    """The error code and the mechanisms that are offered."""
    code, count = struct.unpack_from(">hi", answer)
    offered, at = [], 6
    for _ in range(count):
        (length,) = struct.unpack_from(">h", answer, at)
        offered.append(answer[at + 2 : at + 2 + length].decode(errors="replace"))
        at += 2 + length
    return code, offered


def _text(said: str) -> bytes:
    encoded = said.encode()
    return struct.pack(">h", len(encoded)) + encoded


def _speaks_tls(address: Any) -> bool:
    import ssl  # noqa: PLC0415 - asked for only where a plain talk failed

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing but the question itself is sent; whose certificate it is does not matter here.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(address[:2], timeout=ANSWER_SECONDS) as plain, context.wrap_socket(plain):
            return True
    except OSError:
        return False
