"""Tries what an access list may forbid, each by the request that really does it, as one user."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from kafka import KafkaAdminClient
from kafka.protocol.admin import (
    AlterConfigsRequest,
    CreatePartitionsRequest,
    CreateTopicsRequest,
    DeleteTopicsRequest,
    DescribeAclsRequest,
    DescribeConfigsRequest,
    DescribeGroupsRequest,
)
from kafka.protocol.consumer import FetchRequest, JoinGroupRequest
from kafka.protocol.metadata import MetadataRequest
from kafka.protocol.producer import InitProducerIdRequest, ProduceRequest
from kafka.record.memory_records import MemoryRecordsBuilder

from eventlog.security.cluster import client_options

# Of a topic, a group, the cluster, and a transactional id.
FORBIDDEN = {29, 30, 31, 53}
Codes = Mapping[str, int]
"""Kafka's error code by name of a topic or a group."""


class Attempts:
    """One user's connection; a context manager. Every method returns error codes by name."""

    def __init__(self, bootstrap: str) -> None:
        self._client: Any = KafkaAdminClient(**client_options(bootstrap), bootstrap_timeout_ms=10_000)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def _ask(self, request: Any) -> Any:
        return self._client._manager.run(self._client._manager.send, request, 1)

    def describe(self, topics: list[str]) -> Codes:
        asked = [MetadataRequest.MetadataRequestTopic(name=name) for name in topics]
        answer = self._ask(MetadataRequest(topics=asked, allow_auto_topic_creation=False, max_version=9))
        return {each.name: each.error_code for each in answer.topics}

    def read(self, topics: list[str]) -> Codes:
        one = FetchRequest.FetchTopic.FetchPartition
        asked = [
            FetchRequest.FetchTopic(
                topic=name, partitions=[one(partition=0, fetch_offset=0, partition_max_bytes=1000, log_start_offset=-1)]
            )
            for name in topics
        ]
        # By name: later versions know topics by an id.
        answer = self._ask(FetchRequest(max_wait_ms=0, min_bytes=0, max_bytes=100_000, topics=asked, max_version=11))
        return {each.topic: each.partitions[0].error_code for each in answer.responses}

    def write(self, topics: list[str]) -> Codes:
        one = ProduceRequest.TopicProduceData.PartitionProduceData
        asked = [
            ProduceRequest.TopicProduceData(name=name, partition_data=[one(index=0, records=_records())])
            for name in topics
        ]
        answer = self._ask(ProduceRequest(acks=-1, timeout_ms=10_000, topic_data=asked, max_version=9))
        return {each.name: each.partition_responses[0].error_code for each in answer.responses}

    def create(self, topics: list[str]) -> Codes:
        asked = [
            CreateTopicsRequest.CreatableTopic(
                name=name, num_partitions=1, replication_factor=1, assignments=[], configs=[]
            )
            for name in topics
        ]
        answer = self._ask(CreateTopicsRequest(topics=asked, timeout_ms=10_000, validate_only=True))
        return {each.name: each.error_code for each in answer.topics}

    def alter(self, topics: list[str]) -> Codes:
        asked = [
            CreatePartitionsRequest.CreatePartitionsTopic(name=name, count=99, assignments=None) for name in topics
        ]
        answer = self._ask(CreatePartitionsRequest(topics=asked, timeout_ms=10_000, validate_only=True))
        return {each.name: each.error_code for each in answer.results}

    def describe_configs(self, topics: list[str]) -> Codes:
        one = DescribeConfigsRequest.DescribeConfigsResource
        asked = [one(resource_type=2, resource_name=name, configuration_keys=["retention.ms"]) for name in topics]
        answer = self._ask(DescribeConfigsRequest(resources=asked))
        return {each.resource_name: each.error_code for each in answer.results}

    def alter_configs(self, topics: list[str]) -> Codes:
        one = AlterConfigsRequest.AlterConfigsResource
        asked = [one(resource_type=2, resource_name=name, configs=[]) for name in topics]
        answer = self._ask(AlterConfigsRequest(resources=asked, validate_only=True))
        return {each.resource_name: each.error_code for each in answer.responses}

    def delete(self, topics: list[str]) -> Codes:
        """This one has its effect where it is allowed."""
        answer = self._ask(DeleteTopicsRequest(topic_names=topics, timeout_ms=10_000, max_version=5))
        return {each.name: each.error_code for each in answer.responses}

    def join(self, groups: Iterable[str]) -> Codes:
        """The first step of joining: a member without an id is given one and asked to come back."""
        protocol = JoinGroupRequest.JoinGroupRequestProtocol(name="range", metadata=b"")
        return {
            name: self._ask(
                JoinGroupRequest(
                    group_id=name,
                    session_timeout_ms=10_000,
                    rebalance_timeout_ms=10_000,
                    member_id="",
                    protocol_type="consumer",
                    protocols=[protocol],
                    max_version=5,
                )
            ).error_code
            for name in groups
        }

    def describe_groups(self, groups: list[str]) -> Codes:
        answer = self._ask(DescribeGroupsRequest(groups=groups))
        return {each.group_id: each.error_code for each in answer.groups}

    def transact(self, ids: Iterable[str]) -> Codes:
        return {
            name: self._ask(
                InitProducerIdRequest(
                    transactional_id=name, transaction_timeout_ms=10_000, producer_id=-1, producer_epoch=-1
                )
            ).error_code
            for name in ids
        }

    def idempotent(self) -> int:
        return int(
            self._ask(
                InitProducerIdRequest(
                    transactional_id=None, transaction_timeout_ms=10_000, producer_id=-1, producer_epoch=-1
                )
            ).error_code
        )

    def read_access_lists(self) -> int:
        return int(
            self._ask(
                DescribeAclsRequest(
                    resource_type_filter=1,
                    resource_name_filter=None,
                    pattern_type_filter=1,
                    principal_filter=None,
                    host_filter=None,
                    operation=1,
                    permission_type=1,
                )
            ).error_code
        )


OF_TOPICS: Mapping[str, Callable[[Attempts, list[str]], Codes]] = {
    "describe": Attempts.describe,
    "read": Attempts.read,
    "write": Attempts.write,
    "create": Attempts.create,
    "alter": Attempts.alter,
    "describe-configs": Attempts.describe_configs,
    "alter-configs": Attempts.alter_configs,
    "delete": Attempts.delete,
}


def _records() -> bytes:
    builder = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=1000)
    builder.append(timestamp=1, key=b"key", value=b"{}", headers=[])
    builder.close()
    return bytes(builder.buffer())
