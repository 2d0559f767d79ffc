"""What each kind of rule finds among the events of one scope: its episodes, as the page of semantics defines them.

A function takes the rule with all that goes without saying, the scope, and its current events, in no order. It knows no
clock and no past; what was known when is the same question asked of earlier events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from tests.oracle.chance import expected, law, probability
from tests.oracle.facts import WINDOWS, Assertion, Json, in_window, runs
from tests.oracle.predicates import Numbers, by_day, fits, number_of, of_its_feed, place, ranked

DAY, WEEK = timedelta(days=1), timedelta(days=7)
Events = list[Assertion]


class Episode(NamedTuple):
    """Days on which the condition holds for one anchor, before `hold`; `more` is what only this kind tells."""

    anchor: str
    first: date
    last: date
    value: int
    peak: int
    threshold: int | None
    feed: str
    causes: Events
    more: Json


def matches(rule: Json, scope: str, events: Events) -> Iterator[Episode]:
    fitting = [event for event in events if fits(event, rule["where"])]
    for event in fitting:
        near = [other for other in fitting if other.first <= event.last and event.first <= other.last]
        if len({other.source for other in near}) >= rule["feeds"]:
            others = [other for other in near if other.source != event.source] if rule["feeds"] > 1 else []
            yield _of_event(event, event.first, event.last, [event, *others], {})


def deadlines(rule: Json, scope: str, events: Events) -> Iterator[Episode]:
    adopted = [(event, mandate) for event in events if (mandate := _mandate(event)) is not None]
    for event, (mission, end) in adopted:
        if not fits(event, rule["where"]) or f"mission:{mission}".replace("@", "_") != scope:
            continue
        renewed = [
            (other.first, other.id)
            for other, (of, until) in adopted
            if other is not event and of == mission and until > end and other.start >= event.start
        ]
        first = max(end - timedelta(days=rule["days"]), event.first)
        last = min(renewed)[0] - DAY if renewed else end + timedelta(days=rule["days"])
        renewal = {"renewal": min(renewed)[1]} if renewed else {}
        if first <= last:
            yield _of_event(event, first, last, [event], {"deadline": end.isoformat(), **renewal})


def _mandate(event: Assertion) -> tuple[str, date] | None:
    """The mission whose mandate an adopted resolution sets an end to, and the last day."""
    resolution = event.content.get("resolution", {})
    mission = resolution.get("mission") or event.content.get("mission")
    if resolution.get("outcome") != "adopted" or "mandate_end" not in resolution or mission is None:
        return None
    return mission, date.fromisoformat(resolution["mandate_end"])


def _of_event(event: Assertion, first: date, last: date, causes: Events, more: Json) -> Episode:
    return Episode(event.id, first, last, 1, 1, None, event.source, causes, {"subject": event.id} | more)


def thresholds(rule: Json, scope: str, events: Events) -> Iterator[Episode]:
    width, lower = WINDOWS[rule["window"]], rule["ends_below"] or rule["reaches"]
    numbers = by_day(rule, [(event, number_of(event, rule)) for event in events], width)
    number = {day: place(of_feeds, rule)[0] for day, of_feeds in numbers.items()}
    for run in runs(sorted(day for day in number if number[day] >= lower)):
        high = [day for day in run if number[day] >= rule["reaches"]]
        if high:
            days = [day for day in run if day >= high[0]]
            value, feed = place(numbers[days[0]], rule)
            causes = causes_on(rule, events, days[0], width)
            peak = max(number[day] for day in days)
            yield Episode(days[0].isoformat(), days[0], days[-1], value, peak, rule["reaches"], feed, causes, {})


def causes_on(rule: Json, events: Events, day: date, width: int) -> Events:
    """What makes the number of the day: the events of the first k feeds that count in its window."""
    counting = [e for e in events if number_of(e, rule) and in_window(e, day, width, rule["count"])]
    return _of_first_feeds(rule, [(event, number_of(event, rule)) for event in counting])


def _of_first_feeds(rule: Json, adding: list[tuple[Assertion, int]]) -> Events:
    of_feeds: Numbers = defaultdict(int)
    for event, number in adding:
        of_feeds[event.source] += number
    first = ranked(of_feeds)[: rule["feeds"]]
    return [event for event, _ in adding if event.source in first]


def first_seen(rule: Json, scope: str, events: Events) -> Iterator[Episode]:
    fitting = [event for event in events if fits(event, rule["where"]) and of_its_feed(event, rule)]
    for subject in sorted({subject for event in fitting for subject in _subjects(rule, event)}):
        own = [event for event in fitting if subject in _subjects(rule, event)]
        numbers = by_day(rule, [(event, 1) for event in own], rule["days"])
        seen = {day for day, of_feeds in numbers.items() if place(of_feeds, rule)[0] >= 1}
        for day in sorted(seen):
            if day - DAY not in seen:
                number, feed = place(numbers[day], rule)
                counting = [(event, 1) for event in own if in_window(event, day, rule["days"], rule["count"])]
                causes, more = _of_first_feeds(rule, counting), {"subject": subject}
                yield Episode(f"{subject}/{day.isoformat()}", day, day, number, number, 1, feed, causes, more)


def _subjects(rule: Json, event: Assertion) -> set[str]:
    if rule["of"] == "method":
        return {f"method:{event.content['method']}"} if "method" in event.content else set()
    roles = (rule["role"],) if rule["role"] else None
    return {f"actor:{a['id']}" for a in event.content.get("actors", []) if roles is None or a.get("role") in roles}


def sequences(rule: Json, scope: str, events: Events) -> Iterator[Episode]:
    within = timedelta(days=rule["within"])
    for anchor in [event for event in events if fits(event, rule["first"])]:
        followers = []  # with the day from which each adds its number
        for other in events:
            number, since = number_of(other, rule, "then"), _follows(rule["count"], anchor, other, within)
            if other is not anchor and number and since is not None:
                followers.append((since, other, number))
        # The number only grows, so it is first reached on a day on which some follower begins to add.
        for day in sorted({since for since, _, _ in followers}):
            adding = [(other, number) for since, other, number in followers if since <= day]
            value, feed = _place(rule, adding)
            if value >= rule["reaches"]:
                peak, _ = _place(rule, [(other, number) for _, other, number in followers])
                causes = [anchor, *_of_first_feeds(rule, adding)]
                last, more = anchor.last + within, {"subject": anchor.id}
                yield Episode(anchor.id, day, last, value, peak, rule["reaches"], feed, causes, more)
                break


def _follows(count: str, anchor: Assertion, other: Assertion, within: timedelta) -> date | None:
    """The day from which it counts that the other follows the anchor, if it does."""
    if count == "certain":
        instant = anchor.start == anchor.end
        before = anchor.end < other.start if instant else anchor.end <= other.start
        return other.last if before and other.last <= anchor.first + within else None
    if anchor.start < other.end and other.first <= anchor.last + within:
        return max(anchor.first, other.first)
    return None


def _place(rule: Json, adding: list[tuple[Assertion, int]]) -> tuple[int, str]:
    of_feeds: Numbers = defaultdict(int)
    for event, number in adding:
        of_feeds[event.source] += number
    return place(of_feeds, rule)


Weeks = dict[date, Numbers]
"""The number of each feed in each week in which it is not 0; weeks by their Mondays."""


def surges(rule: Json, scope: str, events: Events) -> Iterator[Episode]:
    weeks = weekly(rule, events)
    found: list[list[date]] = []
    for monday in sorted(week for week in weeks if is_improbable(rule, weeks, week)):
        if found and found[-1][-1] + WEEK == monday:
            found[-1].append(monday)
        else:
            found.append([monday])
    for run in found:
        number = {week: place(weeks[week], rule)[0] for week in run}
        first, feed = run[0], place(weeks[run[0]], rule)[1]
        least = next(n for n in range(number[first] + 1) if improbable_by(rule, weeks, first, feed, n))
        past = _past(weeks, first, feed)
        more = {
            "expected": float(round(expected(past), 2)),
            "p_value": float(f"{probability(law(rule['model'], past), number[first]):.3g}"),
        }
        year, of_year, _ = first.isocalendar()
        causes = causes_on(rule, events, first + 6 * DAY, 7)
        last, anchor = run[-1] + 6 * DAY, f"{year}-W{of_year:02}"
        yield Episode(anchor, first, last, number[first], max(number.values()), least, feed, causes, more)


def weekly(rule: Json, events: Events) -> Weeks:
    weeks: Weeks = defaultdict(lambda: defaultdict(int))
    for event in events:
        number, monday = number_of(event, rule), event.first - timedelta(days=event.first.weekday())
        while number and monday <= event.last:
            if in_window(event, monday + 6 * DAY, 7, rule["count"]):
                weeks[monday][event.source] += number
            monday += WEEK
    return weeks


def is_improbable(rule: Json, weeks: Weeks, week: date) -> bool:
    """Whether each of the k largest feeds of the week finds its number improbable."""
    of_feeds = weeks.get(week, {})
    largest = ranked(of_feeds)[: rule["feeds"]]
    return len(largest) == rule["feeds"] and all(
        improbable_by(rule, weeks, week, feed, of_feeds[feed]) for feed in largest
    )


def improbable_by(rule: Json, weeks: Weeks, week: date, feed: str, number: int) -> bool:
    past = _past(weeks, week, feed)
    if len(past) < rule["min_weeks"] or number < rule["reaches"] or number <= expected(past):
        return False
    return probability(law(rule["model"], past), number) <= float(rule["p_value"])


def _past(weeks: Weeks, week: date, feed: str) -> tuple[int, ...]:
    """The feed's numbers of the weeks before: at most 52, from the first that was not 0."""
    began = min(monday for monday in weeks if weeks[monday].get(feed))
    past = [week - n * WEEK for n in range(1, 53) if week - n * WEEK >= began]
    return tuple(weeks.get(monday, {}).get(feed, 0) for monday in past)


EPISODES: dict[str, Callable[[Json, str, Events], Iterator[Episode]]] = {
    "match": matches,
    "threshold": thresholds,
    "surge": surges,
    "first_seen": first_seen,
    "sequence": sequences,
    "deadline": deadlines,
}


def concerns(rule: Json, one: Assertion, episode: Episode) -> bool:
    """Whether the assertion could bear on the first day of the episode, were it current."""
    kind = rule["kind"]
    if kind == "match":
        return fits(one, rule["where"]) and (rule["feeds"] > 1 or one.id == episode.anchor)
    if kind == "first_seen":
        near = any(in_window(one, day, rule["days"], rule["count"]) for day in (episode.first, episode.first - DAY))
        return near and episode.anchor.rpartition("/")[0] in _subjects(rule, one) and fits(one, rule["where"])
    if kind == "sequence":
        return one.id == episode.anchor or number_of(one, rule, "then") > 0
    if kind == "deadline":
        return _mandate(one) is not None
    number = number_of(one, rule)
    return number > 0 and (kind == "surge" or in_window(one, episode.first, WINDOWS[rule["window"]], rule["count"]))


def in_first_week(rule: Json, one: Assertion, episode: Episode) -> bool:
    """Without one of these the week's number is 0: what was known before need not be asked."""
    return in_window(one, episode.first + 6 * DAY, 7, rule["count"])


def held(rule: Json, scope: str, events: Events, episode: Episode) -> bool:
    """Whether these events, known earlier, made the condition hold on the episode's first day, for its anchor."""
    if rule["kind"] == "threshold":
        window = WINDOWS[rule["window"]]
        counting = [e for e in events if in_window(e, episode.first, window, rule["count"])]
        return _place(rule, [(e, number_of(e, rule)) for e in counting])[0] >= int(rule["reaches"])
    if rule["kind"] == "surge":
        return is_improbable(rule, weekly(rule, events), episode.first)
    hold = timedelta(days=rule["hold"] if rule["kind"] == "match" else 0)
    return any(
        then.anchor == episode.anchor and then.first <= episode.first <= then.last + hold
        for then in EPISODES[rule["kind"]](rule, scope, events)
    )
