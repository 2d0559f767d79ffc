"""Watching: only what is new is published, whatever the provider does and wherever it was cut short."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from eventlog.memory import MemoryLog
from producers.acled.api import AcledApi, as_table
from producers.feeds import FEEDS
from producers.gdelt.updates import FURTHEST_BACK, TRIES, GdeltUpdates
from producers.providers import Credentials, provider_of
from producers.rows import Published, Row
from producers.ucdp.api import UcdpApi
from producers.watching.drop_folder import DropFolder
from producers.watching.positions import Position
from producers.watching.watch import Delivery, Provider, Told, Watch, pause_seconds
from producers.watching.web import Denied, Later, Web
from producers.watching.web_file import WebFile
from producers.watching.zipped import unzipped
from schemas.errors import BadInput, Failed, Misuse
from schemas.event import check_event
from schemas.topics import DEADLETTERS, FEED_POSITIONS, INCIDENTS

from .provider_server import ProviderServer, Reply, Request, changing, validated

STAMPS = [f"20241231{hour}{minute}00" for hour in ("10", "11") for minute in ("00", "15", "30", "45")]


@pytest.fixture
def web() -> Web:
    return Web(pause_seconds=0.0, timeout_seconds=5.0)


def event(key: str, **members: Any) -> bytes:
    """A line of the feed `vigil`."""
    when = {"start": "2024-01-01T00:00:00Z", "end": "2024-01-02T00:00:00Z", "precision": "day"}
    said = {"id": f"vigil:{key}", "source": "vigil", "type": "attack", "event_time": when}
    return json.dumps({**said, "publish_time": "2024-01-02T00:00:00Z", **members}).encode() + b"\n"


class Log(MemoryLog):
    """A log, and what watching it was told."""

    def __init__(self) -> None:
        super().__init__(clock=lambda: 0)
        self.told: list[str] = []

    def events(self) -> list[str]:
        return [(record.key or b"").decode() for record in self.read(INCIDENTS)]

    def positions(self) -> dict[str, Position]:
        """As a new start reads them."""
        found = {}
        for record in self.read(FEED_POSITIONS):
            position = Position(**json.loads(record.value or b""))
            found[position.part] = position
        return found

    def look(self, provider: Provider, *, feed: str = "vigil") -> Told:
        """A look of a watch that has just started."""
        return Watch(feed, provider, self, "", self.told.append, self.positions()).look()


@pytest.fixture
def log() -> Log:
    return Log()


class Given:
    """A provider of what it is given, whose state is how much of that it has handed out."""

    source = "here"

    def __init__(self, *deliveries: Sequence[Row] | Exception) -> None:
        self.deliveries = deliveries

    def poll(self, known: Mapping[str, Any]) -> Iterator[Delivery]:
        for number in range(known.get("", {}).get("n", 0), len(self.deliveries)):
            rows = self.deliveries[number]
            if isinstance(rows, Exception):
                raise rows
            yield Delivery(str(number), rows, {"n": number + 1})


def published(key: str, **members: Any) -> Published:
    return Published(check_event(json.loads(event(key, **members))))


# The loop


def test_a_position_is_written_after_what_it_covers_and_a_new_start_goes_on_there(log: Log) -> None:
    first = log.look(Given([published("a")], [published("b")], Later("soon", 9.0)))
    assert (first.deliveries, first.summary.published) == (2, 2)
    assert first.failure is not None
    assert first.failure.retry_after_seconds == 9.0
    assert log.look(Given([published("a")], [published("b")], [published("c")])).summary.published == 1
    assert log.events() == ["vigil:a", "vigil:b", "vigil:c"]


def test_a_crash_between_events_and_position_repeats_them(log: Log) -> None:
    class Crashing(Log):
        def send(self, topic: str, **record: Any) -> None:
            if topic == FEED_POSITIONS:
                raise Failed("crash")
            log.send(topic, **record)

    with pytest.raises(Failed):
        Crashing().look(Given([published("a")]))
    log.look(Given([published("a")]))
    assert log.events() == ["vigil:a", "vigil:a"]
    assert len({record.value for record in log.read(INCIDENTS)}) == 1


def test_the_newest_publish_time_is_kept_and_never_goes_back(log: Log) -> None:
    newer = "2024-05-01T00:00:00Z"
    told = log.look(Given([published("a", publish_time=newer), published("b")]))
    assert told.newest == newer
    assert log.look(Given([], [published("c")])).newest == newer


def test_without_news_the_position_is_written_once_in_a_while(log: Log) -> None:
    watch = Watch("vigil", Given(), log, "", log.told.append, {})
    for _ in range(3):
        assert watch.look().deliveries == 0
    assert len(list(log.read(FEED_POSITIONS))) == 1


def test_what_cannot_be_read_to_its_end_is_told_kept_in_the_position_and_passed_over(log: Log) -> None:
    def broken() -> Iterator[Row]:
        yield published("a")
        raise Failed("cut")

    provider = Given(broken(), [published("b")])  # type: ignore[arg-type]
    assert log.look(provider).summary.published == 2
    assert "cut" in log.told[0]
    troubles = [json.loads(record.value or b"")["trouble"] for record in log.read(FEED_POSITIONS)]
    assert troubles == ["0: cut", None]


def test_a_stop_ends_the_look_between_two_files(log: Log) -> None:
    watch = Watch("vigil", Given([published("a")], [published("b")]), log, "", log.told.append, {}, lambda: True)
    assert watch.look().deliveries == 1


@pytest.mark.parametrize(
    ("failures", "asked", "expected"),
    [
        (1, None, 2),
        (2, None, 4),
        (8, None, 256),
        (9, None, 300),
        (99, None, 300),
        (1, 7, 7),
        (5, 7, 32),
        (1, 1e9, 86400),
    ],
)
def test_pauses_grow_and_are_never_shorter_than_was_asked_for(
    failures: int, asked: float | None, expected: float
) -> None:
    assert pause_seconds(failures, asked) == expected


# GDELT


def zipped(content: bytes | None, name: str = "a.CSV") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        if content is not None:
            archive.writestr(name, content)
    return packed.getvalue()


class Gdelt:
    """The folder that GDELT serves, with the lines of the feed `vigil` in its archives."""

    def __init__(self, server: ProviderServer, web: Web) -> None:
        self.server = server
        self.provider = GdeltUpdates(web, server.url + "/v2/lastupdate.txt", FEEDS["vigil"])

    def publish(self, stamp: str, packed: bytes | None = None, *, listed: bytes | None = None) -> None:
        packed = zipped(event(stamp)) if packed is None else packed
        self.server.answers[f"/v2/{stamp}.export.CSV.zip"] = Reply(packed)
        md5 = hashlib.md5(packed if listed is None else listed).hexdigest()
        lines = [f"{len(packed)} {md5} http://elsewhere.example/v2/{stamp}.export.CSV.zip"]
        lines += [
            f"1 {'0' * 32} http://elsewhere.example/v2/{stamp}.{name}" for name in ("mentions.CSV.zip", "gkg.csv.zip")
        ]
        self.server.answers["/v2/lastupdate.txt"] = validated(Reply("\n".join(lines).encode()), etag=md5)


@pytest.fixture
def gdelt(server: ProviderServer, web: Web) -> Gdelt:
    return Gdelt(server, web)


def test_the_newest_file_is_published_once_and_then_the_listing_is_unchanged(gdelt: Gdelt, log: Log) -> None:
    gdelt.publish(STAMPS[0])
    assert [log.look(gdelt.provider).deliveries for _ in range(3)] == [1, 0, 0]
    assert log.events() == [f"vigil:{STAMPS[0]}"]
    assert gdelt.server.paths().count(f"/v2/{STAMPS[0]}.export.CSV.zip") == 1


def test_files_between_two_looks_are_fetched_in_order_and_one_that_was_left_out_is_told(gdelt: Gdelt, log: Log) -> None:
    gdelt.publish(STAMPS[0])
    log.look(gdelt.provider)
    for stamp in (STAMPS[1], STAMPS[3], STAMPS[5]):
        gdelt.publish(stamp)
    log.look(gdelt.provider)
    assert log.events() == [f"vigil:{STAMPS[number]}" for number in (0, 1, 3, 5)]
    assert [STAMPS[number] in line for number, line in ((2, log.told[2]), (4, log.told[4]))] == [True, True]
    assert log.told[2].endswith("the provider left it out")


@pytest.mark.parametrize("content", [zipped(None), zipped(b""), b""])
def test_an_empty_archive_is_no_trouble(gdelt: Gdelt, log: Log, content: bytes) -> None:
    gdelt.publish(STAMPS[0], content)
    gdelt.publish(STAMPS[0], content)
    assert log.look(gdelt.provider).failure is None
    assert log.told == [f"vigil: {STAMPS[0]}.export.CSV.zip: 0 rows read, 0 events, 0 dead letters; it is empty"]


def test_a_torn_archive_is_tried_again_and_at_last_becomes_a_dead_letter(gdelt: Gdelt, log: Log) -> None:
    whole = zipped(event(STAMPS[0]))
    gdelt.publish(STAMPS[0], whole[:-30], listed=whole)
    for _ in range(TRIES - 1):
        assert log.look(gdelt.provider).failure is not None
    assert log.look(gdelt.provider).failure is None
    [letter] = log.read(DEADLETTERS)
    assert letter.value == whole[:-30]
    gdelt.publish(STAMPS[1])
    assert log.look(gdelt.provider).summary.published == 1
    assert log.events() == [f"vigil:{STAMPS[1]}"]


def test_a_torn_archive_that_is_mended_is_published(gdelt: Gdelt, log: Log) -> None:
    whole = zipped(event(STAMPS[0]))
    gdelt.publish(STAMPS[0], whole[:-30], listed=whole)
    assert log.look(gdelt.provider).failure is not None
    gdelt.publish(STAMPS[0], whole)
    assert log.look(gdelt.provider).failure is None
    assert log.events() == [f"vigil:{STAMPS[0]}"]


def test_a_file_that_is_listed_before_it_is_there_is_waited_for(gdelt: Gdelt, log: Log) -> None:
    gdelt.publish(STAMPS[0])
    del gdelt.server.answers[f"/v2/{STAMPS[0]}.export.CSV.zip"]
    assert log.look(gdelt.provider).failure is not None
    gdelt.publish(STAMPS[0])
    assert log.look(gdelt.provider).failure is None
    assert log.events() == [f"vigil:{STAMPS[0]}"]


def test_trouble_in_the_middle_keeps_what_was_published(gdelt: Gdelt, log: Log) -> None:
    gdelt.publish(STAMPS[0])
    log.look(gdelt.provider)
    for stamp in STAMPS[1:4]:
        gdelt.publish(stamp)
    path = f"/v2/{STAMPS[2]}.export.CSV.zip"
    good = gdelt.server.answers[path]
    gdelt.server.answers[path] = Reply(status=429, headers={"retry-after": "77"})
    told = log.look(gdelt.provider)
    assert told.failure is not None
    assert told.failure.retry_after_seconds == 77.0
    gdelt.server.answers[path] = good
    gdelt.server.paths()
    log.look(gdelt.provider)
    assert gdelt.server.paths() == ["/v2/lastupdate.txt", *[f"/v2/{stamp}.export.CSV.zip" for stamp in STAMPS[2:4]]]
    assert log.events() == [f"vigil:{stamp}" for stamp in STAMPS[:4]]


def test_after_a_long_absence_only_the_last_week_is_fetched(gdelt: Gdelt, log: Log) -> None:
    gdelt.publish("20230101000000")
    log.look(gdelt.provider)
    gdelt.publish(STAMPS[0])
    assert log.look(gdelt.provider).deliveries == FURTHEST_BACK.days * 96


@pytest.mark.parametrize(
    "listing", [b"", b"<html>", b"1 2 3", b"12 " + b"0" * 32 + b" http://a/20241399000000.export.CSV.zip"]
)
def test_a_listing_that_is_none_is_trouble_that_passes(gdelt: Gdelt, log: Log, listing: bytes) -> None:
    gdelt.publish(STAMPS[0])
    log.look(gdelt.provider)
    gdelt.server.answers["/v2/lastupdate.txt"] = Reply(listing)
    assert log.look(gdelt.provider).failure is not None


def test_archives_of_several_files_or_of_too_much_are_refused() -> None:
    two = io.BytesIO()
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a", b"1")
        archive.writestr("b", b"2")
    with pytest.raises(BadInput, match="one file"):
        unzipped(two.getvalue())


# UCDP


class Ucdp:
    """The pages that UCDP's API gives, two rows each; rows are lines of the feed `vigil`."""

    def __init__(self, server: ProviderServer, web: Web) -> None:
        self.keys: list[str] = []
        self.server = server
        self.failing: dict[str, Reply] = {}
        server.answers["/api/gedevents/26.1"] = self.page
        self.provider = UcdpApi(web, server.url + "/api/gedevents/26.1?pagesize=2", self.parse, token="t0ken")

    def parse(self, stream: Any, name: str) -> Iterator[Row]:
        for each in json.loads(stream.read())["Result"]:
            yield published(each["id"])

    def page(self, request: Request) -> Reply:
        assert request.headers["x-ucdp-access-token"] == "t0ken"
        number, size = int(request.query.get("page", "1")), int(request.query["pagesize"])
        if str(number) in self.failing:
            return self.failing.pop(str(number))
        pages = max(1, -(-len(self.keys) // size))
        # The provider names itself by another scheme and host, as behind a proxy.
        following = f"https://ucdp.example/api/gedevents/26.1?pagesize={size}&page={number + 1}"
        rows = [{"id": key} for key in self.keys[(number - 1) * size : number * size]]
        members = {"TotalCount": len(self.keys), "TotalPages": pages, "PreviousPageUrl": "", "Result": rows}
        body = json.dumps({**members, "NextPageUrl": following if number < pages else ""}).encode()
        return validated(Reply(body), etag=hashlib.md5(body).hexdigest())(request)


@pytest.fixture
def ucdp(server: ProviderServer, web: Web) -> Ucdp:
    return Ucdp(server, web)


def test_all_pages_are_read_and_then_only_those_that_changed_are_published(ucdp: Ucdp, log: Log) -> None:
    ucdp.keys = list("abcde")
    assert log.look(ucdp.provider).deliveries == 3
    assert log.look(ucdp.provider).deliveries == 0
    ucdp.keys = list("abXde")
    assert log.look(ucdp.provider).summary.published == 2
    ucdp.keys = list("abXdefg")
    assert log.look(ucdp.provider).summary.published == 3
    ucdp.keys = list("ab")
    log.look(ucdp.provider)
    assert len(log.positions()[""].state["pages"]) == 1
    # A changed page is published whole: X and d, then e and f. That none follows a and b any more changes no row.
    assert log.events() == [f"vigil:{key}" for key in "abcdeXdefg"]


def test_a_walk_that_was_cut_short_goes_on_at_its_page(ucdp: Ucdp, log: Log) -> None:
    ucdp.keys = list("abcdef")
    ucdp.failing = {"3": Reply(status=500)}
    assert log.look(ucdp.provider).failure is not None
    ucdp.server.requests.clear()
    log.look(ucdp.provider)
    assert [request.query.get("page") for request in ucdp.server.requests] == ["3"]
    assert log.events() == [f"vigil:{key}" for key in "abcdef"]
    ucdp.server.requests.clear()
    assert log.look(ucdp.provider).deliveries == 0
    assert len(ucdp.server.requests) == 3


def test_a_walk_whose_rest_holds_nothing_new_begins_at_the_first_page_again(ucdp: Ucdp, log: Log) -> None:
    ucdp.keys = list("abcdef")
    log.look(ucdp.provider)
    ucdp.keys = list("Abcdef")
    ucdp.failing = {"3": Reply(status=503)}
    assert log.look(ucdp.provider).failure is not None
    log.look(ucdp.provider)
    ucdp.keys = list("Bbcdef")
    assert log.look(ucdp.provider).summary.published == 2


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"Result": 1}', b'{"Result": [], "NextPageUrl": 1}'])
def test_an_answer_that_is_not_as_documented_is_trouble_that_passes(ucdp: Ucdp, log: Log, body: bytes) -> None:
    ucdp.server.answers["/api/gedevents/26.1"] = Reply(body)
    assert log.look(ucdp.provider).failure is not None


def test_a_version_without_rows_is_no_trouble(ucdp: Ucdp, log: Log) -> None:
    assert log.look(ucdp.provider).failure is None


def test_what_is_asked_for_is_part_of_the_place_and_the_size_of_pages_is_not(web: Web) -> None:
    url = "https://ucdp.example/api/gedevents/26.1?pagesize=5&Country=432&page=7"
    provider = UcdpApi(web, url, FEEDS["vigil"], token=None)
    assert provider.source == "https://ucdp.example/api/gedevents/26.1?Country=432"


# ACLED


class Acled:
    """ACLED's API, two rows a page; `rows` and `deleted` by id with their timestamps."""

    def __init__(self, server: ProviderServer, web: Web) -> None:
        self.now = 2_000_000.0
        self.rows: dict[str, int] = {}
        self.deleted: dict[str, int] = {}
        self.tokens = 0
        self.expired = False
        self.failing: dict[str, Reply] = {}
        self.server = server
        server.answers |= {
            "/oauth/token": self.token,
            "/api/acled/read": lambda request: self.read(request, self.rows, "timestamp"),
            "/api/deleted/read": lambda request: self.read(request, self.deleted, "deleted_timestamp"),
        }
        self.provider = AcledApi(
            web,
            server.url + "/?country=Mali",
            self.parse,
            user="u@example.org",
            password="p&w",
            now=lambda: self.now,
            page_rows=2,
        )

    def parse(self, stream: Any, name: str) -> Iterator[Row]:
        names, *rows = stream.read().decode().splitlines()
        assert names == "event_id_cnty,timestamp,notes"
        for row in rows:
            yield published(row.split(",")[0])

    def token(self, request: Request) -> Reply:
        assert parse_qs(request.body.decode()) == {
            "username": ["u@example.org"],
            "password": ["p&w"],
            "grant_type": ["password"],
            "client_id": ["acled"],
        }
        self.tokens += 1
        self.expired = False
        return Reply(b'{"token_type": "Bearer", "expires_in": 86400, "access_token": "token-%d"}' % self.tokens)

    def read(self, request: Request, rows: dict[str, int], member: str) -> Reply:
        if self.expired or request.headers.get("authorization") != f"Bearer token-{self.tokens}":
            return Reply(status=403)
        assert request.query["_format"] == "json"
        if failing := self.failing.pop(request.query["page"], None):
            return failing
        since, page, limit = (int(request.query.get(name, "0")) for name in (member, "page", "limit"))
        chosen = [(key, at) for key, at in rows.items() if at >= since][(page - 1) * limit : page * limit]
        data = [{"event_id_cnty": key, member: str(at), "notes": None} for key, at in chosen]
        return Reply(json.dumps({"status": 200, "success": True, "count": len(data), "data": data}).encode())


@pytest.fixture
def acled(server: ProviderServer, web: Web) -> Acled:
    return Acled(server, web)


def test_what_was_uploaded_since_is_published_and_nothing_twice(acled: Acled, log: Log) -> None:
    acled.rows = {"MLI1": 10, "MLI2": 20, "MLI3": 20, "MLI4": 15, "MLI5": 5}
    log.look(acled.provider, feed="acled")
    assert log.events() == [f"vigil:MLI{number}" for number in range(1, 6)]
    assert log.look(acled.provider, feed="acled").deliveries == 0
    # One more of the same second, one changed since.
    acled.rows |= {"MLI6": 20, "MLI1": 30}
    log.look(acled.provider, feed="acled")
    assert sorted(log.events()[5:]) == ["vigil:MLI1", "vigil:MLI6"]
    assert log.look(acled.provider, feed="acled").deliveries == 0
    assert acled.server.requests[-2].query | {"page": ""} == {
        "_format": "json",
        "limit": "2",
        "country": "Mali",
        "timestamp": "30",
        "page": "",
    }


def test_what_was_deleted_is_withdrawn_at_the_time_of_its_deletion(acled: Acled, log: Log) -> None:
    acled.rows = {"MLI1": 10}
    acled.deleted = {"MLI9": int(acled.now) - 200_000}
    log.look(acled.provider, feed="acled")
    acled.deleted |= {"MLI1": int(acled.now), "MLI2": int(acled.now), "MLI3": int(acled.now), "": int(acled.now)}
    assert log.look(acled.provider, feed="acled").summary.dead_lettered == 1
    assert log.look(acled.provider, feed="acled").deliveries == 0
    withdrawn = [json.loads(record.value or b"") for record in log.read(INCIDENTS) if b"acled" in (record.key or b"")]
    assert [each["id"] for each in withdrawn] == ["acled:MLI1", "acled:MLI2", "acled:MLI3"]
    assert {(each["state"], each["publish_time"], each["reason"]) for each in withdrawn} == {
        ("withdrawn", "1970-01-24T03:33:20Z", "deleted by ACLED")
    }


def test_a_walk_through_acled_that_was_cut_short_goes_on_at_its_page(acled: Acled, log: Log) -> None:
    acled.rows = {f"MLI{number}": 10 + number for number in range(6)}
    acled.failing = {"3": Reply(status=500)}
    assert log.look(acled.provider, feed="acled").failure is not None
    log.look(acled.provider, feed="acled")
    assert log.events() == [f"vigil:MLI{number}" for number in range(6)]
    assert "walk" not in log.positions()[""].state


def test_a_rest_without_rows_ends_the_walk(acled: Acled, log: Log) -> None:
    acled.rows = {"MLI1": 10, "MLI2": 20}
    acled.failing = {"2": Reply(status=500)}
    assert log.look(acled.provider, feed="acled").failure is not None
    log.look(acled.provider, feed="acled")
    assert log.positions()[""].state["timestamp"] == 20


def test_the_ids_of_a_second_are_remembered_in_bounds(acled: Acled, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.acled.api.MOST_SEEN", 3)
    acled.rows = dict.fromkeys(["MLI1", "MLI2", "MLI3", "MLI4", "MLI5"], 20)
    log.look(acled.provider, feed="acled")
    assert log.positions()[""].state["seen"] == []
    acled.rows["MLI6"] = 21
    log.look(acled.provider, feed="acled")
    assert log.events() == [f"vigil:MLI{number}" for number in range(1, 7)]


def test_a_token_is_had_once_and_again_when_it_ended(acled: Acled, log: Log) -> None:
    acled.rows = {"MLI1": 10, "MLI2": 20}
    log.look(acled.provider, feed="acled")
    assert acled.tokens == 1
    acled.expired = True
    log.look(acled.provider, feed="acled")
    assert acled.tokens == 2
    acled.now += 90_000
    log.look(acled.provider, feed="acled")
    assert acled.tokens == 3


def test_a_wrong_password_ends_the_watch_and_is_not_told(acled: Acled, log: Log) -> None:
    acled.server.answers["/oauth/token"] = Reply(b'{"message": "p&w is wrong"}', status=401)
    with pytest.raises(Denied) as raised:
        log.look(acled.provider, feed="acled")
    assert "p&w" not in str(raised.value)
    acled.server.answers["/oauth/token"] = Reply(b"{}")
    with pytest.raises(Failed, match="gave no token"):
        log.look(acled.provider, feed="acled")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": null}', b'{"success": false, "data": []}', b'{"data": [1]}'])
def test_an_answer_of_acled_that_is_not_as_documented_is_trouble_that_passes(
    acled: Acled, log: Log, body: bytes
) -> None:
    acled.server.answers["/api/acled/read"] = Reply(body)
    assert log.look(acled.provider, feed="acled").failure is not None


def test_objects_become_a_table() -> None:
    objects: list[dict[str, Any]] = [{"a": "x,y", "b": None}, {"a": 1, "c": "é"}]
    assert as_table(objects).decode() == 'a,b,c\n"x,y",,\n1,,é\n'


# A file that is replaced


def test_a_file_is_read_when_its_bytes_have_changed(server: ProviderServer, web: Web, log: Log) -> None:
    provider = WebFile(web, server.url + "/events.jsonl", FEEDS["vigil"])
    server.answers["/events.jsonl"] = validated(Reply(event("a")), etag="1")
    assert [log.look(provider).deliveries for _ in range(2)] == [1, 0]
    server.answers["/events.jsonl"] = validated(Reply(event("a")), etag="2")
    assert log.look(provider).deliveries == 0
    server.answers["/events.jsonl"] = changing(Reply(b"", status=500), Reply(zipped(event("b"))))
    assert log.look(provider).failure is not None
    assert log.look(provider).deliveries == 1
    server.answers["/events.jsonl"] = Reply(zipped(event("c"))[:-20])
    assert log.look(provider).failure is not None
    assert log.events() == ["vigil:a", "vigil:b"]


def test_a_page_that_stands_in_for_the_file_is_told(server: ProviderServer, web: Web, log: Log) -> None:
    server.answers["/a"] = Reply(b"<html>sorry</html>")
    told = log.look(WebFile(web, server.url + "/a", FEEDS["vigil"]))
    assert (told.summary.read, told.failure) == (0, None)
    assert "looks like XML" in log.told[0]


# A folder


def put(path: Path, content: bytes, *, age_seconds: float = 60.0, now: float = 1e9) -> None:
    path.write_bytes(content)
    os.utime(path, (now - age_seconds, now - age_seconds))


def test_each_file_of_a_folder_is_published_once_under_whatever_name(tmp_path: Path, log: Log) -> None:
    provider = DropFolder(tmp_path, FEEDS["vigil"], now=lambda: 1e9)
    put(tmp_path / "a.jsonl", event("a"))
    put(tmp_path / "b.zip", zipped(event("b")))
    put(tmp_path / "empty", b"")
    put(tmp_path / "young", event("young"), age_seconds=1)
    put(tmp_path / ".hidden", event("hidden"))
    put(tmp_path / "half.part", event("half"))
    (tmp_path / "folder").mkdir()
    assert log.look(provider).deliveries == 3
    assert log.look(provider).deliveries == 0
    put(tmp_path / "copy.jsonl", event("a"))
    log.look(provider)
    assert log.look(provider).deliveries == 0
    put(tmp_path / "a.jsonl", event("a") + event("a2"), age_seconds=50)
    log.look(provider)
    assert log.events() == ["vigil:a", "vigil:b", "vigil:a", "vigil:a2"]


def test_a_file_of_another_feed_holds_up_no_other_and_is_told_once(tmp_path: Path, log: Log) -> None:
    provider = DropFolder(tmp_path, FEEDS["ucdp-ged"], now=lambda: 1e9)
    put(tmp_path / "a", b"<html>")
    put(tmp_path / "b", zipped(event("b"))[:-30])
    assert log.look(provider).deliveries == 2
    assert [line.partition(": ")[2][:2] for line in log.told] == ["a:", "b:"]
    assert all(position.trouble for part, position in log.positions().items() if part)
    assert log.look(provider).deliveries == 0


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(Failed):
        DropFolder(tmp_path / "absent", FEEDS["vigil"])


# What is watched how


@pytest.mark.parametrize(
    ("feed", "place", "kind"),
    [
        ("gdelt", "http://a/gdeltv2/lastupdate.txt", GdeltUpdates),
        ("gdelt", "http://a/20241231100000.export.CSV.zip", WebFile),
        ("ucdp-ged", "https://a/api/gedevents/26.1", UcdpApi),
        ("ucdp-ged", "https://a/downloads/GEDEvent_v26_0_8.csv", WebFile),
        ("acled", "https://a", AcledApi),
        ("vigil", ".", DropFolder),
    ],
)
def test_a_feed_and_a_place_tell_how_it_is_watched(web: Web, feed: str, place: str, kind: type[object]) -> None:
    credentials = Credentials("user", "password", "token")
    assert isinstance(provider_of(feed, place, web, credentials).provider, kind)
    assert "password" not in repr(credentials)


@pytest.mark.parametrize(
    "place", ["https://u:p@a/b", "https://a/b?key=1", "https://a/b?Access_Token=1", "https://a/b?email=1"]
)
def test_a_secret_in_an_address_is_misuse(web: Web, place: str) -> None:
    with pytest.raises(Misuse, match="no credentials in the address"):
        provider_of("vigil", place, web, Credentials())


def test_acled_wants_an_account(web: Web) -> None:
    with pytest.raises(Misuse, match="VIGIL_ACLED_USER"):
        provider_of("acled", "https://a", web, Credentials())
