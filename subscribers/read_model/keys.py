"""Text that a database can compare and index.

PostgreSQL takes no NUL in text and indexes no more than some 2,600 bytes a row; feeds may say both. What is searched
for has to be made so too.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

MOST_BYTES: Final = 900
_SURELY_SHORT: Final = MOST_BYTES // 4  # of characters, none of which takes more than four bytes


def key_text(text: str) -> str:
    """Return the text itself, or, of one with a NUL or of more than `MOST_BYTES`, another that stands for it alone."""
    if len(text) <= _SURELY_SHORT and "\0" not in text:
        return text
    encoded = text.encode()
    if len(encoded) <= MOST_BYTES and b"\0" not in encoded:
        return text
    kept = encoded[: MOST_BYTES - 65].replace(b"\0", b"").decode(errors="ignore")
    return f"{kept}#{sha256(encoded).hexdigest()}"
