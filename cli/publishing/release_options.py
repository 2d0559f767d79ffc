"""The options that make a publication a release: `--release NAME[@DATE]` and `--covers country=,from=,until=`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from schemas.countries import COUNTRIES
from schemas.errors import Misuse
from timeline.times import DAY, day_number, microseconds

if TYPE_CHECKING:
    from producers.spool import Release, Widening

COVERS_METAVAR: Final = "country=CODE,from=DAY,until=DAY"
COVERS_HELP: Final = "The release speaks of this too, not only of the places and days of its events."
_NAME_LETTERS: Final = 100
_ALL: Final = "all"
_EXPECTED: Final = "expected country=MLI,from=2012-01-01,until=2021-12-31 or some of these"


def read_release(feed: str, text: str | None) -> Release | None:
    """Return what `--release` says, with the day; None when the files are no release.

    Raises:
        Misuse: the day is none, or it is missing and the name does not tell it.
    """
    from producers.recognise import FATALITIES  # noqa: PLC0415 - --help needs none of it
    from producers.release_names import release_day  # noqa: PLC0415
    from producers.spool import Release  # noqa: PLC0415

    if text is None:
        # A file of UN fatalities is a complete statement of its day, whether anybody says so or not.
        return Release(None, None) if feed == FATALITIES else None
    name, at, stated = text.rpartition("@") if "@" in text else (text, "", "")
    if not name or len(name) > _NAME_LETTERS or not name.isprintable():
        raise Misuse(
            f"--release: expected NAME or NAME@DATE with a name of 1 to {_NAME_LETTERS} letters, found {text!r}"
        )
    day = _day(stated) if at else release_day(feed, name)
    if day is None and feed != FATALITIES:
        raise Misuse(f"--release: the day of {name!r} is not known; give it as {name}@YYYY-MM-DD")
    return Release(name, day)


def refuse_the_future(day: str | None) -> None:
    """Refuse a day that the ledger would refuse for every statement of the release. Raises: Misuse."""
    latest = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    if day is not None and day > latest:
        raise Misuse(f"--release: {day} is more than a day ahead; nothing of such a release would be taken in")


def read_covers(texts: tuple[str, ...]) -> Widening:
    """Return what `--covers` adds: `country=` (`all` for every one) more than once, days inclusive, or exact times.

    Raises:
        Misuse: it says something else.
    """
    from producers.spool import Widening  # noqa: PLC0415

    countries: set[str] = set()
    starts: list[int] = []
    ends: list[int] = []
    key = ""
    for item in ",".join(texts).split(",") if texts else ():
        name, said, value = item.partition("=")
        # What follows a country without a name of its own is one more: country=MLI,NER
        key, value = (name.strip(), value.strip()) if said else (key, item.strip())
        if key == "country" and (value in COUNTRIES or value == _ALL):
            countries.add(value)
        elif key == "from":
            starts.append(_time(value))
        elif key == "until":
            # As everywhere on this command line the day named last is included.
            ends.append(_time(value) + (0 if "T" in value else DAY))
        else:
            raise Misuse(f"--covers: {_EXPECTED}, found {item!r}")
    return Widening(
        countries=frozenset(countries - {_ALL}),
        everywhere=_ALL in countries,
        start=min(starts, default=None),
        end=max(ends, default=None),
    )


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError:
        day = None
    if day != text:
        raise Misuse(f"--release: expected a day as YYYY-MM-DD after @, found {text!r}")
    return text


def _time(text: str) -> int:
    try:
        return microseconds(text.replace("Z", "+00:00")) if "T" in text else day_number(text) * DAY
    except (ValueError, TypeError) as error:
        raise Misuse(
            f"--covers: expected a day as 2021-12-31 or a time as 2022-01-01T00:00:00Z, found {text!r}"
        ) from error
