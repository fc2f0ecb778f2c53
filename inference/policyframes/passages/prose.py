"""Tells the ordinary paragraph at a glance, so that nearly all text needs no second look.

It looks at all of a text, or of many texts, at once. What it takes for ordinary is ordinary by the rules of `blocks`,
`joins` and `words`; of the rest it says nothing, and those rules decide.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from policyframes.documents.document import Block, BlockKind
from policyframes.passages.characters import count_words_and_odd
from policyframes.passages.grouping import MAX_WORDS, MIN_WORDS
from policyframes.passages.parts import BULLET, Span
from policyframes.passages.words import PLAIN_SHARE, is_noise

# No heading is longer.
_HEADING_WORDS = 20
CAPTION_WORDS = 40
CAPTION = re.compile(
    r"(?:figure|fig\.|table|chart|map|box|photo|image|exhibit|source|credit)s?\b\s*(?:\d|[ivx]+\b|[:.])",
    re.IGNORECASE,
)
_REFERENCE_WORDS = 80
_REFERENCE = re.compile(
    r"(?:\[\d{1,3}\]|\d{1,3}[.)]?|[¹²³⁴-⁹]+)\s*"
    r"(?:see\b|ibid\b|cf\.|.{0,200}(?:https?://|\bdoi\b|\bU\.S\.C\.|\bC\.F\.R\.|\bP\.L\.|\bpp?\. ?\d|\bvol\. ?\d))",
    re.IGNORECASE | re.DOTALL,
)
# One of them stands in whatever this pattern finds, and looking for it is many times as fast.
_REFERENCE_MARKS = ("see", "ibid", "cf.", "http", "doi", "u.s.c.", "c.f.r.", "p.l.", "p.", "vol.")
_ENDS = ".!?…:;"
_CLOSERS = "\"”’')]»"
_OPENERS = "\"“‘'"
# What may lead a list item, and of these what may as well lead a paragraph that is none.
_LEADERS = frozenset("-*•◦▪●○■□‣⁃–—(" + string.digits + string.ascii_lowercase)
_MAY_BEGIN = frozenset("(" + string.digits)
# What a byte answers: it may not stand there, it may, or the character must be looked at.
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
        plain: whether it is so by its plain words, of which more than three in four are: then so is every run of such.
        single: whether it is all of that, and neither so short, so long nor so open that it is no passage by itself.
        words: number of its words; 0 where they were not counted.
    """

    spans: Sequence[Span]
    prose: list[bool]
    items: list[bool]
    sound: list[bool]
    plain: list[bool]
    single: list[bool]
    words: list[int]

    def take(self, first: int, last: int, *, offset: int = 0) -> Glance:
        """Return what there is of the blocks from `first` to before `last`, counted from `offset` on."""
        spans = [(start - offset, end - offset) for start, end in self.spans[first:last]]
        words = self.words[first:last]

        def choose(flags: list[bool]) -> frozenset[Span]:
            return frozenset(span for span, is_chosen in zip(spans, flags[first:last], strict=True) if is_chosen)

        known = {span: count for span, count in zip(spans, words, strict=True) if count}
        return Glance(choose(self.prose), choose(self.items), choose(self.sound), known)


def is_reference(content: str, words: int) -> bool:
    """Return whether a stretch of so many words is a numbered note that cites."""
    if words > _REFERENCE_WORDS:
        return False
    small = content.lower()
    return any(mark in small for mark in _REFERENCE_MARKS) and _REFERENCE.match(content) is not None


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
        return Looks(spans, [], [], [], [], [], [])
    data = text.encode("latin-1", "replace")
    starts, ends = np.array(spans, dtype=np.intp).T
    words, odd = count_words_and_odd(text, data, starts, ends)
    plain = words - odd > PLAIN_SHARE * words
    sound = plain.copy()
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
    single = prose & plain & (words >= MIN_WORDS) & (words <= MAX_WORDS) & (characters[ends - 1] != ord(":"))
    return Looks(spans, prose.tolist(), items.tolist(), sound.tolist(), plain.tolist(), single.tolist(), words.tolist())


def _read_ends(text: str, start: int, end: int, words: int) -> BlockKind | None:
    """Return what a stretch of so many words is that begins like prose and ends like it; None where it may not."""
    first, last = text[start], text[end - 1]
    if last not in _ENDS and not (last in _CLOSERS and text[end - 2] in _ENDS):
        return None
    if words <= CAPTION_WORDS and CAPTION.match(text, start, end):
        return None
    if "A" <= first <= "Z" or first in _OPENERS:
        return BlockKind.PARAGRAPH
    if first not in _LEADERS or (first.isdigit() and is_reference(text[start:end], words)):
        return None
    if BULLET.match(text, start, end):
        return BlockKind.LIST_ITEM
    return BlockKind.PARAGRAPH if first in _MAY_BEGIN else None


def _is_text(content: str) -> bool:
    return any(map(str.isalpha, content)) and not is_noise(content)
