"""One try over real sockets: what is sent, and that no answer is an error of ours, or without bound."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from subscribers.webhooks import posting
from subscribers.webhooks.posting import open_session, post, signed_headers
from subscribers.webhooks.retries import Outcome
from tests.receiver import Answer, Receiver
from tests.unit.subscribers.webhooks.parts import endpoint

BODY = '{"type":"alert.raised","data":{"title":"Über 100"}}'.encode()


def now() -> int:
    return time.time_ns() // 1000


def send(url: str, *, secret: str | None = None) -> Outcome:
    async def once() -> Outcome:
        async with open_session() as session:
            to = endpoint(url)
            return await post(session, to.model_copy(update={"secret": secret or to.secret}), "msg_1", BODY, now=now())

    return asyncio.run(once())


def test_what_is_sent_is_signed_as_the_library_verifies_it() -> None:
    with Receiver() as receiver:
        receiver.secret = endpoint().secret
        assert send(receiver.url, secret=receiver.secret) == Outcome(status=200)
        assert send(receiver.url).status == 401
    [request] = receiver.taken
    assert (request.id, request.body, request.headers["Content-Type"]) == ("msg_1", BODY, "application/json")


def test_another_body_id_or_time_fits_no_signature() -> None:
    secret = endpoint().secret
    headers = signed_headers(secret, "msg_1", BODY, now=now())
    assert Webhook(secret).verify(BODY, headers) is not None
    for changed in ({"webhook-id": "msg_2"}, {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 1)}):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(BODY, headers | changed)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(secret).verify(BODY, signed_headers(secret, "msg_1", BODY, now=now() - 301_000_000))


def test_a_redirect_is_not_followed() -> None:
    with Receiver() as other, Receiver(lambda number: Answer(307, headers={"Location": other.url})) as receiver:
        outcome = send(receiver.url)
    assert (outcome.status, outcome.taken, other.requests) == (307, False, [])


def test_a_wish_and_the_beginning_of_an_answer_are_kept_and_no_more() -> None:
    answer = Answer(503, headers={"Retry-After": "17"}, body=b"x" * 10_000_000)
    with Receiver(lambda number: answer) as receiver:
        outcome = send(receiver.url)
    assert (outcome.status, outcome.wish_seconds, len(outcome.answer)) == (503, 17, 200)


def test_an_answer_that_never_ends_is_not_waited_for_and_the_status_stands(served: Raw) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    served.endless(head, b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
    begun = time.monotonic()
    assert send(served.url).taken
    assert time.monotonic() - begun < 5
    assert served.sent < 20_000_000  # the kernel takes some megabytes on its way


def test_packed_answers_are_not_unpacked(served: Raw) -> None:
    served.says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")
    assert send(served.url) == Outcome(status=200, answer="nope")


def test_whoever_does_not_answer_is_waited_for_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "WHOLE_SECONDS", 0.3)
    with Receiver(lambda number: Answer(after_seconds=100)) as receiver:
        begun = time.monotonic()
        outcome = send(receiver.url)
        assert time.monotonic() - begun < 5
    assert outcome.status is None and "no answer in time" in (outcome.error or "")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://no.such.host.invalid/", "http://xn--a.invalid/", "http://..../"]
)
def test_whoever_cannot_be_reached_is_an_outcome(url: str) -> None:
    outcome = send(url)
    assert outcome.status is None and outcome.error and not outcome.taken


def test_whoever_does_not_listen_or_is_not_known_is_told_in_words() -> None:
    assert send("http://127.0.0.1:1/").error == "no connection to 127.0.0.1:1: connection refused"
    assert send("http://no.such.host.invalid/").error == "no host no.such.host.invalid is known"


ANSWERS = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda status, name, value, body: b"HTTP/1.1 %d OK\r\n%s: %s\r\n\r\n%s" % (status, name, value, body),
        st.integers(0, 10**6),
        st.sampled_from([b"Content-Length", b"Transfer-Encoding", b"Retry-After", b"Set-Cookie", b"\xff", b""]),
        st.one_of(st.binary(max_size=40), st.sampled_from([b"chunked", b"-1", b"99999999999999999999", b"x" * 9000])),
        st.binary(max_size=50),
    ),
)


@settings(max_examples=60)
@given(ANSWERS)
def test_whatever_comes_back_is_an_outcome(answer: bytes) -> None:
    with contextlib.closing(Raw()) as served:
        served.says(answer)
        outcome = send(served.url)
        assert (outcome.status is None) == (outcome.error is not None)


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with contextlib.closing(Raw(context)) as served:
        served.says(b"HTTP/1.1 204 No Content\r\n\r\n")
        url = served.url.replace("http://127.0.0.1", "https://localhost")
        refused = send(url)
        assert refused.status is None and "ertificate" in (refused.error or "")
    assert served.received == b""


class Raw:
    """A server that answers every connection with the same bytes; `received` is what came, `sent` how much went."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self._head, self._again = b"", b""
        self.received, self.sent = b"", 0
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def says(self, answer: bytes) -> None:
        self._head = answer

    def endless(self, head: bytes, again: bytes) -> None:
        self._head, self._again = head, again

    def close(self) -> None:
        # Closing alone does not wake a thread that accepts.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), connection:
                connection.settimeout(5)
                self._answer(connection)

    def _answer(self, plain: socket.socket) -> None:
        with self._context.wrap_socket(plain, server_side=True) if self._context else plain as connection:
            while not self.received.endswith(BODY):
                if not (piece := connection.recv(65536)):
                    return
                self.received += piece
            connection.sendall(self._head)
            while self._again:
                connection.sendall(self._again)
                self.sent += len(self._again)
            self.received = b""


@pytest.fixture
def served() -> Iterator[Raw]:
    with contextlib.closing(Raw()) as raw:
        yield raw
