"""Every command, option, setting and topic is documented, and nothing is documented that is not there."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.cluster_security import PREFIX, ClusterSettings
from cli.main import COMMANDS, vigil
from cli.settings import Credentials, Person, Settings
from schemas.topics import TOPICS

HOME = Path(__file__).parents[3]
DOCS = "\n".join(path.read_text() for path in sorted((HOME / "docs").glob("*.md")))
README = (HOME / "README.md").read_text()


def _commands() -> Iterator[tuple[str, click.Command]]:
    for name in COMMANDS:
        command = vigil.get_command(click.Context(vigil), name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            for inner_name, inner in command.commands.items():
                yield f"{name} {inner_name}", inner


@pytest.mark.parametrize("name", [name for name, _ in _commands()])
def test_every_command_is_documented(name: str) -> None:
    group, _, inner = name.partition(" ")
    assert f"vigil {name}" in DOCS or (inner and re.search(rf"vigil {group} [^`]*\b{inner}\b", DOCS))


@pytest.mark.parametrize(
    "option", sorted({option for _, command in _commands() for each in command.params for option in each.opts})
)
def test_every_option_is_documented(option: str) -> None:
    if option.startswith("--"):
        assert re.search(rf"{option}\b", DOCS)


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_documented_as_option_and_as_variable(name: str) -> None:
    row = f"| `--{name.replace('_', '-')}` | `VIGIL_{name.upper()}` |"
    assert row in DOCS


@pytest.mark.parametrize("name", list(Credentials.model_fields))
def test_every_credential_is_documented_as_variable_and_is_no_option(name: str) -> None:
    assert f"| `VIGIL_{name.upper()}` |" in DOCS
    assert f"--{name.replace('_', '-')}" not in DOCS


@pytest.mark.parametrize("name", list(Person.model_fields))
def test_who_gives_commands_is_documented_as_variable(name: str) -> None:
    assert f"`VIGIL_{name.upper()}`" in DOCS


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
def test_every_topic_is_documented_with_its_partitions_and_policy(topic: str) -> None:
    spec = next(each for each in TOPICS if each.name == topic)
    [row] = [line for line in DOCS.splitlines() if line.startswith(f"| `{topic}` |") and line.count("|") == 6]
    assert str(spec.partitions) in row.split("|")[3]
    assert ("compact" if spec.cleanup == "compact" else "keep") == row.split("|")[4].strip()


@pytest.mark.parametrize("name", list(ClusterSettings.model_fields))
def test_how_a_cluster_lets_its_users_in_is_documented_as_variable_and_is_no_option(name: str) -> None:
    assert f"| `{PREFIX}{name.upper()}` |" in DOCS
    assert f"--kafka-{name.replace('_', '-')}" not in DOCS


def test_every_variable_that_is_documented_exists() -> None:
    models = (Settings, Credentials, Person)
    known = {f"VIGIL_{name.upper()}" for model in models for name in model.model_fields}
    known |= {PREFIX, *(f"{PREFIX}{name.upper()}" for name in ClusterSettings.model_fields)}
    assert set(re.findall(r"VIGIL_[A-Z_]+", DOCS + README)) <= known


def test_the_readme_is_short_and_shows_a_command_early() -> None:
    lines = README.splitlines()
    assert len(lines) <= 200
    assert any("make run" in line for line in lines[:24])


@pytest.mark.parametrize("path", [*sorted(HOME.glob("docs/*.md")), HOME / "README.md"], ids=lambda path: path.name)
def test_links_lead_to_files(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), target
