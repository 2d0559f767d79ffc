"""A file at an address that its provider replaces: it is read when its bytes have changed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from hashlib import sha256

from producers.watching.positions import State
from producers.watching.watch import Delivery
from producers.watching.watched_address import WatchedAddress
from producers.watching.web import Answer, Later
from producers.watching.zipped import ZIP, unzipped
from schemas.errors import BadInput


class WebFile(WatchedAddress):
    """One file, plain, gzip or zip."""

    def _deliveries(self, answer: Answer, state: State) -> Iterator[Delivery]:
        """Yield the file when it is not the one of last time. Raises: Later for a damaged archive."""
        digest = sha256(answer.body).hexdigest()
        if digest == state.get("sha256"):
            return
        try:
            content = unzipped(answer.body) if answer.body.startswith(ZIP) else answer.body
        except BadInput as error:
            raise Later(f"{self.source}: {error.reason}") from error
        done = {"sha256": digest, "validators": answer.validators}
        yield Delivery(self.source, self._parse(io.BytesIO(content), self.source) if content else (), done)
