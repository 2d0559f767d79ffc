"""A file at an address that its provider replaces: it is read when its bytes have changed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from hashlib import sha256

from producers.feeds import Parse
from producers.positions import WHOLE, State
from producers.watching import Delivery
from producers.web import Later, Web, shown
from producers.zipped import ZIP, unzipped
from schemas.errors import BadInput


class WebFile:
    """One file, plain, gzip or zip."""

    def __init__(self, web: Web, url: str, parse: Parse) -> None:
        self.source = shown(url)
        self._web = web
        self._url = url
        self._parse = parse

    def poll(self, known: Mapping[str, State]) -> Iterator[Delivery]:
        """Yield the file when it is not the one of last time.

        Raises:
            Later: it cannot be had now, or is a damaged archive.
            Missing, Denied, Failed: it cannot be had.
        """
        state = known.get(WHOLE, {})
        answer = self._web.get(self._url, known=state.get("validators"))
        if answer is None:
            return
        digest = sha256(answer.body).hexdigest()
        if digest == state.get("sha256"):
            return
        try:
            content = unzipped(answer.body) if answer.body.startswith(ZIP) else answer.body
        except BadInput as error:
            raise Later(f"{self.source}: {error.reason}") from error
        done = {"sha256": digest, "validators": answer.validators}
        yield Delivery(self.source, self._parse(io.BytesIO(content), self.source) if content else (), done)
