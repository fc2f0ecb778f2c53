"""Tells the ordinary paragraph at a glance, so that nearly all text needs no second look.

It looks at one byte a character instead of words. What it takes for ordinary is ordinary by the rules of `blocks`,
`joins` and `words`; of the rest it says nothing, and those rules decide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from policyframes.documents.document import Block, BlockKind
from policyframes.passages.words import is_noise

Prose = dict[tuple[int, int], int]
"""Ordinary paragraphs, as (start, end), with the number of their words."""

# No heading is longer.
_HEADING_WORDS = 20
CAPTION_WORDS = 40
_MOST_ODD = 0.25
_ENDS = ".!?…:;"
_CLOSERS = "\"”’')]»"
_OPENERS = "\"“‘'"
# Tables, leaders of a table of contents: the other marks of these need two spaces or two marks in a row.
_COLUMN_MARKS = ("\t", "|", "…")
CAPTION = re.compile(
    r"(?:figure|fig\.|table|chart|map|box|photo|image|exhibit|source|credit)s?\b\s*(?:\d|[ivx]+\b|[:.])",
    re.IGNORECASE,
)
# White space beyond Latin-1, which a shape shows as odd characters.
_WIDE_SPACES = re.compile("[\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")


def _describe(character: str) -> str:
    if character.isspace():
        return " "
    if "a" <= character <= "z" or "à" <= character <= "ÿ":
        return "a"
    if character.isupper():
        return "A"
    return "." if character in ".,;:" else "x"


_SHAPES = "".join(_describe(chr(code)) for code in range(256)).encode("ascii")


def find_prose(text: str, blocks: Sequence[Block]) -> Prose:
    """Return the blocks that are ordinary paragraphs, whatever stands around them.

    Such a block is prose of more words than a heading has, begins like a sentence and ends like one: it is no
    heading, list item, caption, reference, table, contents or noise, and no other block goes on from it.

    Args:
        text: the canonical text.
        blocks: its blocks in order, trimmed.
    """
    if not text.isascii() and _WIDE_SPACES.search(text):
        return {}
    shapes = text.encode("latin-1", "replace").translate(_SHAPES)
    marks = [mark for mark in _COLUMN_MARKS if mark in text]
    prose: Prose = {}
    for block in blocks:
        start, end = block.start, block.end
        has_mark = bool(marks) and any(text.find(mark, start, end) >= 0 for mark in marks)
        if has_mark or block.kind is not BlockKind.PARAGRAPH:
            continue
        # Every word then has a space before it and one after it.
        shape = b" " + shapes[start:end] + b" "
        if b"  " in shape or b" ." in shape or b".." in shape:
            continue
        words = shape.count(b" ") - 1
        if words <= _HEADING_WORDS or not _is_sentence_like(text, start, end, words):
            continue
        if _count_odd(shape) < _MOST_ODD * words or not is_noise(text[start:end]):
            prose[start, end] = words
    return prose


def _count_odd(shape: bytes) -> int:
    """Return how many words at most are other than small letters, after one capital or none, before a mark or none.

    Each of those others holds one or more of the things that are counted. Where they are few, `is_noise` is false.
    """
    count = shape.count
    inner_capitals = count(b"A") - count(b" A")
    inner_marks = count(b".") - count(b". ")
    bare_capitals = count(b" A ") + count(b"A.")
    return count(b"x") + inner_capitals + inner_marks + bare_capitals


def _is_sentence_like(text: str, start: int, end: int, words: int) -> bool:
    first, last = text[start], text[end - 1]
    if words <= CAPTION_WORDS and CAPTION.match(text, start, end):
        return False
    begins = "A" <= first <= "Z" or first in _OPENERS
    return begins and (last in _ENDS or (last in _CLOSERS and text[end - 2] in _ENDS))
