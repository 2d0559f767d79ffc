"""A file is known by what it holds; one of another feed is refused at once, with a word about what it looks like."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from producers.feeds import FEEDS, Files, check_files, read_files
from producers.rows import Published
from schemas.errors import Failed

from .reading import RECORDED, SAMPLES, content_of, read

UCDP = content_of(RECORDED / "ucdp-ged.global-49.csv")
FATALITIES = content_of(RECORDED / "un-fatalities.csv")
COUNCIL = content_of(RECORDED / "unsc.jsonl")
OWN = content_of(SAMPLES / "mali-2021.jsonl")
OF_FEEDS = {
    "ucdp-ged": UCDP,
    "un-fatalities": FATALITIES,
    "unsc": COUNCIL,
    "cline-coups": content_of(RECORDED / "cline-coups.2.0.0.csv"),
    "gdelt": content_of(RECORDED / "gdelt.2.0.tsv"),
    "acled": content_of(RECORDED / "acled.current.csv"),
    "vigil": OWN,
}
OTHERS = {
    "GeoJSON": b'{\n"type": "FeatureCollection",\n"features": []}\n',
    "JSON array": b'[{"casualty_id": "x"}]\n',
    "XML": b'<?xml version="1.0"?>\n<rss/>\n',
    "UTF-16": "id,year\n".encode("utf-16"),
    "UTF-16 text": "id,year\n".encode("utf-16-le"),
    "zip": b"PK\x03\x04rest",
    "no known feed": b"hello\nworld\n",
}


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("other", FEEDS)
def test_each_feed_reads_its_own_files_and_no_others(feed: str, other: str) -> None:
    if feed == other:
        assert read(feed, OF_FEEDS[other]).events
    else:
        with pytest.raises(Failed, match="looks like"):
            read(feed, OF_FEEDS[other])


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("looks_like", OTHERS)
def test_what_is_of_no_feed_here_is_refused_by_name(feed: str, looks_like: str) -> None:
    with pytest.raises(Failed, match=looks_like.partition(" ")[0]):
        read(feed, OTHERS[looks_like])


def test_an_empty_file_lacks_a_header_where_one_is_due() -> None:
    for feed in ("ucdp-ged", "un-fatalities", "cline-coups", "acled"):
        with pytest.raises(Failed, match="empty"):
            read(feed, b"\n\n")
    assert read("unsc", b"").rows == read("gdelt", b"").rows == read("vigil", b"").rows == []


def test_a_header_without_a_needed_column_is_refused() -> None:
    header, rest = UCDP.split(b"\n", 1)
    with pytest.raises(Failed, match="lacks country_id"):
        read("ucdp-ged", header.replace(b",country_id,", b",state,") + b"\n" + rest)


@pytest.mark.parametrize("feed", FEEDS)
def test_gzip_and_a_byte_order_mark_change_nothing(feed: str) -> None:
    expected = read(feed, OF_FEEDS[feed])
    assert read(feed, gzip.compress(OF_FEEDS[feed])) == expected
    assert read(feed, gzip.compress(b"\xef\xbb\xbf" + OF_FEEDS[feed])) == expected


def test_a_broken_first_line_does_not_hide_whose_file_it_is() -> None:
    assert len(read("unsc", COUNCIL[:500] + b"\n" + COUNCIL).events) == 19
    outcome = read("vigil", b"garbage\n" + OWN)
    assert len(outcome.events) == 11
    assert [letter.position.line for letter in outcome.dead] == [1]


def test_what_was_read_before_the_end_of_a_cut_archive_stays() -> None:
    rows = FEEDS["ucdp-ged"](io.BytesIO(gzip.compress(UCDP)[:-2000]), "cut.csv.gz")
    with pytest.raises(Failed, match=r"cut.csv.gz: cut or damaged"):
        for row in rows:
            assert isinstance(row, Published)


def test_a_wrong_file_among_others_is_found_before_any_is_read(tmp_path: Path) -> None:
    good, wrong = tmp_path / "good", tmp_path / "wrong"
    good.write_bytes(OWN)
    wrong.write_bytes(UCDP)
    with pytest.raises(Failed, match="wrong: looks like a UCDP GED table"):
        check_files("vigil", [str(good), str(wrong)])
    with pytest.raises(Failed, match="cannot be read"):
        check_files("vigil", [str(good), str(tmp_path / "missing")])


def test_bytes_read_add_up_over_files(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(OWN)
    packed.write_bytes(gzip.compress(OWN))
    files = Files([str(plain), str(packed)])
    assert len(list(read_files("vigil", files))) == 22
    assert files.read_bytes == files.total_bytes == plain.stat().st_size + packed.stat().st_size
    assert Files(["-"]).total_bytes is None
