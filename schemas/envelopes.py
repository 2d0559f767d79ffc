"""What stands around the payloads on the log: headers of records, a CloudEvent with its event inside, and a tick.

Writers are held to these; the ledger is more lenient with what feeds send (see `processors.assertions`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.event import Event, Moment, Strict

Text = Annotated[str, Field(min_length=1)]


class CloudEventHeaders(Strict):
    """CloudEvents 1.0 in binary mode: the value is the event. `ce_id` names the assertion, a correction has another.

    `ce_recordedtime` is when the log first took what an archive restored; it, `ce_causationid` and `ce_traceparent`
    are passed on to the timeline.
    """

    ce_specversion: Literal["1.0"]
    ce_id: Text
    ce_source: Text
    ce_type: Text
    ce_time: Moment | None = None
    content_type: Annotated[str, Field(alias="content-type", pattern="^application/json")]
    ce_recordedtime: Moment | None = None
    ce_causationid: Text | None = None
    ce_traceparent: Text | None = None


class StructuredHeaders(Strict):
    """CloudEvents 1.0 in structured mode: the value is the whole CloudEvent."""

    content_type: Annotated[str, Field(alias="content-type", pattern=r"^application/cloudevents\+json")]


class StructuredEvent(Strict):
    """A CloudEvent with the event inside."""

    specversion: Literal["1.0"]
    id: Text
    source: Text
    type: Text
    time: Moment | None = None
    datacontenttype: Annotated[str, Field(pattern="^application/json")] | None = None
    recordedtime: Moment | None = None
    causationid: Text | None = None
    traceparent: Text | None = None
    data: Event


class JsonHeaders(Strict):
    """Headers of what is JSON and no CloudEvent."""

    content_type: Annotated[str, Field(alias="content-type", pattern="^application/json")]


class ToldHeaders(Strict):
    """Headers of an aggregate or an alert: the SHA-256 of the value, by which a changed byte shows."""

    vigil_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class RulesHeaders(Strict):
    """Headers of a rule set; `vigil_version` is the version that each of its alerts can be traced to."""

    content_type: Annotated[str, Field(alias="content-type", pattern="^application/yaml")]
    vigil_version: Annotated[str, Field(pattern="^[0-9a-f]{12}$")] | None = None


class DeadLetterHeaders(Strict):
    """Why a row or record was refused, then the headers that it had itself.

    `vigil_field` is empty where no field is to blame. `vigil_position` is {file, record, line} of a row, or
    topic:partition:offset of a record. `vigil_length` and `vigil_sha256` are of the whole where the value is cut.
    """

    vigil_reason: str
    vigil_field: str
    vigil_position: Text
    vigil_feed: str | None = None
    vigil_release: str | None = None
    vigil_context: str | None = None
    vigil_length: Annotated[str, Field(pattern=r"^\d+$")] | None = None
    vigil_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class Tick(Strict):
    """The clock is at least this; a tick without a value means the time at which the log took it."""

    time: Moment
