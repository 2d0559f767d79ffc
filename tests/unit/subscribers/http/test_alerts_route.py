"""Alerts over HTTP: what stands, what was told, one explained, and each form that they are given in."""

from __future__ import annotations

import csv
import email
import io
import json
from pathlib import Path

import feedparser
import orjson
import pytest
from lxml import etree
from starlette.testclient import TestClient

from schemas.topics import COMMANDS
from tests.cap import SCHEMA
from tests.http_service import RULES, make_told_log, said, service
from tests.read_model import Log, Taking, make_log
from tests.simulation import rule_set, statement
from timeline.as_of import Taken, rollup_as_of
from timeline.replay import alerts_lines, fold
from timeline.times import microseconds
from timeline.transitions import TELLING


def items(client: TestClient, question: str = "") -> list[dict[str, object]]:
    answer = client.get(f"/alerts?{question}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["items"]
    return found


def untold(alert: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in alert.items() if name not in (*TELLING, "told")}


def test_what_stands_is_what_replay_prints_in_its_order(client: TestClient) -> None:
    expected = list(map(orjson.loads, alerts_lines(fold(map(statement, said()), rule_set(RULES)))))
    assert len(expected) == 2
    assert [untold(each) for each in items(client, "order=oldest")] == expected
    assert all(each["thread"] and each["told"] for each in items(client))


def test_every_transition_comes_in_the_order_of_telling(client: TestClient) -> None:
    told = items(client, "all=true&order=oldest")
    assert len(told) > 2
    assert [each["told"] for each in told] == sorted(str(each["told"]) for each in told)
    found, cursor = [], ""
    while True:
        page = client.get(f"/alerts?all=true&order=oldest&limit=2{cursor}").json()
        found += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == told


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_standing_alerts_come_in_pages(client: TestClient, order: str) -> None:
    first = client.get(f"/alerts?order={order}&limit=1").json()
    second = client.get(f"/alerts?order={order}&limit=1&cursor={first['next']}").json()
    assert first["items"] + second["items"] == items(client, f"order={order}")
    assert second["next"] is None


def test_as_of_an_ingest_time_it_is_what_had_been_told_by_then(client: TestClient) -> None:
    told = items(client, "all=true&order=oldest")
    moment = told[2]["told"]
    by_then: dict[object, dict[str, object]] = {each["id"]: each for each in told[:3]}
    expected = [each for each in by_then.values() if each["transition"] not in ("cancelled", "superseded")]
    found = items(client, f"as_of={moment}&order=oldest")
    assert sorted(map(str, found)) == sorted(map(str, expected))
    assert found != items(client, "order=oldest")
    assert items(client, f"all=true&as_of={moment}&order=oldest") == told[:3]


@pytest.mark.parametrize("scope", ["country:MLI", "mission:MINUSMA"])
@pytest.mark.parametrize("day", ["2021-10-02", "2021-10-05", "2021-10-08", "2021-11-08"])
def test_as_of_a_publish_time_it_is_what_the_core_folds(client: TestClient, scope: str, day: str) -> None:
    moment = f"{day}T12:00:00Z"
    taken = [Taken(statement(one), None) for one in said()]
    rollup = rollup_as_of(taken, microseconds(moment), "publish", rule_set(RULES))
    expected = [each for each in map(orjson.loads, alerts_lines(rollup)) if each["scope"] == scope]
    assert items(client, f"as_of={moment}&axis=publish&scope={scope}&order=oldest") == expected


@pytest.mark.parametrize("question", ["", "&scope=world&scope=country:MLI", "&scope=country:MLI&all=true"])
def test_as_of_a_publish_time_takes_exactly_one_scope(client: TestClient, question: str) -> None:
    answer = client.get(f"/alerts?as_of=2021-10-05&axis=publish{question}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == ("all" if "all" in question else "scope")


@pytest.mark.parametrize(
    ("question", "rules"),
    [
        ("scope=country:MLI", ["deadly-week"]),
        ("country=MLI", ["deadly-week"]),
        ("country=NER", []),
        ("rule=peacekeepers-killed", ["peacekeepers-killed"]),
        ("feed=acled", []),
        ("status=open", []),
        ("status=resolved&scope=mission:MINUSMA", ["peacekeepers-killed"]),
        ("until=2021-10-02", ["peacekeepers-killed"]),
        ("from=2021-10-09", ["deadly-week"]),
    ],
)
def test_filters_choose(client: TestClient, question: str, rules: list[str]) -> None:
    chosen = [each for each in items(client) if each["rule"] in rules]
    # What is open and on which days is the core's to say; the filter has to agree with it.
    if question.startswith(("status=open", "from", "until", "status=resolved")):
        chosen = [each for each in items(client) if _passes(each, question)]
    assert items(client, question) == chosen


def _passes(alert: dict[str, object], question: str) -> bool:
    given = dict(part.split("=") for part in question.split("&"))
    return (
        given.get("status", alert["status"]) == alert["status"]
        and given.get("scope", alert["scope"]) == alert["scope"]
        and str(alert["last_day"]) >= given.get("from", "")
        and str(alert["first_day"]) <= given.get("until", "9")
    )


def test_one_alert_is_explained(client: TestClient) -> None:
    alert = next(each for each in items(client) if each["rule"] == "deadly-week")
    told = client.get(f"/alerts/{str(alert['id'])[:6]}").json()
    assert told["id"] == alert["id"]
    assert told["stands"] is True
    assert {cause["id"] for cause in told["causes"]} == {"ucdp-ged:1", "ucdp-ged:3", "ucdp-ged:4"}
    assert told["rule_in_words"]["id"] == "deadly-week"
    assert told["counterfactual"]["total"] >= 1
    assert alert["id"] in {each["id"] for each in told["transitions"]}
    assert (told["acknowledged"], told["people"], told["silences"]) == ([], [], [])
    assert client.get(f"/alerts/{alert['thread']}").status_code == 200


def test_what_people_said_goes_with_the_thread(tmp_path: Path) -> None:
    log = make_told_log()
    values = [record.value or b"" for batch in log.records.values() for record in batch]
    thread = json.loads(next(value for value in values if b'"thread"' in value and b'"peacekeepers-killed"' in value))[
        "thread"
    ]
    silence = {"command": "silence", "by": "Awa", "until": "2030-01-01T00:00:00Z", "comment": "known"}
    for command in (
        {"command": "acknowledge", "id": "a" * 8, "by": "Awa", "thread": thread},
        {"command": "comment", "id": "b" * 8, "by": "Ibrahim", "thread": thread, "text": "seen"},
        {**silence, "id": "c" * 8, "rule": "peacekeepers-killed"},
        {**silence, "id": "d" * 8, "rule": "other"},
    ):
        log.append(COMMANDS, command.get("thread", command["id"]), json.dumps(command).encode())
    client, _ = service(tmp_path, log)
    told = client.get(f"/alerts/{thread}").json()
    assert told["acknowledged"] == ["Awa"]
    assert [(each["said"], each["by"], each["text"]) for each in told["people"]] == [
        ("acknowledge", "Awa", None),
        ("comment", "Ibrahim", "seen"),
    ]
    assert [(each["id"], each["in_force"]) for each in told["silences"]] == [("c" * 8, True)]


def test_an_alert_that_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.get("/alerts/0000000").status_code == 404
    assert client.get("/alerts/ab").status_code == 422


def test_first_digits_of_several_alerts_are_a_conflict(client: TestClient, log: Log, tmp_path: Path) -> None:
    ids = [str(each["id"]) for each in items(client)]
    own = b'"id":"%s"' % ids[0].encode()
    copied = [record for batch in log.records.values() for record in batch if own in (record.value or b"")]
    twin = copied[-1]
    value = (twin.value or b"").replace(ids[0].encode(), (ids[0][:8] + "f" * 24).encode())
    other = make_told_log()
    other.append(twin.topic, (twin.key or b"").decode(), value)
    answer = service(tmp_path, other)[0].get(f"/alerts/{ids[0][:8]}")
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/ambiguous"


def test_cap_has_a_valid_part_for_each_message(client: TestClient) -> None:
    answer = client.get("/alerts", headers={"Accept": "multipart/mixed"})
    parts = _parts(answer.headers["content-type"], answer.content)
    assert len(parts) == 2
    for part in parts:
        SCHEMA.assertValid(etree.fromstring(part))
    every = client.get("/alerts?all=true&format=cap")
    assert len(_parts(every.headers["content-type"], every.content)) == len(items(client, "all=true"))


def _parts(content_type: str, body: bytes) -> list[bytes]:
    message = email.message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    assert message.is_multipart()
    return [part.get_payload(decode=True) for part in message.get_payload()]  # type: ignore[union-attr, misc]


@pytest.mark.parametrize("number", [0, 1])
def test_one_alert_is_a_valid_cap_message_with_its_sources(client: TestClient, number: int) -> None:
    alert = items(client)[number]
    answer = client.get(f"/alerts/{alert['id']}", headers={"Accept": "application/cap+xml"})
    assert answer.headers["content-type"] == "application/cap+xml"
    SCHEMA.assertValid(etree.fromstring(answer.content))
    assert b"https://example.org/source" in answer.content


def test_atom_is_the_feed_of_a_scope_and_the_entry_of_an_alert(tmp_path: Path) -> None:
    # A log that ends while the alert is open.
    log = make_log([Taking(one, second) for second, one in enumerate(said()[:4])], RULES)
    client, _ = service(tmp_path, log)
    feed = feedparser.parse(client.get("/alerts?format=atom&country=MLI").content)
    assert not feed.bozo
    (entry,) = feed.entries
    link = next(each for each in entry.links if each.type == "application/cap+xml")
    assert link.href.startswith("alerts/")
    SCHEMA.assertValid(etree.fromstring(client.get("/" + link.href).content))
    alert = client.get("/alerts?scope=country:MLI").json()["items"][0]["id"]
    document = client.get(f"/alerts/{alert}", headers={"Accept": "application/atom+xml"}).content
    single = etree.fromstring(document)
    assert single.tag == "{http://www.w3.org/2005/Atom}entry"
    assert single.findtext("{http://www.w3.org/2005/Atom}id") == entry.id


@pytest.mark.parametrize(
    ("question", "status"),
    [("", 422), ("scope=world&scope=country:MLI", 422), ("scope=world&rule=x", 422), ("scope=country:ISL", 404)],
)
def test_a_feed_is_of_one_scope(client: TestClient, question: str, status: int) -> None:
    assert client.get(f"/alerts?format=atom&{question}").status_code == status


def test_alerts_lie_where_their_causes_do(client: TestClient) -> None:
    features = client.get("/alerts?format=geojson").json()["features"]
    assert [each["geometry"] for each in features] == [{"type": "Point", "coordinates": [0.86, 19.46]}] * 2
    assert features[0]["properties"]["place_precision"] == "exact"
    one = client.get(f"/alerts/{features[0]['id']}?format=geojson").json()
    assert one == features[0]


def test_alerts_as_csv_have_hashtags(client: TestClient) -> None:
    names, tags, *rows = list(csv.reader(io.StringIO(client.get("/alerts?format=csv").text)))
    tag = dict(zip(names, tags, strict=True))
    assert (tag["first_day"], tag["severity"]) == ("#date+start", "#severity")
    assert all(each.startswith("#") for each in tags)
    assert len(rows) == 2
