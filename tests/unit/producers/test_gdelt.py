"""GDELT: rows of 57, 58 and 61 columns, codes of places and actors, and the times. Expected values by plain split."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from producers.codes.cameo import cameo_actor, country_of_cameo, label, method
from producers.feeds import Files, read_files
from producers.gdelt.exports import parse
from producers.rows import Position, Published, Skipped

from .reading import RECORDED, Outcome, content_of, read

LAYOUTS = {"2.0": 61, "1.0": 58, "1.0-backfile": 57}
CONTENT = {width: content_of(RECORDED / f"gdelt.{name}.tsv") for name, width in LAYOUTS.items()}
NAMES = {
    **{"id": 0, "day": 1, "actor1": 5, "name1": 6, "group1": 8, "actor2": 15, "name2": 16, "group2": 18},
    **{"code": 26, "root": 28, "kind": 51, "place": 52, "fips": 53, "lat": 56, "long": 57, "added": 59, "url": 60},
}
KINDS = {"18": "attack", "19": "attack", "20": "attack", "14": "protest"}
KEPT = ("17", "18", "19", "20")
GOOD = next(line for line in CONTENT[61].decode().splitlines() if line.split("\t")[28] == "19")
RECODED = {"RB": "SRB", "GZ": "PSE", "WE": "PSE"}


def rows_of(width: int) -> list[dict[str, str]]:
    """The rows as plain split reads them, by the names above."""
    found = []
    for line in CONTENT[width].decode().splitlines():
        cells = line.split("\t")
        if width < 61:  # 1.0 has no second-level division at each of three places
            cells = [*cells[:39], "", *cells[39:46], "", *cells[46:53], "", *cells[53:], *([""] if width == 57 else [])]
        found.append({name: cells[place] for name, place in NAMES.items()})
    return found


def line_of(**changes: str) -> bytes:
    cells = GOOD.split("\t")
    for name, value in changes.items():
        cells[NAMES[name]] = value
    return "\t".join(cells).encode() + b"\n"


def every(content: bytes) -> Outcome:
    import io

    return Outcome(list(parse(io.BytesIO(content), "file", every_row=True)))


def event_of(**changes: str) -> dict[str, Any]:
    outcome = every(line_of(**changes))
    (event,) = outcome.events
    return outcome.document(event.id)


@pytest.mark.parametrize("width", CONTENT)
def test_every_layout_gives_what_plain_split_reads(width: int) -> None:
    outcome, rows = every(CONTENT[width]), rows_of(width)
    assert len(rows) >= 22
    assert not outcome.dead
    assert len(outcome.events) == len(rows)
    for row in rows:
        document = outcome.document(f"gdelt:{row['id']}")
        day = date.fromisoformat(f"{row['day'][:4]}-{row['day'][4:6]}-{row['day'][6:]}")
        assert document["event_time"] == {
            "start": f"{day}T00:00:00Z",
            "end": f"{day + timedelta(days=1)}T00:00:00Z",
            "precision": "day",
        }
        added = date.fromisoformat(f"{row['added'][:4]}-{row['added'][4:6]}-{row['added'][6:8]}")
        hours = row["added"][8:]
        moment = f"{added}T{hours[:2]}:{hours[2:4]}:{hours[4:]}Z" if hours else f"{added + timedelta(days=1)}T00:00:00Z"
        assert (document["publish_time"], document["publish_time_basis"]) == (moment, "stated")
        assert document["type"] == KINDS.get(row["root"], "statement")
        assert document["coding"] == "machine"
        assert not {"killed", "injured", "sequence", "mission"} & document.keys()
        place = document.get("place", {})
        if row["lat"] in ("", "0"):
            assert "latitude" not in place
        else:
            assert (place["latitude"], place["longitude"]) == (float(row["lat"]), float(row["long"]))
        assert place.get("name", "") == " ".join(
            (row["place"] if row["kind"] == "1" else row["place"].split(",")[0]).split()
        )
        assert len(document.get("actors", [])) <= 2
        if row["url"].startswith("http"):
            assert document["links"] == [{"url": row["url"]}]
        else:
            assert "links" not in document


@pytest.mark.parametrize("width", CONTENT)
def test_only_violence_and_coercion_are_kept_unless_all_is_asked_for(width: int) -> None:
    outcome, rows = read("gdelt", CONTENT[width]), rows_of(width)
    assert [event.id for event in outcome.events] == [f"gdelt:{row['id']}" for row in rows if row["root"] in KEPT]
    assert outcome.counted(Skipped) == sum(row["root"] not in KEPT for row in rows) > 0
    assert outcome.counted(Published) + outcome.counted(Skipped) == len(rows)


def test_all_reaches_the_rows_of_every_file(tmp_path: Any) -> None:
    path = tmp_path / "any name"
    path.write_bytes(CONTENT[61])
    assert len(list(read_files("gdelt", Files([str(path)]), every_row=True))) == len(rows_of(61))
    rows = list(read_files("gdelt", Files([str(path)]), every_row=True))
    assert all(isinstance(row, Published) for row in rows)


def test_rows_of_several_layouts_may_stand_in_one_file() -> None:
    both = CONTENT[57] + CONTENT[61] + CONTENT[58]
    assert len(every(both).events) == sum(len(rows_of(width)) for width in CONTENT)


@pytest.mark.parametrize(
    ("root", "kind"),
    [("14", "protest"), ("17", "statement"), ("18", "attack"), ("19", "attack"), ("20", "attack"), ("04", "statement")],
)
def test_the_root_code_is_the_type(root: str, kind: str) -> None:
    assert event_of(root=root, code=f"{root}0")["type"] == kind


@pytest.mark.parametrize("root", ["", "--", "---"])
def test_a_row_without_a_code_is_a_statement_of_something(root: str) -> None:
    assert read("gdelt", line_of(root=root, code=root)).counted(Skipped) == 1
    document = event_of(root=root, code=root)
    assert (document["type"], document["title"].partition(":")[0]) == ("statement", "Something")


def test_quotes_are_ordinary_letters() -> None:
    assert event_of(name1='THE "BRIDGE')["actors"][0]["name"] == 'THE "BRIDGE'


PLACES = """
    AU AUT; AS AUS; NI NGA; NG NER; UV BFA; SU SDN; OD SSD; CT CAF; ML MLI; CH CHN; GM DEU; RB SRB; RI SRB; YI SRB;
    KV XKX; WA NAM; GZ PSE; WE PSE; SV SJM; JN SJM; EK GNQ; GV GIN; NL NLD; TT TLS; VM VNM
"""


@pytest.mark.parametrize("place", PLACES.split(";"))
def test_places_are_in_fips_codes(place: str) -> None:
    fips, country = place.split()
    assert event_of(fips=fips)["place"]["country"] == country


def test_a_place_in_no_country_keeps_its_name_and_one_of_an_unknown_code_says_so() -> None:
    sea = event_of(kind="4", place="Caspian Sea, Oceans (general), Oceans", fips="OS")
    assert sea["place"]["precision"] == "sea"
    assert (sea["place"]["name"], sea["place"].get("country"), sea.get("repairs")) == ("Caspian Sea", None, None)
    assert "country" not in event_of(fips="PG")["place"]
    unknown = event_of(fips="QQ")
    assert "country" not in unknown["place"]
    assert unknown["repairs"] == ["country"]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("1", "Mali", ("Mali", None, "country")),
        ("1", "Gambia, The", ("Gambia, The", None, "country")),
        ("2", "Texas, United States", ("Texas", "Texas", "admin1")),
        ("3", "Salem, Oregon, United States", ("Salem", "Oregon", "near")),
        ("4", "Tessalit, Kidal, Mali", ("Tessalit", "Kidal", "near")),
        ("4", "Gao  ,Gao     ,Mali", ("Gao", "Gao", "near")),
        ("4", "Belgrade, Serbia (general),", ("Belgrade", None, "near")),
        ("5", "Kidal, Mali", ("Kidal", "Kidal", "admin1")),
        ("0", "Moscow, Moskva, Russia", ("Moscow", "Moskva", None)),
    ],
)
def test_a_place_has_name_division_and_precision(kind: str, text: str, expected: tuple[str | None, ...]) -> None:
    place = event_of(kind=kind, place=text, fips="ML")["place"]
    assert (place["name"], place.get("admin1"), place.get("precision")) == expected


def test_a_division_has_its_code_where_it_is_certain() -> None:
    assert event_of(kind="5", place="Kidal, Mali", fips="ML")["place"]["admin1_code"] == "ML-8"
    assert event_of(kind="3", place="Salem, Oregon, United States", fips="US")["place"]["admin1_code"] == "US-OR"


def test_coordinates_of_zero_or_without_their_other_half_are_none() -> None:
    for latitude, longitude in (("0", "0"), ("", "")):
        document = event_of(lat=latitude, long=longitude)
        assert "latitude" not in document["place"]
        assert "repairs" not in document
    half = event_of(lat="", long="42")
    assert "longitude" not in half["place"]
    assert half["repairs"] == ["coordinates"]
    assert event_of(lat="\x1c12.5 ", long="30")["place"]["latitude"] == 12.5
    assert event_of(lat="0", long="30")["place"]["latitude"] == 0


def test_without_a_place_there_is_none() -> None:
    assert "place" not in event_of(kind="0", place="", fips="", lat="", long="")


ACTORS = [
    ("MLIGOV", "MALI", "", "gov-mli"),
    ("ROMGOV", "ROMANIA", "", "gov-rou"),
    ("AFRGOV", "AFRICA", "", "cameo-AFRGOV"),
    ("GOV", "GOVERNOR", "", "cameo-GOV"),
    ("USA", "HOLLYWOOD", "", "cameo-USA"),
    ("geo", "GEORGIANS", "", "cameo-geo"),
    ("AFGINSTAL", "TALIBAN", "TAL", "taliban"),
    ("IMGMOSALQ", "AL QAIDA", "ALQ", "al-qaida"),
    ("IGOUNO", "THE UN", "UNO", "united-nations"),
    ("IGOUNOKID", "UNICEF", "UNO", "cameo-IGOUNOKID"),
    ("IGOUNODEVWBK", "WORLD BANK", "UNO", "cameo-IGOUNODEVWBK"),
    (" CVL", "VILLAGER", "", "cameo-CVL"),
    ("", "NOBODY", "", "nobody"),
]


@pytest.mark.parametrize(("code", "name", "group", "identity"), ACTORS)
def test_actors_are_in_cameo_codes(code: str, name: str, group: str, identity: str) -> None:
    document = event_of(actor1=code, name1=name, group1=group, actor2="", name2="", group2="")
    assert document["actors"] == [{"id": identity, "name": name, "role": "perpetrator"}]
    assert cameo_actor(code.strip(), name, group) == identity


def test_the_first_actor_acts_and_the_second_is_acted_upon() -> None:
    people = {"actor1": "MIL", "name1": "ARMY", "actor2": "CVL", "name2": "CIVILIAN", "group1": "", "group2": ""}
    roles = {kind: [actor["role"] for actor in event_of(root=kind, **people)["actors"]] for kind in ("19", "04")}
    assert roles == {"19": ["perpetrator", "target"], "04": ["initiator", "target"]}
    assert "actors" not in event_of(**dict.fromkeys(people, " "))
    assert event_of(**people)["title"].split(", ")[0].endswith(": ARMY - CIVILIAN")


def test_cameo_countries_are_iso_but_for_some() -> None:
    recoded = {"TMP": "TLS", "ROM": "ROU", "IMY": "IMN", "MTN": "MNE", "WSB": "PSE", "GZS": "PSE", "BAG": "IRQ"}
    assert {code: country_of_cameo(code) for code in recoded} == recoded
    assert (country_of_cameo("MLI"), country_of_cameo("SSD"), country_of_cameo("WAF")) == ("MLI", "SSD", None)


def test_codes_have_labels_by_their_longest_known_beginning() -> None:
    assert [label(code) for code in ("1831", "0834", "010", "99")] == [
        "Carry out suicide bombing",
        "Yield",
        "Make public statement",
        "CAMEO 99",
    ]
    assert [method(code) for code in ("1831", "193", "190")] == ["explosive", "firearms", None]
    assert event_of(root="17", code="183").get("method") is None


def test_a_source_that_is_not_on_the_web_is_the_description() -> None:
    document = event_of(url="BBC Monitoring")
    assert document["description"] == "BBC Monitoring"
    assert "links" not in document


def test_a_row_that_is_dated_after_its_arrival_is_a_dead_letter_but_for_the_last_moment_of_the_day() -> None:
    assert event_of(day="20160102", added="20160101")["publish_time"] == "2016-01-02T00:00:00Z"
    for added in ("20160101234500", "20151231"):
        (letter,) = every(line_of(day="20160102", added=added)).dead
        assert letter.field == "publish_time"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "one"}, "id"),
        ({"id": ""}, "id"),
        ({"id": "²"}, "id"),
        ({"day": "20160230"}, "event_time.start"),
        ({"day": "2016"}, "event_time.start"),
        ({"day": "20160101000000"}, "event_time.start"),
        ({"day": "99991231"}, "event_time"),
        ({"added": ""}, "publish_time"),
        ({"added": "20161301"}, "publish_time"),
        ({"added": "20160101250000"}, "publish_time"),
        ({"root": "4"}, "type"),
        ({"root": "21"}, "type"),
        ({"lat": "95"}, "place.latitude"),
        ({"lat": "north"}, "place.latitude"),
        ({"long": "1_0"}, "place.longitude"),
        ({"place": "x" * 5000}, "place.name"),
        ({"name1": " " * 5000}, "actors"),
        ({"lat": " " * 5000}, "place.name"),
    ],
)
def test_a_wrong_cell_makes_a_dead_letter_that_names_the_field(changes: dict[str, str], field: str) -> None:
    outcome = every(line_of() + line_of(**changes) + line_of(id="7"))
    (letter,) = outcome.dead
    assert (letter.field, letter.position) == (field, Position("file", 2, 2))
    assert len(outcome.events) == 2


def test_broken_rows_are_dead_letters_even_where_they_would_be_skipped() -> None:
    other = line_of(root="04")
    bad = [other[:100] + b"\n", b"\t".join([b"x"] * 100_000) + b"\n", other.replace(b"19", b"\0", 1), b"hello\n"]
    outcome = read("gdelt", b"\n" + other + b"".join(bad) + other + b"x" * (2 << 20) + b"\n" + other)
    assert outcome.counted(Skipped) == 3
    assert [letter.reason.split(",")[0].split(":")[0] for letter in outcome.dead] == [
        "expected 57",
        "expected 57",
        "the record has a NUL byte",
        "expected 57",
        "the record is too long",
    ]
    assert outcome.dead[-1].length == 2 << 20


def test_bytes_that_are_no_utf_8_are_replaced_and_said_so() -> None:
    (event,) = every(line_of(name1="CAF\xe9").replace("\xe9".encode(), b"\xe9")).events
    assert (event.actors[0].name, event.repairs) == ("CAF�", ("encoding",))


def test_an_empty_file_is_one_that_gdelt_published_empty() -> None:
    assert read("gdelt", b"").rows == read("gdelt", b"\n").rows == []


def test_a_row_without_its_last_cells_is_still_known_as_gdelt() -> None:
    assert len(every(line_of(url="")).events) == 1
    assert len(every(line_of(url="").rstrip(b"\n") + b"\r\n").events) == 1
