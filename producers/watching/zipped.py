"""Zip archives with one file, as GDELT serves them: some are empty, some arrive torn."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

from schemas.errors import BadInput

ZIP: Final = b"PK\x03\x04"
LIMIT_BYTES: Final = 256 << 20


def unzipped(content: bytes) -> bytes:
    """Return the one file of an archive; empty when there is none, or nothing at all.

    Raises:
        BadInput: it is damaged, holds several files, or more than 256 MiB.
    """
    if not content:
        return b""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [member for member in archive.infolist() if not member.is_dir() and member.file_size]
            if len(files) > 1:
                raise BadInput(f"expected one file in the archive, found {len(files)}")
            if any(member.file_size > LIMIT_BYTES for member in files):
                raise BadInput(f"the file in the archive has over {LIMIT_BYTES} bytes")
            # Reading checks length and checksum.
            return b"".join(map(archive.read, files))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise BadInput(f"the archive is damaged: {error}") from error
