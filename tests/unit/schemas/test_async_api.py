"""The AsyncAPI document says what the topic table and the models say, and its examples are what it asks for."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import schemas
from schemas.async_api import async_api, async_api_yaml
from schemas.channels import CHANNELS, INTERNAL
from schemas.topics import TOPICS
from tests.channels import DOCUMENT, MESSAGES, header_faults, payload_faults

FILE = Path(schemas.__file__).parent / "asyncapi.yaml"
EXAMPLES = [(name, example) for name, message in MESSAGES.items() for example in message["examples"]]


def test_the_file_is_fresh() -> None:
    assert FILE.read_text(encoding="utf-8") == async_api_yaml(), "stale: run `python -m tools.write_json_schemas`"


def test_the_file_is_the_document() -> None:
    assert yaml.safe_load(async_api_yaml()) == json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_every_topic_is_a_channel_or_nobodys_business() -> None:
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values()}
    assert addresses | INTERNAL == {topic.name for topic in TOPICS}
    assert not addresses & INTERNAL


def test_every_channel_is_bound_as_the_topic_table_says() -> None:
    topics = {topic.name: topic for topic in TOPICS}
    for channel in DOCUMENT["channels"].values():
        topic, bound = topics[channel["address"]], channel["bindings"]["kafka"]
        assert bound["partitions"] == topic.partitions
        assert bound["topicConfiguration"]["cleanup.policy"] == [topic.cleanup]
        assert bound["topicConfiguration"]["max.message.bytes"] == int(topic.settings["max.message.bytes"])
        assert bound["topicConfiguration"].keys() == topic.settings.keys()
        for name in channel["messages"]:
            assert topic.key in MESSAGES[name]["bindings"]["kafka"]["key"]["description"]


def test_readers_only_read_what_is_public_and_are_told_to_read_what_is_committed() -> None:
    told = {}
    for operation in DOCUMENT["operations"].values():
        channel = DOCUMENT["channels"][operation["channel"]["$ref"].rpartition("/")[2]]
        public = channel["address"].startswith("vigil.public.")
        assert public == (operation["tags"] == [{"$ref": "#/components/tags/reader"}])
        if public:
            assert operation["action"] == "receive"
            told[channel["address"]] = operation.get("x-isolation-level")
            assert ("read_committed" in operation.get("description", "")) == bool(told[channel["address"]])
    assert told == {
        "vigil.public.timeline.v1": None,
        "vigil.public.aggregates.v1": "read_committed",
        "vigil.public.alerts.v1": "read_committed",
    }


def test_every_channel_is_used_and_every_message_has_an_example() -> None:
    used = {operation["channel"]["$ref"].rpartition("/")[2] for operation in DOCUMENT["operations"].values()}
    assert used == {channel.name for channel in CHANNELS}
    assert {name for name, _ in EXAMPLES} == MESSAGES.keys()


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[example["name"] for _, example in EXAMPLES])
def test_every_example_is_valid(name: str, example: dict[str, Any]) -> None:
    assert payload_faults(MESSAGES[name], example["payload"]) == []
    assert header_faults(MESSAGES[name], example.get("headers", {})) == []


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("incident", ("killed", "peacekeepers", "best"), "1"),
        ("incident", ("event_time", "precision"), "hour"),
        ("incidentStructured", ("data", "publish_time"), 5),
        ("alertTransition", ("transition",), "withdrawn"),
        ("alertTransition", ("first_day",), "2021-02-30"),
        ("aggregate", ("windows",), {"2d": {}}),
        ("command", ("command",), "forget"),
        ("ruleSet", ("rules",), [{"kind": "match"}]),
        ("tick", (), "x"),
        ("tickAt", ("time",), None),
        ("aggregateGone", (), {}),
    ],
)
def test_a_payload_that_is_none_is_refused(name: str, path: tuple[str, ...], value: Any) -> None:
    payload = {"": deepcopy(MESSAGES[name]["examples"][0]["payload"])}
    inner = payload
    *above, last = ("", *path)
    for member in above:
        inner = inner[member]
    inner[last] = value
    assert payload_faults(MESSAGES[name], payload[""])


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("acceptedAssertion", "vigil_content"),
        ("acceptedAssertion", "ce_id"),
        ("incident", "content-type"),
        ("deadLetter", "vigil_reason"),
        ("ruleSet", "content-type"),
    ],
)
def test_headers_that_lack_one_are_refused(name: str, header: str) -> None:
    headers = {key: said for key, said in MESSAGES[name]["examples"][0]["headers"].items() if key != header}
    assert header_faults(MESSAGES[name], headers)


def test_every_schema_is_one_by_draft_7_and_no_reference_leads_nowhere() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft7Validator.check_schema(schema)
    names = _references(DOCUMENT["components"])
    assert names == {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}


def test_a_prefix_and_another_cluster_change_addresses_and_nothing_else() -> None:
    other = async_api(prefix="test.", bootstrap="kafka:19092")
    assert other["servers"]["kafka"]["host"] == "kafka:19092"
    assert [each["address"] for each in other["channels"].values()] == [f"test.{each.topic}" for each in CHANNELS]
    assert (other["components"], other["operations"]) == (DOCUMENT["components"], DOCUMENT["operations"])


def _references(found: Any) -> set[str]:
    if isinstance(found, dict):
        own = {found["$ref"]} if isinstance(found.get("$ref"), str) else set()
        return own.union(*map(_references, found.values()))
    return set().union(*map(_references, found)) if isinstance(found, list) else set()
