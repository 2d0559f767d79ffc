"""The parameters of queries: the CLI's names and forms, and nothing that no route knows."""

from __future__ import annotations

import contextlib
import datetime
import re
from collections import Counter
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query, Request
from pydantic import AfterValidator, Field

from schemas.countries import COUNTRIES
from schemas.event import EventType
from subscribers.http.problems import FieldError, invalid, invalid_fields
from subscribers.read_model.queries.known import Known
from timeline.as_of import Axis, end_of_day
from timeline.filters import Filters
from timeline.times import day_number, microseconds, time_text

MOST_ITEMS: Final = 1000
_SCOPE: Final = re.compile(r"(world|(region|country|admin1|actor|mission):[^@]+)(@[^@]+)?", re.DOTALL)


def _day(text: str) -> str:
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("expected a day such as 2021-10-02") from None


def _moment(text: str) -> str:
    """A time, or a day, which is its last moment; kept as canonical text."""
    with contextlib.suppress(ValueError, OverflowError):
        return time_text(end_of_day(day_number(text)))
    try:
        return time_text(microseconds(text))
    except (ValueError, TypeError, OverflowError):
        raise ValueError("expected a time such as 2021-10-02T18:00:00Z (a plus is %2B), or a day") from None


def _country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError("expected an ISO 3166-1 alpha-3 code such as MLI (Kosovo is XKX)")
    return code


def _type(name: str) -> str:
    if name not in set(EventType):
        raise ValueError(f"expected one of {', '.join(EventType)}")
    return name


def scope_name(name: str) -> str:
    """Return the name of a scope; raises ValueError of what can be none."""
    if not _SCOPE.fullmatch(name):
        raise ValueError("expected a scope such as world, region:002, country:MLI, admin1:ML-8, actor:jnim, mission:X")
    return name


Name = Annotated[str, Field(min_length=1, max_length=1000)]
Day = Annotated[
    str, AfterValidator(_day), Field(json_schema_extra={"format": "date", "example": "2021-10-02"}, max_length=20)
]
Time = Annotated[str, AfterValidator(_moment), Field(max_length=50)]
CountryCode = Annotated[str, AfterValidator(_country), Field(max_length=10, json_schema_extra={"example": "MLI"})]
TypeName = Annotated[str, AfterValidator(_type), Field(json_schema_extra={"enum": [*EventType]})]
ScopeName = Annotated[
    str, AfterValidator(scope_name), Field(max_length=1000, json_schema_extra={"example": "country:MLI"})
]

Order = Literal["newest", "oldest"]

Scopes = Annotated[list[ScopeName] | None, Query(description="Of this scope; may be repeated, any of them.")]
Countries = Annotated[list[CountryCode] | None, Query(description="Of this country, ISO alpha-3; may be repeated.")]
Types = Annotated[list[TypeName] | None, Query(description="Of this type; may be repeated.")]
Actors = Annotated[list[Name] | None, Query(description="With this actor's id; may be repeated.")]
Feeds = Annotated[list[Name] | None, Query(description="Of this feed; may be repeated.")]
Rules = Annotated[list[Name] | None, Query(description="Of the rule with this id; may be repeated.")]
From = Annotated[Day | None, Query(alias="from", description="On or after this day.")]
Until = Annotated[Day | None, Query(description="On or before this day.")]
Limit = Annotated[int, Query(ge=1, le=MOST_ITEMS, description="At most so many items.")]
Cursor = Annotated[
    str | None, Query(max_length=8000, description="`next` of the page before; the other parameters stay as they were.")
]
Sorted = Annotated[Order, Query(description="The latest first, or the earliest.")]
AsOf = Annotated[
    Time | None,
    Query(
        description="As known at this time (RFC 3339), or at the end of this day.",
        openapi_examples={
            "time": {"value": "2021-10-02T18:00:00Z", "summary": "What did we know then?"},
            "day": {"value": "2021-10-02", "summary": "At the end of that day"},
        },
    ),
]
OnAxis = Annotated[
    Axis | None,
    Query(description="With `as_of`: known because the log had taken it (`ingest`), or because it was published."),
]


def event_filters(
    *,
    scope: Scopes = None,
    country: Countries = None,
    type: Types = None,  # noqa: A002 - the filter's name
    actor: Actors = None,
    feed: Feeds = None,
    first: From = None,
    until: Until = None,
) -> Filters:
    """Return the filters of events; days are about when it happened."""
    scopes, countries, types, actors, feeds = [tuple(each or ()) for each in (scope, country, type, actor, feed)]
    return Filters(scopes, countries, types, actors, feeds, first=first, last=until)


def alert_filters(
    *,
    scope: Scopes = None,
    country: Countries = None,
    actor: Actors = None,
    feed: Feeds = None,
    rule: Rules = None,
    first: From = None,
    until: Until = None,
) -> Filters:
    """Return the filters of alerts; days are about the alert's days."""
    scopes, countries, actors, feeds, rules = [tuple(each or ()) for each in (scope, country, actor, feed, rule)]
    return Filters(scopes, countries, (), actors, feeds, rules, first=first, last=until)


def known_by(as_of: AsOf = None, axis: OnAxis = None) -> Known:
    """Return what is to count as known; now, if nothing is said."""
    if as_of is None:
        if axis is not None:
            raise invalid("axis", "it says what as_of means; give both")
        return Known()
    return Known(microseconds(as_of), axis or "ingest")


EventFilters = Annotated[Filters, Depends(event_filters)]
AlertFilters = Annotated[Filters, Depends(alert_filters)]
KnownBy = Annotated[Known, Depends(known_by)]


def refuse_unknown(request: Request) -> None:
    """Refuse parameters that the route does not have: a filter with a typing error would choose everything.

    So is one that is given twice where it has one value.
    """
    known = _query_fields(request.scope["route"].dependant)
    counts = Counter(name for name, _ in request.query_params.multi_items())
    hint = f"; there are {', '.join(sorted(known))}" if known else ""
    unknown = [name for name in counts if name not in known]
    repeated = [name for name, count in counts.items() if count > 1 and not known.get(name, True)]
    errors = [FieldError(field=name[:100], reason=f"no parameter has this name{hint}") for name in unknown]
    errors += [FieldError(field=name, reason="expected once, found more often") for name in repeated]
    if errors:
        raise invalid_fields(errors)


def _query_fields(dependant: Any) -> dict[str, bool]:
    """Return by name of each query parameter whether it may be repeated; of dependencies too."""
    fields = {field.alias: "list" in str(field.field_info.annotation) for field in dependant.query_params}
    for each in dependant.dependencies:
        fields |= _query_fields(each)
    return fields
