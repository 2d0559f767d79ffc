"""An address whose provider replaces what stands there: it is asked for what has changed since the last look."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

from producers.rows import Parse
from producers.watching.positions import WHOLE, State
from producers.watching.watch import Delivery
from producers.watching.web import Answer, Web, shown


class WatchedAddress(ABC):
    """One address of one feed; what its answer means, a subclass knows."""

    def __init__(self, web: Web, url: str, parse: Parse) -> None:
        self.source = shown(url)
        self._web = web
        self._url = url
        self._parse = parse

    def poll(self, known: Mapping[str, State]) -> Iterator[Delivery]:
        """Yield what the answer brings; nothing when it is the one whose validators are known.

        Raises:
            Later, Missing, Denied, Failed: it cannot be had; as `Web.get` says.
        """
        state = known.get(WHOLE, {})
        answer = self._web.get(self._url, known=state.get("validators"))
        if answer is not None:
            yield from self._deliveries(answer, state)

    @abstractmethod
    def _deliveries(self, answer: Answer, state: State) -> Iterator[Delivery]:
        """Yield what is in the answer and not in the state; each delivery's own state has the answer's validators."""
