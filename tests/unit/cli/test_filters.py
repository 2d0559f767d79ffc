"""Filters pass what they name, and refuse to mean nothing."""

import click
import pytest
from click.testing import CliRunner

from cli.filters import filter_options, refuse
from timeline.filters import Filters

ATTACK = {
    "id": "ucdp-ged:1",
    "source": "ucdp-ged",
    "type": "attack",
    "event_time": {"start": "2021-04-01T00:00:00Z", "end": "2021-05-01T00:00:00Z", "precision": "month"},
    "place": {"country": "MLI", "admin1_code": "ML-8"},
    "actors": [{"id": "jnim"}, {"id": "minusma"}],
    "mission": "MINUSMA",
}
WITHDRAWN = {"id": "ucdp-ged:2", "source": "ucdp-ged", "type": "attack", "state": "withdrawn"}


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(country=("MLI",)),
        Filters(country=("TCD", "MLI"), type=("attack",)),
        Filters(actor=("jnim",)),
        Filters(feed=("ucdp-ged",)),
        Filters(scope=("region:002",)),
        Filters(scope=("mission:MINUSMA",)),
        Filters(scope=("admin1:ML-8@ucdp-ged",)),
        Filters(first="2021-04-30"),
        Filters(last="2021-04-01"),
    ],
)
def test_an_event_passes_what_it_satisfies(filters: Filters) -> None:
    assert filters.event(ATTACK)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(country=("TCD",)),
        Filters(country=("MLI",), type=("coup",)),
        Filters(actor=("isgs",)),
        Filters(scope=("admin1:ML-8@unsc",)),
        Filters(first="2021-05-01"),
        Filters(last="2021-03-31"),
    ],
)
def test_an_event_fails_what_it_does_not_satisfy(filters: Filters) -> None:
    assert not filters.event(ATTACK)


def test_a_withdrawal_without_a_time_passes_no_filter_on_time() -> None:
    assert Filters().event(WITHDRAWN)
    assert not Filters(first="1900-01-01").event(WITHDRAWN)
    assert not Filters(last="2100-01-01").event(WITHDRAWN)


@pytest.mark.parametrize(
    ("filters", "passed"),
    [
        (Filters(), ["country:MLI", "country:MLI@unsc", "actor:jnim"]),
        (Filters(scope=("country:MLI",)), ["country:MLI"]),
        (Filters(scope=("country:MLI@unsc",)), ["country:MLI@unsc"]),
        (Filters(country=("MLI",)), ["country:MLI"]),
        (Filters(country=("MLI",), feed=("unsc",)), ["country:MLI@unsc"]),
        (Filters(actor=("jnim",)), ["actor:jnim"]),
        (Filters(feed=("unsc",)), ["country:MLI@unsc"]),
    ],
)
def test_windows_pass_by_the_name_of_their_scope(filters: Filters, passed: list[str]) -> None:
    scopes = ["country:MLI", "country:MLI@unsc", "actor:jnim"]
    assert [scope for scope in scopes if filters.windows(scope)] == passed


def test_an_alert_passes_by_its_days_scope_and_rule() -> None:
    alert = {
        "scope": "country:MLI",
        "rule": "coup",
        "feed": "vigil",
        "first_day": "2021-05-01",
        "last_day": "2021-06-30",
    }
    assert Filters(country=("MLI",), rule=("coup",), first="2021-06-30").alert(alert)
    assert not Filters(country=("TCD",)).alert(alert)
    assert not Filters(rule=("other",)).alert(alert)
    assert not Filters(first="2021-07-01").alert(alert)


def test_a_filter_that_means_nothing_is_refused_by_the_name_that_was_typed() -> None:
    with pytest.raises(click.UsageError, match="--from is no filter for windows"):
        refuse(Filters(first="2021-01-01"), "first", what="windows")


def test_a_wrong_day_is_refused() -> None:
    @click.command()
    @filter_options("first")
    def command(first: str | None) -> None: ...

    found = CliRunner().invoke(command, ["--from", "2021-13-01"])
    assert found.exit_code == 2
    assert "no day such as 2021-10-02" in found.stderr


@pytest.mark.parametrize("code", ["Mali", "mli", "ML", "XXX"])
def test_what_is_no_code_of_a_country_is_refused_and_does_not_choose_nothing(code: str) -> None:
    @click.command()
    @filter_options("country")
    def command(country: tuple[str, ...]) -> None:
        click.echo(",".join(country))

    found = CliRunner().invoke(command, ["--country", code])
    assert found.exit_code == 2
    assert "no ISO 3166-1 alpha-3 code" in found.stderr
    assert CliRunner().invoke(command, ["--country", "MLI", "--country", "XKX"]).stdout == "MLI,XKX\n"
