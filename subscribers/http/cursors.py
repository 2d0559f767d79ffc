"""Cursors: where the next page begins, opaque to whoever carries them.

A cursor is base64url of a small JSON array with a check value over it and the question: one of other filters, or one
that was tampered with, is refused and not answered with something that nobody asked for.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import orjson
from fastapi import Request

from subscribers.http.problems import Problem

_NOT_OF_THE_QUESTION: Final = ("cursor", "limit", "format", "access_token")
Place = list[Any]
"""Text, whole numbers, null, or lists of these."""


def question_of(request: Request) -> bytes:
    """Return what is asked, without how much of it and in which form: the same for every page of a walk."""
    asked = sorted(each for each in request.query_params.multi_items() if each[0] not in _NOT_OF_THE_QUESTION)
    return orjson.dumps([request.url.path, asked])


def encode(place: Sequence[Any], question: bytes) -> str:
    """Return the cursor of a place within the answers to a question."""
    said = orjson.dumps([*place, _check(place, question)])
    return base64.urlsafe_b64encode(said).rstrip(b"=").decode()


def decode(cursor: str, question: bytes) -> Place:
    """Return the place of a cursor.

    Raises:
        Problem: 400, it is none, or one of another question.
    """
    try:
        said = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise _refused("this is no cursor that the service gave") from error
    if not isinstance(said, list) or not said:
        raise _refused("this is no cursor that the service gave")
    *place, check = said
    if check != _check(place, question):
        raise _refused("this cursor is of another question; keep the path and the parameters, and begin without one")
    return place


def _check(place: Sequence[Any], question: bytes) -> str:
    return blake2b(orjson.dumps(list(place)) + question, digest_size=6).hexdigest()


def _refused(detail: str) -> Problem:
    return Problem(400, "No such cursor", detail, kind="bad-cursor")
