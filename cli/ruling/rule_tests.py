"""Rule tests, run and told: each test folds its own statements, and compares the alerts that stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from cli.output import encode_line
from cli.ruling.rule_test_files import Expected, RuleTest
from timeline.replay import alerts_lines, fold
from timeline.rule_tests import difference

_SHOWN = ("rule", "scope", "first_day", "last_day", "value")


class Outcome(NamedTuple):
    """What a test found: expectations that no alert answers, alerts that were not expected."""

    test: RuleTest
    missing: tuple[Expected, ...]
    unexpected: tuple[dict[str, Any], ...]

    @property
    def passed(self) -> bool:
        """Whether exactly what was expected stands."""
        return not self.missing and not self.unexpected

    def members(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {
            "file": self.test.file,
            "line": self.test.line,
            "name": self.test.name,
            "passed": self.passed,
            "missing": [expected.members for expected in self.missing],
            "unexpected": list(self.unexpected),
        }

    def lines(self) -> Iterator[str]:
        """Yield the difference for people: a line for each alert, with the line of the file that it concerns."""
        test = self.test
        for expected in self.missing:
            yield f"{test.file}:{expected.line}: {test.name}: missing     {_flow(expected.members)}"
        named = {name for expected in test.expected for name in expected.members}
        for alert in self.unexpected:
            shown = {name: alert[name] for name in (*_SHOWN, *sorted(named - set(_SHOWN))) if name in alert}
            yield f"{test.file}:{test.line}: {test.name}: unexpected  {_flow(shown)}"


def run_tests(tests: Iterable[RuleTest]) -> Iterator[Outcome]:
    """Run the tests one after the other.

    Raises:
        Failed: an archive cannot be read.
    """
    for test in tests:
        rollup = fold(test.statements(), test.rule_set)
        if test.clock is not None:
            rollup.tick(test.clock)
            rollup.settle()
        alerts = [alert for line in alerts_lines(rollup) if (alert := orjson.loads(line))["rule"] in test.rules]
        missing, unexpected = difference([expected.members for expected in test.expected], alerts)
        yield Outcome(
            test,
            tuple([test.expected[place] for place in missing]),
            tuple([alerts[place] for place in unexpected]),
        )


def _flow(members: dict[str, Any]) -> str:
    """As the file would say it."""
    said = [
        f"{name}: {value if isinstance(value, str) else encode_line(value).decode()}" for name, value in members.items()
    ]
    return f"{{{', '.join(said)}}}"
