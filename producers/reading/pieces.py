"""Records of a text that has no record a line: JSON objects in an array, XML documents one after the other.

A record begins where the text matches a pattern that cannot occur inside of one, and lasts until the next such place.
So a damaged record costs itself alone, whatever brackets or quotes it lost, and memory is bounded as for lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from producers.reading.records import RECORD_LIMIT, LineStream, Pending, Record

# A start is looked for across the border of what is read at once; it may have so many bytes at most.
START_LENGTH = 512


def pieces(stream: LineStream, starts: re.Pattern[bytes]) -> Iterator[Record]:
    """Yield what stands before the first start, unless it is blank, then each piece from a start up to the next one.

    Blanks around a piece belong to it.
    """
    line = 1
    pending = Pending(line)
    carried = b""
    while part := stream.readline(RECORD_LIMIT):
        text = carried + part
        begin = settled = 0
        for match in starts.finditer(text):
            pending.add(text[begin : match.start()])
            line += text.count(b"\n", begin, match.start())
            if not pending.is_blank():
                yield pending.record()
            pending = Pending(line)
            begin, settled = match.span()
        # What matched must not be looked at again: its end may look like a start of its own.
        keep = max(settled, len(text) - START_LENGTH)
        pending.add(text[begin:keep])
        line += text.count(b"\n", begin, keep)
        carried = text[keep:]
    pending.add(carried)
    if not pending.is_blank():
        yield pending.record()
