"""`vigil rules`: check a rule set, see the one in force, put another in force."""

from __future__ import annotations

import click

from cli.output import encode_line, write_lines, write_object
from cli.rule_log import apply_rules, check_rules, read_rule_file, rule_text, rules_in_force
from cli.settings import Settings, find_bootstrap, with_settings
from schemas.errors import Failed
from schemas.rule import RuleSet


@click.group()
def rules() -> None:
    """Check, list and apply the rules that raise alerts.

    A rule set is a YAML file such as rules.yaml; the whole set is applied at once. Kinds: match, threshold.

    \b
    Example:
      vigil rules check rules.yaml && vigil rules apply rules.yaml
    """


@rules.command()
@click.argument("file")
def check(file: str) -> None:
    """Say what is wrong with a rule set: file, line, field and reason; exit 1. No broker is needed.

    Example: vigil rules check rules.yaml
    """
    found = read_rule_file(file)
    write_object({"rules": len(found.rules), "version": found.version})


@rules.command(name="list")
@click.option("--table", is_flag=True, help="A table for people.")
@with_settings
def list_rules(settings: Settings, *, table: bool) -> None:
    """Print the rules in force, one line each.

    Example: vigil rules list --table
    """
    found = rules_in_force(find_bootstrap(settings), topic_prefix=settings.topic_prefix)
    if found is None:
        raise Failed("no rules were applied yet; apply some with `vigil rules apply rules.yaml`")
    if table:
        from cli.tables import rules_table  # noqa: PLC0415

        rules_table(_lines(found))
    else:
        write_lines(_lines(found))


@rules.command()
@click.argument("file")
@with_settings
def apply(settings: Settings, file: str) -> None:
    """Put a rule set in force; alerts are told anew as one difference. The set in force again changes nothing.

    Example: vigil rules apply rules.yaml
    """
    text = rule_text(file)
    check_rules(text, file)
    bootstrap = find_bootstrap(settings)
    applied, changed = apply_rules(bootstrap, text, topic_prefix=settings.topic_prefix)
    write_object({"changed": changed, "rules": len(applied.rules), "version": applied.version})


def _lines(found: RuleSet) -> list[bytes]:
    return [
        encode_line({**rule.model_dump(mode="json", exclude_none=True), "version": rule.version})
        for rule in found.rules
    ]
