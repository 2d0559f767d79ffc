"""Events of a rule test: the short form that says only what the test is about, as events in the full form.

Rules kept here:
- What is said in the full form is taken as it is; a short form says a member of it once more only by mistake.
- What is not said and has to be there gets a default; a number of people that is not said stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from schemas.errors import BadInput
from schemas.event import Event

Members = dict[str, Any]

FEED = "test"
MOST_TIMES = 10_000
_GROUPS = {
    "killed": ("killed", "total"),
    "civilians_killed": ("killed", "civilians"),
    "peacekeepers_killed": ("killed", "peacekeepers"),
    "injured": ("injured", "total"),
    "peacekeepers_injured": ("injured", "peacekeepers"),
}
SHORT = {
    *("feed", "day", "from", "until", "month", "year", "country", "admin1", "mandate_end", "times", "every"),
    *_GROUPS,
}
"""Members that only the short form has, and those that it may say in a shorter way."""


def events_of(said: Members, number: int) -> Iterator[Members]:
    """Yield the events that one entry of a test says, in the full form; `number` is its place in the list, from 1.

    Raises:
        BadInput: a member is not known or is no such thing; the field is its dotted path in what was said.
    """
    _refuse_unknown(said, Event, ())
    event = dict(said)
    times, every = _repetition(event)
    _name(event, number)
    _date(event)
    _place(event)
    _people(event)
    _block(event)
    if isinstance(event.get("actors"), list):
        event["actors"] = [{"id": each} if isinstance(each, str) else each for each in event["actors"]]
    for index in range(times):
        yield event if times == 1 else _moved(event, index + 1, timedelta(days=index * every))


def _name(event: Members, number: int) -> None:
    feed = event.pop("feed", None)
    if feed is not None and event.setdefault("source", feed) != feed:
        raise BadInput("expected `feed` or `source`, found both", "feed")
    key = event.get("id", number)
    if isinstance(key, int):
        key = str(key)
    if isinstance(key, str) and ":" not in key:
        event["id"] = f"{event.setdefault('source', FEED)}:{key}"
    elif isinstance(key, str):
        event.setdefault("source", key.partition(":")[0])
    by_block = [name for name in ("coup", "resolution", "tally", "displacement") if event.get(name) is not None]
    event.setdefault("type", "resolution" if "mandate_end" in event else [*by_block, "attack"][0])


def _date(event: Members) -> None:
    said = [name for name in ("event_time", "day", "from", "month", "year") if name in event]
    if len(said) > 1:
        raise BadInput(f"expected one of {' and '.join(said)}", said[1])
    if ("until" in event) != ("from" in event):
        raise BadInput("expected `from` and `until` together", "until" if "until" in event else "from")
    asserted = event.get("state", "asserted") == "asserted"
    if not said and asserted:
        raise BadInput("expected `day`, `from` and `until`, `month`, `year` or `event_time`", "event_time")
    interval = _interval(event, said[0]) if said else None
    if interval is not None:
        event["event_time"] = interval
    published = event.get("publish_time")
    if published is None and asserted and isinstance(event["event_time"], dict):
        event["publish_time"] = event["event_time"].get("end")
        event["publish_time_basis"] = "assumed"
    elif published is None:
        raise BadInput("a withdrawal needs its publish_time", "publish_time")
    elif isinstance(published, str) and len(published) == len("2021-10-02"):
        event["publish_time"] = _midnight(_day(published, "publish_time"))


def _interval(event: Members, said: str) -> Members | None:
    if said == "event_time":
        return None
    text = str(event.pop(said))
    if said == "from":
        first, last = _day(text, said), _day(event.pop("until"), "until")
        return {"start": _midnight(first), "end": _midnight(_after(last)), "precision": "range"}
    first = _day({"day": text, "month": f"{text}-01", "year": f"{text}-01-01"}[said], said)
    end = {"day": _after(first), "month": _after(first.replace(day=28), 4).replace(day=1)}.get(said)
    return {
        "start": _midnight(first),
        "end": _midnight(end or _after(first.replace(month=12, day=31))),
        "precision": said,
    }


def _place(event: Members) -> None:
    said: Members = {name: event.pop(name) for name in ("country", "admin1") if name in event}
    if not said:
        return
    if "place" in event:
        raise BadInput("expected it in `place`, since that is given", next(iter(said)))
    division = said.pop("admin1", None)
    if division is not None:
        # ML-8 is a code of ISO 3166-2, Kidal a name.
        coded = isinstance(division, str) and division[2:3] == "-" and division[:2].isupper()
        said["admin1_code" if coded else "admin1"] = division
    event["place"] = said


def _people(event: Members) -> None:
    for name, (member, group) in _GROUPS.items():
        number = event.get(name)
        if number is None or (name == member and isinstance(number, dict)):
            continue
        if isinstance(number, bool) or not isinstance(number, int):
            raise BadInput(f"expected a number or the full form, found {number!r}", name)
        del event[name]
        groups = dict(event.get(member) or {}) if isinstance(event.get(member), dict | None) else {}
        if group in groups:
            raise BadInput(f"expected it once, found `{member}.{group}` too", name)
        event[member] = {**groups, group: {"low": number, "best": number, "high": number}}


def _block(event: Members) -> None:
    if isinstance(event.get("coup"), str):
        event["coup"] = {"outcome": event["coup"]}
    end = event.pop("mandate_end", None)
    if end is not None:
        block = event.get("resolution") or {}
        if not isinstance(block, dict):
            raise BadInput(f"expected the members of a resolution, found {block!r}", "resolution")
        if "mandate_end" in block:
            raise BadInput("expected it once, found `resolution.mandate_end` too", "mandate_end")
        event["resolution"] = {"outcome": "adopted", **block, "mandate_end": end}


def _repetition(event: Members) -> tuple[int, int]:
    times, every = event.pop("times", 1), event.pop("every", 1)
    for name, number, least in (("times", times, 1), ("every", every, 0)):
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= MOST_TIMES:
            raise BadInput(f"expected a number from {least} to {MOST_TIMES}, found {number!r}", name)
    if times > 1 and not {"day", "from"} & event.keys():
        raise BadInput("expected `day`, or `from` and `until`, with it", "times")
    return times, every


def _moved(event: Members, number: int, by: timedelta) -> Members:
    interval = event["event_time"]
    return {
        **event,
        "id": f"{event['id']}-{number}",
        "event_time": {**interval, "start": _later(interval["start"], by), "end": _later(interval["end"], by)},
        "publish_time": _later(event["publish_time"], by),
    }


def _later(time: str, by: timedelta) -> str:
    try:
        return (datetime.fromisoformat(time) + by).isoformat()
    except (ValueError, TypeError, OverflowError) as error:
        raise BadInput(f"expected a time, found {time!r}", "publish_time") from error


def _day(text: object, field: str) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError as error:
        raise BadInput(f"expected a {field if field in ('month', 'year') else 'day'}, found {text!r}", field) from error


def _after(day: date, days: int = 1) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError as error:
        raise BadInput("the calendar ends there", "event_time") from error


def _midnight(day: date) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).isoformat()


def _refuse_unknown(said: Mapping[str, Any], model: type[BaseModel], path: tuple[str, ...]) -> None:
    """Refuse what the reader of events would drop: in a test it is a slip of the pen."""
    fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    for name, value in said.items():
        here = (*path, str(name))
        if name not in fields and (path or name not in SHORT):
            raise BadInput("an event has no such member", ".".join(here))
        inner = _model_inside(fields.get(name))
        for part, index in [(value, here)] if isinstance(value, dict) else _listed(value, here):
            if inner is not None and isinstance(part, dict):
                _refuse_unknown(part, inner, index)


def _listed(value: object, path: tuple[str, ...]) -> list[tuple[object, tuple[str, ...]]]:
    return [(item, (*path, str(index))) for index, item in enumerate(value)] if isinstance(value, list) else []


def _model_inside(annotation: object) -> type[BaseModel] | None:
    """Return the model in `Place | None` or `tuple[Actor, ...]`, else None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [_model_inside(part) for part in getattr(annotation, "__args__", ())]
    return next((part for part in inner if part is not None), None)
