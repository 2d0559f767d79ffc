"""Settings: options win over the environment, and what is wrong is said with both names."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.options import settings_options
from cli.settings import Settings, find_bootstrap, read_settings, with_settings
from schemas.errors import Failed, Misuse


def test_an_option_wins_over_the_environment_and_that_over_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().dir == Path(".vigil")
    monkeypatch.setenv("VIGIL_DIR", "/tmp/from-environment")
    assert read_settings().dir == Path("/tmp/from-environment")
    assert read_settings(dir="/tmp/from-option").dir == Path("/tmp/from-option")


@pytest.mark.parametrize("servers", ["kafka", "kafka:", "kafka:9092,", "kafka 9092", ":9092"])
def test_wrong_servers_are_refused_with_option_and_variable(servers: str) -> None:
    with pytest.raises(Misuse, match=r"--bootstrap-servers \(VIGIL_BOOTSTRAP_SERVERS\)"):
        read_settings(bootstrap_servers=servers)


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misuse, match="is not a folder"):
        read_settings(dir=str(tmp_path / "file"))


def test_a_wrong_topic_prefix_is_refused() -> None:
    with pytest.raises(Misuse, match="VIGIL_TOPIC_PREFIX"):
        read_settings(topic_prefix="a/b")


def test_without_a_cluster_and_without_a_broker_the_way_out_is_told(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="vigil up"):
        find_bootstrap(Settings(dir=tmp_path))
    assert find_bootstrap(Settings(dir=tmp_path, bootstrap_servers="kafka:9092")) == "kafka:9092"


def _commands() -> tuple[click.Group, Callable[[], Settings]]:
    seen: list[Settings] = []

    @click.group()
    @settings_options
    @click.pass_context
    def root(ctx: click.Context, /, **before: str | None) -> None:
        ctx.obj = before

    @root.group(invoke_without_command=True)
    @with_settings
    def inner(settings: Settings) -> None:
        seen.append(settings)

    @inner.command()
    @with_settings
    def leaf(settings: Settings) -> None:
        seen.append(settings)

    return root, lambda: seen[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--dir", "/tmp/x", "inner", "leaf"],
        ["inner", "--dir", "/tmp/x", "leaf"],
        ["inner", "leaf", "--dir", "/tmp/x"],
        ["--dir", "/tmp/y", "inner", "leaf", "--dir", "/tmp/x"],
        ["--dir", "/tmp/x", "inner"],
    ],
)
def test_options_stand_before_or_after_the_subcommand_and_the_last_wins(arguments: list[str]) -> None:
    root, last = _commands()
    assert CliRunner().invoke(root, arguments, catch_exceptions=False).exit_code == 0
    assert last().dir == Path("/tmp/x")
