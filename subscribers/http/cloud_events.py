"""The body of a push: one event as it is, one CloudEvent in binary or structured mode, or a batch of them.

Rules kept here (CloudEvents 1.0, HTTP protocol binding and JSON batch format):
- A CloudEvent needs its specversion, id, source and type. They name the message and not the event, which names itself:
  on the log it is called what every other producer would call it.
- `causationid` and `traceparent` are passed on. `recordedtime` is refused: it says when the log first took what an
  archive restores, and what is pushed is taken now.
- The path of a member at fault is its path in what was sent: `data.killed` of a CloudEvent in structured mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple
from urllib.parse import unquote

import orjson
from pydantic import Field, ValidationError

from schemas.envelopes import Text
from schemas.errors import BadInput
from schemas.event import Event, Moment, Strict, parse_event
from subscribers.http.problems import KINDS, Problem, not_json
from timeline.cloud_events import unwrap

PLAIN: Final = "application/json"
STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
MAX_EVENTS: Final = 1_000
_HEADER: Final = "ce-"
_SEVERAL: Final = f"several go as an array of CloudEvents with Content-Type {BATCH}"


class Attributes(Strict):
    """The attributes of a CloudEvent that is pushed; others are dropped."""

    specversion: Literal["1.0"]
    id: Text
    source: Text
    type: Text
    time: Moment | None = None
    datacontenttype: Annotated[str, Field(pattern=r"^application/json\s*(;|$)")] | None = None
    causationid: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,500}$")] | None = None
    traceparent: Annotated[str, Field(pattern=r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")] | None = None

    def passed_on(self) -> dict[str, str]:
        """Return the extensions that go on to the log, by name."""
        said = {"causationid": self.causationid, "traceparent": self.traceparent}
        return {name: text for name, text in said.items() if text is not None}


class Given(NamedTuple):
    """An event that somebody pushes; `extensions` by name; `path` stands before the names of the event's members."""

    event: Event
    extensions: Mapping[str, str]
    path: str


def read_body(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> list[Given | BadInput]:
    """Return what the body holds, in its order: an event, or what is wrong with it.

    Raises:
        Problem: the body is in no form that is taken (415), is no JSON (400), or holds too many events (413).
    """
    said = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    kind = _kind(said)
    members = _json(body)
    if kind == BATCH:
        return [_attempt(_structured, each) for each in _many(members)]
    if kind == STRUCTURED:
        return [_attempt(_structured, members)]
    if not isinstance(members, dict):
        return [BadInput(f"expected one event as an object; {_SEVERAL}")]
    attributes = [(name.removeprefix(_HEADER), value) for name, value in said if name.startswith(_HEADER)]
    return [_attempt(_binary, (attributes, body)) if attributes else _attempt(_plain, body)]


def _kind(headers: list[tuple[str, str]]) -> str:
    encodings = [value for name, value in headers if name == "content-encoding" and value != "identity"]
    kinds = [value for name, value in headers if name == "content-type"]
    media, _, parameters = (kinds[0] if len(kinds) == 1 else "").partition(";")
    kind, charset = media.strip().lower(), parameters.strip().lower().removeprefix("charset=").strip('"')
    if encodings or kind not in (PLAIN, STRUCTURED, BATCH) or charset not in ("", "utf-8"):
        found = f"Content-Encoding {encodings[0]:.100}" if encodings else f"{', '.join(kinds) or 'none':.100}"
        expected = f"expected Content-Type {PLAIN}, {STRUCTURED} or {BATCH}, in UTF-8 and without Content-Encoding"
        detail = f"{expected}; found {found}"
        headers_of_answer = {"Accept-Post": f"{PLAIN}, {STRUCTURED}, {BATCH}"}
        raise Problem(415, "Unsupported media type", detail, kind=KINDS[415], headers=headers_of_answer)
    return kind


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise not_json(str(error)) from error


def _many(members: Any) -> list[Any]:
    if not isinstance(members, list):
        raise Problem(422, "The request is not valid", "expected an array of CloudEvents", kind=KINDS[422])
    if len(members) > MAX_EVENTS:
        detail = f"expected at most {MAX_EVENTS} events at once, found {len(members)}; send them in several parts"
        raise Problem(413, "Too many events", detail, kind=KINDS[413])
    return members


def _attempt(read: Any, said: Any) -> Given | BadInput:
    try:
        given: Given = read(said)
    except BadInput as error:
        return error
    return given


def _plain(body: bytes) -> Given:
    return Given(parse_event(body), {}, "")


def _binary(said: tuple[list[tuple[str, str]], bytes]) -> Given:
    attributes, body = said
    names = [name for name, _ in attributes]
    for name in names:
        if names.count(name) > 1:
            raise BadInput("expected once, found more often", _HEADER + name)
    decoded = {name: _unquoted(name, value) for name, value in attributes}
    return Given(parse_event(body), _extensions(decoded, _HEADER), "")


def _structured(envelope: Any) -> Given:
    event, attributes = unwrap(envelope)
    extensions = _extensions({**envelope, **attributes}, "")
    try:
        return Given(parse_event(event), extensions, "data.")
    except BadInput as error:
        raise _within(error, "data.") from error


def _extensions(attributes: Mapping[str, Any], path: str) -> dict[str, str]:
    """Return the extensions that are passed on. Raises: BadInput when an attribute is not as it has to be."""
    if attributes.get("recordedtime") is not None:
        raise BadInput("only what an archive restores has been recorded before; leave it out", path + "recordedtime")
    try:
        return Attributes.model_validate(attributes).passed_on()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadInput(first["msg"].removeprefix("Value error, "), path + str(first["loc"][0])) from error


def _unquoted(name: str, value: str) -> str:
    """Return a header's text: what is not ASCII is percent-encoded (HTTP protocol binding, 3.1.3.2)."""
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError as error:
        raise BadInput("expected percent-encoded UTF-8", _HEADER + name) from error


def _within(error: BadInput, path: str) -> BadInput:
    return BadInput(error.reason, path + error.field if error.field else path.rstrip("."))
