"""What people decide by HTTP stands in the commands topic, with who and when, once for each key."""

from __future__ import annotations

import asyncio
from pathlib import Path

from schemas.topics import COMMANDS
from subscribers.commands import read_commands
from tests.serving import ServerProcess
from timeline.people import fold_people
from timeline.times import time_text

BODY = {"by": "Awa", "scope": "country:MLI", "until": "2999-01-01T00:00:00Z", "comment": "known"}


def test_a_silence_is_in_the_log_as_it_was_answered(broker: str, topic_prefix: str, tmp_path: Path) -> None:
    server = ServerProcess(broker, tmp_path, topic_prefix=topic_prefix)
    try:
        with server.client() as client:
            keyed = [client.post("/silences", json=BODY, headers={"Idempotency-Key": "k"}) for _ in range(3)]
            other = client.post("/silences", json=BODY)
    finally:
        server.stop()
    answers = [each.json() for each in [*keyed, other]]
    taken = asyncio.run(read_commands(broker, on_unreadable=print, topic_prefix=topic_prefix))
    assert sorted((time_text(each.when), each.command.id) for each in taken) == sorted(
        (each["when"], each["command"]["id"]) for each in answers
    )
    silences = fold_people(taken, ()).silences()
    assert {each.silence.id for each in silences} == {answers[0]["command"]["id"], answers[3]["command"]["id"]}
    assert len(taken) == 4
    assert {each["position"]["topic"] for each in answers} == {topic_prefix + COMMANDS}
