"""Files of rule tests: what they say, and everything that is wrong with one at once, with file, line and field.

A file names its rules (a path relative to it, or the rules themselves) and tests. A test has events, an archive, or
both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from cli.archives.reading import Reading, read_archive
from cli.ruling.files import check_rules, read_rule_file
from cli.yaml_page import Mistakes, Page, Place, read_page
from schemas.alert import Alert
from schemas.errors import BadInput, Failed
from schemas.event import check_event
from schemas.rule import RuleSet, Written
from timeline.identity import Assertion, assertion
from timeline.rule_test_events import events_of
from timeline.times import DAY, day_number, microseconds

Members = dict[str, Any]


class _Test(Written):
    """One test as written."""

    name: Annotated[str, Field(min_length=1)]
    rules_only: list[str] | None = None
    clock: str | None = None
    archive: str | list[str] = Field(default=[])
    events: list[Members] = Field(default=[])
    expect: list[Members]


class _File(Written):
    """A file of tests as written; what `rules` says is read as any rule file is."""

    rules: str | list[Any]
    tests: Annotated[list[_Test], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Expected:
    """Members of an alert that is to stand, and the line that says so."""

    members: Members
    line: int


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One test, ready to run; `clock` in microseconds. `rules` are the ids of the rules whose alerts it looks at."""

    file: str
    line: int
    name: str
    rule_set: RuleSet
    rules: frozenset[str]
    assertions: tuple[Assertion, ...]
    archives: tuple[str, ...]
    clock: int | None
    expected: tuple[Expected, ...]

    def statements(self) -> list[Assertion]:
        """Return what the archives hold and the events say.

        Raises:
            Failed: an archive cannot be read, or holds lines that are no events.
        """
        reading, refused = Reading(), list[str]()
        known = list(read_archive(self.archives, reading, tell=refused.append))
        if refused:
            raise Failed(f"{self.file}:{self.line}: {self.name}: {refused[0]}")
        return [*known, *self.assertions]


def read_tests(name: str) -> list[RuleTest]:
    """Return the tests of a file.

    Raises:
        Mistakes: it is no such file, or its rules are wrong; each line names file, line, field and reason.
        Failed: it cannot be read.
    """
    page = read_page(name)
    try:
        written = _File.model_validate(page.said or {})
    except ValidationError as error:
        mistakes = [_mistake(page, each) for each in error.errors(include_url=False)]
        raise Mistakes(list(dict.fromkeys(mistakes))) from error
    rule_set = _rules(page, written)
    mistakes = list[str]()
    tests = [_ready(page, rule_set, index, test, mistakes) for index, test in enumerate(written.tests)]
    if mistakes:
        raise Mistakes(mistakes)
    return tests


def _rules(page: Page, written: _File) -> RuleSet:
    if isinstance(written.rules, str):
        try:
            return read_rule_file(str(Path(page.name).parent / written.rules))
        except Failed as error:
            raise Failed(f"{page.mistake(('rules',), str(error))}") from error
    return check_rules(page.only("rules"), page.name)


def _ready(page: Page, rule_set: RuleSet, index: int, test: _Test, mistakes: list[str]) -> RuleTest:
    here = ("tests", index)
    ids = frozenset(rule_set.by_id)
    for place, rule in enumerate(test.rules_only or ()):
        if rule not in ids:
            mistakes.append(page.mistake((*here, "rules_only", place), f"{rule!r} is no rule of the set"))
    looked_at = ids if test.rules_only is None else frozenset(test.rules_only)
    names = [test.archive] if isinstance(test.archive, str) else test.archive
    if not names and not test.events:
        mistakes.append(page.mistake(here, "expected `events`, `archive` or both"))
    return RuleTest(
        file=page.name,
        line=page.line((*here, "name")),
        name=test.name,
        rule_set=rule_set,
        rules=looked_at,
        assertions=tuple(_assertions(page, (*here, "events"), test.events, mistakes)),
        archives=tuple([str(Path(page.name).parent / name) for name in names]),
        clock=_clock(page, (*here, "clock"), test.clock, mistakes),
        expected=tuple(_expected(page, (*here, "expect"), test.expect, looked_at, mistakes)),
    )


def _assertions(page: Page, here: Place, said: list[Members], mistakes: list[str]) -> list[Assertion]:
    found = []
    for index, one in enumerate(said):
        try:
            found += [assertion(check_event(event)) for event in events_of(one, index + 1)]
        except BadInput as error:
            path = [int(part) if part.isdigit() else part for part in (error.field or "").split(".") if part]
            mistakes.append(page.mistake((*here, index, *path), error.reason))
    return found


def _expected(
    page: Page, here: Place, said: list[Members], rules: frozenset[str], mistakes: list[str]
) -> list[Expected]:
    for index, members in enumerate(said):
        for name in members:
            if name not in Alert.model_fields:
                mistakes.append(page.mistake((*here, index, name), "an alert has no such member"))
        for name in ("rule", "scope"):
            if name not in members:
                mistakes.append(page.mistake((*here, index, name), "expected it of every alert"))
        if "rule" in members and members["rule"] not in rules:
            reason = f"{members['rule']!r} is none of the rules whose alerts this test looks at"
            mistakes.append(page.mistake((*here, index, "rule"), reason))
    return [Expected(members, page.line((*here, index))) for index, members in enumerate(said)]


def _clock(page: Page, here: Place, text: str | None, mistakes: list[str]) -> int | None:
    if text is None:
        return None
    try:
        return day_number(text) * DAY if len(text) == len("2021-10-02") else microseconds(text)
    except (ValueError, TypeError):
        mistakes.append(page.mistake(here, f"expected a day or a time such as 2021-10-02T12:00:00Z, found {text!r}"))
        return None


def _mistake(page: Page, error: Any) -> str:
    # Branches of a union stand in the location of pydantic, not in the text.
    place = [part for part in error["loc"] if part not in ("str", "list[any]", "list[str]")]
    return page.mistake(place, str(error["msg"]).removeprefix("Value error, "))
