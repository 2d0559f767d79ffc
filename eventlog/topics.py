"""Creates the topics of the topic table on a cluster, and checks at every start that they are as the table says.

`prefix` stands before every topic name; it lets several logs live on one cluster.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from eventlog.administering import administer
from eventlog.security.refusals import absent
from schemas.errors import Failed
from schemas.topics import TOPICS, TopicSpec

CREATE_SECONDS = 30.0
# More than the table asks for is as good; of everything else, different is wrong.
_AT_LEAST = "max.message.bytes"


def create_topics(bootstrap: str, *, prefix: str = "", topics: Sequence[TopicSpec] = TOPICS) -> list[str]:
    """Creates those topics that do not exist, waits until they can be used, and checks all; returns the created names.

    Raises: Failed when the cluster does not answer, refuses a topic, or has one with other settings.
    """
    with administer(bootstrap, about="topics") as admin:
        existing = set(admin.list_topics())
        missing = {
            prefix + topic.name: {"num_partitions": topic.partitions, "configs": dict(topic.settings)}
            for topic in topics
            if prefix + topic.name not in existing
        }
        if missing:
            _create(admin, missing)
        _check(admin, topics, prefix=prefix, bootstrap=bootstrap)
    return sorted(missing)


def check_topics(bootstrap: str, *, prefix: str = "", topics: Sequence[TopicSpec] = TOPICS) -> None:
    """Compares existence, number of partitions and settings of every topic with the table.

    Raises: Failed with one line that names the first topic that differs, or when the cluster does not answer.
    """
    with administer(bootstrap, about="topics") as admin:
        _check(admin, topics, prefix=prefix, bootstrap=bootstrap)


def topic_ids(bootstrap: str, names: Sequence[str], *, prefix: str = "") -> dict[str, str]:
    """The id that the cluster gave each of these topics when it was created; no later topic of that name has it.

    Raises: Failed when the cluster does not answer or a topic does not exist.
    """
    with administer(bootstrap, about="topics") as admin:
        described = {topic["name"]: topic for topic in admin.describe_topics([prefix + name for name in names])}
    for name in names:
        if described[prefix + name]["error_code"] != 0:
            raise absent(prefix + name, bootstrap)
    return {name: str(described[prefix + name]["topic_id"]) for name in names}


def delete_before(bootstrap: str, ends: Mapping[tuple[str, int], int]) -> None:
    """Deletes the records before these offsets, by topic (with its prefix) and partition; compacted topics refuse that.

    Raises: Failed when the cluster does not answer or refuses.
    """
    before = {TopicPartition(*position): offset for position, offset in ends.items() if offset}
    if before:
        with administer(bootstrap, about="topics") as admin:
            admin.delete_records(before)


def _create(admin: Any, missing: Mapping[str, Mapping[str, object]]) -> None:
    created = admin.create_topics(dict(missing), timeout_ms=int(CREATE_SECONDS * 1000), raise_errors=False)
    for topic in created["topics"]:
        # Another process may create the same topics at the same time; what it made is checked like everything else.
        if topic["error_code"] not in (0, TopicAlreadyExistsError.errno):
            reason = topic.get("error_message") or for_code(topic["error_code"]).__name__
            raise Failed(f"Kafka refused to create the topic {topic['name']}: {reason}")
    admin.wait_for_topics(list(missing), timeout_ms=int(CREATE_SECONDS * 1000))


def _check(admin: Any, topics: Sequence[TopicSpec], *, prefix: str, bootstrap: str) -> None:
    partitions = _partition_counts(admin, [prefix + topic.name for topic in topics])
    if missing := [name for name, count in partitions.items() if count is None]:
        raise absent(missing[0], bootstrap)
    settings = _settings(admin, list(partitions))
    for topic in topics:
        name = prefix + topic.name
        wanted = {"partitions": str(topic.partitions), **topic.settings}
        found = {"partitions": str(partitions[name]), **settings[name]}
        for setting, value in wanted.items():
            if not _fits(setting, value, found.get(setting)):
                raise Failed(
                    f"the topic {name} at {bootstrap} has {setting} {found.get(setting)} where {value} is needed; "
                    f"change or delete the topic, or use another cluster"
                )


def _partition_counts(admin: Any, names: list[str]) -> dict[str, int | None]:
    """How many partitions each topic has; None for one that does not exist."""
    described = {topic["name"]: topic for topic in admin.describe_topics(names)}
    counts: dict[str, int | None] = {}
    for name in names:
        code = described[name]["error_code"]
        if code not in (0, UnknownTopicOrPartitionError.errno):
            raise for_code(code)(f"topic {name}")
        counts[name] = len(described[name]["partitions"]) if code == 0 else None
    return counts


def _settings(admin: Any, names: list[str]) -> Mapping[str, Mapping[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    described = admin.describe_configs(resources, config_filter="all")["topic"]
    return {name: {key: setting["value"] for key, setting in described[name].items()} for name in names}


def _fits(setting: str, wanted: str, found: str | None) -> bool:
    if setting == _AT_LEAST and found is not None:
        return int(found) >= int(wanted)
    return found == wanted
