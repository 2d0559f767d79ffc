"""The topic table keeps the promises that the processors build on."""

import pytest

from schemas.topics import (
    AGGREGATES,
    ALERTS,
    FEED_POSITIONS,
    INCIDENTS,
    POLITICAL,
    RELEASES,
    RULES,
    TICKS,
    TIMELINE,
    TOPICS,
    TopicSpec,
    events_topic,
)

BY_NAME = {topic.name: topic for topic in TOPICS}


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(TOPICS)


def test_an_event_has_the_same_partition_on_both_event_topics_and_the_timeline() -> None:
    assert BY_NAME[INCIDENTS].partitions == BY_NAME[POLITICAL].partitions == BY_NAME[TIMELINE].partitions


@pytest.mark.parametrize("name", [RULES, TICKS, RELEASES])
def test_what_is_read_in_one_order_has_one_partition(name: str) -> None:
    assert BY_NAME[name].partitions == 1


def test_only_what_its_newest_record_says_whole_is_compacted() -> None:
    assert [topic.name for topic in TOPICS if topic.cleanup == "compact"] == [AGGREGATES, FEED_POSITIONS]
    assert BY_NAME[ALERTS].cleanup == "delete"


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_is_kept_for_ever_under_the_brokers_time_and_takes_a_mebibyte(topic: TopicSpec) -> None:
    settings = topic.settings
    assert settings["retention.ms"] == settings["retention.bytes"] == "-1"
    assert settings["message.timestamp.type"] == "LogAppendTime"
    assert int(settings["max.message.bytes"]) > 1024 * 1024 + 100_000
    assert topic.reason.endswith(".")


@pytest.mark.parametrize(
    ("event_type", "topic"),
    [
        ("attack", INCIDENTS),
        ("protest", INCIDENTS),
        ("displacement", INCIDENTS),
        ("fatality", INCIDENTS),
        ("tally", INCIDENTS),
        ("coup", POLITICAL),
        ("resolution", POLITICAL),
        ("agreement", POLITICAL),
        ("statement", POLITICAL),
    ],
)
def test_every_type_of_event_has_its_topic(event_type: str, topic: str) -> None:
    assert events_topic(event_type) == topic
