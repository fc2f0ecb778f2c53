"""The words of many texts at once, as numbers: found and hashed by numpy, without a string for each.

What a word is, is told by `find_words`; `hash_words` finds the same ones and never makes them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

# A line-end hyphen inside a word is typesetting; lower case on both sides keeps "US-\nMexico" apart.
_HYPHENATED = re.compile(r"(?<=[a-z])[-\u00ad]\n(?=[a-z])")
_HYPHEN_END = "-\n"
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
# Beyond ASCII, what is in no word.
_BETWEEN_WORDS = re.compile(r"[^\x00-\x7f\w]+")
_SPACE = re.compile(rb"[ \n]")
# The marks of typesetting, beside which most texts hold nothing beyond ASCII. A point stands for those that, like it,
# are looked past where a sigma asks whether it ends a word.
_MARKS = {**dict.fromkeys("\u201c\u201d\u2013\u2014\u2022\u00a0", " "), "\u2018": ".", "\u2026": ".", "\u2019": "'"}

# Stands after each text; no byte of UTF-8.
_END = b" \xff "
_END_CODE = 0xFF
_APOSTROPHE = ord("'")
# Odd, so that no two numbers have one product modulo 2**64.
_BASE = 0x9E3779B97F4A7C15
# Bytes of a word that are read at once, as one number.
_PIECE = 8
_HALF = 32
_MASKS = np.array([2 ** (8 * length) - 1 for length in range(_PIECE + 1)], dtype=np.uint64)
# Longer words are too rare to be hashed together.
_LONG = 4 * _PIECE
# Longer runs of text are hashed in parts, so that what is reckoned fits into the processor's cache.
_BLOCK = 2**17

Hashes = npt.NDArray[np.int64]


def find_words(text: str) -> list[str]:
    """Return the words of a passage in lower case, without typesetting."""
    return _WORD.findall(_normalise(text).lower())


def hash_words(texts: Sequence[str]) -> tuple[Hashes, Hashes]:
    """Return a hash of each word of all texts, with a word that no text holds after each text, and whose text it is.

    The hash goes by pieces of eight bytes, as a polynomial modulo 2**64 (Karp and Rabin 1987, "Efficient randomized
    pattern-matching algorithms") whose sums are mixed: most words are one piece and their own hash.

    Args:
        texts: n texts.

    Returns:
        Hashes, shape (words + n,), and the place of each one's text, ascending.
    """
    # Most texts are ready as they are, and asking that here costs half of what asking it in a function does.
    encoded = [text.encode() if text.isascii() and _HYPHEN_END not in text else _prepare(text) for text in texts]
    blocks = [_hash_block(block) for block in _cut(_END.join([*encoded, b""]))] or [_hash_block(b"")]
    hashes, is_end = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return hashes, np.cumsum(is_end) - is_end


def join_hyphens(text: str) -> str:
    """Return a passage without the hyphens that end lines inside words."""
    # The expression alone costs more than scoring a passage.
    return _HYPHENATED.sub("", text) if _HYPHEN_END in text or "\u00ad\n" in text else text


def _normalise(text: str) -> str:
    text = join_hyphens(text)
    return text if text.isascii() else unicodedata.normalize("NFKC", text).replace("’", "'")


def _prepare(text: str) -> bytes:
    """Return a text of which `_CODES` tells the words: in UTF-8, and beyond ASCII in lower case and words alone."""
    if not text.isascii():
        # A replacement each is ten times as fast as the expression below.
        for mark, plain in _MARKS.items():
            text = text.replace(mark, plain)
    if text.isascii():
        return join_hyphens(text).encode()
    return _BETWEEN_WORDS.sub(" ", _normalise(text).lower()).encode("utf-8", "replace")


def _make_codes() -> bytes:
    """Return what a byte counts for: a letter in lower case, an apostrophe, anything beyond ASCII; else 0."""
    codes = bytearray(256)
    for code in range(128):
        if chr(code).isalnum() or code == _APOSTROPHE:
            codes[code] = ord(chr(code).lower())
    codes[128:] = range(128, 256)
    return bytes(codes)


_CODES = _make_codes()


def _hash_block(text: bytes) -> tuple[Hashes, npt.NDArray[np.bool_]]:
    """Return the hashes of the words of a text that ends with white space, and which of them are ends of texts."""
    # The last piece may reach beyond the text.
    codes = np.frombuffer(bytearray(text.translate(_CODES) + bytes(_PIECE)), dtype=np.uint8)
    quotes = np.flatnonzero(codes == _APOSTROPHE)
    # Every block ends with white space, so that nothing follows the last and nothing comes before the first.
    inside = (codes[quotes - 1] != 0) & (codes[quotes + 1] != 0)
    inside &= (codes[quotes - 1] != _APOSTROPHE) & (codes[quotes + 1] != _APOSTROPHE)
    codes[quotes[~inside]] = 0
    within = codes != 0
    edges = np.flatnonzero(within[1:] != within[:-1]) + 1
    if within[0]:
        edges = np.concatenate([[0], edges])
    starts = edges[::2]
    # Told by the byte: a word could have the hash of an end.
    return _hash_spans(codes, starts, edges[1::2]), codes[starts] == _END_CODE


def _hash_spans(codes: npt.NDArray[np.uint8], starts: Hashes, ends: Hashes) -> Hashes:
    pieces = np.ndarray(len(codes) - _PIECE + 1, dtype="<u8", buffer=codes.data, strides=(1,))
    lengths = ends - starts
    hashes = pieces[starts] & _MASKS[np.minimum(lengths, _PIECE)]
    for read in range(_PIECE, _LONG, _PIECE):
        longer = np.flatnonzero(lengths > read)
        rest = pieces[starts[longer] + read] & _MASKS[np.minimum(lengths[longer] - read, _PIECE)]
        # A product carries upwards alone: without the shift the last byte of a piece would hardly count.
        earlier = hashes[longer] ^ (hashes[longer] >> np.uint64(_HALF))
        hashes[longer] = earlier * np.uint64(_BASE) + rest
    for word in np.flatnonzero(lengths > _LONG).tolist():
        data = codes[starts[word] : ends[word]].tobytes()
        hashes[word] = int.from_bytes(blake2b(data, digest_size=_PIECE).digest(), "little")
    return np.asarray(hashes.view(np.int64))


def _cut(text: bytes) -> list[bytes]:
    """Return blocks of a text that ends with white space; each ends where white space is."""
    blocks, start = [], 0
    while start < len(text):
        found = _SPACE.search(text, start + _BLOCK)
        end = found.end() if found else len(text)
        blocks.append(text[start:end])
        start = end
    return blocks
