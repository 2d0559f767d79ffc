"""Which files are an archive: told from names and first bytes, without what reads Parquet, which takes time to load."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PART_NAME: Final = "part-[0-9][0-9][0-9][0-9][0-9][0-9].parquet"
_PARQUET: Final = b"PAR1"


def parts_of(folder: Path) -> list[Path]:
    """Return the parts of an archive, in their order."""
    return sorted(folder.glob(PART_NAME))


def is_archive(path: Path) -> bool:
    """Return whether this is a folder with parts, or a Parquet file."""
    if path.is_dir():
        return bool(parts_of(path))
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_PARQUET)) == _PARQUET
