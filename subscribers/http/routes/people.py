"""What people decide about alerts: acknowledge, comment, and silence."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from schemas import command as commands
from schemas.command import Decision, Person, ScopeName, Text
from schemas.event import Moment
from schemas.rule import RuleId
from schemas.topics import COMMANDS
from subscribers.http.authorisation import requires
from subscribers.http.callers import Caller
from subscribers.http.deciding import (
    Heard,
    author,
    check_about,
    check_in_force,
    check_open,
    check_same,
    command_id,
    find_silence,
    hear,
    silences_of,
)
from subscribers.http.parts import Parts, parts_of
from subscribers.http.problems import KINDS, Problem, invalid, problem_responses, unavailable
from subscribers.http.reading import reading
from subscribers.read_model.queries.people import Said, said_as
from timeline.people import Silencing
from timeline.times import microseconds, time_text

Found = TypeVar("Found")


def _json_only(request: Request) -> None:
    """Refuse what a foreign page could send without asking: a form, or text."""
    given = request.headers.get("content-type", "none")
    if given.partition(";")[0].strip().lower() != "application/json":
        detail = f"expected Content-Type application/json, found {given:.100}"
        raise Problem(415, "Unsupported media type", detail, kind=KINDS[415])


def _key(
    key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", description="A repeat with the same key is the same command."),
    ] = None,
) -> None:
    """Let the header stand in the document of the interface."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    by: Person | None = None


class Acknowledgement(_Body):
    """Who takes an alert on (needed without a token), and what they know or do."""

    comment: Text | None = None


class Remark(_Body):
    """Who says what of an alert."""

    text: Text


class NewSilence(_Body):
    """What is not to be told of until when, and why: a scope, a rule, or both."""

    scope: ScopeName | None = None
    rule: RuleId | None = None
    until: Moment
    comment: Text


class Position(BaseModel):
    """Where a record stands in the log."""

    topic: str
    partition: int
    offset: int


class TakenCommand(BaseModel):
    """A command as the log took it."""

    command: dict[str, Any]
    when: str
    position: Position


class SilenceState(BaseModel):
    """A silence and what became of it."""

    id: str
    scope: str | None
    rule: str | None
    until: str
    comment: str
    by: str
    when: str
    ended: dict[str, str] | None
    in_force: bool


class Silences(BaseModel):
    """Silences, first to last."""

    silences: list[SilenceState]


router = APIRouter(tags=["people"])
Operator = Annotated[Caller, Depends(requires("operate"))]
Wired = Annotated[Parts, Depends(parts_of)]
_TAKES_JSON = [Depends(_json_only), Depends(_key)]
_ANSWERS = problem_responses(400, 404, 408, 409, 413, 415)


@router.post(
    "/alerts/{thread}/acknowledge",
    status_code=201,
    responses=_ANSWERS,
    dependencies=_TAKES_JSON,
    summary="Take an alert on",
)
async def acknowledge(
    *, thread: str, body: Acknowledgement, request: Request, caller: Operator, parts: Wired
) -> TakenCommand:
    """Say that you have seen an alert and take it on. It holds for the thread, whatever that ends in."""
    by = author(caller, body.by)
    heard = await _asked(parts, hear, thread)
    wanted = commands.Acknowledge(
        command="acknowledge", id=command_id(request, by), by=by, thread=heard.thread, comment=body.comment
    )
    return await _once(parts, wanted, heard.thread, functools.partial(check_open, heard))


@router.post(
    "/alerts/{thread}/comments", status_code=201, responses=_ANSWERS, dependencies=_TAKES_JSON, summary="Add a remark"
)
async def comment(*, thread: str, body: Remark, request: Request, caller: Operator, parts: Wired) -> TakenCommand:
    """Add a remark to an alert; it goes along as an acknowledgement does."""
    by = author(caller, body.by)
    heard: Heard = await _asked(parts, hear, thread)
    wanted = commands.Comment(command="comment", id=command_id(request, by), by=by, thread=heard.thread, text=body.text)
    return await _once(parts, wanted, heard.thread)


@router.post(
    "/silences",
    status_code=201,
    responses=problem_responses(400, 408, 413, 415),
    dependencies=_TAKES_JSON,
    summary="Begin a silence",
)
async def silence(*, body: NewSilence, request: Request, caller: Operator, parts: Wired) -> TakenCommand:
    """Keep people from being told of a scope, a rule, or both, for a time. Alerts show as ever."""
    by = author(caller, body.by)
    if body.scope is None and body.rule is None:
        raise invalid("scope", "expected scope, rule or both: over everything it would hide what nobody thought of")
    await _asked(parts, check_about, body.scope, body.rule)
    named = command_id(request, by)
    members = body.model_dump(exclude={"by"})
    wanted = commands.Silence(command="silence", id=named, by=by, **members)
    return await _once(parts, wanted, named, functools.partial(_check_later, wanted, parts.now()))


@router.delete(
    "/silences/{silence}",
    responses=problem_responses(404, 408, 409, 413),
    dependencies=[Depends(_key)],
    summary="End a silence",
)
async def end_silence(
    *,
    silence: str,
    request: Request,
    caller: Operator,
    parts: Wired,
    by: Annotated[Person | None, Query(description="Who ends it; needed without a token.")] = None,
) -> TakenCommand:
    """End a silence before its time. What it hid and is still open is told then."""
    who = author(caller, by)
    found = find_silence(await _asked(parts, silences_of), silence)
    wanted = commands.EndSilence(command="end_silence", id=command_id(request, who), by=who, silence=found.silence.id)
    return await _once(parts, wanted, silence, functools.partial(check_in_force, found, parts.now()))


@router.get(
    "/silences",
    responses=problem_responses(),
    dependencies=[Depends(requires("read"))],
    summary="The silences in force",
)
def silences(
    parts: Wired,
    everything: Annotated[bool, Query(alias="all", description="Those that are over too.")] = False,
) -> Silences:
    """Answer `GET /silences`."""
    now = parts.now()
    with reading(parts) as read:
        made = silences_of(read.connection)
    return Silences(silences=[_state(each, now) for each in made if everything or each.over > now])


async def _asked(parts: Parts, question: Callable[..., Found], *asked: Any) -> Found:
    """Ask the read model, in a thread: what waits for a database keeps nobody else waiting."""

    def ask() -> Found:
        with reading(parts) as read:
            return question(read.connection, *asked)

    return await run_in_threadpool(ask)


async def _once(parts: Parts, wanted: Decision, about: str, check: Callable[[], None] = lambda: None) -> TakenCommand:
    """Put a command into the log, unless it stands there already; then return how it was taken."""
    before: Said | None = await _asked(parts, said_as, about, wanted.id)
    if before is not None:
        check_same(before.taken.command, wanted)
        topic = parts.topic_prefix + COMMANDS
        position = Position(topic=topic, partition=before.partition, offset=before.offset)
        return _taken(before.taken.command, before.taken.when, position)
    check()
    if parts.push is None:
        raise unavailable("this service takes no commands")
    place = await parts.push.command(wanted)
    position = Position(topic=place.topic, partition=place.partition, offset=place.offset)
    return _taken(wanted, place.timestamp_ms * 1000, position)


def _taken(command: Decision, when: int, position: Position) -> TakenCommand:
    said = command.model_dump(mode="json", exclude_none=True)
    return TakenCommand(command=said, when=time_text(when), position=position)


def _check_later(silence: commands.Silence, now: int) -> None:
    if microseconds(silence.until.isoformat()) <= now:
        raise invalid("until", f"it is past, now is {time_text(now)[:16]}Z")


def _state(silence: Silencing, now: int) -> SilenceState:
    return SilenceState(**silence.members(), in_force=silence.in_force(now))
