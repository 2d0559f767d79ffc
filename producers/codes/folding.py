"""Names folded to plain ASCII, so that spelling variants of one name meet and an id can be made of any name."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import Final
from unicodedata import normalize

# Letters that do not come apart into a plain letter and a mark.
_LETTERS: Final = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "ı": "i"}
)
_APOSTROPHES: Final = re.compile(r"['’‘ʼʻ`´ʿʾ]")
_OTHER: Final = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=65_536)
def fold(name: str) -> str:
    """Return the name in small ASCII letters and digits with hyphens between words; `Jama'a Nusrat` is `jamaa-nusrat`.

    A name without any such letter (in another script) folds to `x-` and the first 12 digits of its SHA-256.
    """
    plain = normalize("NFKD", name.translate(_LETTERS))
    plain = _APOSTROPHES.sub("", "".join(c for c in plain if not "\u0300" <= c <= "\u036f")).lower()
    folded = _OTHER.sub("-", plain).strip("-")
    return folded or "x-" + sha256(name.encode()).hexdigest()[:12]
