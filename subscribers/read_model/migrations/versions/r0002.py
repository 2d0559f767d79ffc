"""Indexes in the order in which pages of the timeline and of alerts are read, and for all that was told of a scope."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("ix_assertions_first_day_id", "assertions", ["first_day", "id"])
    op.create_index("ix_transitions_first_day_rule_scope_alert", "transitions", ["first_day", "rule", "scope", "alert"])
    op.create_index("ix_transitions_scope_rule", "transitions", ["scope", "rule"])
