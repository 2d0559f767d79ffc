"""Files as they are, and the ways to damage them; each way is a function of the file and a seeded random."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
Damage = Callable[[bytes, Random], bytes]


def whole_files(feed: str) -> dict[str, bytes]:
    """The recorded files of a feed by name, in each of its layouts."""
    paths = sorted((ROOT / "tests" / "recorded").glob(f"{feed}.*"))
    if feed == "vigil":
        paths.append(ROOT / "samples" / "mali-2021.jsonl")
    return {path.name: path.read_bytes() for path in paths}


def cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content))]


def cut_out(content: bytes, random: Random) -> bytes:
    start, end = sorted(random.randrange(len(content)) for _ in range(2))
    return content[:start] + content[end:]


def flip_bits(content: bytes, random: Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(random.choice((1, 10, len(content) // 20))):
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def write_zeros(content: bytes, random: Random) -> bytes:
    start = random.randrange(len(content))
    return content[:start] + bytes(random.choice((1, 500, 70_000))) + content[start:]


def encode_otherwise(content: bytes, random: Random) -> bytes:
    encoding = random.choice(("latin-1", "cp1252", "cp1251", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"))
    return content.decode().encode(encoding, errors="replace")


def mark(content: bytes, random: Random) -> bytes:
    return random.choice((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"\x00", b"\x1f\x8b\x08", b"PK\x03\x04")) + content


def widen(content: bytes, random: Random) -> bytes:
    """Put in a line of 100,000 columns, also as the first one."""
    cell = random.choice((b",", b"\t", b'"",', b'"', b'{"id":'))
    lines = content.split(b"\n")
    lines.insert(random.randrange(min(5, len(lines)) + 1), b"1" + cell * 100_000)
    return b"\n".join(lines)


def shuffle(content: bytes, random: Random) -> bytes:
    """Exchange parts of the file that end anywhere."""
    places = sorted(random.randrange(len(content)) for _ in range(6))
    parts = [content[a:b] for a, b in zip([0, *places], [*places, len(content)], strict=True)]
    random.shuffle(parts)
    return b"".join(parts)


def nest(content: bytes, random: Random) -> bytes:
    """Put in brackets that are nested too deeply for any reader that calls itself."""
    start = random.randrange(len(content))
    opening = random.choice((b"[", b'{"a":', b"<p>"))
    return content[:start] + opening * 200_000 + content[start:]


DAMAGES: tuple[Damage, ...] = (cut, cut_out, flip_bits, write_zeros, encode_otherwise, mark, widen, shuffle, nest)
