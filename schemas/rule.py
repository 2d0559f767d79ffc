"""Rules: conditions over a scope, by kind, and a rule set as it enters the log.

Rules kept here:
- What a rule says decides its version; what only explains it (`rationale`) does not, nor does a default spelled out.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import Annotated, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.aggregate import COUNTS, Measure, Window
from schemas.event import Event

ScopeKind = Literal["world", "region", "country", "admin1", "actor", "mission"]
Severity = Literal["extreme", "severe", "moderate", "minor", "unknown"]
Urgency = Literal["immediate", "expected", "future", "past", "unknown"]
Certainty = Literal["observed", "likely", "possible", "unlikely", "unknown"]
Scalar = str | bool | int | float
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
Days = Annotated[int, Field(ge=0, le=3650)]
KINDS = ("match", "threshold", "surge", "first_seen", "sequence", "deadline", "silence")
SEVERITIES: tuple[Severity, ...] = ("unknown", "minor", "moderate", "severe", "extreme")
"""From the least to the gravest."""


class Written(BaseModel):
    """Base of what people write: a member that is not known is a mistake, not an extension."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Bounds(Written):
    """A condition on a number; one that is unknown satisfies no bound."""

    at_least: int | float | None = None
    at_most: int | float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("expected at_least, at_most or both")
        return self


Condition = Scalar | Annotated[list[Scalar], Field(min_length=1)] | Bounds
Where = dict[str, Condition]
"""Dotted paths of the event, each with a value, a list of values, or bounds; all must hold."""


class Step(Written):
    """From a peak of this number on, the alert is of this severity."""

    reaches: Annotated[int, Field(ge=1)]
    severity: Severity


class _Rule(Written):
    """What every rule says. `inhibits` names rules whose alerts are redundant while one of this rule is open there."""

    id: RuleId
    title: Annotated[str, Field(min_length=1)]
    rationale: Annotated[str, Field(min_length=1)] | None = None
    severity: Severity
    urgency: Urgency = "unknown"
    certainty: Certainty = "unknown"
    inhibits: tuple[RuleId, ...] = ()

    @property
    def wheres(self) -> tuple[Where, ...]:
        """The predicates over events that the rule asks, in an order of its own."""
        return ()

    @cached_property
    def version(self) -> str:
        """First 12 hexadecimal digits of the hash of all that the rule says."""
        said = self.model_dump(mode="json", exclude={"rationale"}, exclude_defaults=True)
        return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]


class _OverEvents(_Rule):
    """A rule about the events that satisfy `where`."""

    scope: ScopeKind
    where: Where = {}

    @property
    def wheres(self) -> tuple[Where, ...]:
        return (self.where,)

    @model_validator(mode="after")
    def _paths_exist(self) -> Self:
        _check_paths("where", self.where)
        return self


class _Counted(_Rule):
    """A rule about numbers. Of the feeds the `feeds`-th largest counts: with 2 at least two feeds say so."""

    count: Literal["certain", "possible"] = "certain"
    feed: str | None = None
    feeds: Annotated[int, Field(ge=1, le=9)] = 1

    @model_validator(mode="after")
    def _feeds_possible(self) -> Self:
        if self.feed is not None and self.feeds > 1:
            raise ValueError(f"feeds: one feed, {self.feed}, cannot be {self.feeds} feeds")
        return self


class _Measured(_Counted):
    """A rule about a measure, whose severity may rise by steps with the peak."""

    measure: Measure
    estimate: Literal["low", "best", "high"] = "best"
    steps: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.measure in COUNTS and "estimate" in self.model_fields_set:
            raise ValueError(f"estimate: {self.measure} is a plain count")
        before, gravest = 0, SEVERITIES.index(self.severity)
        for index, step in enumerate(self.steps):
            if step.reaches <= before:
                raise ValueError(f"steps.{index}.reaches: expected more than {before}, found {step.reaches}")
            if SEVERITIES.index(step.severity) <= gravest:
                raise ValueError(f"steps.{index}.severity: expected a graver one than {SEVERITIES[gravest]}")
            before, gravest = step.reaches, SEVERITIES.index(step.severity)
        return self

    def severity_at(self, peak: int) -> Severity:
        """Return the severity of an episode with this peak."""
        return next((step.severity for step in reversed(self.steps) if peak >= step.reaches), self.severity)


class MatchRule(_OverEvents):
    """One event satisfies `where`; the alert lasts for the event's days and `hold` days after.

    With `feeds` above 1 that many feeds, its own included, must have such an event there on overlapping days.
    """

    kind: Literal["match"]
    hold: Days = 7
    feeds: Annotated[int, Field(ge=1, le=9)] = 1

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.where:
            raise ValueError("where: a match rule without a condition would match every event")
        return self


class ThresholdRule(_OverEvents, _Measured):
    """A measure over a window reaches a number; the episode lasts while it is at or above `ends_below`."""

    kind: Literal["threshold"]
    window: Window
    reaches: Annotated[int, Field(ge=1)]
    ends_below: Annotated[int, Field(ge=1)] | None = None
    hold: Days = 0

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if self.ends_below is not None and self.ends_below > self.reaches:
            raise ValueError(f"ends_below: expected at most reaches ({self.reaches}), found {self.ends_below}")
        return self

    @property
    def lower(self) -> int:
        """The number below which an episode ends."""
        return self.reaches if self.ends_below is None else self.ends_below


class SurgeRule(_OverEvents, _Measured):
    """An ISO week's number is improbable given the 52 weeks before; the episode lasts while week after week is.

    At least `reaches` in the week, and at least `min_weeks` weeks since the feed's first event there.
    """

    kind: Literal["surge"]
    model: Literal["poisson", "negative_binomial"] = "negative_binomial"
    p_value: Annotated[float, Field(gt=0, le=0.2)] = 0.001
    reaches: Annotated[int, Field(ge=1)] = 5
    min_weeks: Annotated[int, Field(ge=4, le=52)] = 26
    hold: Days = 0


class FirstSeenRule(_OverEvents, _Counted):
    """An actor or a method appears in a scope and was not seen there in the `days` days before."""

    kind: Literal["first_seen"]
    of: Literal["actor", "method"] = "actor"
    role: str | None = None
    days: Annotated[int, Field(ge=1, le=3650)]
    hold: Days = 7

    @model_validator(mode="after")
    def _role_of_actor(self) -> Self:
        if self.role is not None and self.of != "actor":
            raise ValueError("role: only an actor has one")
        return self


class SequenceRule(_Measured):
    """An event that satisfies `first`; then, within `within` days, those that satisfy `then` reach a number.

    One alert for each such first event: from the day on which the number is reached to `within` days after it.
    """

    kind: Literal["sequence"]
    scope: ScopeKind
    first: Where
    then: Where
    within: Annotated[int, Field(ge=1, le=3650)]
    measure: Measure = "events"
    reaches: Annotated[int, Field(ge=1)] = 1
    hold: Days = 0

    @property
    def wheres(self) -> tuple[Where, ...]:
        return self.first, self.then

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        _check_paths("first", self.first)
        _check_paths("then", self.then)
        if not self.first:
            raise ValueError("first: without a condition every event would begin a sequence")
        return self


class DeadlineRule(_OverEvents):
    """A mandate ends and is not renewed: from `days` days before its end to the day before the renewal's adoption.

    Without a renewal to `days` days after. `where` chooses among adopted resolutions that set the end of a mandate.
    """

    kind: Literal["deadline"]
    scope: Literal["mission"] = "mission"
    days: Annotated[int, Field(ge=1, le=3650)]
    hold: Days = 0


class SilenceRule(_Rule):
    """A feed has published nothing for `days` days after its largest publish time; its scope is `world@<feed>`."""

    kind: Literal["silence"]
    scope: Literal["world"] = "world"
    days: Annotated[int, Field(ge=1, le=3650)]
    feed: str | None = None


Rule = MatchRule | ThresholdRule | SurgeRule | FirstSeenRule | SequenceRule | DeadlineRule | SilenceRule


class RuleSet(Written):
    """All rules in force; ids are unique."""

    rules: tuple[Annotated[Rule, Field(discriminator="kind")], ...] = ()

    @model_validator(mode="after")
    def _unique(self) -> Self:
        seen: set[str] = set()
        for index, rule in enumerate(self.rules):
            if rule.id in seen:
                raise ValueError(f"rules.{index}.id: {rule.id!r} stands twice")
            seen.add(rule.id)
        for index, rule in enumerate(self.rules):
            for other in rule.inhibits:
                if other == rule.id or other not in seen:
                    raise ValueError(f"rules.{index}.inhibits: {other!r} is no other rule of this set")
        return self

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        """The rules by their ids."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def version(self) -> str:
        """First 12 hexadecimal digits of the hash of all rules, in any order of writing."""
        return sha256(" ".join(sorted(rule.version for rule in self.rules)).encode()).hexdigest()[:12]


def _check_paths(member: str, where: Where) -> None:
    for path in where:
        if not _is_path(path):
            raise ValueError(f"{member}: an event has no member {path!r}")


def _is_path(path: str) -> bool:
    model: object = Event
    for name in path.split("."):
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return False
        fields = {field.alias or key: field for key, field in model.model_fields.items()}
        if name not in fields:
            return False
        model = _model_inside(fields[name].annotation)
    return True


def _model_inside(annotation: object) -> object:
    """Return the model in `Place | None` or `tuple[Actor, ...]`, else None."""
    if isinstance(annotation, type):
        return annotation
    inner = [_model_inside(part) for part in getattr(annotation, "__args__", ())]
    return next((part for part in inner if isinstance(part, type) and issubclass(part, BaseModel)), None)
