"""Topics are created as the topic table says, and a difference is one clear line."""

from dataclasses import replace

import pytest
from kafka import KafkaAdminClient

from eventlog.topics import check_topics, create_topics
from schemas.errors import Failed
from schemas.topics import AGGREGATES, INCIDENTS, TICKS, TOPICS, TopicSpec


def _spec(name: str) -> TopicSpec:
    return next(topic for topic in TOPICS if topic.name == name)


def test_created_topics_pass_the_check_and_are_not_created_again(broker: str) -> None:
    assert create_topics(broker, prefix="once.") == sorted("once." + topic.name for topic in TOPICS)
    check_topics(broker, prefix="once.")
    assert create_topics(broker, prefix="once.") == []


def test_a_missing_topic_is_named_with_what_to_do(broker: str) -> None:
    with pytest.raises(
        Failed, match=rf"the topic nowhere\.{INCIDENTS} does not exist at .*; run `vigil topics create`"
    ):
        check_topics(broker, prefix="nowhere.")


def test_topics_are_not_created_by_asking_for_them(broker: str) -> None:
    with pytest.raises(Failed):
        check_topics(broker, prefix="asked.")
    admin = KafkaAdminClient(bootstrap_servers=broker)
    assert not [name for name in admin.list_topics() if name.startswith("asked.")]
    admin.close()


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        (INCIDENTS, {"partitions": 3}, "has partitions 3 where 8 is needed"),
        (TICKS, {"cleanup": "compact"}, "has cleanup.policy compact where delete is needed"),
        (AGGREGATES, {"cleanup": "delete"}, "has cleanup.policy delete where compact is needed"),
    ],
)
def test_a_topic_with_other_settings_is_refused(
    broker: str, topic_prefix: str, name: str, change: dict[str, object], expected: str
) -> None:
    prefix = f"{topic_prefix}other."
    create_topics(broker, prefix=prefix, topics=[replace(_spec(name), **change)])  # type: ignore[arg-type]
    for check in (check_topics, create_topics):
        with pytest.raises(Failed, match=f"the topic {prefix}{name} at .* {expected}") as failed:
            check(broker, prefix=prefix, topics=[_spec(name)])
        assert "\n" not in str(failed.value)


def test_a_topic_with_the_producers_timestamps_is_refused(broker: str, topic_prefix: str) -> None:
    name = f"{topic_prefix}plain.{INCIDENTS}"
    admin = KafkaAdminClient(bootstrap_servers=broker)
    settings = {**_spec(INCIDENTS).settings, "message.timestamp.type": "CreateTime"}
    admin.create_topics({name: {"num_partitions": 8, "configs": settings}}, wait_for_metadata=True)
    admin.close()
    with pytest.raises(Failed, match=r"message\.timestamp\.type CreateTime where LogAppendTime is needed"):
        check_topics(broker, prefix=f"{topic_prefix}plain.", topics=[_spec(INCIDENTS)])


def test_a_topic_that_takes_larger_records_than_needed_is_accepted(broker: str, topic_prefix: str) -> None:
    name = f"{topic_prefix}large.{INCIDENTS}"
    admin = KafkaAdminClient(bootstrap_servers=broker)
    settings = {**_spec(INCIDENTS).settings, "max.message.bytes": "5000000"}
    admin.create_topics({name: {"num_partitions": 8, "configs": settings}}, wait_for_metadata=True)
    admin.close()
    check_topics(broker, prefix=f"{topic_prefix}large.", topics=[_spec(INCIDENTS)])
