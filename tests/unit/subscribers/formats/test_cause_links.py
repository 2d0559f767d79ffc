"""Links of causes: addresses of the web as URIs, by the content that said them."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from eventlog.record import Record
from subscribers.formats.cause_links import Link, address_of, links_of
from tests.profiles import examples

CONTENT = "a1b2c3d4e5f6" + "0" * 52


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://example.org/a?b=1&c=2#d", "https://example.org/a?b=1&c=2#d"),
        (" http://example.org ", "http://example.org"),
        ("http://münchen.example/ä b", "http://m%C3%BCnchen.example/%C3%A4%20b"),
        ("https://example.org/[a]%zz%20", "https://example.org/%5Ba%5D%25zz%20"),
        ("https://example.org/#a#b", None),
        ("https://user:secret@example.org/", None),
        ("ftp://example.org/", None),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("", None),
    ],
)
def test_what_is_no_address_of_the_web_is_no_link(url: str, address: str | None) -> None:
    assert address_of(url) == address


ANY_URI = etree.XMLSchema(
    etree.XML('<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema"><s:element name="uri" type="s:anyURI"/></s:schema>')
)


@given(
    st.text(st.characters(codec="utf-8")), st.sampled_from(["https://", "https://a.example/", "http://a.example:80?"])
)
@examples(300)
def test_an_address_is_a_uri(rest: str, start: str) -> None:
    address = address_of(start + rest)
    assert start == "https://" or address is not None or "#" in rest
    if address is not None:
        element = etree.Element("uri")
        element.text = address
        ANY_URI.assertValid(element)
        assert address.isascii() and " " not in address


def _record(**members: Any) -> Record:
    value = orjson.dumps({"id": "vigil:1", **members})
    return Record("timeline", 0, 0, 0, b"vigil:1", value, [("vigil_content", CONTENT.encode())])


def test_links_are_found_by_id_and_content() -> None:
    links = [{"url": "https://a.example/", "title": "Wire"}, {"url": "nowhere"}, {"url": "https://b.example/"}]
    assert links_of([_record(links=links), _record(title="none")]) == {
        ("vigil:1", CONTENT[:12]): (Link("https://a.example/", "Wire"), Link("https://b.example/", None))
    }


def test_a_text_that_looks_like_links_is_none() -> None:
    assert links_of([_record(description='"links":[')]) == {}
    assert links_of([_record(tally={"links": [1]})]) == {("vigil:1", CONTENT[:12]): ()}
