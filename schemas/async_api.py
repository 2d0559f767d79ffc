"""The contract of the log as an AsyncAPI 3.0 document, made of the topic table, the channels and the models.

Rules kept here:
- The document describes a user of Vigil: `receive` is to read from a topic, `send` is to write to it.
- The same table and the same models give the same document; there is no other source for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from schemas.channel_examples import EXAMPLES, KEYS
from schemas.channels import CHANNELS, ROLES, Channel, Message, Operation
from schemas.timeline_record import TimelineHeaders
from schemas.topics import TOPICS, TopicSpec

Json = dict[str, Any]

VERSION: Final = "1.0.0"
"""Of the contract: the first number changes when a reader or writer must change, the second when something is added."""
BOOTSTRAP: Final = "127.0.0.1:9092"

_BINDING: Final = {"bindingVersion": "0.5.0"}
_TIMELINE_HEADERS: Final = "TimelineRecordHeaders"
_REFERENCE: Final = "#/components/schemas/{model}"
_ABOUT: Final = """\
One timeline of incidents and political events, with rolling aggregates and alerts. Topics that begin with
`vigil.public.` are for everybody to read.

Operations are those of a user of Vigil: `receive` is what you may read, `send` is what you may write.

Delivery is at least once, and order holds within a partition: a record key is always in one. Keep what you have seen by
alert id, by scope, or by event id and stamp, and a repeat changes nothing. Accept members that you do not know: fields
are added, but never change their meaning; what must change comes as another topic.

Alerts and aggregates are written in transactions. Read them with `isolation.level=read_committed`, which is not the
default of most clients: otherwise you see what a worker that was cut off wrote in vain.
"""
_COMMITTED: Final = "Written in transactions: read with isolation.level=read_committed, which is not the usual default."


class _Page(yaml.SafeDumper):
    """Writes what stands twice twice, and texts of several lines as they are."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Page.add_representer(str, _Page.represent_text)


def async_api_yaml() -> str:
    """Return the document of a log without topic prefix on this machine, as YAML."""
    return yaml.dump(async_api(), Dumper=_Page, sort_keys=False, allow_unicode=True, width=110)


def async_api(*, prefix: str = "", bootstrap: str = BOOTSTRAP) -> Json:
    """Return the document; `prefix` stands before every topic, `bootstrap` is HOST:PORT of the first broker."""
    specs = {topic.name: topic for topic in TOPICS}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Vigil", "version": VERSION, "description": _ABOUT},
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": bootstrap,
                "protocol": "kafka",
                "description": "The broker of `vigil up`, which listens on this machine alone, or a cluster.",
            }
        },
        "channels": {channel.name: _channel(channel, specs[channel.topic], prefix) for channel in CHANNELS},
        "operations": {each.name: _operation(channel, each) for channel in CHANNELS for each in channel.operations},
        "components": {
            "messages": {
                message.name: _message(channel, message, specs[channel.topic])
                for channel in CHANNELS
                for message in channel.messages
            },
            "schemas": _schemas(),
            "tags": {role: {"name": role, "description": said} for role, said in ROLES.items()},
        },
    }


def _channel(channel: Channel, topic: TopicSpec, prefix: str) -> Json:
    return {
        "address": prefix + topic.name,
        "title": channel.title,
        "description": " ".join([topic.reason, _COMMITTED] if channel.committed else [topic.reason]),
        "messages": {message.name: {"$ref": f"#/components/messages/{message.name}"} for message in channel.messages},
        "bindings": {"kafka": {"partitions": topic.partitions, "topicConfiguration": _settings(topic), **_BINDING}},
    }


def _settings(topic: TopicSpec) -> Json:
    """The settings with the types that the binding wants."""
    said: Json = {name: int(value) if value.lstrip("-").isdigit() else value for name, value in topic.settings.items()}
    return said | {"cleanup.policy": [topic.cleanup]}


def _operation(channel: Channel, operation: Operation) -> Json:
    said: Json = {
        "action": operation.action,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": operation.summary,
        "tags": [{"$ref": f"#/components/tags/{operation.role}"}],
        "messages": [{"$ref": f"#/channels/{channel.name}/messages/{each.name}"} for each in channel.messages],
    }
    if operation.action == "receive":
        group = {"type": "string", "description": "Yours: Kafka remembers under this name how far you have read."}
        said["bindings"] = {"kafka": {"groupId": group, **_BINDING}}
        if channel.committed:
            said["description"] = _COMMITTED
            said["x-isolation-level"] = "read_committed"
    return said


def _message(channel: Channel, message: Message, topic: TopicSpec) -> Json:
    key = dict(channel.key or {"type": "string", "minLength": 1})
    said: Json = {
        "name": message.name,
        "title": message.title,
        "summary": message.summary,
        "contentType": message.content_type,
        "payload": _schema(message.payload),
        "bindings": {
            "kafka": {"key": key | {"description": f"Record key: {topic.key}.", **_keys(channel)}, **_BINDING}
        },
    }
    if message.headers is not None:
        model = _TIMELINE_HEADERS if message.on_timeline else message.headers.__name__
        said["headers"] = {"$ref": _REFERENCE.format(model=model)}
    examples = [
        {"name": each.name, "summary": each.summary}
        | ({"headers": each.headers} if each.headers else {})
        | {"payload": each.payload}
        for each in EXAMPLES[message.name]
    ]
    return said | {"examples": examples}


def _keys(channel: Channel) -> Json:
    keys = KEYS.get(channel.name)
    return {} if keys is None else {"examples": [keys]}


def _schema(payload: type[BaseModel] | Mapping[str, Any]) -> Json:
    if isinstance(payload, type):
        return {"$ref": _REFERENCE.format(model=payload.__name__)}
    return dict(payload)


def _schemas() -> Json:
    """Return every schema that a message refers to, by the name of its model."""
    messages = [message for channel in CHANNELS for message in channel.messages]
    models: list[type[BaseModel]] = [TimelineHeaders]
    for message in messages:
        models += [each for each in (message.payload, message.headers) if isinstance(each, type) and each not in models]
    _, document = models_json_schema([(model, "validation") for model in models], ref_template=_REFERENCE)
    found: Json = {name: _plain(schema) for name, schema in document["$defs"].items()}
    found[_TIMELINE_HEADERS] = _timeline_headers(found["CloudEventHeaders"], found.pop("TimelineHeaders"))
    return dict(sorted(found.items()))


def _timeline_headers(cloud_event: Json, own: Json) -> Json:
    return {
        "title": _TIMELINE_HEADERS,
        "type": "object",
        "description": "CloudEvents 1.0 in binary mode, and what the ledger found out about the assertion.",
        "properties": cloud_event["properties"]
        | {f"vigil_{name}": schema for name, schema in own["properties"].items()},
        "required": [*cloud_event["required"], *(f"vigil_{name}" for name in own["required"])],
    }


def _plain(schema: Any) -> Any:
    """Drop what the schema language of AsyncAPI has otherwise: OpenAPI's `discriminator` is an object there."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if isinstance(schema, dict):
        return {
            name: _plain(each) for name, each in schema.items() if not (name == "discriminator" and "oneOf" in schema)
        }
    return schema
