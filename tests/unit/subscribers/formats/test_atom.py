"""Atom feeds, as a feed reader that is not ours finds them."""

from __future__ import annotations

from typing import Any

import feedparser
from hypothesis import given
from hypothesis import strategies as st

from subscribers.formats.atom import atom_feeds, feed_name, message_path
from subscribers.formats.cap import Profile, cap_messages
from subscribers.formats.cap_document import MEDIA_TYPE
from tests.cap import Json, told
from tests.profiles import examples

PROFILE = Profile("desk@ops.example", web="https://desk.example/alerts/", hosts={"MINUSMA": "MLI"})
SCOPE = "mission:MINUSMA"


def _feeds(*transitions: Json, profile: Profile = PROFILE) -> dict[str, bytes]:
    feeds = atom_feeds(cap_messages(transitions, profile), profile)
    for feed in feeds.values():
        entries = _parsed(feed.document).entries
        linked = [link.href for entry in entries for link in entry.links if link.type == MEDIA_TYPE]
        assert linked == [message_path(message) for message in feed.messages]
    return {scope: feed.document for scope, feed in feeds.items()}


def _parsed(document: bytes) -> Any:
    feed = feedparser.parse(document)
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "atom10"
    return feed


def test_a_feed_reader_finds_what_is_open() -> None:
    feed = _parsed(_feeds(told())[SCOPE])
    assert feed.feed.title == "Vigil alerts: Mission MINUSMA, Mali (mission:MINUSMA)"
    assert (feed.feed.author, feed.feed.updated) == ("desk@ops.example", "2021-10-03T12:00:00.987Z")
    [entry] = feed.entries
    assert entry.title == "Peacekeepers killed: Mission MINUSMA, Mali, 2021-10-02 to 2021-10-09"
    assert entry.summary.startswith("The condition holds.")
    assert entry.link == "https://desk.example/alerts/3f0ff5b2"
    assert [tag.term for tag in entry.tags] == ["peacekeepers-killed"]
    assert entry.updated == entry.published == "2021-10-03T12:00:00.987Z"
    assert "content" not in entry


def test_an_entry_links_to_the_message_in_force() -> None:
    messages = list(cap_messages([told(), told(transition="updated")], PROFILE))
    feed = atom_feeds(messages, PROFILE)[SCOPE]
    assert feed.messages == messages[1:]
    [entry] = _parsed(feed.document).entries
    assert [(link.rel, link.type, link.href) for link in entry.links] == [
        ("alternate", "text/html", "https://desk.example/alerts/3f0ff5b2"),
        ("alternate", "application/cap+xml", f"messages/{messages[1].identifier}.xml"),
    ]


def test_an_alert_that_changes_is_the_same_entry_updated() -> None:
    later = told(transition="updated", told="2021-10-04T09:00:00.000Z")
    heir = told(id="77aa", replaces=["3f0ff5b2"], told="2021-10-05T09:00:00.000Z")
    ended = told(transition="superseded", told="2021-10-05T09:00:00.000Z")
    histories = [[told()], [told(), later], [told(), later, heir, ended]]
    entries = [_parsed(_feeds(*history)[SCOPE]).entries for history in histories]
    assert [len(each) for each in entries] == [1, 1, 1]
    assert len({each[0].id for each in entries}) == 1
    assert [each[0].updated[:10] for each in entries] == ["2021-10-03", "2021-10-04", "2021-10-05"]
    assert {each[0].published[:10] for each in entries} == {"2021-10-03"}


def test_what_is_over_leaves_the_feed_which_tells_that_it_changed() -> None:
    for transition in ("resolved", "cancelled"):
        feed = _parsed(_feeds(told(), told(transition=transition, told="2021-10-11T00:00:01.000Z"))[SCOPE])
        assert feed.entries == []
        assert feed.feed.updated == "2021-10-11T00:00:01.000Z"


def test_each_scope_has_a_feed_of_its_own_with_an_id_for_ever() -> None:
    feeds = _feeds(told(), told("threshold", id="b", thread="b"), told("threshold", id="c", thread="c"))
    ids = {scope: _parsed(document).feed.id for scope, document in feeds.items()}
    assert sorted(ids) == ["country:MLI", SCOPE]
    assert len(set(ids.values())) == 2
    assert [len(_parsed(feeds[scope]).entries) for scope in sorted(feeds)] == [2, 1]
    assert _parsed(_feeds(told(told="2024-01-01T00:00:00.000Z"))[SCOPE]).feed.id == ids[SCOPE]
    other = Profile("other@ops.example")
    assert _parsed(_feeds(told(), profile=other)[SCOPE]).feed.id != ids[SCOPE]


def test_a_restriction_stands_in_the_feed() -> None:
    feed = _parsed(_feeds(told(), profile=Profile("a", restriction="UN staff"))[SCOPE])
    assert feed.feed.rights == "UN staff"
    assert [link.type for link in feed.entries[0].links] == [MEDIA_TYPE]


ODD = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(["\x00", "]]>", "<a href='x'>&", "🕊️\r\n"])


@given(ODD, ODD, ODD)
@examples(100)
def test_whatever_is_told_a_feed_reader_reads(title: str, actor: str, reason: str) -> None:
    [entry] = _parsed(_feeds(told(title=title, scope=f"actor:{actor}", reason=reason))[f"actor:{actor}"]).entries
    assert entry.summary and entry.title


def test_names_of_files_can_be_read() -> None:
    names = ["world", "country:MLI", "admin1:ML-8", "mission:MINUSMA", "actor:jnim"]
    assert list(map(feed_name, names)) == [
        "world.atom",
        "country.MLI.atom",
        "admin1.ML-8.atom",
        "mission.MINUSMA.atom",
        "actor.jnim.atom",
    ]


SCOPES = st.builds("{}:{}".format, st.sampled_from(["actor", "admin1"]), st.text(max_size=8) | st.just("../" * 99)) | (
    st.sampled_from(["world", "world@gdelt", "world-gdelt", "actor:a.b", "actor:a-b", "actor:a/b", "actor:a:b"])
)


@given(st.sets(SCOPES, min_size=2))
@examples(200)
def test_names_of_files_are_plain_and_of_one_scope(scopes: set[str]) -> None:
    names = {feed_name(scope) for scope in scopes}
    assert len(names) == len(scopes)
    for name in names:
        assert name.isascii() and len(name) < 120
        assert not set(name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")
        assert not name.startswith((".", "-")) and ".." not in name
