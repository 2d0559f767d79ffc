"""Names of releases: those whose day a feed's provider has made a rule of."""

from __future__ import annotations

import re
from typing import Final

from producers.recognise import UCDP

# UCDP publishes version YY.1 of its dataset in June of the year 20YY (ucdp.uu.se/downloads); the day is not told.
_GED: Final = re.compile(r"(?:ged-?)?(\d\d)\.1", re.IGNORECASE)


def release_day(feed: str, name: str) -> str | None:
    """Return the day, as YYYY-MM-DD, of a release that is named like `ged-22.1`; None where the name tells none."""
    match = _GED.fullmatch(name) if feed == UCDP else None
    return None if match is None else f"20{match[1]}-06-01"
