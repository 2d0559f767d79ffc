"""What an exported event and an exported measure consist of: columns, their types, and their HXL tags.

A column is read from a document: the state of an event, or one measure of a window. Values are plain (text, numbers,
lists); times and days are canonical text, which only Arrow holds as times and days.
HXL tags are those of the HXL standard 1.1 (hxlstandard.org); an attribute of ours (+civilians) narrows one of theirs.
A column without a tag is not in HXL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from timeline.times import DAY, day_text, microseconds

Members = dict[str, Any]
Kind = Literal["text", "time", "day", "whole", "real", "flag", "texts", "actors", "links"]


class Column(NamedTuple):
    """One column; `read` gives its value of a document, None where it says nothing."""

    name: str
    kind: Kind
    read: Callable[[Members], Any]
    tag: str | None = None


def _at(*path: str) -> Callable[[Members], Any]:
    *outer, last = path

    def read(document: Members) -> Any:
        for name in outer:
            document = document.get(name, {})
        return document.get(last)

    return read


def _first_day(document: Members) -> str | None:
    interval = document.get("event_time")
    return None if interval is None else day_text(microseconds(interval["start"]) // DAY)


def _last_day(document: Members) -> str | None:
    """The day of the last microsecond: the end of an interval is not in it."""
    interval = document.get("event_time")
    if interval is None:
        return None
    start, end = microseconds(interval["start"]), microseconds(interval["end"])
    return day_text((end - 1 if end > start else start) // DAY)


def _people(measure: str) -> Iterator[Column]:
    """The best estimate of a group first: who looks for a tag takes the first column that has it."""
    for group in ("total", "peacekeepers", "civilians", "security_forces", "other"):
        name, tag = (measure, "") if group == "total" else (f"{measure}_{group}", f"+{group}")
        for estimate, attribute in (("best", ""), ("low", "+min"), ("high", "+max")):
            yield Column(
                f"{name}_{estimate}", "whole", _at(measure, group, estimate), f"#affected+{measure}{tag}{attribute}"
            )


EVENT_COLUMNS: tuple[Column, ...] = (
    Column("id", "text", _at("id"), "#event+code"),
    Column("source", "text", _at("source"), "#meta+source"),
    Column("type", "text", _at("type"), "#event+type"),
    Column("state", "text", _at("state"), "#status"),
    Column("coding", "text", _at("coding"), "#meta+coding"),
    Column("title", "text", _at("title"), "#event+name"),
    Column("first_day", "day", _first_day, "#date+occurred+start"),
    Column("last_day", "day", _last_day, "#date+occurred+end"),
    Column("precision", "text", _at("event_time", "precision"), "#meta+precision"),
    Column("start", "time", _at("event_time", "start")),
    Column("end", "time", _at("event_time", "end")),
    Column("publish_time", "time", _at("publish_time"), "#date+reported"),
    Column("publish_time_basis", "text", _at("publish_time_basis"), "#meta+reported_basis"),
    Column("country", "text", _at("place", "country"), "#country+code+v_iso3"),
    Column("admin1", "text", _at("place", "admin1"), "#adm1+name"),
    Column("admin1_code", "text", _at("place", "admin1_code"), "#adm1+code+v_iso3166_2"),
    Column("place", "text", _at("place", "name"), "#loc+name"),
    Column("latitude", "real", _at("place", "latitude"), "#geo+lat"),
    Column("longitude", "real", _at("place", "longitude"), "#geo+lon"),
    Column("place_precision", "text", _at("place", "precision"), "#meta+place_precision"),
    Column("actors", "actors", _at("actors"), "#group+code"),
    Column("mission", "text", _at("mission"), "#org+code"),
    Column("method", "text", _at("method"), "#event+method"),
    *_people("killed"),
    *_people("injured"),
    Column("displaced", "whole", _at("displacement", "persons"), "#affected+displaced"),
    Column("coup_outcome", "text", _at("coup", "outcome"), "#event+coup+outcome"),
    Column("resolution_symbol", "text", _at("resolution", "symbol"), "#event+resolution+code"),
    Column("resolution_outcome", "text", _at("resolution", "outcome"), "#event+resolution+outcome"),
    Column("resolution_mission", "text", _at("resolution", "mission")),
    Column("mandate_end", "day", _at("resolution", "mandate_end")),
    Column("chapter_vii", "flag", _at("resolution", "chapter_vii")),
    Column("votes_for", "whole", _at("resolution", "votes", "for")),
    Column("votes_against", "whole", _at("resolution", "votes", "against")),
    Column("votes_abstaining", "whole", _at("resolution", "votes", "abstaining")),
    Column("tally_measure", "text", _at("tally", "measure")),
    Column("tally_value", "whole", _at("tally", "value")),
    Column("tally_as_of", "day", _at("tally", "as_of")),
    Column("description", "text", _at("description"), "#description"),
    Column("links", "links", _at("links"), "#meta+url"),
    Column("repairs", "texts", _at("repairs")),
    Column("reason", "text", _at("reason")),
    Column("sequence", "text", _at("sequence")),
    Column("since", "time", _at("since")),
    Column("revision", "whole", _at("revision")),
    Column("content", "text", _at("content")),
)

MEASURE_COLUMNS: tuple[Column, ...] = (
    Column("scope", "text", _at("scope"), "#meta+scope"),
    Column("scope_kind", "text", _at("scope_kind"), "#meta+scope+type"),
    Column("scope_name", "text", _at("scope_name"), "#meta+scope+name"),
    Column("scope_feed", "text", _at("scope_feed"), "#meta+scope+source"),
    Column("country", "text", _at("country"), "#country+code+v_iso3"),
    Column("at", "day", _at("at"), "#date"),
    Column("window", "text", _at("window"), "#meta+window"),
    Column("measure", "text", _at("measure"), "#indicator+code"),
    Column("feed", "text", _at("feed"), "#meta+source"),
    Column("certain", "whole", _at("certain"), "#indicator+num+certain"),
    Column("certain_low", "whole", _at("certain_low"), "#indicator+num+certain+min"),
    Column("certain_high", "whole", _at("certain_high"), "#indicator+num+certain+max"),
    Column("possible", "whole", _at("possible"), "#indicator+num+possible"),
    Column("possible_low", "whole", _at("possible_low"), "#indicator+num+possible+min"),
    Column("possible_high", "whole", _at("possible_high"), "#indicator+num+possible+max"),
    Column("unknown", "whole", _at("unknown"), "#indicator+num+unknown"),
)

ALERT_COLUMNS: tuple[Column, ...] = (
    Column("id", "text", _at("id"), "#event+code"),
    Column("rule", "text", _at("rule"), "#event+type"),
    Column("rule_version", "text", _at("rule_version"), "#meta+version"),
    Column("title", "text", _at("title"), "#event+name"),
    Column("scope", "text", _at("scope"), "#meta+scope"),
    Column("status", "text", _at("status"), "#status"),
    Column("severity", "text", _at("severity"), "#severity"),
    *[Column(name, "text", _at(name), f"#meta+{name}") for name in ("urgency", "certainty")],
    Column("first_day", "day", _at("first_day"), "#date+start"),
    Column("last_day", "day", _at("last_day"), "#date+end"),
    Column("value", "whole", _at("value"), "#indicator+num+value"),
    Column("peak", "whole", _at("peak"), "#indicator+num+peak"),
    Column("threshold", "whole", _at("threshold"), "#indicator+num+threshold"),
    Column("expected", "real", _at("expected"), "#indicator+num+expected"),
    Column("p_value", "real", _at("p_value"), "#indicator+num+p_value"),
    Column("subject", "text", _at("subject"), "#meta+subject"),
    Column("deadline", "day", _at("deadline"), "#date+deadline"),
    Column("renewal", "text", _at("renewal"), "#meta+renewal"),
    Column("feed", "text", _at("feed"), "#meta+source"),
    Column("known", "time", _at("known"), "#date+known"),
    Column("late", "flag", _at("late"), "#meta+late"),
    Column("causes", "texts", lambda alert: [cause["id"] for cause in alert["causes"]], "#event+causes+code"),
    Column("causes_total", "whole", _at("causes_total"), "#event+causes+num"),
)

TOLD_COLUMNS: tuple[Column, ...] = (
    *ALERT_COLUMNS,
    Column("told", "time", _at("told"), "#date+reported"),
    *[Column(name, "text", _at(name), f"#meta+{name}") for name in ("transition", "thread", "reason")],
)
"""Of an alert as the log has it: how it was told too."""

TRANSITION_COLUMNS: tuple[Column, ...] = (
    Column("as_of", "day", _at("as_of")),
    Column("transition", "text", _at("transition")),
    *ALERT_COLUMNS,
    *[Column(name, "text", _at(name)) for name in ("thread", "reason", "heir", "survivor")],
    Column("replaces", "texts", _at("replaces")),
    Column("notify", "flag", _at("notify")),
    Column("correction", "text", lambda told: (told["correction"] or {}).get("id")),
)
