"""Cuts a text into words with their offsets, blind to accents, to kinds of dashes, apostrophes and spaces.

Owns what a word is. Knows nothing of terms.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import accumulate

# An abbreviation with dots, or letters and digits with apostrophes between them; an underscore is no letter.
_WORD = re.compile(r"([A-Z](?:\.[A-Z])+(?![^\W_])\.?(?:'?s(?![^\W_]))?|[^\W_]+(?:'[^\W_]+)*)")
_APOSTROPHES = "\u2018\u2019\u201a\u201b\u02bc\u02b9\u2032\u00b4\uff07"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2043\u2212\ufe58\ufe63\uff0d"
# Marks of notes are letters or digits to Unicode, and stand glued to the word that they annotate.
_NOTE_MARKS = "\u00b9\u00b2\u00b3\u2070\u2074\u2075\u2076\u2077\u2078\u2079\u00aa\u00ba"
_UNDRAWN = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_FIRST_ACCENTED, _LAST_ACCENTED = 0xC0, 0x24F
_FIRST_VIETNAMESE, _LAST_VIETNAMESE = 0x1E00, 0x1EFF
_MARKS = "".join(map(chr, range(0x300, 0x370)))


def _list_replacements() -> dict[int, str]:
    table = dict.fromkeys(map(ord, _APOSTROPHES), "'") | dict.fromkeys(map(ord, _HYPHENS), "-")
    table |= dict.fromkeys(map(ord, _NOTE_MARKS), " ") | dict.fromkeys(map(ord, _UNDRAWN + _MARKS), "")
    for code in (*range(_FIRST_ACCENTED, _LAST_ACCENTED + 1), *range(_FIRST_VIETNAMESE, _LAST_VIETNAMESE + 1)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii():
            table[code] = base
    # Letters that do not come apart by Unicode's own rules.
    letters = "Øø", "Łł", "Đđ", "Ææ", "Œœ", "ẞß"
    plain = "Oo", "Ll", "Dd", ("AE", "ae"), ("OE", "oe"), ("SS", "ss")
    for pair, bases in zip(letters, plain, strict=True):
        table |= {ord(letter): base for letter, base in zip(pair, bases, strict=True)}
    ligatures = zip("\ufb00\ufb01\ufb02\ufb03\ufb04", ("ff", "fi", "fl", "ffi", "ffl"), strict=True)
    return table | {ord(letter): base for letter, base in ligatures}


_REPLACEMENTS = _list_replacements()
# Replacing these moves all that follows, so that offsets must be carried along.
_MOVING = re.compile("[" + "".join(chr(code) for code, base in _REPLACEMENTS.items() if len(base) != 1) + "]")


@dataclass(frozen=True)
class Words:
    """The words of a text.

    Attributes:
        words: without accents, with straight apostrophes, abbreviations without their dots; in their own capitals.
        gaps: what stands between each word and the next, dashes as hyphens; one less than there are words.
        text: that they were cut from.
        pieces: gap, word, gap, word, ..., gap: all of the text without accents and the like.
    """

    words: list[str]
    gaps: list[str]
    text: str
    pieces: list[str]

    def locate(self) -> list[tuple[int, int]]:
        """Return where each word starts in the text and where it ends, exclusive, in code points."""
        bounds = list(accumulate(map(len, self.pieces)))
        spans = list(zip(bounds[::2], bounds[1::2], strict=False))
        if not _MOVING.search(self.text):
            return spans
        origins = [number for number, letter in enumerate(self.text) for _ in _REPLACEMENTS.get(ord(letter), letter)]
        return [(origins[start], self._find_end(origins[end - 1] + 1)) for start, end in spans]

    def _find_end(self, end: int) -> int:
        """Return where a word ends whose last letter carries marks of its own, which are part of it."""
        while end < len(self.text) and _REPLACEMENTS.get(ord(self.text[end])) == "":
            end += 1
        return end


def cut_words(text: str) -> Words:
    """Return the words of a text."""
    plain = text if text.isascii() else text.translate(_REPLACEMENTS)
    pieces = _WORD.split(plain)
    words = pieces[1::2]
    if "." in plain:
        words = [word.replace(".", "") if "." in word else word for word in words]
    return Words(words, pieces[2:-1:2], text, pieces)
