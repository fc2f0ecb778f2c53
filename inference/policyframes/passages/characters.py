"""Counts words, and those that are no plain ones, in many stretches of a text at once, by its characters alone.

One byte a character is looked at; of those that are no small letters, one in four, the one before and the one after.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.intp]

# White space beyond Latin-1, and the ellipsis, which may lead to a page number.
_WIDE_MARKS = frozenset(
    "\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000…"
)

# What a character is. Small letters are left out of account: three characters in four are.
_LETTER, _SPACE, _CAPITAL, _MARK, _OTHER, _COLUMN, _WIDE = range(7)
_CODE_BITS = 3
# What a character is, with the one before it and the one after, may make of its word, or of its block.
_ODD, _IRREGULAR = 1, 2


def _classify(character: str) -> int:
    if character in "\t|":
        return _COLUMN
    if character.isspace():
        return _SPACE
    if "a" <= character <= "z" or "à" <= character <= "ÿ":
        return _LETTER
    if character.isupper():
        return _CAPITAL
    # What is not of Latin-1 has become a question mark.
    return _MARK if character in ".,;:" else _WIDE if character == "?" else _OTHER


def _judge(before: int, code: int, after: int) -> int:
    """Return what a character tells between two others, where a word is an optional letter, small ones, and a mark.

    A block is irregular where two spaces or two marks meet, or a space and then a mark, as in columns and leaders.
    """
    if code == _COLUMN or (code in {_SPACE, _MARK} and before == _SPACE) or (code == before == _MARK):
        return _IRREGULAR
    if code in {_OTHER, _WIDE}:
        return _ODD
    if code == _CAPITAL:
        return _ODD if before != _SPACE or after in {_SPACE, _MARK} else 0
    return _ODD if code == _MARK and after != _SPACE else 0


_CODES = bytes(_classify(chr(code)) for code in range(256))
_SIZE = 1 << _CODE_BITS
_JUDGEMENTS = np.array(
    [_judge(before, code, after) for before in range(_SIZE) for code in range(_SIZE) for after in range(_SIZE)],
    dtype=np.uint8,
)


def count_words_and_odd(text: str, data: bytes, starts: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """Return how many words each stretch has, 0 where it is irregular, and how many of them are odd at most.

    Odd is a word that is more than small letters, after one capital or none, before a mark or none.

    Args:
        text: the canonical text, of m characters.
        data: the same in Latin-1, with question marks for what that has not, m bytes.
        starts: where each of n stretches begins, shape (n,).
        ends: after its last character, shape (n,).
    """
    codes = np.frombuffer(data.translate(_CODES), np.uint8)
    # Of truth values the library finds those that are true nine times as fast as of numbers.
    at = np.flatnonzero(codes != _LETTER)
    code = codes[at]
    if not text.isascii():
        code = _resolve(text, at, code)
    told = _JUDGEMENTS[_join_neighbours(code, at, len(data))]
    spaces = np.cumsum(code == _SPACE)
    strange = np.flatnonzero(told == _ODD)
    # One of several in the same word counts.
    number = spaces[strange]
    strange = strange[np.flatnonzero(np.diff(number, prepend=-1))]
    irregular = np.flatnonzero(told == _IRREGULAR)
    firsts, lasts = np.searchsorted(at, starts), np.searchsorted(at, ends)
    before = np.concatenate([[0], spaces])
    words = before[lasts] - before[firsts] + 1
    # Words of neighbours without a space between them would be one.
    is_regular = _tally(irregular, firsts, lasts) == 0
    is_regular &= (starts == 0) | (codes[np.maximum(starts - 1, 0)] == _SPACE)
    return np.where(is_regular, words, 0), _tally(strange, firsts, lasts)


def _tally(places: Integers, firsts: Integers, lasts: Integers) -> Integers:
    return np.searchsorted(places, lasts) - np.searchsorted(places, firsts)


def _resolve(text: str, at: Integers, code: Codes) -> Codes:
    """Return the codes with those of characters beyond Latin-1 that part columns or words."""
    wide = np.flatnonzero(code == _WIDE)
    are_marks = [text[position] in _WIDE_MARKS for position in at[wide].tolist()]
    code = code.copy()
    code[wide[np.array(are_marks, dtype=np.bool_)]] = _COLUMN
    return code


def _join_neighbours(code: Codes, at: Integers, length: int) -> npt.NDArray[np.uint16]:
    """Return the codes of each character, the one before it and the one after as one number."""
    touching = np.diff(at) == 1
    joined: npt.NDArray[np.uint16] = np.left_shift(code, _CODE_BITS, dtype=np.uint16)
    joined[1:] |= (code[:-1] * touching).astype(np.uint16) << 2 * _CODE_BITS
    joined[:-1] |= code[1:] * touching
    # Nothing stands before the first character of all, and after the last one, as after a space.
    if len(at) and at[0] == 0:
        joined[0] |= _SPACE << 2 * _CODE_BITS
    if len(at) and at[-1] == length - 1:
        joined[-1] |= _SPACE
    return joined
