"""Write `schemas/json/`: `python -m tools.write_json_schemas`; a test fails while the files are stale."""

from __future__ import annotations

from pathlib import Path

from schemas.json_schema import json_schemas

FOLDER = Path(__file__).parent.parent / "schemas" / "json"


def main() -> None:
    """Write every schema file."""
    for name, text in json_schemas().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
