"""Write `schemas/json/` and `schemas/asyncapi.yaml`: `python -m tools.write_json_schemas`.

A test fails while a file is stale.
"""

from __future__ import annotations

from pathlib import Path

from schemas.async_api import async_api_yaml
from schemas.json_schema import json_schemas

SCHEMAS = Path(__file__).parent.parent / "schemas"


def main() -> None:
    """Write every file."""
    for name, text in json_schemas().items():
        (SCHEMAS / "json" / name).write_text(text, encoding="utf-8")
    (SCHEMAS / "asyncapi.yaml").write_text(async_api_yaml(), encoding="utf-8")


if __name__ == "__main__":
    main()
