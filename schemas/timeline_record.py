"""The timeline record: an accepted assertion, its stamp and its position.

The value is the assertion in canonical form (see `schemas.event.Event`); what follows stands in the headers.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.event import Moment, Strict


class TimelineHeaders(Strict):
    """Headers `vigil_<name>` of a record on the timeline topic, as text."""

    sequence: str
    publish_time: Moment
    withdrawn: Annotated[str, Field(pattern="^[01]$")]
    content: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    position: Annotated[str, Field(pattern=r"^.+:\d+:\d+$")]
    ingest_time: Moment
