"""The event as a feed asserts it: value of `vigil.events.*`, body of a publication, line of a `vigil` feed file.

Writers are strict: wrong types, naive times and contradictions are refused. Readers accept members that they do not
know and drop them. Unknown is null or absent, never 0 or "".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import to_json

from schemas.countries import COUNTRIES
from schemas.errors import BadInput

MAX_EVENT_BYTES: Final = 1024 * 1024
"""The largest that an event may be as a record's value."""


class EventType(StrEnum):
    """What kind of thing an event is; `fatality` is a death that no attack caused, `tally` a cumulative claim."""

    ATTACK = "attack"
    COUP = "coup"
    RESOLUTION = "resolution"
    AGREEMENT = "agreement"
    STATEMENT = "statement"
    PROTEST = "protest"
    DISPLACEMENT = "displacement"
    FATALITY = "fatality"
    TALLY = "tally"


def _moment(value: object) -> datetime:
    # pydantic's own reading also takes "1612137600", and costs more than this.
    if isinstance(value, str):
        return _read_moment(value)
    return _in_utc(value)


@lru_cache(maxsize=65_536)
def _read_moment(text: str) -> datetime:
    if text[4:5] == text[7:8] == "-" and text[10:11] == "T":
        return _in_utc(datetime.fromisoformat(text))
    return _in_utc(text)


def _in_utc(value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("expected a time such as 2021-04-01T00:00:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time does not exist in UTC") from error


def _known_country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError(f"{code!r} is no ISO 3166-1 alpha-3 code (Kosovo is XKX)")
    return code


Moment = Annotated[datetime, BeforeValidator(_moment)]
Country = Annotated[str, AfterValidator(_known_country)]
People = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Strict(BaseModel):
    """Base of all that crosses a boundary: frozen, strict about types, indifferent to unknown members."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


class EventTime(Strict):
    """When it happened: the half-open interval [start, end) and how precisely the source knows it."""

    start: Moment
    end: Moment
    precision: Literal["instant", "day", "week", "month", "year", "range"]


class Place(Strict):
    """Where it happened; degrees are WGS 84, `admin1_code` is ISO 3166-2 where it is certain."""

    country: Country | None = None
    admin1: str | None = None
    admin1_code: Annotated[str, Field(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$")] | None = None
    name: str | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    precision: Literal["exact", "near", "admin2", "admin1", "country", "area", "sea"] | None = None


class Actor(Strict):
    """Who took part; `id` is stable across feeds, `role` is for example perpetrator, target or belligerent."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    name: str | None = None
    role: str | None = None


class Estimate(Strict):
    """A number of people: low <= best <= high of what is known."""

    low: People | None = None
    best: People | None = None
    high: People | None = None


class Casualties(Strict):
    """Numbers of people by group; `total` includes every group."""

    total: Estimate | None = None
    peacekeepers: Estimate | None = None
    civilians: Estimate | None = None
    security_forces: Estimate | None = None
    other: Estimate | None = None


class Coup(Strict):
    """What only a coup has."""

    outcome: Literal["realised", "attempted", "conspiracy"] | None = None


class Votes(Strict):
    """Numbers of states in a vote."""

    in_favour: Annotated[int, Field(ge=0)] | None = Field(default=None, alias="for")
    against: Annotated[int, Field(ge=0)] | None = None
    abstaining: Annotated[int, Field(ge=0)] | None = None


class Resolution(Strict):
    """What only a resolution has; `mandate_end` is the last day included."""

    symbol: str | None = None
    outcome: Literal["adopted", "rejected"] | None = None
    mission: str | None = None
    mandate_end: date | None = None
    chapter_vii: bool | None = None
    votes: Votes | None = None


class Tally(Strict):
    """A cumulative claim, such as the dead of a mission since it began; never an incident."""

    measure: str
    value: People
    as_of: date | None = None


class Displacement(Strict):
    """What only a displacement has."""

    persons: People | None = None


class Link(Strict):
    """A source that a reader can open."""

    url: str
    title: str | None = None


class Contradiction(ValueError):
    """Members that are each well formed and together impossible; `field` names the one to mend."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        super().__init__(reason)


class Event(Strict):
    """One assertion of a feed about one event of its own."""

    id: Annotated[str, Field(min_length=3, max_length=500)]
    source: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    type: EventType
    state: Literal["asserted", "withdrawn"] = "asserted"
    sequence: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    title: str | None = None
    description: str | None = None
    event_time: EventTime | None = None
    publish_time: Moment
    publish_time_basis: Literal["stated", "assumed"] = "stated"
    place: Place | None = None
    actors: tuple[Actor, ...] = ()
    mission: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    method: str | None = None
    killed: Casualties | None = None
    injured: Casualties | None = None
    coding: Literal["human", "machine"] = "human"
    repairs: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    coup: Coup | None = None
    resolution: Resolution | None = None
    tally: Tally | None = None
    displacement: Displacement | None = None
    reason: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.id.startswith(self.source + ":") or len(self.id) == len(self.source) + 1:
            raise Contradiction("id", f"expected {self.source}:<key of the feed>, found {self.id!r}")
        if self.event_time is not None:
            _check_interval(self.event_time, self.publish_time)
        elif self.state == "asserted":
            raise Contradiction("event_time", "an asserted event needs its event_time")
        for name, casualties in (("killed", self.killed), ("injured", self.injured)):
            if casualties is not None:
                _check_estimates(name, casualties)
        for block, said in (
            ("coup", self.coup),
            ("resolution", self.resolution),
            ("tally", self.tally),
            ("displacement", self.displacement),
        ):
            if said is not None and self.type != block:
                raise Contradiction(block, f"an event of type {self.type} has no block {block!r}")
        return self


def parse_event(raw: bytes) -> Event:
    """Return the event that `raw` (JSON, UTF-8) asserts.

    Raises:
        BadInput: it is no such event; reason and field say why.
    """
    try:
        return Event.model_validate_json(raw)
    except ValidationError as error:
        raise _bad_input(error) from error


def check_event(members: Mapping[str, Any]) -> Event:
    """Return the event of these members: JSON types, times as text or aware datetimes.

    Raises:
        BadInput: it is no such event; reason and field say why.
    """
    return parse_event(to_json(members, inf_nan_mode="constants"))


def _check_interval(when: EventTime, publish_time: datetime) -> None:
    if when.end < when.start or (when.end == when.start and when.precision != "instant"):
        raise Contradiction("event_time.end", "the interval [start, end) ends before it starts")
    if publish_time < when.start:
        raise Contradiction("publish_time", "it was made known before it started (event_time.start)")


def _check_estimates(name: str, casualties: Casualties) -> None:
    # Not the model's own iteration, which costs more than the check.
    for group, estimate in vars(casualties).items():
        if estimate is not None and not _in_order(estimate.low, estimate.best, estimate.high):
            known = [number for _, number in estimate if number is not None]
            raise Contradiction(f"{name}.{group}", f"expected low <= best <= high, found {known}")


def _in_order(low: int | None, best: int | None, high: int | None) -> bool:
    if best is None:
        return low is None or high is None or low <= high
    return (low is None or low <= best) and (high is None or best <= high)


def _bad_input(error: ValidationError) -> BadInput:
    first = error.errors(include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, Contradiction):
        return BadInput(str(cause), cause.field)
    field = ".".join(str(part) for part in first["loc"]) or None
    return BadInput(str(cause) if isinstance(cause, ValueError) else first["msg"], field)
