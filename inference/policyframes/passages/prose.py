"""Tells the ordinary paragraph at a glance, so that nearly all text needs no second look.

It looks at one byte a character instead of words, at all of a text or of many texts at once. What it takes for
ordinary is ordinary by the rules of `blocks`, `joins` and `words`; of the rest it says nothing, and those rules decide.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from policyframes.documents.document import Block, BlockKind
from policyframes.passages.parts import BULLET, Span
from policyframes.passages.words import PLAIN_SHARE, is_noise

Integers = npt.NDArray[np.intp]

# No heading is longer.
_HEADING_WORDS = 20
CAPTION_WORDS = 40
CAPTION = re.compile(
    r"(?:figure|fig\.|table|chart|map|box|photo|image|exhibit|source|credit)s?\b\s*(?:\d|[ivx]+\b|[:.])",
    re.IGNORECASE,
)
REFERENCE_WORDS = 80
REFERENCE = re.compile(
    r"(?:\[\d{1,3}\]|\d{1,3}[.)]?|[¹²³⁴-⁹]+)\s*"
    r"(?:see\b|ibid\b|cf\.|.{0,200}(?:https?://|\bdoi\b|\bU\.S\.C\.|\bC\.F\.R\.|\bP\.L\.|\bpp?\. ?\d|\bvol\. ?\d))",
    re.IGNORECASE | re.DOTALL,
)
_ENDS = ".!?…:;"
_CLOSERS = "\"”’')]»"
_OPENERS = "\"“‘'"
# What may lead a list item, and of these what may as well lead a paragraph that is none.
_LEADERS = frozenset("-*•◦▪●○■□‣⁃–—(" + string.digits + string.ascii_lowercase)
_MAY_BEGIN = frozenset("(" + string.digits)
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
_NO, _YES, _ASK = 0, 1, 2


def _answer(sure: str, unsure: str) -> npt.NDArray[np.uint8]:
    """Return for each byte whether its character is one of those that are sought, or may stand for one."""
    return np.array([_YES if chr(c) in sure else _ASK if chr(c) in unsure else _NO for c in range(256)], dtype=np.uint8)


_BEGINS = _answer(string.ascii_uppercase + "\"'", "?(-*" + string.digits + string.ascii_lowercase)
_STOPS = _answer(".!:;", "?\"')]»")


@dataclass(frozen=True)
class Glance:
    """What a look at the blocks of a text tells of them.

    Attributes:
        prose: ordinary paragraphs and list items, whatever stands around them.
        items: those of them that are list items.
        sound: blocks that are no noise, all prose among them.
        words: number of words of each block whose words were counted, all prose among them.
    """

    prose: frozenset[Span] = frozenset()
    items: frozenset[Span] = frozenset()
    sound: frozenset[Span] = frozenset()
    words: dict[Span, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Looks:
    """The same for the blocks of many texts, of which each entry is about one.

    Attributes:
        spans: where it lies.
        prose: whether it is an ordinary paragraph or list item, whatever stands around it.
        items: whether it is such a list item.
        sound: whether it is surely no noise.
        words: number of its words; 0 where they were not counted.
    """

    spans: Sequence[Span]
    prose: list[bool]
    items: list[bool]
    sound: list[bool]
    words: list[int]

    def take(self, first: int, last: int, *, offset: int = 0) -> Glance:
        """Return what there is of the blocks from `first` to before `last`, counted from `offset` on."""
        spans = [(start - offset, end - offset) for start, end in self.spans[first:last]]
        words = self.words[first:last]

        def choose(flags: list[bool]) -> frozenset[Span]:
            return frozenset(span for span, is_chosen in zip(spans, flags[first:last], strict=True) if is_chosen)

        known = {span: count for span, count in zip(spans, words, strict=True) if count}
        return Glance(choose(self.prose), choose(self.items), choose(self.sound), known)


def find_prose(text: str, blocks: Sequence[Block]) -> Glance:
    """Look at the blocks of a text.

    Args:
        text: the canonical text.
        blocks: its blocks in order, trimmed.
    """
    looks = look_at(text, [block.span for block in blocks], [block.kind is BlockKind.PARAGRAPH for block in blocks])
    return looks.take(0, len(blocks))


def look_at(text: str, spans: Sequence[Span], paragraphs: Sequence[bool] | None = None) -> Looks:
    """Tell which stretches of a text are ordinary paragraphs or list items, whatever stands around them.

    Such a one is prose of more words than a heading has, begins like a sentence and ends like one: it is no
    heading, caption, reference, table, contents or noise, and no other goes on from it.

    Args:
        text: one canonical text, or several with white space between them.
        spans: n stretches of it in order, trimmed.
        paragraphs: whether each of them may be an ordinary paragraph; None: all.
    """
    if not spans:
        return Looks(spans, [], [], [], [])
    data = text.encode("latin-1", "replace")
    starts, ends = np.array(spans, dtype=np.intp).T
    words, odd = _count(text, data, starts, ends)
    plain = words - odd
    sound = plain > PLAIN_SHARE * words
    characters = np.frombuffer(data, np.uint8)
    begins, stops = _BEGINS[characters[starts]], _STOPS[characters[ends - 1]]
    may_be = (words > _HEADING_WORDS) & (begins != _NO) & (stops != _NO)
    if paragraphs is not None:
        may_be &= np.array(paragraphs, dtype=np.bool_)
    is_sure = sound & (begins == _YES) & (stops == _YES) & (words > CAPTION_WORDS)
    prose, items = may_be & is_sure, np.zeros(len(spans), dtype=np.bool_)
    for index in np.flatnonzero(may_be & ~is_sure).tolist():
        start, end = spans[index]
        kind = _read_ends(text, start, end, int(words[index]))
        if kind is not None and (sound[index] or _is_text(text[start:end])):
            prose[index], items[index], sound[index] = True, kind is BlockKind.LIST_ITEM, True
    return Looks(spans, prose.tolist(), items.tolist(), sound.tolist(), words.tolist())


def _count(text: str, data: bytes, starts: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """Return how many words each stretch has, 0 where it is irregular, and how many of them are odd at most.

    Odd is a word that is more than small letters, after one capital or none, before a mark or none.
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


def _resolve(text: str, at: Integers, code: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the codes with those of characters beyond Latin-1 that part columns or words."""
    wide = np.flatnonzero(code == _WIDE)
    are_marks = [text[position] in _WIDE_MARKS for position in at[wide].tolist()]
    code = code.copy()
    code[wide[np.array(are_marks, dtype=np.bool_)]] = _COLUMN
    return code


def _join_neighbours(code: npt.NDArray[np.uint8], at: Integers, length: int) -> npt.NDArray[np.uint16]:
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


def _read_ends(text: str, start: int, end: int, words: int) -> BlockKind | None:
    """Return what a stretch of so many words is that begins like prose and ends like it; None where it may not."""
    first, last = text[start], text[end - 1]
    if last not in _ENDS and not (last in _CLOSERS and text[end - 2] in _ENDS):
        return None
    if words <= CAPTION_WORDS and CAPTION.match(text, start, end):
        return None
    if "A" <= first <= "Z" or first in _OPENERS:
        return BlockKind.PARAGRAPH
    if first not in _LEADERS or (first.isdigit() and words <= REFERENCE_WORDS and REFERENCE.match(text, start, end)):
        return None
    if BULLET.match(text, start, end):
        return BlockKind.LIST_ITEM
    return BlockKind.PARAGRAPH if first in _MAY_BEGIN else None


def _is_text(content: str) -> bool:
    return any(map(str.isalpha, content)) and not is_noise(content)
