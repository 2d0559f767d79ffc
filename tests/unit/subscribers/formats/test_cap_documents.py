"""CAP documents: valid for OASIS's own schema, readable by others, and saying what the alert says."""

from __future__ import annotations

from typing import Any

import capparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from subscribers.formats.cap import Message, Profile, cap_messages
from subscribers.formats.cap_document import MOST_SOURCES, cap_document
from subscribers.formats.cap_text import HEADLINE
from subscribers.formats.cause_links import Link, Links, address_of
from tests.cap import KINDS, SCHEMA, TRANSITIONS, Json, history, pairs, parsed, texts, told
from tests.profiles import examples

PROFILE = Profile("desk@ops.example", "Actual", hosts={"MINUSMA": "MLI"})
KINDS_OF_MESSAGE = {"raised": "Alert", "cancelled": "Cancel"}


def _written(transitions: list[Json], profile: Profile = PROFILE, links: Links = {}) -> bytes:  # noqa: B006 - never changed
    """The document of the last of these transitions."""
    return cap_document(list(cap_messages(transitions, profile))[-1], profile, links)


def _read(transitions: list[Json], profile: Profile = PROFILE, links: Links = {}) -> Any:  # noqa: B006 - never changed
    return parsed(_written(transitions, profile, links))


def _text(root: Any, name: str) -> str | None:
    found = texts(root, name)
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize("transition", TRANSITIONS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "profile", [PROFILE, Profile("a", restriction="Staff", web="https://x.y/")], ids=["actual", "replay"]
)
def test_every_transition_of_every_kind_is_valid(kind: str, transition: str, profile: Profile) -> None:
    root = _read(history(kind, transition), profile)
    assert _text(root, "msgType") == KINDS_OF_MESSAGE.get(transition, "Update")
    assert (_text(root, "references") is None) == (transition == "raised")


def test_the_schema_finds_what_is_wrong() -> None:
    root = parsed(_written([told()]))
    root.remove(root[0])
    assert not SCHEMA.validate(root)
    assert not SCHEMA.validate(etree.fromstring(_written([told(severity="grave")])))


@pytest.mark.parametrize("transition", TRANSITIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_parser_that_is_not_ours_reads_what_was_told(kind: str, transition: str) -> None:
    transitions = history(kind, transition)
    # It takes a text and its declaration for two encodings, as Python's own XML reader does.
    alert = capparser.parse(stringXML=_written(transitions))
    messages = list(cap_messages(transitions, PROFILE))
    assert alert.identifier[0] == messages[-1].identifier
    assert (alert.sender[0], alert.status[0], alert.scope[0]) == ("desk@ops.example", "Actual", "Public")
    assert alert.sent[0] == "2021-10-03T12:00:00-00:00"
    references = alert.references[0].split() if alert.references[0] else []
    assert [each.split(",") for each in references] == [
        [each.sender, each.identifier, each.sent] for each in messages[-2:-1]
    ]
    [info] = alert.info[0]
    shown = messages[-1].shown
    assert (info.event[0], info.severity[0], info.certainty[0]) == ("Peacekeepers killed", "Severe", "Observed")
    parameters = {each.valueName[0]: each.value[0] for each in info.parameter[0]}
    assert parameters["vigil:rule"] == shown["rule"]
    assert parameters["vigil:transition"] == transition
    for name in ("value", "peak", "threshold", "expected", "p_value", "deadline", "renewal", "subject"):
        said = shown.get(name)
        assert parameters.get(f"vigil:{name}") == (None if said is None else str(said))
    [area] = info.area[0]
    assert area.areaDesc[0]
    assert ("vigil:scope", shown["scope"]) in [(each.valueName[0], each.value[0]) for each in area.geocode[0]]


ODD = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "a\tb\r\nc\x85\u2028d",
        "]]><alert/>&amp;",
        "\"<&,'",
        "\x1b[31m\ufffe\uffff",
        "🕊️👩🏽‍🚀",
        "\u202egnp.exe",
        "x" * 5000,
    ]
)
NAMES = st.sampled_from(["", " ", "a b", "a,b", "a<b", "a&b", '"', "\x07", "é" * 300, "a/b", "x:y", "Δ"])
SCOPES = st.sampled_from(
    ["world", "world@gdelt", "region:202", "region:999", "country:XKX", "country:TWN", "admin1:XX-9"]
) | (
    st.builds("{}:{}".format, st.sampled_from(["actor", "mission", "admin1"]), NAMES)
    | st.builds("admin1:MLI/{}".format, NAMES)
)
CAUSES = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.builds("vigil:{}".format, ODD),
            "content": st.just("a1b2c3d4e5f6"),
            "title": ODD | st.none(),
            "source": st.just("vigil"),
        }
    ),
    max_size=20,
)
MEMBERS = st.fixed_dictionaries(
    {"title": ODD, "scope": SCOPES, "reason": ODD, "causes": CAUSES},
    optional={"subject": ODD, "status": st.sampled_from(["open", "resolved"]), "notify": st.booleans()},
)
PROFILES = st.builds(
    Profile,
    st.sampled_from(["a", "desk@ops.example", "é\"'>;"]),
    st.sampled_from(["Actual", "Exercise", "Test"]),
    restriction=ODD | st.none(),
    web=st.sampled_from([None, "https://desk.example/alerts/"]),
)


@given(st.sampled_from(sorted(KINDS)), st.sampled_from(TRANSITIONS), MEMBERS, PROFILES, st.lists(ODD, max_size=3))
@examples(300)
def test_whatever_is_told_is_valid(
    kind: str, transition: str, members: Json, profile: Profile, urls: list[str]
) -> None:
    addresses = [address_of(f"https://x.example/{url}") for url in urls]
    links = {
        (cause["id"], cause["content"]): tuple(Link(a, "t") for a in addresses if a) for cause in members["causes"]
    }
    transitions = history(kind, transition, **members)
    document = _written(transitions, profile, links)
    root = parsed(document)
    assert b"\n" not in document
    assert len(_text(root, "headline") or "") <= HEADLINE
    assert not any(character in (_text(root, "identifier") or "") for character in " ,<&")
    # No element that a reader relies on is there and empty.
    assert all(element.text or len(element) for element in root.iter())
    assert document == _written(transitions, profile, links)


def test_line_breaks_are_blanks_and_what_xml_forbids_shows_that_it_is_lost() -> None:
    root = _read([told(title=" Convoy\r\nhit\tby\x00\x1b a mine <b>\u2028 ")])
    assert _text(root, "event") == "Convoy hit by\ufffd\ufffd a mine <b>"


def test_times_have_caps_form_and_no_fraction() -> None:
    root = _read([told()])
    assert _text(root, "sent") == "2021-10-03T12:00:00-00:00"
    assert _text(root, "effective") == "2021-10-02T18:00:00-00:00"
    assert _text(root, "onset") == "2021-10-02T00:00:00-00:00"
    assert _text(root, "expires") == "2021-10-10T00:00:00-00:00"


@pytest.mark.parametrize(("transition", "urgency"), [("resolved", "Past"), ("cancelled", "Immediate")])
def test_what_tells_that_it_is_over_does_not_expire_with_it(transition: str, urgency: str) -> None:
    root = _read(history("match", transition))
    assert _text(root, "expires") is None
    assert _text(root, "urgency") == urgency


def test_a_silence_has_no_end_and_is_no_matter_of_security() -> None:
    root = _read([told("silence")])
    assert _text(root, "expires") is None
    assert _text(root, "category") == "Other"
    assert _text(root, "headline") == "Peacekeepers killed: Wherever gdelt reports from, since 2021-10-02"
    assert _text(_read([told()]), "category") == "Security"


def test_an_alert_of_before_rules_had_urgency_is_of_unknown_urgency() -> None:
    old = {name: value for name, value in told().items() if name not in ("urgency", "certainty", "correction")}
    root = _read([old])
    assert (_text(root, "urgency"), _text(root, "certainty")) == ("Unknown", "Unknown")


def test_a_restriction_makes_it_restricted() -> None:
    root = _read([told()], Profile("a", restriction="UN staff, Bamako"))
    assert (_text(root, "scope"), _text(root, "restriction")) == ("Restricted", "UN staff, Bamako")


@pytest.mark.parametrize(
    ("status", "sent"), [("Test", "2021-10-03T12:00:00-00:00"), ("Exercise", "2021-10-02T18:00:00-00:00")]
)
def test_what_is_not_actual_says_so_in_words(status: Any, sent: str) -> None:
    root = _read([told()], Profile("a", status))
    assert "Not for action" in (_text(root, "note") or "")
    assert _text(root, "sent") == sent
    assert _text(_read([told()]), "note") is None


def test_an_exercise_needs_no_time_of_telling_and_its_messages_never_go_back_in_time() -> None:
    transitions = [told(), told(transition="updated", known="2021-10-02T06:00:00Z"), told(transition="resolved")]
    transitions += [told(transition="updated"), told(transition="cancelled")]
    for transition in transitions:
        del transition["told"]
    assert [each.sent[:13] for each in cap_messages(transitions, Profile("a"))] == [
        "2021-10-02T18",
        "2021-10-02T18",
        "2021-10-10T00",
        "2021-10-10T00",
        "2021-10-10T00",
    ]


def test_an_exercise_of_what_was_known_long_before_is_of_its_first_day() -> None:
    [message] = cap_messages([told("deadline", known="2020-06-29T00:00:00Z")], Profile("a"))
    assert message.sent == "2021-10-02T00:00:00-00:00"


def test_a_superseded_alert_shows_the_one_that_goes_on() -> None:
    first = told("threshold")
    heir = told("threshold", id="77aa", first_day="2021-10-01", replaces=["3f0ff5b2"], value=120)
    root = _read([first, heir, told("threshold", "superseded")])
    parameters = dict(pairs(root, "parameter"))
    assert (parameters["vigil:id"], parameters["vigil:superseded"]) == ("77aa", "3f0ff5b2")
    assert parameters["vigil:value"] == "120"
    assert _text(root, "headline") == "Updated: Peacekeepers killed: Mali, 2021-10-01 to 2021-10-09"
    assert (_text(root, "description") or "").startswith(
        "Alert 3f0ff5b2 goes on as this one, 77aa. vigil:7 was withdrawn on 2021-10-04. Value 120, highest 131"
    )


def test_the_description_gives_numbers_and_causes_with_their_sources() -> None:
    causes = [{"id": f"vigil:{number}", "content": "a", "title": None, "source": "vigil"} for number in range(2)]
    root = _read([told("surge", late=True, causes=causes, causes_total=7)])
    assert _text(root, "description") == (
        "The condition holds. Value 9, highest 12, threshold 8. Expected 2.31; probability by chance 0.000412. "
        "Days: 2021-10-02 to 2021-10-09. By vigil; known since 2021-10-02T18:00:00.25Z, too late to help. "
        "Causes (7, the first 2 by id): (1) vigil:0 [vigil]; (2) vigil:1 [vigil]."
    )
    assert "About actor:jnim." in (_text(_read([told("first_seen")]), "description") or "")
    assert "Deadline 2021-10-31. Renewed by unsc:2." in (_text(_read([told("deadline")]), "description") or "")


@pytest.mark.parametrize(
    ("scope", "words", "codes"),
    [
        ("world", "The world", {"M49": "001"}),
        ("region:202", "Sub-Saharan Africa", {"M49": "202"}),
        (
            "country:COD",
            "The Democratic Republic of the Congo",
            {"ISO 3166-1 alpha-3": "COD", "ISO 3166-1 alpha-2": "CD", "M49": "180"},
        ),
        ("country:XKX", "Kosovo", {"ISO 3166-1 alpha-3": "XKX"}),
        ("country:TWN", "Taiwan", {"ISO 3166-1 alpha-3": "TWN", "ISO 3166-1 alpha-2": "TW"}),
        ("admin1:ML-8", "Kidal, Mali", {"ISO 3166-2": "ML-8"}),
        ("admin1:SDN/Abyei", "Abyei, Sudan", {}),
        ("admin1:XX-9", "XX-9", {"ISO 3166-2": "XX-9"}),
        (
            "mission:MINUSMA",
            "Mission MINUSMA, Mali",
            {"ISO 3166-1 alpha-3": "MLI", "ISO 3166-1 alpha-2": "ML", "M49": "466", "vigil:mission": "MINUSMA"},
        ),
        ("mission:UNISFA", "Mission UNISFA", {"vigil:mission": "UNISFA"}),
        ("actor:jnim", "Wherever jnim acts", {}),
        ("world@gdelt", "Wherever gdelt reports from", {}),
    ],
)
def test_an_area_has_the_codes_that_are_certain(scope: str, words: str, codes: dict[str, str]) -> None:
    root = _read([told(scope=scope)])
    assert _text(root, "areaDesc") == words
    assert dict(pairs(root, "geocode")) == {**codes, "vigil:scope": scope}


def test_sources_are_linked_each_once() -> None:
    causes = [{"id": f"vigil:{n}", "content": "a", "title": "t", "source": "vigil"} for n in range(MOST_SOURCES)]
    links = {
        (f"vigil:{n}", "a"): (Link("https://x.y/same", None), Link(f"https://x.y/{n}.pdf", "Wire"))
        for n in range(MOST_SOURCES)
    }
    root = _read([told(causes=causes)], links=links)
    assert texts(root, "uri") == ["https://x.y/same", *[f"https://x.y/{n}.pdf" for n in range(MOST_SOURCES - 1)]]
    assert texts(root, "resourceDesc")[:2] == ["Source of vigil:0", "Wire"]
    assert texts(root, "mimeType")[:2] == ["text/html", "application/pdf"]
    assert texts(_read([told(causes=causes)]), "uri") == []


def test_an_identifier_is_of_the_transition_and_its_place_in_the_thread() -> None:
    def identifiers(*transitions: Json, status: Any = "Actual") -> list[str]:
        return [each.identifier for each in cap_messages(transitions, Profile("a", status))]

    whole = identifiers(told(), told(transition="updated"), told(transition="updated"))
    assert len(set(whole)) == 3
    assert [each.rsplit(".", 1)[0] for each in whole] == ["3f0ff5b2.1", "3f0ff5b2.2", "3f0ff5b2.3"]
    assert identifiers(told()) == whole[:1]
    assert identifiers(told(told="2024-01-01T00:00:00.000Z")) == whole[:1]
    assert identifiers(told(value=2)) != whole[:1]
    assert identifiers(told(), status="Test") != whole[:1]


def test_a_message_is_named_by_sender_identifier_and_sent() -> None:
    [message] = cap_messages([told()], PROFILE)
    assert isinstance(message, Message)
    assert message.reference == f"desk@ops.example,{message.identifier},2021-10-03T12:00:00-00:00"
