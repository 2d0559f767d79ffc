"""Coverage, manifests in pieces, and differences, by hand."""

from __future__ import annotations

import random

import orjson
import pytest

from schemas.event import check_event
from timeline.differences import change, changes, differing_fields
from timeline.identity import Assertion, Stamp, assertion
from timeline.manifests import PIECE_BYTES, Manifests, encode_pieces
from timeline.releases import Coverage, Manifest, Mention, implied, in_release, mention

WHERE = Coverage(frozenset({"MLI"}), 0, 100)


def manifest(*ids: str, sequence: str = "2022-06-01", coverage: Coverage | None = WHERE, feed: str = "f") -> Manifest:
    return Manifest(feed, "one", sequence, coverage, frozenset(ids))


def said(event_id: str = "f:x", sequence: str = "2021", country: str | None = "MLI", end: int = 100) -> Mention:
    return Mention(event_id, "f", "attack", sequence, country, 0, end)


@pytest.mark.parametrize(
    ("coverage", "holds"),
    [
        (WHERE, True),
        (Coverage(None, 0, 100), True),
        (Coverage(frozenset({"MLI"}), 1, 100), False),
        (Coverage(frozenset({"MLI"}), 0, 99), False),
        (Coverage(frozenset({"NER", None}), 0, 100), False),
    ],
)
def test_a_coverage_holds_what_lies_wholly_inside(coverage: Coverage, holds: bool) -> None:
    assert coverage.holds(said()) == holds
    assert bool(implied([said()], [manifest(coverage=coverage)])) == holds


def test_a_release_withdraws_earlier_statements_of_its_feed_that_it_does_not_contain() -> None:
    assert list(implied([said()], [manifest("f:y")])) != []
    assert not implied([said()], [manifest("f:x")])
    assert not implied([said(sequence="2022-06-01")], [manifest()])
    assert not implied([said()], [manifest(coverage=None)])
    assert not implied([said()], [manifest(feed="g")])
    assert not manifest(feed="g").withdraws(said())


def test_releases_of_one_day_that_differ_about_the_same_places_contradict_each_other() -> None:
    one = manifest("f:x")
    assert one.contradicts(manifest("f:y"))
    assert one.contradicts(manifest("f:y", coverage=Coverage(None, 50, 200)))
    assert not one.contradicts(manifest("f:x"))
    assert not one.contradicts(manifest("f:y", sequence="2023-06-01"))
    assert not one.contradicts(manifest("f:y", feed="g"))
    assert not one.contradicts(manifest("f:y", coverage=None))
    assert not one.contradicts(manifest("f:y", coverage=Coverage(frozenset({"NER"}), 0, 100)))
    assert not one.contradicts(manifest("f:y", coverage=Coverage(None, 100, 200)))
    assert not manifest("f:x", coverage=None).contradicts(manifest("f:y"))


def test_a_large_manifest_goes_in_pieces_under_a_megabyte_and_comes_back_from_any_order() -> None:
    ids = [f"f:é{number:07}" for number in range(150_000)]
    whole = Manifest("f", "one", "2022-06-01", Coverage(frozenset({"MLI", None}), -5, 100), frozenset(ids))
    pieces = encode_pieces(whole)
    assert len(pieces) > 2
    assert max(map(len, pieces)) < PIECE_BYTES
    assert orjson.loads(pieces[0])["coverage"]["countries"] == ["MLI", None]
    read = Manifests()
    random.Random(1).shuffle(pieces)
    for piece in pieces[1:] * 2:
        read.take(piece)
    assert read.whole() == []
    read.take(pieces[0])
    read.take(pieces[0])
    assert read.whole() == [whole]
    assert read.unreadable == 0


@pytest.mark.parametrize(
    "whole", [manifest(), manifest("f:x", coverage=None), manifest("f:x", coverage=Coverage(None, 0, 1))]
)
def test_a_small_manifest_is_one_piece_and_the_same_each_time(whole: Manifest) -> None:
    (piece,) = encode_pieces(whole)
    assert encode_pieces(whole) == [piece]
    read = Manifests()
    read.take(piece)
    assert read.whole() == [whole]


def test_what_is_no_piece_is_passed_over_and_counted() -> None:
    (piece,) = encode_pieces(manifest("f:x"))
    read = Manifests()
    for value in (None, b"{}", piece[:-1], piece.replace(b"f:x", b"f:y")):
        read.take(value)
    assert (read.unreadable, read.whole()) == (4, [])


def stamp(content: str, *, withdrawn: bool = False, sequence: str = "1") -> Stamp:
    return Stamp(sequence, 0, withdrawn, content)


def test_only_what_is_current_counts_as_a_change() -> None:
    a, b, gone = stamp("a"), stamp("b"), stamp("c", withdrawn=True)
    assert (change(None, a), change(gone, a), change(a, b), change(a, gone)) == ("new", "new", "changed", "withdrawn")
    assert (change(a, None), change(None, None), change(None, gone), change(gone, gone)) == ("withdrawn", *(None,) * 3)
    assert change(a, a._replace(sequence="2")) is None
    before = {"x": stamp("a", sequence="5"), "y": a}
    added = [("y", b), ("x", gone), ("z", a), ("y", a), ("w", gone)]
    assert list(changes(before, added)) == [("y", "changed"), ("z", "new")]


def attack(**members: object) -> Assertion:
    return assertion(
        check_event(
            {
                "id": "f:x",
                "source": "f",
                "type": "attack",
                "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-04-02T00:00:00Z", "precision": "day"},
                "publish_time": "2021-04-02T00:00:00Z",
                **members,
            }
        )
    )


def test_fields_are_the_paths_of_what_differs_and_times_of_publication_are_none() -> None:
    old = attack(title="a", killed={"total": {"best": 1}}, repairs=["date"])
    new = attack(title="a", killed={"total": {"best": 2, "high": 3}}, place={"country": "MLI"}, sequence="7")
    assert differing_fields(old.document, new.document) == [
        "killed.total.best",
        "killed.total.high",
        "place.country",
        "repairs",
    ]


def test_a_withdrawal_is_no_mention_and_a_release_changes_no_content() -> None:
    statement = attack(place={"country": "MLI"})
    found = mention(in_release(statement, "2022-06-01"))
    assert found is not None
    assert (found.id, found.country, found.sequence) == ("f:x", "MLI", "2022-06-01")
    assert in_release(statement, "2022-06-01").stamp == statement.stamp._replace(sequence="2022-06-01")
    assert in_release(statement, "2022-06-01") == attack(place={"country": "MLI"}, sequence="2022-06-01")
    withdrawal = {"id": "f:x", "source": "f", "type": "attack", "state": "withdrawn"}
    assert mention(assertion(check_event({**withdrawal, "publish_time": "2022-06-01T00:00:00Z"}))) is None
