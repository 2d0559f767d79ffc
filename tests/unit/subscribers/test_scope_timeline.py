"""What is looked for in the bytes of a record is in those of every event of the scope."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.scope_timeline import pattern_of
from tests.kinds import KINDS, draw_case_of
from tests.profiles import examples
from tests.simulation import statement
from tests.strategies import choice, draw_case
from timeline.identity import encode
from timeline.scopes import scopes_of


@examples(150)
@given(data=st.data())
def test_no_event_of_a_scope_is_missed(data: st.DataObject) -> None:
    choose = choice(data)
    kind = choose((*KINDS, ""))
    for said in (draw_case_of(kind, choose) if kind else draw_case(choose)).assertions:
        found = statement(said)
        if found.stamp.withdrawn:
            continue
        for scope in scopes_of(found.document):
            for named in (scope, f"{scope}@{found.document['source']}"):
                assert pattern_of(named).search(encode(found)), named


@pytest.mark.parametrize(
    ("scope", "value", "looks_like_it"),
    [
        ("country:MLI", b'{"place":{"country":"MLI"}}', True),
        ("country:MLI", b'{"place":{"country":"NER"}}', False),
        ("region:202", b'{"place":{"country":"NER"}}', True),
        ("region:150", b'{"place":{"country":"NER"}}', False),
        ("actor:a.b", b'{"actors":[{"id":"axb"}]}', False),
        ("actor:a_b", b'{"actors":[{"id":"a@b"}]}', True),
        ("admin1:MLI/Kidal", b'{"place":{"admin1":"Kidal"}}', True),
        ("admin1:ML-8", b'{"place":{"admin1_code":"ML-7"}}', False),
        ("mission:MINUSMA", b'{"resolution":{"mission":"MINUSMA"}}', True),
        ("world@acled", b'{"source":"acled"}', True),
        ("world@acled", b'{"source":"acled-2"}', False),
        ("world", b"{}", True),
    ],
)
def test_others_are_left_out(scope: str, value: bytes, looks_like_it: bool) -> None:
    assert bool(pattern_of(scope).search(value)) is looks_like_it
