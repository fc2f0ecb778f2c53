"""Blocks -> passages: short neighbours are read together, long paragraphs are cut between sentences.

Every character of the canonical text lies in exactly one passage or one block that is no passage.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from policyframes.documents.document import Block, BlockKind, Document
from policyframes.passages.blocks import mark_blocks
from policyframes.passages.parts import part_document
from policyframes.passages.prose import find_prose
from policyframes.passages.sentences import split_sentences
from policyframes.passages.words import FEWEST_WORDS, count_words, has_word, is_fragment

# The coded spans hold 35 words or more (1st percentile) and about a third of them join short neighbouring
# paragraphs; labels/DATASHEET.md has the figures. The upper bound is the codebook's.
MIN_WORDS = 35
MAX_WORDS = 150
# A stretch without an end mark is no sentence beyond this; it is cut at clauses, else between words.
_MAX_SENTENCE_WORDS = 250

_BODY = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
_WORD = re.compile(r"\S+")

Span = tuple[int, int]
"""Start and end."""
Cut = tuple[int, int, int]
"""Start, end and number of words."""


@dataclass(frozen=True)
class Passage:
    """The unit that is scored.

    Attributes:
        number: position in the document, from 1.
        start: offset of the first character in the canonical text, in code points.
        end: offset after the last character.
        text: `document.text[start:end]`.
        page: page of the first character; None where the format has no pages.
        last_page: page of the last character; None where the format has no pages.
        words: number of its words; counted unless it is given.
    """

    number: int
    start: int
    end: int
    text: str
    page: int | None
    last_page: int | None
    words: int = field(default=-1, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.words < 0:
            object.__setattr__(self, "words", count_words(self.text))


@dataclass(frozen=True)
class Segmentation:
    """How a document was cut.

    Attributes:
        passages: in reading order.
        others: what is no passage, separators included, in reading order.
    """

    passages: tuple[Passage, ...]
    others: tuple[Block, ...]


def split_passages(document: Document) -> Segmentation:
    """Cut a document into passages.

    A paragraph is a passage. Paragraphs and list items under 35 words are read together with what follows them,
    within a section, and one that ends in a colon with what it announces, up to 150 words. A longer paragraph is
    cut between sentences into runs of about equal length. Source of the unit: labels/codebook.md, "The unit".
    """
    cuts, others = _cut_document(document)
    passages = _make_passages(document, cuts)
    return Segmentation(passages, tuple(_with_separators(document.text, passages, others)))


def cut_passages(document: Document) -> tuple[Passage, ...]:
    """Return the passages of `split_passages` alone, for those who need nothing else and have many documents."""
    return _make_passages(document, _cut_document(document)[0])


def _make_passages(document: Document, cuts: list[Cut]) -> tuple[Passage, ...]:
    text, page_at = document.text, document.page_at
    return tuple(
        Passage(number, start, end, text[start:end], page_at(start), page_at(end - 1), words)
        for number, (start, end, words) in enumerate(cuts, 1)
    )


def _cut_document(document: Document) -> tuple[list[Cut], list[Block]]:
    """Return the passages of a document, and the blocks that are none."""
    text = document.text
    parts = part_document(document)
    prose = find_prose(text, parts)
    blocks = mark_blocks(document, parts, prose)
    counts = _WordCounts(text, prose)
    groups = _group(text, blocks, counts)
    # A block that is still there is no noise, so that one of some words is no fragment.
    sound = {block.span for block in blocks if counts[block.span] >= FEWEST_WORDS}
    fragments = {span for span in groups if span not in sound and is_fragment(text[span[0] : span[1]])}
    if len(fragments) == len(groups):
        # A text of headings or fragments alone is a text all the same: somebody scores a single line.
        blocks = [_as_body(text, block) for block in blocks]
        groups, fragments = _group(text, blocks, counts), set()
    cuts = [cut for group in groups if group not in fragments for cut in _cut(text, group, counts[group])]
    others = [block for block in blocks if block.kind not in _BODY]
    others += [Block(start, end, BlockKind.FRAGMENT) for start, end in fragments]
    return cuts, others


class _WordCounts(dict[Span, int]):
    """How many words stretches of a text hold; each is counted once."""

    def __init__(self, text: str, known: Mapping[Span, int]) -> None:
        super().__init__(known)
        self._text = text

    def __missing__(self, span: Span) -> int:
        self[span] = count = count_words(self._text[span[0] : span[1]])
        return count


def _as_body(text: str, block: Block) -> Block:
    """Return a heading as a paragraph, and a paragraph without a word as a fragment."""
    if block.kind not in (*_BODY, BlockKind.HEADING, BlockKind.FRAGMENT):
        return block
    is_text = has_word(text[block.start : block.end])
    return replace(block, kind=BlockKind.PARAGRAPH if is_text else BlockKind.FRAGMENT)


def _group(text: str, blocks: list[Block], counts: _WordCounts) -> list[Span]:
    """Join short neighbouring paragraphs; nothing is joined over a heading or another block that is no passage."""
    groups: list[Span] = []
    section_start = 0
    for block in blocks:
        if block.kind not in _BODY:
            section_start = len(groups)
            continue
        span = block.span
        if len(groups) > section_start and _belongs_together(text, groups[-1], span, counts):
            groups[-1] = (groups[-1][0], block.end)
        else:
            groups.append(span)
    return _join_short_tails(groups, blocks, counts)


def _belongs_together(text: str, group: Span, span: Span, counts: _WordCounts) -> bool:
    is_open = counts[group] < MIN_WORDS or text[group[1] - 1] == ":"
    return is_open and counts[group] + counts[span] <= MAX_WORDS


def _join_short_tails(groups: list[Span], blocks: list[Block], counts: _WordCounts) -> list[Span]:
    """Join a short last paragraph of a section to the one before it."""
    breaks = [block.start for block in blocks if block.kind not in _BODY]
    joined: list[Span] = []
    for span in groups:
        if joined and counts[span] < MIN_WORDS:
            before = joined[-1]
            is_same_section = bisect_left(breaks, before[1]) == bisect_left(breaks, span[0])
            if is_same_section and counts[span] + counts[before] <= MAX_WORDS:
                joined[-1] = (before[0], span[1])
                continue
        joined.append(span)
    return joined


def _cut(text: str, group: Span, words: int) -> Iterator[Cut]:
    """Cut a group above 150 words between sentences into the fewest runs, of about equal length."""
    start, end = group
    if words <= MAX_WORDS:
        yield start, end, words
        return
    sentences = [cut for a, b in split_sentences(text[start:end]) for cut in _cut_sentence(text, start + a, start + b)]
    first, held, left = 0, 0, sum(count for _, _, count in sentences)
    for index, (_, _, count) in enumerate(sentences):
        # What is left, in the fewest runs of equal length: the length that this run should come nearest to.
        target = left / math.ceil(left / MAX_WORDS)
        if held and (held + count > MAX_WORDS or held + count - target > target - held):
            yield sentences[first][0], sentences[index - 1][1], held
            first, left, held = index, left - held, 0
        held += count
    yield sentences[first][0], sentences[-1][1], held


def _cut_sentence(text: str, start: int, end: int) -> Iterator[Cut]:
    """Cut what is too long for a sentence after semicolons, else commas, else between words."""
    count = count_words(text[start:end])
    if count <= _MAX_SENTENCE_WORDS:
        yield start, end, count
        return
    words = [(start + m.start(), start + m.end()) for m in _WORD.finditer(text[start:end])]
    first = 0
    while len(words) - first > _MAX_SENTENCE_WORDS:
        candidates = range(first + MIN_WORDS, first + MAX_WORDS)
        ends = [i for mark in (";", ",") for i in candidates if text[words[i][1] - 1] == mark]
        last = ends[-1] if ends else first + MAX_WORDS - 1
        yield words[first][0], words[last][1], last + 1 - first
        first = last + 1
    if first < len(words):
        yield words[first][0], words[-1][1], len(words) - first


def _with_separators(text: str, passages: tuple[Passage, ...], others: list[Block]) -> Iterator[Block]:
    """Yield the other blocks, with what lies between blocks and passages as separators."""
    taken = sorted(
        [(p.start, p.end, None) for p in passages] + [(b.start, b.end, b) for b in others], key=lambda t: t[0]
    )
    position = 0
    for start, end, block in taken:
        if position < start:
            yield Block(position, start, BlockKind.SEPARATOR)
        if block:
            yield block
        position = end
    if position < len(text):
        yield Block(position, len(text), BlockKind.SEPARATOR)
