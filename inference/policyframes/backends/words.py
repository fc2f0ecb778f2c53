"""The words of many texts at once, as numbers: found and hashed by numpy, without a string for each.

What a word is, is told by `find_words`; `hash_words` finds the same ones and never makes them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# A line-end hyphen inside a word is typesetting; lower case on both sides keeps "US-\nMexico" apart.
_HYPHENATED = re.compile(r"(?<=[a-z])[-\u00ad]\n(?=[a-z])")
_ENDS_IN_HYPHEN = "-\n"
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
# Beyond ASCII, what is in no word.
_BETWEEN_WORDS = re.compile(r"[^\x00-\x7f\w]+")
# The marks of typesetting, beside which most texts hold nothing beyond ASCII. A point stands for those that, like it,
# are looked past where a sigma asks whether it ends a word.
_MARKS = {**dict.fromkeys("\u201c\u201d\u2013\u2014\u2022\u00a0", " "), "\u2018": ".", "\u2026": ".", "\u2019": "'"}

# Stands after each text; no byte of UTF-8.
_END = b" \xff "
_END_CODE = 0xFF
_APOSTROPHE = ord("'")
# Odd, so that it has an inverse modulo 2**64.
_BASE = 0x9E3779B97F4A7C15
_MODULUS = 2**64
# Longer runs of text are hashed in parts, so that the powers fit into the processor's cache.
_BLOCK = 2**17

Hashes = npt.NDArray[np.int64]


def find_words(text: str) -> list[str]:
    """Return the words of a passage in lower case, without typesetting."""
    return _WORD.findall(_normalise(text).lower())


def hash_words(texts: Sequence[str]) -> tuple[Hashes, Hashes]:
    """Return a hash of each word of all texts, with a word that no text holds after each text, and whose text it is.

    The hash is a polynomial in the word's bytes modulo 2**64 (Karp and Rabin 1987, "Efficient randomized
    pattern-matching algorithms"): that of all words comes from one product and one sum over all bytes.

    Args:
        texts: n texts.

    Returns:
        Hashes, shape (words + n,), and the place of each one's text, ascending.
    """
    encoded = [_prepare(text) for text in texts]
    if sum(map(len, encoded)) <= _BLOCK:
        hashes = _hash_block(_END.join([*encoded, b""]))
    else:
        hashes = np.concatenate([np.empty(0, np.int64), *map(_hash_block, _cut(encoded))])
    is_end = hashes == _END_CODE
    return hashes, np.cumsum(is_end) - is_end


def join_hyphens(text: str) -> str:
    """Return a passage without the hyphens that end lines inside words."""
    # The expression alone costs more than scoring a passage.
    return _HYPHENATED.sub("", text) if _ENDS_IN_HYPHEN in text or "\u00ad\n" in text else text


def _normalise(text: str) -> str:
    text = join_hyphens(text)
    return text if text.isascii() else unicodedata.normalize("NFKC", text).replace("’", "'")


def _prepare(text: str) -> bytes:
    """Return a text of which `_CODES` tells the words: in UTF-8, and beyond ASCII in lower case and words alone."""
    if not text.isascii():
        # A replacement each is ten times as fast as the expression below.
        for mark, plain in _MARKS.items():
            text = text.replace(mark, plain)
    if not text.isascii():
        text = _BETWEEN_WORDS.sub(" ", _normalise(text).lower())
    elif _ENDS_IN_HYPHEN in text:
        text = join_hyphens(text)
    return text.encode("utf-8", "replace")


def _make_codes() -> bytes:
    """Return what a byte counts for: a letter in lower case, an apostrophe, anything beyond ASCII; else 0."""
    codes = bytearray(256)
    for code in range(128):
        if chr(code).isalnum() or code == _APOSTROPHE:
            codes[code] = ord(chr(code).lower())
    codes[128:] = range(128, 256)
    return bytes(codes)


_CODES = _make_codes()


def _hash_block(text: bytes) -> Hashes:
    codes = np.frombuffer(bytearray(text.translate(_CODES)), dtype=np.uint8)
    if not len(codes):
        return np.empty(0, dtype=np.int64)
    quotes = np.flatnonzero(codes == _APOSTROPHE)
    # Every block ends with white space, so that nothing follows the last and nothing comes before the first.
    inside = (codes[quotes - 1] != 0) & (codes[quotes + 1] != 0)
    inside &= (codes[quotes - 1] != _APOSTROPHE) & (codes[quotes + 1] != _APOSTROPHE)
    codes[quotes[~inside]] = 0
    within = codes != 0
    starts = np.flatnonzero(within[1:] > within[:-1]) + 1
    if within[0]:
        starts = np.concatenate([[0], starts])
    if not len(starts):
        return np.empty(0, dtype=np.int64)
    powers, inverses = _find_powers(len(codes))
    # Bytes between words count nothing, so that a word may be summed up to the start of the next.
    sums = np.add.reduceat(codes * powers[: len(codes)], starts)
    return np.asarray(sums * inverses[starts]).view(np.int64)


_powers = (np.ones(1, dtype=np.uint64), np.ones(1, dtype=np.uint64))


def _find_powers(count: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return at least so many powers of the base and of its inverse."""
    global _powers  # noqa: PLW0603 (a table that only ever grows; a lost one is made again)
    # Another thread may put a smaller one in its place.
    powers, inverses = _powers
    if len(powers) < count:
        length = 1 << (count - 1).bit_length()
        powers, inverses = (_multiply_up(base, length) for base in (_BASE, pow(_BASE, -1, _MODULUS)))
        _powers = powers, inverses
    return powers, inverses


def _multiply_up(base: int, length: int) -> npt.NDArray[np.uint64]:
    factors = np.full(length, base, dtype=np.uint64)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)


def _cut(encoded: Sequence[bytes]) -> list[bytes]:
    """Return the texts with their ends as blocks; one that is too long is cut where white space is."""
    blocks: list[bytes] = []
    for text in encoded:
        whole = text + _END
        start = 0
        while len(whole) - start > _BLOCK:
            cut = whole.find(b" ", start + _BLOCK)
            line = whole.find(b"\n", start + _BLOCK)
            end = min(place for place in (cut, line, len(whole) - 1) if place >= 0) + 1
            blocks.append(whole[start:end])
            start = end
        blocks.append(whole[start:])
    return _join_small(blocks)


def _join_small(parts: Sequence[bytes]) -> list[bytes]:
    blocks: list[bytes] = []
    held: list[bytes] = []
    size = 0
    for part in parts:
        if held and size + len(part) > _BLOCK:
            blocks.append(b"".join(held))
            held, size = [], 0
        held.append(part)
        size += len(part)
    return [*blocks, b"".join(held)]
