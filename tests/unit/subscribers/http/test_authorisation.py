"""Who may ask what: tokens, roles, names of the host, foreign pages, and how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.errors import Failed
from subscribers.http.limits import Limits, origin_of
from subscribers.http.serving import Listening, known_tokens
from subscribers.tokens import revoke_token
from tests.unit.subscribers.http.test_pushing import EVENT
from tests.unit.subscribers.http.wired import Service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def _push(service: Service, **headers: str) -> Any:
    return service.client.post("/events", json=EVENT, headers=headers)


def test_on_loopback_everything_is_allowed_without_a_token(service: Service) -> None:
    assert service.client.get("/silences").status_code == 200
    assert _push(service).status_code == 202


ROLES = {"read": {"/silences"}, "push": {"/events"}, "operate": {"/silences", "/silences/x"}}


@pytest.mark.parametrize("role", ROLES)
def test_a_token_may_do_what_its_role_says_and_nothing_else(service: Service, role: Any) -> None:
    token = service.token("Awa", role)
    answers = {
        "/silences": service.client.get("/silences", headers=token),
        "/events": _push(service, **token),
        "/silences/x": service.client.delete("/silences/x", headers=token),
    }
    for path, answer in answers.items():
        if path in ROLES[role]:
            assert answer.status_code in (200, 202, 404), answer.text
        else:
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
            assert "'Awa'" in answer.json()["detail"]


@pytest.mark.parametrize("given", ["Bearer vgl_wrong", "Bearer ", "Basic dXNlcjpwYXNz", "vgl_x", "Bearer \xff"])
def test_a_token_that_is_given_has_to_be_good(service: Service, given: str) -> None:
    for answer in (
        service.client.get("/silences", headers={"Authorization": given.encode("latin-1")}),
        service.client.post("/events", json=EVENT, headers={"Authorization": given.encode("latin-1")}),
    ):
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthorised")
        assert answer.headers["www-authenticate"].startswith('Bearer realm="vigil"')
    assert not service.log.sent


def test_a_revoked_token_is_good_no_more_and_a_broken_file_lets_nobody_in(service: Service) -> None:
    token = service.token("Awa", "read")
    other = service.token("Ben", "read")
    assert service.client.get("/silences", headers=token).status_code == 200
    revoke_token(service.tokens_file, "Awa")
    service.parts.tokens._looked = 0
    assert service.client.get("/silences", headers=token).status_code == 401
    assert service.client.get("/silences", headers=other).status_code == 200
    service.tokens_file.write_text("[{")
    service.parts.tokens._looked = 0
    assert service.client.get("/silences", headers=other).status_code == 401


def test_a_proxy_or_a_wish_for_tokens_ends_what_loopback_allows(service: Service, tmp_path: Path) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        assert service.client.get("/silences", headers={header: "203.0.113.9"}).status_code == 401
        assert _push(service, **{header: "203.0.113.9"}).status_code == 401
    (tmp_path / "strict").mkdir()
    strict = Service(tmp_path / "strict", require_tokens=True)
    assert strict.client.get("/silences").status_code == 401
    assert strict.client.get("/silences", headers=strict.token("Awa", "read")).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8420", "127.0.0.1.evil.example", "", "[::1"])
def test_on_loopback_a_foreign_name_is_refused(service: Service, host: str) -> None:
    answer = service.client.get("/silences", headers={"host": host})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/foreign-host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8420", "127.0.0.1", "[::1]:8420", "127.8.8.8"])
def test_on_loopback_its_own_names_are_taken(service: Service, host: str) -> None:
    assert service.client.get("/silences", headers={"host": host}).status_code == 200


def test_another_address_goes_by_any_name_and_an_allowed_name_by_itself(tmp_path: Path) -> None:
    for name, how in (("a", {"host": "0.0.0.0"}), ("b", {"allowed_hosts": ["evil.example"]})):
        (tmp_path / name).mkdir()
        service = Service(tmp_path / name, **how)
        assert service.client.get("/silences", headers={"host": "evil.example"}).status_code == 200


def test_a_page_of_another_origin_reads_nothing_and_changes_nothing(service: Service) -> None:
    read = service.client.get("/silences", headers={"Origin": "https://evil.example"})
    asked = service.client.options(
        "/events", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    changed = _push(service, Origin="https://evil.example")
    for answer in (read, asked, changed):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert (asked.status_code, changed.status_code) == (405, 403)
    assert changed.json()["type"] == "/problems/foreign-origin"
    assert _push(service, Origin="http://127.0.0.1:8420").status_code == 202


def test_another_address_than_loopback_needs_a_token_to_start(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"on 0\.0\.0\.0 before there is a token; make one: vigil token create"):
        known_tokens(tmp_path, Listening(host="0.0.0.0", port=1))
    assert not known_tokens(tmp_path, Listening(host="::1", port=1)).required
    Service(tmp_path).token("Awa", "read")
    assert known_tokens(tmp_path, Listening(host="0.0.0.0", port=1)).required


def test_who_asks_too_often_is_told_when_to_come_again_and_keeps_nobody_else_away(tmp_path: Path) -> None:
    service = Service(tmp_path, limits=Limits(reads_per_minute=5, pushes_per_minute=2, commands_per_minute=0))
    token = service.token("Awa", "read")
    answers = [service.client.get("/silences") for _ in range(7)]
    assert [each.status_code for each in answers] == [200] * 5 + [429] * 2
    assert answers[-1].json()["type"] == "/problems/too-many-requests"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert service.client.get("/silences", headers=token).status_code == 200
    assert [_push(service).status_code for _ in range(3)] == [202, 202, 429]
    assert service.client.delete("/silences/x?by=Awa").status_code == 429


def test_wrong_tokens_are_counted_by_their_address(tmp_path: Path) -> None:
    service = Service(tmp_path, limits=Limits(reads_per_minute=3))
    answers = [service.client.get("/silences", headers={"Authorization": f"Bearer {n}"}) for n in range(5)]
    assert [each.status_code for each in answers] == [401] * 3 + [429] * 2


def test_an_ipv6_network_counts_as_one_address() -> None:
    assert origin_of("2001:db8::1") == origin_of("2001:db8::ffff:1") != origin_of("2001:db8:0:1::1")
    assert origin_of("192.0.2.1") != origin_of("192.0.2.2")
