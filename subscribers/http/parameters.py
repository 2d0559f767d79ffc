"""The parameters of queries: the CLI's names and forms, and nothing that no route knows."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import Request

from subscribers.http.problems import FieldError, invalid_fields


def refuse_unknown(request: Request) -> None:
    """Refuse parameters that the route does not have: a filter with a typing error would choose everything.

    So is one that is given twice where it has one value.
    """
    known = _query_fields(request.scope["route"].dependant)
    counts = Counter(name for name, _ in request.query_params.multi_items())
    errors = [
        FieldError(
            field=name, reason="unknown parameter" + (f"; there are {', '.join(sorted(known))}" if known else "")
        )
        for name in counts
        if name not in known
    ]
    errors += [
        FieldError(field=name, reason="expected once, found more often")
        for name, count in counts.items()
        if count > 1 and not known.get(name, True)
    ]
    if errors:
        raise invalid_fields(errors)


def _query_fields(dependant: Any) -> dict[str, bool]:
    """Return by name of each query parameter whether it may be repeated; of dependencies too."""
    fields = {field.alias: _repeatable(field) for field in dependant.query_params}
    for each in dependant.dependencies:
        fields |= _query_fields(each)
    return fields


def _repeatable(field: Any) -> bool:
    return "list" in str(field.field_info.annotation)
