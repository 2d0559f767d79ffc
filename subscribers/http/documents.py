"""What answers consist of, for the OpenAPI document: the models of the topics, and what is put around them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.aggregate import Measures, Window
from schemas.alert import Alert, Correction
from schemas.event import Event, Moment

Next = Annotated[str | None, Field(description="The cursor of the next page; null at the end.")]


class EventState(Event):
    """The state of an event: its current assertion, how many are known, since when its content has been, its hash."""

    model_config = ConfigDict(title="EventState")

    revision: int
    since: Moment
    content: str


class Events(BaseModel):
    """A page of the timeline."""

    items: list[EventState]
    next: Next = None


class FieldChange(BaseModel):
    """A member (dotted path) that an assertion says differently from the one before; null: it says nothing."""

    field: str
    before: Any = None
    after: Any = None


class AssertionChange(BaseModel):
    """An assertion of an event: the first whole (`document`), each further one by what it changes (`changes`)."""

    sequence: str
    publish_time: Moment
    ingest_time: Moment
    state: Literal["asserted", "withdrawn"]
    content: str
    current: bool
    document: dict[str, Any] | None = None
    changes: list[FieldChange] | None = None


class EventHistory(BaseModel):
    """All that a feed asserted of an event, in the order of its statements, and the state that follows."""

    id: str
    state: EventState
    assertions: list[AssertionChange]


class ScopeWindows(BaseModel):
    """All windows of a scope, at its clock or at the day `at`."""

    scope: str
    clock: Moment
    at: date | None = None
    windows: dict[Window, Measures]


class ScopeDay(BaseModel):
    """The measures of a window from a day on, until the next one of that window."""

    scope: str
    window: Window
    at: date
    measures: Measures


class Series(BaseModel):
    """A page of the days on which the measures of a scope differ from the day before."""

    items: list[ScopeDay]
    next: Next = None


class AlertState(Alert):
    """An alert as it was told; what says how it was told is absent where it is computed as of a publish time."""

    model_config = ConfigDict(title="AlertState")

    told: Moment | None = None
    transition: Literal["raised", "updated", "resolved", "cancelled", "superseded"] | None = None
    thread: str | None = None
    replaces: tuple[str, ...] = ()
    reason: str | None = None
    heir: str | None = None
    survivor: str | None = None
    notify: bool | None = None
    correction: Correction | None = None


class Alerts(BaseModel):
    """A page of alerts, or of transitions of alerts."""

    items: list[AlertState]
    next: Next = None


class Said(BaseModel):
    """What a person said of an alert."""

    said: Literal["acknowledge", "comment"]
    by: str
    when: Moment
    text: str | None = None


class SilenceState(BaseModel):
    """A silence that hides notifications of an alert, or did; `in_force` is about now."""

    id: str
    scope: str | None = None
    rule: str | None = None
    until: Moment
    comment: str
    by: str
    when: Moment
    ended: dict[str, Any] | None = None
    in_force: bool


class AlertExplained(AlertState):
    """An alert with its explanation: as `vigil alerts show` prints it, and the silences that are about it."""

    model_config = ConfigDict(title="AlertExplained", extra="allow")

    # All causes of the first day here, with what a reader needs of each, not the twenty that the alert names.
    causes: tuple[dict[str, Any], ...]  # type: ignore[assignment]
    stands: bool
    days: dict[str, Any]
    bounds: dict[str, Any]
    numbers: list[dict[str, Any]]
    counterfactual: dict[str, Any]
    notes: list[str]
    rule_in_words: dict[str, Any]
    transitions: list[dict[str, Any]]
    acknowledged: list[str]
    people: list[Said]
    silences: list[SilenceState]


class Scope(BaseModel):
    """A scope: its name for people, and how many events belong to it (withdrawn ones that still name it included)."""

    scope: str
    kind: Literal["world", "region", "country", "admin1", "actor", "mission"]
    name: str
    events: int


class ScopesFound(BaseModel):
    """A page of scopes, those with most events first."""

    items: list[Scope]
    next: Next = None


class FeedAge(BaseModel):
    """A feed: how many events and assertions it has, and how old its newest word is."""

    feed: str
    events: int
    assertions: int
    newest_publish: Moment
    newest_ingest: Moment
    seconds_since_publish: Annotated[float, Field(description="From the newest publish time until now.")]
    seconds_since_ingest: Annotated[float, Field(description="Since the log last took a record of it.")]


class FeedsAged(BaseModel):
    """The feeds, by name."""

    items: list[FeedAge]
    next: Next = None


class RulesInForce(BaseModel):
    """The rule set in force, and each rule in words; `version` is null while there is none."""

    version: str | None = None
    since: Moment | None = None
    items: list[dict[str, Any]]
    next: Next = None


class PartitionPosition(BaseModel):
    """How far a partition has been read into the read model."""

    topic: str
    partition: int
    next_offset: int
    end: Annotated[int, Field(description="Where the partition ended at `seen_at`.")]
    seen_at: Moment
    complete_at: Moment | None = None


class LagNow(BaseModel):
    """How far the read model is behind the log; `seconds` is null before it ever held all that the log did."""

    records: int
    seconds: float | None = None


class StreamState(BaseModel):
    """A stream's clients; `lag` is in records, null while the log does not answer."""

    name: str
    subscribers: int
    lag: int | None = None


class Status(BaseModel):
    """The state of the read side."""

    now: Moment
    clock: Moment | None = None
    lag: LagNow
    positions: list[PartitionPosition]
    schema_revision: str | None = None
    rules_version: str | None = None
    streams: list[StreamState]
    versions: dict[str, str]


class Health(BaseModel):
    """Whether the database answers and the log is reachable; `detail` says what does not."""

    healthy: bool
    database: bool
    log: bool
    detail: str | None = None


class Index(BaseModel):
    """What is served, by name."""

    links: dict[str, str]


class GeometryOfPlaces(BaseModel):
    """A point, or several; longitude first, WGS 84."""

    type: Literal["Point", "MultiPoint"]
    coordinates: list[Any]


class Feature(BaseModel):
    """A feature of RFC 7946; its geometry is null where no place is known."""

    type: Literal["Feature"]
    id: str
    geometry: GeometryOfPlaces | None
    properties: dict[str, Any]


class FeatureCollection(BaseModel):
    """Features of RFC 7946, and the cursor of the next page."""

    type: Literal["FeatureCollection"]
    features: list[Feature]
    next: Next = None


MODELS: tuple[type[BaseModel], ...] = (
    *(Events, EventHistory, ScopeWindows, Series, Alerts, AlertExplained, ScopesFound, FeedsAged, RulesInForce),
    *(Status, Health, Index, Feature, FeatureCollection),
)
"""Whatever an answer can be."""


def schema_of(*models: type[BaseModel]) -> dict[str, Any]:
    """Return the reference to a model, or to one of several, for the OpenAPI document."""
    references = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in models]
    return references[0] if len(references) == 1 else {"anyOf": references}
