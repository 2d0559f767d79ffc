"""YAML that people write: what a text says, and on which line each of its members stands.

Rules kept here:
- A date stays the text that was written; a member that stands twice is a mistake, not the later of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import Failed

Place = Sequence[str | int]
"""Names and places in lists that lead to a member, from the outermost."""


class Mistakes(Failed):
    """What is wrong with a file: a line for each mistake, as file, line, field and reason."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        super().__init__("; ".join(lines))


class _Loader(yaml.SafeLoader):
    """Reads `2021-10-02` as text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML has it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class Page:
    """A YAML text by name: `said` is what it says, as JSON types."""

    def __init__(self, text: str, name: str) -> None:
        """Raises Failed when it is no YAML."""
        self.name = name
        self.text = text
        try:
            self._root = yaml.compose(text, Loader=_Loader)
            self.said: Any = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise Failed(f"{name}:{line}: no valid YAML: {error.problem}") from error
        except (yaml.YAMLError, ValueError) as error:
            raise Failed(f"{name}:1: no valid YAML: {str(error).splitlines()[0]}") from error
        self._refuse_repetition(self._root, (), set())

    def line(self, place: Place) -> int:
        """Return the line, from 1, on which a member stands: of the nearest around it where it is not there."""
        node = self._root
        line = 1 if node is None else node.start_mark.line + 1
        for part in place:
            found = next((entry for entry in _children(node) if entry[0] == part), None)
            if found is None:
                break
            _, key, node = found
            line = key.start_mark.line + 1
        return line

    def mistake(self, place: Place, reason: str) -> str:
        """Return a mistake as file, line, field and reason."""
        field = ".".join(map(str, place))
        return f"{self.name}:{self.line(place)}: {f'{field}: ' if field else ''}{reason}"

    def only(self, member: str) -> str:
        """Return the text with nothing but this outermost member, which has to be there, on the lines of the page."""
        key, value = next((key, value) for name, key, value in _children(self._root) if name == member)
        blank = "\n" * self.text[: key.start_mark.index].count("\n")
        return blank + self.text[key.start_mark.index : value.end_mark.index] + "\n"

    def _refuse_repetition(self, node: yaml.Node | None, place: tuple[str | int, ...], known: set[int]) -> None:
        if id(node) in known:
            return  # an alias, which may stand inside of what it names
        known.add(id(node))
        seen = set()
        for part, key, value in _children(node):
            if part in seen:
                line = key.start_mark.line + 1
                raise Failed(f"{self.name}:{line}: {'.'.join(map(str, (*place, part)))}: it stands twice")
            seen.add(part)
            self._refuse_repetition(value, (*place, part), known)


def read_page(name: str) -> Page:
    """Return the YAML of a file; raises Failed when it cannot be read or is no YAML."""
    return Page(read_text(name), name)


def read_text(name: str) -> str:
    """Return the text of a file; raises Failed when it cannot be read."""
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise Failed(f"{name} cannot be read: {reason}") from error


def _children(node: yaml.Node | None) -> Iterator[tuple[str | int, yaml.Node, yaml.Node]]:
    """Yield name (or place in the list), where it is named, and what stands there."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key.value, key, value
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value, value
