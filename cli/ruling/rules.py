"""`vigil rules`: check, explain and test a rule set, see the one in force, put another in force."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import click

from cli.output import encode_line, tell, write_lines, write_object
from cli.ruling.files import check_rules, default_rules, read_rule_file
from cli.ruling.log import Change, apply_rules, changes, rules_in_force
from cli.settings import Settings, find_bootstrap, with_settings
from cli.yaml_page import Mistakes, read_text
from schemas.errors import Failed, Misuse
from schemas.rule import RuleSet

Format = Literal["text", "json"]
_FORMAT = click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True, help="For whom."
)
_NONE_YET = "no rules were applied yet; apply some with `vigil rules apply rules.yaml`"


@click.group()
def rules() -> None:
    """Check, explain, test, list and apply the rules that raise alerts.

    A rule set is a YAML file such as rules.yaml; the whole set is applied at once. docs/rules.md tells what a rule can
    say.

    \b
    Example:
      vigil rules check rules.yaml && vigil rules test rules.test.yaml && vigil rules apply rules.yaml
    """


@rules.command()
@click.argument("file")
def check(file: str) -> None:
    """Say what is wrong with a rule set: file, line, field and reason; exit 1. No broker is needed.

    Example: vigil rules check rules.yaml
    """
    with _each_told():
        found = read_rule_file(file)
    write_object({"rules": len(found.rules), "version": found.version})


@rules.command(name="list")
@click.option("--table", is_flag=True, help="A table for people.")
@with_settings
def list_rules(settings: Settings, *, table: bool) -> None:
    """Print the rules in force, one line each.

    Example: vigil rules list --table
    """
    found = _in_force(settings)
    if table:
        from cli.tables import rules_table  # noqa: PLC0415
        from timeline.rule_words import condition  # noqa: PLC0415

        rules_table((rule, condition(rule)) for rule in found.rules)
    else:
        write_lines(
            encode_line({**rule.model_dump(mode="json", exclude_none=True), "version": rule.version})
            for rule in found.rules
        )


@rules.command()
@click.argument("rule", required=False)
@click.option(
    "--file", "file", metavar="FILE", help="Rules of this file; `default` for those of Vigil [default: those in force]."
)
@_FORMAT
@with_settings
def explain(settings: Settings, *, rule: str | None, file: str | None, form: Format) -> None:
    """Say in plain words what each rule, or the one named, watches, when its alerts start and end, and why.

    \b
    Examples:
      vigil rules explain deadly-week --file rules.yaml
      vigil rules explain --format json
    """
    from timeline.rule_words import explanation, explanation_lines  # noqa: PLC0415

    found = _in_force(settings) if file is None else _of_file(file)
    if rule is not None and rule not in found.by_id:
        raise Misuse(f"there is no rule {rule!r}; there are {', '.join(found.by_id)}")
    chosen = found.rules if rule is None else (found.by_id[rule],)
    said = [explanation(each, found) for each in chosen]
    if form == "json":
        write_lines(map(encode_line, said))
        return
    click.echo("\n\n".join("\n".join(explanation_lines(each)) for each in said))


@rules.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_FORMAT
def test(*, files: tuple[str, ...], form: Format) -> None:
    """Run tests of rules: events in, alerts out; missing and unexpected ones are printed, exit 1. No broker is needed.

    docs/rules.md tells how a test is written.

    Example: vigil rules test rules.test.yaml
    """
    from cli.ruling.rule_test_files import read_tests  # noqa: PLC0415 - the core takes time to load
    from cli.ruling.rule_tests import run_tests  # noqa: PLC0415

    with _each_told():
        tests = [test for file in files for test in read_tests(file)]
    failed = 0
    for outcome in run_tests(tests):
        failed += not outcome.passed
        if form == "json":
            write_object(outcome.members())
        else:
            write_lines(line.encode() for line in outcome.lines())
    if failed:
        raise Failed(f"{failed} of {len(tests)} tests failed")
    if form == "text":
        click.echo(f"{len(tests)} test{'' if len(tests) == 1 else 's'} passed")


@rules.command()
@click.argument("file")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@with_settings
def apply(settings: Settings, *, file: str, dry_run: bool) -> None:
    """Put a rule set in force; alerts are told anew as one difference. The set in force again changes nothing.

    Says which rules are added, removed, revised (their alerts may change) and reworded (only their rationale differs).

    \b
    Examples:
      vigil rules apply rules.yaml --dry-run
      vigil rules apply rules.yaml
    """
    text = read_text(file)
    applied = check_rules(text, file)
    bootstrap = find_bootstrap(settings)
    if dry_run:
        change = changes(bootstrap, applied, topic_prefix=settings.topic_prefix)
    else:
        change = apply_rules(bootstrap, text, topic_prefix=settings.topic_prefix)
    members = (change or Change()).members()
    write_object({"changed": change is not None, **members, "rules": len(applied.rules), "version": applied.version})


@contextmanager
def _each_told() -> Iterator[None]:
    """Tell mistakes in a line each, and end with the last."""
    try:
        yield
    except Mistakes as error:
        for line in error.lines[:-1]:
            tell(line)
        raise Failed(error.lines[-1]) from error


def _in_force(settings: Settings) -> RuleSet:
    found = rules_in_force(find_bootstrap(settings), topic_prefix=settings.topic_prefix)
    if found is None:
        raise Failed(_NONE_YET)
    return found


def _of_file(file: str) -> RuleSet:
    return check_rules(default_rules(), "rules.yaml") if file == "default" else read_rule_file(file)
