"""Fetching: what passes, what does not, and what is never told to anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from producers.watching.web import Answer, Denied, Later, Missing, Web, shown
from schemas.errors import Failed

from .provider_server import ProviderServer, Reply, changing, validated


@pytest.fixture
def web() -> Web:
    return Web(pause_seconds=0.0, timeout_seconds=5.0, limit_bytes=1000)


def body_of(answer: Answer | None) -> bytes:
    assert answer is not None
    return answer.body


def test_a_body_with_its_validators_and_nothing_while_it_is_unchanged(server: ProviderServer, web: Web) -> None:
    server.answers["/a"] = validated(Reply(b"text", headers={"last-modified": "Tue, 24 Nov 2026 10:00:00 GMT"}))
    answer = web.get(server.url + "/a")
    assert answer is not None
    assert answer.validators == {"etag": '"1"', "last_modified": "Tue, 24 Nov 2026 10:00:00 GMT"}
    assert web.get(server.url + "/a", known=answer.validators) is None
    assert server.requests[-1].headers["if-modified-since"] == "Tue, 24 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=408), Later),
        (Reply(status=429), Later),
        (Reply(status=500), Later),
        (Reply(status=503), Later),
        (Reply(b"half", cut=True), Later),
        (Reply(status=404), Missing),
        (Reply(status=410), Missing),
        (Reply(status=401), Denied),
        (Reply(status=403), Denied),
        (Reply(status=400), Failed),
        (Reply(b"x" * 1001), Failed),
        (Reply(status=302, headers={"location": "/a"}), Failed),
        (Reply(status=302, headers={"location": "http://localhost:1/a"}), Failed),
        (Reply(status=302), Failed),
    ],
)
def test_what_is_no_answer_says_so_without_the_query(
    server: ProviderServer, web: Web, reply: Reply, error: type[Exception]
) -> None:
    server.answers["/a"] = reply
    with pytest.raises(error) as raised:
        web.get(server.url + "/a?secret=x")
    assert type(raised.value) is error
    assert "secret" not in str(raised.value)


def test_nobody_who_listens_is_trouble_that_passes(web: Web) -> None:
    with pytest.raises(Later):
        web.get("http://127.0.0.1:1/a")


@pytest.mark.parametrize(("text", "expected"), [("7", 7.0), ("soon", None), ("date", 60.0), (None, None)])
def test_the_provider_says_how_long_to_wait(
    server: ProviderServer, web: Web, text: str | None, expected: float | None
) -> None:
    if text == "date":
        text = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    server.answers["/a"] = Reply(status=429, headers={} if text is None else {"retry-after": text})
    with pytest.raises(Later) as raised:
        web.get(server.url + "/a")
    assert raised.value.retry_after_seconds == (None if expected is None else pytest.approx(expected, abs=5))


def test_a_redirect_within_the_host_is_followed(server: ProviderServer, web: Web) -> None:
    server.answers |= {"/a": Reply(status=301, headers={"location": "/b"}), "/b": Reply(b"there")}
    assert body_of(web.get(server.url + "/a")) == b"there"


def test_requests_keep_their_distance(server: ProviderServer) -> None:
    waited: list[float] = []
    web = Web(wait=waited.append, pause_seconds=60.0)
    server.answers["/a"] = changing(Reply(b"1"), Reply(b"2"))
    assert [body_of(web.get(server.url + "/a")) for _ in range(2)] == [b"1", b"2"]
    [seconds] = waited
    assert 55 < seconds <= 60


def test_a_form_is_posted_as_forms_are(server: ProviderServer, web: Web) -> None:
    server.answers["/token"] = Reply(b"{}")
    assert web.post_form(server.url + "/token", {"a": "b c"}).body == b"{}"
    assert server.requests[-1].body == b"a=b+c"
    assert server.requests[-1].headers["content-type"] == "application/x-www-form-urlencoded"


def test_an_address_is_shown_without_what_is_secret() -> None:
    assert shown("https://user:pass@host:1/a/b?key=c#d") == "https://host:1/a/b"
